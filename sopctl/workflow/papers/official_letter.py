"""Letters of the office to owners (surat dinas): what a message tells, when it goes on paper."""

from collections.abc import Sequence

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import Language, say
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.deposit import Deposit
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, Turn
from sopctl.workflow.messages.composing import Content
from sopctl.workflow.papers.elements import head_party, letterhead, office_party, stamp


def announcement(mine: Turn, content: Content) -> forms.Paper:
    """The written announcement (pemberitahuan) of a step to the contact person; it refers to their letter."""
    deposit, language = mine.dossier.deposit, content.language
    reference = say(
        "Menindaklanjuti penitipan server {server} (nomor berkas {deposit}), kami sampaikan hal berikut.",
        language,
        server=deposit.server.name,
        deposit=deposit.id,
    )
    if deposit.letter:
        reference = say(
            "Menindaklanjuti surat Saudara nomor {number} tanggal {day} tentang permohonan penitipan server (nomor "
            "berkas {deposit}), kami sampaikan hal berikut.",
            language,
            number=deposit.letter.number,
            day=plain_date(deposit.letter.date, language),
            deposit=deposit.id,
        )
    return _letter(mine.desk, mine.by, stamp(mine), content, deposit, reference)


def maintenance_letter(
    desk: Desk, maintenance: str, number: int, by: str, content: Content, dossier: Dossier
) -> forms.Paper:
    """The letter by which an owner is told of maintenance; `number` is that of the book's event that will carry it."""
    office, now = desk.site.settings.office, desk.now()
    stamped = forms.Stamp(
        deposit_id=maintenance,
        document_number=f"{office.code}/{maintenance.removeprefix('P-')}.{number}/{office.unit}/{now.year}",
        revision=dossier.head[:12],
        issued=now.date(),
        check_command="sopctl maintenance list",
        names_record=False,
    )
    reference = say(
        "Sehubungan dengan server Saudara yang dititipkan pada {office}, kami sampaikan hal berikut.",
        content.language,
        office=office.name,
    )
    return _letter(desk, by, stamped, content, dossier.deposit, reference)


def _letter(
    desk: Desk, by: str, stamped: forms.Stamp, content: Content, deposit: Deposit, reference: str
) -> forms.Paper:
    """`content` as a letter: salutation, what it refers to, what it says, closing, who signs and who gets a copy."""
    site, language = desk.site, content.language
    office, contact, answers = site.settings.office, deposit.contacts.technical, deposit.contacts.administrative
    day = plain_date(desk.now().date(), language)
    signer, for_head = _signer(site, by, language)
    copies = [say("{head} (sebagai laporan)", language, head=head_party(site).position)] if for_head else []
    if answers.name != contact.name:
        copies.append(", ".join(filter(None, (answers.position or answers.name, deposit.unit))))
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=stamped,
        title="Pemberitahuan",
        opening=("Dengan hormat,", reference, *paragraphs(content.text)),
        sections=(),
        closing=("Demikian disampaikan. Atas perhatian dan kerja sama Saudara, kami ucapkan terima kasih.",),
        signers=(signer,),
        letter=forms.Letter(
            place_and_date=f"{office.city}, {day}" if office.city else day,
            subject=content.subject,
            recipient=(contact.name, *filter(None, (contact.position, deposit.unit))),
        ),
        language=language,
        copies=(*copies, *site.settings.papers.letter_copies),
    )


def _signer(site: Site, by: str, language: Language) -> tuple[forms.Signer, bool]:
    """Who signs a letter: the holder of the role that the settings name, else who sends it. Anybody but the head signs
    on the head's behalf (a.n.): that is the second value."""
    settings = site.settings
    chosen = settings.with_role(settings.papers.letter_signer) if settings.papers.letter_signer else []
    key = chosen[0] if chosen else by
    party, person = office_party(site, key), settings.people.get(key)
    if person and person.role == settings.head:
        return forms.Signer(
            head_party(site).position, forms.Party(party.name, party.nip, "", party.office, party.rank)
        ), False
    return forms.Signer(say("a.n. {head}", language, head=head_party(site).position), party), True


def paragraphs(text: str) -> Sequence[str]:
    """A message's paragraphs: its lines follow each other up to an empty one; those that are indented or listed stand
    alone."""
    found: list[str] = []
    running = False
    for line in text.splitlines():
        alone = line[:1] in (" ", "\t", "-")
        if running and line.strip() and not alone:
            found[-1] += f" {line.strip()}"
        elif line.strip():
            found.append(line.strip())
        running = bool(line.strip()) and not alone
    return found
