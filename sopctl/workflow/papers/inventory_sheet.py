"""The sheet (lembar data inventaris) that a person fills in about a machine that nothing can read: as YAML, or as a
spreadsheet that is read back."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.xlsx import KEY_COLUMN
from sopctl.adapters.spreadsheet import is_spreadsheet, read_rows
from sopctl.errors import Action, InvalidRecord
from sopctl.model.facts.sheet import LISTS, Sheet
from sopctl.store import codec
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers.elements import letterhead
from sopctl.workflow.papers.fields import refused
from sopctl.workflow.scans import MIB, read_bounded

MAX_SHEET = 5 * MIB
MAX_ROWS = 500

FIELDS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Lembar",
        (("Nomor berkas", "id"), ("Diisi oleh", "filled_by"), ("Tanggal (contoh: 2026-11-23)", "filled_on")),
    ),
    (
        "Mesin",
        (
            ("Nama server", "hostname"),
            ("Merk", "vendor"),
            ("Tipe", "product"),
            ("Nomor seri", "serial"),
            ("Label aset", "asset_tag"),
            ("Prosesor", "cpu_model"),
            ("Jumlah soket", "cpu_sockets"),
            ("Jumlah prosesor logis", "cpu_logical"),
            ("Memori (GiB)", "memory_gib"),
            ("Versi BIOS", "bios_version"),
            ("Tanggal BIOS", "bios_date"),
            ("Alamat BMC", "bmc_address"),
        ),
    ),
    (
        "Sistem",
        (
            ("Sistem operasi", "os_name"),
            ("Versi", "os_version"),
            ("Virtualisasi", "virtualization"),
            ("Gateway", "gateway"),
            ("Server DNS (dipisah koma)", "dns"),
            ("Jam diselaraskan (ya/tidak)", "time_synchronised"),
            ("Pembaruan tertunda", "updates"),
        ),
    ),
)
"""Each section's labels, with their fields."""

TITLES = {
    "disks": "Disk",
    "memory_modules": "Modul memori",
    "raid": "RAID",
    "power_supplies": "Catu daya",
    "nics": "Antarmuka jaringan",
    "mounts": "Sistem berkas",
    "listeners": "Layanan yang mendengarkan",
}
ROWS = {"disks": 12, "memory_modules": 16, "raid": 4, "power_supplies": 4, "nics": 8, "mounts": 8, "listeners": 12}
"""How many rows a spreadsheet has for each list."""

_KEYS = {key for _, fields in FIELDS for _, key in fields}
_KEY = re.compile(rf"({'|'.join(LISTS)})\.(\d{{1,2}})\Z")


def spreadsheet(desk: Desk, dossier: Dossier) -> forms.Paper:
    """The sheet as a paper of empty fields: only the deposit is named. What the letter says is not repeated, since it
    is the machine that must be read."""
    given = {"id": dossier.id}
    sections = [
        forms.Section(title, tuple(forms.Field(label, given.get(key, ""), "declared", key) for label, key in fields))
        for title, fields in FIELDS
    ]
    sections += [
        forms.Section(
            f"{TITLES[name]}: {'; '.join(parts)}",
            tuple(
                forms.Field(f"{TITLES[name]} {number}", "", "declared", f"{name}.{number}")
                for number in range(1, ROWS[name] + 1)
            ),
        )
        for name, parts in LISTS.items()
    ]
    server = dossier.deposit.server
    return forms.Paper(
        letterhead=letterhead(desk.site),
        stamp=forms.Stamp("", "", "", desk.now().date(), "sopctl inventory collect ID --from FILE", names_record=False),
        title="Lembar Data Inventaris Server",
        opening=(
            f"{dossier.id} {server.name}: isi menurut mesin itu sendiri; yang tidak dilihat dibiarkan kosong.",
            "Bagian-bagian dari satu baris dipisah dengan titik koma.",
        ),
        sections=tuple(sections),
        closing=(),
        signers=(),
    )


def as_yaml(dossier: Dossier) -> str:
    """The sheet as YAML to fill in."""
    lines = [
        f"# {dossier.id} {dossier.deposit.server.name}: fill in what the machine itself says. What nobody looked at",
        "# stays empty. The parts of an entry in a list are separated by semicolons.",
    ]
    for title, fields in FIELDS:
        lines.append(f"# {title}")
        for label, key in fields:
            value = dossier.id if key == "id" else "[]" if key == "dns" else "''"
            lines.append(f"{key}: {value}   # {label}")
    lines += [f"{name}: []   # {'; '.join(parts)}" for name, parts in LISTS.items()]
    return "\n".join(lines) + "\n"


def read(path: Path) -> Sheet:
    """A filled-in sheet, from YAML or XLSX. Raises InvalidRecord with the place of what is wrong: line and column, or
    row and field."""
    content, where = read_bounded(path, MAX_SHEET), str(path)
    if is_spreadsheet(content):
        return _read_spreadsheet(content, path)
    plain = codec.parse(content, dict[str, Any], where=where)
    given = {key: value for key, value in plain.items() if value not in ("", None, [])}
    if len(given) < len(plain):  # what is left empty was not looked at
        try:
            return msgspec.convert(given, Sheet, strict=False)
        except msgspec.ValidationError as error:
            place, reason = refused(error, given)
            raise InvalidRecord(
                "sheet-field-invalid",
                "{field}: {reason}",
                remedy="Correct that field in the sheet.",
                where=codec.place(content, tuple(filter(None, [place.partition("[")[0]])), where=where),
                field=place,
                reason=reason,
            ) from None
    return codec.parse(content, Sheet, where=where)


class _Cell(NamedTuple):
    key: str
    value: str
    row: int


def _read_spreadsheet(content: bytes, path: Path) -> Sheet:
    found = list(_cells(read_rows(content, where=str(path), max_rows=MAX_ROWS, max_columns=KEY_COLUMN + 8)))
    if not any(cell.key == "filled_by" for cell in found):
        raise InvalidRecord(
            "not-an-inventory-sheet",
            "this is not an inventory sheet, or nobody signed it (Diisi oleh)",
            where=str(path),
            remedy=("Start from an empty one.", Action("inventory sheet")),
        )
    record: dict[str, Any] = {}
    rows: dict[str, int] = {}
    for cell in found:
        listed = _KEY.match(cell.key)
        key = listed[1] if listed else cell.key
        rows.setdefault(key, cell.row)
        if listed:
            record.setdefault(key, []).append(cell.value)
        elif key == "dns":
            record[key] = [each.strip() for each in cell.value.split(",") if each.strip()]
        else:
            record[key] = cell.value
    try:
        return msgspec.convert(record, Sheet, strict=False)
    except msgspec.ValidationError as error:
        place, reason = refused(error, record)
        key = place.partition("[")[0]
        row = f", row {rows[key]}" if key in rows else ""
        raise InvalidRecord(
            "sheet-field-invalid",
            "{field}: {reason}",
            remedy="Correct that field in the sheet.",
            where=f"{path}{row}",
            field=place,
            reason=reason,
        ) from None


def _cells(rows: Iterator[list[str]]) -> Iterator[_Cell]:
    """The fields that were filled in. A field is known by its hidden key, else by its label."""
    labels = {label: key for _, fields in FIELDS for label, key in fields}
    labels |= {f"{TITLES[name]} {number}": f"{name}.{number}" for name in LISTS for number in range(1, ROWS[name] + 1)}
    for number, row in enumerate(rows, start=1):
        texts = [cell.strip() for cell in row if cell.strip()]
        key = next((text for text in texts if text in _KEYS or _KEY.match(text)), "")
        key = labels.get(texts[0], key) if texts else ""
        values = [text for text in texts[1:] if text != key]
        if key and values:
            yield _Cell(key, values[0], number)
