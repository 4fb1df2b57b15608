"""A warm configuration that changes nothing, on many servers: sopctl beside bare Ansible with the same roles.

    python benchmarks/configure.py [SERVERS] [ROUNDS]    # as root: 10 lab servers, 3 rounds by turns

From a checkout after `make setup-dev`. Both run playbooks/configure.yml on the same servers with the same forks and
with pipelining; the servers share the machine's cores. First comes the configuration that changes everything, with its
time by role.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.needs import given, numbers, program
from benchmarks.needs import root as needs_root
from sopctl.adapters import lab
from sopctl.cli import terminal
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import init
from sopctl.workflow.steps import handover, inspecting, letters, notifying, reservation

CHECKOUT = Path(__file__).parents[1]
BOUNDED = (("1", "1"),)
"""The command lines of `make bench`."""
ZONE = ZoneInfo("Asia/Jakarta")


def place(desk: Desk, request: Path, server: lab.LabServer, number: int) -> str:
    """Take a lab server until it stands in its place, to be configured."""
    example = next(line.strip() for line in init.EXAMPLE_REQUEST.splitlines() if "keys: [ssh-ed25519" in line)
    theirs = request.parent / "account"  # not the office's own key, which no letter may have
    if not theirs.exists():
        init.make_key(theirs, "pemilik")
    public = " ".join(theirs.with_suffix(".pub").read_text().split()[:2])
    changes = {
        "address: 192.0.2.10 ": f"address: {server.address} ",
        "port: 22": f"port: {server.port}",
        "user: titipan": f"user: {server.user}",
        "SN-0001": f"SN-{number:04}",
        "web1.example.org": f"s{number}.example.org",
        "090/1/2026": f"090/{number}/2026",
        example: f"keys: [{public}]",
    }
    text = init.EXAMPLE_REQUEST
    for old, new in changes.items():
        text = text.replace(old, new)
    request.write_text(text)
    deposit = letters.request(desk, request).id
    letters.dispose(desk, deposit, instruction="-")
    letters.dispose(desk, deposit, instruction="-")
    reservation.reserve(desk, deposit)
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial=f"SN-{number:04}")
    handover.handover(desk, deposit)
    reservation.place(desk, deposit)
    return deposit


def command(root: Path, *words: str) -> tuple[float, str]:
    """The seconds that a command takes, and what it prints on standard output."""
    begin = time.perf_counter()
    ran = subprocess.run(
        words,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return time.perf_counter() - begin, ran.stdout


def compare(root: Path, bench: lab.LabStatus, rounds: int) -> None:
    """Configure the lab's servers, then again without a change, by sopctl and by bare Ansible in turns."""
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
    print(f"first configuration of {servers} servers: {wall:.1f} s; by role, those of all servers together:")
    run = "many-configure.1" if servers > 1 else deposit
    _, said = command(root, *sopctl, "runs", "show", run, "--json")
    for each in json.loads(said)["roles"]:
        print(f"  {each['seconds']:6.1f} s  {each['role'] or '(no role)'}", flush=True)
    playbook = program("ansible-playbook", "make setup-dev")
    bare = (playbook, "-i", "inventory", "-f", "10", "playbooks/configure.yml")
    for _ in range(rounds):
        plain, said = command(root, *bare)
        assert said.count("changed=0 ") == servers, said[-2000:]
        ours, said = command(root, *sopctl, "configure", "--forks", "10", "--repair")
        assert said.count(", 0 perubahan") == servers, said[-2000:]
        print(f"bare ansible-playbook {plain:6.2f} s   sopctl {ours:6.2f} s   {ours / plain:.2f} ×", flush=True)


def main() -> None:
    servers, rounds = numbers(given(__doc__), 10, 3)
    needs_root()
    program("ansible-playbook", "make setup-dev")
    with tempfile.TemporaryDirectory(prefix="sopctl-configure-") as folder:
        root = Path(folder) / "site"
        init.init(root)
        (root / "racks/A1.yml").write_text("name: A1\nroom: R\nunits: 42\ndepth_mm: 900\npower_watts: 40000\n")
        try:
            compare(root, lab.up("bench", servers=servers), rounds)
        finally:
            lab.down("bench")


if __name__ == "__main__":
    main()
