"""The site's switches: their records, their host keys, what opens them, and one session with each at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

from sopctl.adapters import switch as device
from sopctl.adapters.ssh import check, load_key
from sopctl.adapters.switch import Driver, Endpoint, Login, Session
from sopctl.errors import InvalidRecord, OutsideFailure, UsageError
from sopctl.model.access import target
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult
from sopctl.model.access.target import HostKey, Target
from sopctl.model.ports.switch import SwitchRecord
from sopctl.model.rack import Place
from sopctl.store import codec, locks, switches
from sopctl.store.durable import disk_errors
from sopctl.store.site import Site
from sopctl.store.switches import PinnedKey
from sopctl.workflow.desk import Desk

WAIT_SECONDS = 60.0
"""How long a command waits for another one that has a session with the same switch."""
MAX_PASSWORD = 1024

Confirm = Callable[[HostKey], bool]


class SwitchRow(Struct, frozen=True):
    """One switch of the list: where it is, the racks that it serves, and the fingerprint it is known by (if any)."""

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
class Reach:
    """A switch held by this process: its record, its driver, how a session with it is opened, and the folder of the
    marks that a change leaves while it is under way."""

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
        there = ", ".join(site.switches) or "none"
        raise UsageError(
            "no-switch",
            "there is no switch {name!r}",
            remedy=f"There are: {there}. Each is a file, such as switches/sw-a1.yml",
            name=name,
        )
    return site.switches[name]


def of_place(site: Site, place: Place | None) -> tuple[SwitchRecord, str] | None:
    """The switch and the interface that a place is cabled to; None where the site has no record of such a switch."""
    rack = next((each for each in site.racks if place and each.name == place.rack), None)
    if place is None or place.port is None or rack is None or rack.switch is None:
        return None
    found = site.switches.get(rack.switch.name)
    if found is None:
        return None
    refuse_shared_ports(site)
    return found, found.interface(place.port)


def driver_of(site: Site, found: SwitchRecord) -> Driver:
    """The driver of a switch. Raises InvalidRecord, with the place, for a platform that there is none of."""
    try:
        return device.driver(found.platform)
    except InvalidRecord as error:
        path = site.root / "switches" / f"{found.name}.yml"
        where = codec.place(codec.read(path), ("platform",), where=str(path))
        raise error.recast(InvalidRecord, where=where) from None


def refuse_shared_ports(site: Site) -> None:
    """Raise InvalidRecord where two racks claim the same port of a switch, or one claims an uplink."""
    claimed: dict[tuple[str, str], str] = {}
    known = site.switches
    for rack in site.racks:
        switch = known.get(rack.switch.name) if rack.switch else None
        if switch is None or rack.switch is None:
            continue
        for name in map(switch.interface, rack.switch.numbers):
            other = "an uplink" if name in switch.uplinks else claimed.setdefault((switch.name, name), rack.name)
            if other != rack.name:
                whose = other if name in switch.uplinks else f"rack {other}'s"
                raise InvalidRecord(
                    "port-switch-already",
                    "port {name} of switch {switch} is {whose} already",
                    where=str(site.root / "racks" / f"{rack.name}.yml"),
                    remedy="Say which ports each rack has: switch: {name: …, first: 13, ports: 12}",
                    name=name,
                    switch=switch.name,
                    whose=whose,
                )


def look(desk: Desk, name: str) -> SwitchKeys:
    """What is known of a switch's host key, and what it shows now. Nobody logs in."""
    found = record(desk.site, name)
    pin = switches.pinned(desk.site, name)
    expected = pin.key.pin if pin else None
    return SwitchKeys(name, pin, check(Target(found.address, found.port, expect_key=expected)))


def confirm(
    desk: Desk, name: str, *, fingerprint: str | None = None, trusted_path: str = "", ask: Confirm | None = None
) -> PinnedKey:
    """Pin the key that the switch shows now: its `fingerprint`, or whichever comes over a path that is trusted, or
    that a person says is right. Raises OutsideFailure when it shows another one or none, UsageError for nobody's yes.
    """
    found = record(desk.site, name)
    wanted = target.pin(fingerprint) if fingerprint is not None else None
    shown = check(Target(found.address, found.port, expect_key=wanted))
    where = f"{found.address}:{found.port}"
    if shown.host_key is None:
        raise OutsideFailure(
            "switchs-host-key-cannot-read",
            "the switch's host key cannot be read: {detail}",
            where=where,
            remedy=f"Look where it fails: sopctl probe {where}",
            detail=shown.detail,
        )
    if wanted and wanted.sha256 != shown.host_key.sha256:
        raise OutsideFailure(
            "switch-shows-host-key-expected",
            "the switch shows the host key {sha256}, expected was {wanted}",
            where=where,
            remedy="Someone may stand in between, or the fingerprint is of another key type: compare at the console. "
            "Nothing was sent.",
            sha256=shown.host_key.sha256,
            wanted=wanted.sha256,
        )
    how = "fingerprint" if wanted else f"trusted path: {trusted_path}" if trusted_path else "terminal"
    if not (wanted or trusted_path or (ask and ask(shown.host_key))):
        raise UsageError(
            "host-key-not-confirmed",
            "the host key {sha256} ({type}) is not confirmed",
            remedy="Compare it at the switch's console, then: "
            f"sopctl switch host-key {name} --confirm {shown.host_key.sha256}",
            sha256=shown.host_key.sha256,
            type=shown.host_key.type,
        )
    kept = PinnedKey(shown.host_key, desk.now(), desk.deciding.anyone(desk.site.settings.people), how)
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
) -> Iterator[Reach]:
    """Hold a switch: nobody else of this site has a session with it meanwhile. Each session lasts at most `seconds`.

    Raises Conflict when another process holds it for longer than `wait`; InvalidRecord for a platform without driver;
    OutsideFailure for a missing key, password or pinned host key. Nothing is sent yet.
    """
    driver, endpoint, login = ready(site, found)
    with locks.hold(site.root / "var" / "locks" / f"switch-{found.name}", f"switch {found.name}", wait=wait):
        yield Reach(
            found,
            driver,
            lambda: device.connect(endpoint, login, driver.DIALECT, seconds=seconds, log=log, cancel=cancel),
            site.root / "var" / "switches",
        )


def ready(site: Site, found: SwitchRecord) -> tuple[Driver, Endpoint, Login]:
    """What a session with the switch takes. Raises as `held`."""
    driver = driver_of(site, found)
    pin = switches.pinned(site, found.name)
    if pin is None:
        raise OutsideFailure(
            "nobody-confirmed-host-key-so",
            "nobody has confirmed the host key of {found}, so nobody logs in there",
            where=f"{found.address}:{found.port}",
            remedy=f"Compare it at the switch's console: sopctl switch host-key {found.name}",
            found=found.name,
        )
    return driver, Endpoint(found.address, found.port, pin.key), _login(site, found)


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
        raise InvalidRecord("no-password-one-line", "there is no password of one line", where=str(path))
    return line.decode("utf-8", "surrogateescape")
