"""The audit of four switches with ten ports each, beside the slowest of them alone.

    python benchmarks/switches.py [ROUNDS]

From a checkout after `make setup-dev`. The switches are the tests' stand-ins (IOS and RouterOS), each in a process of
its own, behind a real SSH server; they take their time for an answer, the last one the most. Compared are whole audits.
"""

import multiprocessing
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from benchmarks.needs import given, numbers
from sopctl.cli import terminal
from sopctl.store import switches
from sopctl.store.site import Site
from sopctl.store.switches import PinnedKey
from sopctl.workflow.desk import Desk
from sopctl.workflow.ports import audit
from sopctl.workflow.setup.init import init
from tests.adapters.switch import catalyst, routeros
from tests.adapters.switch.conftest import HOST_KEY, pin
from tests.adapters.switch.fake import Device, Faults, running
from tests.conftest import NOW

SWITCHES = {"sw-a1": 0.10, "sw-b1": 0.12, "sw-c1": 0.15, "sw-d1": 0.20}
"""Seconds that each takes for an answer."""
PORTS = 10


def serve(name: str, slow: float, line: Connection) -> None:
    """Be a switch until the other end of `line` hangs up; says its port and its host key's pin."""
    machine = routeros.standard(PORTS) if name == "sw-b1" else catalyst.standard(PORTS)
    with running(Device(machine.session, HOST_KEY, faults=Faults(slow=slow))) as device:
        line.send((device.port, device.password, pin()))
        line.recv()


def describe(site: Site, name: str, port: int, password: str, platform: str) -> None:
    """The rack, the record and the password of a switch."""
    ios = platform == "cisco_ios"
    (site.root / "racks" / f"{name}.yml").write_text(
        f"name: {name}\nroom: R\nunits: 42\ndepth_mm: 900\npower_watts: 4000\n"
        f"switch: {{name: {name}, ports: {PORTS}}}\n"
    )
    (site.root / "switches" / f"{name}.yml").write_text(
        f"name: {name}\nplatform: {platform}\naddress: 127.0.0.1\nport: {port}\naccount: sopctl\npassword: {name}\n"
        f"ports: {'GigabitEthernet1/0/' if ios else 'ether'}{{n}}\nservice_vlan: 110\nquarantine_vlan: 999\n"
        f"uplinks: [{'GigabitEthernet1/0/24' if ios else 'sfp1'}]\n"
    )
    secret = site.root / "keys" / name
    secret.write_text(f"{password}\n")
    secret.chmod(0o600)


BOUNDED = (("1",),)
"""The command lines of `make bench`."""


def timed(desk: Desk, names: list[str]) -> float:
    """Seconds of one audit of these switches, all of whose ports it must have read."""
    began = time.perf_counter()
    found, errors = audit.audit(desk, names)
    assert not errors, errors
    assert sum(found.switches.values()) == PORTS * len(names)
    return time.perf_counter() - began


def main() -> None:
    """Print the medians, and their ratio."""
    (rounds,) = numbers(given(__doc__), 5)
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        site = init(Path(folder) / "site")
        (site.root / "switches").mkdir()
        (site.root / "racks" / "A1.yml").unlink()
        lines = []
        for name, slow in SWITCHES.items():
            ours, theirs = spawn.Pipe()
            spawn.Process(target=serve, args=(name, slow, theirs), daemon=True).start()
            port, password, key = ours.recv()
            describe(site, name, port, password, "mikrotik_routeros" if name == "sw-b1" else "cisco_ios")
            switches.pin(site, name, PinnedKey(key, NOW, "root", "fingerprint"))
            lines.append(ours)
        desk = terminal.desk(site, user="root", clock=lambda: NOW)
        timed(desk, list(SWITCHES))  # netmiko and the templates are read once
        alone: dict[str, list[float]] = {name: [] for name in SWITCHES}
        together = []
        for _ in range(rounds):
            for name in SWITCHES:
                alone[name].append(timed(desk, [name]))
            together.append(timed(desk, list(SWITCHES)))
        for line in lines:
            line.send(None)
    for name, seconds in alone.items():
        print(f"{name} alone: {median(seconds):.2f} s")
    slowest = max(median(seconds) for seconds in alone.values())
    print(f"{PORTS * len(SWITCHES)} ports on {len(SWITCHES)} switches: {median(together):.2f} s, ", end="")
    print(f"{median(together) / slowest:.2f} × the slowest alone")


if __name__ == "__main__":
    main()
