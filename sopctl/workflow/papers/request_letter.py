"""The request letter (surat permohonan): a form that a unit fills in on paper, or as a spreadsheet that is read back.
One table says which field stands where, and where it goes in the request."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import ENGLISH, Language, say
from sopctl.adapters.documents.wording import grouped_nip
from sopctl.adapters.documents.xlsx import KEY_COLUMN
from sopctl.adapters.spreadsheet import is_spreadsheet, read_rows
from sopctl.errors import Action, InvalidRecord
from sopctl.model.admission import Step
from sopctl.model.deposit import AnyRequest, ApplianceRequest, OtherRequest, Request
from sopctl.model.intake import cells
from sopctl.store import codec
from sopctl.store.site import Site
from sopctl.workflow import admitting
from sopctl.workflow.admitting import Place
from sopctl.workflow.papers.fields import nested, refused
from sopctl.workflow.papers.printing import tell
from sopctl.workflow.scans import MIB, read_bounded

MAX_LETTER = 5 * MIB
MAX_ROWS = 400
OTHER = ("lain", "other")
"""What stands for a platform where the machine takes no SSH of ours."""
OWNER_KEY = "owner"
"""The private key in the site's keys/ for the owner's first account. The office names it, not the unit."""

FIELDS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Surat", (("Nomor", "letter.number"), ("Tanggal", "letter.date"), ("Perihal", ""))),
    (
        "Perangkat daerah",
        (("OPD", "unit"), ("Bidang/UPTD", ""), ("Alamat", ""), ("Telepon", ""), ("E-mail", "")),
    ),
    (
        "Penanggung jawab administratif",
        (
            ("Nama", "contacts.administrative.name"),
            ("NIP", "contacts.administrative.nip"),
            ("Pangkat/golongan", "contacts.administrative.rank"),
            ("Jabatan", "contacts.administrative.position"),
            ("E-mail", "contacts.administrative.email"),
            ("HP", "contacts.administrative.phone"),
        ),
    ),
    (
        "Penanggung jawab teknis",
        (
            ("Nama", "contacts.technical.name"),
            ("NIP", "contacts.technical.nip"),
            ("Pangkat/golongan", "contacts.technical.rank"),
            ("Jabatan", "contacts.technical.position"),
            ("E-mail", "contacts.technical.email"),
            ("HP", "contacts.technical.phone"),
        ),
    ),
    (
        "Server",
        (
            ("Nama server (host name)", "server.name"),
            ("Merk dan tipe", "server.brand_model"),
            ("Nomor seri", "server.serial"),
            ("Prosesor", "server.processor"),
            ("Core", "server.cores"),
            ("RAM (GiB)", "server.memory_gib"),
            ("Disk", "server.disks"),
            ("Catu daya (W)", "server.power_watts"),
            ("Tinggi (U)", "server.height_units"),
            ("Kedalaman (mm)", "server.depth_mm"),
            ("Berat (kg)", "server.weight_kg"),
            ("Sistem operasi", "server.operating_system"),
            ("Platform perangkat jaringan", "platform"),
            ("Aplikasi", "server.application"),
            ("Deskripsi aplikasi", "server.description"),
        ),
    ),
    (
        "Jaringan dan akses",
        (
            ("Alamat IP", "access.address"),
            ("Port SSH", "access.port"),
            ("Alamat BMC (iLO, iDRAC; boleh kosong)", "bmc.address"),
            ("Port layanan", "access.ports"),
            ("Hanya dari alamat atau jaringan", "access.sources"),
            ("Akun awal untuk petugas", "access.first_contact.user"),
            ("Akun: kunci publik", "access.accounts"),
        ),
    ),
    ("Penitipan", (("Berlaku sampai", "valid_until"),)),
)
"""Each section's labels, with their paths in the request. A field without a path is for the paper only."""

_PATHS = {path: (section, label) for section, fields in FIELDS for label, path in fields if path}
_OLDER_LABELS = {("Server", "Aplikasi dan deskripsi"): "server.application"}
"""Labels of letters that offices printed or saved before, without a hidden key."""
_LISTS = {
    "server.disks": r"[;\n]",
    "access.ports": r"[,;\s]+",
    "access.sources": r"[,;\s]+",
    "access.accounts": r"[;\n]",
}
"""What separates the entries of a list in one cell."""
_DAYS = ("letter.date", "valid_until")
_WHOLE = (
    "server.cores",
    "server.memory_gib",
    "server.power_watts",
    "server.height_units",
    "server.depth_mm",
    "server.weight_kg",
    "access.port",
)


def letter(site: Site, day: date, language: Language, filled: AnyRequest | None = None) -> forms.Paper:
    """The letter, empty or `filled` with what a request says."""
    given = _values(filled) if filled else {}
    sections = tuple(
        forms.Section(title, tuple(forms.Field(label, given.get(path, ""), "declared", path) for label, path in fields))
        for title, fields in FIELDS
    )
    sheet = site.settings.papers.size
    head = forms.Letterhead("(kop surat perangkat daerah pemohon)", agency="", address="", contact="", sheet=sheet)
    empty = forms.Party(name="", nip="", position="Kepala Perangkat Daerah", office="")
    sentence = "Dengan ini kami mengajukan permohonan penitipan server kepada {office}:"
    return forms.Paper(
        letterhead=head,
        stamp=forms.Stamp("", "", "", day, "sopctl request FILE"),
        title="Surat Permohonan Penitipan Server",
        opening=(say(sentence, language, office=site.settings.office.name),),
        sections=sections,
        closing=(
            "Demikian permohonan ini kami sampaikan. Atas perhatian dan kerja samanya kami ucapkan terima kasih.",
        ),
        signers=(forms.Signer("Pemohon", empty),),
        language=language,
    )


def read(site: Site, path: Path, today: date | None = None) -> AnyRequest:
    """A request that may come in `today`, from a record (YAML), or from the letter filled in as XLSX. Raises
    InvalidRecord with the place of what is wrong: line and column, or row and field."""
    content, where = read_bounded(path, MAX_LETTER), str(path)
    if is_spreadsheet(content):
        filed, place = _read_spreadsheet(content, path)
    else:
        kinds: dict[str, type[AnyRequest]] = {"appliance": ApplianceRequest, "other": OtherRequest}
        kind = kinds.get(codec.word(content, "kind", where=where), Request)
        filed, place = codec.parse(content, kind, where=where), admitting.in_record(content, where)
    admitting.refuse(site, filed, place, today)
    tell(site, filed)
    return filed


def typed(site: Site, values: Mapping[str, str], today: date) -> AnyRequest:
    """A request that comes in `today`, from the letter's fields as someone typed them into a form, each by its path.
    Raises InvalidRecord with the field of what is wrong."""
    found = {
        path: _Field(path, cells.plain(value), "")
        for path, value in values.items()
        if path in _PATHS and cells.plain(value)
    }
    filed = _request(found, "")

    def place(stands: Sequence[Step]) -> str:
        section, label = _PATHS.get(".".join(str(step) for step in stands if isinstance(step, str)), ("", ""))
        return f"{section}: {label}" if label else ""

    admitting.refuse(site, filed, place, today)
    return filed


def form(language: Language) -> list[tuple[str, list[tuple[str, str]]]]:
    """The letter's sections with the fields that a request needs: each its path and its label."""
    return [
        (say(title, language), [(path, say(label, language)) for label, path in fields if path])
        for title, fields in FIELDS
    ]


class _Field(NamedTuple):
    """A field that was filled in, and where."""

    path: str
    value: str
    where: str


def _read_spreadsheet(content: bytes, path: Path) -> tuple[AnyRequest, Place]:
    """A request from a letter that was filled in as XLSX, and where its fields stand.

    A field is known by its hidden key, else by its label. A letter with a platform is for a network appliance; the
    office sets how it logs in there.
    """
    rows = read_rows(content, where=str(path), max_rows=MAX_ROWS, max_columns=KEY_COLUMN + 8)
    found = {field.path: field for field in _fields(rows, str(path))}
    if not found:
        raise InvalidRecord(
            "not-a-request-letter",
            "this is not a request letter",
            where=str(path),
            remedy=("Start from an empty one.", Action("document make letter", given={"format": "xlsx"})),
        )

    def place(stands: Sequence[Step]) -> str:
        field = found.get(".".join(str(step) for step in stands if isinstance(step, str)))
        return field.where if field else str(path)

    return _request(found, str(path)), place


def _request(found: Mapping[str, _Field], where: str) -> AnyRequest:
    """The request that has these fields; `where`: what they were filled in."""
    record = nested({field.path: _entries(field) for field in found.values()})
    kind: type[AnyRequest] = Request
    if str(record.get("platform", "")).casefold() in OTHER:
        del record["platform"]
        kind, record["kind"] = OtherRequest, "other"
    elif "platform" in record:
        kind, record["kind"] = ApplianceRequest, "appliance"
    elif "first_contact" in record.get("access", {}):
        record["access"]["first_contact"]["key"] = OWNER_KEY

    try:
        return msgspec.convert(record, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _refused(error, record, found, where) from None


def _fields(rows: Iterator[list[str]], where: str) -> Iterator[_Field]:
    by_label = {
        (title, label): path
        for (section, name), path in {where: path for path, where in _PATHS.items()}.items()
        for title, label in ((section, name), (ENGLISH[section], ENGLISH[name]))
    }
    by_label.update(_OLDER_LABELS)
    sections = {title for section, _ in FIELDS for title in (section, ENGLISH[section])}
    section = ""
    for number, row in enumerate(rows, start=1):
        texts = [text for text in map(cells.plain, row) if text]
        if len(texts) == 1 and texts[0] in sections:
            section = texts[0]
            continue
        key = next((text for text in texts if text in _PATHS), None)
        path = key or by_label.get((section, texts[0] if texts else ""))
        value = next((cell for cell in texts[1:] if cell != key), "")
        if path and value:
            yield _Field(path, value, f"{where}, row {number}")


def _entries(field: _Field) -> Any:
    """The value of a cell, or its list of values."""
    if field.path in _DAYS:
        with suppress(ValueError):  # what is no date is refused with all else, by the record's type
            return cells.day(field.value).isoformat()
    if field.path in _WHOLE:
        return cells.whole(field.value)
    if field.path.endswith(".nip"):
        return re.sub(r"(?<=[0-9])[ .-](?=[0-9])", "", field.value)  # in groups, as cards have it
    if field.path not in _LISTS:
        return field.value
    entries = [entry.strip() for entry in re.split(_LISTS[field.path], field.value) if entry.strip()]
    if field.path != "access.accounts":
        return entries
    accounts: dict[str, list[str]] = {}
    for entry in entries:
        name, colon, key = entry.partition(":")
        if not colon:
            raise InvalidRecord(
                "account-without-key",
                "{entry!r} is not an account with its key",
                where=field.where,
                remedy="Write: name: ssh-ed25519 AAAA…",
                entry=entry[:40],
            )
        accounts.setdefault(name.strip(), []).append(key.strip())
    return [{"name": name, "keys": keys} for name, keys in accounts.items()]


def _refused(
    error: msgspec.ValidationError, record: dict[str, Any], found: Mapping[str, _Field], where: str
) -> InvalidRecord:
    """What msgspec found wrong, with the row and the label it came from."""
    path, reason = refused(error, record)
    known = next((each for each in _PATHS if path == each or path.startswith(f"{each}[")), None)
    known = known or next((each for each in _PATHS if each.startswith(f"{path}.")), path)
    section, label = _PATHS.get(known, ("", known))
    return InvalidRecord(
        "letter-field-invalid",
        "{section}: {field}: {reason}",
        remedy="Correct that field in the letter's file.",
        where=found[known].where if known in found else where,
        section=section,
        field=label,
        reason=reason,
    )


def _values(request: AnyRequest) -> dict[str, str]:
    """The request's fields as the letter has them."""
    plain: dict[str, Any] = msgspec.to_builtins(request)
    values = {}
    for path in _PATHS:
        here: Any = plain
        for part in path.split("."):
            here = here.get(part) if isinstance(here, dict) else None
        if path == "access.accounts":
            here = "\n".join(f"{account['name']}: {key}" for account in here or () for key in account["keys"])
        elif isinstance(here, list | tuple):
            here = ("; " if path == "server.disks" else ", ").join(map(str, here))
        values[path] = "" if here is None else str(here)
        if path.endswith(".nip"):
            values[path] = grouped_nip(values[path])
    if request.kind == "other":
        values["platform"] = OTHER[0]
    return values
