"""The site's switches: their records, their host keys, how the office logs in, and one session at a time with each."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

from sopctl.adapters import switch as device
from sopctl.adapters.ssh import load_key
from sopctl.adapters.switch import Driver, Endpoint, Login, Session
from sopctl.errors import InvalidRecord, UsageError
from sopctl.locale import Text
from sopctl.model.access.algorithms import allowed
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult
from sopctl.model.ports.switch import SwitchRecord
from sopctl.model.rack import Place
from sopctl.store import codec, locks, switches
from sopctl.store.durable import disk_errors
from sopctl.store.site import Site
from sopctl.store.switches import PinnedKey
from sopctl.workflow import trust
from sopctl.workflow.desk import Desk
from sopctl.workflow.trust import Confirm, Host, Proof, required_key

WAIT_SECONDS = 60.0
"""How long a command waits for another one that has a session with the same switch."""
MAX_PASSWORD = 1024
"""Bytes."""
_SAY_WHICH_PORTS = Text("Say which ports each rack has: switch: {name: …, first: 13, ports: 12}")


class SwitchRow(Struct, frozen=True):
    """One switch of the list: where it is, the racks that it serves, and its pinned fingerprint (empty: none)."""

    name: str
    platform: str
    address: str
    port: int
    racks: tuple[str, ...]
    ports: int
    host_key: str


class SwitchKeys(Struct, frozen=True):
    """A switch's host keys: the pinned one, and what it shows now."""

    name: str
    pinned: PinnedKey | None
    found: AccessResult

    @property
    def changed(self) -> bool:
        return self.found.cause is Cause.HOST_KEY_CHANGED


@dataclass(frozen=True)
class HeldSwitch:
    """A switch that this process holds: its record, its driver, what opens a session, and the folder with the marks of
    changes under way."""

    record: SwitchRecord
    driver: Driver
    open: Callable[[], AbstractContextManager[Session]]
    marks: Path


def rows(site: Site) -> list[SwitchRow]:
    """Every switch of the site."""
    found = []
    for record in site.switches.values():
        served = [rack for rack in site.racks if rack.switch and rack.switch.name == record.name]
        pin = switches.pinned(site, record.name)
        found.append(
            SwitchRow(
                name=record.name,
                platform=record.platform,
                address=record.address,
                port=record.port,
                racks=tuple(rack.name for rack in served),
                ports=sum(rack.switch.ports for rack in served if rack.switch),
                host_key=pin.key.sha256 if pin else "",
            )
        )
    return found


def record(site: Site, name: str) -> SwitchRecord:
    """The record of a switch. Raises UsageError when there is none."""
    if name not in site.switches:
        there = ", ".join(site.switches) or Text("none")
        raise UsageError(
            "no-such-switch",
            "there is no switch {switch!r}",
            remedy=Text("There are: {there}. Each is a file, such as switches/sw-a1.yml.", there=there),
            switch=name,
        )
    return site.switches[name]


def of_place(site: Site, place: Place | None) -> tuple[SwitchRecord, str] | None:
    """The switch and the interface that a place is cabled to; None where the site has no record of the switch."""
    rack = next((each for each in site.racks if place and each.name == place.rack), None)
    if place is None or place.port is None or rack is None or rack.switch is None:
        return None
    found = site.switches.get(rack.switch.name)
    if found is None:
        return None
    refuse_shared_ports(site)
    return found, found.interface(place.port)


def driver_of(site: Site, found: SwitchRecord) -> Driver:
    """The driver of a switch. Raises InvalidRecord, with its place in the record, for a platform without one."""
    try:
        return device.driver(found.platform)
    except InvalidRecord as error:
        path = site.root / "switches" / f"{found.name}.yml"
        where = codec.place(codec.read(path), ("platform",), where=str(path))
        raise error.recast(InvalidRecord, where=where) from None


def refuse_shared_ports(site: Site) -> None:
    """Raise InvalidRecord if two racks claim the same port of a switch, or one claims an uplink."""
    claimed: dict[tuple[str, str], str] = {}
    known = site.switches
    for rack in site.racks:
        switch = known.get(rack.switch.name) if rack.switch else None
        if switch is None or rack.switch is None:
            continue
        for name in map(switch.interface, rack.switch.numbers):
            where, remedy = str(site.root / "racks" / f"{rack.name}.yml"), _SAY_WHICH_PORTS
            if name in switch.uplinks:
                raise InvalidRecord(
                    "rack-claims-uplink",
                    "port {port} of switch {switch} is an uplink, not a port of rack {rack}",
                    where=where,
                    remedy=remedy,
                    port=name,
                    switch=switch.name,
                    rack=rack.name,
                )
            other = claimed.setdefault((switch.name, name), rack.name)
            if other != rack.name:
                raise InvalidRecord(
                    "racks-share-port",
                    "port {port} of switch {switch} already belongs to rack {other}",
                    where=where,
                    remedy=remedy,
                    port=name,
                    switch=switch.name,
                    other=other,
                )


def host(site: Site, found: SwitchRecord) -> Host:
    """Where a switch is, and the host key that is pinned for it. Raises InvalidRecord for a damaged pin."""
    pin = switches.pinned(site, found.name)
    key = pin.key if pin else None
    return Host("switch", found.name, found.address, found.port, key, allowed(found.legacy))


def look(desk: Desk, name: str) -> SwitchKeys:
    """What is known of a switch's host key, and what it shows now. Nobody logs in."""
    found = record(desk.site, name)
    return SwitchKeys(name, switches.pinned(desk.site, name), trust.look(host(desk.site, found)))


def confirm(
    desk: Desk, name: str, *, fingerprint: str | None = None, trusted_path: str = "", ask: Confirm | None = None
) -> PinnedKey:
    """Pin the key that the switch shows now: its `fingerprint`, or whichever comes over a trusted path, or the one
    that a person says is right. Raises as `trust.confirmed`, and UsageError when there is no such switch.
    """
    found = host(desk.site, record(desk.site, name))
    key, how = trust.confirmed(found, Proof(fingerprint, trusted_path, ask))
    kept = PinnedKey(key, desk.now(), desk.deciding.anyone(desk.site.settings.people), how)
    switches.pin(desk.site, name, kept)
    return kept


@contextmanager
def held(
    site: Site,
    found: SwitchRecord,
    *,
    seconds: float,
    wait: float = WAIT_SECONDS,
    log: Path | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[HeldSwitch]:
    """Hold a switch while the block runs: no other command of this site has a session with it. Each session lasts at
    most `seconds`. Nothing is sent yet.

    Raises Conflict when another process holds it for longer than `wait` seconds, InvalidRecord for a platform without a
    driver, OutsideFailure for a missing key, password or pinned host key.
    """
    driver, endpoint, login = ready(site, found)
    with locks.hold(site.locks / f"switch-{found.name}", Text("switch {name}", name=found.name), wait=wait):
        yield HeldSwitch(
            found,
            driver,
            lambda: device.connect(endpoint, login, driver.DIALECT, seconds=seconds, log=log, cancel=cancel),
            site.root / "var" / "switches",
        )


def ready(site: Site, found: SwitchRecord) -> tuple[Driver, Endpoint, Login]:
    """What a session with the switch needs. Raises as `held`, without the Conflict."""
    site.refuse_moved()
    driver = driver_of(site, found)
    where = host(site, found)
    device.refuse_unknown_algorithms(where.old, where=str(site.root / "switches" / f"{found.name}.yml"))
    return driver, Endpoint(found.address, found.port, required_key(where), where.old), _login(site, found)


def _login(site: Site, found: SwitchRecord) -> Login:
    return Login(
        found.account,
        key=load_key(site.key_file(found.key)).pkey if found.key else None,
        password=_secret(site, found.password),
        enable=_secret(site, found.enable),
    )


def _secret(site: Site, name: str | None) -> str:
    """The first line of a file in keys/, which only its owner may read."""
    if name is None:
        return ""
    path = site.key_file(name)
    with disk_errors(path, "read"), path.open("rb") as file:
        line = file.readline(MAX_PASSWORD + 1).rstrip(b"\r\n")
    if not line or len(line) > MAX_PASSWORD or b"\0" in line:
        raise InvalidRecord(
            "password-not-one-line",
            "the password is empty or not one line of text",
            remedy="Write the password alone into that file, on one line.",
            where=str(path),
        )
    return line.decode("utf-8", "surrogateescape")
