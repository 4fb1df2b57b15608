"""The consent sheet (Lembar Persetujuan Konfigurasi): what a configuration will change on the owner's server, to sign
before it is made."""

from collections.abc import Sequence

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.access.causes import Cause
from sopctl.model.services import Ports
from sopctl.model.survey.changes import Change, OnReturn, What
from sopctl.model.survey.comparison import CutOff, StaysOpen
from sopctl.workflow.desk import Turn
from sopctl.workflow.papers.elements import UNKNOWN, letterhead, office_party, owner_party, stamp
from sopctl.workflow.servers.surveying import Look

_ABOUT: dict[What, str] = {
    "management-account": "Akun pengelola pusat data {name}",
    "account": "Akun {name}",
    "account-keys": "Kunci SSH yang membuka akun {name}",
    "host-name": "Nama server",
    "password-login": "Masuk lewat SSH dengan kata sandi",
    "root-login": "Masuk lewat SSH sebagai root",
    "old-algorithms": "Masuk lewat SSH dengan algoritma lama saja",
    "banner": "Pemberitahuan sebelum masuk lewat SSH",
    "firewall": "Firewall",
    "static-address": "Alamat IP",
    "resolvers": "Server DNS yang ditanya",
    "time-zone": "Zona waktu",
    "time-servers": "Penyelarasan jam",
    "journal": "Batas ukuran jurnal sistem",
    "security-updates": "Pembaruan keamanan",
    "records": "Folder catatan konfigurasi",
}
_BEFORE: dict[What, str] = {
    "management-account": "akun dengan nama ini sudah ada, dibuka {before} kunci",
    "account-keys": "{before} kunci",
    "password-login": "diizinkan",
    "root-login": "diizinkan, juga dengan kata sandi",
    "old-algorithms": "ditawarkan: {before}",
    "static-address": "seperti yang diatur pemilik",
    "security-updates": "tidak berjalan setiap malam",
}
_AFTER: dict[What, str] = {
    "management-account": "dibuat, dibuka kunci pusat data, dengan hak sudo penuh",
    "account": "dibuat, dibuka kunci dalam surat permohonan",
    "account-keys": "hanya kunci dalam surat permohonan",
    "password-login": "tidak diizinkan; hanya dengan kunci",
    "root-login": "hanya dengan kunci",
    "old-algorithms": "tidak dapat lagi; hanya dengan algoritma yang masih dianggap aman",
    "firewall": "dari luar hanya dapat dihubungi port {after}, dan semua port dari pusat data",
    "static-address": "{after}, tetap",
    "security-updates": "dipasang setiap malam, tanpa memulai ulang server",
    "journal": "paling besar {after}",
}
_NOTHING: dict[What, str] = {
    "banner": "tidak ada",
    "journal": "menurut bawaan sistem",
    "time-servers": "tidak ada layanan waktu yang berjalan",
}
_RETURN: dict[OnReturn, str] = {
    "removed": "dihapus",
    "restored": "dikembalikan seperti semula",
    "stays": "tetap di server",
}
_NOTED: dict[Cause, str] = {
    Cause.NO_SYSTEMD: "Server tidak memakai systemd: firewall, waktu, jurnal, dan pembaruan tetap diatur pemilik.",
    Cause.CLOCK_OFF: "Jam server berbeda lebih dari lima menit dari jam pusat data.",
    Cause.PACKAGES_STUCK: "Pengelola paket sedang terkunci, atau pernah terhenti di tengah jalan.",
    Cause.SLOW_OWN_NAME: "Server tidak segera menemukan namanya sendiri; konfigurasi menuliskannya di /etc/hosts.",
}
"""What was seen and does not block, for the causes that concern an owner."""


def consent_sheet(mine: Turn, look: Look, changes: Sequence[Change]) -> forms.Paper:
    """What the look found and the configuration will change, for the owner to sign."""
    site, deposit = mine.desk.site, mine.dossier.deposit
    seen = mine.desk.now()
    comparison = look.comparison
    tables = [
        _changes("Yang ditambahkan", [each for each in changes if each.kind == "added"]),
        _changes("Yang diubah", [each for each in changes if each.kind == "changed"]),
        _changes("Yang tidak dapat lagi dilakukan", [each for each in changes if each.kind == "ended"]),
        _cut_off(comparison.cut_off),
        _stays_open(comparison.stays_open),
    ]
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        title="Lembar Persetujuan Konfigurasi",
        opening=(
            f"Server berikut akan dikonfigurasi oleh {site.settings.office.name}. Lembar ini menyebutkan apa yang akan "
            "berubah di dalamnya, menurut keadaan server pada waktu dilihat. Sampai saat itu tidak ada yang diubah.",
        ),
        sections=(
            forms.Section(
                "Server",
                tuple(
                    forms.Field(label, value, "declared")
                    for label, value in (
                        ("Nomor berkas", deposit.id),
                        ("Nama server", deposit.server.name),
                        ("Pemilik", deposit.unit),
                        ("Alamat", deposit.access.address),
                        ("Sistem operasi", look.found.os or UNKNOWN),
                        ("Dilihat pada", f"{plain_date(seen.date(), 'id')} pukul {seen:%H.%M}"),
                    )
                ),
            ),
            *(table for table in tables if table),
        ),
        closing=_closing(look),
        signers=(
            forms.Signer("Pemilik", owner_party(deposit.contacts.technical, deposit.unit)),
            forms.Signer("Petugas", office_party(site, mine.by)),
        ),
    )


def _closing(look: Look) -> tuple[str, ...]:
    comparison = look.comparison
    said = []
    if not comparison.cut_off:
        said.append("Tidak ada layanan yang terlihat di server yang akan ditutup oleh konfigurasi ini.")
    if comparison.stays_open:
        said.append(
            "Lalu lintas yang diteruskan server ke kontainer atau ke mesin lain tidak melewati firewall pusat data. "
            "Apabila layanan tersebut tidak dikehendaki terbuka, pemilik menutupnya di server."
        )
    noted = [_NOTED[each.cause] for each in look.obstacles if each.cause in _NOTED]
    if noted:
        said.append(f"Yang juga terlihat: {' '.join(dict.fromkeys(noted))}")
    return (
        *said,
        "Pada saat pengembalian, yang ditambahkan dihapus dan yang diubah dikembalikan seperti semula. Folder pribadi "
        "(home) akun yang dibuat beserta isinya dan folder catatan tetap di server.",
        "Dengan menandatangani lembar ini, pemilik menyetujui perubahan tersebut"
        + (", termasuk penutupan layanan yang disebut di atas." if comparison.cut_off else "."),
    )


def _changes(title: str, parts: Sequence[Change]) -> forms.Table | None:
    if not parts:
        return None
    new = parts[0].kind == "added"  # there is nothing of it yet
    rows = tuple(
        (_about(each), *(() if new else (_said(each, _BEFORE),)), _said(each, _AFTER), _RETURN[each.on_return])
        for each in parts
    )
    columns = ("Hal", *(() if new else ("Sekarang",)), "Sesudah konfigurasi", "Saat pengembalian")
    return forms.Table(title, columns, rows, "gathered")


def _about(each: Change) -> str:
    return _ABOUT[each.what].format(name=each.name)


def _said(each: Change, words: dict[What, str]) -> str:
    """How it is before or after, in words where a value alone does not say it."""
    before = words is _BEFORE
    value = each.before if before else each.after
    if each.what in words:
        return words[each.what].format(before=each.before, after=each.after)
    return value or (_NOTHING.get(each.what, "–") if before else "mengikuti server waktu bawaan")


def _cut_off(parts: Sequence[CutOff]) -> forms.Table | None:
    if not parts:
        return None
    rows = tuple(
        (
            ", ".join(map(_service, (each.service, *each.also))),
            ", ".join(each.programs) or UNKNOWN,
            "tidak disebut dalam surat" if each.reason == "not-asked" else "asalnya tidak disebut dalam surat",
            _peers(each),
        )
        for each in parts
    )
    columns = ("Layanan", "Program", "Sebab", "Terhubung pada waktu dilihat")
    return forms.Table("Yang akan ditutup bagi pihak lain", columns, rows, "gathered")


def _peers(each: CutOff) -> str:
    addresses = [peer.address for peer in each.peers]
    shown = ", ".join(addresses[:4]) + (f" dan {len(addresses) - 4} lainnya" if len(addresses) > 4 else "")
    if not shown and not (isinstance(each.service, Ports) and each.service.protocol == "tcp"):
        return "tidak dapat dilihat"  # only TCP has connections
    return shown or "tidak ada"


def _stays_open(parts: Sequence[StaysOpen]) -> forms.Table | None:
    if not parts:
        return None
    because = {
        "published": "diteruskan, tidak melewati firewall",
        "published-to-all": "diteruskan, terbuka bagi semua, tidak hanya bagi yang disebut dalam surat",
        "forwarding": "server meneruskan lalu lintas antarjaringan",
        "no-firewall": "server tidak mendapat firewall pusat data",
    }
    rows = tuple(
        (
            _service(each.service) if each.service else "semua yang diteruskan",
            each.target or ", ".join(each.programs) or "–",
            because[each.reason],
        )
        for each in parts
    )
    return forms.Table("Yang tetap terbuka di luar surat", ("Layanan", "Ke", "Sebab"), rows, "gathered")


def _service(service: object) -> str:
    text = str(service)
    if text.endswith("/udp"):
        return f"UDP {text.removesuffix('/udp')}"
    return f"TCP {text}" if text[:1].isdigit() else text.upper()
