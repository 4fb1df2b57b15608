"""What an access check is asked to reach: a target, its pinned host key, its services, and the way there.

Each record has a function that reads it from what a person types.
"""

import base64
import binascii
import hashlib
import ipaddress
import re
from enum import StrEnum

from msgspec import Struct

from sopctl.errors import InvalidRecord
from sopctl.model.access.algorithms import Old
from sopctl.model.access.destinations import Destinations
from sopctl.model.names import FINGERPRINT, is_address
from sopctl.model.text import printable

_KEY_TYPE = r"[a-z0-9@.-]{1,64}"


class Pin(Struct, frozen=True, gc=False):
    """The host key that a server must show: its fingerprint ("SHA256:…") and, where known, its type."""

    sha256: str
    type: str | None = None

    def __str__(self) -> str:
        """The form that people write and `pin` reads."""
        return f"{self.type} {self.sha256}" if self.type else self.sha256


class HostKey(Struct, frozen=True, gc=False):
    """A server's public host key: `type` as in RFC 4253, `key` base64, `sha256` as ssh-keygen -lf shows it."""

    type: str
    key: str
    sha256: str

    @property
    def pin(self) -> Pin:
        """What to expect of a server that must show this key again."""
        return Pin(self.sha256, self.type)


class ServiceKind(StrEnum):
    """How far a service is tried: it accepts; it proves its name by TLS; it answers a request; it greets as a mail
    server does (RFC 5321)."""

    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"
    HTTPS = "https"
    SMTP = "smtp"


class Service(Struct, frozen=True, gc=False):
    """A TCP port that must work, and how far that is tried."""

    port: int
    kind: ServiceKind = ServiceKind.TCP

    def __str__(self) -> str:
        return str(self.port) if self.kind is ServiceKind.TCP else f"{self.port}/{self.kind}"

    @property
    def secured(self) -> bool:
        """Does it speak TLS?"""
        return self.kind in (ServiceKind.TLS, ServiceKind.HTTPS)

    @property
    def web(self) -> bool:
        """Does it answer HTTP?"""
        return self.kind in (ServiceKind.HTTP, ServiceKind.HTTPS)


class Jump(Struct, frozen=True):
    """A jump host: the check is made from there (RFC 4254 section 7.2, direct-tcpip), as from the requester's network.

    Its host key must be pinned as well: without `expect_key` nobody logs in there. `host_key` is the whole key, where
    OpenSSH itself is to compare it; `key_file` the private key for it on this machine, where the way there is the
    office's own (a network's) and not named for one check.
    """

    host: str
    port: int = 22
    user: str = ""
    expect_key: Pin | None = None
    host_key: HostKey | None = None
    key_file: str = ""


class Target(Struct, frozen=True):
    """What to check: where, as whom, and what must be found there.

    `expect_key` is the pinned host key; without one, the check ends with `host-key-unknown` before any credential is
    sent. Without a `user` nobody logs in: the services are checked right after the host key. A missing pin is then not
    a failure: the key that was found is the answer.
    The default command `true` shows whether the account has a shell that runs commands, and is proved to have run.
    """

    host: str
    port: int = 22
    user: str | None = None
    expect_key: Pin | None = None
    command: str = "true"
    services: tuple[Service | int, ...] = ()
    """What must work on the server besides SSH; a number alone is a port that must accept."""
    timeout: float = 20.0
    """Seconds for the whole check, all rungs together."""
    jump: Jump | None = None
    server_name: str | None = None
    """The name by which services are asked (TLS, HTTP), if it is not `host`."""
    old: tuple[Old, ...] = ()
    """Old SSH algorithms that the office allows for this host alone."""
    ssh: bool = True
    """Does it speak SSH? If not, `port` is one of its services, and only those are tried."""
    destinations: Destinations | None = None
    """Where the host may be, for one that a record of others names; None: an operator names it, who may go anywhere."""


def fingerprint(key: bytes) -> str:
    """The fingerprint of a public key's RFC 4253 blob, as `ssh-keygen -lf` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def fingerprint_of(line: str) -> str:
    """The fingerprint of a public key line "TYPE BASE64 [comment]". Raises InvalidRecord."""
    return pin(line).sha256


def pin(text: str) -> Pin:
    """Read a pin: "SHA256:…", "TYPE SHA256:…", or a public key line "TYPE BASE64 [comment]".

    A fingerprint alone does not say which of the server's keys it belongs to, so the type is worth giving.
    Raises InvalidRecord.
    """
    match text.split():
        case [sha256] if re.match(FINGERPRINT, sha256):
            return Pin(sha256)
        case [kind, sha256] if re.fullmatch(_KEY_TYPE, kind) and re.match(FINGERPRINT, sha256):
            return Pin(sha256, kind)
        case [kind, key, *_] if re.fullmatch(_KEY_TYPE, kind) and (blob := _blob(kind, key)):
            return Pin(fingerprint(blob), kind)
    raise InvalidRecord(
        "not-a-host-key",
        "this is not a host key",
        where=printable(text, 80),
        remedy='Give its fingerprint "SHA256:…" as ssh-keygen -lf shows it, or the line of the .pub file.',
    )


def host_key(text: str) -> HostKey:
    """Read a whole host key: the line "TYPE BASE64 [comment]" of its .pub file. Raises InvalidRecord."""
    found = pin(text)
    if found.type is None or len(words := text.split()) < 2 or words[1].startswith("SHA256:"):
        raise InvalidRecord(
            "not-a-whole-host-key",
            "this is not a whole host key",
            where=printable(text, 80),
            remedy="Give the line of its .pub file: /etc/ssh/ssh_host_ed25519_key.pub",
        )
    return HostKey(words[0], words[1], found.sha256)


def _blob(kind: str, key: str) -> bytes | None:
    """The RFC 4253 blob that `key` encodes in base64; None unless it holds a key of type `kind`."""
    try:
        blob = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return None
    name = kind.encode()
    return blob if blob.startswith(len(name).to_bytes(4) + name) else None


def endpoint(text: str) -> tuple[str, int]:
    """Read HOST, HOST:PORT, an IPv6 address, or [IPv6]:PORT; the port is 22 by default. Raises InvalidRecord."""
    host, port = text, "22"
    if bracketed := re.fullmatch(r"\[([^\[\]]+)\](?::(.*))?", text):
        host, port = bracketed[1], bracketed[2] if bracketed[2] is not None else "22"
    elif text.count(":") == 1:
        host, port = text.split(":")
    host = host.lower()
    if not (is_address(host) or host == "localhost"):
        raise InvalidRecord(
            "not-a-host",
            "this is neither a host name nor an address",
            where=printable(text, 80),
            remedy="Examples: web.example.org, web.example.org:2222, 192.0.2.7, [2001:db8::7]:22",
        )
    return host, _port(port, text)


def service(text: str) -> Service:
    """Read PORT or PORT/KIND; the kind is tcp by default. Raises InvalidRecord."""
    port, slash, kind = text.partition("/")
    number = _port(port, text)
    if slash and kind not in list(ServiceKind):
        raise InvalidRecord(
            "not-a-service",
            "a service is PORT, PORT/tcp, PORT/tls, PORT/http, PORT/https or PORT/smtp",
            remedy="Write it like this: 443/https",
            where=printable(text, 80),
        )
    return Service(number, ServiceKind(kind) if slash else ServiceKind.TCP)


def _port(digits: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", digits) or not 1 <= int(digits) <= 65535:
        raise InvalidRecord(
            "not-a-port",
            "a port is a number from 1 to 65535",
            remedy="Write only its number, such as 22.",
            where=printable(text, 80),
        )
    return int(digits)


def jump(text: str, expect_key: str | None = None, *, user: str | None = None) -> Jump:
    """Read [USER@]HOST[:PORT], and the pin of its host key; USER is `user` by default. Raises InvalidRecord."""
    name, at, place = text.rpartition("@")
    host, port = endpoint(place)
    account = name if at else user
    if not account:
        raise InvalidRecord(
            "jump-user-missing",
            "the account at the jump host is missing",
            where=printable(text, 80),
            remedy="Write it as USER@HOST.",
        )
    return Jump(host, port, account, pin(expect_key) if expect_key is not None else None)


def source(text: str) -> str:
    """Read the IP address that a login comes from. Raises InvalidRecord."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise InvalidRecord(
            "not-an-ip-address",
            "this is not an IP address",
            remedy="Write it in digits, such as 192.0.2.10; a name is not looked up here.",
            where=printable(text, 80),
        ) from None
