"""konfigurasi 1: the server's host key is pinned, then the playbook makes the server usable."""

import threading
from collections.abc import Callable
from typing import Any

from sopctl.adapters.ansible.runner import Outcome
from sopctl.adapters.ssh import check
from sopctl.errors import OutsideFailure, UsageError
from sopctl.model import access, history
from sopctl.model.access import HostKey, Target
from sopctl.workflow.desk import Desk, StepDone, Turn, turn
from sopctl.workflow.inventory_view import key_in_use, pinned_key
from sopctl.workflow.playbooks import OnEvent, explain, run_for, silent

Confirm = Callable[[HostKey], bool]
"""Asks a person whether this is the fingerprint that the server's console shows."""


def configure(
    desk: Desk,
    deposit_id: str,
    *,
    host_key: str | None = None,
    confirm: Confirm | None = None,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> StepDone:
    """Configure the server with playbooks/configure.yml.

    The first time, its host key is pinned: `host_key` is the fingerprint from the console or the owner's letter, else
    `confirm` asks a person. Nothing logs in before that. A failed host is an answer (no), recorded as failed.
    """
    with turn(desk, deposit_id, "configure") as mine:
        key_in_use(desk.site, mine.dossier)  # a server without a way in is not even looked at
        pin = _pin(mine, host_key, confirm)
        result = run_for(mine, "configure.yml", started=pin, on_event=on_event, cancel=cancel)
        host = result.hosts.get(deposit_id)
        if result.outcome is Outcome.FAILED or host is None:
            return mine.record(history.FAILED, note=explain(mine, result)[:1000], answer=False)
        note = f"{host.ok} tugas, {host.changed} perubahan, {result.seconds:.0f} s"
        return mine.record("selesai", note=note, data={"changed": host.changed})


def _pin(mine: Turn, expected: str | None, confirm: Confirm | None) -> dict[str, Any]:
    """What the `started` event says of the host key: nothing when it was pinned before.

    Raises UsageError when nobody can confirm the key, OutsideFailure when the server shows another one.
    """
    pinned = pinned_key(mine.dossier)
    wanted = access.pin(expected) if expected else None
    if pinned and (wanted is None or wanted.sha256 == pinned.sha256):
        return {}
    where = mine.deposit.access
    found = check(Target(where.address, where.port, expect_key=expected))
    if found.host_key is None or (wanted is None and found.cause):
        raise OutsideFailure(
            f"the server's host key cannot be read: {found.detail}",
            where=f"{where.address}:{where.port}",
            remedy=f"Look where it fails: sopctl probe {where.address}:{where.port}",
        )
    if wanted and wanted.sha256 != found.host_key.sha256:
        raise OutsideFailure(
            f"the server shows the host key {found.host_key.sha256}, expected was {wanted.sha256}",
            where=f"{where.address}:{where.port}",
            remedy="Someone may stand in between, or the fingerprint is of another key type: compare at the console. "
            "Nothing was sent.",
        )
    if wanted is None and (confirm is None or not confirm(found.host_key)):
        raise UsageError(
            f"the host key {found.host_key.sha256} ({found.host_key.type}) is not confirmed",
            remedy="Compare it at the server's console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then: "
            f"sopctl configure {mine.dossier.id} --host-key SHA256:…",
        )
    return {"host_key": found.host_key, "host_key_confirmed": "flag" if wanted else "terminal"}
