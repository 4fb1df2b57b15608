"""The servers' host keys: pinned in the deposit's history, pending until someone confirms them, and what a changed one
stops. What confirms a key is in workflow/trust.py.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from sopctl.errors import Action, OutsideFailure
from sopctl.model.access import target
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult
from sopctl.model.access.target import HostKey
from sopctl.model.intake.identity import Holder, Mark
from sopctl.model.sop.entries import HostKeyPending, HostKeyPinned
from sopctl.store import dossiers
from sopctl.store.across import identities
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow import trust
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.servers.reach import host
from sopctl.workflow.trust import Host, Proof

if TYPE_CHECKING:
    from sopctl.adapters.ssh import Key


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
    return HostKeys(deposit_id, _pinned(dossier), pending(dossier), trust.look(host(desk.site, dossier.summary)))


def confirm(desk: Desk, deposit_id: str, *, fingerprint: str | None = None, trusted_path: str = "") -> StepDone:
    """Pin the key that the server shows now: its `fingerprint`, or whichever comes over a path that is trusted.

    Raises as `trust.confirmed`.
    """
    with act(desk, deposit_id, "host-key") as mine:
        pinned = _confirmed(mine, Proof(fingerprint, trusted_path))
        how = "dengan sidik jari" if fingerprint else f"lewat jalur tepercaya: {trusted_path}"
        note = f"{pinned.host_key.type} {pinned.host_key.sha256}: dikonfirmasi {how}"
        return mine.record(mine.verb.outcome, pinned, note=note)


def keep_pending(desk: Desk, deposit_id: str, key: HostKey) -> None:
    """Record that a server showed a key that nobody has confirmed. The same key is recorded once."""
    with act(desk, deposit_id, "host-key") as mine:
        before = pending(mine.dossier)
        if before is None or before.key != key:
            note = f"{key.type} {key.sha256}: menunggu konfirmasi"
            mine.record(mine.verb.outcome, HostKeyPending(host_key_pending=key), note=note)


def to_pin(mine: Turn, proof: Proof) -> HostKeyPinned | None:
    """What the beginning of a step establishes about the host key; None when this one is pinned already.

    Raises as `trust.confirmed`.
    """
    return _confirmed(mine, proof) if _to_confirm(mine, proof) else None


def _to_confirm(mine: Turn, proof: Proof) -> bool:
    """Is no key pinned, or another than the one that is given now?"""
    before = host(mine.desk.site, mine.dossier.summary).pinned
    wanted = target.pin(proof.fingerprint) if proof.fingerprint else None
    return before is None or (wanted is not None and wanted.sha256 != before.sha256)


class Pinning:
    """Confirms the key that a server shows while we are connected, and keeps what the beginning of a step then
    establishes about it."""

    def __init__(self, mine: Turn, proof: Proof) -> None:
        self._dossier, self._proof, self._site = mine.dossier, proof, mine.desk.site
        self._host = host(mine.desk.site, mine.dossier.summary)
        self.pinned: HostKeyPinned | None = None

    def __call__(self, key: HostKey) -> None:
        """Raises as `trust.confirmed`, and InvalidRecord for the key of another deposit's server: that is where we
        are."""
        before = pending(self._dossier)
        how = trust.accepted(self._host, self._proof, key, (before.key, before.at) if before else None)
        _refuse_of_another(self._site, self._dossier, key)
        self.pinned = HostKeyPinned(host_key=key, host_key_confirmed=how)


def _refuse_of_another(site: Site, dossier: Dossier, key: HostKey) -> None:
    mark = Mark("host-key", key.sha256)
    here = Holder(dossier.id, {mark: key.sha256}, excused=identities.of(site, dossier).excused)
    found = identities.clashes(site, [here])
    how = Action("host-key", dossier.id, needs=("fingerprint", "despite"))
    identities.refuse(found, host(site, dossier.summary).place, how=how)


def pinning(mine: Turn, proof: Proof) -> Pinning | None:
    """What confirms the key of a server on the first connection to it; None when the key is pinned already."""
    return Pinning(mine, proof) if _to_confirm(mine, proof) else None


def refuse_changed(site: Site, dossier: Dossier, user: str | None = None, key: "Key | None" = None) -> None:
    """Raise OutsideFailure, with both fingerprints, when the server shows another key than the pinned one. With a
    `user` and `key` we log in: a mere look is what OpenSSH from 9.8 on penalises."""
    where = host(site, dossier.summary)
    error = changed_error(where, trust.look(where, user=user, key=key))
    if error:
        raise error


def changed(site: Site, dossier: Dossier) -> OutsideFailure | None:
    """The error for a server that shows another key than the pinned one, with both fingerprints; else None."""
    where = host(site, dossier.summary)
    return changed_error(where, trust.look(where))


def changed_error(where: Host, found: AccessResult) -> OutsideFailure | None:
    """The error where a check found another key than the pinned one, with both fingerprints; else None.

    An unreachable server is not an error here: whatever comes next finds that out.
    """
    if found.cause is not Cause.HOST_KEY_CHANGED or where.pinned is None or found.host_key is None:
        return None
    return OutsideFailure(
        "host-key-changed",
        "the host key of {host} changed: expected {pinned_type} {pinned}, but the server shows {shown_type} {shown}",
        where=where.place,
        remedy=(
            "Nothing was sent. Ask the owner whether the server was reinstalled, and compare the key at its console. "
            "If it is the right one:",
            where.confirming,
        ),
        host=where.name,
        pinned=where.pinned.sha256,
        pinned_type=where.pinned.type,
        shown=found.host_key.sha256,
        shown_type=found.host_key.type,
    )


def pending(dossier: Dossier) -> Seen | None:
    """The key that waits for confirmation: the newest unconfirmed one, unless a key was pinned since."""
    waiting = next(dossier.established(HostKeyPending), None)
    pinned = next(dossier.established(HostKeyPinned), None)
    if waiting is None or (pinned and pinned[0].seq > waiting[0].seq):
        return None
    event, entry = waiting
    return Seen(entry.host_key_pending, event.at, event.by)


def _confirmed(mine: Turn, proof: Proof) -> HostKeyPinned:
    before = pending(mine.dossier)
    key, how = trust.confirmed(
        host(mine.desk.site, mine.dossier.summary), proof, (before.key, before.at) if before else None
    )
    return HostKeyPinned(host_key=key, host_key_confirmed=how)


def _pinned(dossier: Dossier) -> Seen | None:
    found = next(dossier.established(HostKeyPinned), None)
    if found is None:
        return None
    event, entry = found
    return Seen(entry.host_key, event.at, event.by, entry.host_key_confirmed)
