"""Which public keys may open an account: what a line of a .pub file says, and what the key in it is.

Sources: RFC 4253 section 6.6 (RSA), RFC 5656 (ECDSA), RFC 8709 (Ed25519), OpenSSH's PROTOCOL.u2f (FIDO keys). An RSA
key has at least 2,048 bits (NIST SP 800-57); DSA is what OpenSSH 10 has dropped.
"""

import base64
import binascii
import re

from sopctl.locale import Prose, Text, joined
from sopctl.model.names import PUBLIC_KEY
from sopctl.model.text import printable

MIN_RSA_BITS, MAX_RSA_BITS = 2048, 16384

_CURVES = {"nistp256": 32, "nistp384": 48, "nistp521": 66}
_TYPES = (
    "ssh-ed25519",
    "ssh-rsa",
    *(f"ecdsa-sha2-{curve}" for curve in _CURVES),
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
_NEW = Text("make a new one: ssh-keygen -t ed25519")

Flaw = tuple[Prose, Prose]
"""Why a line is no key that an account may have, and what helps."""

_DAMAGED: Flaw = (Text("the key is cut off or damaged"), Text("copy the whole line of the .pub file"))


def why_not(line: str) -> Prose:
    """Why this line is no key that an account may have, with what helps; empty for one that is."""
    return joined(": ", flaw(line) or ())


def flaw(line: str) -> Flaw | None:
    """The same in its two parts; None for a key that an account may have."""
    words = line.split(None, 2)[:2]
    kind = words[0] if words else ""
    if "PRIVATE KEY" in line[:100]:
        owners = Text("this is a private key, which nobody but its owner may have")
        return owners, Text("make a new one, and give its .pub file")
    if kind == "ssh-dss":
        return Text("DSA keys are no longer accepted by SSH servers"), _NEW
    if "-cert-v" in kind:
        return Text("this is a certificate"), Text("give the key itself, from the .pub file without -cert")
    if not re.match(PUBLIC_KEY, line):
        if len(words) > 1 and any(f" {each} " in f" {line[:2000]} " for each in _TYPES) and kind not in _TYPES:
            options = Text("options stand in front of the key, {options!r}", options=printable(kind, 40))
            return options, Text("give the key alone")
        return Text("this is no public key as in a .pub file"), Text("ssh-ed25519 AAAA… comment")
    return _flaw(kind, words[1])


def blob(line: str) -> bytes:
    """The key itself (RFC 4253), without its comment; empty for a line that has none."""
    words = line.split(None, 2)
    try:
        return base64.b64decode(words[1], validate=True) if len(words) > 1 else b""
    except (binascii.Error, ValueError):
        return b""


def _flaw(kind: str, key: str) -> Flaw | None:
    parts = _parts(blob(f"{kind} {key}"))
    if not parts:
        return _DAMAGED
    if parts[0] != kind.encode():
        other = Text("the key is of another type than {type}", type=kind)
        return other, Text("copy the whole line of the .pub file")
    if kind == "ssh-rsa":
        return _rsa(parts)
    return None if _shape_fits(kind, parts) else _DAMAGED


def _parts(key: bytes) -> list[bytes] | None:
    """The strings that the key consists of (RFC 4251 section 5); None unless it ends with the last of them."""
    found: list[bytes] = []
    at = 0
    while at < len(key) and len(found) < 6:
        end = at + 4 + int.from_bytes(key[at : at + 4])
        if at + 4 > len(key) or end > len(key):
            return None
        found.append(key[at + 4 : end])
        at = end
    return found if at == len(key) else None


def _rsa(parts: list[bytes]) -> Flaw | None:
    if len(parts) != 3:
        return _DAMAGED
    exponent, modulus = (int.from_bytes(part) if not part[:1] > b"\x7f" else 0 for part in parts[1:])
    if modulus.bit_length() < MIN_RSA_BITS:
        return Text("an RSA key of {bits} bits is too short", bits=modulus.bit_length()), _NEW
    if modulus.bit_length() > MAX_RSA_BITS or modulus % 2 == 0 or exponent < 3 or exponent % 2 == 0:
        return Text("this is no RSA key that can be used"), _NEW
    return None


def _shape_fits(kind: str, parts: list[bytes]) -> bool:
    """Has the key what its type has: its curve, a point of that size, and the application of a FIDO key?"""
    fido = kind.startswith("sk-")
    if fido and (len(parts) < 3 or not parts.pop()):
        return False
    if "ed25519" in kind:
        return len(parts) == 2 and len(parts[1]) == 32
    curve = next((name for name in _CURVES if name in kind), "")
    point = parts[2] if len(parts) == 3 else b""
    return parts[1:2] == [curve.encode()] and point[:1] == b"\x04" and len(point) == 1 + 2 * _CURVES.get(curve, 0)
