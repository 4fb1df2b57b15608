"""Adoption: servers that stood in the racks before the register began (di luar SOP), one by one or as a list."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from sopctl.errors import InvalidRecord, UsageError
from sopctl.model import rack
from sopctl.model.deposit import Adoption
from sopctl.model.names import explain
from sopctl.model.rack import Face, Need, Occupied, Place, Wish
from sopctl.model.sop import procedure
from sopctl.model.sop.entries import NotKnown, Pinned, Placed, Reserved, to_data
from sopctl.model.sop.history import Event
from sopctl.model.waiting_list import occupied
from sopctl.store import codec, dossiers, register
from sopctl.store.durable import disk_errors
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps.reservation import racks_alone

MAX_BYTES = 10 * 1024 * 1024
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
"""The columns of a list, and where each goes in the record. Empty cells are not known; with a platform it is a network
appliance."""

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
    """Take a server that stands in the racks already into the register. It is due for configuration then.

    Raises InvalidRecord for a record that is not valid, UsageError for a place that is taken or none.
    """
    entry = _Entry(codec.load(record, Adoption), where, str(record))
    return _record(desk, [entry], dry_run=False)[0]


def import_list(desk: Desk, file: Path, *, dry_run: bool) -> list[Adopted]:
    """Adopt every server of a list (CSV with a header, or the first sheet of an XLSX): all of them or none.

    Raises InvalidRecord with every row that is wrong, its column and what was expected.
    """
    entries, wrong = [], []
    for number, row in _rows(file):
        try:
            entries.append(_entry(row, number))
        except InvalidRecord as error:
            wrong.append(error.message)
    if not wrong and not entries:
        raise InvalidRecord(
            "list-no-rows", "the list has no rows", where=str(file), remedy="See: sopctl import --template list.csv"
        )
    if wrong:
        raise InvalidRecord(
            "failed",
            "{known}",
            where=str(file),
            remedy="Set them right and run the command again; --dry-run only looks.",
            known="\n  ".join([f"{len(wrong)} rows are wrong, nothing was imported:", *wrong[:50]]),
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
    text = io.StringIO()
    writer = csv.DictWriter(text, list(COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerow(example)
    return text.getvalue()


def _record(desk: Desk, entries: Sequence[_Entry], *, dry_run: bool) -> list[Adopted]:
    site, now = desk.site, desk.now()
    opening = procedure.opening(site.procedures)
    outcomes = opening.first.outcomes_of("adopt")
    if not outcomes:
        raise UsageError(
            "knows-no-adoption",
            "{opening} knows no adoption",
            remedy="Its first step needs an outcome of verb adopt.",
            opening=opening.name,
        )
    outcome, how = next(iter(outcomes.items()))
    by = desk.decider((how.actor or opening.first.actor,), "adoption", "")
    with racks_alone(site):
        places = _places(site, entries)
        new = [
            dossiers.New(
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
        made = [] if dry_run else dossiers.create_all(site, new, now.date())
    ids = [dossier.id for dossier in made] or [""] * len(entries)
    return [
        Adopted(deposit_id, e.record.unit, e.record.server.name, str(place), tuple(e.record.unknown()))
        for deposit_id, e, place in zip(ids, entries, places, strict=True)
    ]


def _places(site: Site, entries: Sequence[_Entry]) -> list[Place]:
    """The place of each server, refused when it is taken: by a deposit, or by another server of the same list."""
    everyone = register.summaries(site)
    taken = occupied(everyone)
    servers = {(each.server, each.address): each.id for each in everyone if not each.closed}
    places, wrong = [], []
    for entry in entries:
        server, access = entry.record.server, entry.record.access
        need = Need(server.height_units, server.depth_mm or 0, server.power_watts or 0, server.weight_kg)
        wish = Wish(entry.where.rack, entry.where.rack_unit, entry.where.face)
        place, reasons = rack.find_place(site.racks, taken, need, wish)
        there = servers.get((server.name, access.address))
        if there or place is None:
            why = f"{server.name} is in the register already: {there}" if there else "; ".join(reasons)
            wrong.append(f"{entry.source}: {why or f'there is no rack {entry.where.rack!r}'}")
            continue
        places.append(place)
        taken.append(Occupied(place, entry.source, "placed", need.power_watts, need.weight_kg))
        servers[server.name, access.address] = entry.source
    if wrong:
        raise InvalidRecord(
            "failed",
            "{known}",
            remedy="Nothing was recorded. See the racks: sopctl rack list",
            known="\n  ".join(wrong),
        )
    return places


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a list with their numbers as a spreadsheet counts them, by column. Raises InvalidRecord."""
    with disk_errors(file, "read"), file.open("rb") as opened:
        content = opened.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InvalidRecord(
            "list-larger-than-mib",
            "the list is larger than {MAX_BYTES} MiB",
            where=str(file),
            MAX_BYTES=MAX_BYTES // 1024 // 1024,
        )
    table = _xlsx(content, file) if content.startswith(b"PK") else _csv(content, file)
    header = [cell.strip().lower() for cell in next(table, [])]
    unknown = [name for name in header if name and name not in COLUMNS]
    missing = [name for name in NEEDED if name not in header]
    if unknown or missing:
        wrong = f"there is no column {unknown[0]!r}" if unknown else f"the column {missing[0]!r} is missing"
        raise InvalidRecord(
            "failed", "{wrong}", where=f"{file}:1", remedy=f"The columns are: {', '.join(COLUMNS)}", wrong=wrong
        )
    for number, cells in enumerate(table, start=2):
        if number > MAX_ROWS + 1:
            raise InvalidRecord(
                "list-more-than-rows", "the list has more than {MAX_ROWS} rows", where=str(file), MAX_ROWS=MAX_ROWS
            )
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name and cell.strip()}
        if row:
            yield number, row


def _csv(content: bytes, file: Path) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRecord("byte-not-utf-8", "byte {start} is not UTF-8", where=str(file), start=error.start) from None
    first = text.partition("\n")[0]
    try:
        yield from csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    except csv.Error as error:
        raise InvalidRecord("not-csv-file", "not a CSV file: {error}", where=str(file), error=error) from None


def _xlsx(content: bytes, file: Path) -> Iterator[list[str]]:
    from sopctl.adapters.spreadsheet import read_rows

    yield from read_rows(content, where=str(file), max_rows=MAX_ROWS + 2, max_columns=len(COLUMNS) + 5)


def _entry(row: dict[str, str], number: int) -> _Entry:
    """A row as a record. Raises InvalidRecord with the row, the column and what was expected."""
    empty = [name for name in NEEDED if name not in row]
    if empty:
        raise InvalidRecord("row-empty", "row {number}, {empty}: is empty", number=number, empty=empty[0])
    record: dict[str, Any] = {}
    for name, path in COLUMNS.items():
        if name in row and name not in Where.__struct_fields__:
            *parents, leaf = path.split(".")
            here = record
            for parent in parents:
                here = here.setdefault(parent, {})
            here[leaf] = row[name]
    record["contacts"]["administrative"] = record["contacts"]["technical"]
    if "platform" in record:
        record["kind"] = "appliance"
    place = {name: row[name] for name in Where.__struct_fields__ if name in row}
    try:
        return _Entry(
            msgspec.convert(record, Adoption, strict=False),
            msgspec.convert(place, Where, strict=False),
            f"row {number}",
        )
    except msgspec.ValidationError as error:
        raise InvalidRecord(
            "row",
            "row {number}, {column_and_message}",
            number=number,
            column_and_message=_column_and_message(str(error)),
        ) from None


def _column_and_message(error: str) -> str:
    """What msgspec found wrong in a record, with the column that it came from."""
    message, _, path = error.partition(" - at `$.")
    path = path.rstrip("`")
    if inner := re.search(r" in `(\w+)`$", message):  # a record's own check of one of its fields
        message, path = message[: inner.start()], f"{path}.{inner[1]}"
    columns = {where: name for name, where in COLUMNS.items()}
    return f"{columns.get(path, path)}: {explain(message)}"
