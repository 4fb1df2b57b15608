"""The Indonesian words for what the model calls by English identifiers: no such identifier stands on a paper.

Histories that older versions wrote have them in their notes; `in_note` says what those notes mean.
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, get_args

from sopctl.model import sanitisation
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import Verdict
from sopctl.model.access.rung import Rung
from sopctl.model.access.verification import SAYS_NO, View
from sopctl.model.facts.states import Severity
from sopctl.model.house import maintenance
from sopctl.model.sop import history

CAUSES: Mapping[str, str] = {
    Cause.NO_SUCH_NAME: "nama tidak ada di DNS",
    Cause.RESOLVER_DOWN: "server DNS tidak menjawab",
    Cause.ADDRESS_REFUSED: "alamat tidak boleh dipakai titipan",
    Cause.REFUSED: "tidak ada layanan pada port itu",
    Cause.FILTERED: "tidak ada jawaban sama sekali",
    Cause.NO_ROUTE: "tidak ada rute jaringan",
    Cause.FORWARDING_REFUSED: "server perantara tidak meneruskan sambungan",
    Cause.THROTTLED: "terlalu banyak sambungan",
    Cause.CLOSED: "sambungan ditutup pihak sana",
    Cause.SILENT: "sambungan diterima tanpa jawaban",
    Cause.NOT_SSH: "yang menjawab bukan SSH",
    Cause.NO_COMMON_KEX: "tidak ada pertukaran kunci yang aman",
    Cause.NO_COMMON_HOST_KEY: "tidak ada jenis kunci host yang aman",
    Cause.NO_COMMON_CIPHER: "tidak ada enkripsi yang aman",
    Cause.NO_COMMON_MAC: "tidak ada pemeriksaan keutuhan yang aman",
    Cause.NO_COMMON_ALGORITHM: "tidak ada algoritme yang aman",
    Cause.HOST_KEY_CHANGED: "kunci host berubah",
    Cause.HOST_KEY_UNKNOWN: "kunci host belum dikonfirmasi",
    Cause.METHOD_NOT_ALLOWED: "cara masuk dengan kunci tidak diterima",
    Cause.SECOND_FACTOR: "diminta faktor kedua",
    Cause.DENIED: "ditolak saat masuk",
    Cause.NO_SUCH_ACCOUNT: "akun tidak ada",
    Cause.LOCKED: "akun terkunci",
    Cause.ACCOUNT_EXPIRED: "masa berlaku akun habis",
    Cause.PASSWORD_EXPIRED: "kata sandi harus diganti dahulu",
    Cause.NOT_ALLOWED: "tidak diizinkan aturan sshd",
    Cause.KEY_MISSING: "kunci tidak terpasang",
    Cause.LOOSE_MODES: "izin berkas kunci terlalu longgar",
    Cause.NO_SHELL: "akun tanpa shell",
    Cause.SHELL_BROKEN: "shell akun rusak",
    Cause.COMMAND_REFUSED: "perintah tidak dijalankan",
    Cause.COMMAND_FAILED: "perintah gagal",
    Cause.SUDO_REFUSED: "sudo tidak diizinkan",
    Cause.SUDO_ASKS: "sudo meminta kata sandi",
    Cause.SUDO_WANTS_TERMINAL: "sudo meminta terminal",
    Cause.NO_SUDO: "sudo tidak ada",
    Cause.SAME_ACCOUNT: "nama akun kantor sudah dipakai",
    Cause.OTHER_DEPOSIT: "server milik titipan lain",
    Cause.KEYS_ELSEWHERE: "kunci tidak dibaca dari akun sendiri",
    Cause.SSHD_SETTINGS_BROKEN: "pengaturan sshd rusak",
    Cause.NO_PYTHON: "tidak ada Python yang memadai",
    Cause.NO_NFTABLES: "nftables tidak tersedia",
    Cause.DISK_FULL: "disk penuh",
    Cause.OVER_QUOTA: "kuota akun penuh",
    Cause.WRITTEN_AGAIN: "perangkat lunak pemilik menulis pengaturan yang sama",
    Cause.READ_ONLY: "sistem berkas hanya dapat dibaca",
    Cause.IMMUTABLE: "berkas dilindungi dari perubahan",
    Cause.SUDO_RULE_UNREAD: "sudo tidak membaca aturan kantor",
    Cause.SSHD_STARTED_OTHERWISE: "sshd dijalankan dengan pengaturan lain",
    Cause.PLACE_TAKEN: "tempat berkas kantor sudah dipakai",
    Cause.PACKAGES_STUCK: "pengelola paket terkunci",
    Cause.CLOCK_OFF: "jam server tidak tepat",
    Cause.NO_SYSTEMD: "tanpa systemd",
    Cause.NOT_EXECUTABLE: "program tidak dapat dijalankan dari /tmp",
    Cause.SLOW_OWN_NAME: "server lambat menemukan namanya sendiri",
    Cause.PORT_CLOSED: "port tertutup",
    Cause.NOT_TLS: "yang menjawab bukan TLS",
    Cause.CERTIFICATE_EXPIRED: "masa berlaku sertifikat habis",
    Cause.CERTIFICATE_WRONG_NAME: "sertifikat untuk nama lain",
    Cause.CERTIFICATE_UNTRUSTED: "penerbit sertifikat tidak dikenal",
    Cause.NOT_SMTP: "yang menjawab bukan SMTP",
    Cause.NOT_HTTP: "yang menjawab bukan HTTP",
    Cause.HTTP_STATUS: "layanan web menjawab dengan galat",
    Cause.FLOODED: "kiriman server terlalu besar",
    Cause.TIMEOUT: "waktu habis",
    SAYS_NO: "pemohon menyatakan tidak bisa",
}
RUNGS: Mapping[str, str] = {
    Rung.JUMP: "server perantara",
    Rung.NAME: "pencarian nama",
    Rung.TCP: "sambungan TCP",
    Rung.BANNER: "sapaan SSH",
    Rung.KEX: "pertukaran kunci",
    Rung.HOST_KEY: "kunci host",
    Rung.LOGIN: "saat masuk",
    Rung.COMMAND: "menjalankan perintah",
    Rung.SERVICE: "layanan",
    Rung.TLS: "TLS",
    Rung.HTTP: "HTTP",
}
VIEWS: Mapping[str, str] = {
    View.LOGIN: "login pemohon",
    View.EXAMINATION: "akun diperiksa",
    View.MANAGEMENT: "login kantor",
    View.PORTS: "port terbuka",
    View.WORD: "kata pemohon",
}
"""What proved something."""
VERDICTS: Mapping[str, str] = {Verdict.ACCESSIBLE: "bisa diakses", Verdict.INACCESSIBLE: "tidak bisa diakses"}
MEANS: Mapping[str, str] = {
    "email": "surel",
    "webhook": "kanal",
    "phone": "telepon",
    "letter": "surat",
    "meeting": "pertemuan",
}
"""By which means someone is informed."""
WORK: Mapping[str, str] = {history.STARTED: "dimulai", history.FAILED: "gagal", history.INTERRUPTED: "terputus"}
METHODS: Mapping[str, str] = {
    "clear": "Clear",
    "purge": "Purge",
    "destroy": "Destroy (dimusnahkan)",
    "returned": "dikembalikan tanpa dihapus",
}
"""Of sanitisation. The three are the names of NIST SP 800-88, which the certificate explains."""
RESULTS: Mapping[str, str] = {"ok": "berhasil", "failed": "gagal"}
SEVERITIES: Mapping[str, str] = {Severity.CRITICAL: "kritis", Severity.WARNING: "peringatan"}

TABLES: tuple[tuple[Any, Mapping[str, str]], ...] = (
    (Cause, CAUSES),
    (Rung, RUNGS),
    (View, VIEWS),
    (Verdict, VERDICTS),
    (history.WORK, WORK),
    (maintenance.Via, MEANS),
    (sanitisation.Method, METHODS),
    (sanitisation.Result, RESULTS),
    (Severity, SEVERITIES),
)
"""What the model enumerates, and its words. `tests/cases/paper_words.yml` says of every other enumeration why none of
its values reaches a paper."""

_IN_NOTES = {**CAUSES, **VIEWS, **VERDICTS, **MEANS, **WORK, **RUNGS}
_DETAIL = re.compile(r" \[rincian: [^\]]{0,1000}(?:\]|\Z)")
_IDENTIFIER = re.compile(r"(?<![\w./@-])[a-z]{2,30}(?:-[a-z]{2,30}){0,5}(?![\w/@-])")
_PLACE = re.compile(r"\brack ([A-Za-z0-9._-]{1,40}) (U\d{1,3})(?:[-–](U\d{1,3}))?( front| rear)?\b")
_BEFORE, _AFTER = ("", ":", ";", "(", ",", "–"), ("", ":", ";", ")", ",", "(")


def outcome(label: str) -> str:
    """An event's outcome: those of long-running work are the history's own, all others the procedure's."""
    return WORK.get(label, label)


def in_note(note: str, *, details: bool = False) -> str:
    """A note as papers say it: with the identifiers that sopctl itself wrote into it in words, and without the details
    that it quotes in English (`[rincian: …]`), which the history keeps; with `details`, for a screen, with them.

    One that is an English word too counts only where it stands by itself between marks (`diberitahukan: phone`,
    `(refused)`), so that what people wrote stays.
    """

    def said(found: re.Match[str]) -> str:
        before, after = note[: found.start()].rstrip()[-1:], note[found.end() :].lstrip()[:1]
        if "-" in found[0] or (before in _BEFORE and after in _AFTER):
            return _IN_NOTES.get(found[0], found[0])
        return found[0]

    if details:
        beside = _DETAIL.split(note)
        quoted = [*_DETAIL.findall(note), ""]
        return "".join(in_note(own) + detail for own, detail in zip(beside, quoted, strict=True))
    note = _DETAIL.sub("", note)
    return _PLACE.sub(_placed, _IDENTIFIER.sub(said, note))


def _placed(found: re.Match[str]) -> str:
    rack, unit, top, face = found.groups()
    return f"rak {rack} {unit}" + (f"–{top}" if top else "") + {" front": " depan", " rear": " belakang"}.get(face, "")


def values_of(enumeration: Any) -> tuple[str, ...]:
    """The values of an enumeration: a StrEnum, a Literal, or a set of words."""
    if isinstance(enumeration, type) and issubclass(enumeration, Enum):
        return tuple(str(each.value) for each in enumeration)
    return tuple(map(str, get_args(enumeration) or enumeration))
