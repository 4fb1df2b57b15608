"""What the monthly inventory form says about a server: its facts, completed by what the letter declared.

The facts' lines and tables, their labels and their order come from the fields of ServerFacts. This module lays the form
out, and adds what no server says of itself.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from sopctl.adapters.documents.forms import Field, Section, Source, Table
from sopctl.errors import InvalidRecord
from sopctl.locale import Text
from sopctl.model.facts.comparison import values
from sopctl.model.facts.conditions import system_of
from sopctl.model.facts.declaration import FormPart, Line, Rows, declarations
from sopctl.model.facts.server import Missing, ServerFacts
from sopctl.model.facts.support import support

_ON_RECORD = {
    "code": "Kode penitipan",
    "owner": "Instansi pemilik",
    "contact": "Narahubung",
    "kind": "Jenis",
    "received": "Tanggal masuk",
    "valid_until": "Masa berlaku",
    "condition": "Kondisi",
    "status": "Status",
    "application": "Aplikasi",
    "description": "Deskripsi aplikasi",
    "last_check": "Pemeriksaan akses terakhir",
    "availability": "Ketersediaan bulan ini",
    "officer": "Petugas penanggung jawab",
    "checked": "Tanggal pendataan",
}
"""What only the letter and the dossier say: key → label."""

DECLARED = _ON_RECORD | {
    line.declared: line.label for each in declarations(ServerFacts) for line in each.lines if line.declared
}
"""The keys that `declared` may have, with the labels they get on the form."""

PLACE = {
    "room": "Ruang",
    "rack": "Rak",
    "units": "Posisi (U)",
    "switch_port": "Port switch",
    "vlan": "VLAN",
    "power": "Daya",
}
"""The keys that `place` may have, with the labels they get on the form."""


def sections_of(
    facts: ServerFacts, declared: Mapping[str, str], place: Mapping[str, str]
) -> tuple[Section | Table, ...]:
    """The form's sections, in Indonesian. A value that was read goes before a declared one; an empty one is none.

    `declared` and `place` may have the keys of DECLARED and PLACE and no others: what the form has no place for is not
    printed, and InvalidRecord says so.
    """
    _refuse_unknown(declared, DECLARED)
    _refuse_unknown(place, PLACE)

    def section(title: str, *entries: str | FormPart) -> Section:
        """A title, and below it entries of the record by their keys, or all facts of a part of the form."""
        fields: list[Field] = []
        for entry in entries:
            if isinstance(entry, FormPart):
                fields += _lines(facts, entry, declared)
            else:
                fields.append(_field(DECLARED[entry], None, declared.get(entry), None))
        return Section(title, tuple(fields))

    made: tuple[Section | Table, ...] = (
        section(
            "Identitas",
            "code",
            FormPart.NAME,
            "owner",
            "contact",
            *(("kind",) if "kind" in declared else ()),
            FormPart.MACHINE,
            "condition",
            "received",
            "valid_until",
            "status",
            "application",
            "description",
        ),
        Section("Letak", tuple(_field(label, None, place.get(key), None) for key, label in PLACE.items())),
        section("Perangkat keras", FormPart.HARDWARE),
        *_tables(facts, FormPart.HARDWARE),
        _supported(section("Sistem", FormPart.SYSTEM), facts, declared),
        *_tables(facts, FormPart.SYSTEM),
        section("Operasional", "last_check", "availability", "officer", "checked"),
    )
    return tuple(map(_written_down, made)) if facts.via == "sheet" else made


def _written_down(part: Section | Table) -> Section | Table:
    """What a person wrote on a sheet was declared, and nothing of it was read."""
    if isinstance(part, Table):
        return replace(part, source="declared") if part.source == "gathered" else part
    fields = (replace(each, source="declared") if each.source == "gathered" else each for each in part.fields)
    return replace(part, fields=tuple(fields))


def _supported(system: Section, facts: ServerFacts, declared: Mapping[str, str]) -> Section:
    """With the end of the operating system's support below its name, where that is known."""
    found = support(system_of(facts) or declared.get("os"))
    if found is None:
        return system
    said = Field("Dukungan sistem operasi", str(found), system.fields[0].source)
    return Section(system.title, (system.fields[0], said, *system.fields[1:]))


def _refuse_unknown(given: Mapping[str, str], known: Mapping[str, str]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InvalidRecord(
            "not-on-form",
            "the inventory form has no place for {key!r}",
            remedy=Text("It knows: {names}.", names=", ".join(known)),
            key=unknown[0],
        )


def _lines(facts: ServerFacts, part: FormPart, declared: Mapping[str, str]) -> list[Field]:
    found = (
        (line, _line(facts, each.field, line, declared.get(line.declared)))
        for each in declarations(type(facts))
        for line in each.lines
        if line.part is part
    )
    return [field for line, field in found if line.when == "always" or field.source in ("gathered", "declared")]


def _line(facts: ServerFacts, field: str, line: Line, declared: str | None) -> Field:
    missing = facts.missing.get(field)
    read = line.shown(*values(facts, line.fields or (field,)))
    if line.both:
        read = _both(read, declared)
    if line.none and not (read or declared or missing):
        read = line.none
    return _field(line.label, read, declared, missing)


def _both(read: str | None, declared: str | None) -> str | None:
    """What was read, and what the letter says where that is something else."""
    if read and declared and read.strip().casefold() != declared.strip().casefold():
        return f"{read} (surat: {declared})"
    return read


def _field(label: str, read: str | None, declared: str | None, missing: Missing | None) -> Field:
    if read:
        return Field(label, read, "gathered")
    if declared:
        return Field(label, declared, "declared")
    if missing is Missing.NEEDS_ROOT:
        return Field(label, "perlu akses root", "needs-root")
    return Field(label, "tidak tersedia", "not-available")


def _tables(facts: ServerFacts, part: FormPart) -> list[Table]:
    return [
        _table(rows, entries, facts.missing.get(each.field))
        for each in declarations(type(facts))
        for rows in each.tables
        if rows.part is part and _stands(rows, entries := getattr(facts, each.field), each.field in facts.missing)
    ]


def _stands(rows: Rows, entries: tuple[object, ...], unread: bool) -> bool:
    """Whether the table is on the form."""
    return bool(entries) or rows.when == "always" or (rows.when == "unless-none" and unread)


def _table(rows: Rows, entries: tuple[object, ...], missing: Missing | None) -> Table:
    source: Source = "gathered"
    if not entries:
        source = "needs-root" if missing is Missing.NEEDS_ROOT else "not-available"
    broken = tuple(at for at, entry in enumerate(entries) if rows.broken(entry))
    return Table(rows.title, rows.columns, tuple(map(rows.row, entries)), source, marked=broken)
