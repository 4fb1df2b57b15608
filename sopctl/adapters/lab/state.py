"""The labs' records, and the folder in which they are kept.

/run/sopctl-lab/NAME.lock     locked while something changes
/run/sopctl-lab/NAME/lab.json the record, written before anything outside the folder is made
                    id_ed25519  the owner's key pair
                    servers/NAME1/{seed/, process, console.log, in-state}
                    disks/NAME1/{upper,work,root}  (booted servers: a tmpfs)

The disks of the other tiers are beside the images, in roots/NAME-…
"""

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from sopctl.adapters.lab import lock, owner_state
from sopctl.adapters.lab.hardware import Hardware
from sopctl.adapters.lab.owner_state import OwnerState
from sopctl.errors import OutsideFailure, UsageError
from sopctl.model.access.target import HostKey
from sopctl.model.as_json import NotJson, from_json

OWNER = "titipan"
"""The owner's administrator account on each server: login by key only, sudo without a password."""

MAX_SERVERS = 100
NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,10}[a-z])?")
"""A lab's name. It does not end in a digit, so that two labs never have servers of the same name."""

RELEASES = ("bullseye", "bookworm", "trixie")

SWITCH_UNIT = "openvswitch-switch.service"
"""The service that makes a server the switch: installed on all servers, started only on that one."""


class Tier(StrEnum):
    """How real the servers are."""

    SYSTEMD = "systemd"
    """Booted: with its own init, network and process table."""
    CHROOT = "chroot"
    """With its own root file system and sshd, on a loopback address of this machine; no services, no /proc."""
    VM = "vm"
    """An emulated machine with firmware, memory modules and disks of its own; only on request."""


class LabServer(Struct, frozen=True):
    """A server. `host_keys`: those that it was made with, whatever it shows now; `pid`: of nspawn, sshd or QEMU;
    `states`: the owner's states that it was put into."""

    name: str
    address: str
    port: int
    user: str
    key_file: str
    host_keys: tuple[HostKey, ...]
    state: Literal["running", "stopped"]
    pid: int | None
    states: tuple[str, ...] = ()


class LabPort(Struct, frozen=True):
    """A port of the switch; if a server is plugged into it, also that server, the MAC address of its interface, and its
    address in the service network."""

    name: str
    server: str | None = None
    mac: str | None = None
    address: str | None = None


class LabSwitch(Struct, frozen=True):
    """The rack's switch. `server` is the server that it runs on and is managed through, `bridge` its name in Open
    vSwitch. Behind `uplink` is this machine, in the service VLAN, with the address `controller`; `network` is that
    VLAN's subnet."""

    server: LabServer
    bridge: str
    uplink: str
    service_vlan: int
    quarantine_vlan: int
    network: str
    controller: str
    ports: tuple[LabPort, ...]


class LabStatus(Struct, frozen=True):
    """A lab. `controller` is this machine's address as the servers see it; `hardware` is set in the tier vm only."""

    name: str
    tier: Tier
    release: str
    controller: str
    servers: tuple[LabServer, ...]
    hardware: Hardware | None = None
    switch: LabSwitch | None = None


class Record(Struct, frozen=True):
    """What a lab consists of. `network` is its number (see network.py), `boot` the id of this machine's boot; `plugs`
    maps the number of each server to that of its port of the switch; None without a switch. `states` has the owner's
    states of each server that is in one, as they were when it was made."""

    name: str
    tier: Tier
    release: str
    image: str
    roots: str
    network: int
    servers: int
    boot: str
    hardware: Hardware | None = None
    plugs: dict[int, int] | None = None
    states: dict[int, tuple[OwnerState, ...]] = {}

    def packages(self, number: int) -> tuple[str, ...]:
        """What is installed on server `number` besides the image's packages."""
        return owner_state.packages(self.states.get(number, ()), self.release)

    def has_ipv6(self, number: int) -> bool:
        """Whether server `number` has an IPv6 address, at which it is reached in its owner's state."""
        return any(one.ipv6 for one in self.states.get(number, ()))


class Place(Struct, frozen=True):
    """The files of a server. `folder` has its state, `disk` its disks."""

    name: str
    number: int
    folder: Path
    disk: Path

    @property
    def seed(self) -> Path:
        """The small file tree that makes the image this server (seed.py)."""
        return self.folder / "seed"

    @property
    def process(self) -> Path:
        return self.folder / "process"

    @property
    def console(self) -> Path:
        return self.folder / "console.log"

    @property
    def in_state(self) -> Path:
        """There once the server has been put into its owner's states."""
        return self.folder / "in-state"

    @property
    def root(self) -> Path:
        """The server's root file system."""
        return self.disk / "root"


class Folder(Struct, frozen=True):
    """The files of a lab."""

    name: str

    @property
    def path(self) -> Path:
        return run_folder() / self.name

    @property
    def lock(self) -> Path:
        return run_folder() / f"{self.name}.lock"

    @property
    def key(self) -> Path:
        return self.path / "id_ed25519"

    @property
    def disks(self) -> Path:
        return self.path / "disks"

    def place(self, record: Record, number: int) -> Place:
        """The files of server `number`, from 1; number 0 is the switch."""
        name = f"{self.name}{number}"
        disks = self.disks if record.tier is Tier.SYSTEMD else Path(record.roots)
        return Place(name, number, self.path / "servers" / name, disks / name)

    def places(self, record: Record) -> list[Place]:
        return [self.place(record, number) for number in range(1, record.servers + 1)]

    def switch(self, record: Record) -> Place | None:
        """The files of the switch, if the lab has one."""
        return None if record.plugs is None else self.place(record, 0)

    def booted(self, record: Record) -> list[Place]:
        """The files of everything that boots: the switch first, if there is one, then the servers."""
        switch = self.switch(record)
        return [*([switch] if switch else []), *self.places(record)]

    def read(self) -> Record | None:
        """The lab's record, or None without one. Raises OutsideFailure when it may not be read or is damaged."""
        path = self.path / "lab.json"
        try:
            return from_json(path.read_bytes(), Record)
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise lock.needs_root() from error
        except NotJson as error:
            raise OutsideFailure(
                "lab-record-damaged",
                "the lab's record is damaged: {reason}",
                remedy="Restart this machine: that ends what the lab still runs, and empties /run.",
                reason=str(error),
            ) from error

    def write(self, record: Record) -> None:
        """Replace the record atomically."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self.path / "lab.json.new"
        new.write_bytes(msgspec.json.encode(record))
        new.replace(self.path / "lab.json")


def folder(name: str) -> Folder:
    """The folder of a lab. Raises UsageError for an invalid name."""
    if not NAME.fullmatch(name):
        raise UsageError(
            "not-a-lab-name",
            "{name!r} is not a name for a lab",
            remedy="Use up to 12 lower-case letters, digits and hyphens, with a letter first and last.",
            name=name,
        )
    return Folder(name)


def run_folder() -> Path:
    """Where the labs' state is kept; SOPCTL_LAB_RUN overrides it."""
    return Path(os.environ.get("SOPCTL_LAB_RUN") or "/run/sopctl-lab").absolute()


def cache_folder() -> Path:
    """Where images, root file systems of the chroot tier and machines' disks are; SOPCTL_LAB_CACHE overrides it."""
    return Path(os.environ.get("SOPCTL_LAB_CACHE") or "/var/cache/sopctl/lab").absolute()


def names() -> list[str]:
    """The labs that have something in the state folder."""
    try:
        entries = list(run_folder().iterdir())
    except FileNotFoundError:
        return []
    except PermissionError as error:
        raise lock.needs_root() from error
    return sorted({entry.stem for entry in entries if NAME.fullmatch(entry.stem)})


def boot_id() -> str:
    """The id of this machine's boot (random(4)): after a reboot, every process and mount is gone."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
