"""A real broker, workers and controllers for tests of the engine, each a process that can be killed.

What is checked are stand-ins on loopback that accept and say one line; the checks go the whole way that those of
servers go. `python -m tests.engines controller …` is a controller that may kill itself between what it records and what
it acknowledges, `python -m tests.engines worker …` a worker that kills itself within a shard.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from sopctl.model.access.destinations import Destinations
from sopctl.model.access.shards import Answers, Check, Shard, shards
from sopctl.model.access.target import Target
from sopctl.model.as_json import from_json
from sopctl.store.site import Site
from sopctl.workflow.setup import engine as setting_up
from tests.patience import PATIENCE, eventually

PROGRAM = str(Path(sys.executable).with_name("nats-server"))
"""Debian's, beside the environment's programs (Makefile): its package would start a broker on this machine."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def with_engine(site: Site, networks: tuple[str, ...], port: int, host: str = "127.0.0.1") -> Site:
    """The site with an engine of these networks, its certificates made."""
    file = site.root / "sopctl.yml"
    file.write_text(f"{file.read_text()}\nengine: {{url: 'tls://{host}:{port}', networks: [{', '.join(networks)}]}}\n")
    made = Site(site.root)
    folder = str(site.root / "keys" / "engine" / "server")
    setting_up.setup(made, datetime.now(UTC), server_folder=folder, store=str(site.root.parent / "queues"))
    return made


def rows(site: Site, question: str) -> list[tuple[Any, ...]]:
    """What the history of checks answers; nothing while there is none."""
    file = site.root / "var" / "checks.sqlite3"
    if not file.is_file():
        return []
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as database:
        try:
            return database.execute(question).fetchall()
        except sqlite3.OperationalError:
            return []  # it is being made


def recorded(site: Site) -> int:
    """How many checks the history has."""
    return sum(count for (count,) in rows(site, "SELECT COUNT(*) FROM checks"))


class Broker:
    """A nats-server with the configuration that `engine setup` wrote."""

    def __init__(self, site: Site, port: int, host: str = "127.0.0.1") -> None:
        self._host = host
        self._conf, self.port = site.root / "keys" / "engine" / "server" / "nats-server.conf", port
        self._log = site.root.parent / "nats.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Broker":
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([PROGRAM, "-c", str(self._conf)], stdout=log, stderr=log)
        eventually(self._listens, self._log.read_text())
        return self

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((self._host, self.port), 1):
            return True
        return False

    def kill(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid


class Process:
    """A process of a test, and what it has said."""

    def __init__(self, words: list[str], log: Path, prefix: list[str] | None = None) -> None:
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen([*(prefix or []), sys.executable, "-m", *words], stdout=out, stderr=out)

    @property
    def said(self) -> str:
        return self.log.read_text()

    def await_connection(self) -> None:
        """Wait until this worker has come to its broker."""
        eventually(lambda: "connected" in self.said, "the worker does not connect")

    def ended(self) -> bool:
        return self.process.poll() is not None

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        if not self.ended():
            self.process.send_signal(how)
        return self.process.wait(PATIENCE)


def worker_folder(site: Site, network: str) -> Path:
    return site.root / "keys" / "engine" / f"worker-{network}"


def worker(site: Site, network: str, log: Path, *, dies_in: str = "", prefix: list[str] | None = None) -> Process:
    """A worker; it kills itself when 50 answers of the run `dies_in` are stored."""
    folder = str(worker_folder(site, network))
    if dies_in:
        return Process(["tests.engines", "worker", folder, dies_in], log, prefix)
    return Process(["sopctl", "engine", "worker", "--network", network, "--folder", folder], log, prefix)


class Link:
    """A way to the broker that can be cut: all that goes over it is dropped, and nothing new gets through."""

    def __init__(self, to: int) -> None:
        self._to, self._cut, self._stop = to, threading.Event(), threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._cut.set()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._cut.clear()

    def close(self) -> None:
        self._stop.set()
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                if self._cut.is_set():
                    raise OSError
                far = socket.create_connection(("127.0.0.1", self._to), 5)
            except OSError:
                near.close()
                continue
            self._open += [near, far]
            threading.Thread(target=self._pass, args=(near, far), daemon=True).start()

    def _pass(self, near: socket.socket, far: socket.socket) -> None:
        with near, far, contextlib.suppress(OSError, ValueError):  # a closed one has no descriptor
            ends = {near.fileno(): (near, far), far.fileno(): (far, near)}
            polled = select.poll()  # `select` takes no descriptor above 1023
            for descriptor in ends:
                polled.register(descriptor, select.POLLIN)
            while True:
                for descriptor, _ in polled.poll():
                    here, there = ends[descriptor]
                    data = here.recv(65536)
                    if not data:
                        return
                    there.sendall(data)


@contextlib.contextmanager
def endpoints(delay: float = 0.0, address: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """Machines that accept, say one line after `delay` seconds, and close; yields their port."""
    import asyncio

    ready: list[int] = []
    loop = asyncio.new_event_loop()

    async def one(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await asyncio.sleep(delay)
            writer.write(b"220 stand-in\r\n")
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(one, address, port, backlog=2000)
        ready.append(server.sockets[0].getsockname()[1])

    loop.run_until_complete(serve())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield ready[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def parts(
    run: str,
    count: int,
    networks: tuple[str, ...],
    port: int,
    seconds: float = 50.0,
    addresses: str = "127.0.0.1/32",
) -> list[Shard]:
    """The shards of `count` stand-ins, spread over the networks. Each network has the same addresses, one after the
    other: what is at them, only its own worker sees."""
    within = ip_network(addresses)
    checks: dict[str, list[Check]] = {name: [] for name in networks}
    for number in range(count):
        host = str(within[number // len(networks) % within.num_addresses])
        where = Target(host, port, services=(port,), timeout=10.0, ssh=False)
        checks[networks[number % len(networks)]].append(Check(f"PS-2026-{number:05}", where))
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    return shards(run, checks, until, Destinations(rehearsal=(str(within.supernet(new_prefix=8)),)))


def control(root: str, run: str, count: str, port: str, dies_after: str, addresses: str = "127.0.0.1/32") -> None:
    """A controller's whole run. With `dies_after`, it kills itself when so many are recorded, the last of them not
    acknowledged."""
    from sopctl.adapters.engine import controller
    from sopctl.errors import SopctlError
    from sopctl.workflow.servers import checking
    from sopctl.workflow.servers.engine import choosing

    controller.GRACE_SECONDS = int(PATIENCE)  # a link may be cut for as long as others take on a busy machine
    site, errors = Site(Path(root)), list[SopctlError]()
    assert site.settings.engine
    engine = choosing.over_broker(site, time.time)
    done = 0
    if int(dies_after):
        from sopctl.adapters.engine.controller import _Delivery

        def recorded(self: _Delivery) -> None:
            nonlocal done
            done += 1
            if done == int(dies_after):
                os.kill(os.getpid(), signal.SIGKILL)
            acknowledge(self)

        acknowledge = _Delivery.recorded
        _Delivery.recorded = recorded  # type: ignore[method-assign]
    began = time.process_time(), time.monotonic()
    answered = [
        (name, str(result.verdict))
        for name, result, _ in checking.recorded(
            site,
            engine,
            parts(run, int(count), site.settings.engine.networks, int(port), 300.0, addresses),
            time.time,
            errors,
            {},
        )
    ]
    sys.stdout.write(
        json.dumps(
            {
                "answered": len(answered),
                "accessible": sum(verdict == "accessible" for _, verdict in answered),
                "errors": [each.message for each in errors],
                "again": engine.again,
                "cpu": time.process_time() - began[0],
                "seconds": time.monotonic() - began[1],
            }
        )
    )


def work_and_die(folder: str, run: str) -> None:
    """A worker that kills itself when 50 of its answers of this run are stored: a shard of an earlier one would come to
    nobody else, since a run begins with an empty queue."""
    from nats.js import JetStreamContext

    publish, stored = JetStreamContext.publish, 0

    async def counted(self: JetStreamContext, subject: str, *arguments: Any, **more: Any) -> Any:
        nonlocal stored
        found = await publish(self, subject, *arguments, **more)
        if subject.startswith("results."):
            stored += sum(each.run == run for each in from_json(arguments[0], Answers).answers)
        if stored >= 50:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    JetStreamContext.publish = counted  # type: ignore[method-assign]
    setting_up.work(Path(folder), None, print)


if __name__ == "__main__":
    if sys.argv[1] == "controller":
        control(*sys.argv[2:])
    elif sys.argv[1] == "endpoints":  # of a network namespace, until killed; says its port when it listens
        with endpoints(float(sys.argv[2]), "0.0.0.0", int(sys.argv[3])) as listening:
            sys.stdout.write(f"{listening}\n")
            sys.stdout.flush()
            signal.pause()
    else:
        work_and_die(*sys.argv[2:])
