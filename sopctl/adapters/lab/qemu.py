"""Machines: the image on a disk of their own, emulated by QEMU, with firmware and disks that identify themselves.

Hardware virtualisation is never used: what is tested must not depend on the controller's processor.
"""

import json
import signal
import socket
import struct
from contextlib import suppress
from pathlib import Path

from sopctl.adapters.lab import cgroup, command, files, network, process, smbios
from sopctl.adapters.lab.hardware import Disk, Hardware
from sopctl.adapters.lab.state import Folder, Place, Record
from sopctl.errors import Action, OutsideFailure, in_words
from sopctl.locale import Text

KILL_SECONDS = 4.0
SHUTDOWN_SECONDS = 60.0
"""How long a machine may take to shut down, emulated and on a busy controller."""

SECTOR = 512
FIRST_SECTOR = 2048
DISK_SIGNATURE = 0x736F7063
"""Identifies the root partition for the kernel (`root=PARTUUID=`): the order of the disks can change with any boot."""

# The mitigations against speculative execution cost much when each instruction is emulated: without them, the guest
# boots in half the time. It is there for its hardware to be read; its own security does not matter.
KERNEL_OPTIONS = f"root=PARTUUID={DISK_SIGNATURE:08x}-01 rw rootwait console=ttyS0 quiet mitigations=off apparmor=0"
SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


def prepare(folder: Folder, record: Record) -> None:
    """Make the folder for the machine's disks."""
    del folder
    Path(record.roots).mkdir(mode=0o700, parents=True, exist_ok=True)


def start(record: Record, place: Place, lock_fd: int) -> None:
    """Make the disks that are missing, and switch the machine on; returns as soon as QEMU runs."""
    hardware = _hardware(record)
    _clear(record, place)
    place.disk.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _system_disk(place).exists():
        _install(record, place, hardware.disks[0].size_gb * 10**9)
    for disk in hardware.disks[1:]:
        _insert(place, disk)
    process.launch(
        _arguments(record, place, hardware),
        record=place.process,
        log=place.console,
        lock_fd=lock_fd,
        cgroups=cgroup.make(_group(record, place)),
    )


def power_off(place: Place) -> None:
    """Press the power button and wait until the machine has shut down; one that is off already is no error.

    Raises OutsideFailure when it stays on.
    """
    machine = process.Process.read(place.process)
    if machine is None or not machine.alive():
        return
    try:
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(KILL_SECONDS)
            monitor.connect(str(_monitor(place)))
            with monitor.makefile("rwb") as lines:  # QEMU Machine Protocol: a greeting, then one answer per line
                lines.readline()
                for word in ("qmp_capabilities", "system_powerdown"):
                    lines.write(json.dumps({"execute": word}).encode() + b"\n")
                    lines.flush()
                    lines.readline()
    except OSError as error:
        raise OutsideFailure(
            "qemu-monitor-silent",
            "QEMU's monitor of {server} does not answer: {reason}",
            remedy="See whether its QEMU is alive; if not, take the lab down and bring it up again.",
            where=str(_monitor(place)),
            server=place.name,
            reason=in_words(error),
        ) from error
    if not process.wait_until(lambda: not machine.alive(), SHUTDOWN_SECONDS, every=0.1):
        raise OutsideFailure(
            "machine-not-shut-down",
            "{server} does not shut down",
            remedy=Text("Look into {console}.", console=place.console),
            server=place.name,
        )


def stop(record: Record, place: Place) -> None:
    """Cut the power, then kill what is left."""
    machine = process.Process.read(place.process)
    if machine is not None:
        machine.send(signal.SIGTERM)
        process.wait_until(lambda: not machine.alive(), KILL_SECONDS)
    _clear(record, place)
    place.process.unlink(missing_ok=True)


def discard(record: Record, place: Place) -> None:
    """Delete the machine's disks, also those that were removed from it."""
    del record
    files.unmount_below(place.disk)
    files.remove_tree(place.disk)


def dismantle(folder: Folder, record: Record) -> None:
    """Remove what `prepare` made. The machine has been discarded before."""
    del folder
    files.remove_tree(Path(record.roots))


def _install(record: Record, place: Place, size: int) -> None:
    """Make the boot disk, complete or not at all: one ext4 partition with image and seed."""
    new, tree = place.disk / "system.new", place.disk / "tree"
    files.unmount_below(place.disk)
    tree.mkdir(exist_ok=True)
    layers = f"ro,lowerdir={place.seed}:{record.image}"
    command.run(["mount", "-t", "overlay", "-o", layers, "sopctl-lab", tree], remedy="The lab's machines need mounts.")
    with new.open("wb") as disk:
        disk.write(_partition_table(size // SECTOR))
        disk.truncate(size)
    kib = (size - FIRST_SECTOR * SECTOR) // 1024
    command.run(
        ["mkfs.ext4", "-q", "-E", f"offset={FIRST_SECTOR * SECTOR}", "-d", tree, new, f"{kib}k"],
        timeout=300,
        remedy="See that this machine's disk has 600 MB free.",
    )
    files.unmount_below(place.disk)
    new.rename(_system_disk(place))


def _partition_table(sectors: int) -> bytes:
    """A master boot record whose only partition (type 83h, Linux) fills the disk."""
    anywhere = b"\xfe\xff\xff"  # cylinder, head and sector are ignored: the sector numbers (LBA) count
    partition = b"\0" + anywhere + b"\x83" + anywhere + struct.pack("<II", FIRST_SECTOR, sectors - FIRST_SECTOR)
    return bytes(440) + struct.pack("<IH", DISK_SIGNATURE, 0) + partition + bytes(48) + b"\x55\xaa"


def _insert(place: Place, disk: Disk) -> None:
    """Add a disk. One that the machine had before still has its data; a new one is empty."""
    path = _disk(place, disk)
    if not path.exists():
        with path.open("wb") as file:
            file.truncate(disk.size_gb * 10**9)


def _arguments(record: Record, place: Place, hardware: Hardware) -> list[str | Path]:
    address, port = network.server_address(record.tier, record.network, place.number)
    words: list[str | Path] = [
        "qemu-system-x86_64", "-name", place.name, "-nodefaults", "-no-user-config", "-display", "none",
        "-sandbox", SANDBOX, "-machine", "pc", "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "qemu64", "-smp", "2",
        "-m", str(hardware.memory_mib), "-serial", "stdio", "-qmp", f"unix:{_monitor(place)},server=on,wait=off",
        "-kernel", _kernel(Path(record.image)), "-append", KERNEL_OPTIONS, "-device", "virtio-rng-pci",
        "-netdev", f"user,id=lan,restrict=on,ipv6=off,hostfwd=tcp:{address}:{port}-:{port}",
        "-device", f"virtio-net-pci,netdev=lan,romfile=,mac=52:54:00:12:{record.network:02x}:{place.number:02x}",
    ]  # fmt: skip
    for text in _firmware(hardware):
        words += ["-smbios", text]
    for number, table in enumerate(smbios.memory_tables(hardware)):
        path = place.folder / f"memory-{number}"
        path.write_bytes(table)
        words += ["-smbios", f"file={path}"]
    ata = 0
    for number, disk in enumerate(hardware.disks):
        path = _disk(place, disk) if number else _system_disk(place)
        words += ["-drive", f"if=none,id=disk{number},file={path},format=raw,cache=unsafe,discard=unmap"]
        if disk.bus == "ata":
            channel, unit = divmod(ata, 2)
            words += ["-device", f"ide-hd,drive=disk{number},serial={disk.serial},bus=ide.{channel},unit={unit}"]
            ata += 1
        else:
            words += ["-device", f"nvme,drive=disk{number},serial={disk.serial}"]
    return words


def _firmware(hardware: Hardware) -> list[str]:
    maker = f"manufacturer={hardware.manufacturer}"
    return [
        f"type=0,vendor={hardware.manufacturer},version=1.0,date=01/01/2026",
        f"type=1,{maker},product={hardware.product},serial={hardware.serial}",
        f"type=2,{maker},product={hardware.product} Board,serial={hardware.serial}",
        f"type=3,{maker},serial={hardware.serial}",
    ]


def _kernel(image: Path) -> Path:
    found = sorted((image / "boot").glob("vmlinuz-*"))
    if not found:
        raise OutsideFailure(
            "image-without-kernel",
            "the image has no kernel",
            where=str(image),
            remedy="Delete that folder: the next start builds the image again.",
        )
    return found[-1]


def _hardware(record: Record) -> Hardware:
    if record.hardware is None:
        raise OutsideFailure(
            "lab-record-without-hardware",
            "the lab's record names no hardware",
            remedy=Action("lab down", given={"name": record.name}),
        )  # pragma: no cover  only a record edited by hand
    return record.hardware


def _system_disk(place: Place) -> Path:
    return place.disk / "system"


def _disk(place: Place, disk: Disk) -> Path:
    return place.disk / f"disk-{disk.serial}"


def _monitor(place: Place) -> Path:
    return place.folder / "monitor"


def _clear(record: Record, place: Place) -> None:
    group = _group(record, place)
    cgroup.kill(group)
    cgroup.remove(group)
    with suppress(FileNotFoundError):
        _monitor(place).unlink()


def _group(record: Record, place: Place) -> str:
    return f"sopctl-lab/vm{record.network}/{place.name}"
