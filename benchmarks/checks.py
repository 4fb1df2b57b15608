"""Access checks of many endpoints, side by side with what else a sysadmin would use, in one run.

    python benchmarks/checks.py [COUNT] [--without ansible,…]

As root, on Debian with openssh-server, openssh-client, prometheus-blackbox-exporter and iproute2, from a checkout after
`make setup-dev`. All of it happens in a network and mount namespace of its own: COUNT (1,000) addresses of 127/8 lead
to one real sshd with raised limits; 198.18.0.0/15 is a hole in which connections get no answer. The sshd shares the
machine's cores, so what is compared is the controller's own CPU; the wall time is mostly the sshd's.
"""

import base64
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from resource import RLIMIT_NOFILE, RUSAGE_CHILDREN, getrlimit, getrusage, setrlimit
from typing import NamedTuple

import paramiko
import yaml

from benchmarks.lists import WAY
from benchmarks.needs import as_installed, given, module, numbers, program, root
from sopctl.model.sop import history
from sopctl.model.sop.history import Event
from sopctl.store import codec
from sopctl.workflow.setup.init import EXAMPLE_REQUEST, allow_rehearsal, init

PORT, WORDS_PORT, EXPORTER_PORT = 4222, 4223, 9115
EXPORTER = "apt install prometheus-blackbox-exporter, or --without blackbox"
ACCOUNT = "bench"
TIMEOUT = 5
PR_SET_CHILD_SUBREAPER = 36
BOUNDED = (("60",),)
"""The command lines of `make bench`."""
PEERS = ("paramiko", "asyncssh", "ansible", "keyscan", "blackbox")
"""What a run can be without."""

BARE = """
import paramiko, socket, sys
from concurrent.futures import ThreadPoolExecutor
hosts, file = sys.stdin.read().split(), sys.argv[1]
key = paramiko.Ed25519Key.from_private_key_file(file)
def one(host):
    transport = paramiko.Transport(socket.create_connection((host, %(port)d)))
    transport.connect(username="%(account)s", pkey=key)
    channel = transport.open_session()
    channel.exec_command("echo word")
    assert channel.makefile().read() == b"word\\n"
    channel.recv_exit_status()
    transport.close()
with ThreadPoolExecutor(16) as pool:
    list(pool.map(one, hosts))
"""

ASYNCSSH = """
import asyncio, asyncssh, sys
hosts, file, pin = sys.stdin.read().split(), sys.argv[1], sys.argv[2]
async def one(host, places, known):
    async with places, asyncssh.connect(
        host, port=%(port)d, username="%(account)s", client_keys=[file], known_hosts=known, config=None, agent_path=None
    ) as connection:
        assert (await connection.run("echo word", check=True)).stdout == "word\\n"
async def main():
    places, known = asyncio.Semaphore(16), asyncssh.import_known_hosts("* " + pin)
    await asyncio.gather(*(one(host, places, known) for host in hosts))
asyncio.run(main())
"""

SWEEP = """
import collections, sys
from sopctl.adapters.ssh.sweep import Job, sweep
from sopctl.model.access.target import Target, pin
port, expected = int(sys.argv[1]), pin(sys.argv[2]) if len(sys.argv) > 2 else None
jobs = [Job(host, Target(host, port, expect_key=expected)) for host in sys.stdin.read().split()]
print(dict(collections.Counter(str(result.cause) for _, result in sweep(jobs))))
"""

WORDS = """
import socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("0.0.0.0", int(sys.argv[1])))
listener.listen(4096)
while True:
    connection, _ = listener.accept()
    try:
        connection.sendall(b"Exceeded MaxStartups\\r\\n")
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(1)
        connection.recv(256)
    except OSError:
        pass
    connection.close()
"""
"""A server so cheap that it does not bound what is measured: it says why it hangs up, and does."""


KEEPER = """
import ctypes, os, signal, subprocess, sys
ctypes.CDLL(None).prctl(36, 1)
server = subprocess.Popen(sys.argv[1:])
signal.signal(signal.SIGTERM, lambda *_: server.terminate())
while os.wait()[0] != server.pid:
    pass
"""
"""Adopts what a server leaves behind (sshd's sessions), so that its CPU is not taken for that of what is measured."""


class Figures(NamedTuple):
    """What one command took: seconds of wall and of CPU, and the peak of its processes' own memory in MiB."""

    wall: float
    cpu: float
    memory: float
    code: int
    out: str


class Bench(NamedTuple):
    """What all commands share."""

    folder: Path
    key: Path
    pin: str
    hosts: list[str]

    def put(self, what: str, figures: Figures, count: int | None = None) -> None:
        """Print a row."""
        count = count or len(self.hosts)
        print(
            f"{what:<52} {figures.wall:8.2f} s {count / figures.wall:8.0f}/s {1000 * figures.cpu / count:9.2f} ms"
            f" {figures.memory:7.0f} MiB   exit {figures.code} {figures.out[-70:]}",
            flush=True,
        )


def children(pid: int) -> Iterator[int]:
    """The processes that a process started or adopted."""
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            yield from map(int, (task / "children").read_text().split())
    except OSError:
        return


def descendants(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for child in children(pid):
        yield from descendants(child)


def memory_of(pid: int) -> int:
    """What a process and all below it hold, in KiB, with shared pages shared out (PSS)."""
    total = 0
    for each in descendants(pid):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def measure(words: list[str], stdin: str = "", cwd: Path | None = None) -> Figures:
    """Run a command to its end, with all that it leaves behind (we are its subreaper: see main)."""
    before, begin = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(
        words,
        cwd=cwd,
        env=as_installed(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak, done = [0], threading.Event()

    def sample() -> None:
        while not done.wait(0.2):
            peak[0] = max(peak[0], memory_of(process.pid))

    sampler = threading.Thread(target=sample)
    sampler.start()
    out, _ = process.communicate(stdin)
    wall = time.perf_counter() - begin
    done.set()
    sampler.join()
    for child in set(children(os.getpid())) - KEPT:  # such as ssh's masters
        try:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
        except (ProcessLookupError, ChildProcessError):
            continue
    after = getrusage(RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    last = out.strip().splitlines()[-1] if out.strip() else ""
    return Figures(wall, cpu, peak[0] / 1024, process.returncode, last)


KEPT: set[int] = set()
"""Processes that serve the whole run."""


@contextmanager
def serving(words: list[str], port: int) -> Iterator[int]:
    """A server that listens on `port` while the block runs; the id of the process that keeps it."""
    process = subprocess.Popen(
        [sys.executable, "-c", KEEPER, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    KEPT.add(process.pid)
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError(f"{words[0]} does not listen on port {port}")
        yield process.pid
    finally:
        process.terminate()
        process.wait()
        KEPT.discard(process.pid)


def sshd(folder: Path) -> list[str]:
    """The command line of an sshd that takes as many connections as come, for one account made for this run."""
    home = folder / "home"
    home.mkdir()
    for line, file in ((f"{ACCOUNT}:x:64242:64242::{home}:/bin/sh", "passwd"), (f"{ACCOUNT}:*:20000::::::", "shadow")):
        own = folder / file
        own.write_text(Path("/etc", file).read_text() + line + "\n")
        subprocess.run(["mount", "--bind", own, f"/etc/{file}"], check=True)
    assert pwd.getpwnam(ACCOUNT).pw_uid == 64242
    for name in ("host", "client"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / name], check=True)
    (folder / "authorized_keys").write_bytes((folder / "client.pub").read_bytes())
    folder.chmod(0o755)
    Path("/run/sshd").mkdir(exist_ok=True)
    options = {
        "Port": PORT,
        "ListenAddress": "0.0.0.0",  # noqa: S104 (of a namespace that has loopback alone)
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "UsePAM": "no",
        "UseDNS": "no",
        "StrictModes": "no",
        "MaxStartups": 10000,
        "LogLevel": "QUIET",
        "PidFile": "none",
        "PrintMotd": "no",
        "PrintLastLog": "no",
    }
    return [
        program("sshd", "apt install openssh-server"),
        "-D",
        "-f",
        "/dev/null",
        *(f"-o{name}={value}" for name, value in options.items()),
    ]


def make_site(bench: Bench, name: str, hosts: list[str]) -> Path:
    """A site in whose racks stand servers at `hosts`, whose keys are pinned."""
    root = bench.folder / name
    site = init(root)
    allow_rehearsal(site, "[127.0.0.0/8, 198.18.0.0/15]")
    with (root / "sopctl.yml").open("a") as file:
        file.write(f"checks: {{timeout: {TIMEOUT}}}\n")
    (root / "keys").mkdir(mode=0o700, exist_ok=True)
    (root / "keys" / "owner").write_bytes(bench.key.read_bytes())
    (root / "keys" / "owner").chmod(0o600)
    record = yaml.safe_load(EXAMPLE_REQUEST)
    kind, text = bench.pin.split()[:2]
    pin = {
        "type": kind,
        "key": text,
        "sha256": paramiko.Ed25519Key(data=base64.b64decode(text)).fingerprint,
    }
    zone = datetime.now().astimezone().tzinfo
    for number, host in enumerate(hosts, start=1):
        deposit_id = f"PS-2026-{number:05}"
        folder = site.root / "deposits" / deposit_id
        folder.mkdir()
        record["server"]["name"] = f"s{number}.example.org"
        record["access"] |= {
            "address": host, "port": PORT, "ports": [], "first_contact": {"user": ACCOUNT, "key": "owner"},
        }  # fmt: skip
        (folder / "deposit.yml").write_bytes(codec.dump({"id": deposit_id, **record}))
        events: list[Event] = []
        confirmed = ("konfigurasi", 1, "kunci host", {"host_key": pin})
        for seq, (procedure, step, outcome, data) in enumerate((*WAY[:9], confirmed), start=1):
            known = {"place": {"rack": "A1", "unit": "1", "height": "2"}} if outcome == "tersedia" else dict(data)
            at = datetime(2026, 1, 5, 8, seq, tzinfo=zone)
            prev = history.head(deposit_id, events)
            events.append(Event(seq, at, procedure, step, outcome, "staf", "root", prev, "", known))
        (folder / "history.yml").write_bytes(codec.dump(events))
    measure([sys.executable, "-m", "sopctl", "list"], cwd=root)
    measure([sys.executable, "-m", "sopctl", "check", deposit_id], cwd=root)  # its bytecode is there afterwards
    return root


def check_all(root: Path) -> Figures:
    """The whole command, with a warm index as a timer finds it."""
    return measure([sys.executable, "-m", "sopctl", "check", "--all", "--format", "nagios"], cwd=root)


def dead_among(bench: Bench) -> tuple[Figures, Figures]:
    """A fleet without dead servers, and the same with each tenth in the hole."""
    whole = check_all(make_site(bench, "whole", bench.hosts))
    if whole.code:
        sys.exit(f"not every server was logged in to, so nothing was measured: {whole.out}")
    mixed = [f"198.18.{n // 250}.{n % 250 + 1}" if n % 10 == 5 else host for n, host in enumerate(bench.hosts)]
    return whole, check_all(make_site(bench, "tenth", mixed))


def ansible(bench: Bench) -> Figures:
    """`ansible -m ping`, as fast as it goes: pipelining, no search for Python."""
    inventory = bench.folder / "inventory"
    variables = (
        f"ansible_user={ACCOUNT} ansible_port={PORT} ansible_ssh_private_key_file={bench.key}"
        " ansible_python_interpreter=/usr/bin/python3 ansible_ssh_pipelining=true"
    )
    inventory.write_text("\n".join([*bench.hosts, "[all:vars]", *variables.split()]) + "\n")
    known = bench.folder / "known_hosts"
    known.write_text("".join(f"[{host}]:{PORT} {bench.pin}\n" for host in bench.hosts))
    arguments = f"--ssh-common-args=-o UserKnownHostsFile={known}"
    return measure(
        [program("ansible", "make setup-dev"), "all", "-i", str(inventory), "-m", "ping", "-f", "20", "-o", arguments]
    )


def exporter(bench: Bench) -> Figures:
    """blackbox_exporter, asked for each host by a client whose CPU does not count: TCP and banner."""
    configuration = bench.folder / "blackbox.yml"
    probe = {"prober": "tcp", "timeout": f"{TIMEOUT}s", "tcp": {"query_response": [{"expect": "^SSH-2.0-"}]}}
    configuration.write_text(yaml.safe_dump({"modules": {"ssh": probe}}))
    words = [
        program("prometheus-blackbox-exporter", EXPORTER),
        f"--config.file={configuration}",
        f"--web.listen-address=:{EXPORTER_PORT}",
    ]
    with serving(words, EXPORTER_PORT) as keeper:
        (pid,) = children(keeper)

        def ask(host: str) -> bool:
            url = f"http://127.0.0.1:{EXPORTER_PORT}/probe?target={host}:{PORT}&module=ssh"
            with urllib.request.urlopen(url) as answer:
                return b"probe_success 1" in answer.read()

        ticks = os.sysconf("SC_CLK_TCK")

        def cpu() -> float:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / ticks

        before, begin = cpu(), time.perf_counter()
        with ThreadPoolExecutor(64) as pool:
            good = sum(pool.map(ask, bench.hosts))
        wall = time.perf_counter() - begin
        return Figures(wall, cpu() - before, memory_of(pid) / 1024, 0, f"{good} good")


def run(bench: Bench, without: set[str]) -> None:
    """All rows."""
    names = {"port": PORT, "account": ACCOUNT}
    hosts, key = "\n".join(bench.hosts) + "\n", str(bench.key)
    python = sys.executable
    print(f"{'':<52} {'wall':>10} {'':>10} {'CPU a host':>12} {'memory':>11}")
    whole, tenth = dead_among(bench)
    bench.put("sopctl check --all: pinned key, login, command", whole)
    bench.put(f"the same, each tenth dead (time-out {TIMEOUT} s)", tenth)
    allowed = 1.2 * whole.wall + TIMEOUT
    print(f"  dead against none: {tenth.wall / whole.wall:.2f} x; 1.2 x and one time-out is {allowed:.1f} s")
    rows: list[tuple[str, str, Callable[[], Figures]]] = [
        ("paramiko", "bare paramiko, 16 threads, no host key: login, command",
         lambda: measure([python, "-c", BARE % names, key], hosts)),
        ("asyncssh", "asyncssh, 16 at once: host key, login, command",
         lambda: measure([python, "-c", ASYNCSSH % names, key, bench.pin], hosts)),
        ("ansible", "ansible -m ping, 20 forks, pipelining", lambda: ansible(bench)),
        ("keyscan", "sopctl, no login: banner, key exchange, pinned key",
         lambda: measure([python, "-c", SWEEP, str(PORT), bench.pin], hosts)),
        ("keyscan", "ssh-keyscan -t ed25519: banner, key exchange",
         lambda: measure(["ssh-keyscan", "-t", "ed25519", "-p", str(PORT), "-f", "-"], hosts)),
        ("blackbox", "prometheus-blackbox-exporter: TCP, banner", lambda: exporter(bench)),
    ]  # fmt: skip
    for name, what, row in rows:
        if name not in without:
            bench.put(what, row())
    with serving([python, "-c", WORDS, str(WORDS_PORT)], WORDS_PORT):
        bench.put(
            "sopctl, TCP and first words, a server that costs nothing",
            measure([python, "-c", SWEEP, str(WORDS_PORT)], hosts),
        )


def refuse_incomplete(without: set[str]) -> None:
    """End here, before anything is started, where something is not there that is needed."""
    root()
    for name, package in (("unshare", "util-linux"), ("ip", "iproute2"), ("sshd", "openssh-server")):
        program(name, f"apt install {package}")
    if "ansible" not in without:
        program("ansible", "make setup-dev")
    if "keyscan" not in without:
        program("ssh-keyscan", "apt install openssh-client")
    if "blackbox" not in without:
        program("prometheus-blackbox-exporter", EXPORTER)
    if "asyncssh" not in without:
        module("asyncssh")


def main() -> None:
    """Outside: make the namespaces. Inside: make the servers, then measure."""
    words, without = given(__doc__), set[str]()
    if "--without" in words:
        at = words.index("--without")
        without = set("".join(words[at + 1 : at + 2]).split(","))
        if unknown := sorted(without - set(PEERS)):
            sys.exit(f"{unknown[0] or 'nothing'} is none of the peers: {', '.join(PEERS)}\n  → see --help")
        del words[at : at + 2]
    (count,) = numbers(words, 1000)
    if os.environ.get("SOPCTL_BENCH") != "inside":
        refuse_incomplete(without)
        inside = ["unshare", "--net", "--mount", sys.executable, *sys.argv]
        os.execvpe("unshare", inside, {**os.environ, "SOPCTL_BENCH": "inside"})  # noqa: S606 (no shell is meant)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # Not an address of ours, and nothing is forwarded: what is sent there is dropped without a word.
    subprocess.run(["ip", "route", "add", "198.18.0.0/15", "dev", "lo"], check=True)
    setrlimit(RLIMIT_NOFILE, (min(65536, getrlimit(RLIMIT_NOFILE)[1]),) * 2)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    with tempfile.TemporaryDirectory(prefix="sopctl-checks-") as name:
        folder = Path(name)
        with serving(sshd(folder), PORT):
            pin = (folder / "host.pub").read_text().strip()
            hosts = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(count)]
            run(Bench(folder, folder / "client", pin, hosts), without)


if __name__ == "__main__":
    main()
