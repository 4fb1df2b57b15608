"""Rehearse a playbook on throwaway servers before it runs on a real one. It runs twice, and the second run may change
nothing."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from sopctl.adapters import lab
from sopctl.adapters.ansible.connection import ssh_common_args
from sopctl.adapters.ansible.runner import HostResult, Outcome, RunResult, run_playbook
from sopctl.adapters.lab import LabServer, LabStatus
from sopctl.errors import SopctlError, UsageError
from sopctl.store.site import Site
from sopctl.workflow.servers.playbooks import OnEvent, silent, skeleton
from sopctl.workflow.setup.init import make_key

LAB = "rehearse"
COPIED = ("playbooks", "roles", "inventory/group_vars", "inventory/host_vars")


class Rehearsal(Struct, frozen=True):
    """Two runs: `first` configures the servers, `second` must find nothing to change (None: the first failed)."""

    first: RunResult
    second: RunResult | None

    @property
    def ok(self) -> bool:
        """Did both succeed, and did the second change nothing?"""
        return self.second is not None and self.second.outcome is Outcome.OK and not self.changed_again

    @property
    def changed_again(self) -> dict[str, HostResult]:
        """The servers on which the second run changed something."""
        hosts = self.second.hosts if self.second else {}
        return {name: host for name, host in hosts.items() if host.changed}


def rehearse(
    site_dir: str | None,
    playbook: Path,
    *,
    servers: int = 1,
    release: str = "bookworm",
    groups: Sequence[str] = (),
    keep: bool = False,
    progress: Callable[[str], None] = lambda _line: None,
    on_event: OnEvent = silent,
) -> Rehearsal:
    """Run `playbook` (of the site's playbooks/, or of those that a new site gets) twice on lab servers.

    The servers are new. They are in the inventory's group `deposits` and in `groups`, with the variables of a small
    deposit. The site itself is not touched: its playbooks, roles, variables and vault password are copied. Raises
    UsageError for a playbook that lies elsewhere, and what the lab and the runs raise.
    """
    root = where(site_dir)
    name = playbook.name
    if playbook.resolve() != (root / "playbooks" / name).resolve() or not playbook.is_file():
        raise UsageError(
            "playbook-elsewhere",
            "{playbook} is not a playbook in {folder}",
            remedy="Put it there: its roles, hooks and variables are found from that folder.",
            playbook=playbook,
            folder=root / "playbooks",
        )
    with lab.name_of_its_own(LAB) as own, tempfile.TemporaryDirectory(prefix="sopctl-rehearse-") as folder:
        stage = Path(folder)
        lab.down(own)
        try:
            status = lab.up(own, servers=servers, release=release, progress=progress)
            ids = _set_up(root, stage, status, groups)
            first = run_playbook(stage, name, limit=ids, run_dir=stage / "run1", on_event=on_event)
            second = None
            if first.outcome is Outcome.OK:
                progress("the second run: it may change nothing")
                second = run_playbook(stage, name, limit=ids, run_dir=stage / "run2", on_event=on_event)
        finally:
            if not keep:
                lab.down(own, progress=progress)
    return Rehearsal(first, second)


def where(site_dir: str | None) -> Path:
    """Where the playbooks to rehearse are: the site, or what a new site gets. Raises InvalidRecord or UsageError when
    the site that is named is none."""
    try:
        return Site.find(site_dir).root
    except SopctlError:
        if site_dir:
            raise
        return skeleton()


def bring(root: Path, stage: Path) -> None:
    """Copy the playbooks of `root`, their variables and the vault's password into the folder `stage`."""
    for name in COPIED:
        if (root / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root / name, stage / name, ignore=ignored, dirs_exist_ok=True)
    shutil.copyfile(root / "ansible.cfg", stage / "ansible.cfg")
    (stage / "keys").mkdir(mode=0o700, exist_ok=True)
    if (root / "keys/vault").is_file():
        shutil.copy(root / "keys/vault", stage / "keys/vault")


def _set_up(root: Path, stage: Path, status: LabStatus, groups: Sequence[str]) -> list[str]:
    """Make the stage: the site's playbooks around an inventory of the lab's servers. Returns their names in it."""
    bring(root, stage)
    for name in ("management", "requester"):
        make_key(stage / "keys" / name, name)
    (stage / "inventory").mkdir(exist_ok=True)
    hosts = {f"PS-0000-{n:04}": _variables(stage, status, server) for n, server in enumerate(status.servers, 1)}
    inventory: dict[str, Any] = {group: {"hosts": {key: {} for key in hosts}} for group in groups}
    inventory["deposits"] = {"hosts": hosts}
    (stage / "inventory/rehearsal.yml").write_text(yaml.safe_dump(inventory))
    return list(hosts)


def _variables(stage: Path, status: LabStatus, server: LabServer) -> dict[str, object]:
    """The variables that a deposit has; see `ansible_view.variables`."""
    pinned = next(key for key in server.host_keys if key.type == "ssh-ed25519")
    return {
        "ansible_host": server.address,
        "ansible_port": server.port,
        "ansible_user": server.user,
        "ansible_ssh_private_key_file": server.key_file,
        "ansible_ssh_common_args": ssh_common_args(pinned),
        "sopctl_id": server.name,
        "sopctl_hostname": f"{server.name}.example.org",
        "sopctl_accounts": [{"name": "webadmin", "keys": [_public(stage, "requester")]}],
        "sopctl_ports": [443],
        "sopctl_sources": [],
        "sopctl_static_address": {},
        "sopctl_resolvers": {"servers": [], "search": []},
        "sopctl_controllers": [status.controller],
        "sopctl_management_account": "sopctl",
        "sopctl_management_key_file": str(stage / "keys/management"),
        "sopctl_management_public_key": _public(stage, "management"),
        "sopctl_time_zone": "Asia/Jakarta",
        "sopctl_time_servers": [],
        "sopctl_journal_max": "1G",
        "sopctl_security_updates": True,
        "sopctl_banner": "Server percobaan.",
        "sopctl_last_cause": "",
    }


def _public(stage: Path, name: str) -> str:
    return (stage / f"keys/{name}.pub").read_text().strip()
