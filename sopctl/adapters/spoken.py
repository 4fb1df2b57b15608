"""paramiko's transport, made to speak exactly the SSH algorithms that sopctl decides on (model/access/algorithms.py).

It is the one transport for all of SSH that is ours: what it offers follows neither from paramiko's version nor from
what netmiko does with it. paramiko 5 lacks SHA-1; the few lines of it that old devices need are here, and are reached
only if a record allows them. paramiko 4 has more than that, and would use it silently.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha1
from typing import Any, ClassVar

import paramiko
from cryptography.hazmat.primitives import hashes
from paramiko.kex_gex import KexGexSHA256
from paramiko.kex_group14 import KexGroup14SHA256
from paramiko.ssh_exception import IncompatiblePeer, SSHException

from sopctl.errors import OutsideFailure
from sopctl.model.access.algorithms import Disagreement, Kind, Old, spoken
from sopctl.model.text import printable

KEY_TYPES = {"rsa-sha2-512": "ssh-rsa", "rsa-sha2-256": "ssh-rsa"}
"""The host key type of a signature algorithm, where the two names differ (RFC 8332)."""


class NoCommonAlgorithm(IncompatiblePeer):
    """The two sides have none in common of one kind: `disagreement`."""

    def __init__(self, disagreement: Disagreement) -> None:
        super().__init__(str(disagreement))
        self.disagreement = disagreement


class _Gex(KexGexSHA256):
    """Group exchange with groups of 2,048 to 4,096 bits: 8,192 take seconds, during which the interpreter is locked."""

    min_bits = 2048
    max_bits = 4096

    def _parse_kexdh_gex_group(self, m: paramiko.Message) -> None:
        """paramiko itself accepts groups of 1,024 bits, whatever was asked for."""
        bits = paramiko.Message(m.asbytes()).get_mpint().bit_length()
        if not self.min_bits <= bits <= self.max_bits:
            raise SSHException(f"the group of the key exchange has {bits} bits")
        super()._parse_kexdh_gex_group(m)  # type: ignore[misc]  # not in the stubs


class _GexSha1(_Gex):
    name = "diffie-hellman-group-exchange-sha1"
    hash_algo = staticmethod(sha1)


class _Group14Sha1(KexGroup14SHA256):
    name = "diffie-hellman-group14-sha1"
    hash_algo = staticmethod(sha1)


class _RsaWithSha1(paramiko.RSAKey):
    """An RSA key that signs, and is verified, by SHA-1 alone (`ssh-rsa`, RFC 4253 section 6.6)."""

    HASHES: ClassVar = {"ssh-rsa": hashes.SHA1}  # type: ignore[misc]  # what paramiko 5 lacks


class Transport(paramiko.Transport):
    """Offers the modern algorithms, and the `old` ones that are allowed; prefers the pinned host key type `key_type`.

    `offered` is what the peer has, by paramiko's names, without the markers of extensions. The key exchange
    raises NoCommonAlgorithm.
    """

    _kex_info: ClassVar[dict[str, Callable[..., Any]]] = {
        **paramiko.Transport._kex_info,  # type: ignore[attr-defined]  # not in the stubs
        _Gex.name: _Gex,
        _GexSha1.name: _GexSha1,
        _Group14Sha1.name: _Group14Sha1,
    }
    _key_info: ClassVar[dict[str, Callable[..., Any]]] = {
        **paramiko.Transport._key_info,  # type: ignore[attr-defined]
        "ssh-rsa": _RsaWithSha1,
    }

    def __init__(self, stream: Any, *, old: Sequence[Old] = (), key_type: str | None = None, **options: Any) -> None:
        self._key_type = key_type
        self._spoken = _ours(tuple(old))
        self.offered: dict[str, list[str]] = {}
        super().__init__(stream, **options)

    @property
    def preferred_kex(self) -> Sequence[str]:
        return self._spoken[Kind.KEX]

    @property
    def preferred_keys(self) -> Sequence[str]:
        """The pinned type first, then the others: a host that lost that type then shows as one with a changed key.

        No certificates: what is pinned is a key.
        """
        return sorted(self._spoken[Kind.HOST_KEY], key=lambda name: KEY_TYPES.get(name, name) != self._key_type)

    @property
    def preferred_pubkeys(self) -> Sequence[str]:
        """What our own key may sign with. A device that does not say what it takes (RFC 8308) is an old one."""
        names = self._spoken[Kind.HOST_KEY]
        says = "server-sig-algs" in self.server_extensions  # type: ignore[attr-defined]
        return names if says or "ssh-rsa" not in names else [name for name in names if not name.startswith("rsa-")]

    @property
    def preferred_ciphers(self) -> Sequence[str]:
        return self._spoken[Kind.CIPHER]

    @property
    def preferred_macs(self) -> Sequence[str]:
        return self._spoken[Kind.MAC]

    @property
    def preferred_compression(self) -> Sequence[str]:
        return self._spoken[Kind.COMPRESSION]

    def auth_publickey(self, username: str, key: paramiko.PKey, event: Any = None) -> list[str]:
        if isinstance(key, paramiko.RSAKey) and "ssh-rsa" in self.preferred_pubkeys:
            rsa_sha2 = {name: method for name, method in paramiko.RSAKey.HASHES.items() if "rsa-sha2" in name}
            key = _RsaWithSha1(key=key.key)
            key.HASHES = {**rsa_sha2, **_RsaWithSha1.HASHES}  # type: ignore[misc]  # for this key alone
        return super().auth_publickey(username, key, event)

    def disagreement(self) -> Disagreement | None:
        """The first kind of algorithm of which both sides have none in common."""
        for kind, name, ours in (
            (Kind.KEX, "kex_algo_list", self.preferred_kex),
            (Kind.HOST_KEY, "server_key_algo_list", self.preferred_keys),
            (Kind.CIPHER, "client_encrypt_algo_list", self.preferred_ciphers),
            (Kind.CIPHER, "server_encrypt_algo_list", self.preferred_ciphers),
            (Kind.MAC, "client_mac_algo_list", self.preferred_macs),
            (Kind.MAC, "server_mac_algo_list", self.preferred_macs),
            (Kind.COMPRESSION, "client_compress_algo_list", self.preferred_compression),
            (Kind.COMPRESSION, "server_compress_algo_list", self.preferred_compression),
        ):
            if not set(self.offered.get(name, ours)) & set(ours):
                return Disagreement(kind, tuple(self.offered[name]))
        return None

    def _parse_kex_init(self, m: paramiko.Message) -> None:
        self.offered = self._really_parse_kex_init(paramiko.Message(m.asbytes()))  # type: ignore[attr-defined]
        # Extension markers are listed among the key exchange methods (RFC 8308 section 2.1) without being one.
        exchanges = self.offered["kex_algo_list"]
        self.offered["kex_algo_list"] = [one for one in exchanges if not one.startswith(("ext-info-", "kex-strict-"))]
        if found := self.disagreement():
            raise NoCommonAlgorithm(found)
        super()._parse_kex_init(m)  # type: ignore[misc]

    def _verify_key(self, host_key: bytes, signature: bytes) -> None:
        """Refuse a signature by another algorithm than the agreed one: paramiko 4 takes one by SHA-1 in its place."""
        signed_by = printable(paramiko.Message(signature).get_string(), 40)
        if signed_by != self.host_key_type:
            raise SSHException(f"the host key signs with {signed_by} instead of {self.host_key_type}")
        super()._verify_key(host_key, signature)  # type: ignore[misc]


@cache
def known() -> frozenset[str]:
    """The algorithms that can be spoken with the installed paramiko."""
    library = paramiko.Transport
    return frozenset(
        {*Transport._kex_info, *Transport._key_info, *library._cipher_info, *library._mac_info, "none"}  # type: ignore[attr-defined]
    )


@cache
def _ours(old: tuple[Old, ...]) -> Mapping[Kind, tuple[str, ...]]:
    """What is offered: the same for nearly all peers, and worked out once."""
    return spoken(old, known())


def refuse_unknown(old: Sequence[Old], *, where: str) -> None:
    """Raise OutsideFailure for an allowed algorithm that the installed paramiko cannot speak."""
    missing = [name for name in old if name not in known()]
    if missing:
        raise OutsideFailure(
            "algorithm-not-spoken",
            "{algorithm} is allowed, but the installed paramiko {version} cannot speak it",
            where=where,
            remedy=("Remove it from `legacy`, or install the older library: pip install 'paramiko>=4.0,<5'",),
            algorithm=missing[0],
            version=paramiko.__version__,
        )
