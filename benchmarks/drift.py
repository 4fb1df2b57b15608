"""A look for drift on many servers: one script per server, beside the playbook in check mode.

    python benchmarks/drift.py [SERVERS] [ROUNDS]    # as root: 10 lab servers, 3 rounds by turns

From a checkout after `make setup-dev`. Both look at the same configured servers, on each of which something was changed
by hand; `ansible-playbook --check` with as many forks as servers (ten at most) and pipelining. The CPU is that of the
controller: of the command and all that it starts here, without the servers, which share the machine's cores.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from benchmarks.configure import CHECKOUT, ZONE, command, place
from benchmarks.needs import given, numbers, program
from benchmarks.needs import root as needs_root
from sopctl.adapters import lab
from sopctl.cli import terminal
from sopctl.store.site import Site
from sopctl.workflow.setup import init

BOUNDED = (("1", "1"),)
"""The command lines of `make bench`."""
DRIFT = "echo 'MaxAuthTries 2' >>/etc/ssh/sshd_config.d/00-sopctl.conf"


def measured(root: Path, *words: str) -> tuple[float, float, int, str]:
    """The wall time and CPU of a command in seconds, its exit status, and what it prints."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ran = subprocess.run(
        words,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, ran.returncode, ran.stdout


def compare(root: Path, bench: lab.LabStatus, rounds: int) -> None:
    """Configure the lab's servers, change something on each, and look at them in both ways by turns."""
    servers = len(bench.servers)
    key = root / "keys/owner"
    key.write_bytes(Path(bench.servers[0].key_file).read_bytes())
    key.chmod(0o600)
    desk = terminal.desk(Site(root), user="root", clock=lambda: datetime.now(ZONE))
    sopctl = (sys.executable, "-m", "sopctl")
    for number, server in enumerate(bench.servers, start=1):
        deposit = place(desk, root.parent / "request.yml", server, number)
        pin = next(key.sha256 for key in server.host_keys if key.type == "ssh-ed25519")
        command(root, *sopctl, "host-key", deposit, "--confirm", pin)
    wall, _ = command(root, *sopctl, "configure", "--forks", "10", "--due")
    print(f"first configuration of {servers} servers: {wall:.1f} s", flush=True)
    for server in bench.servers:
        lab.run(server, DRIFT)
    playbook = program("ansible-playbook", "make setup-dev")
    bare = (playbook, "-i", "inventory", "-f", str(min(servers, 10)), "--check", "playbooks/configure.yml")
    for _ in range(rounds):
        plain, plain_cpu, _, said = measured(root, *bare)
        assert len(re.findall(r"changed=[1-9]", said)) == servers, said[-2000:]
        ours, ours_cpu, code, said = measured(root, *sopctl, "configure", "--drift", "--all", "--json")
        found = json.loads(said)["servers"]
        assert code == 1
        assert all([each["part"] for each in server["differences"]] == ["sshd", ""] for server in found), said[-2000:]
        print(
            f"ansible-playbook --check {plain:6.2f} s, CPU {plain_cpu:6.2f} s   "
            f"sopctl configure --drift {ours:5.2f} s, CPU {ours_cpu:5.2f} s   "
            f"wall {plain / ours:.1f} ×, CPU {plain_cpu / ours_cpu:.0f} ×",
            flush=True,
        )


def main() -> None:
    servers, rounds = numbers(given(__doc__), 10, 3)
    needs_root()
    program("ansible-playbook", "make setup-dev")
    with tempfile.TemporaryDirectory(prefix="sopctl-drift-") as folder:
        root = Path(folder) / "site"
        init.init(root)
        (root / "racks/A1.yml").write_text("name: A1\nroom: R\nunits: 42\ndepth_mm: 900\npower_watts: 40000\n")
        try:
            compare(root, lab.up("drifts", servers=servers), rounds)
        finally:
            lab.down("drifts")


if __name__ == "__main__":
    main()
