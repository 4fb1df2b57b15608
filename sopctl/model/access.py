"""Can a server be reached? Targets, the ladder's rungs, causes of failure, and the verdict.

The ladder follows the order in which a client meets a server: RFC 4253 (transport), RFC 4252 (login),
RFC 4254 (session). A check stops at the first rung that fails; that rung and its cause are the answer.
"""

import base64
import binascii
import hashlib
import re
from enum import StrEnum

from msgspec import Struct

from sopctl.errors import InvalidRecord
from sopctl.model.names import FINGERPRINT, is_address
from sopctl.model.text import printable


class Rung(StrEnum):
    """The steps of an access check, in order."""

    NAME = "name"
    TCP = "tcp"
    BANNER = "banner"
    KEX = "kex"
    HOST_KEY = "host-key"
    LOGIN = "login"
    COMMAND = "command"
    SERVICE = "service"


class Cause(StrEnum):
    """Why a rung failed; stable codes for scripts. `REMEDIES` has the sentence for people."""

    NO_SUCH_NAME = "no-such-name"
    RESOLVER_DOWN = "resolver-down"
    REFUSED = "refused"
    FILTERED = "filtered"
    NO_ROUTE = "no-route"
    THROTTLED = "throttled"
    CLOSED = "closed"
    SILENT = "silent"
    NOT_SSH = "not-ssh"
    NO_COMMON_ALGORITHM = "no-common-algorithm"
    HOST_KEY_CHANGED = "host-key-changed"
    HOST_KEY_UNKNOWN = "host-key-unknown"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    DENIED = "denied"
    ACCOUNT_EXPIRED = "account-expired"
    PASSWORD_EXPIRED = "password-expired"  # noqa: S105 (a cause, not a password)
    SHELL_BROKEN = "shell-broken"
    COMMAND_FAILED = "command-failed"
    PORT_CLOSED = "port-closed"
    FLOODED = "flooded"
    TIMEOUT = "timeout"


class HostKey(Struct, frozen=True):
    """A server's public host key: `type` as in RFC 4253, `key` base64, `sha256` as ssh-keygen -lf shows it."""

    type: str
    key: str
    sha256: str


class Target(Struct, frozen=True):
    """What to check: where, as whom, and what must be found there.

    `expect_key` is the pinned host key in a form that `pin` reads; without one, the check ends with
    `host-key-unknown` before any credential is sent. Without a `user` nobody logs in: after the host key come
    the services, and an absent pin is then no failure: the key found is the answer.
    `services` are TCP ports that must accept a connection from here.
    """

    host: str
    port: int = 22
    user: str | None = None
    expect_key: str | None = None
    command: str = "true"
    services: tuple[int, ...] = ()
    timeout: float = 20.0
    """Seconds for the whole check, all rungs together."""


class RungResult(Struct, frozen=True):
    """One rung: passed or not, how long it took (seconds), and what was seen, safe to print."""

    rung: Rung
    ok: bool
    seconds: float
    detail: str = ""


class Verdict(StrEnum):
    ACCESSIBLE = "accessible"
    INACCESSIBLE = "inaccessible"


class AccessResult(Struct, frozen=True):
    """The answer of one check. `rung` is the last one reached; `cause` and `detail` say why it failed."""

    host: str
    port: int
    verdict: Verdict
    rung: Rung
    cause: Cause | None
    detail: str
    seconds: float
    rungs: tuple[RungResult, ...]
    user: str | None = None
    host_key: HostKey | None = None
    banner: str = ""
    algorithms: dict[str, str] = {}


class Pin(Struct, frozen=True):
    """The host key that a server must show: its fingerprint ("SHA256:…") and, where known, its type."""

    sha256: str
    type: str | None = None


def fingerprint(key: bytes) -> str:
    """The fingerprint of a public key's RFC 4253 blob, as `ssh-keygen -lf` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def pin(text: str) -> Pin:
    """Read a pin: "SHA256:…", "TYPE SHA256:…", or a public key line "TYPE BASE64 [comment]".

    A fingerprint alone does not say of which of the server's keys it is, so the type is worth giving.
    Raises InvalidRecord.
    """
    words = text.split()
    wrong = InvalidRecord(
        "this is no host key",
        remedy='give its fingerprint "SHA256:…" as ssh-keygen -lf shows it, or the line of the .pub file',
    )
    if len(words) == 1 and re.match(FINGERPRINT, words[0]):
        return Pin(words[0])
    if len(words) < 2 or not re.fullmatch(r"[a-z0-9@.-]{1,64}", words[0]):
        raise wrong
    if len(words) == 2 and re.match(FINGERPRINT, words[1]):
        return Pin(words[1], words[0])
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        raise wrong from None
    name = words[0].encode()
    if not blob.startswith(len(name).to_bytes(4) + name):
        raise wrong
    return Pin(fingerprint(blob), words[0])


def endpoint(text: str) -> tuple[str, int]:
    """Read HOST, HOST:PORT, an IPv6 address, or [IPv6]:PORT; the port is 22 unless told. Raises InvalidRecord."""
    host, port = text, "22"
    if bracketed := re.fullmatch(r"\[([^\[\]]+)\](?::(.*))?", text):
        host, port = bracketed[1], bracketed[2] if bracketed[2] is not None else "22"
    elif text.count(":") == 1:
        host, port = text.split(":")
    host = host.lower()
    if not (is_address(host) or host == "localhost"):
        raise InvalidRecord(
            "this is neither a host name nor an address",
            where=printable(text, 80),
            remedy="examples: web.example.org, web.example.org:2222, 192.0.2.7, [2001:db8::7]:22",
        )
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise InvalidRecord("a port is a number from 1 to 65535", where=printable(text, 80))
    return host, int(port)


_THROTTLED = re.compile(r"exceeded maxstartups|not allowed at this time|too many connections", re.I)
_ACCOUNT_EXPIRED = re.compile(r"account\b.{0,80}\bexpired", re.I | re.S)
_PASSWORD_EXPIRED = re.compile(r"password\b.{0,40}\bexpired|password change required", re.I | re.S)
_NO_SHELL = re.compile(r"account is currently not available|sftp connections only", re.I)


def greeting_cause(text: str) -> Cause:
    """Why a server that hung up said `text` instead of an SSH identification: throttled, or another protocol.

    OpenSSH's sshd says "Exceeded MaxStartups" (since 8.8) and "Not allowed at this time" (PerSourcePenalties).
    """
    return Cause.THROTTLED if _THROTTLED.search(text) else Cause.NOT_SSH


def denial_cause(text: str) -> Cause:
    """Why a login was refused, from what the server said about it (RFC 4252 section 5.4 banner, disconnect)."""
    return Cause.ACCOUNT_EXPIRED if _ACCOUNT_EXPIRED.search(text) else Cause.DENIED


def command_cause(command: str, status: int | None, output: str) -> Cause | None:
    """What a command's end means; None is success. `status` is None when the server told none.

    A password that must be changed, and a login shell that refuses to work, both end every command with a
    status other than 0 and a sentence of their own. `true` cannot fail, so when it does, the shell is at fault.
    """
    if status == 0:
        return None
    if _PASSWORD_EXPIRED.search(output):
        return Cause.PASSWORD_EXPIRED
    if status is None or command == "true" or _NO_SHELL.search(output):
        return Cause.SHELL_BROKEN
    return Cause.COMMAND_FAILED


REMEDIES: dict[Cause, str] = {
    Cause.NO_SUCH_NAME: "correct the name, or have it entered in DNS; an address works without",
    Cause.RESOLVER_DOWN: "check this machine's name servers (resolvectl status, /etc/resolv.conf)",
    Cause.REFUSED: "start sshd on the server, or correct the port",
    Cause.FILTERED: "see that the server is on, cabled to its switch port, and that no firewall drops port {port}",
    Cause.NO_ROUTE: "check the network of this machine, the gateway, and the server's address",
    Cause.THROTTLED: "wait a minute; then raise MaxStartups or exempt this controller in PerSourcePenalties",
    Cause.CLOSED: "look at the server's sshd log, hosts.deny, and anything that bans addresses (fail2ban)",
    Cause.SILENT: "the server accepts but does not answer: look at its load, its disk, and sshd",
    Cause.NOT_SSH: "another service answers on port {port}: correct the port",
    Cause.NO_COMMON_ALGORITHM: "update the server's SSH, or allow current algorithms in its sshd_config",
    Cause.HOST_KEY_CHANGED: "do not log in: ask the owner whether the server was reinstalled, and confirm the new "
    "fingerprint at the console",
    Cause.HOST_KEY_UNKNOWN: "compare the fingerprint at the console (ssh-keygen -lf /etc/ssh/ssh_host_*.pub), "
    "then give it as the expected key",
    Cause.METHOD_NOT_ALLOWED: "allow public keys for {user} (PubkeyAuthentication, AuthenticationMethods)",
    Cause.DENIED: "see that the account {user} exists, is not locked, and has our key in authorized_keys "
    "(owner and mode: sshd's StrictModes)",
    Cause.ACCOUNT_EXPIRED: "the owner extends the account: chage -E -1 {user}",
    Cause.PASSWORD_EXPIRED: "the owner renews the password or its age: chage -d today -M -1 {user}",
    Cause.SHELL_BROKEN: "the owner gives {user} a working login shell: chsh -s /bin/sh {user}",
    Cause.COMMAND_FAILED: "run the command by hand as {user}",
    Cause.PORT_CLOSED: "start the service on the server, or open the port in its firewall",
    Cause.FLOODED: "stop what writes without end: the login scripts of {user}, or whatever answers on port {port}",
    Cause.TIMEOUT: "the server is too slow or hangs: look at its load, its DNS (UseDNS) and PAM; or allow more time",
}


def remedy(result: AccessResult) -> str:
    """What to do about `result`, in one sentence; empty when there is nothing to do."""
    if result.cause is None:
        return ""
    return REMEDIES[result.cause].format(port=result.port, user=result.user or "the user")
