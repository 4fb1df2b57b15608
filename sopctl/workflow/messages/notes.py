"""What a history says of an error that ended work: in Indonesian, the language of the papers, by the error's id.

What a server, a switch, Ansible or the system said stands in the error's values, and is quoted as it is.
"""

from collections.abc import Mapping
from typing import Any

from sopctl.errors import SopctlError

_OF_SERVERS = {
    "answer-unreadable": "jawaban tidak dapat dibaca: {error}",
    "first-contact-by-password": "kontak pertama hanya dengan kata sandi {account}, dan hanya sekali",
    "first-contact-failed": "kontak pertama gagal pada {rung} ({cause}): {detail}",
    "first-contact-needs-account-pinned": "kontak pertama memerlukan akun dan kunci host yang dikonfirmasi",
    "form-not-made": "jawaban tidak dapat dimasukkan ke formulir: {error}",
    "host-key-changed": "kunci host berubah: yang dikonfirmasi {pinned_type} {pinned}, sekarang {shown_type} {shown}",
    "host-key-not-expected": "{host} menunjukkan kunci host {shown}, yang diharapkan {expected}",
    "host-key-not-pinned": "kunci host {host} belum dikonfirmasi, jadi tidak ada yang masuk ke sana",
    "host-key-unconfirmed": "kunci host {host} belum dikonfirmasi: {type} {sha256}",
    "host-key-unreadable": "kunci host {host} tidak dapat dibaca: {reason}",
    "no-first-contact": "akun untuk kontak pertama belum diketahui",
    "no-host-key": "ini bukan kunci host",
    "not-an-appliance": "{deposit} bukan perangkat jaringan",
    "password-not-one-line": "kata sandi kosong, atau bukan satu baris",
    "password-readable-by-others": "kata sandi dapat dibaca orang lain",
    "password-unreadable": "kata sandi tidak dapat dibaca: {reason}",
    "public-key-missing": "bagian publik kunci {key} tidak ada",
    "server-unreachable": "server tidak terjangkau: {reason}",
    "stopped": "dihentikan",
    "sudo-reduced": "di {deposit} kantor hanya boleh mengambil inventaris (sudo dikurangi)",
}
_OF_KEYS = {
    "no-key-sites-keys": "kunci {name} tidak ada di keys/",
    "no-private-key-ssh-can": "ini bukan kunci privat untuk SSH",
    "others-may-read-private-key": "kunci privat dapat dibaca orang lain",
    "private-key-can-read-others": "kunci privat dapat dibaca orang lain",
    "private-key-cannot-read": "kunci privat tidak dapat dibaca: {reason}",
    "private-key-protected-passphrase-nobody": "kunci privat dilindungi frasa sandi",
}
_OF_ANSIBLE = {
    "ansible-playbook-was-not-found": "ansible-playbook tidak ditemukan",
    "ansible-runner-missing": "ansible-runner tidak ditemukan",
    "disk-full": "disk penuh",
    "no-host-was-named-run": "tidak ada server yang disebut",
    "no-such-file-variables": "berkas variabel tidak ada",
    "not-name-one-host": "{host!r} bukan nama satu server",
    "not-name-tag": "{tag!r} bukan nama tag",
    "openssh-client-was-not-found": "klien OpenSSH (ssh) tidak ditemukan",
    "pinned-host-key-not-one": "kunci host yang dikonfirmasi bukan kunci yang dapat diperiksa oleh ssh",
    "playbook-refused": "Ansible menolak playbook: {reason}",
    "run-cancelled": "dibatalkan",
    "run-timed-out": "dihentikan setelah {seconds:.0f} s; yang sudah dimulai di server mungkin masih berjalan",
    "run-unfinished": "Ansible tidak sampai selesai ({outcome}): {reason}",
    "run-was-interrupted": "dihentikan; tidak ada sisa proses yang berjalan",
    "runs-folder-cannot-written": "folder proses tidak dapat ditulis: {reason}",
    "runs-folder-exists-already": "folder proses sudah ada",
    "secret-can-read-others": "kata sandi Ansible Vault dapat dibaca orang lain",
    "site-no-playbook": "situs tidak punya playbook {playbook}",
}
_OF_SWITCHES = {
    "answer-no-form-known": "jawaban untuk {command!r} tidak dikenal bentuknya",
    "command-refused": "perangkat menolak {line!r}: {answer}",
    "connection-ended": "sambungan terputus ({doing})",
    "device-does-not-accept-account": "perangkat menolak akun ini dengan kunci atau kata sandinya",
    "device-does-not-let-account": "perangkat tidak mengizinkan akun ini ke mode istimewa",
    "device-offers-no-algorithm-ssh": "perangkat tidak menawarkan algoritme SSH yang masih dianggap aman: {context}",
    "device-says-more-than-anyone": "perangkat mengirim jauh lebih banyak daripada yang diminta ({doing})",
    "device-shows-host-key-pinned": "kunci host berubah: yang dikonfirmasi {type} {sha256}, sekarang {get_name} "
    "{fingerprint}",
    "does-not-filter-vlans-so": "{get} tidak memisahkan VLAN",
    "failed": "sesi gagal ({doing}): {name}: {error}",
    "its-s-were-over": "waktu {seconds:.0f} s habis ({doing})",
    "may-not-become-root-without": "{user} tidak boleh menjadi root tanpa kata sandi",
    "network": "VLAN dalam surat tidak dapat dipakai: {error}",
    "no-answer": "tidak ada jawaban ({doing})",
    "no-connection": "tidak ada sambungan: {value}",
    "no-driver": "tidak ada driver untuk {platform!r}",
    "no-line-device-may-sent": "baris ini tidak boleh dikirim ke perangkat",
    "no-session": "tidak ada sesi SSH: {last_words}",
    "ovs-vsctl-answers-no-form-known": "jawaban ovs-vsctl tidak dikenal bentuknya: {answer}",
    "rack-claims-uplink": "port {port} switch {switch} adalah uplink, bukan milik rak {rack}",
    "racks-share-port": "port {port} switch {switch} sudah milik rak {other}",
    "stopped-port-not-put-back": "dihentikan; {port} tidak dapat dikembalikan",
    "stopped-port-put-back": "dihentikan; {port} dikembalikan seperti semula",
    "stopped-port-puts-itself-back": "dihentikan; {port} tidak dapat dikembalikan; switch mengembalikannya sendiri "
    "({restore})",
    "switch-answers-form-not-known": "jawaban switch tidak dikenal bentuknya ({what})",
}
_OF_PORTS = {
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
"""Why a port was left alone, or put back; most by `model.ports.port.Reason`."""
_OF_MESSAGES = {
    "channel-did-not-take-message": "kanal {name} tidak menerima pesan: {reason}",
    "channel-would-sent-over-open": "kanal {name} tidak terenkripsi ({scheme}://)",
    "connection-was-lost-while-message": "sambungan terputus saat pesan diserahkan: {error}",
    "message-was-not-sent": "pesan tidak terkirim: {reason}",
    "url-channel-none-can-sent": "URL kanal {name} tidak dikenal",
}
_OF_THE_SITE = {
    "cannot": "kesalahan berkas ({doing}): {reason}",
    "held-another-sopctl": "{what} sedang dipakai sopctl lain (proses {value})",
    "sites-folder-may-not-symbolic": "folder situs tidak boleh berupa tautan simbolik",
}

WORDS: Mapping[str, str] = {
    **_OF_SERVERS,
    **_OF_KEYS,
    **_OF_ANSIBLE,
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


def worded(id: str, values: Mapping[str, Any], otherwise: str) -> str:
    """The words for an id with its values in their places; `otherwise` where there are none for it."""
    try:
        return WORDS[id].format(**values)
    except KeyError:  # no words, or an error of this id with other values: a history must get its note all the same
        return otherwise
