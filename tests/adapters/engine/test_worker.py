"""The worker's side, at a real broker: what it begins and what it refuses, and when a shard counts as done."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from sopctl.adapters.engine import worker
from sopctl.adapters.engine.configuration import CONTROLLER, JOBS, RESULTS
from sopctl.adapters.engine.link import connected, prepare, receive_anew
from sopctl.model.access.shards import Answer, Answers, Shard
from sopctl.model.as_json import from_json
from sopctl.store.site import Site
from tests import engines
from tests.adapters.engine.conftest import NETWORKS, link
from tests.patience import PATIENCE, eventually


def begin(served: tuple[Site, int], *contents: bytes) -> None:
    """Empty the queues, and put these messages into the network's."""

    async def put() -> None:
        async with connected(link(*served, CONTROLLER)) as client:
            streams = client.jetstream()
            await prepare(streams, NETWORKS)
            await receive_anew(streams)
            for stream in (JOBS, RESULTS):
                await streams.purge_stream(stream)
            for content in contents:
                await streams.publish("jobs.cabang", content)

    asyncio.run(put())


def counts(served: tuple[Site, int]) -> tuple[int, int]:
    """The jobs and the answers at the broker."""

    async def asked() -> tuple[int, int]:
        async with connected(link(*served, CONTROLLER)) as client:
            streams = client.jetstream()
            jobs = (await streams.stream_info(JOBS)).state.messages
            await receive_anew(streams)
            messages = (await streams.stream_info(RESULTS)).state.messages
            taken = await streams.pull_subscribe_bind(CONTROLLER, RESULTS)
            found = 0
            while messages > 0:
                batch = await taken.fetch(messages, timeout=5)
                messages -= len(batch)
                found += sum(len(from_json(each.data, Answers).answers) for each in batch)
            return jobs, found

    return asyncio.run(asked())


@contextmanager
def working(served: tuple[Site, int], hold: threading.Event | None = None) -> Iterator[tuple[list[Shard], list[str]]]:
    """A worker whose checks answer at once, but for the last of each shard, which waits for `hold`."""
    stop, taken, said = threading.Event(), list[Shard](), list[str]()

    def answering(feed: worker.Feed, give: object, stop: threading.Event) -> None:
        while (shard := feed.get()) is not None:
            taken.append(shard)
            for check in shard.checks:
                if hold and check == shard.checks[-1]:
                    hold.wait(PATIENCE)
                give(shard.number, Answer(shard.run, check.id, problem="as the test says"))  # type: ignore[operator]

    where = link(*served, "worker-cabang")
    thread = threading.Thread(target=worker.serve, args=(where, "cabang", answering, stop, said.append))
    thread.start()
    try:
        yield taken, said
    finally:
        stop.set()
        thread.join()


def test_what_it_must_not_begin_is_refused_for_good(served: tuple[Site, int]) -> None:
    """A shard of another network, one that comes too late, one with another way to a file, and what is no shard."""
    [good] = engines.parts("good", 3, ("cabang",), 1)
    late = replace(good, run="late", until=datetime.now(UTC) - timedelta(seconds=1))
    away = msgspec.to_builtins(replace(good, run="away"))
    away["checks"] = [each | {"key": "../../etc/shadow"} for each in away["checks"]]
    begin(
        served,
        b"\xff",
        b'{"stream":"JOBS","seq":1}',
        msgspec.json.encode(replace(good, network="gedung-b")),
        msgspec.json.encode(late),
        msgspec.json.encode(away),
        msgspec.json.encode(good),
    )
    with working(served) as (taken, said):
        eventually(lambda: counts(served) == (0, 3), "the good one is not answered")
    assert [each.run for each in taken] == ["good"]
    told = " ".join(said)
    for words in ("a shard that is none is refused", "the network gedung-b is refused", "comes too late"):
        assert words in told


def test_a_shard_is_done_when_all_its_answers_are_stored(served: tuple[Site, int]) -> None:
    [part] = engines.parts("held", 5, ("cabang",), 1)
    hold = threading.Event()
    begin(served, msgspec.json.encode(part))
    with working(served, hold):
        eventually(lambda: counts(served) == (1, 4), "the first four are not stored")
        hold.set()
        eventually(lambda: counts(served) == (0, 5), "the shard is not acknowledged")


def test_answers_wait_for_no_others_where_none_are_to_come(
    served: tuple[Site, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "TOGETHER_SECONDS", 4 * PATIENCE)
    [part] = engines.parts("last", worker.TOGETHER + 5, ("cabang",), 1)
    begin(served, msgspec.json.encode(part))
    with working(served):
        eventually(lambda: counts(served) == (0, worker.TOGETHER + 5), "they wait")


def test_the_next_shard_is_taken_while_one_drains(served: tuple[Site, int]) -> None:
    parts = engines.parts("two", 150, ("cabang",), 1)
    hold = threading.Event()
    begin(served, *map(msgspec.json.encode, parts))
    with working(served, hold) as (taken, _):
        eventually(lambda: counts(served)[1] == 99, "the first shard does not begin")
        hold.set()
        eventually(lambda: counts(served) == (0, 150), "not all is done")
    assert len(taken) == 2


def test_a_worker_that_is_stopped_gives_its_shard_back_at_once(served: tuple[Site, int]) -> None:
    [part] = engines.parts("back", 2, ("cabang",), 1)
    hold = threading.Event()
    begin(served, msgspec.json.encode(part))
    with working(served, hold):
        eventually(lambda: counts(served) == (1, 1), "it does not begin")
        hold_until = threading.Timer(0.5, hold.set)
        hold_until.start()
    began = time.monotonic()
    with working(served) as (taken, _):
        eventually(lambda: counts(served)[0] == 0, "nobody takes it")
    assert taken
    assert time.monotonic() - began < PATIENCE
