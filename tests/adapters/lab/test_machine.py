"""What a machine may be made of, and the tables of its firmware. No machine is started here."""

import os
import struct
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from sopctl.adapters.lab import EXAMPLE, Hardware, command, image, smbios, tier
from sopctl.adapters.lab.state import Tier
from sopctl.errors import OutsideFailure

Made = dict[str, Any]


def made() -> Made:
    """The example as a file would say it."""
    plain: Made = msgspec.json.decode(msgspec.json.encode(EXAMPLE))
    return plain


def test_the_example_is_a_machine() -> None:
    assert msgspec.convert(made(), Hardware) == EXAMPLE
    assert EXAMPLE.memory_mib == 512


WRONG: dict[str, tuple[Callable[[Made], object], str]] = {
    "a comma would begin another option of QEMU": (lambda m: m.update(product="R100,uuid=x"), "product"),
    "a line end": (lambda m: m.update(serial="SN\n1"), "serial"),
    "a path as a serial number": (lambda m: m["disks"][1].update(serial="../x"), "serial"),
    "a serial number longer than disks have": (lambda m: m["disks"][0].update(serial="S" * 21), "serial"),
    "two disks of one serial number": (
        lambda m: m["disks"][1].update(serial="DISK-0001"),
        "'DISK-0001' is there twice",
    ),
    "two modules in one slot": (lambda m: m["memory"][1].update(slot="DIMM A1"), "'DIMM A1' is there twice"),
    "no memory": (lambda m: m.update(memory=[]), "memory"),
    "no disk": (lambda m: m.update(disks=[]), "disks"),
    "too little memory to boot": (lambda m: m["memory"].pop(), "384 to 4096 MiB in all, not 256"),
    "more memory than this machine can spare": (lambda m: m["memory"][0].update(size_mib=4096), "not 4352"),
    "a disk that cannot be booted from": (lambda m: m["disks"][0].update(bus="ata"), "the first disk is booted from"),
    "a first disk without room": (lambda m: m["disks"][0].update(size_gb=1), "size_gb 3 or more"),
    "a bus that it has not": (lambda m: m["disks"][1].update(bus="mfm"), "bus"),
    "five disks where there are four sockets": (
        lambda m: m["disks"].extend({"serial": f"D-{n}", "size_gb": 1, "bus": "ata"} for n in range(4)),
        "at most 4",
    ),
    "a part that nobody knows": (lambda m: m.update(floppy=True), "floppy"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_built_is_refused(case: str) -> None:
    change, message = WRONG[case]
    described = made()
    change(described)
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(described, Hardware)


def test_the_tables_of_memory_are_whole() -> None:
    """As the standard lays them out; that dmidecode reads them so, tests/lab/test_machine.py sees on a machine."""
    array, *modules = smbios.memory_tables(EXAMPLE)
    assert (array[0], array[1], struct.unpack_from("<H", array, 2)[0]) == (16, 23, smbios.ARRAY_HANDLE)
    assert struct.unpack_from("<H", array, 0x0D)[0] == len(modules) == 2
    assert array[23:] == b"\0\0"
    handles = set()
    for table, module in zip(modules, EXAMPLE.memory, strict=True):
        kind, length, handle, above = struct.unpack_from("<BBHH", table)
        assert (kind, length, above) == (17, 40, smbios.ARRAY_HANDLE)
        handles.add(handle)
        assert struct.unpack_from("<H", table, 0x0C)[0] == module.size_mib
        assert table.endswith(b"\0\0")
        strings = table[40:-2].split(b"\0")
        named = {name: strings[table[at] - 1].decode() for name, at in (("slot", 16), ("serial", 24), ("part", 26))}
        assert named == {"slot": module.slot, "serial": module.serial, "part": module.part}
    assert len(handles) == 2


def test_a_machine_has_an_image_of_its_own() -> None:
    """Other servers' image is not built anew when a machine's packages change, and the other way round."""
    plain, machine = (image.recipe("bookworm", kind) for kind in (Tier.SYSTEMD, Tier.VM))
    assert image.path("bookworm", Tier.CHROOT) == image.path("bookworm", Tier.SYSTEMD)
    assert image.path("bookworm", Tier.VM) != image.path("bookworm", Tier.SYSTEMD)
    assert "linux-image" in " ".join(machine)
    assert "linux-image" not in " ".join(plain)


def test_what_a_machine_lacks_here_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tier, "find_tier", lambda: (Tier.CHROOT, ["booted servers need more"]))
    monkeypatch.setattr(tier, "MACHINE_CAPABILITIES", {})
    monkeypatch.setattr(command, "find", lambda tool: None if "qemu" in tool else f"/usr/bin/{tool}")
    with pytest.raises(OutsideFailure) as caught:
        tier.choose_machine()
    assert caught.value.remedy == ("apt install --no-install-recommends qemu-system-x86",)
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "x", "6", "1", "aarch64")))
    with pytest.raises(OutsideFailure) as caught:
        tier.choose_machine()
    assert "it must be amd64" in str(caught.value)
    monkeypatch.setattr(tier, "find_tier", lambda: (None, ["the lab needs root: run it with sudo"]))
    with pytest.raises(OutsideFailure) as caught:
        tier.choose_machine()
    assert caught.value.remedy == ("the lab needs root: run it with sudo",)
