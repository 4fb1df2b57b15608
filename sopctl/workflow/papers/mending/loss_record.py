"""The record of a server that left the house without a return (Berita Acara Server Keluar Tanpa Pengembalian)."""

from datetime import date

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import Language, say
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.sop.entries import HandoverIssued, Lost
from sopctl.workflow.desk import Turn
from sopctl.workflow.papers.elements import UNKNOWN, place_of, section, server_section
from sopctl.workflow.papers.mending.signed_record import signed_record


def loss_record(
    mine: Turn, language: Language, *, lost: Lost, why: str, on: date | None, port: str, evidence: bool
) -> forms.Paper:
    """What is gone, since when and how; what became of its access; that nobody took it back."""
    dossier, office = mine.dossier, mine.desk.site.settings.office.name
    summary, handed_over = dossier.summary, dossier.newest(HandoverIssued)
    left = "akun dan pengaturan kantor masih ada di server" if summary.managed else "kantor belum mengonfigurasi server"
    gone = "Server titipan berikut tidak lagi berada di {office} dan tidak dikembalikan kepada pemiliknya."
    return signed_record(
        mine,
        language,
        title="Berita Acara Server Keluar Tanpa Pengembalian",
        opening=say(gone, language, office=office),
        sections=(
            server_section(
                dossier, language, Serah_terima_masuk=handed_over.document.number if handed_over else UNKNOWN
            ),
            section(
                "Kejadian",
                Keadaan=lost,
                Tanggal=plain_date(on, language) if on else UNKNOWN,
                Tanggal_dicatat=plain_date(mine.desk.now().date(), language),
                Uraian=why,
                Tempat_semula=place_of(summary.place, language),
                Bukti="terlampir dalam berkas" if evidence else "tidak ada",
            ),
            section(
                "Akses",
                Masuk_ke_server="dihentikan sejak dicatat",
                Pada_server=left,
                Port_switch=port or "tidak tercatat",
            ),
        ),
        closing="Demikian berita acara ini dibuat untuk dipergunakan sebagaimana mestinya.",
    )
