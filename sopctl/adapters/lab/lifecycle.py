"""What a lab does: up, status, reset, down. Each may be repeated, and finishes what a killed run left half done.

The record is written before anything is made that it describes, and goes after it. So whatever moment a run is
killed at, the next one reads from the record where to look, and looks there for what is really running.
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeVar

from msgspec.structs import replace

from sopctl.adapters.lab import (
    chroot,
    command,
    files,
    hardware,
    image,
    lock,
    network,
    nspawn,
    owner,
    qemu,
    seed,
    state,
    switch,
    tier,
)
from sopctl.adapters.lab.hardware import Hardware
from sopctl.adapters.lab.process import Process
from sopctl.adapters.lab.state import Folder, LabServer, LabStatus, Place, Record, Tier
from sopctl.errors import Conflict, Interrupted, OutsideFailure, UsageError

BOOT_SECONDS = {Tier.SYSTEMD: 60.0, Tier.CHROOT: 60.0, Tier.VM: 240.0}
"""How long until sshd answers, on a machine that has much else to do."""

STARTERS = 4
"""Servers that are made at the same time: making host keys is what costs."""

Progress = Callable[[str], None]
Item = TypeVar("Item")


class Machine(Protocol):
    """What a tier must be able to do; the modules `nspawn`, `chroot` and `qemu` are the three."""

    def prepare(self, folder: Folder, record: Record) -> None: ...
    def start(self, record: Record, place: Place, lock_fd: int) -> None: ...
    def stop(self, record: Record, place: Place) -> None: ...
    def discard(self, record: Record, place: Place) -> None: ...
    def dismantle(self, folder: Folder, record: Record) -> None: ...


def silent(line: str) -> None:
    """The progress function for those who want none."""


def up(
    name: str = "lab",
    *,
    servers: int = 3,
    release: str = "bookworm",
    switched: bool = False,
    progress: Progress = silent,
) -> LabStatus:
    """Have at least so many servers running, each answering on its ssh port; those that run are left alone.

    `switched`: with a switch, which a lab may also get later and keeps; each server is plugged into a port of it.
    Raises UsageError for a name, number or release that is none, or a release or tier other than the lab has;
    Conflict when another run works on this lab; OutsideFailure when this machine cannot, or a server does not
    come up (it is left as it is, for a look); Interrupted after Ctrl-C, with what this call started gone again.
    """
    folder = state.folder(name)
    if not 1 <= servers <= state.MAX_SERVERS:
        raise UsageError(
            "lab-servers-not",
            "a lab has 1 to {MAX_SERVERS} servers, not {servers}",
            MAX_SERVERS=state.MAX_SERVERS,
            servers=servers,
        )
    if release not in state.RELEASES:
        raise UsageError(
            "lab-knows-no-release",
            "the lab knows no release {release!r}",
            remedy=f"one of: {', '.join(state.RELEASES)}",
            release=release,
        )
    wanted = tier.choose_switched() if switched else tier.choose()
    return _up(folder, wanted, servers, release, None, progress, switched=switched)


def up_machine(
    name: str = "lab", made_of: Hardware | None = None, *, release: str = "bookworm", progress: Progress = silent
) -> LabStatus:
    """Have one emulated machine running, made of `made_of`; None: of what it is made of, or of the example.

    One that runs and is made of something else is shut down, changed and booted: its first disk, and what it has kept
    of the others, come back with what is on them. Raises what `up` raises.
    """
    folder = state.folder(name)
    if release not in state.RELEASES:
        raise UsageError(
            "lab-knows-no-release",
            "the lab knows no release {release!r}",
            remedy=f"one of: {', '.join(state.RELEASES)}",
            release=release,
        )
    return _up(folder, tier.choose_machine(), 1, release, made_of, progress)


def _up(
    folder: Folder,
    wanted: Tier,
    servers: int,
    release: str,
    made_of: Hardware | None,
    progress: Progress,
    *,
    switched: bool = False,
) -> LabStatus:
    name = folder.name
    with _held(folder) as ours:
        before = _sound(folder, progress)
        if before and (before.tier, before.release) != (wanted, release):
            raise UsageError(
                "lab-tier-not",
                "the lab {name} is {release} in the tier {tier}, not {release2} in {wanted}",
                remedy=f"sopctl lab down --name {name}",
                name=name,
                release=before.release,
                tier=before.tier,
                release2=release,
                wanted=wanted,
            )
        plugs = before.plugs if before else None
        if switched or plugs is not None:
            count = max(before.servers if before else 0, servers)
            if count > switch.PORTS:
                raise UsageError(
                    "switch-ports-not", "the switch has {PORTS} ports, not {count}", PORTS=switch.PORTS, count=count
                )
            plugs = switch.plug(plugs or {}, count)
        started: list[Place] = []
        try:
            if before is None:
                base = image.ensure(release, wanted, progress)
                if wanted is Tier.VM:
                    made_of = made_of or hardware.EXAMPLE
                record = _found(folder, wanted, release, base, servers, made_of, plugs)
            else:
                record = replace(
                    before,
                    servers=max(before.servers, servers),
                    hardware=made_of or before.hardware,
                    plugs=plugs,
                )
                if record.hardware != before.hardware:
                    for place in folder.places(before):
                        progress(f"shutting down {place.name} to change its hardware")
                        qemu.power_off(place)
                folder.write(record)
            _machine(record).prepare(folder, record)
            asleep = [place for place in folder.booted(record) if _running(place) is None]
            if asleep:
                progress(f"starting {', '.join(place.name for place in asleep)}")
            _start(folder, record, asleep, ours, started)
            _wire(folder, record)
        except KeyboardInterrupt:
            progress("interrupted: taking down what was started")
            _undo(folder, before, started, progress)
            raise Interrupted("interrupted", "interrupted; what was started has been taken down again") from None
        return _status(folder, record)


def status(name: str = "lab") -> LabStatus | None:
    """The lab as it is now, or None when there is none. Raises OutsideFailure when it may not be read."""
    folder = state.folder(name)
    record = folder.read()
    return None if record is None or record.boot != state.boot_id() else _status(folder, record)


def reset(name: str, server: str) -> LabServer:
    """Boot one server again from a pristine disk: same name, address and host keys, nothing of what it wrote.

    Raises UsageError when there is no such lab or server, and what `up` raises.
    """
    folder = state.folder(name)
    with _held(folder) as ours:
        record = folder.read()
        places = folder.places(record) if record else []
        place = next((place for place in places if place.name == server), None)
        if record is None or place is None:
            raise UsageError(
                "lab-no-server",
                "the lab {name} has no server {server!r}",
                remedy=f"sopctl lab status --name {name}",
                name=name,
                server=server,
            )
        machine = _machine(record)
        machine.stop(record, place)
        machine.discard(record, place)
        place.console.unlink(missing_ok=True)
        _start(folder, record, [place], ours, [], others=False)
        if (rack := folder.switch(record)) and _running(rack):
            _wire(folder, record)
        return _server(folder, record, place)


def plug(name: str, server: str, port: int) -> LabStatus:
    """Pull the server's cable out of the switch, and put it into another port, from 1; it may be there already.

    Raises UsageError when there is no such lab, switch, server or port; Conflict for a port with another server's
    cable, or when another run works on this lab; OutsideFailure when the switch does not run.
    """
    folder = state.folder(name)
    with _held(folder):
        record = folder.read()
        place = next((place for place in folder.places(record) if place.name == server), None) if record else None
        if record is None or place is None:
            raise UsageError(
                "lab-no-server",
                "the lab {name} has no server {server!r}",
                remedy=f"sopctl lab status --name {name}",
                name=name,
                server=server,
            )
        if record.plugs is None:
            raise UsageError(
                "lab-no-switch",
                "the lab {name} has no switch",
                remedy=f"sopctl lab up --switch --name {name}",
                name=name,
            )
        if not 1 <= port <= switch.PORTS:
            raise UsageError(
                "switch-ports-not", "the switch has the ports 1 to {PORTS}, not {port}", PORTS=switch.PORTS, port=port
            )
        others = {other: number for number, other in record.plugs.items() if number != place.number}
        if port in others:
            raise Conflict(
                "plugged-into",
                "{name} is plugged into {port_name}",
                remedy="plug that one into another port first",
                name=folder.place(record, others[port]).name,
                port_name=switch.port_name(port),
            )
        record = replace(record, plugs=record.plugs | {place.number: port})
        folder.write(record)
        _wire(folder, record)
        return _status(folder, record)


def down(name: str | None = "lab", *, progress: Progress = silent) -> None:
    """Take a lab away, or all of them (None), with everything it made; the images stay. No lab is no error.

    Raises Conflict when another run works on it, OutsideFailure when something cannot be taken away.
    """
    for each in state.names() if name is None else [name]:
        folder = state.folder(each)
        with _held(folder):
            record = folder.read()
            try:
                _dismantle(folder, record, progress)
            except KeyboardInterrupt:
                raise Interrupted(
                    "interrupted-half-way", "interrupted half-way", remedy=f"sopctl lab down --name {each}"
                ) from None


@contextmanager
def _held(folder: Folder) -> Iterator[lock.Lock]:
    """Hold the lab's lock; when no lab is left at the end, its file and the state folder go too."""
    with lock.held(folder.lock, what=f"the lab {folder.name}") as ours:
        try:
            yield ours
        finally:
            if not folder.path.exists():
                ours.remove()
                with suppress(OSError):  # other labs are still there
                    state.run_folder().rmdir()


def _sound(folder: Folder, progress: Progress) -> Record | None:
    """The record if the lab is still what it says; remains of a reboot or of a killed run are cleared away."""
    record = folder.read()
    if (
        record is not None
        and record.boot == state.boot_id()
        and Path(record.image).is_dir()
        and (record.tier is not Tier.SYSTEMD or network.exists(record.network))
    ):
        return record
    if folder.path.exists():
        _dismantle(folder, record, progress)
    return None


def _found(
    folder: Folder,
    wanted: Tier,
    release: str,
    base: Path,
    servers: int,
    made_of: Hardware | None,
    plugs: dict[int, int] | None,
) -> Record:
    """Record what a new lab is to be, and reserve its network."""
    roots = state.cache_folder() / "roots" / f"{folder.name}-{secrets.token_hex(4)}"
    with network.locked():
        others = [state.folder(name).read() for name in state.names()]
        number = network.free_number(wanted, {other.network for other in others if other})
        boot = state.boot_id()
        record = Record(folder.name, wanted, release, str(base), str(roots), number, servers, boot, made_of, plugs)
        folder.write(record)
        if wanted is Tier.SYSTEMD:
            network.ensure(number)
    return record


def _start(
    folder: Folder,
    record: Record,
    asleep: Sequence[Place],
    ours: lock.Lock,
    started: list[Place],
    *,
    others: bool = True,
) -> None:
    """Start the servers that sleep, note each in `started`, and wait until their sshd answers; by default that of the
    `others`, which run already, too."""
    machine = _machine(record)
    given_up = threading.Event()

    def start(place: Place) -> None:
        seed.make(folder, record, place)
        started.append(place)
        machine.start(record, place, ours.fd)

    def answer(place: Place) -> None:
        address, port = network.server_address(record.tier, record.network, place.number)

        def going_on() -> bool:
            return _running(place) is not None and not given_up.is_set()

        if not owner.wait_for_banner(address, port, seconds=BOOT_SECONDS[record.tier], going_on=going_on):
            fate = "does not answer" if _running(place) else "has ended"
            console = place.console.read_bytes()[-4000:] if place.console.exists() else b""
            raise OutsideFailure(
                "server",
                "the server {place} {fate}; its console said: {value}",
                remedy=f"look into {place.console}, then: sopctl lab down --name {folder.name}",
                place=place.name,
                fate=fate,
                value=command.last_lines(console) or "nothing",
            )

    seed.make_key(folder)
    _each(start, asleep, given_up, workers=STARTERS)
    awake = [place for place in folder.booted(record) if place in asleep or (others and _running(place))]
    _each(answer, awake, given_up, workers=len(awake))


def _wire(folder: Folder, record: Record) -> None:
    """Plug the servers that run into the switch, if the lab has one. Raises OutsideFailure when that does not run."""
    place = folder.switch(record)
    if place is None:
        return
    running = [server for server in folder.places(record) if _running(server)]
    switch.wire(record, place, _server(folder, record, place), running)


def _each(act: Callable[[Item], None], items: Sequence[Item], given_up: threading.Event, *, workers: int) -> None:
    """Do it for all at the same time; raises the first error once all have ended."""
    if not items:
        return
    with ThreadPoolExecutor(workers) as pool:
        try:
            for done in [pool.submit(act, item) for item in items]:
                done.result()
        except BaseException:
            given_up.set()
            pool.shutdown(cancel_futures=True)
            raise


def _undo(folder: Folder, before: Record | None, started: Sequence[Place], progress: Progress) -> None:
    """Back to what was there before."""
    record = folder.read()
    if before is None or record is None:
        _dismantle(folder, record, progress)
        return
    machine = _machine(record)
    _each(lambda place: machine.stop(record, place), started, threading.Event(), workers=STARTERS)
    kept = folder.booted(before)
    for place in [place for place in folder.booted(record) if place not in kept]:
        machine.discard(record, place)
        files.remove_tree(place.folder)
    folder.write(before)


def _dismantle(folder: Folder, record: Record | None, progress: Progress) -> None:
    """Take away everything, the record last; what is no longer there is no error."""
    if record is not None:
        machine = _machine(record)
        places = folder.booted(record)
        progress(f"taking down {', '.join(place.name for place in places)}")
        _each(lambda place: machine.stop(record, place), places, threading.Event(), workers=len(places))
        for place in places:
            machine.discard(record, place)
        machine.dismantle(folder, record)
    files.remove_tree(folder.path)


def _machine(record: Record) -> Machine:
    machines: dict[Tier, Machine] = {Tier.SYSTEMD: nspawn, Tier.CHROOT: chroot, Tier.VM: qemu}
    return machines[record.tier]


def _running(place: Place) -> Process | None:
    process = Process.read(place.process)
    return process if process and process.alive() else None


def _status(folder: Folder, record: Record) -> LabStatus:
    place = folder.switch(record)
    return LabStatus(
        name=record.name,
        tier=record.tier,
        release=record.release,
        controller=network.controller_address(record.tier, record.network),
        servers=tuple(_server(folder, record, place) for place in folder.places(record)),
        hardware=record.hardware,
        switch=switch.describe(record, _server(folder, record, place), folder.places(record)) if place else None,
    )


def _server(folder: Folder, record: Record, place: Place) -> LabServer:
    address, port = network.server_address(record.tier, record.network, place.number)
    process = _running(place)
    return LabServer(
        name=place.name,
        address=address,
        port=port,
        user=state.OWNER,
        key_file=str(folder.key),
        host_keys=seed.host_keys(place),
        state="running" if process else "stopped",
        pid=process.pid if process else None,
    )
