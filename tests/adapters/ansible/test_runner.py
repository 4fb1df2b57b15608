"""Runs of real playbooks by the real Ansible, and every way in which they end."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.adapters.ansible.runner import Outcome, RunResult, TaskEvent, run_playbook
from sopctl.errors import Conflict, InvalidRecord, OutsideFailure
from tests.patience import LATE, PATIENCE, eventually

ONE = ["PS-2026-0001"]
Playbook = Callable[[str], str]


def run(site: Path, playbook: str, limit: list[str], **more: object) -> RunResult:
    return run_playbook(site, playbook, limit=limit, run_dir=site / "var/run", **more)  # type: ignore[arg-type]


def living(marker: str) -> list[str]:
    """The command lines of living processes that carry `marker`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if marker in line:
                found.append(line)
    return found


def test_each_host_has_its_own_result(site: Path, playbook: Playbook) -> None:
    name = playbook("""
- name: Fail on one
  ansible.builtin.command: ls /no/such/file
  when: inventory_hostname == 'PS-2026-0002'
- name: Say something
  ansible.builtin.command: echo {{ word }}
""")
    told: list[TaskEvent] = []
    hosts = ["PS-2026-0001", "PS-2026-0002", "PS-2026-0003"]
    result = run(site, name, hosts, variables={"word": "hi"}, on_event=told.append)
    assert result.outcome is Outcome.FAILED
    good, bad, dead = (result.hosts[host] for host in hosts)
    assert (good.ok, good.changed, good.failed, good.unreachable, good.message) == (1, 1, 0, False, "")
    assert (bad.failed, bad.failed_task) == (1, "Fail on one")
    assert "No such file" in bad.message
    assert dead.unreachable
    assert "Connection refused" in dead.message
    statuses = {(event.host, event.task): event.status for event in told}
    assert statuses[("PS-2026-0001", "Fail on one")] == "skipped"
    assert statuses[("PS-2026-0001", "Say something")] == "changed"
    assert statuses[("PS-2026-0003", "Say something")] == "unreachable"


def test_unreachable_is_not_a_parser_error_though_ansible_exits_with_4_for_both(site: Path, playbook: Playbook) -> None:
    assert run(site, playbook("- ansible.builtin.ping:"), ["PS-2026-0003"]).outcome is Outcome.UNREACHABLE


def test_a_playbook_that_cannot_be_read_says_why(site: Path, playbook: Playbook) -> None:
    result = run(site, playbook("- no.such.module: {}"), ONE)
    assert result.outcome is Outcome.PARSER_ERROR
    assert "no.such.module" in result.message


def test_a_host_that_the_inventory_does_not_know_is_no_success(site: Path, playbook: Playbook) -> None:
    for limit in (["PS-2026-0009"], ["PS-2026-0001", "PS-2026-0009"]):
        result = run_playbook(
            site, playbook("- ansible.builtin.ping:"), limit=limit, run_dir=site / f"var/{len(limit)}"
        )
        assert result.outcome is Outcome.PARSER_ERROR
        assert "had its turn" in result.hosts["PS-2026-0009"].message


@pytest.mark.parametrize(
    "name", ["all", "localhost", "*", "a:b", "~x", "@file", "-x", "[1:9]", "", "a\nb", "!x", "a,b"]
)
def test_patterns_are_no_host_names(site: Path, playbook: Playbook, name: str) -> None:
    with pytest.raises(InvalidRecord):
        run(site, playbook("- ansible.builtin.ping:"), [name])
    assert not (site / "var/run").exists()


def test_no_host_is_not_every_host(site: Path, playbook: Playbook) -> None:
    with pytest.raises(InvalidRecord):
        run(site, playbook("- ansible.builtin.ping:"), [])


@pytest.mark.parametrize("name", ["../try.yml", "/etc/passwd", "none.yml", "-x.yml/"])
def test_only_a_playbook_of_the_site_runs(site: Path, name: str) -> None:
    with pytest.raises(InvalidRecord):
        run(site, name, ONE)


def test_a_site_whose_path_is_taken_for_another_runs_nothing(site: Path, playbook: Playbook) -> None:
    name = playbook("- ansible.builtin.ping:")
    moved = site.rename(site.with_name("a$HOME"))
    with pytest.raises(InvalidRecord, match="cannot be given this path"):
        run(moved, name, ONE)
    assert not (moved / "var/run").exists()


def test_each_run_has_a_folder_of_its_own(site: Path, playbook: Playbook) -> None:
    (site / "var/run").mkdir(parents=True)
    with pytest.raises(Conflict):
        run(site, playbook("- ansible.builtin.ping:"), ONE)


def test_check_changes_nothing(site: Path, playbook: Playbook) -> None:
    name = playbook(f"- ansible.builtin.file: {{path: {site}/made, state: touch, mode: '0600'}}")
    assert run(site, name, ONE, check=True).outcome is Outcome.OK
    assert not (site / "made").exists()


def test_nothing_secret_is_kept_shown_or_passed_on(
    site: Path, playbook: Playbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_TOKEN", "canary-environment")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/canary-environment")
    monkeypatch.setenv("ANSIBLE_HOST_KEY_CHECKING", "False")
    monkeypatch.setenv("LANG", "xx_XX.UTF-8")  # Ansible ends at once where it gets one that the machine does not have
    name = playbook("""
- ansible.builtin.shell: env; cat /proc/$PPID/cmdline
- ansible.builtin.debug: {msg: "{{ secret | length }}"}
""")
    old = os.umask(0)
    try:
        result = run(site, name, ONE, variables={"secret": "canary-variable"})
    finally:
        os.umask(old)
    assert result.outcome is Outcome.OK
    kept = [path for path in (site / "var/run").rglob("*") if path.is_file()]
    assert any(path.parent.name == "job_events" for path in kept)
    text = "".join(path.read_text() for path in kept)
    assert "ANSIBLE_HOST_KEY_CHECKING=True" in text
    assert "canary" not in text
    assert (site / "var/run").stat().st_mode & 0o777 == 0o700
    assert not (site / "var/run/env").exists()


def test_secrets_of_the_vault_are_read_with_the_sites_password(site: Path, playbook: Playbook) -> None:
    """Encrypted variables of a group and of one host, and a file of variables for one run."""
    name = playbook("- ansible.builtin.assert: {that: \"group_word + host_word + run_word == 'canary-abc'\"}")
    (site / "keys").mkdir(mode=0o700)
    password = site / "keys/vault"
    password.write_text("canary-password\n")
    for place, text in {
        "inventory/group_vars/deposits.yml": "group_word: canary-a",
        "inventory/host_vars/PS-2026-0001.yml": "host_word: b",
        "run.yml": "run_word: c",
    }.items():
        (site / place).parent.mkdir(exist_ok=True)
        (site / place).write_text(text)
        vault = Path(sys.executable).with_name("ansible-vault")
        words: list[str | Path] = [vault, "encrypt", "--vault-password-file", password, site / place]
        subprocess.run(words, check=True, capture_output=True)
    password.chmod(0o640)
    with pytest.raises(OutsideFailure, match="can be read by others"):
        run(site, name, ONE)
    password.chmod(0o600)
    run_dir = site / "var/vault"
    result = run_playbook(site, name, limit=ONE, run_dir=run_dir, variable_files=[site / "run.yml"])
    assert result.outcome is Outcome.OK
    assert "canary" not in "".join(path.read_text() for path in run_dir.rglob("*") if path.is_file())
    with pytest.raises(InvalidRecord, match="does not exist"):
        run_playbook(site, name, limit=ONE, run_dir=site / "var/none", variable_files=[site / "none.yml"])


SLEEPER = """
- ansible.builtin.shell: "echo > {started}; exec sleep 987{number}"
"""


def sleeper(site: Path, playbook: Playbook) -> tuple[str, str, Path]:
    """A playbook that never ends, the mark by which its processes are known, and the file that says it began."""
    number = str(os.getpid()) + str(int(time.time() * 1000))[-6:]
    started = site / "started"
    return playbook(SLEEPER.format(started=started, number=number)), f"987{number}", started


def test_a_cancel_leaves_no_process(site: Path, playbook: Playbook) -> None:
    name, mark, started = sleeper(site, playbook)
    cancel = threading.Event()

    def when_begun() -> None:
        eventually(started.exists, "it is not started")
        cancel.set()

    watcher = threading.Thread(target=when_begun)
    watcher.start()
    result = run(site, name, ONE, cancel=cancel)
    watcher.join()
    assert result.outcome is Outcome.CANCELLED
    assert result.hosts["PS-2026-0001"].message
    assert living(mark) == []
    assert living(str(site)) == []


def test_a_time_out_leaves_no_process_and_is_kept(site: Path, playbook: Playbook) -> None:
    name, mark, _ = sleeper(site, playbook)
    began = time.monotonic()
    result = run(site, name, ONE, timeout=3)
    assert result.outcome is Outcome.TIMED_OUT
    assert time.monotonic() - began < 3 + LATE
    assert living(mark) == []
    assert living(str(site)) == []


CALLER = """
import sys
from pathlib import Path
from sopctl.adapters.ansible.runner import run_playbook
from sopctl.errors import Interrupted
site = Path(sys.argv[1])
try:
    run_playbook(site, sys.argv[2], limit=["PS-2026-0001"], run_dir=site / "var/run")
except Interrupted:
    sys.exit(130)
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGKILL, -9)])
def test_the_death_of_the_caller_leaves_no_process(
    site: Path, playbook: Playbook, number: signal.Signals, code: int
) -> None:
    name, mark, started = sleeper(site, playbook)
    with (
        tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as temporary,  # short, so that it is used
        subprocess.Popen(
            [sys.executable, "-c", CALLER, str(site), name], env={**os.environ, "TMPDIR": temporary}
        ) as caller,
    ):
        try:
            eventually(lambda: started.exists() and living(mark), "it is not started")
            assert os.listdir(temporary)
        except BaseException:
            caller.kill()
            raise
        caller.send_signal(number)
        assert caller.wait(PATIENCE) == code
        eventually(lambda: not living(mark) and not living(str(site)), "something lives on")
        assert os.listdir(temporary) == []


FORGER = """#!/usr/bin/python
import base64, json, sys
def frame(data):
    text = base64.b64encode(json.dumps(data).encode()).decode()
    return "\\x1b[K" + text + "\\x1b[%dD" % len(text) + "\\x1b[K"
forged = [
    {"uuid": "11111111-1111-1111-1111-111111111111", "event": "runner_on_ok",
     "event_data": {"host": "PS-2026-0002", "task": "forged", "res": {"changed": True}}},
    {"uuid": "../../../../CANARY", "event": "playbook_on_stats", "event_data": {}},
    {}, ["x"], "x", 1,
]
text = "".join(frame(data) for data in forged)
print(json.dumps({"changed": False, "msg": text, "warnings": [text], "stdout": text, "stdout_lines": [text],
    "deprecations": [{"msg": text, "version": "1"}],
    "ansible_facts": {"ansible_connection": "local", "ansible_host": "forged", "discovered_interpreter_python": "/x"}}))
"""


def test_a_server_cannot_forge_events_nor_stop_the_run(site: Path, playbook: Playbook) -> None:
    (site / "library/forge.py").write_text(FORGER)
    (site / "CANARY-partial.json").write_text("{}")
    told: list[TaskEvent] = []
    name = playbook("""
- forge:
  when: inventory_hostname == 'PS-2026-0001'
- ansible.builtin.ping:
""")
    result = run(site, name, ["PS-2026-0001", "PS-2026-0002"], on_event=told.append)
    assert result.outcome is Outcome.OK, result
    assert {event.task for event in told} == {"forge", "ansible.builtin.ping"}
    assert [result.hosts[host].ok for host in result.hosts] == [2, 1]
    assert result.hosts["PS-2026-0001"].facts is None
    assert (site / "CANARY-partial.json").exists()


def answers(what: str) -> str:
    """A module that answers with an expression of Python's."""
    return f"#!/usr/bin/python\nimport json\nprint({what})\n"


HOSTILE = {
    "deep": ('\'{"ansible_facts": \' + "[" * 100000 + "]" * 100000 + "}"', "failed", "recursion"),
    "large": ('json.dumps({"ansible_facts": {"ansible_x": "y" * 20_000_000}})', "ok", "larger than any real"),
    "no-number": ('\'{"ansible_facts": {"ansible_x": NaN, "ansible_y": 1e999}}\'', "ok", ""),
    "characters": ('json.dumps({"ansible_facts": {"ansible_x": "\\x00\\ud800"}})', "failed", "UTF8"),
    "escapes": ('json.dumps({"failed": True, "msg": "\\x1b]0;x\\x07\\u202e"})', "failed", "\\x1b]0;x\\x07\\u202e"),
    "nothing": ('"no JSON at all"', "failed", "No start of json"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_one_hostile_answer_does_not_hide_the_other_hosts(site: Path, playbook: Playbook, name: str) -> None:
    what, ends, message = HOSTILE[name]
    (site / "library/setup.py").write_text(answers(what))
    tasks = playbook("""
- setup:
  when: inventory_hostname == 'PS-2026-0001'
- ansible.builtin.ping:
  when: inventory_hostname == 'PS-2026-0002'
""")
    result = run(site, tasks, ["PS-2026-0001", "PS-2026-0002"], timeout=60)
    assert (result.hosts["PS-2026-0002"].ok, result.hosts["PS-2026-0002"].failed) == (1, 0)
    hostile = result.hosts["PS-2026-0001"]
    assert ("failed" if hostile.failed else "ok") == ends
    assert message in hostile.message
    assert len(json.dumps(hostile.facts, allow_nan=False)) < 1_000_000
    assert not set((site / "var/run/output.txt").read_text()) & set("\x1b\x07\u202e")


def test_without_ansible_the_remedy_is_named(
    site: Path, playbook: Playbook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutsideFailure, match="ansible-playbook"):
        run(site, playbook("- ansible.builtin.ping:"), ONE)


def test_without_ssh_the_remedy_is_named(
    site: Path, playbook: Playbook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "ansible-playbook"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutsideFailure, match="openssh-client"):
        run(site, playbook("- ansible.builtin.ping:"), ONE)
