"""Which private keys both of our SSH clients read: OpenSSH's, for Ansible's runs, and paramiko, for everything else.

paramiko's reader is the more patient one. A key that only it reads would let the office in until the first run.
"""

import base64
import binascii
import re

from sopctl.errors import InvalidRecord
from sopctl.locale import Prose, Text

_BEGIN = b"-----BEGIN OPENSSH PRIVATE KEY-----\n"
_END = b"-----END OPENSSH PRIVATE KEY-----\n"
_NOT_FIRST = (
    Text("something stands before its first line, or behind it"),
    Text("Let the file begin with the key itself."),
)
_PKCS8 = re.compile(rb"-----BEGIN PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]{1,200})-----END PRIVATE KEY-----")
_ED25519 = bytes.fromhex("06032b6570")
"""Its object identifier, 1.3.101.112 (RFC 8410)."""


def holds_one(content: bytes) -> bool:
    """Does a private key stand somewhere in this, as text (RFC 7468 and its forerunners)?"""
    return re.search(rb"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----", content) is not None


def refuse_unreadable(content: bytes, path: str) -> None:
    """Raise InvalidRecord for a private key that ssh does not read, with what makes it one that it does. Content that
    is no private key is not looked at."""
    why, remedy = _why(content, path)
    if why:
        raise InvalidRecord(
            "private-key-not-for-ssh",
            "ssh does not read this private key: {reason}",
            where=path,
            remedy=remedy,
            reason=why,
        )


def is_one(content: bytes) -> bool:
    """Does this content say of itself that it is a private key?"""
    return b"PRIVATE KEY-----" in content


def _why(content: bytes, path: str) -> tuple[Prose, Prose]:
    if b"BEGIN OPENSSH PRIVATE KEY" in content:
        if b"\r" in content:
            return Text("its lines end as on Windows"), Text(
                "Take the carriage returns away: sed -i 's/\\r$//' {path}", path=path
            )
        if not content.startswith(_BEGIN):
            return _NOT_FIRST
        if _END not in content:
            return Text("its last line is not whole"), Text(
                "End it with a line break, and nothing before that: echo >> {path}", path=path
            )
    elif b"PRIVATE KEY-----" in content and not re.search(rb"^-----BEGIN ", content, re.MULTILINE):
        return _NOT_FIRST
    elif (found := _PKCS8.search(content)) and _ED25519 in _decoded(found[1]):
        new = Text("Make a new key (ssh-keygen -t ed25519 -N '' -f FILE), and have its public half installed.")
        return Text("it is an Ed25519 key in PKCS #8 format, which OpenSSH reads since 9.6 only"), new
    return "", ""


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(text.split()))
    except binascii.Error:
        return b""
