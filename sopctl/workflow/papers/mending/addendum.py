"""The addendum to a hand-over form that says something wrong (Adendum), to be signed by both parties."""

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import Language, say
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.sop.history import Event
from sopctl.workflow.desk import Turn
from sopctl.workflow.papers.elements import section, server_section
from sopctl.workflow.papers.mending.signed_record import signed_record


def addendum(mine: Turn, language: Language, event: Event, number: str, *, text: str, why: str) -> forms.Paper:
    """What is right instead of what the form `number` says, which `event` issued."""
    mends = "Adendum ini memperbaiki formulir serah terima nomor {number} tanggal {day}."
    return signed_record(
        mine,
        language,
        title="Adendum Formulir Serah Terima",
        opening=say(mends, language, number=number, day=plain_date(event.at.date(), language)),
        sections=(
            server_section(mine.dossier, language),
            section("Perbaikan", Yang_benar=text, Alasan=why),
        ),
        closing="Demikian adendum ini dibuat untuk dipergunakan sebagaimana mestinya.",
    )
