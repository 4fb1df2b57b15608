"""The addendum to a hand-over form that says something wrong (Adendum), to be signed by both parties."""

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.sop.history import Event
from sopctl.workflow.desk import Turn
from sopctl.workflow.papers.corrected import corrected_table
from sopctl.workflow.papers.elements import UNKNOWN, head_party, letterhead, office_party, owner_party, section, stamp


def addendum(mine: Turn, event: Event, number: str, text: str, why: str) -> forms.Paper:
    """What is right instead of what the form `number` says, which `event` issued."""
    site, dossier = mine.desk.site, mine.dossier
    summary, server = dossier.summary, dossier.deposit.server
    day = plain_date(event.at.date())
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        title="Adendum Formulir Serah Terima",
        opening=(f"Adendum ini memperbaiki formulir serah terima nomor {number} tanggal {day}.",),
        sections=(
            section(
                "Server",
                Nomor_berkas=summary.id,
                Nama_server=server.name,
                Nomor_seri=summary.serial or UNKNOWN,
                Pemilik=dossier.deposit.unit,
            ),
            section("Perbaikan", Yang_benar=text, Alasan=why),
            *corrected_table(dossier),
        ),
        closing=("Demikian adendum ini dibuat untuk dipergunakan sebagaimana mestinya.",),
        signers=(
            forms.Signer("Pemilik", owner_party(dossier.deposit.contacts.administrative, dossier.deposit.unit)),
            forms.Signer("Mengetahui", head_party(site)),
            forms.Signer("Petugas", office_party(site, mine.by)),
        ),
    )
