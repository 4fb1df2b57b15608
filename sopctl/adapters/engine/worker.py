"""The worker's side of the engine: it takes its network's shards, has them checked, and hands in the answers.

It connects outward and listens on nothing. A shard is acknowledged after all its answers are stored at the broker, so
that of a worker that dies another one does the shard again. The next shards are taken while slow hosts of those before
them are waited for.
"""

import asyncio
import contextlib
import hashlib
import os
import queue
import secrets
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING

import msgspec

from sopctl.adapters.engine import link as links
from sopctl.adapters.engine.configuration import CHECKS, FACTS, Lane
from sopctl.adapters.engine.link import Alive, Link, connected
from sopctl.model.access.shards import Answer, Shard
from sopctl.model.as_json import NotJson, from_json

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

MOST_OPEN = 512
"""Checks under way at which no further shard is begun."""
MOST_SHARDS = 64
"""Shards under way at most."""
BUSY_SECONDS = 0.25
"""Between two looks whether one may be: there is enough to do meanwhile."""
TOGETHER = 32
"""Answers that travel together at most."""
TOGETHER_SECONDS = 2.0
"""For which answers wait for others, unless none is to come: each message is work for the broker and its disk, and a
wake-up for each answer would cost more than sending it."""

Feed = queue.SimpleQueue[Shard | None]
Answering = Callable[[Feed, Callable[[int, Answer], None], threading.Event], None]
"""Checks what the shards of a feed ask for, until it ends with None; hands over each answer as it comes, with its
shard's number. The event stops it."""
Say = Callable[[str], None]


def serve(
    link: Link,
    network: str,
    answering: Answering,
    stop: threading.Event,
    say: Say,
    *,
    asking: Answering | None = None,
) -> None:
    """Work for `network` until `stop` is set. `asking` does so for facts. `say` is told what an operator may want to
    read. Raises OutsideFailure, InvalidRecord before the work begins."""
    kinds = {CHECKS: answering, **({FACTS: asking} if asking else {})}
    asyncio.run(_Worker(link, network, kinds, stop, say).serve())


class _Work:
    """A shard under way, and what of it is not stored yet."""

    def __init__(self, shard: Shard, message: "Msg") -> None:
        self.shard, self.message = shard, message
        self.open = {check.id for check in shard.checks}


class _Worker:
    """A worker of a network: its connection, its sign of life, and a bench for each kind of work."""

    def __init__(
        self, link: Link, network: str, kinds: Mapping[Lane, Answering], stop: threading.Event, say: Say
    ) -> None:
        self._link, self._network, self._stop, self._say = link, network, stop, say
        self._benches = [_Bench(network, lane, answering, stop, say) for lane, answering in kinds.items()]
        self._name = f"{socket.gethostname().partition('.')[0]}-{os.getpid()}-{secrets.token_hex(2)}"
        self._since = time.time()

    async def serve(self) -> None:
        try:
            async with connected(self._link, lasting=True) as client:
                self._say(f"worker {self._name} of the network {self._network} is connected to {self._link.url}")
                streams = client.jetstream(timeout=links.REQUEST_SECONDS)
                working = [each for bench in self._benches for each in bench.begun(streams)]
                tasks = [asyncio.create_task(each) for each in (self._watch(), self._live(client), *working)]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                    for task in tasks:
                        if task.done():
                            task.result()
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
                    for work in self._under_way():  # another worker need not wait for our silence
                        with contextlib.suppress(Exception):
                            await work.message.nak()
        finally:
            self._stop.set()
            for bench in self._benches:
                bench.end()

    def _under_way(self) -> list[_Work]:
        return [work for bench in self._benches for work in bench.under_way.values()]

    async def _watch(self) -> None:
        while not self._stop.is_set():
            await asyncio.sleep(0.5)

    async def _live(self, client: "Client") -> None:
        """Say that we are alive, and what we are at work on."""
        while True:
            busy = sum(bench.busy for bench in self._benches)
            lanes = tuple(bench.lane.job for bench in self._benches)
            said = Alive(self._name, self._since, time.time(), busy, lanes)
            with contextlib.suppress(Exception):
                if client.is_connected:  # what is said later would be untrue
                    await client.publish(f"workers.{self._network}", msgspec.json.encode(said))
                    for work in self._under_way():
                        await work.message.in_progress()
            await asyncio.sleep(links.HEARTBEAT_SECONDS)


class _Bench:
    """One kind of work of a worker: the shards that it took, and the answers on their way."""

    def __init__(self, network: str, lane: Lane, answering: Answering, stop: threading.Event, say: Say) -> None:
        self._network, self.lane, self._answering, self._stop, self._say = network, lane, answering, stop, say
        self._feed: Feed = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[int, Answer] | BaseException] = queue.SimpleQueue()
        self._enough = asyncio.Event()
        """Set once answers need not wait for others (`_enough_wait`)."""
        self._storing = 0
        """Answers on their way to the broker, whose checks still count as open."""
        self.under_way: dict[int, _Work] = {}
        self._key = 0

    def begun(self, streams: "JetStreamContext") -> list[Coroutine[None, None, None]]:
        """Begin; returns what the loop has to do for it."""
        loop = asyncio.get_running_loop()

        def answered(found: tuple[int, Answer] | BaseException) -> None:
            self._answers.put(found)
            if isinstance(found, BaseException) or self._enough_wait():
                with contextlib.suppress(RuntimeError):  # the loop has ended: another worker is given the shard
                    loop.call_soon_threadsafe(self._enough.set)

        def check() -> None:
            try:
                self._answering(self._feed, lambda number, answer: answered((number, answer)), self._stop)
            except BaseException as error:  # noqa: BLE001 (raised where the answers are taken)
                answered(error)

        threading.Thread(target=check, name=self.lane.job, daemon=True).start()
        return [self._take(streams), self._hand_in(streams)]

    def end(self) -> None:
        """Let the thread end."""
        self._feed.put(None)

    @property
    def busy(self) -> int:
        """The checks under way. The thread that does them asks too."""
        return sum(len(work.open) for work in tuple(self.under_way.values()))

    def _enough_wait(self) -> bool:
        """Are there answers that need not wait for others?"""
        waiting = self._answers.qsize()
        return waiting > 0 and waiting >= min(TOGETHER, self.busy - self._storing)

    async def _take(self, streams: "JetStreamContext") -> None:
        """Take shards: the next one as soon as all checks of those before are begun, so that a worker never waits for
        slow hosts, nor keeps from another what it cannot begin."""
        jobs = await streams.pull_subscribe_bind(self._network, self.lane.jobs)
        while True:
            if not self._feed.empty() or self.busy >= MOST_OPEN or len(self.under_way) >= MOST_SHARDS:
                await asyncio.sleep(BUSY_SECONDS)
                continue
            began = time.monotonic()
            try:
                [message] = await jobs.fetch(1, timeout=5)
            except Exception:  # noqa: BLE001 (nothing to do, no broker, no queue yet: the same is done)
                if time.monotonic() - began < 1:
                    await asyncio.sleep(1)
                continue
            await self._begin(message)

    async def _begin(self, message: "Msg") -> None:
        try:
            shard = from_json(message.data, Shard)
        except NotJson as error:
            self._say(f"a shard that is none is refused: {error}")
            await message.term()
            return
        if shard.network != self._network:
            self._say(f"a shard of the network {shard.network} is refused")
            await message.term()
            return
        if time.time() > shard.until.timestamp():
            self._say(f"shard {shard.number} of run {shard.run} comes too late, and is not begun")
            await message.term()
            return
        if message.metadata.num_delivered != 1:
            self._say(f"shard {shard.number} of run {shard.run} was delivered {message.metadata.num_delivered} times")
        self._key += 1
        self.under_way[self._key] = _Work(shard, message)
        self._feed.put(msgspec.structs.replace(shard, number=self._key))

    async def _hand_in(self, streams: "JetStreamContext") -> None:
        """Store answers at the broker: those of a moment together, in whatever order."""
        places = asyncio.Semaphore(4)
        async with asyncio.TaskGroup() as group:
            while True:
                if not self._enough_wait():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._enough.wait(), TOGETHER_SECONDS)
                self._enough.clear()  # before they are taken: what comes from now on sets it again
                together: list[tuple[int, str, bytes]] = []
                size = 0
                while len(together) < TOGETHER and size < self.lane.most // 2 and not self._answers.empty():
                    together.append(self._ready(self._answers.get_nowait()))
                    size += len(together[-1][2])
                if not together:
                    continue
                self._storing += len(together)
                await places.acquire()
                group.create_task(self._store(streams, together, places))

    def _ready(self, found: tuple[int, Answer] | BaseException) -> tuple[int, str, bytes]:
        """An answer's shard and deposit, and itself as it travels. Raises what ended the checks."""
        if isinstance(found, BaseException):
            raise found
        key, answer = found
        content = msgspec.json.encode(answer)
        if len(content) > self.lane.most // 4:  # ours are bounded; whoever changes that is told
            content = msgspec.json.encode(Answer(answer.run, answer.id, problem="the answer is too long"))
        return key, answer.id, content

    async def _store(
        self, streams: "JetStreamContext", together: list[tuple[int, str, bytes]], places: asyncio.Semaphore
    ) -> None:
        try:
            content = b'{"answers":[' + b",".join(each for _, _, each in together) + b"]}"
            told = {"Nats-Msg-Id": hashlib.sha256(content).hexdigest()[:32]}
            while not self._stop.is_set():
                try:
                    await streams.publish(f"{self.lane.result}.{self._network}", content, headers=told)
                    break
                except Exception:  # noqa: BLE001 (no broker, or its queue is full: they are kept here meanwhile)
                    await asyncio.sleep(0.5)
            else:
                return
            for key, deposit, _ in together:
                work = self.under_way[key]
                work.open.discard(deposit)
                if not work.open:
                    del self.under_way[key]
                    with contextlib.suppress(Exception):
                        await work.message.ack()
        finally:
            self._storing -= len(together)
            places.release()
