"""The written announcement (pemberitahuan) to the contact person, when it goes as a letter."""

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import say
from sopctl.adapters.documents.wording import plain_date
from sopctl.workflow.desk import Turn
from sopctl.workflow.messages.composing import Content
from sopctl.workflow.papers.elements import letterhead, office_party, stamp


def announcement(mine: Turn, content: Content) -> forms.Paper:
    """`content` as a letter that the office signs."""
    site, language, deposit = mine.desk.site, content.language, mine.dossier.deposit
    office, contact = site.settings.office, deposit.contacts.technical
    day = plain_date(mine.desk.now().date(), language)
    about = [f"{say('Nomor berkas', language)}: {deposit.id}"]
    if mine.dossier.summary.letter:
        about.append(f"{say('Surat', language)}: {mine.dossier.summary.letter}")
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        title="Pemberitahuan",
        opening=tuple(filter(None, (line.strip() for line in content.text.splitlines()))),
        sections=(),
        closing=(", ".join(about) + ".",),
        signers=(forms.Signer(say("a.n. {office}", language, office=office.name), office_party(site, mine.by)),),
        letter=forms.Letter(
            place_and_date=f"{office.city}, {day}" if office.city else day,
            subject=content.subject,
            recipient=(contact.name, *filter(None, (contact.position, deposit.unit))),
        ),
        language=language,
    )
