"""The life of a lab: up, status, reset, down. Each can be repeated, and completes what a killed run left unfinished.

The record is written before anything that it describes is made, and deleted after that. So at whatever moment a run is
killed, the next one learns from the record where to look, and looks there for what is really running.
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeVar

from msgspec.structs import replace

from sopctl.adapters.lab import (
    chroot,
    command,
    files,
    hardware,
    image,
    layer,
    lock,
    network,
    nspawn,
    owner,
    owner_state,
    qemu,
    seed,
    state,
    switch,
    tier,
)
from sopctl.adapters.lab.hardware import Hardware
from sopctl.adapters.lab.owner_state import OwnerState
from sopctl.adapters.lab.process import Process
from sopctl.adapters.lab.state import Folder, LabServer, LabStatus, Place, Record, Tier
from sopctl.errors import Action, Conflict, Interrupted, OutsideFailure, UsageError
from sopctl.locale import Text

BOOT_SECONDS = {Tier.SYSTEMD: 120.0, Tier.CHROOT: 120.0, Tier.VM: 1800.0}
"""How long sshd may take to answer, on a busy machine; one whose process ends is not waited for."""

STATE_SECONDS = 120.0
"""How long the script of an owner's state may take."""

STARTERS = 4
"""Servers that are started at the same time: host keys take most of the time."""

Progress = Callable[[str], None]
Item = TypeVar("Item")


class Backend(Protocol):
    """The interface of a tier, which the modules `nspawn`, `chroot` and `qemu` implement."""

    def prepare(self, folder: Folder, record: Record) -> None: ...
    def start(self, record: Record, place: Place, lock_fd: int) -> None: ...
    def stop(self, record: Record, place: Place) -> None: ...
    def discard(self, record: Record, place: Place) -> None: ...
    def dismantle(self, folder: Folder, record: Record) -> None: ...


def silent(line: str) -> None:
    """The progress function that reports nothing."""


def up(
    name: str = "lab",
    *,
    servers: int = 3,
    release: str = "bookworm",
    switched: bool = False,
    states: Sequence[Sequence[OwnerState]] = (),
    progress: Progress = silent,
) -> LabStatus:
    """Have at least `servers` running, each answering on its SSH port; those that run already are left alone.

    `switched`: with a switch, and each server plugged into one of its ports. A lab may get one later, and keeps it.
    `states`: those that the first, second, ... server is put into once it has booted; its packages are installed first.
    Raises UsageError for an invalid name, number or release, for a release or tier other than the lab's, and for a
    server that is there in other states; Conflict when another run works on this lab; OutsideFailure when this machine
    cannot run it, or when a server does not come up or cannot be put into its states (it is left for inspection);
    Interrupted after Ctrl-C, with what this call started taken down again.
    """
    folder = state.folder(name)
    servers = max(servers, len(states))
    if not 1 <= servers <= state.MAX_SERVERS:
        raise UsageError(
            "lab-size-out-of-range",
            "a lab has 1 to {most} servers, not {servers}",
            remedy="Name a number in that range.",
            most=state.MAX_SERVERS,
            servers=servers,
        )
    _check_release(release)
    wanted = tier.choose_switched() if switched else tier.choose()
    into = {number: tuple(each) for number, each in enumerate(states, 1) if each}
    if into:
        wanted = tier.choose_booted(Text("an owner's state"))
        _check_states(into, release)
    return _up(folder, wanted, servers, release, None, progress, switched=switched, states=into)


def up_machine(
    name: str = "lab", made_of: Hardware | None = None, *, release: str = "bookworm", progress: Progress = silent
) -> LabStatus:
    """Have one emulated machine running with the hardware `made_of`; None: the hardware that it has, or the example.

    A running machine with other hardware is shut down, changed and booted. The disks that it keeps, which always
    include the first one, keep their data. Raises what `up` raises.
    """
    folder = state.folder(name)
    _check_release(release)
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
    states: Mapping[int, tuple[OwnerState, ...]] = {},
) -> LabStatus:
    name = folder.name
    with _locked(folder) as ours:
        before = _intact(folder, progress)
        if before and (before.tier, before.release) != (wanted, release):
            raise UsageError(
                "lab-differs",
                "the lab {lab} is {release} in the tier {tier}, not {wanted_release} in {wanted_tier}",
                remedy=Action("lab down", given={"name": name}),
                lab=name,
                release=before.release,
                tier=before.tier,
                wanted_release=release,
                wanted_tier=wanted,
            )
        for number, each in states.items():
            if before and number <= before.servers and before.states.get(number, ()) != each:
                raise UsageError(
                    "lab-server-in-other-states",
                    "{server} is there already, and not in the states {states}",
                    remedy=Action("lab down", given={"name": name}),
                    server=folder.place(before, number).name,
                    states=", ".join(one.name for one in each),
                )
        plugs = before.plugs if before else None
        if switched or plugs is not None:
            count = max(before.servers if before else 0, servers)
            if count > switch.PORTS:
                raise UsageError(
                    "switch-too-small",
                    "the switch has {ports} ports, not {servers}",
                    remedy="Bring up fewer servers.",
                    ports=switch.PORTS,
                    servers=count,
                )
            plugs = switch.plug(plugs or {}, count)
        started: list[Place] = []
        try:
            if before is None:
                base = image.ensure(release, wanted, progress)
                if wanted is Tier.VM:
                    made_of = made_of or hardware.EXAMPLE
                _install(base, states, release, progress)
                record = _create(folder, wanted, release, base, servers, made_of, plugs, states)
            else:
                record = replace(
                    before,
                    servers=max(before.servers, servers),
                    hardware=made_of or before.hardware,
                    plugs=plugs,
                    states=before.states | dict(states),
                )
                _install(Path(record.image), record.states, release, progress)
                if record.hardware != before.hardware:
                    for place in folder.places(before):
                        progress(f"shutting down {place.name} to change its hardware")
                        qemu.power_off(place)
                folder.write(record)
            _backend(record).prepare(folder, record)
            stopped = [place for place in folder.booted(record) if _running(place) is None or _halfway(record, place)]
            if stopped:
                progress(f"starting {', '.join(place.name for place in stopped)}")
            _start(folder, record, stopped, ours, started, progress)
            _wire(folder, record)
        except KeyboardInterrupt:
            progress("interrupted: taking down what was started")
            _undo(folder, before, started, progress)
            raise Interrupted(
                "lab-up-interrupted",
                "interrupted; what was started has been taken down again",
                remedy="Nothing of it is left to take down.",
            ) from None
        return _status(folder, record)


@contextmanager
def name_of_its_own(base: str) -> Iterator[str]:
    """A name for a lab of whoever asks: `base`, or `base-b` and so on while others use it. A lab of that name which is
    still up is nobody's any more. Raises Conflict when all names are in use."""
    for ending in ("", *(f"-{letter}" for letter in "bcdefgh")):
        name = f"{base}{ending}"
        with ExitStack() as holding:
            try:
                holding.enter_context(
                    lock.held(Path(f"/run/lock/sopctl-lab-{name}"), what=Text("the lab {name}", name=name))
                )
            except Conflict:
                if ending == "-h":
                    raise
                continue
            yield name
            return


def status(name: str = "lab") -> LabStatus | None:
    """The lab as it is now; None without one. Raises OutsideFailure when its record may not be read."""
    folder = state.folder(name)
    record = folder.read()
    return None if record is None or record.boot != state.boot_id() else _status(folder, record)


def reset(name: str, server: str) -> LabServer:
    """Boot one server again from a pristine disk: it keeps its name, address, host keys and owner's states, and nothing
    else.

    Raises UsageError when there is no such lab or server, and what `up` raises.
    """
    folder = state.folder(name)
    with _locked(folder) as ours:
        record, place = _find(folder, server)
        backend = _backend(record)
        backend.stop(record, place)
        backend.discard(record, place)
        place.console.unlink(missing_ok=True)
        place.in_state.unlink(missing_ok=True)
        _start(folder, record, [place], ours, [], others=False)
        if (rack := folder.switch(record)) and _running(rack):
            _wire(folder, record)
        return _server(folder, record, place)


def console(name: str, server: str, script: str, *, timeout: float = 60) -> str:
    """Run a POSIX shell script as root on a booted server, as at its console: it needs neither network nor sshd nor an
    account. Returns its standard output.

    Raises UsageError when there is no such lab or server; OutsideFailure when the script fails, takes longer than
    `timeout` seconds, or the server does not run.
    """
    _, place = _find(state.folder(name), server)
    return nspawn.console(place, script, timeout=timeout)


def plug(name: str, server: str, port: int) -> LabStatus:
    """Move the server's cable to port `port` of the switch, counted from 1; it may be there already.

    Raises UsageError when there is no such lab, switch, server or port; Conflict when another server's cable is in that
    port, or another run works on this lab; OutsideFailure when the switch does not run.
    """
    folder = state.folder(name)
    with _locked(folder):
        record, place = _find(folder, server)
        if record.plugs is None:
            raise UsageError(
                "lab-no-switch",
                "the lab {lab} has no switch",
                remedy=Action("lab up", given={"switch": "", "name": name}),
                lab=name,
            )
        if not 1 <= port <= switch.PORTS:
            raise UsageError(
                "lab-no-such-port",
                "the switch has the ports 1 to {ports}, not {port}",
                remedy="Name one of these ports.",
                ports=switch.PORTS,
                port=port,
            )
        others = {other: number for number, other in record.plugs.items() if number != place.number}
        if port in others:
            raise Conflict(
                "switch-port-taken",
                "{server} is plugged into {port}",
                remedy="Plug that server into another port first.",
                server=folder.place(record, others[port]).name,
                port=switch.port_name(port),
            )
        record = replace(record, plugs=record.plugs | {place.number: port})
        folder.write(record)
        _wire(folder, record)
        return _status(folder, record)


def down(name: str | None = "lab", *, progress: Progress = silent) -> None:
    """Take down a lab, or all labs (None), with everything that belongs to it; only the images stay. A lab that does
    not exist is no error.

    Raises Conflict when another run works on it, OutsideFailure when something cannot be removed.
    """
    for each in state.names() if name is None else [name]:
        folder = state.folder(each)
        with _locked(folder):
            record = folder.read()
            try:
                _dismantle(folder, record, progress)
            except KeyboardInterrupt:
                raise Interrupted(
                    "lab-down-interrupted",
                    "interrupted while the lab {lab} was being taken down",
                    remedy=Action("lab down", given={"name": each}),
                    lab=each,
                ) from None


def _check_release(release: str) -> None:
    if release not in state.RELEASES:
        raise UsageError(
            "lab-release-unknown",
            "the lab has no release {release!r}",
            remedy=Text("Use one of: {names}.", names=", ".join(state.RELEASES)),
            release=release,
        )


def _check_states(states: Mapping[int, Sequence[OwnerState]], release: str) -> None:
    for one in (one for each in states.values() for one in each):
        if one.releases and release not in one.releases:
            raise UsageError(
                "state-not-in-release",
                "no server with {release} is in the state {state}",
                remedy=Text("Use one of: {names}.", names=", ".join(one.releases)),
                release=release,
                state=one.name,
            )


def _install(base: Path, states: Mapping[int, Sequence[OwnerState]], release: str, progress: Progress) -> None:
    """Have the layers with the packages that these states need."""
    for packages in sorted({owner_state.packages(each, release) for each in states.values()}):
        layer.ensure(base, packages, progress)


def _find(folder: Folder, server: str) -> tuple[Record, Place]:
    """The lab's record, and the files of `server`. Raises UsageError when there is no such lab or server."""
    record = folder.read()
    places = folder.places(record) if record else []
    place = next((place for place in places if place.name == server), None)
    if record is None or place is None:
        raise UsageError(
            "no-lab-server",
            "the lab {lab} has no server {server!r}",
            remedy=Action("lab status", given={"name": folder.name}),
            lab=folder.name,
            server=server,
        )
    return record, place


@contextmanager
def _locked(folder: Folder) -> Iterator[lock.Lock]:
    """Hold the lab's lock. When the lab is gone at the end, the lock's file and the state folder are removed too."""
    with lock.held(folder.lock, what=Text("the lab {name}", name=folder.name)) as ours:
        try:
            yield ours
        finally:
            if not folder.path.exists():
                ours.remove()
                with suppress(OSError):  # it still has other labs
                    state.run_folder().rmdir()


def _intact(folder: Folder, progress: Progress) -> Record | None:
    """The record, if the lab still matches it; otherwise None, and what a reboot or a killed run left is removed."""
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


def _create(
    folder: Folder,
    wanted: Tier,
    release: str,
    base: Path,
    servers: int,
    made_of: Hardware | None,
    plugs: dict[int, int] | None,
    states: Mapping[int, tuple[OwnerState, ...]],
) -> Record:
    """Write the record of a new lab, and reserve its network."""
    roots = state.cache_folder() / "roots" / f"{folder.name}-{secrets.token_hex(4)}"
    with network.locked():
        others = [state.folder(name).read() for name in state.names()]
        number = network.free_number(wanted, {other.network for other in others if other})
        boot = state.boot_id()
        record = Record(
            folder.name, wanted, release, str(base), str(roots), number, servers, boot, made_of, plugs, dict(states)
        )
        folder.write(record)
        if wanted is Tier.SYSTEMD:
            network.ensure(number)
    return record


def _start(
    folder: Folder,
    record: Record,
    stopped: Sequence[Place],
    ours: lock.Lock,
    started: list[Place],
    progress: Progress = silent,
    *,
    others: bool = True,
) -> None:
    """Start the `stopped` servers, append each to `started`, wait until their sshd answers, and put them into their
    owner's states; unless `others` is False, wait for the servers that were running already, too."""
    backend = _backend(record)
    given_up = threading.Event()

    def start(place: Place) -> None:
        seed.make(folder, record, place)
        if _halfway(record, place):
            backend.stop(record, place)
            backend.discard(record, place)
        started.append(place)
        backend.start(record, place, ours.fd)

    def answer(place: Place) -> None:
        address, port = _reached_at(record, place)

        def going_on() -> bool:
            return _running(place) is not None and not given_up.is_set()

        if not owner.wait_for_banner(address, port, seconds=BOOT_SECONDS[record.tier], going_on=going_on):
            raise _not_up(folder, place)
        if _halfway(record, place):
            _put_into_states(record, place, progress)
            _wait_for_listener(folder, record, place)

    seed.make_key(folder)
    _each(start, stopped, given_up, workers=STARTERS)
    running = [place for place in folder.booted(record) if place in stopped or (others and _running(place))]
    _each(answer, running, given_up, workers=len(running))


def _wait_for_listener(folder: Folder, record: Record, place: Place) -> None:
    """At the console: an sshd may penalise whoever connects without logging in."""
    _, port = _reached_at(record, place)
    script = f"until ss -Hltn 'sport = :{port}' | grep -q .; do sleep 0.2; done"
    try:
        nspawn.console(place, script, timeout=BOOT_SECONDS[record.tier])
    except OutsideFailure:
        raise _not_up(folder, place) from None


def _reached_at(record: Record, place: Place) -> tuple[str, int]:
    """Address and SSH port of a server: as it was made, or as its owner's states leave it."""
    address, port = network.server_address(record.tier, record.network, place.number)
    if not place.in_state.exists():
        return address, port
    if record.has_ipv6(place.number):
        address = network.server_address6(record.network, place.number)
    return address, owner_state.ssh_port(record.states[place.number], port)


def _halfway(record: Record, place: Place) -> bool:
    """Whether the server is not in its owner's states yet: it is new, or a run was killed, or a script failed."""
    return bool(record.states.get(place.number)) and not place.in_state.exists()


def _put_into_states(record: Record, place: Place, progress: Progress) -> None:
    """Run the states' scripts. Raises OutsideFailure with the state's name when one fails."""
    for one in record.states[place.number]:
        progress(f"putting {place.name} into the state {one.name}")
        try:
            nspawn.console(place, f"set -eu\n{one.script}", timeout=STATE_SECONDS)
        except OutsideFailure as failure:
            raise failure.recast(OutsideFailure, where=f"{place.name}, state {one.name}") from failure
    place.in_state.touch()


def _not_up(folder: Folder, place: Place) -> OutsideFailure:
    """The error of a server that did not come up; it is left for inspection."""
    console = place.console.read_bytes()[-4000:] if place.console.exists() else b""
    last = command.last_lines(console) or Text("nothing")
    remedy = (Text("Look into {console}.", console=place.console), Action("lab down", given={"name": folder.name}))
    if _running(place):
        return OutsideFailure(
            "lab-server-silent",
            "the server {server} does not answer; last on its console: {console}",
            remedy=remedy,
            server=place.name,
            console=last,
        )
    return OutsideFailure(
        "lab-server-ended",
        "the server {server} has ended; last on its console: {console}",
        remedy=remedy,
        server=place.name,
        console=last,
    )


def _wire(folder: Folder, record: Record) -> None:
    """Plug the running servers into the switch, if the lab has one. Raises OutsideFailure when it does not run."""
    place = folder.switch(record)
    if place is None:
        return
    running = [server for server in folder.places(record) if _running(server)]
    switch.wire(record, place, _server(folder, record, place), running)


def _each(act: Callable[[Item], None], items: Sequence[Item], given_up: threading.Event, *, workers: int) -> None:
    """Do `act` for all items in parallel; raises the first error once all have ended."""
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
    """Go back to what was there `before`."""
    record = folder.read()
    if before is None or record is None:
        _dismantle(folder, record, progress)
        return
    backend = _backend(record)
    _each(lambda place: backend.stop(record, place), started, threading.Event(), workers=STARTERS)
    kept = folder.booted(before)
    for place in [place for place in folder.booted(record) if place not in kept]:
        backend.discard(record, place)
        files.remove_tree(place.folder)
    folder.write(before)


def _dismantle(folder: Folder, record: Record | None, progress: Progress) -> None:
    """Remove everything, the record last; what is gone already is no error."""
    if record is not None:
        backend = _backend(record)
        places = folder.booted(record)
        progress(f"taking down {', '.join(place.name for place in places)}")
        _each(lambda place: backend.stop(record, place), places, threading.Event(), workers=len(places))
        for place in places:
            backend.discard(record, place)
        backend.dismantle(folder, record)
    files.remove_tree(folder.path)


def _backend(record: Record) -> Backend:
    backends: dict[Tier, Backend] = {Tier.SYSTEMD: nspawn, Tier.CHROOT: chroot, Tier.VM: qemu}
    return backends[record.tier]


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
    address, port = _reached_at(record, place)
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
        states=tuple(one.name for one in record.states.get(place.number, ())),
    )
