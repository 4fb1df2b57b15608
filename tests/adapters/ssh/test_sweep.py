"""Many hosts at once: every one gets its own answer, and none waits for another."""

import threading
import time
from pathlib import Path
from typing import Any

import paramiko
import pytest
from msgspec.structs import replace

from sopctl.adapters.ssh import Key, check
from sopctl.adapters.ssh import sweep as sweeping
from sopctl.adapters.ssh.sweep import AT_ONCE_BY_JUMP, LOGINS, Job, ScriptJob, run_scripts, sweep
from sopctl.errors import Interrupted, InvalidRecord
from sopctl.model.access.causes import Cause
from sopctl.model.access.destinations import EVERYWHERE
from sopctl.model.access.ladder import Rung, Verdict
from sopctl.model.access.target import Jump, Pin, Target, pin
from tests.adapters.ssh import hostile
from tests.patience import LATE


def pin_of(key: paramiko.PKey) -> Pin:
    return pin(f"{key.get_name()} {key.get_base64()}")


def test_the_silent_delay_nobody(key: Key, host_key: paramiko.PKey, other_host_key: paramiko.PKey) -> None:
    """More silent hosts than threads, ahead of the live one; its answer comes first."""
    good = hostile.ssh(hostile.Behaviour(keys=(key.pkey,)), host_key)
    with (
        hostile.listening(hostile.silent) as silent,
        hostile.listening(good) as live,
        hostile.listening(good) as changed,
        hostile.closed_port() as closed,
    ):
        dead = [Job(f"silent {n}", Target("127.0.0.1", silent.port, timeout=4.0)) for n in range(2 * LOGINS)]
        login = Target("127.0.0.1", live.port, "deposit", pin_of(host_key), timeout=5.0)
        jobs = [
            *dead,
            Job("live", login, key),
            Job("closed", Target("127.0.0.1", closed, timeout=5.0)),
            Job("changed", Target("127.0.0.1", changed.port, "deposit", pin_of(other_host_key), timeout=5.0), key),
        ]
        began = time.monotonic()
        answers = list(sweep(jobs))
        took = time.monotonic() - began
    found = dict(answers)
    assert len(answers) == len(found) == len(jobs)
    assert {name for name, _ in answers[:3]} == {"live", "closed", "changed"}
    assert found["live"].verdict is Verdict.ACCESSIBLE
    assert found["live"].rung is Rung.COMMAND
    assert [rung.rung for rung in found["live"].rungs][:3] == [Rung.NAME, Rung.TCP, Rung.BANNER]
    assert found["closed"].cause is Cause.REFUSED
    assert found["changed"].cause is Cause.HOST_KEY_CHANGED
    assert changed.logins == []
    assert live.connections == 1
    assert {found[job.name].cause for job in dead} == {Cause.SILENT}
    assert took < 4.0 + 4.0, "one time-out for all of the silent, not one after the other"


def test_the_end_of_a_sweep_is_not_the_end_of_the_work_that_it_is_a_part_of() -> None:
    """Work of several sweeps has one event; each sweep ends when that is set, and leaves it as it is."""
    cancel = threading.Event()
    with hostile.listening(hostile.silent) as silent:
        jobs = [Job(f"silent {n}", Target("127.0.0.1", silent.port, timeout=0.1)) for n in range(3)]
        for _ in range(2):
            assert len(list(sweep(jobs, cancel=cancel))) == 3
            next(sweep(jobs, cancel=cancel))
            assert not cancel.is_set()
        cancel.set()
        with pytest.raises(Interrupted):
            list(sweep(jobs, cancel=cancel))


def test_an_address_that_cannot_be_gone_to_costs_only_its_own_host() -> None:
    """A zone that this machine has not, an address of our own, and what the system refuses."""
    odd = {
        "zone": Target("fe80::1%sopctl9", timeout=2.0),
        "multicast zone": Target("ff02::1%sopctl9", timeout=2.0),
        "ours": Target("127.0.0.1", timeout=2.0, destinations=EVERYWHERE),
        "broadcast": Target("255.255.255.255", timeout=2.0),
        "long label": Target("a" * 64 + ".example.org", timeout=2.0),
        "odd label": Target("\u00e4" * 70, timeout=2.0),
    }
    with hostile.closed_port() as closed:
        jobs = [*(Job(name, target) for name, target in odd.items()), Job("other", Target("127.0.0.1", closed))]
        found = dict(sweep(jobs))
    assert found.keys() == {*odd, "other"}
    assert (found["zone"].cause, found["ours"].cause) == (Cause.NO_ROUTE, Cause.ADDRESS_REFUSED)
    assert found["zone"].detail == "this machine has no interface sopctl9"
    assert found["other"].cause is Cause.REFUSED


def test_what_is_no_job_is_refused_before_anything_is_begun() -> None:
    with hostile.listening(hostile.silent) as host:
        jobs = [Job("a", Target("127.0.0.1", host.port)), Job("b", Target("127.0.0.1", host.port, "deposit"))]
        with pytest.raises(InvalidRecord):
            list(sweep(jobs))
    assert host.connections == 0


def test_a_cancelled_sweep_ends_at_once() -> None:
    cancel = threading.Event()
    with hostile.listening(hostile.silent) as host:
        jobs = [Job(str(n), Target("127.0.0.1", host.port, timeout=30.0)) for n in range(50)]
        threading.Timer(0.3, cancel.set).start()
        began = time.monotonic()
        with pytest.raises(Interrupted):
            list(sweep(jobs, cancel=cancel))
    assert time.monotonic() - began < LATE
    assert not [one for one in threading.enumerate() if one.name.startswith(("sweep", "login"))]


def test_the_time_of_an_answer_is_that_of_its_check() -> None:
    """The clock is read where the check ends, once for each, and not by whoever takes the answers."""
    read: list[int] = []

    def clock() -> float:
        read.append(1_000 + len(read))
        return read[-1] + 0.9

    with hostile.listening(hostile.saying(b"hello\r\n")) as live, hostile.closed_port() as closed:
        jobs = [Job(str(n), Target("127.0.0.1", port)) for n, port in enumerate((live.port, closed, closed))]
        assert sorted(result.at for _, result in sweep(jobs, clock=clock)) == read == [1_000, 1_001, 1_002]
        assert abs(check(Target("127.0.0.1", closed)).at - time.time()) < 60


def test_hosts_behind_a_jump_host_are_logged_in_to_and_run_scripts_from_there(
    key: Key, key_file: Path, host_key: paramiko.PKey, other_host_key: paramiko.PKey
) -> None:
    """The key for the jump host is the one that the target names. What is in the way there is that host's answer."""
    through = hostile.Behaviour(user="hop", keys=(key.pkey,), carries=True)
    good = hostile.Behaviour(keys=(key.pkey,), output=b"an answer\n")
    with (
        hostile.listening(hostile.ssh(through, host_key)) as hop,
        hostile.listening(hostile.ssh(good, other_host_key)) as there,
        hostile.closed_port() as closed,
    ):
        way = Jump("127.0.0.1", hop.port, "hop", pin_of(host_key), key_file=str(key_file))
        login = Target("192.0.2.7", there.port, "deposit", pin_of(other_host_key), timeout=10.0, jump=way)
        gone = replace(way, key_file="/nonexistent")
        jobs = [
            *(Job(f"good {n}", login, key) for n in range(2 * AT_ONCE_BY_JUMP)),
            Job("closed", replace(login, port=closed), key),
            Job("changed", replace(login, expect_key=pin_of(host_key)), key),
            Job("other hop", replace(login, jump=replace(way, expect_key=pin_of(other_host_key))), key),
            Job("no key", replace(login, jump=gone), key),
        ]
        found = dict(sweep(jobs))
        ((_, access, output),) = run_scripts([ScriptJob("one", login, key, b"true", as_root=False)])
    assert {found[f"good {n}"].rung for n in range(2 * AT_ONCE_BY_JUMP)} == {Rung.COMMAND}
    assert {name: (one.rung, one.cause) for name, one in found.items() if " " not in name or name[0] != "g"} == {
        "closed": (Rung.TCP, Cause.NO_ROUTE),
        "changed": (Rung.HOST_KEY, Cause.HOST_KEY_CHANGED),
        "other hop": (Rung.JUMP, Cause.HOST_KEY_CHANGED),
        "no key": (Rung.JUMP, Cause.DENIED),
    }
    assert (access.accessible, output) == (True, b"an answer\n")
    assert set(hop.forwards) == {"192.0.2.7"}
    assert {user for user, _ in hop.logins} == {"hop"}, "whoever shows another key sees nobody log in"


def test_a_reader_that_has_seen_enough_ends_the_sweep() -> None:
    with hostile.listening(hostile.silent) as host, hostile.closed_port() as closed:
        jobs = [Job("closed", Target("127.0.0.1", closed)), Job("silent", Target("127.0.0.1", host.port, timeout=30.0))]
        began = time.monotonic()
        stream = sweep(jobs)
        assert next(stream)[0] == "closed"
        stream.close()
    assert time.monotonic() - began < LATE


FIRST_WORDS = {
    "silent": hostile.silent,
    "hangs up": hostile.saying(b""),
    "resets": hostile.saying(b"", "reset"),
    "throttles": hostile.saying(b"Exceeded MaxStartups\r\n"),
    "another protocol": hostile.saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "half a line": hostile.saying(b"SSH-2.0-Half", "hang"),
    "an old protocol": hostile.saying(b"SSH-1.5-Old\r\n"),
    "malformed": hostile.saying(b"SSH-2.0-\x1b[31m\r\n"),
    "lines before it": hostile.saying(b"hello\r\nthere\r\nSSH-2.0-Late\r\n"),
    "text without end": hostile.repeating(b"a" * 1024),
    "lines without end": hostile.repeating(b"\n" * 256),
    "dripping": hostile.repeating(b"a", every=0.05),
}


@pytest.mark.parametrize("words", FIRST_WORDS.values(), ids=FIRST_WORDS)
def test_each_is_answered_as_a_single_check_answers(words: hostile.Script) -> None:
    with hostile.listening(words) as host:
        target = Target("127.0.0.1", host.port, timeout=0.5)
        alone = check(target)
        ((_, among),) = sweep([Job("one", target)])
    assert (among.verdict, among.rung, among.cause) == (alone.verdict, alone.rung, alone.cause)
    assert [rung.rung for rung in among.rungs] == [rung.rung for rung in alone.rungs]
    assert among.banner == alone.banner
    if alone.cause is not Cause.TIMEOUT:  # which says how far it came
        assert among.detail == alone.detail


def test_no_more_are_asked_at_once_than_may_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    now, most = 0, 0
    reach = sweeping._AsyncClimb.reach

    async def counted(self: Any, names: Any) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        try:
            return await reach(self, names)
        finally:
            now -= 1

    monkeypatch.setattr(sweeping._AsyncClimb, "reach", counted)
    monkeypatch.setattr(sweeping, "ASKED", 4)
    monkeypatch.setattr(sweeping, "PATIENCE", 60.0)
    with hostile.listening(hostile.silent) as host:
        jobs = [Job(str(n), Target("127.0.0.1", host.port, timeout=0.2)) for n in range(12)]
        assert len(list(sweep(jobs))) == 12
    assert most == 4


def test_the_silent_are_not_waited_for_until_the_next_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "ASKED", 4)
    monkeypatch.setattr(sweeping, "PATIENCE", 0.05)
    with hostile.listening(hostile.silent) as silent, hostile.closed_port() as closed:
        jobs = [Job(str(n), Target("127.0.0.1", silent.port, timeout=30.0)) for n in range(20)]
        began = time.monotonic()
        stream = sweep([*jobs, Job("closed", Target("127.0.0.1", closed))])
        assert next(stream)[0] == "closed"
        stream.close()
    assert time.monotonic() - began < LATE
