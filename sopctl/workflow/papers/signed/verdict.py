"""What a file is: issued, signed, superseded, not filed, altered or unknown. The histories and the signatures decide,
never one of them alone: a cut-off signature and a stranger's are sound to whoever looks at the file alone."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from sopctl.adapters.documents.stamps import named_record
from sopctl.adapters.signing.apart import Examiner
from sopctl.errors import SopctlError
from sopctl.locale import Prose, Sense, Text, joined
from sopctl.model.signing.signatories import SignedBoxes, names_signer, same_person
from sopctl.model.signing.signatures import CHANGES, MEANS, Examined, Signature, Source, Trust
from sopctl.model.sop.entries import SignedBy, SignedPaper
from sopctl.store import dossiers, issued
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers.signed import certificates, chain
from sopctl.workflow.papers.signed.chain import Issue

Verdict = Literal[
    "issued", "signed", "superseded", "signed-not-filed", "signature-bad", "not-checked", "altered", "unknown"
]
WORDS: Mapping[Verdict, Text] = {
    "issued": Text("issued"),
    "signed": Text("signed"),
    "superseded": Text("superseded"),
    "signed-not-filed": Text("signed, not filed"),
    "signature-bad": Text("signature bad"),
    "not-checked": Text("not checked"),
    "altered": Text("altered"),
    "unknown": Sense("paper", "unknown"),
}
"""The verdicts in words, for people."""
GOOD: frozenset[Verdict] = frozenset({"issued", "signed", "superseded"})

MAX_ENDS = 200
"""How many revisions of a PDF are looked for in the histories."""


class Finding(Struct, frozen=True):
    """What a file is, as far as signatures go: the verdict, why, and its signatures."""

    verdict: Verdict
    issue: Issue | None = None
    why: tuple[Prose, ...] = ()
    signed: SignedBoxes | None = None
    signatures: tuple[Signature, ...] = ()
    how: str = ""
    of: str = ""
    """The SHA-256 of the revision that the file was made from."""
    closed: bool = False
    """Would a signature after the file's break it?"""


class Base(Struct, frozen=True):
    """What a file was made from: the SHA-256 of a recorded revision, and the papers that have it. `appended`: the file
    begins with its very bytes."""

    of: str = ""
    issues: list[Issue] = []
    appended: bool = False


class Known:
    """Every paper that has a number, by the hashes of its revisions: those of dossiers, and the office's reports."""

    def __init__(self, everyone: Iterable[Dossier], reports: Iterable[Issue] = ()) -> None:
        self.issues = [*(issue for each in everyone for issue in chain.issues(each)), *reports]
        self._by: dict[str, list[Issue]] = {}
        for issue in self.issues:
            for sha256 in (issue.sha256, *(each.sha256 for each in issue.revisions)):
                self._by.setdefault(sha256, []).append(issue)

    def of(self, sha256: str) -> list[Issue]:
        """The papers of which this is a revision: the same one in several dossiers, where it is for several servers."""
        return self._by.get(sha256, [])

    def base(self, content: bytes) -> Base:
        """The newest recorded revision that `content` goes on from, byte for byte; else the issued paper that it
        names."""
        found = Base()
        for sha256 in _prefixes(content):
            if self.of(sha256):
                found = Base(sha256, self.of(sha256), appended=True)
        named = named_record(content)
        if not found.issues and named:
            same = [each for each in self.issues if each.number == named.number and each.number]
            if same:
                return Base(same[-1].sha256, self.of(same[-1].sha256))
        return found


def known_of(site: Site, deposit_id: str = "") -> Known:
    """Every paper of a site; or those of a deposit, in each dossier that has them too (a form for several servers is in
    each). For a report's name (`LAPORAN-2026-11`), the reports. Raises as reading a dossier, or the register, does."""
    if re.fullmatch(issued.SUBJECT, deposit_id):
        return Known((), chain.report_issues(site))
    if not deposit_id:
        return Known([dossiers.read(site, each) for each in dossiers.ids(site)], chain.report_issues(site))
    mine = dossiers.read(site, deposit_id)
    others = dossiers.naming(site, {each.number for each in chain.issues(mine) if each.number})
    found = [mine, *(dossiers.read(site, each) for each in others if each != deposit_id)]
    return Known(sorted(found, key=lambda each: each.id))


def _prefixes(content: bytes) -> Iterator[str]:
    """The SHA-256 of every beginning of a PDF that is a PDF itself: each revision ends with a mark (ISO 32000-1,
    7.5.5)."""
    digest, at = hashlib.sha256(), 0
    for number, found in enumerate(re.finditer(rb"%%EOF(\r\n|\n|\r)?", content)):
        if number >= MAX_ENDS:
            return
        for end in dict.fromkeys((found.start() + 5, found.end())):
            digest.update(content[at:end])
            at = end
            yield digest.hexdigest()


class Checker:
    """Checks files against the histories, and their signatures against the site's certificates; where the site allows
    it, and `online`, also against what authorities say over the network."""

    def __init__(self, desk: Desk, examiner: Examiner, known: Known, *, online: bool = True) -> None:
        self._desk, self._examiner = desk, examiner
        self.known = known
        self._trust: Trust | None = None
        self._asked: set[Source] = set()
        self._online = online and desk.site.settings.signing.online
        self._silent: list[Prose] = []

    def recorded(self, content: bytes, issue: Issue, sha256: str) -> Finding:
        """What a file is that a history has."""
        revision = next((each for each in issue.revisions if each.sha256 == sha256), None)
        if sha256 != issue.newest:
            left_out = {each.name for later in _after(issue, sha256) for each in later.by}
            left_out -= {each.name for each in revision.by} if revision else set()
            whose = ", ".join(sorted(left_out)) or Text("later ones")
            why = Text("an earlier revision, without the signatures of {names}", names=whose)
            return Finding("superseded", issue, (why, Text("the newest is {file}", file=issue.newest_file)))
        if revision is None:
            return Finding("issued", issue)
        if all(each.how == "scan" for each in issue.revisions):
            return Finding(
                "signed", issue, (Text("on paper: this is a scan, nothing in it can be checked"),), issue.signed
            )
        if revision.how == "scan":
            return Finding("signed", issue, (Text("the newest revision is a scan"),), issue.signed)
        try:
            found = self.examine(content, issue.content(issue.sha256))
        except SopctlError as error:
            return Finding("not-checked", issue, _said(error), issue.signed)
        known = {each.certificate for each in revision.by}
        signatures = tuple(
            _unless(each, bool(each.signer and each.signer.certificate in known)) for each in found.signatures
        )
        return self._judged(Finding("signed", issue, (), issue.signed, signatures, found.how, sha256), found)

    def unfiled(self, content: bytes) -> Finding | None:
        """What a file is that no history has, but that goes on from a paper of one; None where it does not."""
        base = self.known.base(content)
        if not base.issues:
            return None
        of, issue = base.of, base.issues[0]
        try:
            issued = issue.content(issue.sha256)
            if hashlib.sha256(issued).hexdigest() != issue.sha256:
                return Finding("altered", issue, (Text("the office's own copy of the paper was altered"),))
            found = self.examine(content, issued)
        except SopctlError as error:
            return Finding("not-checked", issue, _said(error))
        before = next((each.by for each in issue.revisions if each.sha256 == of), ())
        how = "appended" if base.appended else found.how
        kept = {each.certificate for each in before}
        signatures = tuple(_unless(each, _may_sign(each, issue, kept)) for each in found.signatures)
        lacks = "" if found.problem else _lacks(before, found.signatures)
        if lacks:
            return Finding("altered", issue, (*_changes(found), lacks))
        finding = self._judged(Finding("signed-not-filed", issue, (), None, signatures, how, of), found)
        if finding.verdict == "signed-not-filed" and of != issue.newest:
            why = Text("it was made from an earlier revision: the newest is {file}", file=issue.newest_file)
            return Finding("altered", issue, (why,), None, signatures, how, of)
        return finding

    def _judged(self, finding: Finding, found: Examined) -> Finding:
        judged = _judged(finding, found)
        if judged.verdict != "not-checked":
            return judged
        return msgspec.structs.replace(judged, why=(*judged.why, *self._silent))

    def examine(self, content: bytes, issued: bytes) -> Examined:
        """The signatures of a file. Raises OutsideFailure, InvalidRecord."""
        if self._trust is None:
            self._trust = certificates.read(self._desk.site)
        found = self._examiner.examine(content, self._trust, self._desk.now(), issued)
        wanted = [each for each in found.wanted if each not in self._asked] if self._online else []
        if not wanted:
            return found
        self._asked.update(wanted)
        from sopctl.adapters.signing import fetching  # few papers ask over the network

        self._trust, silent = fetching.fetch(self._trust, wanted)
        self._silent += silent
        return self._examiner.examine(content, self._trust, self._desk.now(), issued)


def _said(error: SopctlError) -> tuple[Prose, ...]:
    """An error, and below it what helps."""
    place = [error.where] if error.where else []
    helps = [Text(each) if isinstance(each, str) else each for each in error.remedy if each]
    return joined(": ", (*place, error.text)), *(each if isinstance(each, Text) else str(each) for each in helps)


def _after(issue: Issue, sha256: str) -> Iterator[SignedPaper]:
    later = sha256 == issue.sha256
    for each in issue.revisions:
        if later:
            yield each
        later = later or each.sha256 == sha256


def _may_sign(each: Signature, issue: Issue, known: set[str]) -> bool:
    """Is the signer someone whom the paper names, or who has signed it by a recorded revision?"""
    if each.signer is None:
        return False
    named = any(same_person(one.name, each.signer.cn) for one in issue.signatories)
    return named or each.signer.certificate in known


def _lacks(before: Sequence[SignedBy], found: Sequence[Signature]) -> Prose:
    """Which signature a file should have, in words: one more than is recorded, and each that is. One that cannot be
    read may be anybody's."""
    if len(found) <= len(before):
        return Text("no signature was added to what is recorded")
    there = [each.signer.certificate if each.signer else "" for each in found]
    gone = []
    for each in before:
        one = next((one for one in (each.certificate, "") if one in there), None)
        if one is not None:
            there.remove(one)
        elif each.certificate:
            gone.append(each.name)
    names = ", ".join(gone)
    return Text("without the signatures of {names}, which are recorded", names=names) if gone else ""


def _unless(each: Signature, known: bool) -> Signature:
    """A signature; a stranger's where its signer is not known. What is bad in itself stays what it is."""
    if known or each.word not in ("good", "not-checked"):
        return each
    who = each.signer.cn if each.signer else ""
    return msgspec.structs.replace(each, word="stranger", because=who)


def _judged(finding: Finding, found: Examined) -> Finding:
    """The finding, unless something in the file says otherwise."""
    words = {each.word for each in finding.signatures}
    verdict: Verdict = finding.verdict
    why = shows_others(finding.signatures)
    if found.problem:
        verdict, why = "altered", (Text("it cannot be read: {why}", why=found.problem),)
    elif found.changes:
        verdict, why = "altered", _changes(found)
    elif words - {"good", "not-checked"}:
        verdict, why = "signature-bad", _rewritten(finding)
    elif "not-checked" in words:
        verdict, why = (
            "not-checked",
            (Text("{what}: put CRLs or OCSP answers into certificates/revocation/", what=Text(MEANS["not-checked"])),),
        )
    return msgspec.structs.replace(finding, verdict=verdict, why=why, closed=found.closed)


def shows_others(signatures: Sequence[Signature]) -> tuple[Prose, ...]:
    """Whose box does not have the name of the certificate, in words. What a picture shows, nobody has read."""
    return tuple(
        Text(
            "the box {box} shows {text!r}; the certificate is {name}'s",
            box=each.field,
            text=each.shows,
            name=each.signer.cn,
        )
        for each in signatures
        if each.signer and each.shows and not names_signer(each.shows, each.signer.cn)
    )


def _rewritten(finding: Finding) -> tuple[Prose, ...]:
    broken = any(each.word == "broken" for each in finding.signatures[:-1])
    if finding.how == "rewritten" and broken:
        why = Text("the file was rewritten when it was signed again, which destroys earlier signatures")
        return (joined(": ", ("rewritten", why)),)
    return ()


def _changes(found: Examined) -> tuple[Prose, ...]:
    said: Mapping[str, str] = CHANGES
    return tuple(joined(": ", (each, Text(said[each]))) for each in found.changes)
