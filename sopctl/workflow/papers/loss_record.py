"""The record of a server that left the house without a return (Berita Acara Server Keluar Tanpa Pengembalian)."""

from datetime import date

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.sop.entries import HandoverIssued, Lost
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


def loss_record(mine: Turn, lost: Lost, why: str, on: date | None, port: str, *, evidence: bool) -> forms.Paper:
    """What is gone, since when and how; what became of its access; that nobody took it back."""
    site, dossier = mine.desk.site, mine.dossier
    summary, server = dossier.summary, dossier.deposit.server
    handed_over = dossier.newest(HandoverIssued)
    office = site.settings.office.name
    left = "akun dan pengaturan kantor masih ada di server" if summary.managed else "kantor belum mengonfigurasi server"
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        title="Berita Acara Server Keluar Tanpa Pengembalian",
        opening=(f"Server titipan berikut tidak lagi berada di {office} dan tidak dikembalikan kepada pemiliknya.",),
        sections=(
            section(
                "Server",
                Nomor_berkas=summary.id,
                Nama_server=server.name,
                Merk_dan_tipe=server.brand_model,
                Nomor_seri=summary.serial or UNKNOWN,
                Pemilik=dossier.deposit.unit,
                Serah_terima_masuk=handed_over.document.number if handed_over else UNKNOWN,
            ),
            section(
                "Kejadian",
                Keadaan=lost,
                Tanggal=plain_date(on) if on else UNKNOWN,
                Tanggal_dicatat=plain_date(mine.desk.now().date()),
                Uraian=why,
                Tempat_semula=place_of(summary.place),
                Bukti="terlampir dalam berkas" if evidence else "tidak ada",
            ),
            section(
                "Akses",
                Masuk_ke_server="dihentikan sejak dicatat",
                Pada_server=left,
                Port_switch=port or "tidak diatur oleh sopctl",
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
