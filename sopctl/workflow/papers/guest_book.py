"""The guest book of a month (Buku Tamu Ruang Server)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.wording import month_name
from sopctl.model.house.visits import VisitState
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers.elements import head_party, letterhead, person_name

COLUMNS = (
    "No",
    "Tamu dan instansi",
    "Keperluan",
    "Identitas",
    "Pendamping",
    "Masuk",
    "Keluar",
    "Dibawa masuk",
    "Dibawa keluar",
)
SHARES = (7, 27, 28, 16, 20, 15, 15, 21, 21)
NOT_NOTED = "tidak dicatat"
_NOBODY = forms.Party(name="", nip="", position="", office="")


def guest_book(desk: Desk, month: str, visits: Sequence[VisitState]) -> forms.Paper:
    """The visits of a month as a paper. Its revision is a hash of what it says."""
    site, office = desk.site, desk.site.settings.office
    digest = hashlib.sha256(msgspec.json.encode(visits)).hexdigest()
    people = sum(len(each.visit.visitors) for each in visits)
    rows = tuple(_row(str(number), each, desk) for number, each in enumerate(visits, start=1))
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=forms.Stamp(
            deposit_id="",
            document_number=f"{office.code}/T{month[5:]}/{office.unit}/{month[:4]}",
            revision=digest[:12],
            issued=desk.now().date(),
            check_command=f"sopctl visit list --month {month}",
            names_record=False,
        ),
        title="Buku Tamu Ruang Server",
        opening=(f"Bulan {month_name(month)}: {len(visits)} kunjungan, {people} tamu.",),
        sections=(forms.Table("Kunjungan", COLUMNS, rows, "declared", SHARES),),
        closing=("Yang ditunjukkan tamu dicatat jenisnya, bukan nomornya.",),
        signers=(
            forms.Signer("Mengetahui", head_party(site)),
            forms.Signer("Petugas", _NOBODY),
        ),
    )


def _row(number: str, each: VisitState, desk: Desk) -> tuple[str, ...]:
    visit, arrival, departure = each.visit, each.arrival, each.departure
    return (
        number,
        ", ".join(visit.visitors) + (f" ({visit.organisation})" if visit.organisation else ""),
        "; ".join(filter(None, (visit.purpose, ", ".join(visit.deposits)))) + f" [{each.id}]",
        arrival.identity if arrival else "",
        person_name(desk.site, arrival.escort) if arrival else "",
        _moment(arrival.at) if arrival else "",
        _moment(departure.at) if departure else "masih di dalam",
        _carried(arrival.carried) if arrival else "",
        _carried(departure.carried) if departure else "",
    )


def _moment(at: datetime) -> str:
    return f"{at:%d-%m %H.%M}"


def _carried(things: tuple[str, ...] | None) -> str:
    if things is None:
        return NOT_NOTED
    return ", ".join(things) or "tidak ada"
