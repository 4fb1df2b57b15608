"""Which revisions of a paper there are: issued, signed by one, signed by the next. And who is still to sign."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import UNSET, Struct

from sopctl.adapters.documents import Place, places, render
from sopctl.adapters.documents.forms import Form, HandoverForm, InventoryForm, MonthForm, Paper, Party
from sopctl.model.as_json import NotJson, from_json
from sopctl.model.signing.signatories import BOXES, Box, Signatory, SignedBoxes
from sopctl.model.sop import record, signing
from sopctl.model.sop.entries import Amended, Decider, Signed, SignedPaper, SigningAsked, from_data
from sopctl.model.sop.history import Event
from sopctl.store import issued
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import disk_errors
from sopctl.store.site import Site
from sopctl.workflow.scans import MIB, read_bounded

MAX_DATA = 16 * MIB

ACKNOWLEDGED = "Mengetahui"
"""The role of who takes note of a paper, and is no party to it."""


class Issue(Struct, frozen=True):
    """A paper that a history has: the event that issued it, its file, hash and number, the signed revisions of it in
    the order in which they were made, and who is to sign. `gone`: it was replaced or taken back since."""

    deposit: str
    event: int
    at: datetime
    file: str
    sha256: str
    number: str
    folder: Path
    signatories: tuple[Signatory, ...] = ()
    revisions: tuple[SignedPaper, ...] = ()
    kind: str = ""
    gone: bool = False
    data: str = ""
    """The file that has what it says as data; empty for papers that did not keep it."""
    unclear: tuple[SigningAsked, ...] = ()
    """What a service was asked to sign in it, where nobody knows whether it did."""

    @property
    def newest(self) -> str:
        """The SHA-256 of the newest revision."""
        return self.revisions[-1].sha256 if self.revisions else self.sha256

    @property
    def newest_file(self) -> Path:
        """Where the newest revision is."""
        return self.folder / (self.revisions[-1].file if self.revisions else self.file)

    @property
    def open_boxes(self) -> tuple[Signatory, ...]:
        """Who has not signed."""
        signed = {each.box for revision in self.revisions for each in revision.by}
        return tuple(each for each in self.signatories if each.box not in signed)

    @property
    def missing(self) -> tuple[str, ...]:
        """Whose signatures are missing, in words: the box and the name."""
        return tuple(f"{each.box} ({each.name})" if each.name else each.box for each in self.open_boxes)

    @property
    def signed(self) -> SignedBoxes:
        """How many of how many have signed, and where a signature is missing."""
        still = tuple(each.box for each in self.open_boxes)
        return SignedBoxes(len(self.signatories) - len(still), len(self.signatories), still)

    def place_of(self, box: Box) -> Place | None:
        """Where the signature of a box may be seen: as the form has it when it is typeset again, if that gives the very
        bytes that were issued; else None."""
        path = self.folder / self.data
        if not self.data or path.is_symlink() or not path.is_file():
            return None
        form = _form(read_bounded(path, MAX_DATA))
        if form is None or hashlib.sha256(render(form)).hexdigest() != self.sha256:
            return None
        return dict(zip((each for each, _ in _on_page(form)), places(form), strict=False)).get(box)

    def content(self, sha256: str) -> bytes:
        """What the revision with this hash has on disk. Raises OutsideFailure, InvalidRecord."""
        name = next((each.file for each in self.revisions if each.sha256 == sha256), self.file)
        return read_bounded(self.folder / name, 50 * MIB)


def issues(dossier: Dossier) -> list[Issue]:
    """The papers of a dossier, with what was signed of each."""
    signed = [each.signed for event in dossier.events if (each := from_data(Signed, event))]
    unclear = signing.unclear(dossier.procedures, dossier.events)
    undone, replaced = record.undone(dossier.events), _replaced(dossier)
    found = []
    for event in dossier.events:
        if from_data(Signed, event):
            continue
        for key, paper in _papers(event.data):
            revisions = _chain(paper["sha256"], signed)
            found.append(
                Issue(
                    deposit=dossier.id,
                    event=event.seq,
                    at=event.at,
                    file=paper["file"],
                    sha256=paper["sha256"],
                    number=paper["number"],
                    folder=dossier.folder,
                    signatories=_signatories(dossier, event, paper),
                    revisions=revisions,
                    kind=_kind(dossier, event, key),
                    gone=event.seq in undone or event.seq in replaced,
                    data=_data(paper),
                    unclear=tuple(each for each in unclear if each.number == paper["number"]),
                )
            )
    return found


REPORT = "report"
"""The kind of a month's report, which belongs to no deposit."""


def report_issues(site: Site) -> list[Issue]:
    """The month's reports of the office, with what was signed of each; `deposit` is how each is called
    (`LAPORAN-2026-11`). Raises InvalidRecord where the register was altered."""
    every = issued.read(site)
    signed = [each.signed for each in every if each.signed is not UNSET]
    newest = {each.subject: each.seq for each in every if each.is_report}
    unclear = issued.unclear(every)
    found = []
    for each in every:
        paper = next((kept for kept in each.files if kept.file.endswith(".pdf")), None)
        data = next((kept.file for kept in each.files if kept.file.endswith(".json")), "")
        if paper is None or not each.is_report:
            continue
        path = site.root / data
        there = bool(data) and path.is_file() and not path.is_symlink()
        found.append(
            Issue(
                deposit=each.subject,
                event=each.seq,
                at=each.at,
                file=paper.file,
                sha256=paper.sha256,
                number=each.number,
                folder=site.root,
                signatories=signatories(read_bounded(path, MAX_DATA)) if there else (),
                revisions=_chain(paper.sha256, signed),
                kind=REPORT,
                gone=newest[each.subject] != each.seq,
                data=data,
                unclear=tuple(asked for _, asked in unclear if asked.number == each.number),
            )
        )
    return found


def _replaced(dossier: Dossier) -> set[int]:
    return {each.amends.event for _, each in dossier.established(Amended) if each.kind == "replacement"}


def _papers(data: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The papers that an event issued, by their keys: files with a number."""
    for key, value in data.items():
        if isinstance(value, dict) and {"file", "sha256", "number"} <= value.keys() and value["number"]:
            yield key, value


def _chain(issued: str, signed: list[SignedPaper]) -> tuple[SignedPaper, ...]:
    """What was signed of the paper with this hash, one after the other."""
    found: list[SignedPaper] = []
    at = issued
    for each in signed:
        if each.of == at:
            found.append(each)
            at = each.sha256
    return tuple(found)


def _kind(dossier: Dossier, event: Event, key: str) -> str:
    """What kind of paper it is, as the settings call it; empty for others."""
    verb = record.verb_of(dossier.procedures, event)
    if verb is None or key != "document":
        return ""
    return {"handover": "handover", "reissue": "handover", "inventory": "inventory", "release": "exit-record"}.get(
        verb.name, ""
    )


def _signatories(dossier: Dossier, event: Event, paper: dict[str, Any]) -> tuple[Signatory, ...]:
    """Who is to sign a paper, as it says itself; of one that did not keep that, the person who decided it."""
    path = dossier.folder / _data(paper)
    with disk_errors(path, "read"):
        there = path.is_file() and not path.is_symlink()
    if there:
        return signatories(read_bounded(path, MAX_DATA))
    found = from_data(Decider, event)
    return (Signatory("first", found.decider.name),) if found else ()


def _data(paper: dict[str, Any]) -> str:
    kept = paper.get("data")
    return str(kept["file"]) if isinstance(kept, dict) and "file" in kept else ""


def _form(data: bytes) -> Form | None:
    try:
        form: Form = from_json(data, Form)  # type: ignore[arg-type]  # a union is no type to mypy
    except NotJson:
        return None
    return form


def signatories(data: bytes) -> tuple[Signatory, ...]:
    """Who is to sign a form that was kept as data, in the order of `BOXES`."""
    form = _form(data)
    found = [Signatory(box, party.name) for box, party in _on_page(form)] if form else []
    return tuple(sorted(found, key=lambda each: BOXES.index(each.box)))


def _on_page(form: Form) -> list[tuple[Box, Party]]:
    """The boxes of a form from the left, and who signs in each. Who only takes note of it (Mengetahui) is
    `acknowledged` on every paper; the others are first and second, as they stand on it."""
    if isinstance(form, HandoverForm):
        return [("second", form.second), ("acknowledged", form.acknowledged), ("first", form.first)]
    if isinstance(form, InventoryForm):
        return [("first", form.officer)]
    if isinstance(form, MonthForm):
        return [("first", form.officer), ("second", form.head)]
    if not isinstance(form, Paper):
        return []
    acting = iter(BOXES)
    return [
        ("acknowledged" if each.role == ACKNOWLEDGED else next(acting), each.party)
        for each in form.signers[: len(BOXES)]
    ]
