"""The facts of servers in a network that has a worker: asked by it, with its own key and its own module."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sopctl.adapters.engine import controller
from sopctl.adapters.engine.configuration import CHECKS, FACTS
from sopctl.errors import Interrupted
from sopctl.model.access.ladder import AccessResult, Rung, Verdict
from sopctl.model.access.shards import Answer, Check, Shard, Told
from sopctl.model.facts.linux.answered import Answered, packed
from sopctl.store import dossiers
from sopctl.store import facts as kept_facts
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, StepDone
from sopctl.workflow.servers import batch, gathering
from sopctl.workflow.setup import engine
from sopctl.workflow.steps import collecting
from sopctl.workflow.views import inventories
from tests import engines
from tests.adapters.engine.conftest import Scripted, link
from tests.conftest import NOW, Clock, edit
from tests.engines import Broker, Process
from tests.workflow.servers.test_gathering import DETAILS, SAYS, host_key, newest, run, server

__all__ = ["host_key", "run", "server"]

NETWORKS = ("cabang", "lama", "sepi")


class RealClock(Clock):
    """A worker has a clock of its own, so the office's goes as it does."""

    def __call__(self) -> datetime:
        return datetime.now(NOW.tzinfo)


@pytest.fixture
def clock() -> Clock:
    return RealClock()


@pytest.fixture
def away(server: Callable[..., str], desk: Desk) -> Iterator[tuple[Desk, Callable[..., str], int]]:
    """A site with an engine, what begins a server in one of its networks, and the broker's port. Of `dekat` no worker
    is to be: the controller reaches it itself."""
    root = desk.site.root
    (root / "networks").mkdir(exist_ok=True)
    for name in (*NETWORKS, "dekat"):
        (root / "networks" / f"{name}.yml").write_text(f"name: {name}\nnetwork: 127.0.0.0/24\n")
    port = engines.free_port()
    site = engines.with_engine(Site(root), NETWORKS, port)
    broker = Broker(site, port).start()

    def start(network: str = "cabang", **behaviour: Any) -> str:
        deposit = server(**behaviour)
        rack = root / "racks" / "A1.yml"
        if "network" not in rack.read_text():
            rack.write_text(f"{rack.read_text()}network: cabang\n")
        if network != "cabang":
            edit(desk, deposit, "access:", f"access:\n  network: {network}")
        return deposit

    yield Desk(Site(root), desk.deciding, desk.clock, clock_is_right=True), start, port
    broker.kill()


def gathered(desk: Desk, deposit: str) -> int:
    """How often facts of this server were recorded."""
    return len(kept_facts.months(dossiers.read(desk.site, deposit)))


def told(shard: Shard, check: Check, content: bytes) -> Answer:
    """An answer of a server that says this."""
    where, at = check.target, int(time.time())
    reached = AccessResult(where.host, where.port, Verdict.ACCESSIBLE, Rung.COMMAND, None, "", 0.1, (), at=at)
    return Answer(shard.run, check.id, reached, told=(Told("as root", 0.1, content),))


def test_a_worker_asks_with_its_own_key_and_module_what_another_died_over(
    away: tuple[Desk, Callable[..., str], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first had answered for one server and not done its shard: all are asked again, and that one is kept once."""
    monkeypatch.setattr("sopctl.adapters.engine.link.SILENT_SECONDS", 3)
    monkeypatch.setattr(gathering, "module", lambda *_: SAYS)  # what the controller would run is not what is run
    desk, start, port = away
    first, well, shut, down = start(), start(), start(refuse="session"), start(up=False)
    folder = engines.worker_folder(desk.site, "cabang")
    (folder / "keys").mkdir(mode=0o700)
    shutil.move(desk.site.root / "keys" / "management", folder / "keys" / "management")
    heirs: list[Process] = []

    def dies(shard: Shard) -> list[bytes | Answer]:
        heirs.append(engines.worker(desk.site, "cabang", tmp_path / "heir.log"))
        [check] = [each for each in shard.checks if each.id == first]
        return [told(shard, check, packed(Answered(None, DETAILS)))]

    try:
        with Scripted(link(desk.site, port, "worker-cabang"), "cabang", dies, FACTS, dies=True):
            answers = collecting.collect_all(desk, [first, well, shut, down])
    finally:
        for each in heirs:
            each.end()
    [heir] = heirs
    assert "was delivered 2 times" in heir.said
    assert set(answers.done) == {first, well}, (answers.errors, heir.said)
    assert [gathered(desk, each) for each in (first, well)] == [1, 1]
    assert inventories.kept_facts(desk, first).os_name == "Ubuntu"
    assert inventories.kept_facts(desk, well).hostname == os.uname().nodename.partition(".")[0]
    assert (answers.errors[down].id, "refused" in answers.errors[down].message) == ("server-unreachable", True)
    assert answers.errors[shut].id == "server-not-looked-at"


def test_each_network_has_its_own_trouble_and_the_others_go_on(
    away: tuple[Desk, Callable[..., str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that lies, one of before there were facts, and none at all; and what the controller reaches itself."""
    monkeypatch.setattr(controller, "GRACE_SECONDS", 3.0)
    monkeypatch.setattr(controller, "POLL_SECONDS", 0.2)
    monkeypatch.setattr(gathering, "module", lambda *_: SAYS)
    desk, start, port = away
    twice, broken, bomb, false, keyless = (start() for _ in range(5))
    near, old, alone = start("dekat"), start("lama"), start("sepi")
    honest = packed(Answered(None, DETAILS))

    def answers(shard: Shard) -> list[bytes | Answer]:
        by_id = {each.id: each for each in shard.checks}
        if set(by_id) == {false}:  # asked once more, since nothing that was believed came
            return [replace(told(shard, by_id[false], honest), told=())]
        return [
            told(shard, by_id[twice], honest),
            told(shard, by_id[twice], honest),
            told(shard, by_id[broken], b"x\x9c broken"),
            told(shard, by_id[bomb], packed(Answered(None, "0" * (5 << 20)))),
            told(shard, replace(by_id[false], id=near), honest),
            told(shard, replace(by_id[false], id=old), honest),
            Answer(shard.run, keyless, problem="key management: not there"),
            b"x" * (FACTS.most - 1000),
        ]

    site = desk.site
    with (
        Scripted(link(site, port, "worker-cabang"), "cabang", answers, FACTS),
        Scripted(link(site, port, "worker-lama"), "lama", lambda _: [], CHECKS),
    ):
        found = collecting.collect_all(desk, [twice, broken, bomb, false, keyless, near, old, alone])
        problems = [str(each) for each in engine.standing(site, desk.now()).problems]
    assert set(found.done) == {twice, near}, found.errors
    assert [gathered(desk, each) for each in (twice, near)] == [1, 1]
    assert isinstance(found.done[near], StepDone)
    assert {name: error.id for name, error in found.errors.items()} == {
        broken: "facts-not-believed",
        bomb: "facts-not-believed",
        false: "facts-not-answered",
        keyless: "check-not-made",
        old: "worker-too-old",
        alone: "network-without-worker",
    }
    assert {newest(desk, name)[0] for name in found.errors} == {"failed"}
    assert "scripted in lama asks no server for its facts: its sopctl is older than this one" in problems
    [refused] = [each for each in site.lagging if each.id == "answers-not-believed"]
    assert f"{3 + controller.SENT_AGAIN} answers from the network cabang" in refused.message


def test_a_stop_ends_what_workers_do(
    away: tuple[Desk, Callable[..., str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker has taken the shard, and says nothing; meanwhile nobody else may let workers ask."""
    monkeypatch.setattr(gathering, "module", lambda *_: SAYS)
    desk, start, port = away
    silent, other = start(), start()
    cancel, held = threading.Event(), []

    def answers(_: Shard) -> list[bytes | Answer]:
        held.append(collecting.collect_all(Desk(desk.site, desk.deciding, desk.clock, clock_is_right=True), [other]))
        cancel.set()
        return []

    with (
        Scripted(link(desk.site, port, "worker-cabang"), "cabang", answers, FACTS),
        pytest.raises(Interrupted),
    ):
        collecting.collect_all(desk, [silent], cancel=cancel)
    assert newest(desk, silent)[0] == "interrupted"
    assert [each.errors[other].id for each in held] == ["held-by-another"]


def test_ansible_goes_from_here_as_ever(
    away: tuple[Desk, Callable[..., str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for it, or has a playbook of their own, needs the key here."""
    monkeypatch.setattr(batch, "run", lambda *_, **__: None)
    desk, start, _ = away
    deposit = start(up=False)
    (desk.site.root / "keys" / "management").unlink()
    error = collecting.collect_all(desk, [deposit], with_ansible=True).errors[deposit]
    assert "management" in f"{error.where} {error.message}"
