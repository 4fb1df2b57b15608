"""Many hosts at once: every one gets its own answer, and none waits for another."""

import threading
import time

import paramiko
import pytest

from sopctl.adapters.ssh import Key
from sopctl.adapters.ssh.sweep import LOGINS, Job, sweep
from sopctl.errors import Interrupted, InvalidRecord
from sopctl.model.access import Cause, Rung, Target, Verdict
from tests.adapters.ssh import hostile


def line_of(key: paramiko.PKey) -> str:
    return f"{key.get_name()} {key.get_base64()}"


def test_the_silent_delay_nobody(key: Key, host_key: paramiko.PKey, other_host_key: paramiko.PKey) -> None:
    """More silent hosts than threads, ahead of the live one; its answer comes first."""
    good = hostile.ssh(hostile.Behaviour(keys=(key.pkey,)), host_key)
    with (
        hostile.listening(hostile.silent) as silent,
        hostile.listening(good) as live,
        hostile.listening(good) as changed,
        hostile.closed_port() as closed,
    ):
        dead = [Job(f"silent {n}", Target("127.0.0.1", silent.port, timeout=2.0)) for n in range(2 * LOGINS)]
        login = Target("127.0.0.1", live.port, "deposit", line_of(host_key), timeout=5.0)
        jobs = [
            *dead,
            Job("live", login, key),
            Job("closed", Target("127.0.0.1", closed, timeout=5.0)),
            Job("changed", Target("127.0.0.1", changed.port, "deposit", line_of(other_host_key), timeout=5.0), key),
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
    assert took < 2.0 + 2.0, "one time-out for all of the silent, not one after the other"


def test_what_is_no_job_is_refused_before_anything_is_begun(key: Key) -> None:
    with hostile.listening(hostile.silent) as host:
        jobs = [Job("a", Target("127.0.0.1", host.port)), Job("b", Target("127.0.0.1", host.port, "deposit"))]
        with pytest.raises(InvalidRecord):
            list(sweep(jobs))
        with pytest.raises(InvalidRecord):
            list(sweep([Job("a", Target("127.0.0.1", host.port, "deposit", "no key"), key)]))
    assert host.connections == 0


def test_a_cancelled_sweep_ends_at_once() -> None:
    cancel = threading.Event()
    with hostile.listening(hostile.silent) as host:
        jobs = [Job(str(n), Target("127.0.0.1", host.port, timeout=30.0)) for n in range(50)]
        threading.Timer(0.3, cancel.set).start()
        began = time.monotonic()
        with pytest.raises(Interrupted):
            list(sweep(jobs, cancel=cancel))
    assert time.monotonic() - began < 3.0
    assert not [one for one in threading.enumerate() if one.name.startswith(("sweep", "login"))]


def test_a_reader_that_has_seen_enough_ends_the_sweep() -> None:
    with hostile.listening(hostile.silent) as host, hostile.closed_port() as closed:
        jobs = [Job("closed", Target("127.0.0.1", closed)), Job("silent", Target("127.0.0.1", host.port, timeout=30.0))]
        began = time.monotonic()
        stream = sweep(jobs)
        assert next(stream)[0] == "closed"
        stream.close()
    assert time.monotonic() - began < 3.0
