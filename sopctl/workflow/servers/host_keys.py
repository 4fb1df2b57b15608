"""The servers' host keys: pinned per dossier, pending until someone confirms them, and what a changed one stops.

How a key is confirmed: `workflow.trust`.
"""

from datetime import datetime

from msgspec import Struct

from sopctl.errors import OutsideFailure
from sopctl.model.access import ladder
from sopctl.model.access.ladder import AccessResult, Cause, HostKey
from sopctl.model.sop.entries import HostKeyPending, HostKeyPinned
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.workflow import trust
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.servers.reach import host
from sopctl.workflow.trust import Proof


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
    return HostKeys(deposit_id, _pinned(dossier), pending(dossier), trust.look(host(dossier)))


def confirm(desk: Desk, deposit_id: str, *, fingerprint: str | None = None, trusted_path: str = "") -> StepDone:
    """Pin the key that the server shows now: its `fingerprint`, or whichever comes over a path that is trusted.

    Raises as `trust.confirmed`.
    """
    with act(desk, deposit_id, "host-key") as mine:
        pinned = _confirmed(mine.dossier, Proof(fingerprint, trusted_path))
        key = pinned.host_key
        note = f"{key.type} {key.sha256}: dikonfirmasi ({pinned.host_key_confirmed})"
        return mine.record(mine.verb.outcome, pinned, note=note)


def keep_pending(desk: Desk, deposit_id: str, key: HostKey) -> None:
    """Note that a server showed a key that nobody has confirmed; the same one is noted once."""
    with act(desk, deposit_id, "host-key") as mine:
        before = pending(mine.dossier)
        if before is None or before.key != key:
            note = f"{key.type} {key.sha256}: menunggu konfirmasi"
            mine.record(mine.verb.outcome, HostKeyPending(host_key_pending=key), note=note)


def to_pin(mine: Turn, proof: Proof) -> HostKeyPinned | None:
    """What a step's `started` event says of the host key: None when this one was pinned before.

    Raises as `trust.confirmed`.
    """
    before = host(mine.dossier).pinned
    wanted = ladder.pin(proof.fingerprint) if proof.fingerprint else None
    if before and (wanted is None or wanted.sha256 == before.sha256):
        return None
    return _confirmed(mine.dossier, proof)


def refuse_changed(dossier: Dossier) -> None:
    """Raise OutsideFailure, with both fingerprints, when the server shows another key than the pinned one."""
    error = changed(dossier)
    if error:
        raise error


def changed(dossier: Dossier) -> OutsideFailure | None:
    """The error for a server that shows another key than the pinned one, with both fingerprints; else None.

    A server that cannot be reached is no changed one: what comes next finds that out.
    """
    found = trust.look(host(dossier))
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


def _confirmed(dossier: Dossier, proof: Proof) -> HostKeyPinned:
    before = pending(dossier)
    key, how = trust.confirmed(host(dossier), proof, (before.key, before.at) if before else None)
    return HostKeyPinned(host_key=key, host_key_confirmed=how)


def _pinned(dossier: Dossier) -> Seen | None:
    found = next(dossier.established(HostKeyPinned), None)
    if found is None:
        return None
    event, entry = found
    return Seen(entry.host_key, event.at, event.by, entry.host_key_confirmed)
