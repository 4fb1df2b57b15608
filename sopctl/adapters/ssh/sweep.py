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
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from sopctl.adapters.resolving import begin
from sopctl.adapters.ssh import tcp
from sopctl.adapters.ssh.banner import Greeting
from sopctl.adapters.ssh.climb import IDENTIFICATION, Climb, Clock
from sopctl.adapters.ssh.connection import Connection
from sopctl.adapters.ssh.deadline import TICK, Deadline, stopped
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key
from sopctl.adapters.ssh.probe import check, refuse_without_key
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


_Answer = tuple[str, AccessResult, bytes]

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
    for name, result, _ in _swept(iter([jobs]), cancel, clock):
        yield name, result


def sweep_as_they_come(
    batches: Iterator[Sequence[Job]], *, cancel: threading.Event | None = None
) -> Generator[tuple[str, AccessResult], None, None]:
    """As `sweep`, of jobs that come one batch after another: the next batch is waited for in a thread of its own, while
    those before it are checked. Whoever sets `cancel` ends the batches too."""
    for name, result, _ in _swept(batches, cancel):
        yield name, result


def run_scripts(
    jobs: Sequence[ScriptJob], *, cancel: threading.Event | None = None
) -> Generator[tuple[str, AccessResult, bytes], None, None]:
    """Run the script of each job on its server, many at once, over one connection each; yields each job's name,
    how far it got, and what the script printed, as soon as it is in. Raises as `sweep`."""
    yield from _swept(iter([jobs]), cancel)


def _swept(
    batches: "Iterator[Sequence[Job | ScriptJob]]", cancel: threading.Event | None, clock: Clock = time.time
) -> Generator[tuple[str, AccessResult, bytes], None, None]:
    stop = _Stop(cancel)
    answers: queue.SimpleQueue[_Answer | BaseException | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            asyncio.run(_Sweep(answers, stop, clock).run(batches))
            answers.put(None)
        except BaseException as error:  # noqa: BLE001 (raised where the caller waits)
            answers.put(error)

    worker = threading.Thread(target=run, name="sweep", daemon=True)
    worker.start()
    try:
        while (answer := answers.get()) is not None:
            if isinstance(answer, BaseException):
                raise answer
            yield answer
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

    def finish(self, sock: socket.socket, heard: bytes, job: "Job | ScriptJob") -> bytes:
        """The remaining rungs, in a thread: what the job's script printed, if it has one. Raises Fault."""
        self._connection = Connection(sock, self.deadline, self._limit)
        self._connection.identification_sent(HELLO)
        self._connection.unread(heard)
        self.verify_host_key()
        output = b""
        if self.target.user is not None and job.key is not None:
            self.log_in(self.target.user, job.key)
            if isinstance(job, ScriptJob):
                output = _output(self, job)
            else:
                self.run(self.target.command)
        self.disconnect()
        if self.target.services:
            from sopctl.adapters.ssh.services import try_services

            try_services(self, None)
        return output


def _output(climb: Climb, job: ScriptJob) -> bytes:
    run = climb.run_as_root if job.as_root else climb.run_script
    return run(job.script, job.arguments, job.keep)


def _in_a_thread(job: "Job | ScriptJob", stop: threading.Event, clock: Clock) -> tuple[AccessResult, bytes]:
    """One job with nothing to do for the loop: of a host behind a jump host, whose connection is the jump host's to
    make, or of a machine that takes no SSH."""
    if isinstance(job, Job):
        return check(job.target, job.key, cancel=stop, clock=clock), b""
    climb = Climb(job.target, Deadline(job.target.timeout, stop), clock=clock)
    try:
        climb.connect()
        climb.handshake()
        climb.log_in(job.target.user or "", job.key)
        output = _output(climb, job)
    except Fault as fault:
        return climb.result(fault), b""
    finally:
        climb.close()
    return climb.result(), output


class _Sweep:
    """One sweep in progress, in its event loop."""

    def __init__(
        self, answers: "queue.SimpleQueue[_Answer | BaseException | None]", stop: threading.Event, clock: Clock
    ) -> None:
        self._answers, self._stop, self._clock = answers, stop, clock
        self._waiting = 0
        self._names = ThreadPoolExecutor(NAMES, "name")
        self._logins = ThreadPoolExecutor(LOGINS, "login")
        self._others = ThreadPoolExecutor(OTHERS, "ports")
        self._jumps = ThreadPoolExecutor(THROUGH_JUMPS, "jump")
        self._by_jump = defaultdict[tuple[str, int], asyncio.Semaphore](lambda: asyncio.Semaphore(AT_ONCE_BY_JUMP))
        self._places = asyncio.Semaphore(_connections())
        self._asked = asyncio.Semaphore(ASKED)

    async def run(self, batches: "Iterator[Sequence[Job | ScriptJob]]") -> None:
        """Check the jobs of all batches; the results go to the queue."""
        watch = asyncio.create_task(self._watch(asyncio.current_task()))
        try:
            async with asyncio.TaskGroup() as group:
                async for job in _coming(batches):
                    await self._places.acquire()
                    await self._asked.acquire()
                    while self._waiting >= BACKLOG:
                        await asyncio.sleep(0.005)
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
            await asyncio.sleep(TICK)
        if whole:
            whole.cancel()

    async def _one(self, job: "Job | ScriptJob") -> None:
        try:
            self._answers.put((job.name, *await self._checked(job)))
        finally:
            self._places.release()

    async def _checked(self, job: "Job | ScriptJob") -> tuple[AccessResult, bytes]:
        loop = asyncio.get_running_loop()
        if job.target.jump is not None or not job.target.ssh:  # nothing for the loop to wait for
            self._asked.release()
            if job.target.jump is None:
                return await loop.run_in_executor(self._others, _in_a_thread, job, self._stop, self._clock)
            async with self._by_jump[job.target.jump.host, job.target.jump.port]:
                return await loop.run_in_executor(self._jumps, _in_a_thread, job, self._stop, self._clock)
        climb = _AsyncClimb(job.target, Deadline(job.target.timeout, self._stop), clock=self._clock)
        patience = loop.call_later(PATIENCE, self._asked.release)
        try:
            sock, heard = await climb.reach(self._names)
        except Fault as fault:
            return climb.result(fault), b""
        finally:
            if loop.time() < patience.when():
                patience.cancel()
                self._asked.release()
        self._waiting += 1
        since = time.monotonic()

        def finish() -> tuple[AccessResult, bytes]:
            loop.call_soon_threadsafe(self._started)
            climb.deadline.postpone(time.monotonic() - since)
            try:
                output = climb.finish(sock, heard, job)
            except Fault as fault:
                return climb.result(fault), b""
            finally:
                climb.close()
                sock.close()
            return climb.result(), output

        return await loop.run_in_executor(self._logins, finish)

    def _started(self) -> None:
        self._waiting -= 1


async def _coming(batches: "Iterator[Sequence[Job | ScriptJob]]") -> "AsyncIterator[Job | ScriptJob]":
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
