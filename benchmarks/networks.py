"""Two networks that the controller does not reach, each with a worker, which are killed and cut off during the run.

    python -m benchmarks.networks [COUNT]

As root, on Debian with nats-server, iproute2, from a checkout after `make setup-dev`. COUNT (10,000)
stand-ins that accept and say one line are in two network namespaces, at the same addresses of 198.19.0.0/16 in both.
The controller and the broker are in a third one, which has no route to them; in a network, nothing but the stand-ins
listens: its worker only connects outward. The controller, a worker and the broker are killed, and a link
is taken down; then the history must have every check once. After that the same again, undisturbed, with its figures.
All of it is in namespaces of its own, which end with this process however it ends.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.engine import memory_of
from benchmarks.needs import cpu_of, given, numbers
from sopctl.store.site import Site
from sopctl.workflow.setup import init
from tests import engines
from tests.engines import Broker, Process, recorded, rows
from tests.patience import eventually

BOUNDED = (("1000",),)
NETWORKS = ("cabang", "gedung-b")
SERVERS = "198.19.0.0/16"
"""Where the stand-ins are, in each of the networks (RFC 2544: no real host has such an address)."""
ENDPOINTS_PORT = 2222
LISTEN = "0A"
"""How /proc/net/tcp writes that a socket listens."""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


class Network:
    """A network behind a link of its own: a namespace with its stand-ins."""

    def __init__(self, number: int, folder: Path) -> None:
        self.link, self.near, far = f"net{number}", f"198.18.{number}.1", f"198.18.{number}.2"
        self._keeper = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        outside = os.stat("/proc/self/ns/net").st_ino
        space = Path(f"/proc/{self._keeper.pid}/ns/net")
        eventually(lambda: space.stat().st_ino != outside, "the namespace is not made")
        self.inside = ["nsenter", f"--net={space}"]
        ip("link", "add", self.link, "type", "veth", "peer", "name", "office", "netns", str(self._keeper.pid))
        ip("address", "add", f"{self.near}/24", "dev", self.link)
        ip("link", "set", self.link, "up")
        for words in (
            ["link", "set", "lo", "up"],
            ["address", "add", f"{far}/24", "dev", "office"],
            ["link", "set", "office", "up"],
            ["route", "add", "local", SERVERS, "dev", "lo"],
            ["route", "add", "default", "via", self.near],  # to the broker, which has an address of its own
        ):
            subprocess.run([*self.inside, "ip", *words], check=True)
        log = folder / f"endpoints-{number}.log"
        self._servers = Process(["tests.engines", "endpoints", "0", str(ENDPOINTS_PORT)], log, self.inside)
        eventually(lambda: str(ENDPOINTS_PORT) in self._servers.said, "the stand-ins do not listen")

    def listening(self) -> set[int]:
        """The TCP ports on which anything in it listens (proc(5))."""
        table = Path(f"/proc/{self._keeper.pid}/net/tcp").read_text().splitlines()[1:]
        return {int(fields[1].rpartition(":")[2], 16) for fields in map(str.split, table) if fields[3] == LISTEN}

    def cut(self) -> None:
        ip("link", "set", self.link, "down")

    def mend(self) -> None:
        ip("link", "set", self.link, "up")

    def end(self) -> None:
        self._servers.end(signal.SIGKILL)
        self._keeper.kill()
        self._keeper.wait()


def unreachable(host: str) -> bool:
    """Can nothing there be connected to from here?"""
    try:
        socket.create_connection((host, ENDPOINTS_PORT), 1).close()
    except OSError:
        return True
    return False


class Bench:
    """The whole: two networks, a broker, and a site that has nothing else."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count
        self.broker_address = "198.18.255.1"
        ip("link", "set", "lo", "up")
        ip("address", "add", f"{self.broker_address}/32", "dev", "lo")
        ip("route", "add", "unreachable", "198.18.0.0/15")
        self.networks = {name: Network(number, folder) for number, name in enumerate(NETWORKS)}
        init.allow_rehearsal(init.init(folder / "site"), "[198.18.0.0/15]")
        port = engines.free_port()
        self.site = engines.with_engine(Site(folder / "site"), NETWORKS, port, self.broker_address)
        self.broker = Broker(self.site, port, self.broker_address).start()
        self.running: list[Process] = []

    def control(self, run: str, dies_after: int = 0) -> Process:
        """A controller's run."""
        words = [str(self.site.root), run, str(self.count), str(ENDPOINTS_PORT), str(dies_after), SERVERS]
        return self._started(Process(["tests.engines", "controller", *words], self.folder / f"{run}.log"))

    def work(self, network: str, name: str, dies_in: str = "") -> Process:
        """A worker inside its network."""
        log, inside = self.folder / f"{name}.log", self.networks[network].inside
        return self._started(engines.worker(self.site, network, log, dies_in=dies_in, prefix=inside))

    def _started(self, process: Process) -> Process:
        self.running.append(process)
        return process

    def end(self) -> None:
        for each in self.running:
            each.end(signal.SIGKILL)
        self.broker.kill()
        for network in self.networks.values():
            network.end()


@contextmanager
def made(folder: Path, count: int) -> Iterator[Bench]:
    bench = Bench(folder, count)
    try:
        yield bench
    finally:
        bench.end()


def disturbed(bench: Bench) -> None:
    """Kill the controller, a worker and the broker, and cut a link: every check is in the history, once."""
    count = bench.count
    near, _ = bench.work("cabang", "near"), bench.work("gedung-b", "far")
    first = bench.control("first", dies_after=count // 5)
    eventually(first.ended, f"the first controller does not die: {first.said}")
    before = dict(rows(bench.site, "SELECT id, at FROM checks"))
    assert len(before) == recorded(bench.site) == count // 5, "the last was recorded and not acknowledged"
    near.end(signal.SIGKILL)
    mortal = bench.work("cabang", "mortal", dies_in="second")
    bench.networks["gedung-b"].cut()
    second = bench.control("second")
    eventually(mortal.ended, "the worker does not die within its shard")
    heir = bench.work("cabang", "heir")
    eventually(lambda: "was delivered" in heir.said, f"no shard comes twice, so nothing is proved: {heir.said}")
    heard = recorded(bench.site)
    bench.broker.kill()
    bench.networks["gedung-b"].mend()  # only now, so that the broker dies with work undone, however slow this is
    bench.broker.start()
    eventually(second.ended, f"the second controller does not end: {second.said}")

    told = json.loads(second.said.splitlines()[-1])
    assert (told["answered"], told["accessible"], told["errors"]) == (count, count, []), told
    times = rows(bench.site, "SELECT id, at FROM checks")
    assert len(times) == len(set(times)), "a check is there twice"
    assert {name for name, _ in times} == {f"PS-2026-{number:05}" for number in range(count)}
    assert set(before.items()) <= set(times)
    assert rows(bench.site, "SELECT * FROM outages") == [], "somebody was alarmed"
    assert mortal.process.returncode == -signal.SIGKILL
    assert len(times) > heard, "the broker died when all was done"
    print(
        f"{count} checks; killed: a controller after {count // 5} records, a worker after 50 answers, the broker; "
        f"a link cut. Recorded: {count} of {count}, none twice, no outage; {told['seconds']:.1f} s; "
        f"{told['again']} answers came again and were dropped",
        flush=True,
    )


def undisturbed(bench: Bench) -> None:
    """The same with nothing killed, and what it costs."""
    working = [each for each in bench.running if not each.ended()]
    pids = [bench.broker.pid, *(each.process.pid for each in working)]
    assert len(working) == len(NETWORKS)
    before = [cpu_of(pid) for pid in pids]
    run = bench.control("third")
    eventually(run.ended, f"the third controller does not end: {run.said}")
    spent = [cpu_of(pid) - was for pid, was in zip(pids, before, strict=True)]
    told = json.loads(run.said.splitlines()[-1])
    assert (told["answered"], told["errors"]) == (bench.count, []), told
    each = 1000 / bench.count
    print(
        f"{bench.count} checks undisturbed, two workers: {told['seconds']:.1f} s, "
        f"{bench.count / told['seconds']:.0f}/s; ms of CPU a check: controller with its records "
        f"{told['cpu'] * each:.2f}, "
        f"broker {spent[0] * each:.2f}, workers {sum(spent[1:]) * each:.2f}; memory: broker "
        f"{memory_of(pids[0]):.0f} MiB, a worker {memory_of(pids[1]):.0f}",
        flush=True,
    )


def main() -> None:
    """Outside: make the namespaces. Inside: the networks, and the run."""
    (count,) = numbers(given(__doc__), 10_000)
    if os.environ.get("SOPCTL_BENCH") != "inside":
        words = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        words += [sys.executable, "-m", "benchmarks.networks", *sys.argv[1:]]
        os.execvpe("unshare", words, {**os.environ, "SOPCTL_BENCH": "inside"})  # noqa: S606 (no shell is meant)
    with tempfile.TemporaryDirectory(prefix="sopctl-networks-") as name, made(Path(name), count) as bench:
        assert unreachable("198.19.0.1"), "the controller reaches the servers itself"
        disturbed(bench)
        undisturbed(bench)
        assert all(network.listening() == {ENDPOINTS_PORT} for network in bench.networks.values()), "a worker listens"


if __name__ == "__main__":
    main()
