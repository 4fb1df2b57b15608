"""The month's report for the head of the office (Laporan Bulanan Penitipan Server): as a form, and issued.

It says how things stood at the month's end (`views/months.py`), so it stays the same: asked for again, the report that
was issued is given. Where something is new about the month (an inventory that was taken late for it), another one is
issued that names the one before.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.month_xlsx import month_xlsx
from sopctl.adapters.documents.wording import month_name, plain_date
from sopctl.errors import InvalidRecord, SopctlError
from sopctl.model.as_json import from_json
from sopctl.model.availability import Availability
from sopctl.model.facts.changes import Weight, real
from sopctl.model.facts.conditions import Severity
from sopctl.model.month import Month
from sopctl.model.quantity import decimal, duration
from sopctl.model.sanitisation import DiskRow
from sopctl.model.sop import procedure, record
from sopctl.model.sop.sla import Report
from sopctl.model.sop.summary import Summary
from sopctl.model.waiting_list import stands_in_line, turn_of
from sopctl.store import issued, register
from sopctl.store.checks import Checks
from sopctl.store.durable import bytes_of
from sopctl.store.issued import Issued
from sopctl.store.journal import Journal
from sopctl.workflow.desk import Desk
from sopctl.workflow.messages import words
from sopctl.workflow.papers.elements import check, letterhead, office_party, person_name
from sopctl.workflow.papers.printing import printed
from sopctl.workflow.servers import checking
from sopctl.workflow.views import house, inventories
from sopctl.workflow.views.inventories import MonthlySummary
from sopctl.workflow.views.months import Then, month_of, readable, then
from sopctl.workflow.views.sla_report import sla_report

MAX_DATA = 16 * 1024 * 1024
CORRECTING = ("correct", "undo")
"""The acts that correct what was recorded."""


class IssuedReport(Struct, frozen=True):
    """A month's report: its number, its files, whether this command issued it (else it had been before), and what is
    wrong with the dossiers that it would lack if it was made now."""

    month: str
    number: str
    files: tuple[str, ...]
    new: bool
    errors: list[SopctlError]


class _Month(NamedTuple):
    """What a report is made of."""

    desk: Desk
    month: Month
    everyone: Sequence[Then]
    inventory: MonthlySummary
    limits: Report
    watched: Sequence[checking.Report]
    broken: dict[str, SopctlError]

    def within(self, moment: datetime | None) -> bool:
        """Did it happen in the month?"""
        return moment is not None and self.month.begin <= moment < self.month.until(self.desk.now())


def issue(desk: Desk, name: str | None = None) -> IssuedReport:
    """Issue the report of a month, by default this one, as PDF and XLSX. Returns the one that was issued before if
    nothing is new, or if a dossier of a month that has passed cannot be read now, and could then.

    Raises UsageError for what is not a month, InvalidRecord for reports that are broken, Conflict when another report
    is issued at this moment.
    """
    of = month_of(desk, name)
    before = issued.read(desk.site)
    subject, last = f"LAPORAN-{of.name}", None
    for each in before:
        last = each if each.subject == subject and each.is_report else last
    seq, office = len(before) + 1, desk.site.settings.office
    number = f"{office.code}/L{sum(each.is_report for each in before) + 1:04}/{office.unit}/{desk.now().year}"
    by = desk.deciding.anyone(desk.site.settings.people)
    form, errors = report_form(desk, of, number=number, by=by, replaces=last.number if last else "")
    if last and _stands(_data(desk, last), form, passed=desk.now() >= of.end):
        return IssuedReport(of.name, last.number, _files(desk, last), new=False, errors=errors)
    form = msgspec.structs.replace(form, notes=(*form.notes, _anchored(desk)))
    contents = {
        f"laporan-{of.name}.pdf": printed(desk.site, form),
        f"laporan-{of.name}.xlsx": month_xlsx(form),
        f"laporan-{of.name}.json": msgspec.json.encode(form),
    }
    made = issued.issue(desk.site, before, Issued(seq, subject, number, desk.now(), by, desk.typed, files=()), contents)
    return IssuedReport(of.name, number, _files(desk, made), new=True, errors=errors)


def _anchored(desk: Desk) -> str:
    """Where the journal ends: on a signed paper, it shows later whether the journal was cut or recreated."""
    return f"Jurnal kantor saat laporan diterbitkan: {Journal(desk.site.root).anchor()}"


def report_form(
    desk: Desk, of: Month, *, number: str, by: str, replaces: str = ""
) -> tuple[forms.MonthForm, list[SopctlError]]:
    """The report as a form, and what is wrong with the dossiers that it lacks."""
    found = _read(desk, of)
    asked, today = min(desk.now().date(), of.last), desk.now().date()
    office = desk.site.settings.office.name
    opening = [
        f"Laporan ini memuat penyelenggaraan penitipan server pada {office} selama bulan {month_name(of.name)}, "
        f"menurut berkas penitipan sebagaimana tercatat sampai dengan {plain_date(asked)}."
    ]
    if replaces:
        opening.append(f"Laporan ini menggantikan laporan nomor {replaces}.")
    lacks = [_lacks(found)] if found.broken else []
    figures, tables = tuple(_figures(found)), (*lacks, *(make(found) for make in TABLES))
    digest = hashlib.sha256(msgspec.json.encode((figures, tables))).hexdigest()
    form = forms.MonthForm(
        letterhead=letterhead(desk.site),
        stamp=forms.Stamp(
            deposit_id=f"LAPORAN-{of.name}",
            document_number=number,
            revision=digest[:12],
            issued=today,
            check_command=check(desk.site, f"sopctl document verify LAPORAN-{of.name}", number),
        ),
        month=of.name,
        opening=tuple(opening),
        figures=figures,
        tables=tables,
        notes=(
            "Hari dihitung menurut hari kerja kantor. Ketersediaan dihitung dari waktu yang diamati.",
            "Tabel yang panjang dipersingkat; selengkapnya ada pada lembar kerja (XLSX) laporan ini.",
        ),
        officer=office_party(desk.site, by),
        head=_head(desk),
    )
    return form, [*found.broken.values()]


def _read(desk: Desk, of: Month) -> _Month:
    reading = register.read(desk.site)
    everyone, broken = readable(then(desk, of, reading.summaries))
    inventory, limits = inventories.summary(desk, of.name), sla_report(desk, of.name)
    watched = checking.report(desk, of.name).servers if Checks(desk.site).begun else []
    return _Month(
        desk,
        of,
        everyone,
        inventory,
        limits.found,
        watched,
        dict(sorted({**inventory.broken, **limits.broken, **broken, **reading.broken}.items())),
    )


def _head(desk: Desk) -> forms.Party:
    """The head of the office: who holds the role of the first disposition. A line to fill in where nobody does, or
    several do."""
    opening = procedure.opening(desk.site.procedures)
    role = next((step.actor for step in opening.steps if step.verb == "dispose"), "")
    holders = [key for key, person in desk.site.settings.people.items() if person.role == role]
    if len(holders) == 1:
        return office_party(desk.site, holders[0])
    title = opening.actors.get(role, "")
    return forms.Party(name="", nip="", position=title, office=desk.site.settings.office.name)


def _figures(found: _Month) -> Iterator[forms.Section]:
    here = [each.presence for each in found.everyone if each.presence]
    came, left = (sum(map(found.within, times)) for times in ([p.came for p in here], [p.left for p in here]))
    at_end = sum(each.left is None for each in here)
    yield _block("Server di tempat", Awal_bulan=at_end - came + left, Masuk=came, Keluar=left, Akhir_bulan=at_end)
    stood = [each.deposit for each in found.everyone if each.deposit]
    yield _block(
        "Permohonan",
        Diterima=sum(found.within(each.opened) and bool(each.letter) for each in stood),
        Tidak_dilanjutkan=sum(_given_up(found, each) for each in stood),
        Menunggu_tempat=len(_in_line(found)),
        Berkas_terbuka=sum(not each.closed for each in stood),
    )
    total = found.limits.total
    yield _block(
        "Batas waktu SOP",
        Langkah_selesai=total.done,
        Tepat_waktu=total.in_time,
        Terlambat=total.late,
        Terbuka_dan_terlambat=total.open_late,
    )
    yield _availability(found.watched)
    gathered = found.inventory.servers
    late = sum(_day(each.facts.gathered_at) > f"{found.month.last}" for each in gathered)
    yield _block(
        "Inventarisasi bulanan",
        Wajib_didata=len(gathered) + len(found.inventory.missing),
        Didata=len(gathered),
        Setelah_bulan_berakhir=late,
        Tidak_didata=len(found.inventory.missing),
    )
    changes = [change for each in gathered for change in real(each.changes)]
    yield _block(
        "Perubahan dan peringatan",
        Perubahan=len(changes),
        Peringatan=sum(change.weight is Weight.ALARM for change in changes),
        Keadaan_perlu_ditangani=sum(len(each.conditions) for each in gathered),
        Koreksi_catatan=len(_corrections(found).rows),
    )


def _availability(watched: Sequence[checking.Report]) -> forms.Section:
    every = [each.availability for each in watched]
    observed, down = sum(each.observed for each in every), sum(each.down for each in every)
    return _block(
        "Ketersediaan",
        Rerata=f"{decimal(100 * (1 - down / observed), 2)}%" if observed else "–",
        Server_diamati=len(every),
        Gangguan=sum(len(each.outages) for each in every),
        Gangguan_terlama=duration(max((each.longest for each in every), default=0)) if down else "–",
    )


LACKS = "Berkas yang tidak dapat dibaca"


def _lacks(found: _Month) -> forms.Table:
    """Which deposits the report lacks, in whole or in part; in a report that lacks none, there is no such table."""
    said = "tidak termasuk dalam laporan ini, seluruhnya atau sebagian"
    return _table(LACKS, ("Kode", "Keterangan"), ((deposit_id, said) for deposit_id in found.broken))


def _moves(found: _Month) -> forms.Table:
    rows = []
    for each in found.everyone:
        for moment, word in ((each.presence.came, "masuk"), (each.presence.left, "keluar")) if each.presence else ():
            if found.within(moment) and moment and each.deposit:
                rows.append((moment, each.deposit, word))
    return _table(
        "Server masuk dan keluar",
        ("Tanggal", "Kode", "Server", "Pemilik", "Rak", "Arah"),
        (
            (_date(moment.date()), deposit.id, deposit.server, deposit.unit, _place(deposit), word)
            for moment, deposit, word in sorted(rows, key=lambda row: (row[0], row[1].id))
        ),
    )


def _waiting(found: _Month) -> forms.Table:
    return _table(
        "Daftar tunggu pada akhir bulan",
        ("No", "Kode", "Server", "Pemilik", "Sejak"),
        (
            (str(no), each.id, each.server, each.unit, _date(each.queued.date()))
            for no, each in enumerate(_in_line(found), start=1)
        ),
    )


def _in_line(found: _Month) -> list[Summary]:
    """Who waited for space at the month's end, or was about to be told so, in the order of their turn."""
    stood = [each.deposit for each in found.everyone if each.deposit]
    return sorted(filter(stands_in_line, stood), key=turn_of)


def _late(found: _Month) -> forms.Table:
    return _table(
        "Langkah yang terlambat",
        ("Kode", "Langkah", "Penanggung jawab", "Batas waktu", "Selesai", "Hari", "Alasan"),
        (
            (
                each.deposit,
                f"{each.procedure} {each.step}",
                each.actor,
                _date(each.due),
                _date(each.ended.date()) if each.ended else "belum",
                str(each.late_days),
                each.reason or "tidak disampaikan",
            )
            for each in found.limits.late
        ),
    )


def _missed(found: _Month) -> forms.Table:
    return _table(
        "Server yang wajib didata dan tidak didata",
        ("Kode", "Server", "Pemilik", "Rak"),
        ((each.id, each.server, each.unit, _place(each)) for each in found.inventory.missing),
    )


def _outages(found: _Month) -> forms.Table:
    return _table(
        "Ketersediaan di bawah 100%",
        ("Kode", "Server", "Ketersediaan", "Gangguan", "Terlama", "Diamati"),
        (
            (
                each.id,
                each.server,
                _percent(each.availability),
                str(len(each.availability.outages)),
                duration(each.availability.longest),
                duration(each.availability.observed),
            )
            for each in sorted(found.watched, key=lambda one: (-one.availability.down, one.id))
            if each.availability.down
        ),
    )


def _alarms(found: _Month) -> forms.Table:
    lines = [
        (condition.severity is not Severity.CRITICAL, each, f"{condition.subject}: {condition.what}")
        for each in found.inventory.servers
        for condition in each.conditions
    ]
    lines += [
        (False, each, str(change))
        for each in found.inventory.servers
        for change in each.changes
        if change.weight is Weight.ALARM
    ]
    return _table(
        "Peringatan dan keadaan yang perlu ditangani",
        ("Kode", "Server", "Uraian"),
        (
            (each.deposit.id, each.facts.hostname or each.deposit.server, said)
            for _, each, said in sorted(lines, key=lambda line: (line[0], line[1].deposit.id))
        ),
    )


def _changes(found: _Month) -> forms.Table:
    return _table(
        "Perubahan pada server",
        ("Kode", "Server", "Uraian"),
        (
            (each.deposit.id, each.facts.hostname or each.deposit.server, str(change))
            for each in found.inventory.servers
            for change in real(each.changes)
            if change.weight is not Weight.ALARM
        ),
    )


def _ending(found: _Month) -> forms.Table:
    days = found.desk.site.settings.validity_reminder_days
    ending = [
        (each.deposit.valid_until, each.deposit)
        for each in found.everyone
        if each.deposit and each.deposit.in_our_hands and each.deposit.valid_until
    ]
    return _table(
        f"Masa penitipan yang berakhir dalam {days} hari atau telah berakhir",
        ("Kode", "Server", "Pemilik", "Berlaku sampai"),
        (
            (deposit.id, deposit.server, deposit.unit, _date(until))
            for until, deposit in sorted(ending, key=lambda each: (each[0], each[1].id))
            if (until - found.month.last).days <= days
        ),
    )


def _corrections(found: _Month) -> forms.Table:
    """What was corrected in the month, whenever the mistake was made: an earlier month's report stays as it was."""
    return _table("Koreksi catatan", ("Tanggal", "Kode", "Uraian"), _acts(found, CORRECTING))


def _acts(found: _Month, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The acts of these verbs that were recorded in the month: day, deposit and note."""
    for each in found.everyone:
        dossier = None if each.gone else each.dossier
        for event in dossier.events if dossier else ():
            verb = record.verb_of(dossier.procedures, event) if dossier and found.within(event.at) else None
            if verb and verb.name in names:
                yield _date(event.at.date()), each.now.id, event.note


def _visits(found: _Month) -> forms.Table:
    return _table(
        "Kunjungan ke ruang server",
        ("Masuk", "Keluar", "Pengunjung", "Instansi", "Keperluan", "Pendamping"),
        (
            (
                _moment(each.arrival.at),
                _moment(each.departure.at) if each.departure else "belum",
                ", ".join(each.visit.visitors),
                each.visit.organisation or "–",
                each.visit.purpose,
                person_name(found.desk.site, each.arrival.escort),
            )
            for each in house.guest_book(found.desk, found.month.name)[1]
            if each.arrival
        ),
    )


def _tasks(found: _Month) -> forms.Table:
    return _table(
        "Pekerjaan atas permintaan pemilik",
        ("Tanggal", "Kode", "Pekerjaan", "Diminta oleh", "Dikerjakan oleh", "Menit"),
        (
            (
                _date(each.at.date()),
                each.id,
                each.task.what,
                each.task.asked_by,
                person_name(found.desk.site, each.task.done_by),
                f"{each.task.minutes}",
            )
            for one in found.everyone
            if not one.gone and one.dossier
            for each in house.tasks(one.dossier, found.month.first, found.month.last)
        ),
    )


def _sanitised(found: _Month) -> forms.Table:
    return _table(
        "Sanitasi disk",
        ("Tanggal", "Kode", "Disk", "Metode", "Hasil", "Dikerjakan oleh"),
        (
            (_date(each.at.date()), each.id, each.row.disk, *_done_to(each.row), each.row.by)
            for one in found.everyone
            if not one.gone and one.dossier
            for each in house.sanitised(one.dossier, found.month.first, found.month.last)
        ),
    )


def _done_to(row: DiskRow) -> tuple[str, str]:
    return words.METHODS[row.method], words.RESULTS[row.result]


def _maintenance(found: _Month) -> forms.Table:
    """What was planned by the month's end and touches it; what was called off later counts as planned."""
    until = found.month.until(found.desk.now())
    rows = []
    for each in house.maintenance(found.desk, found.month.name):
        planned, ended = each.maintenance, each.ended if each.ended and each.ended < until else None
        if (
            each.planned < until
            and planned.begin < until
            and (ended or planned.end) > max(planned.begin, found.month.begin)
        ):
            where = ", ".join((*(f"rak {rack}" for rack in planned.racks), *planned.deposits))
            rows.append((_moment(planned.begin), _moment(ended or planned.end), where, planned.reason))
    return _table("Pemeliharaan", ("Mulai", "Selesai", "Rak dan server", "Alasan"), rows)


TABLES: tuple[Callable[[_Month], forms.Table], ...] = (
    _moves,
    _waiting,
    _late,
    _missed,
    _outages,
    _alarms,
    _changes,
    _ending,
    _visits,
    _tasks,
    _sanitised,
    _maintenance,
    _corrections,
)
"""What the report lists, in order. What else happens in the house gets its table here."""


def _given_up(found: _Month, deposit: Summary) -> bool:
    """Was it closed in the month without its server ever having been here?"""
    return deposit.closed and not deposit.placed and found.within(deposit.since)


def _block(title: str, **values: object) -> forms.Section:
    """Labelled figures; an underscore in a label is a blank."""
    fields = (
        forms.Field(label.replace("_", " "), decimal(value) if isinstance(value, int) else str(value), "gathered")
        for label, value in values.items()
    )
    return forms.Section(title, tuple(fields))


def _table(title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> forms.Table:
    return forms.Table(title, columns, tuple(rows), "declared")


def _date(day: date) -> str:
    return f"{day:%d-%m-%Y}"


def _moment(moment: datetime) -> str:
    return f"{moment:%d-%m-%Y %H.%M}"


def _day(moment: str) -> str:
    return moment[:10]


def _percent(found: Availability) -> str:
    return f"{decimal(found.percent, 2)}%" if found.percent is not None else "–"


def _place(deposit: Summary) -> str:
    place = deposit.place
    if place is None:
        return "–"
    return f"{place.rack} U{place.unit}" + (f"–{place.top}" if place.top > place.unit else "")


def figures_of(desk: Desk, number: str) -> tuple[forms.Section, ...]:
    """The figures of a report that was issued, as it says them. Raises InvalidRecord where it was altered."""
    return next(
        _data(desk, each).figures for each in issued.read(desk.site) if each.is_report and each.number == number
    )


def _data(desk: Desk, last: Issued) -> forms.MonthForm:
    """What a report said when it was issued."""
    kept = last.files[-1]
    path = desk.site.root / kept.file
    content = bytes_of(path, MAX_DATA, links=False)
    if hashlib.sha256(content).hexdigest() != kept.sha256:
        raise InvalidRecord(
            "form-data-altered",
            "the data of the form has been altered since it was issued",
            where=str(path),
            remedy="Restore it from the site's version control or backup.",
        )
    return from_json(content, forms.MonthForm)


def _stands(last: forms.MonthForm, now: forms.MonthForm, *, passed: bool) -> bool:
    """Does the last report stand? So it does where it says the same, and where another one would only lack more."""
    return (last.figures, last.tables) == (now.figures, now.tables) or (
        passed and _lacks_some(now) and not _lacks_some(last)
    )


def _lacks_some(form: forms.MonthForm) -> bool:
    return any(table.title == LACKS for table in form.tables)


def _files(desk: Desk, made: Issued) -> tuple[str, ...]:
    """The files for people, PDF first."""
    return tuple(str(desk.site.root / kept.file) for kept in made.files if Path(kept.file).suffix != ".json")
