"""The access check of many hosts at once: name lookups, TCP and banners in one event loop, logins in a few threads.

A host that does not answer waits in the loop, where it costs a file descriptor but no thread; only one that has sent
its SSH identification gets a thread. So dead hosts delay nobody. Every host still gets one connection and one deadline,
and the time that it waits for one of our threads is not counted.
"""

import asyncio
import contextlib
import errno
import queue
import resource
import socket
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from sopctl.adapters.resolving import begin
from sopctl.adapters.ssh import tcp
from sopctl.adapters.ssh.banner import Greeting
from sopctl.adapters.ssh.climb import IDENTIFICATION, Climb, Clock
from sopctl.adapters.ssh.connection import LIMIT, Connection
from sopctl.adapters.ssh.deadline import TICK, Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key
from sopctl.adapters.ssh.probe import check, refuse_without_key
from sopctl.errors import stopped
from sopctl.model.access.ladder import AccessResult, Rung
from sopctl.model.access.target import Target

THROUGH_JUMPS = 64
"""Threads of hosts behind jump hosts, each for its whole check."""

AT_ONCE_BY_JUMP = 8
"""Checks under way through one jump host: its sshd turns away more logins begun at once (MaxStartups: 10)."""

LOGINS = 16
"""Threads that log in. More would not be faster: the interpreter runs one of them at a time."""

OTHERS = 16
"""Threads that try the services of machines which take no SSH."""

NAMES = 32
"""Threads that wait for the resolver, which has no deadline."""

CONNECTIONS = 1024
"""Hosts that the event loop waits for at the same time, as far as file descriptors allow."""

BACKLOG = 4 * LOGINS
"""Hosts that may wait for a thread; at that number, no further connection is started."""

ASKED = 64
"""Hosts that were contacted a moment ago and may answer soon. More at once would overwhelm what is in between (a
firewall, a hypervisor with many servers), and live hosts would then seem silent."""

PATIENCE = 1.0
"""Seconds after which a host without an answer no longer counts towards ASKED: dead hosts hold up nobody."""


IDLE_TICK = 0.5
"""The same as TICK where nothing is under way, as in a worker that waits for work."""

STALE = 20.0
"""Seconds after which a server that waited for one of our threads is connected to anew: it gives a connection without a
login no longer than LoginGraceTime (sshd_config(5))."""


class Pace(NamedTuple):
    """How many hosts are in each state at the same time: in a thread that logs in, connected and waiting for one, and
    contacted a moment ago. Who talks for long is not connected to ahead: a server has few places for those that have
    not logged in (MaxStartups, sshd_config(5))."""

    logins: int
    backlog: int
    asked: int


_Answer = tuple[str, AccessResult, Any]

HELLO = IDENTIFICATION.encode() + b"\r\n"


class Job(NamedTuple):
    """One check of a sweep: a name for the caller, the target, and the key to log in with."""

    name: str
    target: Target
    key: Key | None = None


class ScriptJob(NamedTuple):
    """A POSIX sh script to be run as root on the target, or as the account itself: of what it prints, the first `keep`
    bytes are kept. The target has a user; its jump host, if it has one, names its key."""

    name: str
    target: Target
    key: Key
    script: bytes
    arguments: tuple[str, ...] = ()
    keep: int = 384 * 1024
    as_root: bool = True


class Conversation(NamedTuple):
    """What is talked about with a target after the login, in whatever round trips: `talk` gets the climb, which is
    logged in, and gives what came of it; it raises Fault. From the login on there are `seconds` for it. The target has
    a user; its jump host, if it has one, names its key."""

    name: str
    target: Target
    key: Key
    talk: Callable[[Climb], object]
    seconds: float
    limit: int = LIMIT


_AnyJob = Job | ScriptJob | Conversation


def sweep(
    jobs: Sequence[Job], *, cancel: threading.Event | None = None, clock: Clock = time.time
) -> Generator[tuple[str, AccessResult], None, None]:
    """Check all `jobs` as `check` does; yields each job's name and result as soon as it is in. The time of a result is
    that of its check, by `clock`, whenever it is taken.

    Raises InvalidRecord, before anything is started, for a login without a key; Interrupted when `cancel` was set. When
    the caller stops iterating, the checks in progress are stopped.
    """
    for job in jobs:
        refuse_without_key(job.target, job.key)
    for came in _swept(iter([jobs]), cancel, clock):
        for name, result, _ in came:
            yield name, result


def sweep_as_they_come(
    batches: Iterator[Sequence[Job]], *, cancel: threading.Event | None = None
) -> Generator[tuple[str, AccessResult], None, None]:
    """As `sweep`, of jobs that come one batch after another: the next batch is waited for in a thread of its own, while
    those before it are checked. Whoever sets `cancel` ends the batches too."""
    for came in _swept(batches, cancel):
        for name, result, _ in came:
            yield name, result


def run_scripts(
    jobs: Sequence[ScriptJob], *, cancel: threading.Event | None = None
) -> Generator[tuple[str, AccessResult, bytes], None, None]:
    """Run the script of each job on its server, many at once, over one connection each; yields each job's name,
    how far it got, and what the script printed, as soon as it is in. Raises as `sweep`."""
    for came in _swept(iter([jobs]), cancel):
        yield from came


def converse(
    batches: Iterator[Sequence[Conversation]], *, at_once: int, cancel: threading.Event | None = None
) -> Generator[list[tuple[str, AccessResult, Any]], None, None]:
    """Hold each conversation with its server, `at_once` at the same time, over one connection each; yields each job's
    name, how far it got, and what came of the talk (None where it failed), as soon as it is in: with several where they
    came while the caller was busy. Batches come as in `sweep_as_they_come`. Raises as `sweep`."""
    pace = Pace(max(1, at_once), 1, max(1, at_once))
    yield from _swept(batches, cancel, pace=pace)


def _swept(
    batches: Iterator[Sequence[_AnyJob]],
    cancel: threading.Event | None,
    clock: Clock = time.time,
    pace: Pace | None = None,
) -> Generator[list[_Answer], None, None]:
    stop = _Stop(cancel)
    answers: queue.SimpleQueue[_Answer | BaseException | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            asyncio.run(_Sweep(answers, stop, clock, pace or Pace(LOGINS, BACKLOG, ASKED)).run(batches))
            answers.put(None)
        except BaseException as error:  # noqa: BLE001 (raised where the caller waits)
            answers.put(error)

    worker = threading.Thread(target=run, name="sweep", daemon=True)
    worker.start()
    try:
        last: BaseException | None = None
        ended = False
        while not ended:
            came: list[_Answer] = []
            while not ended and not (came and answers.empty()):
                answer = answers.get()
                if isinstance(answer, tuple):
                    came.append(answer)
                else:
                    last, ended = answer, True
            if came:
                yield came
        if last is not None:
            raise last
    finally:
        stop.set()
        worker.join()


class _Stop(threading.Event):
    """The end of one sweep: its own, or that of all the work that it is a part of, whose event is left as it is."""

    def __init__(self, cancel: threading.Event | None) -> None:
        super().__init__()
        self._whole = cancel

    def is_set(self) -> bool:
        return super().is_set() or (self._whole is not None and self._whole.is_set())


class _AsyncClimb(Climb):
    """A climb whose lower rungs run in an event loop."""

    async def reach(self, names: ThreadPoolExecutor) -> tuple[socket.socket, bytes]:
        """Name, TCP, banner: a connection, and the bytes that paramiko is to read first. Raises Fault."""
        target, loop = self.target, asyncio.get_running_loop()
        with self.on(Rung.NAME) as note:
            asked = (target.host, target.port, self.deadline, target.destinations)
            if tcp.is_numeric(target.host) and not (target.destinations and target.destinations.names):
                addresses = tcp.resolve(*asked)
            else:
                addresses = await loop.run_in_executor(names, tcp.resolve, *asked)
            note.append(", ".join(address[1][0] for address in addresses))
        with self.on(Rung.TCP) as note:
            self._address, sock = await _connect(addresses, self.deadline)
            note.append(f"{self._address[1][0]} port {target.port}")
        try:
            with self.on(Rung.BANNER) as note:
                self._banner, heard = await _listen(sock, self.deadline)
                note.append(self._banner)
        except BaseException:
            sock.close()
            raise
        return sock, heard

    def finish(self, sock: socket.socket, heard: bytes, job: _AnyJob) -> object:
        """The remaining rungs, in a thread: what came of the job's script or talk, if it has one. Raises Fault."""
        self._connection = Connection(sock, self.deadline, self._limit)
        self._connection.identification_sent(HELLO)
        self._connection.unread(heard)
        self.verify_host_key()
        output: object = b""
        if self.target.user is not None and job.key is not None:
            self.log_in(self.target.user, job.key)
            if not isinstance(job, Job):
                output = _output(self, job)
            else:
                self.run(self.target.command)
        self.disconnect()
        if self.target.services:
            from sopctl.adapters.ssh.services import try_services

            try_services(self, None)
        return output


def _output(climb: Climb, job: ScriptJob | Conversation) -> object:
    if isinstance(job, Conversation):
        climb.deadline.extend(job.seconds)
        return job.talk(climb)
    run = climb.run_as_root if job.as_root else climb.run_script
    return run(job.script, job.arguments, job.keep)


def _limit(job: _AnyJob) -> int:
    return job.limit if isinstance(job, Conversation) else LIMIT


def _failed(climb: Climb, job: _AnyJob, fault: Fault) -> tuple[AccessResult, object]:
    return climb.result(fault), None if isinstance(job, Conversation) else b""


def _in_a_thread(job: _AnyJob, stop: threading.Event, clock: Clock) -> tuple[AccessResult, object]:
    """One job with nothing to do for the loop: of a host behind a jump host, whose connection is the jump host's to
    make, of a machine that takes no SSH, or of one that waited too long for us."""
    if isinstance(job, Job):
        return check(job.target, job.key, cancel=stop, clock=clock), b""
    climb = Climb(job.target, Deadline(job.target.timeout, stop), limit=_limit(job), clock=clock)
    try:
        climb.connect()
        climb.handshake()
        climb.log_in(job.target.user or "", job.key)
        output = _output(climb, job)
    except Fault as fault:
        return _failed(climb, job, fault)
    finally:
        climb.close()
    return climb.result(), output


class _Sweep:
    """One sweep in progress, in its event loop."""

    def __init__(
        self,
        answers: "queue.SimpleQueue[_Answer | BaseException | None]",
        stop: threading.Event,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self._answers, self._stop, self._clock, self._pace = answers, stop, clock, pace
        self._open = 0
        """Checks that have begun and have no result yet."""
        self._in_hand = 0
        """Hosts that have a thread, or wait for one."""
        self._room = asyncio.Event()
        """Set whenever there is one less."""
        self._names = ThreadPoolExecutor(NAMES, "name")
        self._logins = ThreadPoolExecutor(pace.logins, "login")
        self._others = ThreadPoolExecutor(OTHERS, "ports")
        self._jumps = ThreadPoolExecutor(THROUGH_JUMPS, "jump")
        self._by_jump = defaultdict[tuple[str, int], asyncio.Semaphore](lambda: asyncio.Semaphore(AT_ONCE_BY_JUMP))
        self._places = asyncio.Semaphore(_connections())
        self._asked = asyncio.Semaphore(pace.asked)

    async def run(self, batches: Iterator[Sequence[_AnyJob]]) -> None:
        """Check the jobs of all batches; the results go to the queue."""
        watch = asyncio.create_task(self._watch(asyncio.current_task()))
        try:
            async with asyncio.TaskGroup() as group:
                async for job in _coming(batches):
                    await self._places.acquire()
                    await self._asked.acquire()
                    while self._in_hand >= self._pace.logins + self._pace.backlog:
                        self._room.clear()
                        await self._room.wait()
                    group.create_task(self._one(job))
        except asyncio.CancelledError:
            raise stopped() from None
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        finally:
            watch.cancel()
            self._stop.set()
            self._names.shutdown(wait=False, cancel_futures=True)
            for pool in (self._logins, self._others, self._jumps):
                pool.shutdown(wait=True, cancel_futures=True)

    async def _watch(self, whole: "asyncio.Task[None] | None") -> None:
        while not self._stop.is_set():
            await asyncio.sleep(TICK if self._open else IDLE_TICK)
        if whole:
            whole.cancel()

    async def _one(self, job: _AnyJob) -> None:
        self._open += 1
        try:
            self._answers.put((job.name, *await self._checked(job)))
        finally:
            self._open -= 1
            self._places.release()

    async def _checked(self, job: _AnyJob) -> tuple[AccessResult, object]:
        loop = asyncio.get_running_loop()
        if job.target.jump is not None or not job.target.ssh:  # nothing for the loop to wait for
            self._asked.release()
            if job.target.jump is None:
                return await loop.run_in_executor(self._others, _in_a_thread, job, self._stop, self._clock)
            async with self._by_jump[job.target.jump.host, job.target.jump.port]:
                threads = self._logins if isinstance(job, Conversation) else self._jumps
                return await loop.run_in_executor(threads, _in_a_thread, job, self._stop, self._clock)
        deadline = Deadline(job.target.timeout, self._stop)
        inline = isinstance(job, Job)
        climb = _AsyncClimb(job.target, deadline, limit=_limit(job), clock=self._clock, inline=inline)
        patience = loop.call_later(PATIENCE, self._asked.release)
        try:
            sock, heard = await climb.reach(self._names)
        except Fault as fault:
            return _failed(climb, job, fault)
        finally:
            if loop.time() < patience.when():
                patience.cancel()
                self._asked.release()
        since = time.monotonic()

        def finish() -> tuple[AccessResult, object]:
            waited = time.monotonic() - since
            if isinstance(job, Conversation) and waited > STALE:
                sock.close()
                return _in_a_thread(job, self._stop, self._clock)
            climb.deadline.postpone(waited)
            try:
                output = climb.finish(sock, heard, job)
            except Fault as fault:
                return _failed(climb, job, fault)
            finally:
                climb.close()
                sock.close()
            return climb.result(), output

        self._in_hand += 1
        try:
            return await loop.run_in_executor(self._logins, finish)
        finally:
            self._in_hand -= 1
            self._room.set()


async def _coming(batches: Iterator[Sequence[_AnyJob]]) -> AsyncIterator[_AnyJob]:
    """The jobs of all batches, as they come; our own machines' names are looked up meanwhile."""
    loop = asyncio.get_running_loop()
    waiting = ThreadPoolExecutor(1, "batches")
    try:
        while batch := await loop.run_in_executor(waiting, next, batches, None):
            for destinations in {id(job.target.destinations): job.target.destinations for job in batch}.values():
                if destinations:
                    begin(destinations)
            for job in batch:
                yield job
    finally:
        waiting.shutdown(wait=False)


async def _connect(addresses: list[tcp.Address], deadline: Deadline) -> tuple[tcp.Address, socket.socket]:
    """Like `tcp.connect`, in the event loop."""
    if len(addresses) == 1:  # nearly every server: there is nothing to try beside it
        return addresses[0], await _connect_to(addresses[0], deadline)
    errors: dict[tcp.Address, int] = {}
    tries: dict[asyncio.Task[socket.socket], tcp.Address] = {}
    waiting = list(addresses)
    try:
        while (waiting or tries) and not deadline.passed:
            if waiting:
                address = waiting.pop(0)
                tries[asyncio.create_task(_try(address))] = address
            pause = min(tcp.STAGGER, deadline.left()) if waiting else deadline.left()
            done, _ = await asyncio.wait(tries, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                address = tries.pop(one)
                error = one.exception()
                if error is None:
                    return address, one.result()
                errors[address] = (error.errno if isinstance(error, OSError) else None) or errno.EIO
    finally:
        for one in tries:
            if not one.cancel() and one.exception() is None:
                one.result().close()
    raise tcp.connect_fault(addresses, errors)


async def _connect_to(address: tcp.Address, deadline: Deadline) -> socket.socket:
    try:
        async with asyncio.timeout(deadline.left()):
            return await _try(address)
    except OSError as error:
        ours = isinstance(error, TimeoutError) and error.errno is None  # the system's says its number
        raise tcp.connect_fault([address], {} if ours else {address: error.errno or errno.EIO}) from None


async def _try(address: tcp.Address) -> socket.socket:
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        # A reset means that the connection was made (RFC 9293 section 3.5.2): the next read reports it.
        with contextlib.suppress(ConnectionResetError):
            await asyncio.get_running_loop().sock_connect(sock, address[1])
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


async def _listen(sock: socket.socket, deadline: Deadline) -> tuple[str, bytes]:
    """Like `banner.read_banner`, in the event loop: the server's identification, and the bytes for paramiko to read."""
    loop, greeting = asyncio.get_running_loop(), Greeting()
    try:
        async with asyncio.timeout(deadline.left()):
            with contextlib.suppress(OSError):  # what the server sent before it closed can still be read
                await loop.sock_sendall(sock, HELLO)
            while data := await _read(sock):
                if heard := greeting.feed(data):
                    return heard
    except TimeoutError:
        raise greeting.timed_out() from None
    raise greeting.closed()


async def _read(sock: socket.socket) -> bytes:
    try:
        return await asyncio.get_running_loop().sock_recv(sock, 1024)
    except OSError:
        return b""


def _connections() -> int:
    """How many hosts may be waited for, given the file descriptors that this process may open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 8 * LOGINS + 64
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return CONNECTIONS if limit == resource.RLIM_INFINITY else max(16, min(CONNECTIONS, limit - 8 * LOGINS - 64))
