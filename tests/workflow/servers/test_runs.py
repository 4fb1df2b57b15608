"""What Ansible did is kept, told and forgotten in time."""

import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from sopctl.adapters.ansible.runner import RESULT_FILE, HostResult, Outcome, RunResult, run_playbook
from sopctl.errors import UsageError
from sopctl.store.site import RUN_DAYS, Site
from sopctl.workflow.servers import runs
from sopctl.workflow.servers.playbooks import waited

PLAYBOOK = """
- hosts: deposits
  connection: local
  gather_facts: false
  tasks:
    - name: Say something
      ansible.builtin.debug: {msg: "{{ secret }}"}
    - name: Refuse
      ansible.builtin.fail: {msg: "No disk \\x1b[2J there"}
"""


def run(site: Site, playbook: str) -> RunResult:
    (site.root / "playbooks/try.yml").write_text(playbook)
    shutil.rmtree(site.root / "inventory")
    (site.root / "inventory").mkdir()
    (site.root / "inventory/hosts.yml").write_text("deposits: {hosts: {PS-2026-0001: {}}}")
    folder = site.new_run("PS-2026-0001-try")
    return run_playbook(site.root, "try.yml", limit=["PS-2026-0001"], run_dir=folder, variables={"secret": "canary"})


def test_a_failed_run_is_told_with_its_task_its_message_and_what_helps(site: Site, sopctl: Callable[..., Any]) -> None:
    assert run(site, PLAYBOOK).outcome is Outcome.FAILED
    (line,) = sopctl("runs", "list").out.splitlines()
    assert line.split()[2] == "failed"
    assert line.endswith("PS-2026-0001-try.1")
    shown = sopctl("runs", "show", "PS-2026-0001")
    assert shown.code == 1
    assert "Refuse: No disk \\x1b[2J there" in shown.out
    assert runs.REMEDIES[Outcome.FAILED] in shown.out
    document = json.loads(sopctl("runs", "show", "PS-2026-0001-try.1", "--json").out)
    assert [(each["host"], each["failed_task"]) for each in document["hosts"]] == [("PS-2026-0001", "Refuse")]
    assert [each["role"] for each in document["roles"] if each["seconds"] > 0] == [""]
    assert oct((site.root / "var/runs/PS-2026-0001-try.1").stat().st_mode)[-3:] == "700"


def test_a_server_that_waits_for_its_own_name_is_told_with_what_helps(site: Site, sopctl: Callable[..., Any]) -> None:
    assert run(site, PLAYBOOK).outcome is Outcome.FAILED
    kept = site.root / "var/runs/PS-2026-0001-try.1" / RESULT_FILE
    said = json.loads(kept.read_text())
    host = HostResult(**said["hosts"]["PS-2026-0001"])
    assert waited(host) == ""
    said["hosts"]["PS-2026-0001"]["waited"] = 10.4
    kept.write_text(json.dumps(said))
    assert "took 10 s. One cause is" in sopctl("runs", "show", "PS-2026-0001").out
    assert waited(structs.replace(host, waited=10.4)) == "; fakta baru terbaca setelah 10 s", "only what was seen"
    # sudo waits as well, and Ansible gives it 12 s: the cause must stand beside the failure.
    assert waited(structs.replace(host, waited=12.6)).startswith("; fakta baru terbaca setelah 13 s")


def test_a_run_without_a_result_and_one_that_is_none(site: Site) -> None:
    site.new_run("PS-2026-0001-configure").mkdir()
    assert [(each.id, each.outcome) for each in runs.listed(site)] == [("PS-2026-0001-configure.1", "no-result")]
    with pytest.raises(UsageError, match="no run"):
        runs.one(site, "PS-2026-0002")


def test_old_runs_go_and_no_number_is_given_twice(site: Site) -> None:
    def make() -> Path:
        folder = site.new_run("a")
        folder.mkdir()
        return folder

    old, new = make(), make()
    past = time.time() - (RUN_DAYS + 1) * 86_400
    os.utime(old, (past, past))
    site.forget_runs(datetime.now(UTC))
    assert make().name == "a.3"
    assert not old.exists()
    assert new.exists()


def test_every_outcome_has_a_remedy() -> None:
    assert set(runs.REMEDIES) == set(Outcome)
