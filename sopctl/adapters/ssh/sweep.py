"""The access check of many hosts at once: names, TCP and banners in one event loop, logins in a few threads.

A host that does not answer waits in the loop, where it costs a file descriptor and no thread; only one that has sent
its SSH identification gets a thread. So the dead delay nobody. Every host still gets one connection and one
deadline; the time in which it waits for a thread of ours is not held against it.
"""

import asyncio
import contextlib
import errno
import queue
import resource
import socket
import threading
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from sopctl.adapters.ssh import tcp
from sopctl.adapters.ssh.banner import Greeting
from sopctl.adapters.ssh.climb import IDENTIFICATION, Climb
from sopctl.adapters.ssh.deadline import TICK, Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key
from sopctl.adapters.ssh.line import Line
from sopctl.adapters.ssh.probe import check
from sopctl.errors import Interrupted, InvalidRecord
from sopctl.model.access.ladder import AccessResult, Rung
from sopctl.model.access.target import Target

LOGINS = 16
"""Threads that log in. More would only take turns: the interpreter computes in one of them at a time."""

NAMES = 32
"""Threads that wait for the resolver, which knows no deadline."""

CONNECTIONS = 1024
"""Hosts that are waited for in the event loop at the same time, as far as file descriptors allow."""

BACKLOG = 4 * LOGINS
"""Hosts that may wait for a thread; while there are as many, no further connection is begun."""

ASKED = 64
"""Hosts that have just been asked and may be expected to answer soon. More at once would overwhelm what stands between
(a firewall, a hypervisor with many servers), and live hosts would then seem silent."""

PATIENCE = 1.0
"""Seconds after which a host that has not answered no longer counts as one of these: the dead hold up nobody."""


HELLO = IDENTIFICATION.encode() + b"\r\n"


class Job(NamedTuple):
    """One check of a sweep: a name for the caller, where, and with which key."""

    name: str
    target: Target
    key: Key | None = None


def sweep(
    jobs: Sequence[Job], *, cancel: threading.Event | None = None
) -> Generator[tuple[str, AccessResult], None, None]:
    """Check all `jobs`; each result comes as soon as it is in, with the job's name. Each is as `check` answers.

    Raises InvalidRecord, before anything is begun, for a login without a key; Interrupted when `cancel` was set. When
    the caller stops iterating, all that is under way is stopped.
    """
    for job in jobs:
        _refuse_without_key(job)
    stop = cancel or threading.Event()
    answers: queue.SimpleQueue[tuple[str, AccessResult] | BaseException | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            asyncio.run(_Sweep(answers, stop).run(jobs))
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


def _refuse_without_key(job: Job) -> None:
    if job.target.user is not None and job.key is None:
        raise InvalidRecord(
            "login-needs-private-key", "a login needs a private key", where=job.target.host, remedy="give a key file"
        )


class _Ascent(Climb):
    """A climb whose lower rungs are climbed in an event loop."""

    async def reach(self, names: ThreadPoolExecutor) -> tuple[socket.socket, bytes]:
        """Name, TCP, banner: a connection, and the bytes that the protocol engine is to read first. Raises Fault."""
        target, loop = self.target, asyncio.get_running_loop()
        with self.on(Rung.NAME) as note:
            if tcp.is_numeric(target.host):
                addresses = tcp.resolve(target.host, target.port, self.deadline)
            else:
                addresses = await loop.run_in_executor(names, tcp.resolve, target.host, target.port, self.deadline)
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

    def go_on(self, sock: socket.socket, heard: bytes, key: Key | None) -> None:
        """The rungs above, in a thread. Raises Fault."""
        self._line = Line(sock, self.deadline, self._limit)
        self._line.introduced(HELLO)
        self._line.give_back(heard)
        self.recognise()
        if self.target.user is not None and key is not None:
            self.log_in(self.target.user, key)
            self.run(self.target.command)
        self.hang_up()
        if self.target.services:
            from sopctl.adapters.ssh.services import try_services

            try_services(self, None)


class _Sweep:
    """One sweep under way, in its event loop."""

    def __init__(
        self, answers: "queue.SimpleQueue[tuple[str, AccessResult] | BaseException | None]", stop: threading.Event
    ) -> None:
        self._answers, self._stop = answers, stop
        self._waiting = 0
        self._names = ThreadPoolExecutor(NAMES, "name")
        self._logins = ThreadPoolExecutor(LOGINS, "login")
        self._places = asyncio.Semaphore(_connections())
        self._asked = asyncio.Semaphore(ASKED)

    async def run(self, jobs: Sequence[Job]) -> None:
        """Check all; the answers go to the queue."""
        watch = asyncio.create_task(self._watch(asyncio.current_task()))
        try:
            async with asyncio.TaskGroup() as group:
                for job in jobs:
                    await self._places.acquire()
                    await self._asked.acquire()
                    while self._waiting >= BACKLOG:
                        await asyncio.sleep(0.005)
                    group.create_task(self._one(job))
        except asyncio.CancelledError:
            raise Interrupted("stopped", "stopped") from None
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        finally:
            watch.cancel()
            self._stop.set()
            self._names.shutdown(wait=False, cancel_futures=True)
            self._logins.shutdown(wait=True, cancel_futures=True)

    async def _watch(self, whole: "asyncio.Task[None] | None") -> None:
        while not self._stop.is_set():
            await asyncio.sleep(TICK)
        if whole:
            whole.cancel()

    async def _one(self, job: Job) -> None:
        try:
            self._answers.put((job.name, await self._checked(job)))
        finally:
            self._places.release()

    async def _checked(self, job: Job) -> AccessResult:
        loop = asyncio.get_running_loop()
        if job.target.jump is not None:  # nothing to wait for in the loop: the jump host connects
            self._asked.release()
            return await loop.run_in_executor(self._logins, lambda: check(job.target, job.key, cancel=self._stop))
        climb = _Ascent(job.target, Deadline(job.target.timeout, self._stop))
        patience = loop.call_later(PATIENCE, self._asked.release)
        try:
            sock, heard = await climb.reach(self._names)
        except Fault as fault:
            return climb.result(fault)
        finally:
            if loop.time() < patience.when():
                patience.cancel()
                self._asked.release()
        self._waiting += 1
        since = time.monotonic()

        def finish() -> AccessResult:
            loop.call_soon_threadsafe(self._begun)
            climb.deadline.postpone(time.monotonic() - since)
            try:
                climb.go_on(sock, heard, job.key)
            except Fault as fault:
                return climb.result(fault)
            finally:
                climb.close()
                sock.close()
            return climb.result()

        return await loop.run_in_executor(self._logins, finish)

    def _begun(self) -> None:
        self._waiting -= 1


async def _connect(addresses: list[tcp.Address], deadline: Deadline) -> tuple[tcp.Address, socket.socket]:
    """As `tcp.connect`, in the event loop."""
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
        # A reset is for connections that were made (RFC 9293 section 3.5.2): the next read tells of it.
        with contextlib.suppress(ConnectionResetError):
            await asyncio.get_running_loop().sock_connect(sock, address[1])
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


async def _listen(sock: socket.socket, deadline: Deadline) -> tuple[str, bytes]:
    """As `banner.read_banner`, in the event loop: the server's identification, and what is to be read again."""
    loop, greeting = asyncio.get_running_loop(), Greeting()
    try:
        async with asyncio.timeout(deadline.left()):
            with contextlib.suppress(OSError):  # what the server said before it closed is still to be read
                await loop.sock_sendall(sock, HELLO)
            while data := await _read(sock):
                if heard := greeting.hear(data):
                    return heard
    except TimeoutError:
        raise greeting.too_late() from None
    raise greeting.hung_up()


async def _read(sock: socket.socket) -> bytes:
    try:
        return await asyncio.get_running_loop().sock_recv(sock, 1024)
    except OSError:
        return b""


def _connections() -> int:
    """How many hosts may be waited for: a share of the file descriptors that this process may open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 8 * LOGINS + 64
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return CONNECTIONS if limit == resource.RLIM_INFINITY else max(16, min(CONNECTIONS, limit - 8 * LOGINS - 64))
