"""Are the documents unchanged? They are compared with the hashes that the histories carry."""

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from sopctl.adapters.documents.stamps import named_record
from sopctl.adapters.signing.apart import SECONDS, Examiner
from sopctl.errors import SopctlError
from sopctl.locale import Prose, Text, gettext_noop
from sopctl.model.signing.signatories import SignedBoxes
from sopctl.model.signing.signatures import Signature
from sopctl.model.sop import history
from sopctl.model.sop.entries import Amended, Undone, from_data
from sopctl.model.sop.history import Event
from sopctl.store import dossiers, issued
from sopctl.store.across.extracts import Extract, extracted
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import disk_errors
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers.signed.chain import REPORT, Issue, report_issues
from sopctl.workflow.papers.signed.verdict import GOOD, Checker, Finding, Known, Verdict
from sopctl.workflow.scans import MIB, read_bounded

MAX_FILE = 50 * MIB

STRANGERS_SECONDS = 10.0
"""How long a stranger's file may take."""

NUMBER = r"[A-Za-z0-9./ -]{1,60}/([0-9]{4,9})\.[0-9]{1,9}/[A-Za-z0-9./ -]{1,60}"
"""A paper's number: with the last part of its deposit's id, and the event that issued it."""

MAX_NUMBER = 140

STATES = (gettext_noop("intact"), gettext_noop("altered"), gettext_noop("missing"))
"""What a document may be, on disk."""


class Document(Struct, frozen=True):
    """A document that a history names: its file, number, the step that made it, and its state on disk."""

    deposit: str
    file: str
    number: str
    procedure: str
    step: int
    at: datetime
    sha256: str
    state: str
    """`intact`, `altered` or `missing`."""


class Became(Struct, frozen=True):
    """What became of a paper after it was issued: how, when, by which event of its deposit, and why."""

    how: Literal["replaced", "amended", "taken-back"]
    at: datetime
    event: int
    because: str

    @property
    def words(self) -> Text:
        """As people are told."""
        said = {"day": f"{self.at:%Y-%m-%d}", "number": self.event, "because": self.because}
        if self.how == "replaced":
            return Text("replaced on {day} by event {number}: {because}", **said)
        if self.how == "amended":
            return Text("amended on {day} by event {number}: {because}", **said)
        return Text("taken back on {day} by event {number}: {because}", **said)

    def __str__(self) -> str:
        return str(self.words)


class CheckedFile(Struct, frozen=True):
    """What a file is. `deposit`, `number` and `at` say which paper it is, or was made from; `became` what happened to
    that paper later. `signed`: how many of its boxes are signed, if any; `why` explains the verdict."""

    file: str
    verdict: Verdict
    deposit: str = ""
    number: str = ""
    at: datetime | None = None
    became: Became | None = None
    signed: SignedBoxes | None = None
    why: tuple[Prose, ...] = ()
    signatures: tuple[Signature, ...] = ()

    @property
    def good(self) -> bool:
        """Is it what the office issued, or had signed?"""
        return self.verdict in GOOD


def documents(desk: Desk, deposit_id: str) -> list[Document]:
    """Every document of a dossier, compared with its hash in the history; or those of a report (`LAPORAN-2026-11`)."""
    if re.fullmatch(issued.SUBJECT, deposit_id):
        return _reports(desk, deposit_id)
    dossier = dossiers.read(desk.site, deposit_id)
    return [
        Document(
            deposit=deposit_id,
            file=str(dossier.folder / kept["file"]),
            number=kept.get("number", ""),
            procedure=event.procedure,
            step=event.step,
            at=event.at,
            sha256=kept["sha256"],
            state=state(dossier.folder / kept["file"], kept["sha256"]),
        )
        for event, kept in _named(dossier)
    ]


class Content(Struct, frozen=True):
    """A document as it was filed: its file, below the dossier's folder, and its bytes."""

    file: str
    content: bytes


def content(desk: Desk, deposit_id: str, sha256: str) -> Content | None:
    """The document that the history of a deposit has under this hash; None where it has none, or where the file is gone
    or was altered. Raises InvalidRecord for one that is too large."""
    dossier = dossiers.read(desk.site, deposit_id)
    kept = next((each for _, each in _named(dossier) if each["sha256"] == sha256), None)
    if kept is None:
        return None
    path = dossier.folder / kept["file"]
    if path.is_symlink() or not path.is_file():
        return None
    found = read_bounded(path, MAX_FILE)
    return Content(kept["file"], found) if hashlib.sha256(found).hexdigest() == sha256 else None


def _reports(desk: Desk, subject: str = "") -> list[Document]:
    """The files of the reports that were issued about `subject`, or of all."""
    return [
        Document(
            deposit=each.subject,
            file=str(desk.site.root / kept.file),
            number=each.number,
            procedure="",
            step=0,
            at=each.at,
            sha256=kept.sha256,
            state=state(desk.site.root / kept.file, kept.sha256),
        )
        for each in issued.read(desk.site)
        if subject in ("", each.subject)
        for kept in each.files
    ]


def of_site(desk: Desk) -> tuple[list[Document], list[SopctlError]]:
    """Every document of every dossier and report, and the dossiers that cannot be read: they hold up no others."""
    found: list[Document] = []
    errors: list[SopctlError] = []
    for deposit_id in dossiers.ids(desk.site):
        try:
            found += documents(desk, deposit_id)
        except SopctlError as error:
            errors.append(error)
    try:
        found += _reports(desk)
    except SopctlError as error:
        errors.append(error)
    return found, errors


def check_files(desk: Desk, paths: Sequence[Path]) -> tuple[list[CheckedFile], list[SopctlError]]:
    """What each of these files is: its SHA-256 is looked for in every history; a PDF that goes on from a paper of one
    has its signatures examined. Where one is in no history, those that cannot be read are told (`Site.lagging`).

    What is kept of the histories (`PAPERS`) says where to look first. The histories alone decide: a file that none of
    those has is looked for in all of them.

    A PDF that no history has, but that names a record of this site, was altered. A file that cannot be read, or is too
    large, holds up no others: why is said behind them.
    """
    found = _among(desk, paths, _likely(desk, paths), SECONDS, online=True, recorded_alone=True)
    checked, errors = dict(found.checked), dict(found.errors)
    rest = [path for path in paths if path not in checked and path not in errors]
    if rest:
        everywhere = _among(desk, rest, dossiers.ids(desk.site), SECONDS, online=True)
        checked.update(everywhere.checked)
        errors.update(everywhere.errors)
        if not all(each.good for each in checked.values()):
            desk.site.tell(*everywhere.unread)
    return [checked[path] for path in paths if path in checked], list(errors.values())


def check_file(desk: Desk, path: Path, *, named_alone: bool = False) -> CheckedFile:
    """What one file is, as `check_files`.

    With `named_alone`, only the record that the file itself names is looked at, and its signatures within seconds: for
    strangers, who could otherwise have every history read with each file. Raises InvalidRecord, OutsideFailure for one
    that cannot be read, or is too large.
    """
    if not named_alone:
        checked, errors = check_files(desk, [path])
        if errors:
            raise errors[0]
        return checked[0]
    named = named_record(read_bounded(path, MAX_FILE))
    found = _among(desk, [path], [named.deposit] if named else [], STRANGERS_SECONDS, online=False)
    if found.errors:
        raise found.errors[path]
    if not found.checked[path].good:
        desk.site.tell(*found.unread)
    return found.checked[path]


def _hashes(dossier: Dossier) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kept["sha256"] for _, kept in _named(dossier) if isinstance(kept["sha256"], str)))


PAPERS: Extract[tuple[str, ...]] = Extract("papers", tuple[str, ...], _hashes)
"""The SHA-256 of every file that a history names: where to look first for one."""


def _likely(desk: Desk, paths: Sequence[Path]) -> set[str]:
    """The dossiers that may have one of these files, or that one names."""
    digests, likely = set(), set()
    for path in paths:
        try:
            content = read_bounded(path, MAX_FILE)
        except SopctlError:  # said when it is looked at
            continue
        digests.add(hashlib.sha256(content).hexdigest())
        named = named_record(content)
        likely |= {named.deposit} if named else set()
    kept = extracted(desk.site, PAPERS).found
    return likely | {deposit_id for deposit_id, hashes in kept.items() if not digests.isdisjoint(hashes)}


class _Found(NamedTuple):
    """What files are, by some of the dossiers; why others could not be looked at; which dossiers cannot be read."""

    checked: dict[Path, CheckedFile]
    errors: dict[Path, SopctlError]
    unread: list[SopctlError]


def _among(
    desk: Desk,
    paths: Sequence[Path],
    among: Collection[str],
    seconds: float,
    *,
    online: bool,
    recorded_alone: bool = False,
) -> _Found:
    """What these files are by these dossiers; with `recorded_alone` only those that one of them has. A file may take so
    many seconds; the network is asked only `online`."""
    everyone: list[Dossier] = []
    unread: list[SopctlError] = []
    wanted = frozenset(among)
    known = [each for each in dossiers.ids(desk.site) if each in wanted]
    for deposit_id in known:
        try:
            everyone.append(dossiers.read(desk.site, deposit_id))
        except SopctlError as error:
            unread.append(error)
    try:
        reports, issues = _reports(desk), report_issues(desk.site)
    except SopctlError as error:
        unread.append(error)
        reports, issues = [], []
    checked: dict[Path, CheckedFile] = {}
    errors: dict[Path, SopctlError] = {}
    with Examiner(seconds=seconds) as examiner:
        checker = Checker(desk, examiner, Known(everyone, issues), online=online)
        for path in paths:
            try:
                content = read_bounded(path, MAX_FILE)
                found = _recorded(path, content, everyone, reports, checker)
                if found or not recorded_alone:
                    checked[path] = found or _unrecorded(path, content, reports, checker, known)
            except SopctlError as error:
                errors[path] = error
    return _Found(checked, errors, unread)


class Numbered(Struct, frozen=True):
    """What is told of a number to whoever asks: was a paper of it issued, and when; which of its boxes are signed and
    which are not; what became of it. Nothing of whose it is, and no name."""

    verdict: Literal["issued", "signed", "superseded", "altered", "unknown"]
    at: datetime | None = None
    signed: tuple[str, ...] = ()
    unsigned: tuple[str, ...] = ()


UNKNOWN = Numbered("unknown")


def by_number(desk: Desk, number: str) -> Numbered:
    """What the paper of this number is, for strangers: no history is read that cannot have it."""
    found = re.fullmatch(NUMBER, number) if len(number) <= MAX_NUMBER else None
    for deposit_id in dossiers.ids(desk.site):
        if found and deposit_id.endswith(f"-{found[1]}"):
            try:
                dossier = dossiers.read(desk.site, deposit_id)
            except SopctlError as error:
                desk.site.tell(error)
                continue
            issues = [each for each in Known([dossier]).issues if each.number == number]
            if issues:
                newest = issues[-1]
                return _of_number(newest, became=bool(_became(dossier, dossier.events[newest.event - 1])))
    return _report_of(desk, number)


def _of_number(issue: Issue, *, became: bool) -> Numbered:
    open_boxes = tuple(each.box for each in issue.open_boxes)
    signed = tuple(each.box for each in issue.signatories if each.box not in open_boxes)
    verdict: Literal["issued", "signed", "superseded", "altered"] = "signed" if signed else "issued"
    if issue.gone or became:
        verdict = "superseded"
    if state(issue.newest_file, issue.newest) != "intact":
        verdict = "altered"
    return Numbered(verdict, issue.at, signed, open_boxes)


def _report_of(desk: Desk, number: str) -> Numbered:
    """A month's report, by its number; one about which a newer one was issued is superseded."""
    mine = next((each for each in report_issues(desk.site) if each.number == number), None)
    if mine is None:
        return UNKNOWN
    of_it = [each for each in issued.read(desk.site) if each.number == number]
    if any(state(desk.site.root / kept.file, kept.sha256) != "intact" for each in of_it for kept in each.files):
        return Numbered("altered", mine.at)
    return _of_number(mine, became=False)


def _recorded(
    path: Path, content: bytes, everyone: Sequence[Dossier], reports: Sequence[Document], checker: Checker
) -> CheckedFile | None:
    """What a file is that one of these dossiers, or the register of reports, has; None where none has it."""
    digest = hashlib.sha256(content).hexdigest()
    named = named_record(content)
    # The record that the file names first, then all others: it may be filed in another dossier.
    for dossier in sorted(everyone, key=lambda each: named is None or each.id != named.deposit):
        for event, kept in _named(dossier):
            if kept["sha256"] != digest:
                continue
            issue = next((each for each in checker.known.of(digest) if each.deposit == dossier.id), None)
            if issue is None:
                became = _became(dossier, event)
                return CheckedFile(str(path), "issued", dossier.id, kept.get("number", ""), event.at, became)
            became = _became(dossier, dossier.events[issue.event - 1])
            return _checked(path, checker.recorded(content, issue, digest), event.at, became)
    report = next((each for each in reports if each.sha256 == digest), None)
    if report is not None:
        issue = next((each for each in checker.known.of(digest) if each.kind == REPORT), None)
        found = checker.recorded(content, issue, digest) if issue else Finding("issued")
        checked = _checked(path, found, report.at, None)
        return msgspec.structs.replace(checked, deposit=report.deposit, number=report.number)
    return None


def _unrecorded(
    path: Path, content: bytes, reports: Sequence[Document], checker: Checker, known: Sequence[str]
) -> CheckedFile:
    """What a file is that none has."""
    named = named_record(content)
    unfiled = checker.unfiled(content)
    if unfiled:
        return _checked(path, unfiled, None, None)
    if named and (named.deposit in known or named.deposit in {each.deposit for each in reports}):
        return CheckedFile(str(path), "altered", named.deposit, named.number)
    return CheckedFile(str(path), "unknown")


def _checked(path: Path, found: Finding, at: datetime | None, became: Became | None) -> CheckedFile:
    deposit, number = (found.issue.deposit, found.issue.number) if found.issue else ("", "")
    return CheckedFile(str(path), found.verdict, deposit, number, at, became, found.signed, found.why, found.signatures)


def _became(dossier: Dossier, issued: Event) -> Became | None:
    """What became of the papers of an event."""
    for event in dossier.events:
        undone = from_data(Undone, event)
        if undone and undone.undoes.event == issued.seq:
            return Became("taken-back", event.at, event.seq, undone.reason)
    for event, amended in dossier.established(Amended):
        if amended.amends.event == issued.seq:
            how: Literal["replaced", "amended"] = "replaced" if amended.kind == "replacement" else "amended"
            return Became(how, event.at, event.seq, amended.because)
    return None


def _named(dossier: Dossier) -> Iterator[tuple[Event, dict[str, str]]]:
    """Every file that an event's data names, however deep, with the first event that names it."""
    seen = set()
    for event in dossier.events:
        for kept in history.files(event.data):
            if kept["file"] not in seen:
                seen.add(kept["file"])
                yield event, kept


def state(path: Path, sha256: str) -> str:
    """Is a file what it was: `intact`, `altered` or `missing`? Raises OutsideFailure."""
    if path.is_symlink() or not path.is_file():
        return "missing"
    with disk_errors(path, "read"):
        return "intact" if hashlib.sha256(path.read_bytes()).hexdigest() == sha256 else "altered"
