"""The record of a server that was moved (Berita Acara Pemindahan Server), to be signed."""

from datetime import date

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import Language, say
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.rack import Place
from sopctl.workflow.desk import Turn
from sopctl.workflow.papers.elements import place_of, section, server_section
from sopctl.workflow.papers.mending.signed_record import signed_record


def move_record(mine: Turn, language: Language, *, spot: Place, why: str, on: date | None) -> forms.Paper:
    """What was moved, from where to where, when and why."""
    dossier, office = mine.dossier, mine.desk.site.settings.office.name
    before = dossier.summary.place
    moved = "Server titipan berikut telah dipindahkan ke tempat lain di {office}."
    return signed_record(
        mine,
        language,
        title="Berita Acara Pemindahan Server",
        opening=say(moved, language, office=office),
        sections=(
            server_section(dossier, language),
            section(
                "Pemindahan",
                Tempat_semula=place_of(before, language),
                Tempat_baru=place_of(spot, language),
                Port_switch_semula=(before.port if before else None) or "–",
                Port_switch_baru=spot.port or "–",
                Tanggal=plain_date(on or mine.desk.now().date(), language),
                Alasan=why,
            ),
        ),
        closing="Demikian berita acara ini dibuat untuk dipergunakan sebagaimana mestinya.",
    )
