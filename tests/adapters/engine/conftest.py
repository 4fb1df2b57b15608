"""A broker with two networks, and what a worker's certificate may be used for besides working."""

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sopctl.adapters.engine import Link, NatsEngine
from sopctl.adapters.engine.configuration import CHECKS, CONTROLLER, Lane
from sopctl.model.access.shards import Answer, Answers, Delivered, Shard
from sopctl.store.site import Site
from tests import engines
from tests.engines import Broker

NETWORKS = ("cabang", "gedung-b")


def link(site: Site, port: int, name: str) -> Link:
    folder = site.root / "keys" / "engine" / ("controller" if name == CONTROLLER else name)
    return Link(f"tls://127.0.0.1:{port}", name, folder)


@pytest.fixture(scope="module")
def running(made_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, int]]:
    """A site with an engine of two networks, and its broker's port."""
    root = tmp_path_factory.mktemp("engine") / "site"
    shutil.copytree(made_site, root)
    port = engines.free_port()
    site = engines.with_engine(Site(root), NETWORKS, port)
    broker = Broker(site, port).start()
    yield site, port
    broker.kill()


@pytest.fixture
def served(running: tuple[Site, int]) -> tuple[Site, int]:
    """The same, with its queues, whichever test came before."""
    engine_of(running).networks()
    return running


class Scripted:
    """A worker that answers as a test says: `answers` makes of a shard what is sent for it. One that `dies` is gone
    after that, as one that is killed: its shard is not done."""

    def __init__(
        self,
        at: Link,
        network: str,
        answers: Callable[[Shard], list[bytes | Answer]],
        lane: Lane = CHECKS,
        *,
        dies: bool = False,
    ) -> None:
        self._link, self._network, self._answers, self._lane, self._dies = at, network, answers, lane, dies
        self.taken: list[Shard] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()), daemon=True)

    def __enter__(self) -> "Scripted":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    async def _work(self) -> None:
        import msgspec

        from sopctl.adapters.engine.link import Alive, connected

        async with connected(self._link) as client:
            streams = client.jetstream()
            jobs = await streams.pull_subscribe_bind(self._network, self._lane.jobs)
            while not self._stop.is_set():
                alive = Alive("scripted", 0.0, 0.0, 0, (self._lane.job,))
                await client.publish(f"workers.{self._network}", msgspec.json.encode(alive))
                try:
                    [message] = await jobs.fetch(1, timeout=0.5)
                except Exception:  # noqa: BLE001 (nothing to do, or no queue)
                    await asyncio.sleep(0.1)
                    continue
                shard = msgspec.json.decode(message.data, type=Shard)
                self.taken.append(shard)
                for each in await asyncio.to_thread(self._answers, shard):
                    content = each if isinstance(each, bytes) else msgspec.json.encode(Answers((each,)))
                    await streams.publish(f"{self._lane.result}.{self._network}", content)
                if self._dies:
                    return
                await message.ack()


def engine_of(served: tuple[Site, int], **more: Any) -> NatsEngine:
    return NatsEngine(link(*served, CONTROLLER), NETWORKS, **more)


def delivered(engine: NatsEngine, parts: list[Shard]) -> list[Delivered]:
    """What the engine delivers, each recorded at once."""
    found = []
    for each in engine.answers(parts, cancel=threading.Event()):
        each.recorded()
        found.append(each)
    return found
