"""konfigurasi 1: the server's host key is pinned, then the playbook makes the server usable."""

import threading

from sopctl.adapters.ansible.runner import Outcome
from sopctl.model import history
from sopctl.workflow import hostkeys
from sopctl.workflow.desk import Desk, StepDone, turn
from sopctl.workflow.hostkeys import Confirm, Unconfirmed
from sopctl.workflow.inventory_view import key_in_use
from sopctl.workflow.playbooks import OnEvent, explain, run_for, silent


def configure(
    desk: Desk,
    deposit_id: str,
    *,
    host_key: str | None = None,
    confirm: Confirm | None = None,
    trusted_path: str = "",
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> StepDone:
    """Configure the server with playbooks/configure.yml.

    The first time, its host key is pinned: `host_key` is the fingerprint from the console or the owner's letter, else
    `trusted_path` says why the way to the server is trusted, else `confirm` asks a person. Nothing logs in before
    that: a key that nobody confirms is kept as pending. A failed host is an answer (no), recorded as failed.
    """
    try:
        with turn(desk, deposit_id, "configure") as mine:
            key_in_use(desk.site, mine.dossier)  # a server without a way in is not even looked at
            pin = hostkeys.to_pin(mine, host_key, confirm, trusted_path)
            result = run_for(mine, "configure.yml", started=pin, on_event=on_event, cancel=cancel)
            host = result.hosts.get(deposit_id)
            if result.outcome is Outcome.FAILED or host is None:
                return mine.record(history.FAILED, note=explain(mine, result)[:1000], answer=False)
            note = f"{host.ok} tugas, {host.changed} perubahan, {result.seconds:.0f} s"
            return mine.record("selesai", note=note, data={"changed": host.changed})
    except Unconfirmed as error:
        hostkeys.keep_pending(desk, deposit_id, error.key)
        raise
