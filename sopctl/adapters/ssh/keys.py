"""Credentials for a server: a private key, which is refused when its file is not kept secret; or a password."""

import io
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sopctl.errors import InvalidRecord, OutsideFailure, in_words
from sopctl.locale import Text
from sopctl.model.access.target import fingerprint
from sopctl.model.private_key import refuse_unreadable

if TYPE_CHECKING:
    from paramiko import PKey

MAX_BYTES = 64 * 1024


@dataclass(frozen=True)
class Key:
    """A private key, with its fingerprint. `pkey` is for this adapter and the switches' only."""

    fingerprint: str
    pkey: "PKey" = field(repr=False)


@dataclass(frozen=True)
class Password:
    """A password for a first contact; never shown. `key` is tried first for the login: where it opens the account, only
    sudo gets the password."""

    text: str = field(repr=False)
    key: Key | None = None


def load_key(path: Path) -> Key:
    """Read the private key file `path`: Ed25519, ECDSA or RSA, in OpenSSH's or PEM format, without a passphrase.

    Raises InvalidRecord for a file that others may read, that has a passphrase, that holds no such key, or one that
    OpenSSH's own client does not read;
    OutsideFailure when it cannot be read.
    """
    content = _read(path)
    refuse_unreadable(content, str(path))
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization as pem
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from paramiko import ECDSAKey, Ed25519Key, RSAKey

    openssh = content.lstrip().startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    load = pem.load_ssh_private_key if openssh else pem.load_pem_private_key
    try:
        private = load(content, password=None)
    except TypeError:
        raise InvalidRecord(
            "private-key-has-passphrase",
            "the private key has a passphrase, and nobody is there to type it",
            where=str(path),
            remedy="Use a key made for this purpose only: ssh-keygen -t ed25519 -N '' -f FILE",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise _no_key(path) from None
    kinds: dict[type, type[PKey]] = {
        ed25519.Ed25519PrivateKey: Ed25519Key,
        ec.EllipticCurvePrivateKey: ECDSAKey,
        rsa.RSAPrivateKey: RSAKey,
    }
    for kind, paramiko_kind in kinds.items():
        if isinstance(private, kind):
            # Rewritten in OpenSSH's format: paramiko cannot read all the others.
            plain = private.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.OpenSSH, pem.NoEncryption())
            pkey = paramiko_kind.from_private_key(io.StringIO(plain.decode()))
            return Key(fingerprint(pkey.asbytes()), pkey)
    raise _no_key(path)


def _read(path: Path) -> bytes:
    """The file's bytes. The permissions are checked on the open file, so that it cannot be swapped in between."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _no_key(path)
            if status.st_mode & 0o077:
                raise InvalidRecord(
                    "private-key-readable-by-others",
                    "the private key can be read by others",
                    where=str(path),
                    remedy=Text("chmod 600 {path}", path=path),
                )
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise OutsideFailure(
            "private-key-not-read",
            "the private key cannot be read: {reason}",
            where=str(path),
            remedy="Give the path of a key file that this account may read.",
            reason=in_words(error),
        ) from None
    if len(content) > MAX_BYTES:
        raise _no_key(path)
    return content


def _no_key(path: Path) -> InvalidRecord:
    return InvalidRecord(
        "not-a-private-key",
        "this is not a private key that SSH can log in with",
        where=str(path),
        remedy="Give an Ed25519, ECDSA or RSA key file (not the .pub file): ssh-keygen -t ed25519 -N '' -f FILE",
    )
