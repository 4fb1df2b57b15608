"""The controller's side of the engine: shards out, answers in.

Its own thread runs an event loop, as a sweep's does; the caller takes the answers and says which are recorded. An
answer is acknowledged only then: whatever dies before, it comes again. What was sent and lost, with a broker's disk
for example, is sent again.
"""

import asyncio
import contextlib
import queue
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sopctl.adapters.engine import link as links
from sopctl.adapters.engine.configuration import CHECKS, CONTROLLER, FACTS, WORKERS, Lane
from sopctl.adapters.engine.link import Alive, Link, connected, prepare, receive, receive_anew, unreachable
from sopctl.errors import SopctlError, stopped
from sopctl.model.access.shards import (
    AT_MOST,
    Answer,
    Answers,
    Delivered,
    NotBelieved,
    Shard,
    Worker,
    Workers,
    believed,
    longest,
)
from sopctl.model.as_json import NotJson, from_json
from sopctl.model.text import printable

if TYPE_CHECKING:
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

TAKE_SECONDS = 0.5
"""Between two takings of answers: each is a question to the broker."""
POLL_SECONDS = 1.0
HEARD_SECONDS = 3.0
"""For which nobody asks whether a network has workers, nor what is under way there, since an answer came from it: each
look is several questions to the broker."""
GRACE_SECONDS = 2 * links.SILENT_SECONDS
"""How long a network may be without any worker, before its servers count as not watched."""
QUIET_POLLS = 3
"""So many looks at which nothing is under way and no answer came, and what is missing is sent again."""
SENT_AGAIN = 3
"""times at most in a run."""
LATE_SECONDS = 10.0
"""For the answers of shards that were begun in time, beside the longest time that a check may take."""


class NatsEngine:
    """Checks by workers in other networks, over a broker; in the lane of facts, what servers say of themselves.
    `networks_served` are those with workers."""

    def __init__(
        self,
        link: Link,
        networks_served: Iterable[str],
        *,
        clock: Callable[[], float] = time.time,
        lane: Lane = CHECKS,
    ) -> None:
        self.lane = lane
        self.refused: Counter[str] = Counter()
        self.again = 0
        """Answers that came once more after they were recorded."""
        self._link, self._networks, self._clock = link, tuple(networks_served), clock

    def answers(self, shards: Iterable[Shard], *, cancel: threading.Event) -> Iterator[Delivered]:
        """As `Engine.answers`. Raises OutsideFailure when the broker cannot be reached, Interrupted when `cancel` was
        set."""
        run = _Run(self, tuple(shards), cancel)
        yield from run.answers()

    def networks(self) -> Mapping[str, Workers]:
        """As `Engine.networks`. Raises OutsideFailure."""

        async def asked() -> dict[str, Workers]:
            async with connected(self._link) as client:
                streams = client.jetstream(timeout=links.REQUEST_SECONDS)
                await prepare(streams, self._networks, self.lane)
                return {
                    name: Workers(await _alive(streams, name), *await _known(streams, name, self.lane))
                    for name in self._networks
                }

        return self._asked(asked)

    def _asked(self, question: Callable[[], Awaitable[dict[str, Workers]]]) -> dict[str, Workers]:
        async def whole() -> dict[str, Workers]:
            return await question()

        try:
            return asyncio.run(whole())
        except Exception as error:  # noqa: BLE001 (one of the library's becomes one of ours)
            raise _translated(self._link, error) from None


class _Taken:
    """A message with answers: it is acknowledged when all of them are recorded."""

    def __init__(self, message: "Msg") -> None:
        self.message, self.open = message, set[tuple[str, str]]()
        self.after: list[_Taken] = []
        """Messages with some of the same answers, which are not recorded yet."""


class _Delivery(Struct):
    """An answer from a worker."""

    answer: Answer
    done: Callable[[Answer], None]

    def recorded(self) -> None:
        self.done(self.answer)


class _Network:
    """What is still open in one network during a run."""

    def __init__(self, shards: Iterable[Shard]) -> None:
        self.shards = list(shards)
        self.sent = {check.id: check for shard in self.shards for check in shard.checks}
        self.open = dict(self.sent)
        self.number = len(self.shards)
        self.answered, self.answered_at = False, time.monotonic()
        self.done = asyncio.Event()
        self.longest = max(map(longest, self.sent.values()), default=0.0)

    def again(self) -> list[Shard]:
        """Shards of what is open."""
        left, made = list(self.open.values()), []
        for at in range(0, len(left), AT_MOST):
            made.append(replace(self.shards[0], number=self.number, checks=tuple(left[at : at + AT_MOST])))
            self.number += 1
        return made


class _Run:
    """One run of the engine."""

    def __init__(self, engine: NatsEngine, shards: tuple[Shard, ...], cancel: threading.Event) -> None:
        self._engine, self._link, self._clock, self._lane = engine, engine._link, engine._clock, engine.lane
        self._cancel, self._stop = cancel, threading.Event()
        self._given: queue.SimpleQueue[_Delivery | BaseException | None] = queue.SimpleQueue()
        names = dict.fromkeys(shard.network for shard in shards)
        self._networks = {name: _Network(each for each in shards if each.network == name) for name in names}
        self._run = shards[0].run if shards else ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._acknowledging: set[asyncio.Future[None]] = set()
        self._taken: set[_Taken] = set()
        """Messages of which not all answers are recorded. Only the loop's thread changes it."""
        self._earlier: set[tuple[str, str]] = set()
        """What came of earlier runs."""

    def answers(self) -> Iterator[Delivered]:
        if not self._networks:
            return
        worker = threading.Thread(target=self._thread, name="engine", daemon=True)
        worker.start()
        try:
            while (given := self._given.get()) is not None:
                if isinstance(given, BaseException):
                    raise given
                yield given
        finally:
            self._stop.set()
            worker.join()
        if self._cancel.is_set():
            raise stopped()

    def _thread(self) -> None:
        try:
            asyncio.run(self._whole())
            self._given.put(None)
        except BaseException as error:  # noqa: BLE001 (raised where the caller waits)
            self._given.put(_translated(self._link, error))

    async def _whole(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with connected(self._link) as client:
            streams = client.jetstream(timeout=links.REQUEST_SECONDS)
            await prepare(streams, self._networks, self._lane)
            await receive_anew(streams, self._lane)
            for name in self._networks:  # of a run that was cut off
                await streams.purge_stream(self._lane.jobs, subject=f"{self._lane.job}.{name}")
            taking = asyncio.create_task(self._take(streams))
            working = [asyncio.create_task(self._one(streams, *each)) for each in self._networks.items()]
            watching = asyncio.create_task(self._watch(working))
            try:
                await asyncio.gather(*working)
                while self._taken:
                    await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                pass
            finally:
                for task in (taking, watching, *working):
                    task.cancel()
                await asyncio.gather(taking, watching, *working, return_exceptions=True)
                for name, network in self._networks.items():
                    if network.open:
                        with contextlib.suppress(Exception):
                            await streams.purge_stream(self._lane.jobs, subject=f"{self._lane.job}.{name}")

    async def _watch(self, working: "list[asyncio.Task[None]]") -> None:
        while not (self._stop.is_set() or self._cancel.is_set()):
            await asyncio.sleep(0.1)
        self._taken.clear()  # nobody takes them any more: the next run does
        for task in working:
            task.cancel()

    async def _one(self, streams: "JetStreamContext", name: str, network: _Network) -> None:
        """Send a network's shards, and see that they are answered, or cannot be."""
        until = network.shards[0].until.timestamp() if network.shards else 0
        sending = asyncio.create_task(self._send(streams, name, network.shards))
        seen = time.monotonic()
        quiet, sent_again = 0, 0
        try:
            while network.open:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(network.done.wait(), POLL_SECONDS)
                    return
                if self._clock() > until + network.longest + LATE_SECONDS:
                    return
                if network.answered and time.monotonic() - network.answered_at < HEARD_SECONDS:
                    seen, quiet = network.answered_at, 0
                    continue
                try:
                    if await _anybody(streams, name, self._lane):
                        seen = time.monotonic()
                    waiting, under_way = await _known(streams, name, self._lane)
                    owed = (await streams.stream_info(self._lane.results)).state.messages
                except Exception:  # noqa: BLE001 (the broker is gone, or what was in it)
                    seen = time.monotonic()  # nobody knows who is alive
                    with contextlib.suppress(Exception):
                        await prepare(streams, self._networks, self._lane)
                        await receive(streams, self._lane)
                    continue
                if time.monotonic() - seen > GRACE_SECONDS:
                    return
                idle = sending.done() and not waiting and not under_way and not owed
                quiet = quiet + 1 if idle and time.monotonic() - network.answered_at > POLL_SECONDS else 0
                if quiet >= QUIET_POLLS:
                    if sent_again == SENT_AGAIN:
                        return
                    sent_again, quiet = sent_again + 1, 0
                    sending = asyncio.create_task(self._send(streams, name, network.again()))
        finally:
            sending.cancel()

    async def _send(self, streams: "JetStreamContext", name: str, shards: Iterable[Shard]) -> None:
        """Put shards into the queue; while it is full, or the broker away, they wait."""
        for shard in shards:
            content = msgspec.json.encode(shard)
            told = {"Nats-Msg-Id": f"{shard.run}.{name}.{shard.number}"}
            while self._clock() <= shard.until.timestamp():
                try:
                    await streams.publish(f"{self._lane.job}.{name}", content, stream=self._lane.jobs, headers=told)
                    break
                except Exception:  # noqa: BLE001 (full, gone, or slow: the same is done)
                    await asyncio.sleep(0.2)

    async def _take(self, streams: "JetStreamContext") -> None:
        """Take answers, for as long as the run lasts."""
        from nats.errors import TimeoutError as Nothing

        while True:
            try:
                taken = await streams.pull_subscribe_bind(CONTROLLER, self._lane.results)
                while True:
                    try:
                        for message in await taken.fetch(200, timeout=1):
                            await self._judge(message)
                        await asyncio.sleep(TAKE_SECONDS)
                    except Nothing:
                        continue
            except asyncio.CancelledError:
                raise
            except Exception:  # noqa: BLE001 (the consumer is gone: `_one` makes it anew)
                await asyncio.sleep(0.5)

    async def _judge(self, message: "Msg") -> None:
        name = message.subject.partition(".")[2]
        network = self._networks.get(name)
        try:
            answers = from_json(message.data, Answers).answers
        except NotJson:
            self._engine.refused[name] += 1
            await message.term()
            return
        taken, given = _Taken(message), []
        for each in answers:
            try:
                check = network.sent.get(each.id) if network else None
                if network is None or check is None:
                    raise NotBelieved("no check of this network")
                answer = believed(each, check, self._clock())
            except NotBelieved:
                self._engine.refused[name] += 1
                continue
            network.answered, network.answered_at = True, time.monotonic()
            identity = (answer.run, answer.id)
            if not self._is_new(network, answer):
                self._engine.again += 1
                taken.after += [other for other in self._taken if identity in other.open]
                continue
            taken.open.add(identity)
            given.append(_Delivery(answer, partial(self._recorded, taken)))
        self._taken.add(taken)
        if not given:
            self._acknowledge(taken)
        for delivery in given:
            self._given.put(delivery)

    def _is_new(self, network: _Network, answer: Answer) -> bool:
        """Is it the first answer to its check in its run?"""
        if answer.run != self._run:
            new = (answer.run, answer.id) not in self._earlier
            self._earlier.add((answer.run, answer.id))
            return new
        new = network.open.pop(answer.id, None) is not None
        if not network.open:
            network.done.set()
        return new

    def _recorded(self, taken: _Taken, answer: Answer) -> None:
        """In the caller's thread."""
        taken.open.discard((answer.run, answer.id))
        if not taken.open and self._loop:
            with contextlib.suppress(RuntimeError):  # the run has ended: the next one is given it again
                self._loop.call_soon_threadsafe(self._acknowledge, taken)

    def _acknowledge(self, taken: _Taken) -> None:
        async def acknowledged() -> None:
            while any(other in self._taken for other in taken.after):
                await asyncio.sleep(0.05)
            with contextlib.suppress(Exception):
                await taken.message.ack()
            self._taken.discard(taken)

        task = asyncio.ensure_future(acknowledged())
        self._acknowledging.add(task)
        task.add_done_callback(self._acknowledging.discard)


async def _anybody(streams: "JetStreamContext", name: str, lane: Lane) -> bool:
    """Is any worker of this network alive that works on this lane?"""
    async for said, _ in _words(streams, name):
        if lane.job in said.lanes:
            return True
    return False


async def _alive(streams: "JetStreamContext", name: str) -> tuple[Worker, ...]:
    """The workers of a network that are alive, as they say of themselves."""
    alive: dict[str, Worker] = {}
    async for said, heard in _words(streams, name):
        known, since = printable(said.name, 60), datetime.fromtimestamp(said.since, UTC)
        alive[known] = Worker(name, known, since, said.busy, said.now - heard, FACTS.job in said.lanes)
    return tuple(alive[each] for each in sorted(alive))


async def _words(streams: "JetStreamContext", name: str) -> AsyncIterator[tuple[Alive, float]]:
    """What a network's workers said of themselves, the oldest first, and when the broker heard it."""
    from nats.js.errors import NotFoundError

    after = 0
    for _ in range(links.MOST_WORKERS):
        try:
            message = await streams.get_msg(WORKERS, after + 1, f"workers.{name}", next=True)
        except NotFoundError:
            return
        after = message.seq or after + 1
        try:
            said = from_json(message.data or b"", Alive)
        except NotJson:
            continue
        yield said, message.time.timestamp() if message.time else said.now


async def _known(streams: "JetStreamContext", name: str, lane: Lane) -> tuple[int, int]:
    """How many shards of a network wait, and how many are under way."""
    found = await streams.consumer_info(lane.jobs, name)
    return found.num_pending or 0, found.num_ack_pending or 0


def _translated(link: Link, error: BaseException) -> BaseException:
    """The library's errors as ours."""
    if isinstance(error, SopctlError | KeyboardInterrupt):
        return error
    from nats.errors import Error

    return unreachable(link, error) if isinstance(error, Error | OSError | TimeoutError) else error
