"""Papers come back signed: by certificates elsewhere (PAdES), or on paper (a scan). Each is checked, and recorded as
the next revision of what was issued."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from sopctl.adapters.documents import appearance
from sopctl.adapters.documents.stamps import named_record
from sopctl.adapters.signing import fetching, making, pages
from sopctl.adapters.signing.apart import Examiner
from sopctl.adapters.ssh import Password
from sopctl.errors import Action, Conflict, InvalidRecord, NotNow, UsageError
from sopctl.locale import Text, joined
from sopctl.model.signing.signatories import IN_RECORDS, Box, Signatory, boxed, same_person
from sopctl.model.signing.signatures import MEANS, Signature, Trust
from sopctl.model.sop.entries import Signed, SignedBy, SignedPaper
from sopctl.store import dossiers, issued
from sopctl.store.durable import disk_errors, write_output
from sopctl.store.issued import Issued
from sopctl.store.settings import Token
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.papers.signed import certificates, verdict
from sopctl.workflow.papers.signed.chain import REPORT, Issue, report_issues
from sopctl.workflow.papers.signed.verdict import Checker, Finding, Known, known_of, shows_others
from sopctl.workflow.scans import MIB, read_bounded, read_scan

MAX_FILE = 50 * MIB

PNG = b"\x89PNG"


def file_signed(
    desk: Desk,
    path: Path,
    *,
    deposit_id: str = "",
    boxes: Sequence[Box] = (),
    because: str = "",
    unchecked: bool = False,
    last: bool = False,
) -> StepDone:
    """File a PDF that was signed elsewhere, as the next revision of the paper that it was made from, in every dossier
    that has the paper.

    Each new signature goes into the box of the person whose name its certificate has, or into `boxes`, in order, for
    one whom the paper does not name (`because` says why they may sign, or why the signature's box shows another name).
    `unchecked`: file it although nothing at hand says whether a certificate was revoked; `last`: although the signature
    lets nobody sign after it.

    Raises InvalidRecord for a file that is not such a revision, or whose signatures do not hold; Conflict for one that
    was made from an earlier revision; UsageError for a box that is taken, or none.
    """
    content = read_bounded(path, MAX_FILE)
    known = known_of(desk.site, deposit_id)
    if deposit_id and not known.base(content).issues:
        known = known_of(desk.site)  # whose is it?
    with Examiner() as examiner:
        checker = Checker(desk, examiner, known)
        recorded = checker.known.of(hashlib.sha256(content).hexdigest())
        if recorded:
            raise NotNow(
                "filed-already",
                "{deposit} has this file already",
                where=str(path),
                remedy=Action("document verify", str(path)),
                deposit=recorded[0].deposit,
            )
        found = checker.unfiled(content)
    if found is None or found.issue is None:
        raise InvalidRecord(
            "no-paper-of-the-site",
            "the file is not made from any paper that this site has issued",
            where=str(path),
            remedy="A scan of what was signed by hand is filed with --scan.",
        )
    if deposit_id and deposit_id not in {each.deposit for each in checker.known.of(found.issue.sha256)}:
        raise InvalidRecord(
            "another-deposits-paper",
            "the file is a paper of {deposit}",
            remedy="Name the deposit that the paper is of, or leave the deposit out.",
            where=str(path),
            deposit=found.issue.deposit,
        )
    by = signers_of(found, path, boxes=boxes, because=because.strip(), unchecked=unchecked, last=last)
    signed = SignedPaper(
        file="",
        sha256="",
        number=found.issue.number,
        of=found.of,
        how="rewritten" if found.how == "rewritten" else "appended",
        by=by,
        because=because.strip(),
    )
    return record(desk, checker.known.of(found.issue.sha256), content, signed, ".pdf")


def file_scan(
    desk: Desk,
    path: Path,
    *,
    deposit_id: str,
    number: str = "",
    signed_by: Mapping[Box, str] | None = None,
    because: str = "",
) -> StepDone:
    """File a scan of a paper that was signed by hand: who signed in which box, as people say it; an empty name is the
    one that the paper has there. `because`: why a scan that was filed before, of another paper, is of this one too.

    Raises UsageError where it is not clear which paper it is, for a box that the paper does not have or that is taken;
    Conflict for a scan of another paper.
    """
    content = read_scan(path)
    known = known_of(desk.site, deposit_id)
    issue = paper_of(known, deposit_id, number or _number_of(content))
    if known.base(content).appended:
        raise InvalidRecord(
            "paper-is-no-scan",
            "the file is the paper itself, and no scan of what was signed by hand",
            where=str(path),
            remedy="If it has signatures, file it without --scan: they are checked.",
        )
    if not because.strip():
        _refuse_scan_of_another(desk, path, content, issue)
    by = []
    for box, name in (signed_by or {}).items():
        place = place_in(issue, box)
        if not (name.strip() or place.name):
            raise UsageError(
                "signer-unnamed",
                "the paper has no name in the box {box}: say who signed there",
                remedy="Give the name as it stands under the signature: BOX=NAME.",
                box=box,
            )
        by.append(SignedBy(name=(name.strip() or place.name)[:200], box=box))
    if not by:
        raise UsageError(
            "signers-missing",
            "say who has signed: {missing}",
            remedy="Such as --signed-by first --signed-by second='Name'.",
            missing=", ".join(issue.missing) or Text("nobody is missing"),
        )
    signed = SignedPaper("", "", issue.number, issue.newest, "scan", tuple(by), because=because.strip())
    return record(desk, known.of(issue.sha256), content, signed, path.suffix.lower())


def _refuse_scan_of_another(desk: Desk, path: Path, content: bytes, issue: Issue) -> None:
    """Raise Conflict where the very file was filed before, but as another revision of the same paper."""
    sha256 = hashlib.sha256(content).hexdigest()
    scans = [
        (dossier.id, each.signed.number)
        for dossier in (dossiers.read(desk.site, each) for each in dossiers.naming(desk.site, [sha256]))
        for _, each in dossier.established(Signed)
        if each.signed.sha256 == sha256
    ]
    scans += [
        (each.subject, each.number)
        for each in issued.read(desk.site)
        if each.signed is not UNSET and each.signed.sha256 == sha256
    ]
    other = next((each for each in scans if each[1] != issue.number), None)
    if other:
        deposit, number = other
        raise Conflict(
            "scan-of-another",
            "the same scan is filed for {deposit}, as {number}",
            where=str(path),
            remedy="Scan the paper that was signed; or, if both are on this one, say so: --because WHY.",
            deposit=deposit,
            number=number,
        )


@dataclass(frozen=True)
class Source:
    """A key that signs: by which means, and how it is opened."""

    provider: Literal["pkcs12", "pkcs11"]
    open: Callable[[], AbstractContextManager[making.Key]]


def from_pkcs12(path: Path, passphrase: Password) -> Source:
    """The key of a PKCS#12 file."""
    content = read_bounded(path, MIB)
    return Source("pkcs12", lambda: nullcontext(making.pkcs12(content, passphrase.text, str(path))))


def from_token(desk: Desk, pin: Password) -> Source:
    """The key of the token that the settings name. Raises UsageError where they name none."""
    token = _token(desk)
    return Source("pkcs11", lambda: making.pkcs11(token.module, token.token, token.label, pin.text))


def refuse_missing(desk: Desk, path: Path | None) -> None:
    """Raise where there is nothing that signs, so that nobody is asked for its passphrase: the PKCS#12 file, or (None)
    the token. Raises OutsideFailure, InvalidRecord, UsageError."""
    if path:
        read_bounded(path, MIB)
    else:
        _token(desk)


def _token(desk: Desk) -> Token:
    token = desk.site.settings.signing.token
    if token is None:
        raise UsageError(
            "no-token",
            "the site names no token that signs",
            remedy="Give a PKCS#12 file (--p12 FILE), or name a token in sopctl.yml: signing: {token: …}.",
        )
    return token


def sign(desk: Desk, deposit_id: str, source: Source, *, box: Box, number: str = "", because: str = "") -> StepDone:
    """Sign the newest revision of a paper, seen in its box, and record it in every dossier that has the paper.

    Raises InvalidRecord for a certificate that has expired, or is somebody's whom the paper does not name for this box
    (unless `because` says why they may), or whose signature would not hold here; UsageError for a box that is taken;
    NotNow where the newest revision is a scan.
    """
    known = known_of(desk.site, deposit_id)
    issue = paper_of(known, deposit_id, number)
    place = place_in(issue, box)
    content = to_sign(issue)
    with source.open() as key, Examiner() as examiner:
        if key.until < desk.now():
            raise InvalidRecord(
                "certificate-expired",
                "the certificate of {who} expired on {until}",
                remedy="Sign with a certificate that is valid today; whoever issued this one renews it.",
                who=key.signer.cn,
                until=key.until.date(),
            )
        if place.name and not same_person(place.name, key.signer.cn) and not because.strip():
            raise InvalidRecord(
                "certificate-of-another",
                "the box {box} is {name}'s; the certificate is {who}'s",
                remedy="If they may sign it, say why: --because WHY.",
                box=box,
                name=place.name,
                who=key.signer.cn,
            )
        signed = _signed(desk, issue, content, key, box)
        checker = Checker(desk, examiner, known)
        found = checker.unfiled(signed)
    if found is None:
        raise InvalidRecord(
            "not-what-was-issued",
            "it cannot be filed: {why}",
            remedy="Nothing was recorded. Report this, with the software that the key is from.",
            why=Text("no paper of this site"),
        )
    by = signers_of(found, issue.newest_file, boxes=[box], because=because.strip(), unchecked=True)
    entry = SignedPaper(
        file="",
        sha256="",
        number=issue.number,
        of=found.of,
        how="appended",
        by=by,
        provider=source.provider,
        because=because.strip(),
    )
    return record(desk, known.of(issue.sha256), signed, entry, ".pdf")


def preview(desk: Desk, deposit_id: str, path: Path, *, box: Box, number: str = "") -> Path:
    """A picture (PNG) of the page on which a signature would be seen, with a key of nobody. Nothing is sent or
    recorded. Raises UsageError where `path` is a file of another kind: it would be lost."""
    with disk_errors(path, "read"):
        there = path.is_file() and path.stat().st_size > 0
    if there and not read_bounded(path, MAX_FILE).startswith(PNG):
        raise UsageError(
            "picture-would-replace",
            "there is a file of another kind, which is not replaced",
            where=str(path),
            remedy="Give the picture another name.",
        )
    issue = paper_of(known_of(desk.site, deposit_id), deposit_id, number)
    place = place_in(issue, box)
    key = making.trial(place.name or box)
    look = look_in(issue, box, key.signer.cn, f"{desk.now():%d-%m-%Y %H.%M}", "CONTOH")
    signed = making.sign(to_sign(issue), key, field="contoh", look=look)
    write_output(path, pages.picture(signed, look.box.page if look else 1))
    return path


def to_sign(issue: Issue) -> bytes:
    """The newest revision, as it was recorded. Raises InvalidRecord where it was altered, NotNow for a scan, and while
    it is not clear whether a service has signed it."""
    if issue.unclear:
        raise NotNow(
            "signing-unclear-before",
            "it is not clear whether {who} has signed {number}",
            remedy=(
                "If the service shows that it did, file the paper that it gives; if it surely did not, say so:",
                Action("sign", issue.deposit),
                Action("ask-signature", issue.deposit, given={"as": issue.unclear[0].box}, needs=("not_signed",)),
            ),
            number=issue.number,
            who=boxed((each.name, each.box) for each in issue.unclear),
        )
    if issue.revisions and issue.revisions[-1].how == "scan":
        raise NotNow(
            "signed-with-ink",
            "{number} was signed by hand: its newest revision is a scan",
            remedy="Have the others sign that paper by hand too, and file its scan.",
            number=issue.number,
        )
    content = issue.content(issue.newest)
    if hashlib.sha256(content).hexdigest() != issue.newest:
        raise InvalidRecord(
            "paper-altered",
            "the paper is not as it was recorded",
            where=str(issue.newest_file),
            remedy="Restore it from the site's version control or backup.",
        )
    return content


def _signed(desk: Desk, issue: Issue, content: bytes, key: making.Key, box: Box) -> bytes:
    settings = desk.site.settings.signing
    at = f"{desk.now():%d-%m-%Y %H.%M} {desk.now().tzname()}"
    note = f"Sertifikat elektronik diterbitkan oleh {key.signer.issuer}"
    return making.sign(
        content,
        key,
        field=f"tanda-tangan-{len(issue.revisions) + 1}-{box}",
        look=look_in(issue, box, key.signer.cn, at, note),
        level=settings.level,
        tsa=settings.tsa,
        trust=_archive_trust(desk, content, key) if settings.level == "b-lta" else None,
    )


def _archive_trust(desk: Desk, content: bytes, key: making.Key) -> Trust:
    """What a signature for the archive brings along: what the site has at hand and, where it may ask over the network,
    what a trial with a timestamp shows to be missing."""
    trust, settings = certificates.read(desk.site), desk.site.settings.signing
    if not settings.online:
        return trust
    trial = making.sign(content, key, field="percobaan", level="b-t", tsa=settings.tsa)
    with Examiner() as examiner:
        found = examiner.examine(trial, trust, desk.now())
    return fetching.fetch(trust, found.wanted)[0]


def look_in(issue: Issue, box: Box, name: str, at: str, note: str) -> making.Look | None:
    """The signature in the form's own box. None where the form cannot be typeset again as it was issued: then nobody
    knows where its boxes are, and the signature is not seen."""
    place = issue.place_of(box)
    if place is None:
        return None
    return making.Look(
        making.Box(place.page, place.left, place.bottom, place.width, place.height), appearance(name, at, note)
    )


def record(desk: Desk, issues: Sequence[Issue], content: bytes, signed: SignedPaper, suffix: str) -> StepDone:
    """Record a signed revision in every dossier that has the paper, all or none of them begun. Raises Conflict where
    another revision was recorded meanwhile."""
    if issues[0].kind == REPORT:
        return _record_report(desk, issues[0], content, signed, suffix)
    done = []
    with everywhere(desk, issues, "sign") as turns:
        for mine, issue in turns:
            now = next((each for each in Known([mine.dossier]).issues if each.sha256 == issue.sha256), issue)
            if now.newest != signed.of:
                raise _older(now)
        for mine, issue in turns:
            stem = Path(issue.file).stem.partition("-")[2] or "dokumen"
            kept = mine.keep(f"{stem.removesuffix('-ditandatangani')}-ditandatangani{suffix}", content)
            entry = msgspec.structs.replace(signed, file=kept.file, sha256=kept.sha256)
            done.append(mine.record(mine.verb.outcome, Signed(signed=entry), note=_note(signed)))
    return msgspec.structs.replace(done[0], also=tuple(done[1:]))


def paper_of(known: Known, deposit_id: str, number: str = "") -> Issue:
    """The paper of a deposit with this number; without one, the only paper that lacks signatures, or the newest of
    them. Raises UsageError, NotNow where none lacks any."""
    mine = [each for each in known.issues if each.deposit == deposit_id and not each.gone]
    found = [each for each in mine if (each.number == number if number else each.open_boxes)]
    if len(found) == 1 or (found and number):
        return found[-1]
    if mine and not found and not number:
        raise NotNow(
            "all-signed",
            "no paper of {deposit} lacks signatures",
            remedy="Nothing is left to sign. To file a further paper, name its number.",
            deposit=deposit_id,
        )
    raise UsageError(
        "which-paper",
        "say which paper of {deposit} it is: {numbers}",
        remedy="Give its number behind the deposit's.",
        deposit=deposit_id,
        numbers=", ".join(dict.fromkeys(each.number for each in (found or mine))) or Text("it has none"),
    )


def _older(now: Issue) -> Conflict:
    return Conflict(
        "signed-from-older-revision",
        "it was made from a revision of {number} that is not the newest",
        where=str(now.newest_file),
        remedy="Have the newest revision signed, so that no signature is lost.",
        number=now.number,
    )


def _record_report(desk: Desk, issue: Issue, content: bytes, signed: SignedPaper, suffix: str) -> StepDone:
    """Record a signed revision of a month's report in the register. Raises as `record`."""
    now = next(each for each in report_issues(desk.site) if each.sha256 == issue.sha256)
    if now.newest != signed.of:
        raise _older(now)
    name = f"{issue.deposit.lower()}-ditandatangani{suffix}"
    return in_register(desk, issue, "ditandatangani", _note(signed), {name: content}, signed=signed)


def in_register(
    desk: Desk, issue: Issue, outcome: str, note: str, contents: Mapping[str, bytes], **what: Any
) -> StepDone:
    """Record in the register what became of a report (`what`: a field of `Issued`). Raises Conflict where something
    else was meanwhile."""
    before, by = issued.read(desk.site), desk.deciding.anyone(desk.site.settings.people)
    new = Issued(len(before) + 1, issue.deposit, issue.number, desk.now(), by, desk.typed, files=(), **what)
    made = issued.issue(desk.site, before, new, contents)
    return StepDone(
        id=issue.deposit,
        procedure="",
        step=0,
        activity=f"Laporan {issue.number}",
        actor="",
        by=by,
        outcome=outcome,
        answer=True,
        note=note,
        documents=tuple(str(desk.site.root / kept.file) for kept in made.files),
    )


@contextmanager
def everywhere(desk: Desk, issues: Sequence[Issue], verb: str) -> Iterator[list[tuple[Turn, Issue]]]:
    """A turn on every dossier that has the paper, taken in the order in which they are locked everywhere."""
    each_once = sorted({each.deposit: each for each in issues}.values(), key=lambda each: each.deposit)
    with ExitStack() as stack:
        yield [(stack.enter_context(act(desk, each.deposit, verb)), each) for each in each_once]


def _number_of(content: bytes) -> str:
    named = named_record(content)
    return named.number if named else ""


def place_in(issue: Issue, box: str) -> Signatory:
    """A box of a paper that nobody has signed in. Raises UsageError."""
    place = next((each for each in issue.signatories if each.box == box), None)
    if place is None:
        boxes = ", ".join(each.box for each in issue.signatories)
        raise UsageError(
            "no-such-box",
            "{number} has no box {box}; it has {boxes}",
            remedy="Name one of these boxes.",
            number=issue.number,
            box=box,
            boxes=boxes or Text("none"),
        )
    if place not in issue.open_boxes:
        raise UsageError(
            "box-taken",
            "the box {box} of {number} is signed already",
            remedy=("Name another box. To see which are open:", Action("document verify", issue.deposit)),
            number=issue.number,
            box=box,
        )
    return place


def signers_of(
    found: Finding, path: Path, *, boxes: Sequence[Box], because: str, unchecked: bool, last: bool = False
) -> tuple[SignedBy, ...]:
    """Who signed: those of the revision before, and the new ones, each with a box. Raises InvalidRecord, Conflict,
    UsageError for what is not filed."""
    issue = found.issue
    if issue is None or found.verdict in ("altered", "unknown") or not found.signatures:
        if issue is not None and found.signatures and found.of != issue.newest:
            raise _older(issue)
        raise InvalidRecord(
            "not-what-was-issued",
            "it cannot be filed: {why}",
            where=str(path),
            remedy="Have the PDF signed that sopctl issued, not one that was printed or saved again.",
            why=joined("; ", found.why) or verdict.WORDS[found.verdict],
        )
    before = next((each.by for each in issue.revisions if each.sha256 == found.of), ())
    have = {each.certificate for each in before}
    free, asked, by = list(issue.open_boxes), list(boxes), list(before)
    for one in found.signatures:
        if one.signer and one.signer.certificate in have and one.word in ("good", "not-checked"):
            have.discard(one.signer.certificate)  # the same person may sign in two boxes
            continue
        by.append(_one(one, free, asked, path, because=because, unchecked=unchecked))
    if found.closed and free and not last:
        raise InvalidRecord(
            "closed-to-others",
            "nobody could sign after it ({missing}): a signature in it forbids changes, or locks all fields",
            where=str(path),
            remedy=(
                "Have it signed again, not certified (DocMDP) and without a lock. If the others sign on paper, file it "
                "with --last."
            ),
            missing=boxed((each.name, each.box) for each in free),
        )
    return tuple(by)


def _one(
    one: Signature, free: list[Signatory], asked: list[Box], path: Path, *, because: str, unchecked: bool
) -> SignedBy:
    """A new signature as it is recorded, with its box taken out of the free ones. Raises InvalidRecord, UsageError."""
    signer, said = one.signer, one.word
    if signer is None or said not in ("good", "not-checked", "stranger") or (said == "not-checked" and not unchecked):
        remedies = {
            "not-checked": Text("Put CRLs or OCSP answers into certificates/revocation/, or file it with --unchecked."),
            "unknown-authority": Text(
                "If the office trusts that authority, put its certificate into certificates/roots/."
            ),
        }
        raise InvalidRecord(
            "signature-does-not-hold",
            "the signature of {who} does not hold: {why}",
            where=str(path),
            remedy=remedies.get(
                said,
                Text(
                    "Nothing was recorded. Have the newest revision signed once more, with a certificate that is valid."
                ),
            ),
            who=signer.cn if signer else Text("someone"),
            why=joined(", ", (said, Text(MEANS[said]))),
        )
    place = next((each for each in free if same_person(each.name, signer.cn)), None)
    if place is None and asked:
        box = asked.pop(0)
        place = next((each for each in free if each.box == box), None)
        if place is None:
            raise UsageError(
                "box-not-free",
                "the paper has no free box {box}",
                remedy="Name a box that nobody has signed yet.",
                box=box,
            )
        if place.name and not because:
            place = None
    if place is None:
        raise InvalidRecord(
            "stranger-signed",
            "{who} signed it, whom no free box of the paper names: {free}",
            where=str(path),
            remedy="If they may sign it, say in which box and why: --as BOX --because WHY.",
            who=signer.cn,
            free=", ".join(f"{each.box} {each.name}".strip() for each in free) or Text("all are signed"),
        )
    shown = shows_others([one])
    if shown and not because:
        raise InvalidRecord(
            "box-shows-another",
            "{shown}",
            where=str(path),
            remedy="If that is right, say why: --because WHY.",
            shown=shown[0],
        )
    free.remove(place)
    return SignedBy(
        name=signer.cn,
        box=place.box,
        certificate=signer.certificate,
        issuer=signer.issuer,
        serial=signer.serial,
        level=one.level,
        time=one.time,
        time_from=one.time_from,
    )


def _note(signed: SignedPaper) -> str:
    who = ", ".join(f"{each.name} ({IN_RECORDS.get(each.box, each.box)})" for each in signed.by)
    how = "pindaian" if signed.how == "scan" else "tanda tangan elektronik"
    why = f"; {signed.because}" if signed.because else ""
    return f"{signed.number} ditandatangani ({how}): {who}{why}"[:1000]
