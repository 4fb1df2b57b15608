"""What every paper of the office carries: the letterhead, and the stamp that binds it to its record."""

from sopctl.adapters.documents import forms
from sopctl.model import history
from sopctl.store.site import Site
from sopctl.workflow.desk import Turn


def letterhead(site: Site) -> forms.Letterhead:
    """The office's letterhead."""
    office = site.settings.office
    return forms.Letterhead(agency=office.agency, office=office.name, address=office.address, contact=office.contact)


def stamp(mine: Turn) -> forms.Stamp:
    """Number and revision of a document of this turn.

    The number is made from the dossier and the event that will carry it, so that two terminals never give the same
    number twice; the revision is the head of the history that the document was made from.
    """
    office = mine.desk.site.settings.office
    day = mine.desk.now().date()
    deposit = mine.dossier.id
    number = f"{office.code}/{deposit.rpartition('-')[2]}.{len(mine.dossier.events) + 1}/{office.unit}/{day.year}"
    return forms.Stamp(
        deposit_id=deposit,
        document_number=number,
        revision=history.head(deposit, mine.dossier.events)[:12],
        issued=day,
        check_command=f"sopctl document verify {deposit}",
    )


def office_party(site: Site, key: str) -> forms.Party:
    """A person of the office as a party of a form."""
    person = site.settings.people[key]
    return forms.Party(name=person.name, nip=person.nip, position=person.position, office=site.settings.office.name)
