"""The office's own papers, which belong to no single deposit, such as a month's report: `reports/`. What was signed of
one is an issue of its own.

Each issue has a record, `reports/0001.json`, which names its files by their hashes and the record before it by its own,
and a line in the journal. The record is the commit: files without one are not part of the register. What fails after it
is told (`Site.lagging`) and made good by the next issue.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import UNSET, Struct, UnsetType

from sopctl.errors import Conflict, InvalidRecord, OutsideFailure, SopctlError
from sopctl.model.as_json import NotJson, from_json
from sopctl.model.sop.entries import Kept, SignedPaper, SigningAsked, SigningRefused
from sopctl.store.durable import (
    Unconfirmed,
    bytes_of,
    listed,
    make_folder,
    sweep,
    undisturbed,
    write_atomic,
    write_tentative,
)
from sopctl.store.journal import Journal
from sopctl.store.site import Site

NAME = "reports"
"""Their folder, and what the journal calls them."""

SUBJECT = r"LAPORAN-\d{4}-\d{2}"
"""How the report of a month is called, where a deposit has its id."""

MAX_RECORD = 64 * 1024


class SentTo(Struct, frozen=True, forbid_unknown_fields=True):
    """A report was sent to this address; with a `problem`, it surely did not arrive."""

    to: str
    message_id: str
    problem: str = ""


class Issued(Struct, frozen=True, forbid_unknown_fields=True):
    """One issue: its number in the register, what it is about (`LAPORAN-2026-11`), the document number, when, who
    answers for it and the login that made it, its files (below the site's folder), and the hash of the record
    before."""

    seq: int
    subject: str
    number: str
    at: datetime
    by: str
    typed: str
    files: tuple[Kept, ...]
    prev: str = ""
    signed: SignedPaper | UnsetType = UNSET
    """What was signed of a report that was issued before (its `number`). Unset fields are not written: the records of
    older versions keep their hashes."""
    asked: SigningAsked | UnsetType = UNSET
    """A service was asked to sign it."""
    refused: SigningRefused | UnsetType = UNSET
    """It surely did not."""
    sent: SentTo | UnsetType = UNSET

    @property
    def is_report(self) -> bool:
        """Does it issue a report? Else it says what became of one."""
        return (self.signed, self.asked, self.refused, self.sent) == (UNSET, UNSET, UNSET, UNSET)

    @property
    def content(self) -> bytes:
        """The record as it is written."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the record as it is written."""
        return hashlib.sha256(self.content).hexdigest()


def read(site: Site) -> list[Issued]:
    """The register, in order. Raises InvalidRecord where a record is missing or was altered."""
    folder = site.folder(NAME)
    found: list[Issued] = []
    for path in listed(folder, "[0-9][0-9][0-9][0-9].json"):
        content = bytes_of(path, MAX_RECORD, links=False)
        try:
            issued = from_json(content, Issued)
        except NotJson:
            raise _altered(path) from None
        prev = found[-1].hash if found else ""
        if (
            issued.content != content
            or issued.seq != len(found) + 1
            or issued.prev != prev
            or path.name != _name(issued)
        ):
            raise _altered(path)
        found.append(issued)
    return found


def issue(site: Site, before: Sequence[Issued], new: Issued, contents: Mapping[str, bytes]) -> Issued:
    """Add an issue after `before`, with the contents of its files by their names; its `files` and `prev` are set here.

    Raises Conflict when another was issued meanwhile, InvalidRecord when the register or the journal was altered,
    OutsideFailure.
    """
    files = tuple(
        Kept(f"{NAME}/{new.seq:04}-{name}", hashlib.sha256(content).hexdigest()) for name, content in contents.items()
    )
    bound = msgspec.structs.replace(new, files=files, prev=before[-1].hash if before else "")
    if bound.signed is not UNSET:
        signed = msgspec.structs.replace(bound.signed, file=files[0].file, sha256=files[0].sha256)
        bound = msgspec.structs.replace(bound, signed=signed)
    folder = site.folder(NAME)
    with site.alone(), undisturbed():
        site.refuse_moved()
        make_folder(folder)
        _settle(site)
        if len(read(site)) != len(before) or new.seq != len(before) + 1:
            raise Conflict("issued-meanwhile", "another report was issued in the meantime", remedy="Issue it again.")
        journal = Journal(site.root)
        journal.catch_up(NAME, before)
        try:
            for kept, content in zip(files, contents.values(), strict=True):
                write_tentative(site.root / kept.file, content)
            try:
                write_atomic(folder / _name(bound), bound.content)
            except Unconfirmed as error:
                site.tell(error)
        finally:
            with suppress(SopctlError):  # the next issue does it
                _settle(site)
        site.committed.append((NAME, bound.seq))
        try:
            with journal.adding() as writer:
                writer.add_hash(NAME, bound.seq, bound.hash)
        except SopctlError as error:
            site.lagging.append(
                OutsideFailure(
                    "report-journal-lags",
                    "the report {number} is issued; the journal has not noted it yet: {reason}",
                    where=error.where,
                    remedy="The next report that is issued adds it. Until then, look after the disk.",
                    number=bound.number,
                    reason=error.text,
                )
            )
    return bound


def _settle(site: Site) -> None:
    """Take back the files that are named by no record. Call when alone."""
    sweep(site.folder(NAME), lambda: {Path(kept.file).name for each in read(site) for kept in each.files})


def unclear(every: Sequence[Issued]) -> list[tuple[str, SigningAsked]]:
    """Which report (`LAPORAN-2026-11`) a service was asked to sign, and what, where nobody knows whether it did."""
    open_: dict[tuple[str, str], tuple[str, SigningAsked]] = {}
    for each in every:
        if each.asked is not UNSET:
            open_[each.number, each.asked.box] = each.subject, each.asked
        if each.refused is not UNSET:
            open_.pop((each.number, each.refused.box), None)
        for by in each.signed.by if each.signed is not UNSET else ():
            open_.pop((each.number, by.box), None)
    return list(open_.values())


def keep(site: Site, name: str, content: bytes) -> Path:
    """Keep a file that is no part of the register, for people to look at. Raises OutsideFailure."""
    folder = site.folder(NAME)
    make_folder(folder)
    write_atomic(folder / name, content)
    return folder / name


def _name(issued: Issued) -> str:
    return f"{issued.seq:04}.json"


def _altered(path: Path) -> InvalidRecord:
    return InvalidRecord(
        "register-altered",
        "the register of reports was altered here, or a record before it is missing",
        where=str(path),
        remedy="Restore reports/ from the site's version control or backup; only sopctl writes it.",
    )
