"""Asking servers for their facts without Ansible: real shells and interpreters behind an SSH server of ours."""

import shutil
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import paramiko
import pytest

from sopctl.adapters.ssh import Key, facts
from sopctl.adapters.ssh.facts import Asked, Module, Said
from sopctl.errors import Interrupted
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, Rung
from sopctl.model.access.target import Jump, Target
from tests.adapters.ssh import hostile
from tests.adapters.ssh.hostile import Behaviour
from tests.adapters.ssh.test_sweep import pin_of
from tests.cases import rows

CODE = b"""
import json, os
print("\\n" + json.dumps({"facts": {"who": os.environ.get("AS", "account")}, "details": "=x ok\\n"}))
"""
SCRIPT = b"echo '=x ok'\n"
MODULE = Module(CODE, ("python3.99", "python3"), SCRIPT)


def machine(folder: Path, row: dict[str, Any]) -> Behaviour:
    """A server with these programs in its PATH, and what every server has."""
    programs = {"id": "echo 1000", "asroot": 'AS=root exec "$@"'}
    programs |= {name: row[name] for name in ("sudo", "doas", "python3") if name in row}
    for name in ("sh", "cat", "head", "tr", "rm"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, text in programs.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\n{text.replace('REAL', sys.executable)}\n")
        path.chmod(0o755)
    greeting = f"echo '{row['greets']}'; " if "greets" in row else ""
    return Behaviour(shell=("/bin/sh", "-c", greeting + 'eval "$0"'), environment={"PATH": str(folder)})


def asked(host: hostile.Host, key: Key, host_key: paramiko.PKey, **given: Any) -> Asked:
    return Asked("one", Target("127.0.0.1", host.port, "deposit", pin_of(host_key), timeout=20.0), key, **given)


def only(each: Asked, module: Module = MODULE) -> tuple[AccessResult, Said | None]:
    ((_, result, said),) = [answer for came in facts.gather([each], module, at_once=2) for answer in came]
    return result, said


@pytest.mark.parametrize("row", [pytest.param(row, id=row["name"]) for row in rows("asked")])
def test_the_way_that_gives_an_answer(row: dict[str, Any], tmp_path: Path, key: Key, host_key: paramiko.PKey) -> None:
    behaviour = machine(tmp_path, row)
    behaviour.keys = (key.pkey,)
    module = Module(CODE, MODULE.interpreters, row.get("details", "echo '=x ok'").encode())
    with hostile.listening(hostile.ssh(behaviour, host_key)) as host:
        result, said = only(asked(host, key, host_key, as_root=not row.get("reduced")), module)
    assert result.cause is None, result.detail
    assert said
    assert said.answer, said.tries
    assert said.answer.way == row["way"]
    assert [each.answer.why for each in said.tries[:-1]] == row.get("before", [])
    assert said.answer.answer.details == "=x ok\n"
    who = {"as root": {"who": "root"}, "without root": {"who": "account"}, "without Python": None}
    assert said.answer.answer.facts == who[row["way"]]
    assert host.connections == 1
    assert len(host.logins) == 1


def test_a_server_that_sends_without_end_is_left(key: Key, host_key: paramiko.PKey) -> None:
    flood = Behaviour(keys=(key.pkey,), endless=True)
    with hostile.listening(hostile.ssh(flood, host_key)) as host:
        result, said = only(asked(host, key, host_key))
    assert said is None
    assert (result.rung, result.cause) == (Rung.COMMAND, Cause.FLOODED)


def test_what_does_not_end_is_left_and_the_next_way_is_tried(
    key: Key, host_key: paramiko.PKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "TRY_SECONDS", 0.3)
    hanging = Behaviour(keys=(key.pkey,), never_ends=True)
    with hostile.listening(hostile.ssh(hanging, host_key)) as host:
        result, said = only(asked(host, key, host_key))
    assert result.cause is None
    assert said
    assert said.answer is None
    assert [(each.way, each.answer.why) for each in said.tries] == [
        ("as root", "slow"),
        ("without root", "slow"),
        ("without Python", "slow"),
    ]


def test_the_whole_conversation_has_a_deadline(
    key: Key, host_key: paramiko.PKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "SECONDS", 0.3)
    hanging = Behaviour(keys=(key.pkey,), never_ends=True)
    with hostile.listening(hostile.ssh(hanging, host_key)) as host:
        each = asked(host, key, host_key)
        soon = Asked("one", Target("127.0.0.1", host.port, "deposit", pin_of(host_key), timeout=2.0), each.key)
        result, said = only(soon)
    assert said is None
    assert (result.rung, result.cause) == (Rung.COMMAND, Cause.TIMEOUT)


def test_one_bad_server_never_stops_the_others(
    tmp_path: Path, key: Key, host_key: paramiko.PKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each kind more than there are threads; those that are well come, whatever the others do."""
    monkeypatch.setattr(facts, "SECONDS", 3.0)
    well = machine(tmp_path, {"python3": 'REAL "$@"'})
    well.keys = (key.pkey,)
    bad = [
        hostile.silent,
        hostile.ssh(Behaviour(keys=(key.pkey,), hang_at="exec"), host_key),
        hostile.ssh(Behaviour(keys=(key.pkey,), refuse="session"), host_key),
        hostile.ssh(Behaviour(), host_key),
    ]
    with hostile.listening(hostile.ssh(well, host_key)) as good:
        jobs = []
        with ExitStack() as stack:
            ports = [stack.enter_context(hostile.listening(script)).port for script in bad]
            for number, port in enumerate([*ports * 2, good.port, good.port]):
                there = Target("127.0.0.1", port, "deposit", pin_of(host_key), timeout=2.0)
                jobs.append(Asked(f"{port} {number}", there, key))
            found = {name: said for came in facts.gather(jobs, MODULE, at_once=2) for name, _, said in came}
    assert len(found) == len(jobs)
    answered = {name for name, said in found.items() if said and said.answer}
    assert {int(name.split()[0]) for name in answered} == {good.port}
    assert len(answered) == 2


def test_a_connection_that_is_cut_in_the_middle_is_told(tmp_path: Path, key: Key, host_key: paramiko.PKey) -> None:
    """Killed at any moment of the transfer: an error of that server, never an answer cut short."""
    slow = machine(tmp_path, {"python3": 'cat >/dev/null; printf "{\\"facts\\": {\\"a\\": "; head -c 90000 /dev/zero'})
    slow.keys = (key.pkey,)
    with hostile.listening(hostile.ssh(slow, host_key)) as inner:
        for after in (3_000, 20_000, 60_000):
            with hostile.listening(hostile.cut(inner, after, "close")) as host:
                result, said = only(asked(host, key, host_key, as_root=False))
            assert said is None
            assert result.cause in (Cause.CLOSED, Cause.NOT_SSH), (after, result)


def test_a_stop_ends_the_conversations(key: Key, host_key: paramiko.PKey) -> None:
    hanging = Behaviour(keys=(key.pkey,), never_ends=True)
    cancel = threading.Event()
    with hostile.listening(hostile.ssh(hanging, host_key)) as host:
        threading.Timer(0.5, cancel.set).start()
        began = time.monotonic()
        with pytest.raises(Interrupted):
            list(facts.gather([asked(host, key, host_key)] * 3, MODULE, at_once=2, cancel=cancel))
    assert time.monotonic() - began < facts.TRY_SECONDS
    assert not [one for one in threading.enumerate() if one.name.startswith(("sweep", "login"))]


def test_from_a_jump_host(
    tmp_path: Path, key: Key, key_file: Path, host_key: paramiko.PKey, other_host_key: paramiko.PKey
) -> None:
    """Where the network has one: more than a check may carry goes through it, and what it refuses is said of it."""
    well = machine(tmp_path, {"python3": "cat >/dev/null; cat", "sudo": "exit 1"})
    well.keys = (key.pkey,)
    long = Module(CODE, ("python3.99",), b"echo '=x ok'; head -c 600000 /dev/zero | tr '\\000' 'x'\n")
    jump = Behaviour(keys=(key.pkey,), carries=True)
    with (
        hostile.listening(hostile.ssh(well, host_key)) as host,
        hostile.listening(hostile.ssh(jump, other_host_key)) as through,
    ):
        way = Jump("127.0.0.1", through.port, "deposit", pin_of(other_host_key), key_file=str(key_file))
        there = Target("127.0.0.9", host.port, "deposit", pin_of(host_key), timeout=20.0, jump=way)
        result, said = only(Asked("one", there, key), long)
        away = Target("127.0.0.9", 1, "deposit", pin_of(host_key), timeout=5.0, jump=way)
        failed, nothing = only(Asked("one", away, key), long)
    assert result.cause is None, result.detail
    assert said
    assert said.answer
    assert len(said.answer.answer.details) > 600_000
    assert nothing is None
    assert failed.rung in (Rung.TCP, Rung.JUMP)
    assert through.forwards == ["127.0.0.9", "127.0.0.9"]
