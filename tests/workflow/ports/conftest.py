"""A site's racks with their switches, and strict devices that play them behind a real SSH server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from sopctl.store import dossiers, switches
from sopctl.store.site import Site
from sopctl.store.switches import PinnedKey
from sopctl.workflow.desk import Desk
from sopctl.workflow.ports import change
from tests.adapters.switch import catalyst, routeros
from tests.adapters.switch.conftest import HOST_KEY, pin
from tests.adapters.switch.fake import Device, Faults, running
from tests.conftest import NOW, edit

ONE, TWO = "GigabitEthernet1/0/1", "GigabitEthernet1/0/2"
SERVER = "5254.0012.3456"
MAC = "52:54:00:12:34:56"
VLAN = "switchport access vlan 110"


class Lan:
    """A site's rack with its switch, and the device that plays it."""

    def __init__(self, site: Site, held: ExitStack) -> None:
        self.site = site
        self._held = held
        (site.root / "switches").mkdir()

    def add(
        self, name: str, machine: catalyst.Catalyst | routeros.RouterOs, faults: Faults | None = None, rack: str = "A1"
    ) -> Device:
        """Put a switch into a rack, with its record, its password and its pinned key."""
        device = self._held.enter_context(running(Device(machine.session, HOST_KEY, faults=faults or Faults())))
        ios = isinstance(machine, catalyst.Catalyst)
        (self.site.root / "racks" / f"{rack}.yml").write_text(
            f"name: {rack}\nroom: R\nunits: 8\ndepth_mm: 900\npower_watts: 4000\nswitch: {{name: {name}, ports: 4}}\n"
        )
        (self.site.root / "switches" / f"{name}.yml").write_text(
            f"name: {name}\nplatform: {'cisco_ios' if ios else 'mikrotik_routeros'}\naddress: 127.0.0.1\n"
            f"port: {device.port}\naccount: {device.user}\npassword: {name}\n"
            f"ports: {'GigabitEthernet1/0/' if ios else 'ether'}{{n}}\nservice_vlan: 110\nquarantine_vlan: 999\n"
            f"vlans: [120]\nuplinks: [{'GigabitEthernet1/0/24' if ios else 'sfp1'}]\n"
        )
        password = self.site.root / "keys" / name
        password.write_text(f"{device.password}\n")
        password.chmod(0o600)
        switches.pin(self.site, name, PinnedKey(pin(), NOW, "root", "fingerprint"))
        return device


@pytest.fixture
def lan(site: Site) -> Iterator[Lan]:
    with ExitStack() as held:
        yield Lan(site, held)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is there is heard at once in here."""
    monkeypatch.setattr(change, "HEAR_SECONDS", 0.0)


@pytest.fixture
def here(placed: Callable[..., str]) -> Callable[[], str]:
    """A server in rack A1, port 1, not yet configured."""
    return lambda: placed("127.0.0.1", 1, {"type": "t", "key": "a2V5", "sha256": "SHA256:x"})


@pytest.fixture
def beside(placed: Callable[..., str]) -> Callable[[], str]:
    """Another server, in port 2."""
    return lambda: placed("127.0.0.1", 2, {"type": "t", "key": "a2V5", "sha256": "SHA256:x"})


def known_by(desk: Desk, deposit: str, *macs: str) -> None:
    """The letter names the server's addresses."""
    edit(desk, deposit, "kind: server\n", f"network: {{macs: [{', '.join(repr(each) for each in macs)}]}}\n")


def plugged(archive: bool = False) -> catalyst.Catalyst:
    """A Catalyst with the server plugged into port 1, which is open in quarantine."""
    switch = catalyst.standard()
    switch.plugged[ONE] = [SERVER]
    switch.running[ONE].lines.pop("shutdown")
    switch.archive = archive
    switch.startup = {}
    return switch


def last(desk: Desk, deposit: str) -> Any:
    return dossiers.read(desk.site, deposit).events[-1]
