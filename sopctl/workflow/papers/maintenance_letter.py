"""The letter by which an owner is told of maintenance, where no message reaches them."""

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import say
from sopctl.adapters.documents.wording import plain_date
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Desk
from sopctl.workflow.messages.composing import Content
from sopctl.workflow.papers.elements import letterhead, office_party


def maintenance_letter(
    desk: Desk, maintenance: str, number: int, by: str, content: Content, dossier: Dossier
) -> forms.Paper:
    """`content` as a letter that the office signs; `number` is that of the book's event that will carry it."""
    site, language, deposit, now = desk.site, content.language, dossier.deposit, desk.now()
    office, contact = site.settings.office, deposit.contacts.technical
    day = plain_date(now.date(), language)
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=forms.Stamp(
            deposit_id=maintenance,
            document_number=f"{office.code}/{maintenance.removeprefix('P-')}.{number}/{office.unit}/{now.year}",
            revision=dossier.head[:12],
            issued=now.date(),
            check_command="sopctl maintenance list",
            names_record=False,
        ),
        title="Pemberitahuan",
        opening=tuple(filter(None, (line.strip() for line in content.text.splitlines()))),
        sections=(),
        closing=(),
        signers=(forms.Signer(say("a.n. {office}", language, office=office.name), office_party(site, by)),),
        letter=forms.Letter(
            place_and_date=f"{office.city}, {day}" if office.city else day,
            subject=content.subject,
            recipient=(contact.name, *filter(None, (contact.position, deposit.unit))),
        ),
        language=language,
    )
