"""What the office's papers share: letterhead, the stamp that ties a paper to its record, parties, accessories."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from sopctl.adapters.documents import forms, logo
from sopctl.adapters.documents.english import Language, say
from sopctl.model.deposit import Contact
from sopctl.model.inspection import ACCESSORIES, NOT_LOOKED_AT
from sopctl.model.principal import AUTOMATIC
from sopctl.model.rack import Place
from sopctl.model.sop import history
from sopctl.model.sop.entries import CompletenessInspected
from sopctl.model.sop.procedure import Procedure
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow.desk import Turn
from sopctl.workflow.scans import MIB, read_bounded

UNKNOWN = "tidak diketahui"


def letterhead(site: Site) -> forms.Letterhead:
    """The office's letterhead. Raises InvalidRecord for a logo that cannot be printed, OutsideFailure for one that
    cannot be read."""
    office, papers = site.settings.office, site.settings.papers
    return forms.Letterhead(
        agency=office.agency,
        office=office.name,
        address=office.address,
        contact=office.contact,
        logo=_logo(site.root / papers.logo) if papers.logo else b"",
        sheet=papers.size,
    )


def _logo(path: Path) -> bytes:
    content = read_bounded(path, MIB)
    logo.refuse(content, str(path))
    return content


def stamp(mine: Turn) -> forms.Stamp:
    """Number and revision of a document of this turn.

    The number is made from the dossier and the event that will carry it, so that two terminals never give the same
    number twice. The revision is the head of the history that the document was made from.
    """
    office = mine.desk.site.settings.office
    dossier, day = mine.dossier, mine.desk.now().date()
    serial = f"{dossier.id.rpartition('-')[2]}.{len(dossier.events) + 1}"
    number = f"{office.code}/{serial}/{office.unit}/{day.year}"
    return forms.Stamp(
        deposit_id=dossier.id,
        document_number=number,
        revision=history.head(dossier.id, dossier.events)[:12],
        issued=day,
        check_command=check(mine.desk.site, f"sopctl document verify {dossier.id}", number),
    )


def check(site: Site, command: str, number: str) -> str:
    """How a paper of this number is checked, as its QR code says: on the page, where the settings name its address;
    else by a command."""
    page = site.settings.page
    return f"{page.url}/periksa?nomor={quote(number, safe='/')}" if page else command


def office_party(site: Site, key: str) -> forms.Party:
    """A person of the office as a party of a form. The office alone stands for a person who is no longer in sopctl.yml,
    and for what a rule decided."""
    person = site.settings.people.get(key)
    office = site.settings.office.name
    if person is None:
        return forms.Party(name="", nip="", position="", office=office)
    return forms.Party(person.name, person.nip, person.position, office, person.rank)


def person_name(site: Site, key: str) -> str:
    """The name of the person whom the settings call `key`; for anybody else, the key."""
    person = site.settings.people.get(key)
    return person.name if person else key


def who_decided(site: Site, procedure: Procedure, by: str) -> str:
    """Whom an event names: a person by name, else an actor by title, or the rules themselves."""
    if by == AUTOMATIC:
        return "sopctl (otomatis)"
    return person_name(site, by) if by in site.settings.people else procedure.actors.get(by, by)


def head_party(site: Site) -> forms.Party:
    """The head, who countersigns. Where nobody has that role, a line to fill in: never somebody else."""
    held = site.settings.with_role(site.settings.head)
    found = office_party(site, held[0]) if held else office_party(site, "")
    return found if found.position else replace(found, position=f"Kepala {found.office}")


def owner_party(contact: Contact, unit: str) -> forms.Party:
    """A contact person as a party of a form."""
    return forms.Party(contact.name, contact.nip, contact.position, unit, contact.rank)


def place_of(place: Place | None, language: Language = "id") -> str:
    """Where a server stands or stood, in the paper's language."""
    if place is None:
        return UNKNOWN
    return str(place) if language == "en" else place.indonesian


def section(title: str, **values: Any) -> forms.Section:
    """Labelled values; an underscore in a label is a blank."""
    return forms.Section(
        title, tuple(forms.Field(label.replace("_", " "), str(value), "declared") for label, value in values.items())
    )


def server_section(dossier: Dossier, language: Language, **more: Any) -> forms.Section:
    """Which server a record is about, and `more` that it says of it."""
    summary, server = dossier.summary, dossier.deposit.server
    kind = {"Jenis": f"{say('perangkat jaringan', language)} ({summary.platform})"} if summary.platform else {}
    return section(
        "Server",
        Nomor_berkas=summary.id,
        Nama_server=server.name,
        Merk_dan_tipe=server.brand_model,
        Nomor_seri=summary.serial or UNKNOWN,
        **kind,
        **({"Aplikasi": server.application} if server.application else {}),
        Pemilik=dossier.deposit.unit,
        **more,
    )


def accessories_back(dossier: Dossier, language: Language, *, whole: str) -> str:
    """What became of the accessories on the way back: `whole` when all are there, else which are missing and which
    nobody has checked. Where none came with the server, what the inspection says of them all."""
    inspected = dossier.newest(CompletenessInspected)
    back = inspected.accessories_back if inspected else ()
    said = {
        word: [each.item for each in back if each.returned == state]
        for word, state in (("kurang", "false"), ("belum diperiksa", ""))
    }
    parts = [f"{say(word, language)}: {', '.join(items)}" for word, items in said.items() if items]
    if parts or back:
        return "; ".join(parts) or whole
    asked = [each.result for each in inspected.checklist_back if each.item == ACCESSORIES] if inspected else []
    words = {"ok": whole, "tidak": "kurang", "tidak berlaku": "tanpa kelengkapan"}
    return say(words.get(asked[0] if asked else "", NOT_LOOKED_AT), language)
