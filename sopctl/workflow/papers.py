"""What the papers of the office say: the letterhead, the stamp that binds a paper to its record, and its parts."""

from datetime import date
from typing import Any

from msgspec.structs import replace

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.wording import plain_date
from sopctl.model import history
from sopctl.model.deposit import Contact
from sopctl.model.message import Message
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow.desk import Turn

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


def stamp_of(dossier: Dossier, number: str, day: date, *, issued: bool = True) -> forms.Stamp:
    """The stamp of a paper of this dossier with the number `number`, issued on `day`; or of a copy that was not."""
    return forms.Stamp(
        deposit_id=dossier.id,
        document_number=number,
        revision=history.head(dossier.id, dossier.events)[:12],
        issued=day,
        check_command=f"sopctl document verify {dossier.id}",
        names_record=issued,
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


def announcement(mine: Turn, message: Message) -> forms.Paper:
    """The written announcement to the contact person, where it goes as a letter; the office signs it."""
    site, lines = mine.desk.site, message.text.splitlines()
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        title="Pemberitahuan",
        opening=tuple(line.strip() for line in lines if line.strip() not in ("", site.settings.office.name)),
        sections=(),
        closing=(),
        signers=(forms.Signer(f"a.n. {site.settings.office.name}", office_party(site, mine.by)),),
    )


def exit_record(mine: Turn) -> forms.Paper:
    """The record of a server that leaves (pengembalian 9): what, whose, who took it, when, and what became of it."""
    site, dossier = mine.desk.site, mine.dossier
    summary, server = dossier.summary, dossier.deposit.server
    today = mine.desk.now().date()
    received = dossier.last("handover")
    back = dossier.known("accessories_back") or []
    gone = [each["item"] for each in back if each["returned"] != "true"]
    wiped = {"true": "pemilik meminta dihapus; pelaksanaannya tidak dicatat", "false": "tidak dihapus"}.get(
        dossier.known("wipe_disks"), UNKNOWN
    )
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        title="Catatan Server Keluar",
        opening=(
            f"Server titipan berikut telah diambil kembali pemiliknya dan keluar dari {site.settings.office.name}.",
        ),
        sections=(
            section(
                "Server",
                Nomor_berkas=summary.id,
                Nama_server=server.name,
                Merk_dan_tipe=server.brand_model,
                Nomor_seri=summary.serial or UNKNOWN,
                Pemilik=dossier.deposit.unit,
            ),
            section(
                "Pengembalian",
                Tempat_semula=summary.place or UNKNOWN,
                Tanggal_keluar=plain_date(today),
                Serah_terima_pengembalian=(received.data.get("document") or {}).get("number", "")
                if received
                else UNKNOWN,
                Diambil_oleh=dossier.known("taken_by") or UNKNOWN,
                Surat_pengambilan=(dossier.known("letter") or {}).get("number", ""),
                Kelengkapan="kurang: " + ", ".join(gone) if gone else "sesuai serah terima",
                Data_pada_disk=wiped,
                Kondisi=dossier.known("condition_back") or dossier.known("condition") or UNKNOWN,
            ),
        ),
        closing=("Akses, layanan dan port jaringan server ini telah dicabut.",),
        signers=(forms.Signer("Petugas", office_party(site, mine.by)),),
    )


def request_letter(site: Site, day: date, values: dict[str, str] | None = None) -> forms.Paper:
    """The request letter (surat permohonan) that a unit fills in; `values` fills fields by their labels."""
    blank = (
        ("Surat", ("Nomor", "Tanggal", "Perihal")),
        ("Perangkat daerah", ("OPD", "Bidang/UPTD", "Alamat", "Telepon", "E-mail")),
        ("Penanggung jawab administratif", ("Nama", "NIP", "Jabatan", "E-mail", "HP")),
        ("Penanggung jawab teknis", ("Nama", "NIP", "Jabatan", "E-mail", "HP")),
        (
            "Server",
            (
                "Nama server (host name)",
                "Merk dan tipe",
                "Nomor seri",
                "Prosesor dan core",
                "RAM (GiB)",
                "Disk",
                "Catu daya (W)",
                "Tinggi (U)",
                "Kedalaman (mm)",
                "Berat (kg)",
                "Sistem operasi",
                "Aplikasi dan deskripsi",
            ),
        ),
        ("Jaringan dan akses", ("Alamat IP", "Port SSH", "Port layanan", "Akun dan kunci publik")),
        ("Penitipan", ("Berlaku sampai",)),
    )
    given = values or {}
    sections = tuple(
        forms.Section(
            title, tuple(forms.Field(label, given.get(f"{title}: {label}", ""), "declared") for label in labels)
        )
        for title, labels in blank
    )
    empty = forms.Party(name="", nip="", position="Kepala Perangkat Daerah", office="")
    head = replace(letterhead(site), agency="", office="(kop surat perangkat daerah pemohon)", address="", contact="")
    return forms.Paper(
        letterhead=head,
        stamp=forms.Stamp("", "", "templat", day, "sopctl request --example"),
        title="Surat Permohonan Penitipan Server",
        opening=(f"Kepada Yth. {site.settings.office.name}. Dengan ini kami mengajukan permohonan penitipan server:",),
        sections=sections,
        closing=(
            "Demikian permohonan ini kami sampaikan. Atas perhatian dan kerja samanya kami ucapkan terima kasih.",
        ),
        signers=(forms.Signer("Pemohon", empty),),
    )
