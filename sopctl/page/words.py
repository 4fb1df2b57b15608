"""What the page says: Indonesian where it stands, English by one table. What people wrote is never translated."""

import re
from datetime import date
from functools import lru_cache
from typing import Any

from babel.dates import format_date

from sopctl.errors import Conflict, InvalidRecord, NotNow, OutsideFailure, SopctlError, UsageError
from sopctl.locale import Text
from sopctl.locale.catalogs import worded
from sopctl.page.english import ENGLISH, ENGLISH_OF_ONE, INDONESIAN
from sopctl.page.visit import Language
from sopctl.workflow.views.board import Row

ERRORS = {
    "account-without-key": "{entry!r} bukan akun dengan kuncinya",
    "account-of-two-kinds": "nama itu milik orang dan unit kerja",
    "clock-doubtful": "jam komputer ini meragukan; belum ada yang dicatat",
    "code-refused": "kode tidak benar, atau sudah dipakai",
    "date-not-meant": "tanggal itu tidak mungkin dimaksudkan",
    "disk-full": "disk penuh; tidak ada yang dicatat",
    "extension-not-in-the-future": "{until} tidak di masa depan",
    "extension-not-later": "masa penitipan sudah sampai {valid_until}; {until} bukan perpanjangan",
    "agreed-unnamed": "formulirnya tidak menyebut nama; tulis nama yang menyetujui, paling banyak {most} huruf",
    "another-deposits-paper": "berkas itu milik titipan lain",
    "box-taken": "kotak {box} pada {number} sudah ditandatangani",
    "filed-already": "berkas itu sudah ada di sini",
    "no-paper-of-the-site": "berkas itu bukan dari dokumen yang diterbitkan kantor ini",
    "not-what-was-issued": "tidak dapat disimpan: {why}",
    "signed-from-older-revision": "itu dibuat dari revisi yang bukan lagi terbaru",
    "signers-missing": "tulis siapa yang sudah menandatangani",
    "all-signed": "semua dokumennya sudah ditandatangani",
    "which-paper": "pilih dokumennya: {numbers}",
    "field-missing": "{field} belum diisi",
    "file-too-large": "file lebih besar dari {limit}",
    "held-by-another": "berkas ini sedang dikerjakan orang lain; tunggu sebentar, lalu kirim lagi",
    "form-too-large": "terlalu besar: bersama-sama paling banyak 64 MiB; pilih lebih sedikit, atau yang lebih kecil",
    "too-many-photos": "{given} foto; paling banyak {most}",
    "form-of-another-session": "formulir ini berasal dari sesi lain: periksa, lalu kirim lagi",
    "identity-not-proved": "penyedia identitas tidak memastikan siapa Anda; masuk lagi",
    "identity-provider-failed": "penyedia identitas tidak dapat dihubungi",
    "identity-taken": "sudah milik titipan lain: {given}",
    "identity-without-account": "penyedia identitas tidak menyebut orang yang punya akun di sini",
    "letter-field-invalid": "{section}: {field}: {reason}",
    "not-a-clerk": "permohonan diajukan oleh unit kerja sendiri",
    "other-units-step": "itu milik unit kerja lain",
    "history-moved": "berkas {deposit} sudah berubah sejak halaman ini dibuka: peristiwa terbaru nomor {number}",
    "instruction-missing": "isi disposisi belum ditulis",
    "letter-number-missing": "nomor surat belum ditulis",
    "link-spent": "tautan ini sudah dipakai, atau sudah terlalu lama",
    "login-begun-too-long-ago": "terlalu lama sejak kata sandi ditulis; masuk lagi",
    "login-refused": "nama atau kata sandi tidak benar",
    "day-in-the-future": "{day} belum tiba",
    "no-such-procedure": "tidak ada prosedur {procedure!r}",
    "no-such-rack": "tidak ada rak {rack!r}",
    "not-a-month": "{month!r} bukan bulan",
    "no-without-note": "kalau tidak bisa, tulis apa yang tidak bisa",
    "not-in-place": "server {deposit} belum di tempatnya",
    "not-a-day": "{said!r} bukan tanggal",
    "accessory-missing-and-returned": "{accessory!r} tidak mungkin ada dan tidak ada",
    "inspection-invalid": "itu tidak dapat dicatat: {reason}",
    "not-a-choice": "{said!r} bukan jawaban untuk {field}",
    "not-a-picture": "gambar itu tidak dapat dibaca; potret lagi, atau simpan lagi sebagai JPEG",
    "nothing-drawn": "gambar tanda tangannya kosong",
    "nothing-inspected": "belum ada yang dijawab, maka belum ada yang dicatat",
    "remark-alone": "{question!r} diberi catatan, tetapi belum dijawab",
    "serial-missing": "nomor seri belum dibaca dari mesinnya",
    "not-a-number": "{said!r} bukan bilangan",
    "not-a-scan": "pindaian harus berupa PDF, PNG atau JPEG",
    "month-not-come": "belum ada yang harus dilakukan untuk {deposit} sampai {month:%Y-%m}",
    "waits-for-space": "berkas {deposit} masih menunggu tempat",
    "not-due": "bukan itu yang harus dilakukan sekarang, melainkan {place}: {activity} ({actor})",
    "not-to-be-seen": "tidak ada berkas {deposit} di sini",
    "not-admitted": "{field}: {reason}",
    "on-hold": "berkas {deposit} ditunda: {note}",
    "password-length": "kata sandi terdiri atas {least} sampai {most} huruf",
    "passwords-differ": "kedua kata sandi tidak sama",
    "reason-missing": "alasannya belum ditulis",
    "note-missing": "catatannya belum ditulis",
    "note-too-long": "catatan terdiri atas {length} huruf, paling banyak {most}",
    "role-not-held": "ini wewenang {role}",
    "second-factor-there": "faktor kedua sudah dipasang",
    "sending-twice": "formulir yang sama sedang dicatat; muat ulang sebentar lagi",
    "text-not-recordable": "teks ini memuat tanda yang tidak dapat dicatat",
    "too-many-failures": "terlalu banyak percobaan masuk yang gagal; tunggu seperempat jam",
}
"""Errors as the page says them in Indonesian, by their id. One that is not here is told as at the terminal, after what
kind of error it is."""

KINDS: dict[type[SopctlError], str] = {
    InvalidRecord: "ada berkas yang rusak atau tidak sah; beri tahu pengelola sistem",
    OutsideFailure: "ada gangguan di luar halaman ini; coba lagi, atau beri tahu pengelola sistem",
    Conflict: "ada yang berubah sementara itu",
    NotNow: "itu tidak dapat dilakukan sekarang",
    UsageError: "itu tidak dapat diterima",
    SopctlError: "itu tidak selesai",
}

ENGLISH_ERRORS = {
    "identity-not-proved": "the identity provider does not say who this is; log in again",
    "identity-provider-failed": "the identity provider cannot be asked",
    "held-by-another": "somebody else works on this dossier; wait a moment, then send it again",
    "identity-taken": "another deposit has this already: {given}",
}
"""Errors whose own sentence is for the terminal, and names what is not everybody's to know."""

WAITING = {
    "space": "menunggu tempat, nomor {number} dari {among}",
    "person": "dicoba {number} kali; perlu dilihat",
    "month": "menunggu bulan berikutnya",
    "hold": "ditunda",
    "decision": "menunggu keputusan",
    "unfinished": "pekerjaan terhenti",
}
"""What a row of the board waits for."""


def say(said: str, language: Language, **places: Any) -> str:
    """A text of the page, with its places filled; `number` is how many things it speaks of."""
    if language == "id":
        text = INDONESIAN.get(said, said)
    else:
        text = (places.get("number") == 1 and ENGLISH_OF_ONE.get(said)) or ENGLISH[said]
    return text.format(**places) if places else text


def error(found: SopctlError, language: Language, *, outsider: bool = False) -> str:
    """What is wrong, in a sentence. To an outsider, only what is known to say nothing of other people's deposits."""
    own = (ERRORS if language == "id" else ENGLISH_ERRORS).get(found.id)
    if outsider and found.id not in ERRORS:
        return say("Tidak dapat dilakukan sekarang. Tanyakan kepada kantor", language)
    said = own.format(**found.values) if own else worded(Text(found.template, **found.values), language)
    if not own and language == "id":
        said = f"{next(lead for kind, lead in KINDS.items() if isinstance(found, kind))}: {said}"
    lines = () if found.id in ENGLISH_ERRORS else (worded(each, language) for each in found.lines)
    return "; ".join((said[:1].upper() + said[1:], *lines))


@lru_cache(maxsize=4096)
def day(value: date, language: Language) -> str:
    """A day, with its month as a word."""
    return str(format_date(value, "d MMM yyyy", locale="id" if language == "id" else "en_GB"))


def late(row: Row, language: Language) -> str:
    """How late it is, or until when it is due."""
    if row.late:
        return say("terlambat {number} hari", language, number=row.late_days)
    return say("sampai {day}", language, day=day(row.due, language)) if row.due else ""


def waiting(row: Row, language: Language) -> str:
    """What it waits for, in words."""
    kind, _, rest = row.waiting.partition(" ")
    if kind not in WAITING:
        return ""
    numbers = map(int, re.findall(r"\d+", rest))
    return say(WAITING[kind], language, **dict(zip(("number", "among"), numbers, strict=False)))
