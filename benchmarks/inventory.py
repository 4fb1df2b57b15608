"""The monthly inventory: gathering beside bare Ansible, making forms, and the summary of a large fleet.

    python benchmarks/inventory.py gather [DEPOSITS] [ROUNDS] [SERVERS]  # as root: 10 deposits, each with a server
    python benchmarks/inventory.py apart [SERVERS] [ROUNDS]     # as root: 50 servers that have processors of their own
    python benchmarks/inventory.py forms [COUNT]                # 1,000 forms, in this process and by workers
    python benchmarks/inventory.py summary [COUNT]              # 5,000 servers with two months' facts each

From a checkout after `make setup-dev`. `gather` compares whole commands on the same servers, Ansible with ten forks and
with pipelining, each with connections of its own as a monthly run has them: what Ansible keeps open for the next one
is taken away. `asked` is the gathering alone, without forms and records; `by a worker` is `collect` where a worker asks
over a broker, whose CPU counts too. The CPU is that of the controller, with all that a command starts here; each runs
for one deposit too, so that what a further one costs is seen apart from the start. The servers share the machine's
cores. With fewer SERVERS than DEPOSITS, several deposits lead to the same one: that is to Ansible's advantage, which
keeps one connection for all of them.

`apart` takes the sharing away: each server's Python is asked once for real, alone, and from then on says the same after
as long a time, without using a processor. What is left to the shared cores are logins and sudo, which are alike for
all.
"""

import hashlib
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import yaml
from msgspec.structs import replace

from benchmarks.lists import WAY
from benchmarks.needs import cpu_of, given, numbers, program
from benchmarks.needs import root as needs_root
from sopctl.adapters import lab
from sopctl.adapters.documents.press import Press
from sopctl.adapters.lab import owner
from sopctl.adapters.ssh import load_key
from sopctl.adapters.ssh.facts import Asked
from sopctl.adapters.ssh.facts import gather as converse
from sopctl.cli import terminal
from sopctl.model.facts.parts import Listener
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from sopctl.model.sop import history
from sopctl.model.sop.history import Event
from sopctl.store import codec, dossiers
from sopctl.store.journal import Journal
from sopctl.store.site import Site
from sopctl.workflow.desk import turn
from sopctl.workflow.papers.inventory_form import changes_of, inventory_form
from sopctl.workflow.servers import gathering
from sopctl.workflow.servers.playbooks import skeleton
from sopctl.workflow.servers.reach import reach
from sopctl.workflow.setup.init import EXAMPLE_REQUEST, init
from sopctl.workflow.steps.collecting import AT_ONCE
from sopctl.workflow.trust import target
from tests import engines

CHECKOUT = Path(__file__).parents[1]
SAMPLE = CHECKOUT / "tests/cases/details/rack-hardware-raid.txt"
ZONE = ZoneInfo("Asia/Jakarta")
AWAY, NETWORK = "by a worker", "bench"
APART = ("setup", "asked", "collect")
BOUNDED = (("gather", "3", "1", "1"), ("apart", "2", "1"), ("forms", "60"), ("summary", "100"))
"""The command lines of `make bench`."""


def dossier(
    site: Site,
    number: int,
    access: dict[str, object],
    pin: object,
    months: dict[str, ServerFacts],
    *,
    noted: bool = False,
) -> str:
    """Write a dossier whose server is configured and stands at its inventory, with the facts of these months; `noted`
    in the journal too, so that its history may go on."""
    deposit_id = f"PS-2026-{number:05}"
    folder = site.root / "deposits" / deposit_id
    (folder / "facts").mkdir(parents=True)
    record = yaml.safe_load(EXAMPLE_REQUEST)
    record["server"] |= {"name": f"s{number}.example.org", "serial": f"SN-{number:05}"}
    record["access"] |= access
    record["unit"] = f"Dinas Contoh {number % 40}"
    (folder / "deposit.yml").write_bytes(codec.dump({"id": deposit_id, **record}))
    steps = [*WAY[:-1]]
    for month, facts in months.items():
        content = msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n"
        (folder / f"facts/{month}.json").write_bytes(content)
        kept = {"file": f"facts/{month}.json", "sha256": hashlib.sha256(content).hexdigest()}
        told = {"changes": str(number % 4) if month != min(months) else "0"}
        paper = {"file": f"documents/inventaris-{month}.pdf", "sha256": "0" * 64, "number": f"555/{number}"}
        steps.append(("konfigurasi", 6, "selesai", {"month": month, "facts": kept, "document": paper, **told}))
    events: list[Event] = []
    start = datetime(2026, 1, 5, 8, tzinfo=ZONE)
    for seq, (procedure, step, outcome, said) in enumerate(steps, start=1):
        data: dict[str, object] = dict(said)
        if outcome == "tersedia":
            data = {"place": {"rack": f"R{number % 60:02}", "unit": str(1 + number // 60 % 20 * 2), "height": "2"}}
        if (procedure, step, outcome) == ("konfigurasi", 1, "selesai"):
            data = {"host_key": pin}
        if "serial" in data:
            data["serial"] = f"SN-{number:05}"
        at = start + timedelta(hours=number % 5000 + seq)
        events.append(
            Event(seq, at, procedure, step, outcome, "staf", "root", history.head(deposit_id, events), "", data)
        )
    (folder / "history.yml").write_bytes(codec.dump(events))
    if noted:
        with Journal(site.root).adding() as writer:
            for event in events:
                writer.add(deposit_id, event)
    return deposit_id


def facts_of(number: int) -> tuple[ServerFacts, ServerFacts]:
    """A server's facts of two months, with a module, a package and a port of difference."""
    first = from_script(SAMPLE.read_text(), gathered_at="2026-10-01T02:00:00+07:00")
    packages = {f"package-{each}": f"1.{each}-{number % 7}" for each in range(500)}
    first = replace(first, serial=f"SN-{number:05}", hostname=f"s{number}", packages=packages)
    return first, later(first)


def later(first: ServerFacts) -> ServerFacts:
    """The server's facts of the next month."""
    return replace(
        first,
        memory_modules=first.memory_modules[:1],
        packages={**first.packages, "nginx": "1.22"},
        listeners=(*first.listeners, Listener("tcp", "*", 80, "nginx")),
    )


KINDS = 7
OWN = ("hostname", "fqdn", "serial", "uuid", "mac", "wwn", "bmc_mac", "used_bytes", "uptime_seconds", "corrected")
ADDRESSES = ("ipv4", "ipv6", "leased", "bmc_address", "gateway", "dns")
ALIKE = ("cpu", "listeners", "rules", "gathered_at", "os_version", "bios_date", "path", "device", "wear")


def another(facts: ServerFacts, number: int) -> ServerFacts:
    """The facts of another machine, one of several kinds: with other digits in what is its own or its kind's."""
    own, kind = random.Random(number), random.Random(number % KINDS)  # noqa: S311  # of no secret

    def other(name: str, value: Any) -> Any:
        if name in ALIKE:
            return value
        if isinstance(value, dict):
            return {each: other(each, part) for each, part in value.items()}
        if isinstance(value, list | tuple):
            return [other(name, part) for part in value]
        if isinstance(value, str) and name in ADDRESSES:
            return re.sub(r"\d+$", str(own.randrange(2, 250)), value)
        of = own if name in OWN else kind
        if isinstance(value, str):
            return re.sub(r"\d", lambda _: str(of.randrange(10)), value)
        return value if value is None or isinstance(value, bool) else int(value * of.uniform(0.5, 1))

    made = msgspec.convert(other("", msgspec.to_builtins(replace(facts, packages={}))), ServerFacts)
    return replace(made, packages=facts.packages)


class Cost(NamedTuple):
    """What a command took: seconds, the controller's CPU in seconds, the peak of its memory in MiB."""

    wall: float
    cpu: float
    memory: float


def command(root: Path, *words: str, beside: Sequence[int] = ()) -> Cost:
    """What a command takes, with the CPU of these processes `beside` it."""
    before = sum(map(cpu_of, beside))
    with tempfile.TemporaryDirectory(prefix="cp-", dir="/tmp", ignore_cleanup_errors=True) as sockets:
        fresh = {"PYTHONPATH": str(CHECKOUT), "ANSIBLE_SSH_CONTROL_PATH_DIR": sockets}
        begin = time.perf_counter()
        process = subprocess.Popen(words, cwd=root, stdout=subprocess.DEVNULL, env={**os.environ, **fresh})
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
    assert status == 0, words
    cpu = used.ru_utime + used.ru_stime + sum(map(cpu_of, beside)) - before
    return Cost(wall, cpu, used.ru_maxrss / 1024)


def site_of(root: Path, bench: lab.LabStatus, deposits: int, **access: object) -> list[str]:
    """Make a site whose deposits lead to these servers: their ids."""
    init(root)
    settings = root / "sopctl.yml"
    account = f"management: {{account: {bench.servers[0].user}, key: management}}"
    settings.write_text(settings.read_text().replace("management: {account: sopctl, key: management}", account))
    for name in ("", ".pub"):
        shutil.copy(bench.servers[0].key_file + name, root / f"keys/management{name}")
    ids = []
    for number in range(1, deposits + 1):
        server = bench.servers[number % len(bench.servers)]
        pin = next(key for key in server.host_keys if key.type == "ssh-ed25519")
        way = {"address": server.address, "port": server.port, "ports": [], **access}
        ids.append(dossier(Site(root), number, way, msgspec.to_builtins(pin), {}, noted=True))
    return ids


@contextmanager
def watched(root: Path, bench: lab.LabStatus, deposits: int) -> Iterator[list[int]]:
    """A site of the same deposits whose network has a worker: the processes of the broker and the worker."""
    site_of(root, bench, deposits, network=NETWORK)
    (root / "networks").mkdir(exist_ok=True)
    of = ip_network(f"{bench.servers[0].address}/24", strict=False)
    (root / f"networks/{NETWORK}.yml").write_text(f"name: {NETWORK}\nnetwork: {of}\n")
    port = engines.free_port()
    site = engines.with_engine(Site(root), (NETWORK,), port)
    keys = engines.worker_folder(site, NETWORK) / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(root / "keys/management", keys / "management")
    broker = engines.Broker(site, port).start()
    worker = engines.worker(site, NETWORK, root.parent / "worker.log")
    try:
        worker.await_connection()
        yield [broker.pid, worker.process.pid]
    finally:
        worker.end()
        broker.kill()


REPLAYED = r"""
set -eu
real=$(readlink -f "$(command -v python3)")
mkdir -p /run/replay
mv "$real" "$real-real"
cat >"$real" <<'END'
#!/bin/sh
case "$#:${1:-}" in 0:|1:-) ;; *) exec "$0-real" "$@" ;; esac
given=$(mktemp)
cat >"$given"
if grep -q server_facts "$given"; then
    said=/run/replay/ours
elif grep -q ansible.modules.setup "$given"; then
    said=/run/replay/setup
else
    exec "$0-real" - <"$given"
fi
if test -s "$said.seconds"; then
    sleep "$(cat "$said.seconds")"
    cat "$said"
else
    began=$(date +%s%N)
    "$0-real" - <"$given" >"$said"
    ended=$(date +%s%N)
    "$0-real" -c "print(($ended - $began) / 1e9)" >"$said.seconds"
    cat "$said"
fi
rm "$given"
END
chmod 755 "$real"
"""
"""Puts a script in the place of Python: to the same question it says what Python said, after as long a time."""


def apart(root: Path, servers: int, rounds: int) -> None:
    """`inventory collect`, and Ansible's own `setup`, of servers that share no processor with the controller."""
    needs_root()
    bench = lab.up("bench", servers=servers)
    try:
        ids = site_of(root, bench, servers)
        for server in bench.servers:
            owner.run(server, REPLAYED)
        for each in ids:  # one at a time, and nothing else meanwhile
            for name in ("setup", "asked"):
                command(root, *lines([each])[name])
        seconds = [owner.run(each, "cd /run/replay; cat setup.seconds ours.seconds").split() for each in bench.servers]
        print("a server takes", *(f"{median(map(float, each)):.2f} s" for each in zip(*seconds, strict=True)))
        compare(dict.fromkeys(APART, root), ids, rounds, {})
    finally:
        lab.down("bench")


def lines(ids: list[str]) -> dict[str, tuple[str, ...]]:
    """The commands that gather the facts of these deposits."""
    ansible, playbook = program("ansible", "make setup-dev"), program("ansible-playbook", "make setup-dev")
    those, many = ",".join(ids), ("-f", "10")
    mine = (sys.executable, "-m", "sopctl", "inventory", "collect", "--clock-is-right")
    return {
        "setup": (ansible, "-i", "inventory", those, "-b", *many, "-m", "setup"),
        "facts.yml": (playbook, "-i", "inventory", *many, "playbooks/facts.yml", "-l", those),
        "asked": (sys.executable, __file__, "ask", *ids),
        "collect": (*mine, *ids),
        "with Ansible": (*mine, "--with-ansible", *ids),
        AWAY: (*mine, *ids),
    }


def gather(root: Path, deposits: int, rounds: int, servers: int) -> None:
    """`inventory collect`, and Ansible's own `setup` on the same servers, by turns."""
    needs_root()
    bench, far = lab.up("bench", servers=servers), root.with_name("far")
    try:
        ids = site_of(root, bench, deposits)
        with watched(far, bench, deposits) as others:
            where = dict.fromkeys(lines(ids), root)
            compare({**where, AWAY: far}, ids, rounds, {AWAY: others})
    finally:
        lab.down("bench")


def compare(where: Mapping[str, Path], ids: list[str], rounds: int, beside: Mapping[str, Sequence[int]]) -> None:
    """These commands by turns, each in its site, for all deposits and for one; CPU with that of processes beside."""
    costs: dict[str, list[Cost]] = {name: [] for name in where}
    further: dict[str, list[float]] = {name: [] for name in where}
    for _ in range(rounds):
        for name, site in where.items():
            others = beside.get(name, ())
            cost = command(site, *lines(ids)[name], beside=others)
            one = command(site, *lines(ids[:1])[name], beside=others)
            costs[name].append(cost)
            further[name].append((cost.cpu - one.cpu) / max(1, len(ids) - 1) * 1000)
            print(
                f"{name:<13} {cost.wall:6.2f} s  CPU {cost.cpu:6.2f} s, a further deposit "
                f"{further[name][-1]:6.1f} ms  {cost.memory:5.0f} MiB",
                flush=True,
            )
    for name, those in costs.items():
        wall = median(each.wall for each in those) / median(each.wall for each in costs["setup"])
        cpu = median(each.cpu for each in costs["setup"]) / median(each.cpu for each in those)
        more = median(further["setup"]) / median(further[name])
        print(f"{name:<13} against setup: wall {wall:.2f} ×, CPU 1/{cpu:.1f}, of a further deposit 1/{more:.1f}")


def ask(ids: list[str]) -> None:
    """The gathering alone, of these deposits of the site that this is run in."""
    site = Site(Path.cwd())
    what = gathering.module(site, skeleton())
    asked = []
    for each in ids:
        way = reach(site, dossiers.read(site, each).summary)
        there = target(way.host, way.account, timeout=gathering.LOGIN_SECONDS)
        asked.append(Asked(each, there, load_key(site.key_file(way.key))))
    for came in converse(asked, what):
        for name, result, said in came:
            assert said, (name, result)
            assert said.answer, (name, said)


def forms(root: Path, count: int) -> None:
    """Forms of `count` machines, as `collect` makes them once servers have answered, without its waits for the disk."""
    site = init(root)
    desk = terminal.desk(site, user="root", clock=lambda: datetime(2026, 11, 5, 8, tzinfo=ZONE))
    sample, _ = facts_of(1)
    machines = [another(sample, number) for number in range(count)]
    access: dict[str, object] = {"address": "192.0.2.7"}
    deposit_id = dossier(site, 1, access, {"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:x"}, {}, noted=True)
    with turn(desk, deposit_id, "inventory") as mine:
        for workers in (0, os.cpu_count() or 1):
            with Press(workers) as press:
                begin, size, begun = time.perf_counter(), 0, []
                for number, first in enumerate(machines):
                    facts = later(first)
                    begun.append(
                        press.start(inventory_form(mine, facts, "2026-11", changes_of(mine, first, facts))),
                    )
                    if len(begun) == AT_ONCE or number == count - 1:
                        size += sum(len(pdf()) for pdf in begun)
                        begun = []
                wall = time.perf_counter() - begin
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{count} forms of {size // count // 1024} KiB, {workers} workers: {wall:.1f} s; peak memory "
                f"{memory:.0f} MiB",
                flush=True,
            )


def summary(root: Path, count: int) -> None:
    """The summary of `count` servers, as whole commands."""
    site = init(root)
    for number in range(1, count + 1):
        first, second = facts_of(number)
        pin = {"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:x"}
        dossier(site, number, {"address": "192.0.2.7"}, pin, {"2026-10": first, "2026-11": second})
    size = sum(path.stat().st_size for path in root.glob("deposits/*/facts/*.json")) / 1e6
    print(f"{count} servers, {2 * count} documents, {size:.0f} MB")
    sopctl = (sys.executable, "-m", "sopctl", "inventory", "summary", "--month", "2026-11")
    for what in ("no index", "", "--json", "--csv"):
        wall, _, memory = command(root, *sopctl, *([what] if what.startswith("--") else []))
        print(f"{what or 'table':<10} {wall:6.2f} s  {memory:5.0f} MiB", flush=True)


def main() -> None:
    what, *words = given(__doc__) or [""]
    if what == "ask":
        ask(words)
        return
    with tempfile.TemporaryDirectory(prefix="sopctl-inventory-") as folder:
        root = Path(folder) / "site"
        match what:
            case "gather":
                deposits, rounds, servers = numbers(words, 10, 5, 0)
                gather(root, deposits, rounds, servers or deposits)
            case "apart":
                servers, rounds = numbers(words, 50, 5)
                apart(root, servers, rounds)
            case "forms":
                forms(root, *numbers(words, 1000))
            case "summary":
                summary(root, *numbers(words, 5000))
            case _:
                sys.exit(__doc__)


if __name__ == "__main__":
    main()
