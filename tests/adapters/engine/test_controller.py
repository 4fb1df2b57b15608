"""The controller's side, at a real broker: whose answers it believes, and what it does without workers or streams."""

import asyncio
import time
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from sopctl.adapters.engine import NatsEngine, controller
from sopctl.adapters.engine.configuration import CONTROLLER
from sopctl.adapters.engine.link import MOST_WORKERS, Alive, connected
from sopctl.errors import OutsideFailure
from sopctl.model.access.ladder import AccessResult, Verdict
from sopctl.model.access.rung import Rung
from sopctl.model.access.shards import Answer, Answers, Check, Shard
from sopctl.store.site import Site
from tests import engines
from tests.adapters.engine.conftest import Scripted, delivered, engine_of, link
from tests.patience import eventually


def seen(shard: Shard, check: Check) -> Answer:
    """An answer as it should be."""
    where = check.target
    result = AccessResult(where.host, where.port, Verdict.ACCESSIBLE, Rung.TCP, None, "", 0.1, (), at=int(time.time()))
    return Answer(shard.run, check.id, result)


def honest(shard: Shard) -> list[bytes | Answer]:
    return [seen(shard, each) for each in shard.checks]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits as long as an office would."""
    monkeypatch.setattr(controller, "POLL_SECONDS", 0.2)
    monkeypatch.setattr("sopctl.adapters.engine.link.CONNECT_SECONDS", 3.0)


def test_each_answer_comes_once(served: tuple[Site, int]) -> None:
    parts = engines.parts("once", 250, ("cabang",), 1)
    with Scripted(link(*served, "worker-cabang"), "cabang", honest) as worker:
        engine = engine_of(served)
        found = delivered(engine, parts)
    assert sorted(each.answer.id for each in found) == [check.id for part in parts for check in part.checks]
    assert (len(worker.taken), dict(engine.refused), engine.again) == (3, {}, 0)


def test_a_hostile_worker_is_not_believed(served: tuple[Site, int]) -> None:
    """Ids of another network, ids that were never sent, bytes that are no answer, another host: refused and counted;
    what it does answer as it should is taken, once."""
    near, far = engines.parts("hostile", 4, ("cabang", "gedung-b"), 1)

    def answers(shard: Shard) -> list[bytes | Answer]:
        one, other = shard.checks[0], shard.checks[-1]
        false = seen(shard, other)
        assert false.result
        if one == other:  # asked once more, since nothing that was believed came
            return [replace(false, result=replace(false.result, host="192.0.2.1"))]
        return [
            seen(shard, one),
            seen(shard, one),
            *(seen(shard, each) for each in far.checks),
            replace(seen(shard, one), id="PS-1999-0001"),
            b"\xff{",
            b'{"stream":"RESULTS","seq":1}',
            replace(false, result=replace(false.result, host="192.0.2.1")),
        ]

    with (
        Scripted(link(*served, "worker-cabang"), "cabang", answers) as worker,
        Scripted(link(*served, "worker-gedung-b"), "gedung-b", honest),
    ):
        engine = engine_of(served)
        found = delivered(engine, [near, far])
    ids = sorted(each.answer.id for each in found)
    assert ids == sorted([near.checks[0].id, *(each.id for each in far.checks)])
    assert engine.refused["cabang"] == 6 + controller.SENT_AGAIN
    assert len(worker.taken) == 1 + controller.SENT_AGAIN
    assert "gedung-b" not in engine.refused
    assert engine.again >= 1


def test_a_network_without_workers_is_given_up_soon(served: tuple[Site, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller, "GRACE_SECONDS", 3.0)
    parts = engines.parts("nobody", 20, ("cabang", "gedung-b"), 1)
    began = time.monotonic()
    with Scripted(link(*served, "worker-cabang"), "cabang", honest):
        found = delivered(engine_of(served), parts)
    assert {each.answer.id for each in found} == {check.id for check in parts[0].checks}
    assert time.monotonic() - began < 30


def test_nobody_begins_what_comes_too_late(served: tuple[Site, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller, "LATE_SECONDS", 0.0)
    [part] = engines.parts("late", 5, ("cabang",), 1, seconds=-20.0)
    with Scripted(link(*served, "worker-cabang"), "cabang", honest) as worker:
        assert delivered(engine_of(served), [part]) == []
    assert worker.taken == []


def test_streams_that_are_gone_are_made_anew_and_the_rest_asked_again(served: tuple[Site, int]) -> None:
    """As after a broker that came back without its disk: what was in its queues is not lost, since it was never the
    record."""
    parts = engines.parts("gone", 300, ("cabang",), 1)
    wiped = False

    async def wipe() -> None:
        async with connected(link(*served, CONTROLLER)) as client:
            for stream in ("JOBS", "RESULTS"):
                await client.jetstream().delete_stream(stream)

    def answers(shard: Shard) -> list[bytes | Answer]:
        nonlocal wiped
        if not wiped:
            wiped = True
            asyncio.run(wipe())
            return []
        return honest(shard)

    with Scripted(link(*served, "worker-cabang"), "cabang", answers):
        found = delivered(engine_of(served), parts)
    assert sorted({each.answer.id for each in found}) == [check.id for part in parts for check in part.checks]


def test_what_an_earlier_run_left_is_recorded_by_the_next(served: tuple[Site, int]) -> None:
    """Its controller died before it had recorded it."""
    [part] = engines.parts("earlier", 3, ("cabang",), 1)

    async def left() -> None:
        async with connected(link(*served, "worker-cabang")) as client:
            await client.jetstream().publish(
                "results.cabang", msgspec.json.encode(Answers((seen(part, part.checks[0]),)))
            )

    asyncio.run(left())
    [now] = engines.parts("later", 3, ("cabang",), 1)
    with Scripted(link(*served, "worker-cabang"), "cabang", honest):
        found = delivered(engine_of(served), [now])
    assert sorted((each.answer.run, each.answer.id) for each in found) == [
        ("earlier", part.checks[0].id),
        *(("later", each.id) for each in now.checks),
    ]


def test_a_broker_that_is_not_there_is_named(served: tuple[Site, int], tmp_path: Path) -> None:
    site, _ = served
    where = link(site, engines.free_port(), CONTROLLER)
    with pytest.raises(OutsideFailure) as refused:
        NatsEngine(where, ("cabang",)).networks()
    assert refused.value.id == "broker-unreachable"
    assert where.url in str(refused.value)


def test_who_is_alive_is_known(served: tuple[Site, int]) -> None:
    with Scripted(link(*served, "worker-cabang"), "cabang", honest):
        eventually(lambda: engine_of(served).networks()["cabang"].alive, "the worker does not appear")
        [alive] = engine_of(served).networks()["cabang"].alive
    assert (alive.name, alive.network, alive.clock < -1_000_000) == ("scripted", "cabang", True)
    eventually(lambda: not engine_of(served).networks()["gedung-b"].alive, "who is gone stays")


def test_a_network_that_floods_hides_no_other(served: tuple[Site, int]) -> None:
    """Neither by words of being alive, nor by answers that are none."""

    async def flood() -> None:
        async with connected(link(*served, "worker-gedung-b")) as client:
            for number in range(3000):
                alive = Alive(f"w{number}", 0.0, 0.0, 0)
                await client.publish("workers.gedung-b", msgspec.json.encode(alive))
                await client.publish("results.gedung-b", b"x" * 1000)
            await client.flush()

    parts = engines.parts("flood", 20, ("cabang",), 1)
    with Scripted(link(*served, "worker-cabang"), "cabang", honest):
        eventually(lambda: engine_of(served).networks()["cabang"].alive, "the worker does not appear")
        asyncio.run(flood())
        known = engine_of(served).networks()
        assert [each.name for each in known["cabang"].alive] == ["scripted"]
        assert len(known["gedung-b"].alive) <= MOST_WORKERS
        assert len(delivered(engine_of(served), parts)) == 20
