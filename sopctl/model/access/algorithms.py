"""The SSH algorithms that sopctl speaks, wherever it speaks SSH itself: servers' checks, appliances and switches.

The lists are ours and not the library's: an upgrade of paramiko must neither take a device away nor let an old
algorithm in. By default only current ones are offered (those of OpenSSH 9's own defaults that paramiko knows). Old
devices have nothing but SHA-1 and CBC. The office may allow named old algorithms for one device, in its record
(`legacy`); a letter never can.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from sopctl.locale import Prose, Text
from sopctl.model.text import printable


class Kind(StrEnum):
    """What both sides of a key exchange must have in common (RFC 4253 section 7.1)."""

    KEX = "key exchange"
    HOST_KEY = "host key"
    CIPHER = "cipher"
    MAC = "MAC"
    COMPRESSION = "compression"


Old = Literal[
    "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group1-sha1",
    "ssh-rsa",
    "aes256-cbc",
    "aes192-cbc",
    "aes128-cbc",
    "3des-cbc",
    "hmac-sha1",
]
"""What a record may allow by name."""

Legacy = bool | tuple[Old, ...]
"""`legacy` of a record: the old algorithms that its device may be spoken to with; true: those of LEGACY."""

MODERN: Mapping[Kind, tuple[str, ...]] = {
    Kind.KEX: (
        "mlkem768x25519-sha256",
        "curve25519-sha256@libssh.org",
        "ecdh-sha2-nistp256",
        "ecdh-sha2-nistp384",
        "ecdh-sha2-nistp521",
        "diffie-hellman-group16-sha512",
        "diffie-hellman-group-exchange-sha256",
        "diffie-hellman-group14-sha256",
    ),
    Kind.HOST_KEY: (
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "rsa-sha2-512",
        "rsa-sha2-256",
    ),
    # AEAD ciphers first: for the others, paramiko compares MACs byte by byte in Python.
    Kind.CIPHER: ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"),
    Kind.MAC: ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"),
    Kind.COMPRESSION: ("none",),
}
"""Best first: the first one that the peer has as well is used."""

OLD: Mapping[Kind, tuple[Old, ...]] = {
    Kind.KEX: (
        "diffie-hellman-group-exchange-sha1",
        "diffie-hellman-group14-sha1",
        "diffie-hellman-group1-sha1",
    ),
    Kind.HOST_KEY: ("ssh-rsa",),
    Kind.CIPHER: ("aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc"),
    Kind.MAC: ("hmac-sha1",),
}

LEGACY: tuple[Old, ...] = (
    "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group14-sha1",
    "ssh-rsa",
    "aes256-cbc",
    "aes192-cbc",
    "aes128-cbc",
    "hmac-sha1",
)
"""What `legacy: true` allows: old, but not yet broken in practice. A group of 1,024 bits and 3DES have to be named."""


def allowed(legacy: Legacy) -> tuple[Old, ...]:
    """The old algorithms that a record allows, each once."""
    if isinstance(legacy, bool):
        return LEGACY if legacy else ()
    return tuple(dict.fromkeys(legacy))


def spoken(old: Sequence[Old] = (), known: Iterable[str] | None = None) -> dict[Kind, tuple[str, ...]]:
    """What is offered, by kind, best first: the modern ones, then the `old` ones that are allowed. With `known`, only
    what the library knows."""
    both = {kind: modern + tuple(each for each in OLD.get(kind, ()) if each in old) for kind, modern in MODERN.items()}
    if known is None:
        return both
    there = frozenset(known)
    return {kind: tuple(each for each in names if each in there) for kind, names in both.items()}


class Disagreement(Struct, frozen=True):
    """A kind of algorithm in which the two sides have none in common, and what the peer `offered`."""

    kind: Kind
    offered: tuple[str, ...]

    def __str__(self) -> str:
        return f"no common {self.kind}: the server offers only {printable(', '.join(self.offered), 200)}"

    @property
    def would_help(self) -> tuple[Old, ...]:
        """What a record could allow by name: what is broken in practice only where nothing else is offered."""
        there = tuple(each for each in OLD.get(self.kind, ()) if each in self.offered)
        return tuple(each for each in there if each in LEGACY) or there


def device_remedies(found: Disagreement) -> tuple[Prose, ...]:
    """What helps with a device that has no modern algorithm of this kind, the better way first."""
    helps: list[Prose] = [_UPDATE[found.kind]]
    if found.would_help:
        names = ", ".join(found.would_help)
        helps.append(
            Text(
                "If it cannot, the office may allow it for this device alone, in its record: legacy: [{names}]",
                names=names,
            )
        )
    return tuple(helps)


_UPDATE: Mapping[Kind, Text] = {
    Kind.KEX: Text(
        "Update the device's firmware, or enable a key exchange with SHA-2 on it; a new host key would change nothing."
    ),
    Kind.HOST_KEY: Text(
        "Give the device a host key of another type (ECDSA, Ed25519), or firmware that signs by SHA-2 with an RSA key."
    ),
    Kind.CIPHER: Text(
        "Enable AES in counter mode (aes128-ctr, aes256-ctr) or GCM in the device's SSH server, or update it."
    ),
    Kind.MAC: Text("Enable hmac-sha2-256 in the device's SSH server, or update its firmware."),
    Kind.COMPRESSION: Text("Let the device's SSH server speak without compression."),
}
