"""The month's summary of all servers (Rekapitulasi Inventarisasi Server), as a form."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.wording import month_name, plain_date
from sopctl.model.facts.changes import Weight, real
from sopctl.model.facts.conditions import Severity
from sopctl.model.quantity import decimal
from sopctl.model.sop.summary import Summary
from sopctl.workflow.desk import Desk
from sopctl.workflow.messages import words
from sopctl.workflow.papers.elements import head_party, letterhead, office_party
from sopctl.workflow.views.inventories import InventoriedServer, MonthlySummary, Sum
from sopctl.workflow.views.months import month_of

_SUMS = {
    "unit": "instansi pemilik",
    "rack": "rak",
    "system": "sistem operasi",
    "firmware": "tahun BIOS",
    "valid until": "akhir masa penitipan",
}


def summary_form(desk: Desk, found: MonthlySummary) -> forms.SummaryForm:
    """The summary as a form, of the month's last day (today, while the month lasts), so that it is the same whenever it
    is made. Its revision is a hash of the gatherings that it sums up."""
    site = desk.site
    day = min(desk.now().date(), month_of(desk, found.month).last)
    office, (year, month) = site.settings.office, found.month.split("-")
    digest = hashlib.sha256("".join(f"{each.deposit.id} {each.kept.sha256}\n" for each in found.servers).encode())
    told = [each for each in found.servers if each.changes]
    changed = [each for each in told if real(each.changes)]
    bad = tuple(_conditions(found.servers))
    alarms = sum(change.weight is Weight.ALARM for each in changed for change in each.changes)
    return forms.SummaryForm(
        letterhead=letterhead(site),
        stamp=forms.Stamp(
            deposit_id="",
            document_number=f"{office.code}/R{month}/{office.unit}/{year}",
            revision=digest.hexdigest()[:12],
            issued=day,
            check_command=f"sopctl inventory summary --month {found.month}",
            names_record=False,
        ),
        month=found.month,
        figures=(
            _figure("Server yang didata", len(found.servers)),
            _figure("Server yang belum didata bulan ini", len(found.not_gathered)),
            _figure("Server dengan perubahan", len(changed)),
            _figure("Peringatan", alarms),
            _figure("Keadaan yang perlu ditangani", sum(len(each.conditions) for each in found.servers)),
            _figure("Memori seluruhnya (GiB)", sum(each.memory_gib for each in found.servers)),
            _figure("Disk seluruhnya (TB)", sum(each.disk_gb for each in found.servers) / 1000),
        ),
        conditions=forms.Table(
            "Keadaan yang perlu ditangani",
            ("Kode", "Server", "Bagian", "Keadaan", "Tingkat"),
            tuple(row for row, _ in bad),
            "gathered",
            marked=tuple(at for at, (_, critical) in enumerate(bad) if critical),
        ),
        changes=forms.Table(
            "Perubahan sejak bulan lalu",
            ("Kode", "Server", "Perubahan"),
            tuple(_changes(told)),
            "gathered",
        ),
        charts=(_units(found), _racks(desk, found), _months(found)),
        servers=forms.Table(
            "Server",
            ("No", "Kode", "Server", "Pemilik", "Rak", "Sistem", "Memori (GiB)", "Disk (GB)", "Berlaku s.d."),
            (
                *(_server(str(no), each.deposit, each) for no, each in enumerate(found.servers, start=1)),
                *(_server("–", each, said="belum didata") for each in found.missing),
                *(_server("–", each, said=f"belum wajib didata ({each.stands})") for each in found.not_due),
            ),
            "gathered",
        ),
        sums=tuple(_sums(by, found.sums[name]) for name, by in _SUMS.items()),
        notes=(
            "Umur server tidak dicatat dalam berkas; tahun BIOS adalah petunjuk. Masa garansi tidak dicatat.",
            "Memori dan disk dibaca dari server; sisanya menurut berkas penitipan.",
            *_late(found.servers, day),
            *_broken(found.broken),
        ),
        officer=_officer(desk),
        acknowledged=head_party(site),
    )


def _officer(desk: Desk) -> forms.Party:
    """Who makes the summary, if a person of the office does; else a line to fill in, for whoever takes inventory."""
    site = desk.site
    key = desk.deciding.anyone(site.settings.people)
    if key in site.settings.people:
        return office_party(site, key)
    titles = [
        each.actors[step.actor] for each in site.procedures.values() for step in each.steps if step.verb == "inventory"
    ]
    return forms.Party(name="", nip="", position=next(iter(titles), ""), office=site.settings.office.name)


def _late(servers: Iterable[InventoriedServer], day: date) -> Iterable[str]:
    """Which servers were gathered after the day that the summary is of."""
    late = [(each.deposit.id, datetime.fromisoformat(each.facts.gathered_at).date()) for each in servers]
    said = [f"{deposit} ({plain_date(gathered)})" for deposit, gathered in late if gathered > day]
    if said:
        yield f"Didata setelah bulan berakhir: {', '.join(said)}."


def _broken(ids: Iterable[str]) -> Iterable[str]:
    """Which deposits the summary lacks, because their dossiers or facts could not be read."""
    if named := ", ".join(ids):
        yield f"Tidak termasuk dalam rekapitulasi ini, karena berkasnya tidak dapat dibaca: {named}."


def _figure(label: str, value: float) -> forms.Field:
    return forms.Field(label, decimal(value), "gathered")


def _conditions(servers: Iterable[InventoriedServer]) -> Iterable[tuple[tuple[str, ...], bool]]:
    """What is not as it should be, and whether that is critical: such conditions first, then server by server."""
    lines = [(each, condition) for each in servers for condition in each.conditions]
    for each, condition in sorted(lines, key=lambda line: line[1].severity is not Severity.CRITICAL):
        name = each.facts.hostname or each.deposit.server
        row = (each.deposit.id, name, condition.subject, condition.what, words.SEVERITIES[condition.severity])
        yield row, condition.severity is Severity.CRITICAL


def _changes(changed: Iterable[InventoriedServer]) -> Iterable[tuple[str, ...]]:
    """What changed: alarms first, then server by server; what could not be read comes last."""
    lines = [(change.weight, each, str(change)) for each in changed for change in each.changes]
    for weight, each, sentence in sorted(lines, key=lambda line: list(Weight).index(line[0])):
        mark = "! " if weight is Weight.ALARM else ""
        yield each.deposit.id, each.facts.hostname or each.deposit.server, mark + sentence


def _server(number: str, deposit: Summary, found: InventoriedServer | None = None, said: str = "") -> tuple[str, ...]:
    return (
        number,
        deposit.id,
        ((found.facts.hostname if found else "") or deposit.server) + _application(deposit),
        deposit.unit,
        _place(deposit),
        (found.system or "–") if found else said,
        decimal(found.memory_gib) if found else "–",
        decimal(found.disk_gb) if found else "–",
        f"{deposit.valid_until:%d-%m-%Y}" if deposit.valid_until else "–",
    )


def _application(deposit: Summary) -> str:
    return f" ({deposit.application})" if deposit.application else ""


def _place(deposit: Summary) -> str:
    place = deposit.place
    if place is None:
        return "–"
    return f"{place.rack} U{place.unit}" + (f"–{place.top}" if place.top > place.unit else "")


def _units(found: MonthlySummary) -> forms.Chart:
    sums = sorted(found.sums["unit"].items(), key=lambda each: (-each[1].servers, each[0]))
    return forms.Chart(
        "Server per instansi", tuple(forms.Bar(unit, sum_.servers, 0, str(sum_.servers)) for unit, sum_ in sums)
    )


def _racks(desk: Desk, found: MonthlySummary) -> forms.Chart:
    """How much of each rack was filled; of a month that has passed, each that something stood in. These names are the
    office's, not foreign text."""
    bars = []
    racks = {rack.name: rack for rack in desk.site.racks}
    passed = desk.now() >= month_of(desk, found.month).end
    for name in sorted(found.used_units if passed else racks.keys() | found.used_units.keys()):
        used = len(found.used_units.get(name, set()) | (racks[name].blocked.keys() if name in racks else set()))
        of = racks[name].units if name in racks else 0
        bars.append(forms.Bar(name, used, of, f"{used}/{of} U" if of else f"{used} U"))
    return forms.Chart("Kapasitas rak (U terpakai)", tuple(bars))


def _months(found: MonthlySummary) -> forms.Chart:
    """How many changes were found each month, as that month's forms report them."""
    bars = (forms.Bar(month_name(month), count, 0, str(count)) for month, count in found.by_month.items())
    return forms.Chart("Perubahan per bulan", tuple(bars))


def _sums(by: str, sums: dict[str, Sum]) -> forms.Table:
    rows = ((key, str(each.servers), decimal(each.memory_gib), decimal(each.disk_gb)) for key, each in sums.items())
    columns = (by[:1].upper() + by[1:], "Jumlah", "Memori (GiB)", "Disk (GB)")
    return forms.Table(f"Menurut {by}", columns, tuple(rows), "gathered")
