"""Traps of ansible-runner and ansible-core that were read in their source: tests/cases/traps.yml says which test knows
which. Here are those that no other test is about."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sopctl.adapters.ansible.runner import Outcome, TaskEvent
from tests.adapters.ansible.test_runner import ONE, Playbook, answers, living, run, sleeper
from tests.faults.canaries import canary
from tests.patience import eventually

TESTS = Path(__file__).parents[2]
TRAPS: list[dict[str, Any]] = yaml.load((TESTS / "cases/traps.yml").read_text(), yaml.CSafeLoader)


@pytest.mark.parametrize("row", TRAPS, ids=lambda row: row["trap"][:60])
def test_every_trap_has_its_tests(row: dict[str, Any]) -> None:
    assert row["tests"]
    for test in row["tests"]:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (TESTS / file).read_text(), test


def test_an_answer_larger_than_ansible_runner_keeps_by_itself(site: Path, playbook: Playbook) -> None:
    """Above MAX_EVENT_RES, 700,000 characters unless told otherwise, an answer becomes {} without a word."""
    many = "{'ansible_facts': {'ansible_disk%d' % n: 'x' * 2000 for n in range(1000)}}"
    (site / "library/setup.py").write_text(answers(f"json.dumps({many})"))
    result = run(site, playbook("- setup:"), ONE)
    facts = result.hosts[ONE[0]].facts
    assert facts
    assert facts["ansible_disk999"] == "x" * 2000
    assert len(json.dumps(facts)) > 2_000_000


def test_a_slow_listener_loses_nothing(site: Path, playbook: Playbook, capfd: pytest.CaptureFixture[str]) -> None:
    """With a slow event handler and an unreachable host, ansible-runner itself raises pexpect.TIMEOUT (issue 1343)."""
    told: list[TaskEvent] = []

    def slowly(event: TaskEvent) -> None:
        time.sleep(1.5)  # longer than the time-out of pexpect
        told.append(event)

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    name = playbook("- ansible.builtin.ping:\n- ansible.builtin.debug: {msg: on}")
    result = run(site, name, [*ONE, "PS-2026-0003"], on_event=slowly)
    assert result.outcome is Outcome.UNREACHABLE
    assert [(event.host, event.status) for event in told if event.host == ONE[0]] == [(ONE[0], "ok")] * 2
    assert [event.status for event in told if event.host != ONE[0]] == ["unreachable"]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert capfd.readouterr() == ("", ""), "the output goes to its file alone"


def test_a_run_that_never_came_to_its_end_is_no_success(site: Path, playbook: Playbook) -> None:
    """Whatever its exit code: only the final statistics say that every host had its turn. On the way: what it is given
    stands on no command line."""
    name, mark, started = sleeper(site, playbook)
    seen: list[str] = []
    word = canary()

    def kill_ansible() -> None:
        eventually(started.exists, "it is not started")
        seen.extend(living(word))
        for child in children(int((site / "var/run/pid").read_text())):
            os.kill(child, signal.SIGKILL)

    killer = threading.Thread(target=kill_ansible)
    killer.start()
    result = run(site, name, ONE, variables={"word": word})
    killer.join()
    assert result.outcome is Outcome.CRASHED
    assert seen == []
    assert living(mark) == []


def children(parent: int) -> list[int]:
    """The processes that `parent` has started (proc(5))."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        if int(stat[stat.rindex(")") + 2 :].split()[1]) == parent:
            found.append(int(entry.name))
    return found


FACTS = """#!/usr/bin/python
import json
print(json.dumps({"ansible_facts": {"ansible_connection": "ssh", "ansible_host": "192.0.2.1", "mine": "{{ 6 * 7 }}",
    "ansible_python_interpreter": "/no/such/python", "inventory_hostname": "x", "ansible_become": True}}))
"""


def test_what_a_server_says_of_itself_is_no_variable(site: Path, playbook: Callable[[str], str]) -> None:
    """Facts neither replace variables nor are templates, whatever they are called."""
    (site / "library/setup.py").write_text(FACTS)
    name = playbook("""
- setup:
- ansible.builtin.assert:
    that:
      - mine is not defined
      - ansible_connection == 'local'
      - inventory_hostname == 'PS-2026-0001'
- ansible.builtin.command: "echo {{ ansible_facts['mine'] }}"
  register: said
- ansible.builtin.assert: {that: "'{' + '{ 6 * 7 }' + '}' == said.stdout"}
""")
    result = run(site, name, ONE)
    assert result.outcome is Outcome.OK, result.hosts[ONE[0]].message
