"""Adoption: servers that stood in the racks before the register began (di luar SOP), one by one or as a list."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from sopctl.adapters.listings import csv_text
from sopctl.adapters.spreadsheet import is_spreadsheet, read_rows
from sopctl.errors import Action, InvalidRecord, UsageError
from sopctl.model import rack
from sopctl.model.deposit import Adoption
from sopctl.model.rack import Face, Need, Occupied, Place, Wish
from sopctl.model.sop import procedure
from sopctl.model.sop.entries import NotKnown, Pinned, Placed, Reserved, to_data
from sopctl.model.sop.history import Event
from sopctl.model.waiting_list import occupied
from sopctl.store import codec, filing, register
from sopctl.store.site import Site
from sopctl.workflow import admitting
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers.fields import nested, refused
from sopctl.workflow.papers.request_letter import OTHER
from sopctl.workflow.scans import MIB, read_bounded
from sopctl.workflow.steps.reservation import racks_alone

MAX_LIST = 10 * MIB
MAX_ROWS = 5000

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
}
"""The columns of a list, and where each goes in the record. An empty cell means: not known. A row with a platform is a
network appliance, or a machine that takes no SSH of ours (`lain`)."""

NEEDED = ("unit", "name", "brand_model", "height_units", "address", "contact", "rack", "rack_unit")


class Where(Struct, frozen=True, forbid_unknown_fields=True):
    """Where an adopted server stands."""

    rack: str
    rack_unit: int
    face: Face = "both"
    note: str = ""


class Adopted(Struct, frozen=True):
    """An adoption as it was recorded: the new id, the server, its place, and what is not known of it."""

    id: str
    unit: str
    server: str
    place: str
    unknown: tuple[str, ...]


class _Entry(NamedTuple):
    """A server to adopt, and the name of where it was read (`row 3`) for errors."""

    record: Adoption
    where: Where
    source: str


def adopt(desk: Desk, record: Path, where: Where) -> Adopted:
    """Take a server that already stands in a rack into the register. Its configuration is due next.

    Raises InvalidRecord for a record that is not valid and for a place that is taken or does not exist.
    """
    content = codec.read(record)
    entry = _Entry(codec.parse(content, Adoption, where=str(record)), where, str(record))
    admitting.refuse(desk.site, entry.record, admitting.in_record(content, str(record)))
    return _record(desk, [entry], dry_run=False)[0]


def import_list(desk: Desk, file: Path, *, dry_run: bool) -> list[Adopted]:
    """Adopt every server of a list (CSV with a header, or the first sheet of an XLSX file): all of them or none.

    Raises InvalidRecord, naming every wrong row, its column and what was expected.
    """
    entries, wrong = [], []
    for number, row in _rows(file):
        try:
            entries.append(_entry(desk.site, row, number))
        except InvalidRecord as error:
            wrong.append(error.message)
    if wrong:
        raise InvalidRecord(
            "list-rows-invalid",
            "{count} rows are wrong, nothing was imported:\n  {rows}",
            where=str(file),
            remedy="Correct them and run the command again; --dry-run only checks.",
            count=len(wrong),
            rows="\n  ".join(wrong[:50]),
        )
    if not entries:
        raise InvalidRecord(
            "list-empty",
            "the list has no rows",
            where=str(file),
            remedy=("Start from the template.", Action("import", given={"template": ""})),
        )
    return _record(desk, entries, dry_run=dry_run)


def template() -> str:
    """A list to fill in, as CSV."""
    example = {
        "unit": "Dinas Contoh",
        "name": "lama1.example.org",
        "brand_model": "Contoh R200",
        "height_units": "2",
        "address": "192.0.2.10",
        "contact": "Administrator Sistem",
        "rack": "A1",
        "rack_unit": "20",
    }
    return csv_text([{**dict.fromkeys(COLUMNS, ""), **example}])


def _record(desk: Desk, entries: Sequence[_Entry], *, dry_run: bool) -> list[Adopted]:
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
    by = desk.decider((how.actor or opening.first.actor,), "adoption", "")
    with racks_alone(site):
        places = _places(site, entries)
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
            )
            for entry, place in zip(entries, places, strict=True)
        ]
        made = [] if dry_run else filing.create_all(site, new, now.date())
    ids = [dossier.id for dossier in made] or [""] * len(entries)
    return [
        Adopted(deposit_id, e.record.unit, e.record.server.name, str(place), tuple(e.record.unknown()))
        for deposit_id, e, place in zip(ids, entries, places, strict=True)
    ]


def _places(site: Site, entries: Sequence[_Entry]) -> list[Place]:
    """The place of each server. Raises InvalidRecord for one that a deposit or another server of the list has."""
    everyone = register.standing(site, {entry.where.rack for entry in entries if entry.where.rack})
    taken = occupied(everyone)
    servers = {(each.server, each.address): each.id for each in everyone if not each.closed}
    places, wrong = [], []
    for entry in entries:
        server, access = entry.record.server, entry.record.access
        need = Need(server.height_units, server.depth_mm or 0, server.power_watts or 0, server.weight_kg)
        wish = Wish(entry.where.rack, entry.where.rack_unit, entry.where.face)
        place, obstacles = rack.find_place(site.racks, taken, need, wish)
        there = servers.get((server.name, access.address))
        if there or place is None:
            why = f"{server.name} is in the register already: {there}" if there else "; ".join(map(str, obstacles))
            wrong.append(f"{entry.source}: {why or f'there is no rack {entry.where.rack!r}'}")
            continue
        places.append(place)
        taken.append(Occupied(place, entry.source, "placed", need.power_watts, need.weight_kg))
        servers[server.name, access.address] = entry.source
    if wrong:
        raise InvalidRecord(
            "adoption-refused",
            "nothing was adopted:\n  {reasons}",
            remedy=("See what is free in the racks.", Action("rack list")),
            reasons="\n  ".join(wrong),
        )
    return places


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a list by column, numbered as a spreadsheet counts them. Raises InvalidRecord for what is not a list
    of this kind."""
    content, where = read_bounded(file, MAX_LIST), str(file)
    if is_spreadsheet(content):
        table = read_rows(content, where=where, max_rows=MAX_ROWS + 2, max_columns=len(COLUMNS) + 5)
    else:
        table = _csv(content, where)
    header = [cell.strip().lower() for cell in next(table, [])]
    _check_header(header, where)
    for number, cells in enumerate(table, start=2):
        if number > MAX_ROWS + 1:
            raise InvalidRecord("too-many-rows", "the list has more than {limit} rows", where=where, limit=MAX_ROWS)
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name and cell.strip()}
        if row:
            yield number, row


def _check_header(header: Sequence[str], where: str) -> None:
    columns = f"The columns are: {', '.join(COLUMNS)}"
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
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRecord("not-utf8", "byte {byte} is not UTF-8", where=where, byte=error.start) from None
    first = text.partition("\n")[0]
    try:
        yield from csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    except csv.Error as error:
        raise InvalidRecord("not-csv", "this is not a CSV file: {reason}", where=where, reason=str(error)) from None


def _entry(site: Site, row: dict[str, str], number: int) -> _Entry:
    """A row as a record. Raises InvalidRecord with the row, the column and what was expected."""
    if empty := [name for name in NEEDED if name not in row]:
        raise _wrong(number, empty[0], "is empty")
    record = nested({COLUMNS[name]: cell for name, cell in row.items() if name not in Where.__struct_fields__})
    record["contacts"]["administrative"] = record["contacts"]["technical"]
    if str(record.get("platform", "")).casefold() in OTHER:
        del record["platform"]
        record["kind"] = "other"
    elif "platform" in record:
        record["kind"] = "appliance"
    place = {name: row[name] for name in Where.__struct_fields__ if name in row}
    columns = {where: name for name, where in COLUMNS.items()}
    try:
        found = _Entry(
            msgspec.convert(record, Adoption, strict=False),
            msgspec.convert(place, Where, strict=False),
            f"row {number}",
        )
    except msgspec.ValidationError as error:
        path, reason = refused(error, record)
        raise _wrong(number, columns.get(path, path), reason) from None
    for each in admitting.objections(site, found.record):
        raise _wrong(number, columns.get(each.field, each.field), each.reason)
    return found


def _wrong(number: int, column: str, reason: str) -> InvalidRecord:
    return InvalidRecord("list-cell-invalid", "row {row}, {column}: {reason}", row=number, column=column, reason=reason)
