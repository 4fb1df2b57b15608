"""What a worker does with the shards that it is given, without a broker."""

import queue
import subprocess
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import paramiko
from msgspec.structs import replace

from sopctl.adapters.ssh import load_key
from sopctl.adapters.ssh.facts import Module
from sopctl.errors import OutsideFailure
from sopctl.model.access.shards import Answer, Check, Shard, believed
from sopctl.model.access.target import Jump, Pin, Target
from sopctl.model.facts.linux.answered import unpacked
from sopctl.workflow.servers.engine import working
from tests import engines
from tests.adapters.ssh import hostile
from tests.patience import PATIENCE


def answers(keys: Path, *shards: Shard, work: Callable[..., None] | None = None) -> dict[str, Answer]:
    """What comes for these shards, by deposit."""
    feed: queue.SimpleQueue[Shard | None] = queue.SimpleQueue()
    found: dict[str, Answer] = {}
    for number, shard in enumerate(shards):
        feed.put(replace(shard, number=number))
    feed.put(None)
    work = work or partial(working.answer, keys)
    work(feed, lambda _, each: found.update({each.id: each}), threading.Event())
    return found


def test_it_logs_in_with_its_own_keys_and_says_which_are_missing(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "management"], check=True)
    (tmp_path / "readable").write_bytes((tmp_path / "management").read_bytes())
    (tmp_path / "readable").chmod(0o644)
    host_key = paramiko.ECDSAKey.generate()
    behaviour = hostile.Behaviour(user="sopctl", keys=(load_key(tmp_path / "management").pkey,))
    with hostile.listening(hostile.ssh(behaviour, host_key)) as host:
        where = Target("127.0.0.1", host.port, "sopctl", Pin(host_key.fingerprint, host_key.get_name()))
        checks = (
            Check("A-1", where, "management"),
            Check("A-2", where, "missing"),
            Check("A-3", where, "readable"),
            Check("A-4", where),
            Check("A-5", replace(where, jump=Jump("127.0.0.1", key_file="/etc/shadow")), "management"),
        )
        [part] = engines.parts("run", 1, ("cabang",), 1)
        found = answers(tmp_path, replace(part, checks=checks))
    assert found["A-1"].result
    assert (found["A-1"].result.cause, found["A-1"].result.user) == (None, "sopctl")
    assert {name: each.problem for name, each in found.items() if name != "A-1"} == {
        "A-2": "key missing: the private key cannot be read: No such file or directory",
        "A-3": "key readable: the private key can be read by others",
        "A-4": "key None: a login without a key",
        "A-5": "a worker goes through no jump host",
    }


def test_where_deposits_may_be_holds_for_the_worker_too(tmp_path: Path) -> None:
    """A shard without the site's rehearsal: this machine is no deposit."""
    with engines.endpoints() as port:
        [part] = engines.parts("run", 1, ("cabang",), port)
        assert part.destinations
        refused = answers(tmp_path, replace(part, destinations=replace(part.destinations, rehearsal=())))
        [allowed] = answers(tmp_path, part).values()
    [one] = refused.values()
    assert one.result
    assert one.result.cause
    assert allowed.result
    assert allowed.result.cause is None


def test_it_is_asked_for_facts_and_says_what_it_lacks(tmp_path: Path) -> None:
    """A key, a login, or what is to be run on a server; where it has all, it says what the server said, and where that
    cannot be reached, how far it came."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "management"], check=True)
    host_key = paramiko.ECDSAKey.generate()
    behaviour = hostile.Behaviour(
        user="sopctl", keys=(load_key(tmp_path / "management").pkey,), shell=("/bin/sh", "-c")
    )
    module = Module(b"", ("python3.99",), b"echo it says this\n")

    def broken() -> Module:
        raise OutsideFailure("no-builder", "no builder is known")

    def asked(build: Callable[[], Module], shard: Shard) -> dict[str, Answer]:
        return answers(tmp_path, shard, work=partial(working.ask, tmp_path, build))

    with hostile.listening(hostile.ssh(behaviour, host_key)) as host:
        where = Target("127.0.0.1", host.port, "sopctl", Pin(host_key.fingerprint, host_key.get_name()))
        checks = (
            Check("A-1", where, "management", facts="without root"),
            Check("A-2", where, "missing", facts="as root"),
            Check("A-3", replace(where, port=1), "management", facts="as root"),
            Check("A-4", replace(where, user=None), facts="as root"),
            Check("A-5", where, "management"),
        )
        [part] = engines.parts("run", 1, ("cabang",), 1)
        found = asked(lambda: module, replace(part, checks=checks))
        unable = asked(broken, replace(part, checks=checks[:1]))
    *_, told = found["A-1"].told
    assert (told.way, unpacked(told.packed).details) == ("without Python", "it says this\n")
    assert all(believed(found[each.id], each, time.time()) for each in checks)
    assert found["A-3"].result
    assert (found["A-3"].result.cause, found["A-3"].told) == ("refused", ())
    nobody = "nobody is asked for facts without a login"
    assert {name: each.problem for name, each in found.items() if each.result is None} == {
        "A-2": "key missing: the private key cannot be read: No such file or directory",
        "A-4": nobody,
        "A-5": nobody,
    }
    assert unable["A-1"].problem == "no builder is known"


def test_it_ends_when_it_is_stopped(tmp_path: Path) -> None:
    feed: queue.SimpleQueue[Shard | None] = queue.SimpleQueue()
    stop = threading.Event()
    thread = threading.Thread(target=working.answer, args=(tmp_path, feed, lambda *_: None, stop))
    thread.start()
    stop.set()
    feed.put(None)
    thread.join(PATIENCE)
    assert not thread.is_alive()
