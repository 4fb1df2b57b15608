"""What workers cost, and what they gain: the same checks in one process, in two processes that do half of them
each, and over a broker by two workers, by turns in one run. What two processes cost beside one is not the engine's.

    python -m benchmarks.engine [LOGINS] [STAND_INS] [SLOW]

As root, on Debian with openssh-server, nats-server and iproute2, from a checkout after `make setup-dev`. All of it
happens in a network and mount namespace of its own: LOGINS (1,000) real logins at one sshd; STAND_INS (10,000) that
accept and say one line; SLOW (4,000) that say it after a second, by 2, 4 and 8 workers. CPU is that of controller,
workers and broker; start-up does not count, nor does what answers.
"""

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit, setrlimit

import msgspec

from benchmarks.checks import ACCOUNT, PORT, PR_SET_CHILD_SUBREAPER, serving, sshd
from benchmarks.needs import cpu_of, given, numbers
from sopctl.model.access.destinations import Destinations
from sopctl.model.access.shards import Check, Shard, shards
from sopctl.model.access.target import Target, pin
from sopctl.store.site import Site
from sopctl.workflow.setup import init
from tests import engines
from tests.engines import Broker, Process

BOUNDED = (("300", "3000", "1000"),)
ROUNDS = 2
WAYS = {"here": "in one process", "halves": "in two processes", "away": "by two workers of two networks"}


def memory_of(pid: int) -> float:
    """MiB that a process holds."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def logins(folder: Path, count: int, networks: tuple[str, ...]) -> list[Shard]:
    """Checks as of servers: the pinned key, a login, a command."""
    expected = pin((folder / "host.pub").read_text().strip())
    checks: dict[str, list[Check]] = {name: [] for name in networks}
    for n in range(count):
        host = f"127.1.{n // 250}.{n % 250 + 1}"
        target = Target(host, PORT, ACCOUNT, expected, timeout=60.0)
        checks[networks[n % len(networks)]].append(Check(f"PS-2026-{n:05}", target, "bench"))
    return made(checks)


def lines(port: int, count: int, networks: tuple[str, ...]) -> list[Shard]:
    """Checks of endpoints that say one line, which is no SSH."""
    checks: dict[str, list[Check]] = {name: [] for name in networks}
    for n in range(count):
        target = Target(f"127.1.{n // 250 % 250}.{n % 250 + 1}", port, timeout=60.0)
        checks[networks[n % len(networks)]].append(Check(f"PS-2026-{n:05}", target))
    return made(checks)


def made(checks: dict[str, list[Check]]) -> list[Shard]:
    until = datetime.now(UTC) + timedelta(hours=1)
    return shards(f"r{time.monotonic_ns()}", checks, until, Destinations(rehearsal=("127.0.0.0/8",)))


def control(kind: str, folder: str, what: str, count: str, port: str, answered: str) -> None:
    """One run, in this process: prints its CPU, wall time, and how many answers came."""
    import nats.js  # all that is imported late: start-up does not count

    import sopctl.adapters.ssh.sweep
    from sopctl.adapters.ssh import load_key
    from sopctl.workflow.servers.engine import choosing
    from sopctl.workflow.servers.engine.local import InProcess

    assert nats.js
    assert sopctl.adapters.ssh.sweep
    site = Site(Path(folder) / "site")
    networks = site.settings.engine.networks if site.settings.engine else ()
    parts = logins(Path(folder), int(count), networks) if what == "logins" else lines(int(port), int(count), networks)
    here = InProcess({"bench": load_key(Path(folder) / "client")}, time.time)
    engine = here if kind == "here" else choosing.over_broker(site, time.time)
    began, cpu, found = time.perf_counter(), time.process_time(), 0
    for each in engine.answers(parts, cancel=threading.Event()):
        each.recorded()
        found += 1
    figures = {"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu, "answers": found}
    Path(answered).write_text(json.dumps(figures))


def run(kind: str, folder: Path, what: str, count: int, port: int = 0) -> dict[str, float]:
    """One run in a process of its own."""
    file = folder / f"figures-{time.monotonic_ns()}.json"
    words = [
        sys.executable,
        "-m",
        "benchmarks.engine",
        "control",
        kind,
        str(folder),
        what,
        str(count),
        str(port),
        str(file),
    ]
    subprocess.run(words, check=True)
    found = json.loads(file.read_text())
    assert found["answers"] == count, found
    return dict(found)


def halves(folder: Path, what: str, count: int, port: int = 0) -> dict[str, float]:
    """The same by two processes at once, each with half of it and no broker."""
    with ThreadPoolExecutor(2) as pool:
        parts = [*pool.map(lambda half: run("here", folder, what, half, port), (count // 2, count - count // 2))]
    return {"wall": max(each["wall"] for each in parts), "cpu": sum(each["cpu"] for each in parts)}


@contextmanager
def workers(site: Site, folder: Path, each: int) -> Iterator[list[Process]]:
    """So many workers in each network, with the key."""
    assert site.settings.engine
    begun = []
    for name in site.settings.engine.networks:
        keys = engines.worker_folder(site, name) / "keys"
        keys.mkdir(mode=0o700, exist_ok=True)
        (keys / "bench").write_bytes((folder / "client").read_bytes())
        (keys / "bench").chmod(0o600)
        begun += [engines.worker(site, name, folder / f"{name}-{number}.log") for number in range(each)]
    try:
        for one in begun:
            one.await_connection()
        yield begun
    finally:
        for one in begun:
            one.end()


def over_broker(
    broker: Broker, begun: list[Process], folder: Path, what: str, count: int, port: int = 0
) -> dict[str, float]:
    """One run over the broker, with the CPU of all who take part."""
    pids = [broker.pid, *(one.process.pid for one in begun)]
    before = [cpu_of(pid) for pid in pids]
    found = run("away", folder, what, count, port)
    spent = [cpu_of(pid) - was for pid, was in zip(pids, before, strict=True)]
    return {
        **found,
        "controller": found["cpu"],
        "broker": spent[0],
        "workers": sum(spent[1:]),
        "cpu": found["cpu"] + sum(spent),
    }


def waiting(broker: Broker, begun: list[Process], seconds: float = 5) -> float:
    """Seconds of CPU that broker and workers use in a second with nothing to do."""
    pids = [broker.pid, *(one.process.pid for one in begun)]
    before = sum(map(cpu_of, pids))
    time.sleep(seconds)
    return (sum(map(cpu_of, pids)) - before) / seconds


def put(what: str, found: dict[str, float], count: int) -> None:
    apart = ", ".join(
        f"{name} {1000 * found[name] / count:.2f}" for name in ("controller", "workers", "broker") if name in found
    )
    rate, each = count / found["wall"], 1000 * found["cpu"] / count
    print(f"{what:<44} {found['wall']:7.2f} s {rate:7.0f}/s {each:7.3f} ms of CPU a check  {apart}", flush=True)


def compare(folder: Path, site: Site, broker: Broker, what: str, count: int, port: int = 0) -> dict[str, float]:
    """The same checks in the ways of `WAYS`, by turns; the least CPU a check of each, in ms."""
    least = dict.fromkeys(WAYS, float("inf"))
    with workers(site, folder, 1) as begun:
        over_broker(broker, begun, folder, what, min(count, 200), port)  # all that is imported late is imported
        idle = waiting(broker, begun)
        print(f"  two workers and the broker, with nothing to do: {1000 * idle:.1f} ms of CPU a second")
        for _ in range(ROUNDS):
            for kind, said in WAYS.items():
                if kind == "here":
                    found = run("here", folder, what, count, port)
                elif kind == "halves":
                    found = halves(folder, what, count, port)
                else:
                    found = over_broker(broker, begun, folder, what, count, port)
                put(f"{count} {what}, {said}", found, count)
                least[kind] = min(least[kind], 1000 * found["cpu"] / count)
                if kind == "away":
                    spent = 1000 * idle * found["wall"] / count
                    print(f"  of which {spent:.2f} ms are what the same time costs without checks")
        sizes = [memory_of(broker.pid), *(memory_of(one.process.pid) for one in begun)]
        print(f"  memory: broker {sizes[0]:.0f}, workers {sizes[1]:.0f} and {sizes[2]:.0f} MiB")
    return least


def told(least: dict[str, float]) -> str:
    """What a check takes in each of the ways."""
    return ", ".join(f"{least[kind]:.3f} ms {said}" for kind, said in WAYS.items())


def bench(folder: Path, count: int, many: int, slow: int) -> None:
    """All parts."""
    root = folder / "site"
    init.allow_rehearsal(init.init(root), "[127.0.0.0/8]")
    port = engines.free_port()
    site = engines.with_engine(Site(root), ("cabang", "gedung-b"), port)
    broker = Broker(site, port).start()
    try:
        [part, *_] = logins(folder, 200, ("cabang",))
        content = msgspec.json.encode(part)
        print(
            f"a shard of {len(part.checks)} checks: {len(content)} bytes, {len(content) / len(part.checks):.0f} a check"
        )
        found = compare(folder, site, broker, "logins", count)
        one, two = (100 * (found["away"] / found[each] - 1) for each in ("here", "halves"))
        print(f"  a login check: {told(found)}: {two:+.1f} % of two processes, {one:+.1f} % of one (aim: 10)")
        with engines.endpoints(address="0.0.0.0") as cheap:  # noqa: S104 (of a namespace that has loopback alone)
            found = compare(folder, site, broker, "stand-ins", many, cheap)
            print(f"  a stand-in: {told(found)}: {found['away'] - found['here']:.3f} ms more")
        with engines.endpoints(1.0, "0.0.0.0") as late:  # noqa: S104
            walls = {}
            for each in (1, 2, 4):
                with workers(site, folder, each) as begun:
                    found = over_broker(broker, begun, folder, "stand-ins", slow, late)
                    put(f"{slow} that wait a second, {2 * each} workers", found, slow)
                    walls[each] = found["wall"]
            print(
                "  faster: " + ", ".join(f"{2 * each} workers {walls[1] / wall:.2f} x" for each, wall in walls.items())
            )
    finally:
        broker.kill()


def main() -> None:
    """Outside: make the namespaces. Inside: make the servers, then measure."""
    sizes = numbers(given(__doc__), 1_000, 10_000, 4_000)
    if os.environ.get("SOPCTL_BENCH") != "inside":
        words = ["unshare", "--net", "--mount", sys.executable, "-m", "benchmarks.engine", *sys.argv[1:]]
        os.execvpe("unshare", words, {**os.environ, "SOPCTL_BENCH": "inside"})  # noqa: S606 (no shell is meant)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    setrlimit(RLIMIT_NOFILE, (min(65536, getrlimit(RLIMIT_NOFILE)[1]),) * 2)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    with tempfile.TemporaryDirectory(prefix="sopctl-engine-") as name:
        folder = Path(name)
        with serving(sshd(folder), PORT):
            bench(folder, *sizes)


if __name__ == "__main__":
    if sys.argv[1:2] == ["control"]:
        control(*sys.argv[2:])
    else:
        main()
