"""Hosts that are reached over SSH (servers, appliances, switches): where each is, which host key it must show, and how
a key that it shows is confirmed.

Nobody logs in before the host's key is pinned. A key is confirmed by its fingerprint (from the console, or the owner's
letter), by a person who compared it at the terminal, or because the way to the host is trusted (a cable of our own).
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from sopctl.errors import Action, OutsideFailure, UsageError
from sopctl.locale import Prose, Text, gettext_noop
from sopctl.model.access import details, ladder
from sopctl.model.access import target as targets
from sopctl.model.access.algorithms import OLD, Disagreement, Kind, Old, device_remedies
from sopctl.model.access.causes import Cause
from sopctl.model.access.destinations import Destinations
from sopctl.model.access.ladder import AccessResult
from sopctl.model.access.target import HostKey, Jump, Pin, Service, Target

if TYPE_CHECKING:
    from sopctl.adapters.ssh import Key

Confirm = Callable[[HostKey], bool]
"""Asks a person whether this is the fingerprint that the host's console shows."""


_KINDS = {
    "server": gettext_noop("server"),
    "appliance": gettext_noop("appliance"),
    "other": gettext_noop("other"),
    "switch": gettext_noop("switch"),
}


class Host(Struct, frozen=True):
    """Where a host is, and its pinned key, if there is one. `name` is the deposit's id, or the switch's name."""

    kind: Literal["server", "appliance", "other", "switch"]
    name: str
    address: str
    port: int
    pinned: HostKey | None = None
    old: tuple[Old, ...] = ()
    """Old SSH algorithms that its record allows."""
    destinations: Destinations | None = None
    """Where it may be; None for a switch, which the office itself names."""
    jump: Jump | None = None
    """The jump host of the network that it is in."""
    server_name: str | None = None
    """The name by which its services are asked, if that is known beside its address."""

    @property
    def place(self) -> str:
        """Address and port, as `sopctl probe` reads them."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def said(self) -> Text:
        """What it is."""
        return Text(_KINDS[self.kind])

    @property
    def confirming(self) -> Action:
        """How a key of this host is confirmed; it takes the fingerprint."""
        verb = "switch host-key" if self.kind == "switch" else "host-key"
        return Action(verb, self.name, needs=("fingerprint",))


class Proof(Struct, frozen=True):
    """What confirms a host key; the first one given counts: its fingerprint, why the way to the host is trusted, or a
    person who is asked."""

    fingerprint: str | None = None
    trusted_path: str = ""
    ask: Confirm | None = None


class Unconfirmed(UsageError):
    """The host shows a key that nobody has confirmed. `before` is one that it showed earlier, and when."""

    def __init__(self, host: Host, key: HostKey, before: tuple[HostKey, datetime] | None = None) -> None:
        command = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"
        remedy: list[Text | Action] = [
            Text("Compare it at the {kind}'s console ({command}).", kind=host.said, command=command)
            if host.kind == "server"
            else Text("Compare it at the {kind}'s console.", kind=host.said),
            host.confirming,
        ]
        if before and before[0].sha256 != key.sha256:
            remedy.insert(
                0,
                Text(
                    "Careful: on {day:%Y-%m-%d} it showed {sha256} ({type}).",
                    day=before[1],
                    sha256=before[0].sha256,
                    type=before[0].type,
                ),
            )
        super().__init__(
            "host-key-unconfirmed",
            "the host key {sha256} ({type}) of {host} is not confirmed",
            where=host.place,
            remedy=remedy,
            host=host.name,
            sha256=key.sha256,
            type=key.type,
        )
        self.key = key


def target(
    host: Host,
    user: str | None = None,
    *,
    expect: Pin | None = None,
    services: tuple[Service | int, ...] = (),
    timeout: float = 20.0,
    jump: Jump | None = None,
) -> Target:
    """What to check of this host, which must show the key `expect`, by default its pinned one. Without a `user` nobody
    logs in. `timeout`: seconds for the whole check. `jump`: from where, if not from where the office reaches it."""
    if expect is None and host.pinned:
        expect = host.pinned.pin
    return Target(
        host.address,
        host.port,
        user,
        expect,
        services=services,
        timeout=timeout,
        jump=jump or host.jump,
        server_name=host.server_name,
        old=host.old,
        destinations=host.destinations,
    )


def look(host: Host, *, expect: Pin | None = None, user: str | None = None, key: "Key | None" = None) -> AccessResult:
    """What the host shows now, beside its pinned key (or `expect`). Nobody logs in, but where a `user` with a `key` is
    given: a connection without a login is what OpenSSH from 9.8 on penalises."""
    from sopctl.adapters.ssh import check  # code that only reads the records must not load it

    return check(target(host, user, expect=expect), key)


def required_key(host: Host) -> HostKey:
    """The key that the host must show. Raises OutsideFailure when none is pinned."""
    if host.pinned is None:
        raise OutsideFailure(
            "host-key-not-pinned",
            "nobody has confirmed the host key of {host}, so nobody logs in there",
            where=host.place,
            remedy=(Text("Compare it at the {kind}'s console.", kind=host.said), host.confirming),
            host=host.name,
        )
    return host.pinned


def confirmed(host: Host, proof: Proof, before: tuple[HostKey, datetime] | None = None) -> tuple[HostKey, str]:
    """The key that the host shows now, whatever key is pinned, and what confirmed it: "fingerprint",
    "trusted path: WHY", or "terminal". `before`: an unconfirmed key that it showed earlier, and when.

    Raises InvalidRecord for a fingerprint that is not one, OutsideFailure when the host shows another key or none,
    Unconfirmed when nothing confirms the one that it shows.
    """
    wanted = targets.pin(proof.fingerprint) if proof.fingerprint else None
    found = look(replace(host, pinned=None), expect=wanted)
    key = found.host_key
    if key is None or (wanted is None and found.cause):
        raise OutsideFailure(
            "host-key-unreadable",
            "the host key of {host} cannot be read: {reason}",
            where=host.place,
            remedy=(*_remedy(host, found), "To see where it fails:", Action("probe", host.place)),
            host=host.name,
            reason=details.read(found.detail),
        )
    return key, accepted(host, proof, key, before)


_APART = {
    Cause.NO_COMMON_KEX: Kind.KEX,
    Cause.NO_COMMON_HOST_KEY: Kind.HOST_KEY,
    Cause.NO_COMMON_CIPHER: Kind.CIPHER,
    Cause.NO_COMMON_MAC: Kind.MAC,
}


def _remedy(host: Host, found: AccessResult) -> tuple[Prose, ...]:
    """What helps with this host: an appliance or a switch has no sshd_config."""
    kind = _APART.get(found.cause) if found.cause else None
    if host.kind == "server" or kind is None:
        return (ladder.remedy(found),)
    said = set(found.detail.replace(",", " ").split())
    return device_remedies(Disagreement(kind, tuple(each for each in OLD.get(kind, ()) if each in said)))


def accepted(host: Host, proof: Proof, key: HostKey, before: tuple[HostKey, datetime] | None = None) -> str:
    """What confirms the key that the host shows. Raises as `confirmed`."""
    wanted = targets.pin(proof.fingerprint) if proof.fingerprint else None
    if wanted and wanted.sha256 != key.sha256:
        raise OutsideFailure(
            "host-key-not-expected",
            "{host} shows the host key {shown} instead of {expected}",
            where=host.place,
            remedy=Text(
                "Nothing was sent. Someone may stand in between, or the fingerprint is of another key "
                "type: compare it at the {kind}'s console.",
                kind=host.said,
            ),
            host=host.name,
            shown=key.sha256,
            expected=wanted.sha256,
        )
    if wanted:
        return "fingerprint"
    if proof.trusted_path:
        return f"trusted path: {proof.trusted_path}"
    if proof.ask and proof.ask(key):
        return "terminal"
    raise Unconfirmed(host, key, before)
