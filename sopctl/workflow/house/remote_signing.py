"""A paper is signed by BSrE's service, where the signer's key is: sent once, and what comes back is filed only where it
is that paper with that person's signature more.

That it is asked is recorded before anything is sent. Until the signature is, or that there surely is none, it is not
clear what became of it, also after a crash: `todo` says so, and nobody signs the paper meanwhile. Whether it was signed
a person finds out; sopctl does not ask twice.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Never

import msgspec

from sopctl.adapters.signing import bsre, pages
from sopctl.adapters.signing.apart import Examiner
from sopctl.adapters.ssh import Password
from sopctl.errors import Action, InvalidRecord, OutsideFailure, SopctlError, UsageError
from sopctl.locale import Prose, Text
from sopctl.model.signing.signatories import IN_RECORDS, Box, boxed, same_person
from sopctl.model.sop import verbs
from sopctl.model.sop.entries import AskedToSign, NotSigned, SignedBy, SignedPaper, SigningAsked, SigningRefused
from sopctl.store import dossiers, issued
from sopctl.workflow.desk import Desk, StepDone
from sopctl.workflow.house.signing import (
    everywhere,
    in_register,
    look_in,
    paper_of,
    place_in,
    record,
    signers_of,
    to_sign,
)
from sopctl.workflow.messages.sending import secret
from sopctl.workflow.papers.signed.chain import REPORT, Issue
from sopctl.workflow.papers.signed.verdict import Checker, known_of

PROVIDER = "bsre"
ISSUER = "Balai Besar Sertifikasi Elektronik (BSrE)"


def service_of(desk: Desk) -> bsre.Service:
    """The service that the settings name. Raises UsageError where they name none, OutsideFailure without its secret."""
    found = desk.site.settings.signing.bsre
    if found is None:
        raise UsageError(
            "no-bsre",
            "the site names no service of BSrE",
            remedy="Name it in sopctl.yml: signing: {bsre: {url: …, user: …, password: …}}.",
        )
    login = (found.user, secret(desk.site, found.password))
    return bsre.Service(found.url, found.version, login, Path(found.ca) if found.ca else None, found.origin)


def signer(desk: Desk, nik: Password, passphrase: Password, *, once: bool = False) -> bsre.Signer:
    """Who signs: their NIK, and their passphrase or (`once`) the code that the service has sent them. Raises
    UsageError."""
    _refuse_no_nik(nik)
    if once:
        _refuse_no_codes(desk)
    return bsre.Signer(nik.text, passphrase.text, once)


def request_code(desk: Desk, nik: Password) -> None:
    """Have the service send the signer a code that is good once. Raises UsageError, OutsideFailure."""
    _refuse_no_nik(nik)
    _refuse_no_codes(desk)
    try:
        bsre.request_code(service_of(desk), nik.text)
    except bsre.NotSigned as error:
        raise _did_not_sign(str(error)) from None


def _refuse_no_nik(nik: Password) -> None:
    if not re.match(bsre.NIK, nik.text):
        raise UsageError(
            "not-a-nik", "that is no NIK: it has 16 digits", remedy="Write the 16 digits alone, without spaces."
        )


def _refuse_no_codes(desk: Desk) -> None:
    found = desk.site.settings.signing.bsre
    if found and found.version == "v1":
        raise UsageError(
            "no-codes",
            "version 1 of the service knows no codes: it takes the passphrase",
            remedy="Leave the code out, and give the passphrase.",
        )


def sign(
    desk: Desk, deposit_id: str, who: bsre.Signer, *, box: Box, number: str = "", name: str = "", because: str = ""
) -> StepDone:
    """Have the newest revision of a paper signed by the service, seen in its box, and record it in every dossier that
    has the paper. `name`: who signs, where that is another than the paper names (`because` says why they may), or
    where it names nobody.

    Raises OutsideFailure where it surely did not sign (`service-did-not-sign`), and where that is not clear
    (`signing-unclear`); otherwise as `signing.sign`.
    """
    service = service_of(desk)
    known = known_of(desk.site, deposit_id)
    issue = paper_of(known, deposit_id, number)
    expected = _expected(place_in(issue, box).name, name.strip(), because.strip())
    content = to_sign(issue)
    seen = _seen(desk, issue, box, expected, content)
    try:
        bsre.refuse_not_ready(service, who.nik)
    except bsre.NotSigned as error:
        raise _did_not_sign(str(error)) from None
    issues = known.of(issue.sha256)
    asked = SigningAsked(issue.number, issue.newest, box, expected, PROVIDER)
    _note(desk, issues, AskedToSign(asked_to_sign=asked), f"{issue.number}: tanda tangan {expected} diminta dari BSrE")
    try:
        answer = bsre.sign(service, who, content, seen)
    except bsre.NotSigned as error:
        _note_none(desk, issues, SigningRefused(issue.number, box, str(error)))
        raise _did_not_sign(str(error), secret_wrong=error.secret_wrong) from None
    except bsre.Unclear as error:
        _unclear(issue, box, error.args[0])
    try:
        with Examiner() as examiner:
            checker = Checker(desk, examiner, known)
            signed = _accepted(checker, issue, answer, box=box, expected=expected, because=because.strip())
        return record(desk, issues, answer, signed, ".pdf")
    except SopctlError as error:
        _unclear(issue, box, Text("what came is not filed: {reason}", reason=error.text), _kept(desk, issue, answer))


def not_signed(desk: Desk, deposit_id: str, *, box: Box, because: str, number: str = "") -> StepDone:
    """Record that a service did not sign what it was asked to, as a person has found out. Raises UsageError where that
    is no question."""
    known = known_of(desk.site, deposit_id)
    mine = [each for each in known.issues if each.deposit == deposit_id and number in ("", each.number)]
    found = next((each for each in mine if box in {asked.box for asked in each.unclear}), None)
    if found is None:
        raise UsageError(
            "signing-not-unclear",
            "no service was asked to sign a paper of {deposit} in the box {box} whose answer is missing",
            remedy="Nothing was recorded. Check the deposit and the box.",
            deposit=deposit_id,
            box=box,
        )
    return _note_none(desk, known.of(found.sha256), SigningRefused(found.number, box, because.strip()[:500]))


def _expected(on_paper: str, name: str, because: str) -> str:
    """Whose signature it must be. Raises UsageError where nobody says that."""
    if name and on_paper and not because:
        raise UsageError(
            "another-signer-why",
            "the paper names {name} in this box: say why another signs",
            remedy="Say why with --because, or leave --signer out.",
            name=on_paper,
        )
    if not (name or on_paper):
        raise UsageError("signer-not-named", "the paper has no name in this box: say who signs", remedy="--signer NAME")
    return name or on_paper


def _seen(desk: Desk, issue: Issue, box: Box, name: str, content: bytes) -> bsre.Seen | None:
    """The signature as it is seen in the form's own box. The service is given a picture: text that it drew itself would
    have a font that the file does not bring (PDF/A)."""
    at = f"{desk.now():%d-%m-%Y %H.%M} {desk.now().tzname()}"
    look = look_in(issue, box, name, at, f"Sertifikat elektronik diterbitkan oleh {ISSUER}")
    if look is None:
        return None
    picture = pages.picture(look.appearance, 1)
    return bsre.Seen(look.box, pages.height(content, look.box.page), picture)


def _accepted(checker: Checker, issue: Issue, answer: bytes, *, box: Box, expected: str, because: str) -> SignedPaper:
    """The answer as it is recorded. Raises InvalidRecord, UsageError for one that is not what was sent with just this
    signature more."""
    found = checker.unfiled(answer)
    if found is None or found.issue is None or found.issue.sha256 != issue.sha256 or found.of != issue.newest:
        raise InvalidRecord(
            "another-paper-came",
            "it is not the paper that was sent",
            remedy="The answer is kept, not filed. Ask whoever runs the service which paper it signed.",
        )
    by = signers_of(found, issue.newest_file, boxes=[box], because=because, unchecked=True)
    before = next((each.by for each in issue.revisions if each.sha256 == issue.newest), ())
    new = by[len(before) :]
    if len(new) != 1 or new[0].box != box or not _theirs(new[0], expected):
        raise InvalidRecord(
            "another-signed",
            "it was signed by {who}, not by {expected} alone",
            remedy="The answer is kept, not filed. If that person may sign there, file it with --because WHY.",
            who=boxed((each.name, each.box) for each in new),
            expected=expected,
        )
    return SignedPaper(
        file="",
        sha256="",
        number=issue.number,
        of=found.of,
        how="rewritten" if found.how == "rewritten" else "appended",
        by=by,
        provider=PROVIDER,
        because=because,
    )


def _theirs(new: SignedBy, expected: str) -> bool:
    return same_person(expected, new.name)


def _kept(desk: Desk, issue: Issue, answer: bytes) -> str:
    """Where an answer is kept that is not filed, for people to look at: a signature that was made is not lost."""
    name = f"jawaban-bsre-{hashlib.sha256(answer).hexdigest()[:12]}.pdf"
    if issue.kind == REPORT:
        return str(issued.keep(desk.site, name, answer))
    dossier = dossiers.read(desk.site, issue.deposit)
    name = f"{len(dossier.events) + 1:04}-{name}"
    return str(dossiers.keep_beside(dossier, name, answer))


def _unclear(issue: Issue, box: Box, why: Prose, where: str = "") -> Never:
    raise OutsideFailure(
        "signing-unclear",
        "it is not clear whether {number} was signed: {why}",
        where=where,
        remedy=(
            "sopctl does not ask again. Look with the signer in BSrE's own records: if it was signed, file the paper "
            "that the service has; if it surely was not, say so:",
            Action("sign", issue.deposit),
            Action("ask-signature", issue.deposit, given={"as": box}, needs=("not_signed",)),
        ),
        number=issue.number,
        why=why,
    )


def _did_not_sign(why: str, *, secret_wrong: bool = False) -> OutsideFailure:
    return OutsideFailure(
        "service-did-not-sign",
        "the service did not sign: {why}",
        remedy="Be sure of the passphrase before you try again: the service locks accounts." if secret_wrong else (),
        why=why,
    )


def _note(desk: Desk, issues: Sequence[Issue], entry: AskedToSign | NotSigned, note: str) -> StepDone:
    """Record in every dossier that has the paper, or in the register of reports, what became of asking."""
    if issues[0].kind == REPORT:
        what = {"asked": entry.asked_to_sign} if isinstance(entry, AskedToSign) else {"refused": entry.not_signed}
        return in_register(desk, issues[0], verbs.row("ask-signature").outcome, note, {}, **what)
    with everywhere(desk, issues, "ask-signature") as turns:
        done = [mine.record(mine.verb.outcome, entry, note=note[:1000]) for mine, _ in turns]
    return msgspec.structs.replace(done[0], also=tuple(done[1:]))


def _note_none(desk: Desk, issues: Sequence[Issue], refused: SigningRefused) -> StepDone:
    note = f"{refused.number} tidak ditandatangani ({IN_RECORDS[refused.box]}): {refused.because}"
    return _note(desk, issues, NotSigned(not_signed=refused), note)
