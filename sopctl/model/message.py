"""Messages to contact persons, in the office's language. They say where and how, never a secret."""

from typing import Any

from msgspec import Struct

from sopctl.model.deposit import Deposit


class Message(Struct, frozen=True):
    """One message: the addressee's e-mail (None when the letter gives none), subject, and text."""

    to: str | None
    name: str
    subject: str
    text: str


_OPENINGS = {
    "place-ready": (
        "Tempat untuk server sudah siap",
        "Tempat untuk server {server} sudah siap ({place}).\nServer dapat diserahkan ke {office}.",
    ),
    "place-full": (
        "Tempat penitipan penuh, mohon menunggu",
        "Tempat penitipan saat ini penuh. Permohonan untuk server {server} masuk daftar tunggu\n"
        "sesuai urutan permohonan; kami menghubungi Saudara begitu tempat tersedia.",
    ),
    "try-access": (
        "Server sudah bisa diakses, mohon dicoba",
        "Server {server} sudah dikonfigurasi. Mohon dicoba diakses:\n\n{access}",
    ),
    "accessible": (
        "Server dinyatakan bisa diakses",
        "Akses ke server {server} telah dicoba dan berhasil.\n\n{access}",
    ),
}


def compose(deposit: Deposit, office: str, task: str, *, place: str, host_key: Any) -> Message:
    """The message of one informing step. Raises KeyError for a task that informs nobody."""
    subject, opening = _OPENINGS[task]
    contact = deposit.contacts.technical
    text = opening.format(
        server=deposit.server.name, office=office, place=place, access=_how_to_reach(deposit, host_key)
    )
    return Message(
        to=contact.email,
        name=contact.name,
        subject=f"[{deposit.id}] {subject}",
        text=f"Yth. {contact.name}\n{deposit.unit}\n\n{text}\n\nNomor berkas: {deposit.id}\n"
        f"Surat Saudara: {deposit.letter.number if deposit.letter else '-'}\n\n{office}\n",
    )


def _how_to_reach(deposit: Deposit, host_key: Any) -> str:
    lines = [
        f"  ssh -p {deposit.access.port} {account.name}@{deposit.access.address}" for account in deposit.access.accounts
    ]
    if host_key:
        lines.append(f"  Sidik jari kunci server ({host_key['type']}): {host_key['sha256']}")
    if deposit.access.ports:
        lines.append(f"  Port layanan: {', '.join(map(str, deposit.access.ports))}")
    return "\n".join(lines)
