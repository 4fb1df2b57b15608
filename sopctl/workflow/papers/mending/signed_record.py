"""What records of something that befell a server (berita acara) share: moved, gone, a form mended."""

from collections.abc import Sequence

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import Language, say
from sopctl.adapters.documents.wording import long_date, plain_date, spelled_date
from sopctl.workflow.desk import Turn
from sopctl.workflow.papers.corrected import corrected_table
from sopctl.workflow.papers.elements import head_party, letterhead, office_party, owner_party, stamp

_TODAY = (
    "Pada hari ini, {weekday}, tanggal {spelled} ({numeric}), yang bertanda tangan di bawah ini mencatat hal berikut."
)


def _dated(mine: Turn, language: Language) -> str:
    day = mine.desk.now().date()
    return say(
        _TODAY,
        language,
        weekday=long_date(day, language).partition(",")[0],
        spelled=spelled_date(day) if language == "id" else plain_date(day, language),
        numeric=f"{day:%d-%m-%Y}",
    )


def signed_record(
    mine: Turn, language: Language, *, title: str, opening: str, sections: Sequence[forms.Section], closing: str
) -> forms.Paper:
    """A record (berita acara) of something that befell a server, with what was corrected: the owner, the head of the
    office and the officer sign it."""
    site, deposit = mine.desk.site, mine.dossier.deposit
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        title=title,
        opening=(_dated(mine, language), opening),
        sections=(*sections, *corrected_table(mine.dossier, language)),
        closing=(closing,),
        signers=(
            forms.Signer("Pemilik", owner_party(deposit.contacts.administrative, deposit.unit)),
            forms.Signer("Mengetahui", head_party(site)),
            forms.Signer("Petugas", office_party(site, mine.by)),
        ),
        language=language,
    )
