"""What a history says of an error that ended work: in Indonesian, the language of the papers, by the error's id.

What a server, a switch, Ansible or the system said is in the error's values, and is quoted as it is.
"""

from collections.abc import Mapping
from typing import Any

from sopctl.errors import SopctlError
from sopctl.workflow.messages import words

_CHANGED = "kunci host berubah: yang dikonfirmasi {pinned_type} {pinned}, sekarang {shown_type} {shown}"
_OF_SERVERS = {
    "answer-unreadable": "jawaban tidak dapat dibaca: {error}",
    "cut-off-needs-consent": "menunggu persetujuan pemilik: konfigurasi akan menutup {terms}",
    "executed-writable-by-others": "berkas yang akan dijalankan dapat diubah orang lain",
    "facts-not-answered": "tidak ada pekerja jaringan {network} yang menjawab untuk {deposit} pada waktunya dengan "
    "jawaban yang dapat dipercaya",
    "facts-not-believed": "yang dikatakan pekerja jaringan {network} tentang {deposit} bukan jawaban server",
    "fingerprint-missing": "playbook situs belum memuat fingerprint.sh",
    "first-contact-by-password": "kontak pertama hanya dengan kata sandi {account}, dan hanya sekali",
    "first-contact-failed": "kontak pertama gagal pada {rung} ({cause}) [rincian: {detail}]",
    "first-contact-incomplete": "kontak pertama memerlukan akun dan kunci host yang dikonfirmasi",
    "form-not-made": "jawaban tidak dapat dimasukkan ke formulir: {error}",
    "host-key-changed": _CHANGED,
    "host-key-not-expected": "{host} menunjukkan kunci host {shown}, yang diharapkan {expected}",
    "host-key-not-pinned": "kunci host {host} belum dikonfirmasi, jadi tidak ada yang masuk ke sana",
    "host-key-unconfirmed": "kunci host {host} belum dikonfirmasi: {type} {sha256}",
    "host-key-unreadable": "kunci host {host} tidak dapat dibaca: {reason}",
    "identity-taken": "sudah milik titipan lain: {shared}",
    "key-lost": "tidak ada kunci di keys/ yang membuka akun kantor di {deposit}",
    "key-not-changed": "kunci kantor tidak diganti: gagal pada {rung} [rincian: {detail}]",
    "key-not-for-letters": "data {deposit} menyebut kunci kantor {key!r}, yang tidak boleh disebut surat",
    "login-not-set": "kata sandi atau kunci {account} untuk {deposit} belum ditetapkan",
    "password-named-by-record": "data {deposit} menyebut berkas kata sandi {name!r}, yang tidak boleh disebut surat",
    "login-failed": "masuk ke server gagal pada {rung} ({cause}) [rincian: {detail}]",
    "no-address-yet": "belum ada alamat: surat tidak menyebutkannya, dan kantor belum memberikannya",
    "no-account-to-look": "akun untuk melihat server belum diketahui",
    "look-unusable": "jawaban server tidak lengkap, atau bukan jawaban atas yang ditanyakan",
    "no-first-contact": "akun untuk kontak pertama belum diketahui",
    "not-a-host-key": "ini bukan kunci host",
    "not-an-appliance": "{deposit} bukan perangkat jaringan",
    "password-not-one-line": "kata sandi kosong, atau bukan satu baris",
    "password-readable-by-others": "kata sandi dapat dibaca orang lain",
    "password-unreadable": "kata sandi tidak dapat dibaca: {reason}",
    "public-key-missing": "bagian publik kunci {key} tidak ada",
    "server-not-fit": "server belum dapat dikonfigurasi ({cause}) [rincian: {detail}]",
    "server-not-looked-at": "gagal pada {rung} [rincian: {detail}]",
    "server-of-another-deposit": "menurut catatan di sana ini server {noted}, bukan {deposit}",
    "network-without-worker": "{deposit} tidak ditanya: jaringan {network} tidak diawasi, "
    "tidak ada pekerjanya yang hidup",
    "network-unknown": "data {deposit} menyebut jaringan {network!r}, yang tidak dikenal situs",
    "server-unreachable": "server tidak terjangkau: {reason}",
    "stopped": "dihentikan",
    "sudo-reduced": "di {deposit} kantor hanya boleh mengambil inventaris (sudo dikurangi)",
    "worker-too-old": "{deposit} tidak ditanya: sopctl para pekerja jaringan {network} dari versi lama, yang hanya "
    "memeriksa",
}
_OF_KEYS = {
    "no-such-key": "kunci {key} tidak ada di keys/",
    "not-a-private-key": "ini bukan kunci privat untuk SSH",
    "private-key-readable-by-others": "kunci privat dapat dibaca orang lain",
    "secret-readable-by-others": "kunci privat dapat dibaca orang lain",
    "key-halves-differ": "bagian publik di samping kunci {key} berasal dari kunci lain",
    "private-key-not-for-ssh": "kunci privat ini tidak dapat dibaca oleh ssh: {reason}",
    "private-key-not-read": "kunci privat tidak dapat dibaca: {reason}",
    "private-key-has-passphrase": "kunci privat dilindungi frasa sandi",
}
_OF_ANSIBLE = {
    "ansible-missing": "ansible-playbook tidak ditemukan",
    "ansible-runner-missing": "ansible-runner tidak ditemukan",
    "disk-full": "disk penuh",
    "module-not-built": "Ansible tidak membuat modulnya: {reason}",
    "setting-not-read": "setelan {setting} tidak dibaca playbook situs, yang berasal dari versi lama",
    "no-hosts": "tidak ada server yang disebut",
    "no-variables-file": "file variabel tidak ada",
    "not-a-host-name": "{host!r} bukan nama satu server",
    "not-a-tag": "{tag!r} bukan nama tag",
    "ssh-missing": "klien OpenSSH (ssh) tidak ditemukan",
    "host-key-type-unsupported": "kunci host yang dikonfirmasi bukan kunci yang dapat diperiksa oleh ssh",
    "playbook-refused": "Ansible menolak playbook: {reason}",
    "run-cancelled": "dibatalkan",
    "run-timed-out": "dihentikan setelah {seconds:.0f} s; yang sudah dimulai di server mungkin masih berjalan",
    "run-unfinished": "Ansible tidak sampai selesai ({outcome}): {reason}",
    "run-interrupted": "dihentikan; tidak ada sisa proses yang berjalan",
    "run-folder-not-written": "folder proses tidak dapat ditulis: {reason}",
    "run-folder-exists": "folder proses sudah ada",
    "vault-password-readable-by-others": "kata sandi Ansible Vault dapat dibaca orang lain",
    "path-not-for-ansible": "Ansible dan ssh tidak dapat memakai jalur folder situs ini",
    "no-playbook": "situs tidak punya playbook {playbook}",
}
_OF_BMCS = {
    "bmc-answer-too-large": "BMC mengirim lebih dari {limit} byte",
    "bmc-answer-unreadable": "jawaban BMC bukan Redfish: {reason}",
    "bmc-cancelled": "dibatalkan",
    "bmc-certificate-changed": "sertifikat BMC berubah: yang dikonfirmasi SHA256:{pinned}, sekarang SHA256:{shown}; "
    "tidak ada yang dikirim",
    "bmc-certificate-not-expected": "BMC {deposit} menunjukkan sertifikat SHA256:{shown}, yang diharapkan "
    "SHA256:{expected}",
    "bmc-leads-elsewhere": "BMC mengarahkan ke tempat lain, dan tidak ada yang dikirim ke sana: {target}",
    "extra-missing": "pustaka yang diperlukan tidak terpasang",
    "bmc-login-refused": "BMC tidak membuka sesi untuk {user}: {reason}",
    "bmc-moved": "surat menyebut BMC lain ({now}) daripada yang dikonfirmasi ({before})",
    "bmc-not-confirmed": "sertifikat BMC {deposit} belum dikonfirmasi, jadi tidak ada yang masuk ke sana",
    "bmc-not-redfish": "BMC tidak menyediakan layanan Redfish yang dapat dibaca",
    "bmc-timed-out": "BMC tidak selesai dibaca dalam {seconds:.0f} s",
    "bmc-unreachable": "tidak ada sambungan HTTPS dengan BMC: {reason}",
    "no-bmc": "data {deposit} tidak menyebut BMC",
}
_OF_SWITCHES = {
    "device-host-key-changed": _CHANGED,
    "command-refused": "perangkat menolak {line!r}: {answer}",
    "session-dropped": "sambungan terputus ({stage})",
    "account-not-accepted": "perangkat menolak akun ini dengan kunci atau kata sandinya",
    "privileged-mode-refused": "perangkat tidak mengizinkan akun ini ke mode istimewa",
    "no-common-key-exchange": "perangkat tidak punya pertukaran kunci SSH yang masih dianggap aman: hanya {offered}",
    "no-common-host-key": "perangkat tidak punya host key SSH yang masih dianggap aman: hanya {offered}",
    "no-common-cipher": "perangkat tidak punya enkripsi SSH yang masih dianggap aman: hanya {offered}",
    "no-common-mac": "perangkat tidak punya pemeriksaan keutuhan SSH yang masih dianggap aman: hanya {offered}",
    "no-common-compression": "perangkat tidak mau berbicara SSH tanpa kompresi: hanya {offered}",
    "algorithm-not-spoken": "{algorithm} diizinkan, tetapi tidak dikuasai oleh paramiko {version} yang terpasang",
    "too-much-output": "perangkat mengirim jauh lebih banyak daripada yang diminta ({stage})",
    "asks-to-log-in-again": "SSH sudah menerima akun ini, tetapi perangkat meminta masuk sekali lagi ({question})",
    "commit-unconfirmed": "perubahan {port} belum dikonfirmasi di switch: {line}",
    "database-not-on-disk": "basis data switch tidak memastikan {port} tersimpan di disk: {answer}",
    "device-asks": "perangkat menjawab {line!r} dengan pertanyaan yang tidak dijawab: {question}",
    "neighbours-contradict": "teks sebuah perangkat menyerupai perangkat tetangga lain ({listed} tertulis, {counted} "
    "terhitung)",
    "not-kept": "{port} tidak lagi seperti saat dibaca",
    "not-saved": "switch tidak memastikan konfigurasinya tersimpan: {answer}",
    "nvram-question": "tidak disimpan, karena switch bertanya dahulu: {question}",
    "safe-mode": "ada yang sedang dalam safe mode di switch: perubahan {port} ditarik kembali bila safe mode itu putus",
    "session-failed": "sesi gagal pada {stage}: {reason}",
    "session-timed-out": "waktu {seconds:.0f} s habis ({stage})",
    "no-passwordless-sudo": "{account} tidak boleh menjadi root tanpa kata sandi",
    "vlan-not-allowed": "VLAN {vlan} tidak boleh dipakai titipan di {switch}",
    "no-answer": "tidak ada jawaban ({stage})",
    "no-connection": "tidak ada sambungan: {reason}",
    "no-driver": "tidak ada driver untuk {platform!r}",
    "line-not-sendable": "baris ini tidak boleh dikirim ke perangkat",
    "session-not-opened": "tidak ada sesi SSH: {reason}",
    "ovs-vsctl-not-understood": "jawaban ovs-vsctl tidak dikenal bentuknya: {answer}",
    "rack-claims-uplink": "port {port} switch {switch} adalah uplink, bukan milik rak {rack}",
    "racks-share-port": "port {port} switch {switch} sudah milik rak {other}",
    "stopped-port-not-put-back": "dihentikan; {port} tidak dapat dikembalikan",
    "stopped-port-not-shut": "dihentikan; {port} tidak dapat dipastikan tertutup",
    "stopped-port-shut": "dihentikan; {port} sudah ditutup",
    "stopped-port-put-back": "dihentikan; {port} dikembalikan seperti semula",
    "stopped-port-puts-itself-back": "dihentikan; {port} tidak dapat dikembalikan; switch mengembalikannya sendiri "
    "({restore})",
    "switch-not-understood": "jawaban switch tidak dikenal bentuknya ({reason})",
}
_OF_PORTS = {
    "change-pending": "{who} masih punya perubahan yang belum selesai di switch: {what}",
    "change-pending-unknown": "orang lain masih punya perubahan yang belum selesai di switch: {what}",
    "old-algorithms": "switch boleh diajak bicara dengan algoritme SSH lama: {old}",
    "left-over": "proses sebelumnya terputus dan meninggalkan {what}",
    "addresses-unread": "alamat MAC di switch tidak dapat dibaca",
    "neighbours-unread": "perangkat tetangga di port ini tidak diketahui",
    "port-bound": "keamanan port mengikat {port} pada {macs}",
    "port-is-special": "{port} bukan port biasa: {why}",
    "port-stopped": "switch menghentikan {port} ({why})",
    "nothing-heard": "server tidak terdengar di {port} pada VLAN {vlan}, dan tidak ada yang lain di sana",
    "other-neighbour": "{neighbour} menyatakan berada di {port}, bukan {server}",
    "other-server": "{mac} di {port} adalah milik {owner}",
    "other-server-unknown": "{mac} ada di {port}, sedangkan server {deposit} punya {macs}",
    "platform-cannot": "tidak dapat diatur di switch ini: {why}",
    "port-differs": "switch menerima perintahnya, tetapi {port} berbeda: {fields}",
    "port-gone": "switch menerima perintahnya, tetapi {port} tidak ada lagi",
    "port-in-bundle": "{port} termasuk agregat {bundle}",
    "port-is-routed": "{port} bukan port switch (routed)",
    "port-is-trunk": "{port} adalah trunk, dan tidak ada tanda bahwa port ini milik {deposit}",
    "port-is-uplink": "{port} adalah uplink",
    "port-missing": "switch tidak punya port {port}",
    "server-elsewhere": "{mac} milik {deposit} ada di {elsewhere}",
    "server-not-heard": "server tidak terdengar di {port} pada VLAN {vlan}; yang terdengar: {heard}",
    "server-unknown": "{count} alamat ada di {port}, dan tidak satu pun dikenal sebagai milik {deposit}",
    "vlan-missing": "switch tidak punya VLAN {vlan}",
}
"""Why a port was left alone, or put back; most keys are a `model.ports.port.Reason`."""
_OF_MESSAGES = {
    "channel-refused": "kanal {channel} tidak menerima pesan: {reason}",
    "channel-not-encrypted": "kanal {channel} tidak terenkripsi ({scheme}://)",
    "not-all-channels": "kanal lain sudah menerima pesan, tetapi satu tidak: {reason}",
    "mail-may-have-arrived": "sambungan terputus saat pesan diserahkan: {reason}",
    "mail-not-sent": "pesan tidak terkirim: {reason}",
    "channel-url-not-understood": "URL kanal {channel} tidak dikenal",
}
_OF_THE_SITE = {
    "access-denied": "kesalahan file ({doing}): {reason}",
    "clock-far-ahead": "jam pengendali menunjukkan {now:%Y-%m-%d %H:%M}, {days} hari setelah catatan terakhir",
    "disk-error": "kesalahan file ({doing}): {reason}",
    "disk-read-only": "kesalahan file ({doing}): {reason}",
    "no-such-file": "kesalahan file ({doing}): {reason}",
    "quota-exceeded": "kesalahan file ({doing}): {reason}",
    "too-many-open-files": "kesalahan file ({doing}): {reason}",
    "held-by-another": "{what} sedang dipakai sopctl lain (proses {process})",
    "site-folder-is-symlink": "folder situs tidak boleh berupa tautan simbolik",
    "site-folder-is-file": "di sini diperlukan folder situs, tetapi yang ada bukan folder",
}

WORDS: Mapping[str, str] = {
    **_OF_SERVERS,
    **_OF_KEYS,
    **_OF_ANSIBLE,
    **_OF_BMCS,
    **_OF_SWITCHES,
    **_OF_PORTS,
    **_OF_MESSAGES,
    **_OF_THE_SITE,
}
"""By the id of an error, or of a reason to leave a port alone."""


def told(error: BaseException) -> str:
    """What a history says of the error that ended work, in one sentence without a full stop."""
    if isinstance(error, SopctlError):
        return worded(error.id, error.values, f"galat {error.id}: {error.message}")
    if isinstance(error, KeyboardInterrupt):
        return "dihentikan dengan Ctrl-C"
    return f"galat {type(error).__name__}"


def _word(name: str, value: Any) -> Any:
    """The word for a value that is one of the model's identifiers; any other value as it is. A detail, which is in
    English, ends where its bracket does: papers leave it out (`words.in_note`)."""
    if name == "detail":
        return str(value).replace("[", "(").replace("]", ")")
    return {"cause": words.CAUSES, "rung": words.RUNGS}.get(name, {}).get(str(value), value)


def worded(id: str, values: Mapping[str, Any], otherwise: str) -> str:
    """The words for an id with its values in their places; `otherwise` where there are none for it."""
    try:
        return WORDS[id].format(**{name: _word(name, value) for name, value in values.items()})
    except KeyError:  # no words, or an error of this id with other values: a history must get its note all the same
        return otherwise
