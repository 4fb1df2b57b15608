"""The servers' host keys: pinned per dossier, pending until someone confirms them, and what a changed one stops.

A key is confirmed by its fingerprint (from the console, or the owner's letter), by a person who compared it at the
terminal, or because the way to the server is trusted (a cable of our own). Nothing logs in before that.
"""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from sopctl.adapters.ssh import check
from sopctl.errors import OutsideFailure, UsageError
from sopctl.model.access import ladder
from sopctl.model.access.ladder import AccessResult, Cause, HostKey, Target
from sopctl.model.sop.entries import HostKeyPending, HostKeyPinned
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.servers.ansible_view import pinned_key

Confirm = Callable[[HostKey], bool]
"""Asks a person whether this is the fingerprint that the server's console shows."""


class Unconfirmed(UsageError):
    """The server shows a key that nobody has confirmed."""

    def __init__(self, key: HostKey, message: str, remedy: str) -> None:
        super().__init__("host-key-unconfirmed", "{reason}", remedy=remedy, reason=message)
        self.key = key


class Seen(Struct, frozen=True):
    """A key in a history: since when, by whom, and how it was confirmed (empty: it was not)."""

    key: HostKey
    at: datetime
    by: str
    how: str = ""


class HostKeys(Struct, frozen=True):
    """A server's host keys: the pinned one, one that waits for confirmation, and what the server shows now."""

    id: str
    pinned: Seen | None
    pending: Seen | None
    found: AccessResult

    @property
    def changed(self) -> bool:
        """Does the server show another key than the pinned one?"""
        return self.found.cause is Cause.HOST_KEY_CHANGED


def look(desk: Desk, deposit_id: str) -> HostKeys:
    """What is known of a server's host key, and what it shows now. Nobody logs in."""
    dossier = dossiers.read(desk.site, deposit_id)
    return HostKeys(deposit_id, _pinned(dossier), pending(dossier), _shown(dossier))


def confirm(desk: Desk, deposit_id: str, *, fingerprint: str | None = None, trusted_path: str = "") -> StepDone:
    """Pin the key that the server shows now: its `fingerprint`, or whichever comes over a path that is trusted.

    Raises OutsideFailure when it shows another one or none.
    """
    with act(desk, deposit_id, "host-key") as mine:
        key, how = _confirmed(mine.dossier, fingerprint, None, trusted_path)
        note = f"{key.type} {key.sha256}: dikonfirmasi ({how})"
        return mine.record(mine.verb.outcome, HostKeyPinned(host_key=key, host_key_confirmed=how), note=note)


def keep_pending(desk: Desk, deposit_id: str, key: HostKey) -> None:
    """Note that a server showed a key that nobody has confirmed; the same one is noted once."""
    with act(desk, deposit_id, "host-key") as mine:
        before = pending(mine.dossier)
        if before is None or before.key != key:
            note = f"{key.type} {key.sha256}: menunggu konfirmasi"
            mine.record(mine.verb.outcome, HostKeyPending(host_key_pending=key), note=note)


def to_pin(mine: Turn, fingerprint: str | None, ask: Confirm | None, trusted_path: str = "") -> HostKeyPinned | None:
    """What a step's `started` event says of the host key: None when it was pinned before.

    Raises Unconfirmed when nobody confirms it, OutsideFailure when the server shows another one or none.
    """
    pinned = pinned_key(mine.dossier)
    wanted = ladder.pin(fingerprint) if fingerprint else None
    if pinned and (wanted is None or wanted.sha256 == pinned.sha256):
        return None
    key, how = _confirmed(mine.dossier, fingerprint, ask, trusted_path)
    return HostKeyPinned(host_key=key, host_key_confirmed=how)


def refuse_changed(dossier: Dossier) -> None:
    """Raise OutsideFailure, with both fingerprints, when the server shows another key than the pinned one."""
    error = changed(dossier)
    if error:
        raise error


def changed(dossier: Dossier) -> OutsideFailure | None:
    """The error for a server that shows another key than the pinned one, with both fingerprints; else None.

    A server that cannot be reached is no changed one: what comes next finds that out.
    """
    found = _shown(dossier)
    if found.cause is not Cause.HOST_KEY_CHANGED:
        return None
    return OutsideFailure(
        "host-key-changed",
        "the host key of {deposit} changed: {detail}",
        where=f"{found.host}:{found.port}",
        remedy="Nothing was sent. Ask the owner whether the server was reinstalled and compare at its console; if "
        f"it is right: sopctl host-key {dossier.id} --confirm SHA256:…",
        deposit=dossier.id,
        detail=found.detail,
    )


def pending(dossier: Dossier) -> Seen | None:
    """The key that waits for confirmation: the newest that was noted, unless one was pinned since."""
    waiting = next(dossier.established(HostKeyPending), None)
    pinned = next(dossier.established(HostKeyPinned), None)
    if waiting is None or (pinned and pinned[0].seq > waiting[0].seq):
        return None
    event, entry = waiting
    return Seen(entry.host_key_pending, event.at, event.by)


def _confirmed(
    dossier: Dossier, fingerprint: str | None, ask: Confirm | None, trusted_path: str
) -> tuple[HostKey, str]:
    """The key that the server shows, and how it was confirmed."""
    where = dossier.deposit.access
    wanted = ladder.pin(fingerprint) if fingerprint else None
    found = check(Target(where.address, where.port, expect_key=fingerprint))
    place = f"{where.address}:{where.port}"
    key = found.host_key
    if key is None or (wanted is None and found.cause):
        raise OutsideFailure(
            "servers-host-key-cannot-read",
            "the server's host key cannot be read: {detail}",
            where=place,
            remedy=f"Look where it fails: sopctl probe {place}",
            detail=found.detail,
        )
    if wanted and wanted.sha256 != key.sha256:
        raise OutsideFailure(
            "server-shows-host-key-expected",
            "the server shows the host key {sha256}, expected was {sha2562}",
            where=place,
            remedy="Someone may stand in between, or the fingerprint is of another key type: compare at the console. "
            "Nothing was sent.",
            sha256=key.sha256,
            sha2562=wanted.sha256,
        )
    if wanted:
        return key, "fingerprint"
    if trusted_path:
        return key, f"trusted path: {trusted_path}"
    if ask and ask(key):
        return key, "terminal"
    raise _unconfirmed(dossier, key)


def _unconfirmed(dossier: Dossier, key: HostKey) -> Unconfirmed:
    before = pending(dossier)
    other = ""
    if before and before.key.sha256 != key.sha256:
        other = f"; on {before.at:%Y-%m-%d} it showed {before.key.sha256} ({before.key.type})"
    return Unconfirmed(
        key,
        f"the host key {key.sha256} ({key.type}) is not confirmed{other}",
        "Compare it at the server's console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then: "
        f"sopctl host-key {dossier.id} --confirm SHA256:…",
    )


def _shown(dossier: Dossier) -> AccessResult:
    where, pinned = dossier.deposit.access, pinned_key(dossier)
    return check(Target(where.address, where.port, expect_key=f"{pinned.type} {pinned.sha256}" if pinned else None))


def _pinned(dossier: Dossier) -> Seen | None:
    found = next(dossier.established(HostKeyPinned), None)
    if found is None:
        return None
    event, entry = found
    return Seen(entry.host_key, event.at, event.by, entry.host_key_confirmed)
