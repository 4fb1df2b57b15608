"""Adoption: servers that stood in the racks before the register began (di luar SOP), one by one or as a list."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from sopctl.adapters.listings import csv_text
from sopctl.adapters.spreadsheet import is_spreadsheet, read_rows
from sopctl.errors import Action, InvalidRecord, UsageError
from sopctl.locale import Counted, Prose, Text, joined
from sopctl.model import rack
from sopctl.model.deposit import Adoption, OptionalLine
from sopctl.model.intake import cells
from sopctl.model.rack import Face, Need, Occupied, Place, Wish
from sopctl.model.sop import procedure
from sopctl.model.sop.entries import NotKnown, Pinned, Placed, Reserved, to_data
from sopctl.model.sop.history import Event
from sopctl.model.waiting_list import occupied
from sopctl.store import codec, filing, register
from sopctl.store.across import identities
from sopctl.store.site import Site
from sopctl.workflow import admitting
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers.fields import nested, refused
from sopctl.workflow.papers.printing import tell
from sopctl.workflow.papers.request_letter import OTHER
from sopctl.workflow.scans import MIB, read_bounded
from sopctl.workflow.steps.reservation import racks_alone

MAX_LIST = 10 * MIB
MAX_ROWS = 5000
TOLD = 50
"""How many faults of a list are told at once."""

COLUMNS = {
    "unit": "unit",
    "name": "server.name",
    "brand_model": "server.brand_model",
    "serial": "server.serial",
    "height_units": "server.height_units",
    "depth_mm": "server.depth_mm",
    "power_watts": "server.power_watts",
    "operating_system": "server.operating_system",
    "application": "server.application",
    "description": "server.description",
    "platform": "platform",
    "address": "access.address",
    "port": "access.port",
    "contact": "contacts.technical.name",
    "email": "contacts.technical.email",
    "phone": "contacts.technical.phone",
    "letter_number": "letter.number",
    "letter_date": "letter.date",
    "valid_until": "valid_until",
    "rack": "rack",
    "rack_unit": "rack_unit",
    "face": "face",
    "note": "note",
    "despite": "despite",
}
"""The columns of a list, and where each goes in the record. An empty cell means: not known. A row with a platform is a
network appliance, or a machine that takes no SSH of ours (`lain`). `despite` is why a server may have what another
deposit has."""

NEEDED = ("unit", "name", "brand_model", "height_units", "address", "contact", "rack", "rack_unit")


class Where(Struct, frozen=True, forbid_unknown_fields=True):
    """Where an adopted server stands."""

    rack: str
    rack_unit: int
    face: Face = "both"
    note: str = ""
    despite: OptionalLine = ""
    """Why the server may have what another deposit has; where it is empty, what was said for all counts."""


class Adopted(Struct, frozen=True):
    """An adoption as it was recorded: the new id, the server, its place, and what is not known of it."""

    id: str
    unit: str
    server: str
    place: Place
    unknown: tuple[str, ...]


class _Entry(NamedTuple):
    """A server to adopt, and the name of where it was read (`row 3`) for errors."""

    record: Adoption
    where: Where
    source: str


def adopt(desk: Desk, record: Path, where: Where) -> Adopted:
    """Take a server that is already in a rack into the register. Its configuration is due next.

    Raises InvalidRecord for a record that is not valid and for a place that is taken or does not exist.
    """
    content = codec.read(record)
    entry = _Entry(codec.parse(content, Adoption, where=str(record)), where, str(record))
    admitting.refuse(desk.site, entry.record, admitting.in_record(content, str(record)), desk.now().date())
    tell(desk.site, entry.record)
    return _record(desk, [entry], dry_run=False)[0]


def import_list(desk: Desk, file: Path, *, dry_run: bool) -> list[Adopted]:
    """Adopt every server of a list (CSV with a header, or the first sheet of an XLSX file): all of them or none.

    Raises InvalidRecord, naming every wrong row, its column and what was expected.
    """
    entries, wrong, today = [], [], desk.now().date()
    for number, row in _rows(file):
        entry, faults = _entry(desk.site, row, number, today)
        wrong += faults
        if entry:
            entries.append(entry)
    if wrong:
        raise InvalidRecord(
            "list-rows-invalid",
            "nothing was imported, because of {count}:",
            where=str(file),
            remedy="Correct them and run the command again; --dry-run only checks.",
            lines=_told(wrong),
            count=Counted("{number} wrong cell", "{number} wrong cells", len(wrong)),
        )
    if not entries:
        raise InvalidRecord(
            "list-empty",
            "the list has no rows",
            where=str(file),
            remedy=("Start from the template.", Action("import", given={"template": ""})),
        )
    return _record(desk, entries, dry_run=dry_run)


_EXAMPLE = {
    "unit": "Dinas Contoh",
    "name": "lama1.example.org",
    "brand_model": "Contoh R200",
    "height_units": "2",
    "address": "192.0.2.20",
    "contact": "Administrator Sistem",
    "rack": "A1",
    "rack_unit": "20",
}
_READ: Mapping[str, Callable[[str], str]] = {
    **dict.fromkeys(("letter_date", "valid_until"), lambda cell: cells.day(cell).isoformat()),
    **dict.fromkeys(("height_units", "depth_mm", "power_watts", "port", "rack_unit"), cells.whole),
}
"""How the cells of a column are read where a spreadsheet has its own way of writing them."""
_OF_RECORD = frozenset(COLUMNS) - frozenset(Where.__struct_fields__)
_COLUMN_OF = {path: name for name, path in COLUMNS.items()}


def template() -> str:
    """A list to fill in, as CSV."""
    return csv_text(COLUMNS, [[_EXAMPLE.get(name, "") for name in COLUMNS]])


def _record(desk: Desk, entries: Sequence[_Entry], *, dry_run: bool) -> list[Adopted]:
    desk.sure_of_the_clock()
    site, now = desk.site, desk.now()
    opening = procedure.opening(site.procedures)
    outcomes = opening.first.outcomes_of("adopt")
    if not outcomes:
        raise UsageError(
            "procedure-without-adoption",
            "the procedure {procedure} has no adoption",
            remedy="Its first step needs an outcome with the verb adopt.",
            procedure=opening.name,
        )
    outcome, how = next(iter(outcomes.items()))
    by = desk.decider((how.actor or opening.first.actor,), Text("adoption"), "")
    with racks_alone(site):
        places = _places(desk, entries)
        new = [
            filing.New(
                entry.record,
                Event(
                    seq=0,
                    at=now,
                    procedure=opening.name,
                    step=opening.first.no,
                    outcome=outcome,
                    by=by,
                    typed=desk.typed,
                    prev="",
                    note=entry.where.note or "server yang sudah berada di rak",
                    data=to_data(
                        (
                            Pinned(procedures={name: each.version for name, each in site.procedures.items()}),
                            Reserved(place=place),
                            Placed(placed=True),
                            NotKnown(unknown=tuple(entry.record.unknown())),
                        )
                    ),
                ),
                name=entry.source,
                despite=entry.where.despite or desk.despite,
            )
            for entry, place in zip(entries, places, strict=True)
        ]
        made = [] if dry_run else filing.create_all(site, new, now.date())
    ids = [dossier.id for dossier in made] or [""] * len(entries)
    return [
        Adopted(deposit_id, e.record.unit, e.record.server.name, place, tuple(e.record.unknown()))
        for deposit_id, e, place in zip(ids, entries, places, strict=True)
    ]


def _places(desk: Desk, entries: Sequence[_Entry]) -> list[Place]:
    """The place of each server. Raises InvalidRecord, with all that is wrong, for one that a deposit or another server
    of the list has, and for servers that are a deposit already."""
    site = desk.site
    taken = occupied(register.standing(site, {entry.where.rack for entry in entries if entry.where.rack}))
    places = []
    wrong = [] if desk.despite else _not_new(site, entries)
    for entry in entries:
        server = entry.record.server
        need = Need(server.height_units, server.depth_mm or 0, server.power_watts or 0, server.weight_kg)
        wish = Wish(entry.where.rack, entry.where.rack_unit, entry.where.face)
        place, obstacles = rack.find_place(site.racks, taken, need, wish)
        if place is None:
            none = Text("there is no rack {rack!r}", rack=entry.where.rack)
            wrong.append(joined(": ", (entry.source, joined("; ", (each.english for each in obstacles)) or none)))
            continue
        places.append(place)
        taken.append(Occupied(place, entry.source, "placed", need.power_watts, need.weight_kg))
    if wrong:
        raise InvalidRecord(
            "adoption-refused",
            "nothing was adopted:",
            remedy=(
                "Correct what is wrong. If a server may have what another has (one address behind which several are, "
                "one letter for several), say why: with --despite, or of a list's row in its column `despite`. What is "
                "free in the racks:",
                Action("rack list"),
            ),
            lines=_told(wrong),
        )
    return places


def _not_new(site: Site, entries: Sequence[_Entry]) -> list[Prose]:
    """What servers have that a deposit, or a server before them in the list, has too."""
    new = [identities.of_new(site, entry.source, entry.record) for entry in entries]
    excused = {entry.source for entry in entries if entry.where.despite}
    return [joined(": ", (each.id, each.text)) for each in identities.clashes(site, new) if each.id not in excused]


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a list by column, numbered as a spreadsheet counts them. Raises InvalidRecord for what is not a list
    of this kind."""
    content, where = read_bounded(file, MAX_LIST), str(file)
    if is_spreadsheet(content):
        table = read_rows(content, where=where, max_rows=MAX_ROWS + 2, max_columns=len(COLUMNS) + 5)
    else:
        table = _csv(content, where)
    header = [cells.plain(cell).lower() for cell in next(table, [])]
    _check_header(header, where)
    for number, row_cells in enumerate(table, start=2):
        if number > MAX_ROWS + 1:
            raise InvalidRecord(
                "too-many-rows",
                "the list has more than {limit} rows",
                remedy="Split the list into several files.",
                where=where,
                limit=MAX_ROWS,
            )
        texts = zip(header, map(cells.plain, row_cells), strict=False)
        row = {name: text for name, text in texts if name and text}
        if row:
            yield number, row


def _check_header(header: Sequence[str], where: str) -> None:
    columns = Text("The columns are: {columns}", columns=", ".join(COLUMNS))
    if unknown := [name for name in header if name and name not in COLUMNS]:
        raise InvalidRecord(
            "list-column-unknown",
            "there is no column {column!r}",
            where=f"{where}:1",
            remedy=columns,
            column=unknown[0],
        )
    if missing := [name for name in NEEDED if name not in header]:
        raise InvalidRecord(
            "list-column-missing",
            "the column {column!r} is missing",
            where=f"{where}:1",
            remedy=columns,
            column=missing[0],
        )


def _csv(content: bytes, where: str) -> Iterator[list[str]]:
    text = _decoded(content, where)
    first = text.partition("\n")[0]
    try:
        yield from csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
    except csv.Error as error:
        raise InvalidRecord(
            "not-csv",
            "this is not a CSV file: {reason}",
            remedy="Save it again as CSV in UTF-8 (comma, semicolon or tabulator), and give that file.",
            where=where,
            reason=str(error),
        ) from None


def _decoded(content: bytes, where: str) -> str:
    """The text of a CSV file. Raises InvalidRecord for one that is not in UTF-8, and names what a spreadsheet made."""
    again = Text("In the spreadsheet: Save as, CSV UTF-8 (comma delimited). Or save it as XLSX, which can be read too.")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:200]:
        raise InvalidRecord(
            "list-in-utf16",
            "the list was saved as Unicode text (UTF-16), which is not UTF-8",
            where=where,
            remedy=again,
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRecord(
            "list-not-utf8",
            "byte {byte} is not UTF-8: the list was saved in the encoding of Windows (cp1252), in which it is {text}",
            where=f"{where}:{content[: error.start].count(10) + 1}",
            remedy=again,
            byte=error.start,
            text=repr(content[max(0, error.start - 20) : error.start + 20].decode("cp1252", "replace")),
        ) from None


class _Row:
    """A row of a list on its way to a record. A cell that is refused is told, and put aside, so that the others are
    looked at too."""

    def __init__(self, row: Mapping[str, str], number: int) -> None:
        self._number = number
        self.wrong: dict[str, Prose] = {}
        self._given = dict(row)
        for name in NEEDED:
            if name not in row:
                self._refuse(name, Text("is empty"))
        for name, read in _READ.items():
            try:
                if name in row:
                    self._given[name] = read(row[name])
            except ValueError as error:
                self._refuse(name, error.args[0])

    def entry(self) -> _Entry | None:
        """The record, with what is wrong put aside; None where that cannot be."""
        for _ in COLUMNS:
            record = nested({COLUMNS[name]: cell for name, cell in self._given.items() if name in _OF_RECORD})
            record["contacts"]["administrative"] = record["contacts"]["technical"]
            if str(record.get("platform", "")).casefold() in OTHER:
                del record["platform"]
                record["kind"] = "other"
            elif "platform" in record:
                record["kind"] = "appliance"
            place = {name: cell for name, cell in self._given.items() if name not in _OF_RECORD}
            try:
                return _Entry(
                    msgspec.convert(record, Adoption, strict=False),
                    msgspec.convert(place, Where, strict=False),
                    f"row {self._number}",
                )
            except msgspec.ValidationError as error:
                path, reason = refused(error, record)
                name = _COLUMN_OF.get(path, path)
                if name not in self._given and name in self.wrong:  # what it needs is another cell that was put aside
                    return None
                self._refuse(name, reason)
        return None

    def _refuse(self, name: str, reason: Prose) -> None:
        self.wrong.setdefault(name, _in_row(self._number, name, reason))
        self._given.pop(name, None)
        if name in NEEDED:
            self._given[name] = _EXAMPLE[name]


def _in_row(number: int, name: str, reason: Prose) -> Text:
    return Text("row {number}, {column}: {reason}", number=number, column=name, reason=reason)


def _entry(site: Site, row: dict[str, str], number: int, today: date) -> tuple[_Entry | None, list[Prose]]:
    """A row as a record, or all that is wrong with it: row, column, what was expected, and what to do."""
    reading = _Row(row, number)
    found = reading.entry()
    for each in admitting.objections(site, found.record, today) if found else ():
        name = _COLUMN_OF.get(each.field, each.field)
        if each.path[:2] == ("contacts", "administrative"):  # a list has one contact
            continue
        said = _in_row(number, name, each.reason)
        told = (
            Text("{reason}. {helps}", reason=said, helps=each.remedy) if isinstance(each.remedy, str | Text) else said
        )
        reading.wrong.setdefault(name, told)
    return (None if reading.wrong else found), list(reading.wrong.values())


def _told(wrong: Sequence[Prose]) -> list[Prose]:
    more = len(wrong) - TOLD
    return [*wrong[:TOLD], *([Text("and {number} more", number=more)] if more > 0 else [])]
