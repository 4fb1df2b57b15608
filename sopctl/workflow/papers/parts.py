"""What the papers of the office say: the letterhead, the stamp that binds a paper to its record, and its parts."""

from datetime import date
from typing import Any

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import Language, say
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.deposit import Contact
from sopctl.model.sop import history
from sopctl.model.sop.entries import (
    CompletenessInspected,
    ConditionInspected,
    DiskWish,
    HandoverIssued,
    ReturnLetter,
    Taker,
    Wiped,
)
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow.desk import Turn
from sopctl.workflow.messages.wording import Content

UNKNOWN = "tidak diketahui"


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
    return stamp_of(mine.dossier, number, day)


def stamp_of(dossier: Dossier, number: str, day: date) -> forms.Stamp:
    """The stamp of a paper of this dossier with the number `number`, issued on `day`."""
    return forms.Stamp(
        deposit_id=dossier.id,
        document_number=number,
        revision=history.head(dossier.id, dossier.events)[:12],
        issued=day,
        check_command=f"sopctl document verify {dossier.id}",
    )


def office_party(site: Site, key: str) -> forms.Party:
    """A person of the office as a party of a form; someone who is no more in sopctl.yml, or a rule, by the office."""
    person = site.settings.people.get(key)
    office = site.settings.office.name
    if person is None:
        return forms.Party(name="", nip="", position="", office=office)
    return forms.Party(name=person.name, nip=person.nip, position=person.position, office=office)


def owner_party(contact: Contact, unit: str) -> forms.Party:
    """A contact person as a party of a form."""
    return forms.Party(name=contact.name, nip=contact.nip, position=contact.position, office=unit)


def section(title: str, **values: Any) -> forms.Section:
    """Labelled values; an underscore in a label is a blank."""
    return forms.Section(
        title, tuple(forms.Field(label.replace("_", " "), str(value), "declared") for label, value in values.items())
    )


def announcement(mine: Turn, content: Content) -> forms.Paper:
    """The written announcement to the contact person, where it goes as a letter; the office signs it."""
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


def exit_record(mine: Turn, wiped: Wiped | None, language: Language) -> forms.Paper:
    """The record of a server that leaves (pengembalian 9): what, whose, who took it, when, and what became of it."""
    site, dossier = mine.desk.site, mine.dossier
    summary, server = dossier.summary, dossier.deposit.server
    kind = {"Jenis": f"{say('perangkat jaringan', language)} ({summary.platform})"} if summary.platform else {}
    handed_over, asked_back = dossier.newest(HandoverIssued), dossier.newest(ReturnLetter)
    taker = dossier.newest(Taker)
    sentence = "Server titipan berikut telah diambil kembali pemiliknya dan keluar dari {office}."
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        title="Catatan Server Keluar",
        opening=(say(sentence, language, office=site.settings.office.name),),
        sections=(
            section(
                "Server",
                Nomor_berkas=summary.id,
                Nama_server=server.name,
                Merk_dan_tipe=server.brand_model,
                Nomor_seri=summary.serial or UNKNOWN,
                **kind,
                Pemilik=dossier.deposit.unit,
            ),
            section(
                "Pengembalian",
                Tempat_semula=summary.place or UNKNOWN,
                Tanggal_keluar=plain_date(mine.desk.now().date(), language),
                Serah_terima_pengembalian=handed_over.document.number if handed_over else UNKNOWN,
                Diambil_oleh=(taker.taken_by if taker else "") or UNKNOWN,
                Surat_pengambilan=asked_back.letter.number if asked_back else "",
                Kelengkapan=accessories_back(dossier, language, whole="sesuai serah terima"),
                Data_pada_disk=_wiping(dossier, wiped, language),
                Kondisi=_condition(dossier),
            ),
        ),
        closing=("Akses, layanan dan port jaringan server ini telah dicabut.",),
        signers=(forms.Signer("Petugas", office_party(site, mine.by)),),
        language=language,
    )


def accessories_back(dossier: Dossier, language: Language, *, whole: str) -> str:
    """What became of the accessories on the way back: `whole` when all are there, else which are missing and which
    nobody has checked."""
    inspected = dossier.newest(CompletenessInspected)
    back = inspected.accessories_back if inspected else ()
    said = {
        word: [each.item for each in back if each.returned == state]
        for word, state in (("kurang", "false"), ("belum diperiksa", ""))
    }
    parts = [f"{say(word, language)}: {', '.join(items)}" for word, items in said.items() if items]
    return "; ".join(parts) or whole


def _wiping(dossier: Dossier, wiped: Wiped | None, language: Language) -> str:
    if wiped:
        return say("dihapus oleh {who} pada {day}", language, who=wiped.by, day=plain_date(wiped.on, language)) + (
            f" ({wiped.how})" if wiped.how else ""
        )
    wish = dossier.newest(DiskWish)
    if wish is None:
        return UNKNOWN
    return "pemilik meminta dihapus; pelaksanaannya tidak dicatat" if wish.wipe_disks else "tidak dihapus"


def _condition(dossier: Dossier) -> str:
    back, taken_in = dossier.newest(CompletenessInspected), dossier.newest(ConditionInspected)
    if back:
        return back.condition_back
    return taken_in.condition if taken_in else UNKNOWN
