"""The record of a server that was moved (Berita Acara Pemindahan Server), to be signed."""

from datetime import date

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.rack import Place
from sopctl.workflow.desk import Turn
from sopctl.workflow.papers.corrected import corrected_table
from sopctl.workflow.papers.elements import (
    UNKNOWN,
    head_party,
    letterhead,
    office_party,
    owner_party,
    place_of,
    section,
    stamp,
)


def move_record(mine: Turn, spot: Place, why: str, on: date | None) -> forms.Paper:
    """What was moved, from where to where, when and why."""
    site, dossier = mine.desk.site, mine.dossier
    summary, server = dossier.summary, dossier.deposit.server
    before = summary.place
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        title="Berita Acara Pemindahan Server",
        opening=(f"Server titipan berikut telah dipindahkan ke tempat lain di {site.settings.office.name}.",),
        sections=(
            section(
                "Server",
                Nomor_berkas=summary.id,
                Nama_server=server.name,
                Merk_dan_tipe=server.brand_model,
                Nomor_seri=summary.serial or UNKNOWN,
                Pemilik=dossier.deposit.unit,
            ),
            section(
                "Pemindahan",
                Tempat_semula=place_of(before),
                Tempat_baru=spot.indonesian,
                Port_switch_semula=(before.port if before else None) or "–",
                Port_switch_baru=spot.port or "–",
                Tanggal=plain_date(on or mine.desk.now().date()),
                Alasan=why,
            ),
            *corrected_table(dossier),
        ),
        closing=("Demikian berita acara ini dibuat untuk dipergunakan sebagaimana mestinya.",),
        signers=(
            forms.Signer("Pemilik", owner_party(dossier.deposit.contacts.administrative, dossier.deposit.unit)),
            forms.Signer("Mengetahui", head_party(site)),
            forms.Signer("Petugas", office_party(site, mine.by)),
        ),
    )
