"""How a fact is written on the form: its line, and the cells of its row. What is not known is a dash, never a guess."""

from collections.abc import Callable
from typing import Any

import pytest

from sopctl.model.facts import shown
from sopctl.model.facts.parts import (
    Accelerator,
    Controller,
    Cpu,
    Disk,
    FibrePort,
    Guest,
    Listener,
    MemoryErrors,
    MemoryModule,
    Module,
    Mount,
    Nic,
    PowerSupply,
    Wear,
)

GIB = 1024**3

LINES: list[tuple[Callable[..., object], tuple[Any, ...], str | None]] = [
    (shown.plain, (None,), None),
    (shown.plain, (7,), "7"),
    (shown.first, (None, "", "b", "c"), "b"),
    (shown.first, (None,), None),
    (shown.joined, (None, ""), None),
    (shown.joined, ("a", None, "b"), "a b"),
    (shown.machine, ("Dell", None), None),
    (shown.machine, (None, "R740"), "R740"),
    (shown.dated, ("1.2", "2024"), "1.2 – 2024"),
    (shown.units, (None,), None),
    (shown.units, (2,), "2 U"),
    (shown.mebibytes, (None,), None),
    (shown.mebibytes, (2048,), "2 GiB"),
    (shown.virtualization, ("none",), "tidak, mesin fisik"),
    (shown.virtualization, ("kvm",), "kvm"),
    (shown.uptime, (None,), None),
    (shown.yes_no, (None,), None),
    (shown.yes_no, (True,), "ya"),
    (shown.yes_no, (False,), "tidak"),
    (shown.waiting, (None,), None),
    (shown.waiting, (0,), "0 paket"),
    (shown.installed, ({},), None),
    (shown.installed, ({"a": "1"},), "1 paket"),
    (shown.addresses, ((),), None),
    (shown.addresses, (("a", "b"),), "a, b"),
    (shown.source, ("", None, None, None), "mesin itu sendiri"),
    (shown.source, ("sheet", None, None, "Andi"), "lembar isian: Andi"),
    (shown.source, ("bmc", None, None, None), "BMC (Redfish)"),
    (shown.source, ("bmc", "On", "OK", None), "BMC (Redfish); server menyala; kesehatan OK"),
    (shown.source, ("bmc", "Off", None, None), "BMC (Redfish); server mati"),
    (shown.source, ("bmc", "PoweringOn", None, None), "BMC (Redfish); server sedang dinyalakan"),
    (shown.source, ("bmc", "PoweringOff", None, None), "BMC (Redfish); server sedang dimatikan"),
    (shown.source, ("bmc", "Paused", None, None), "BMC (Redfish); server Paused"),
    (shown.cores, (Cpu(),), None),
    (shown.cores, (Cpu(logical=4),), "4 prosesor logis"),
    (shown.cores, (Cpu(None, 2, 16, 2, 64),), "2 soket × 16 inti × 2 utas = 64"),
    (shown.cores, (Cpu(None, 2, None, 2),), "2 soket × 2 utas"),
    (shown.memory_errors, ((),), None),
    (
        shown.memory_errors,
        ((MemoryErrors("A1", 0, 0),),),
        "tidak ada (1 modul diamati sejak server dinyalakan)",
    ),
    (
        shown.memory_errors,
        ((MemoryErrors("A1", 0, 0), MemoryErrors("B1", 3, 0), MemoryErrors("C1", 0, 1)),),
        "B1: 3 terkoreksi, 0 tidak terkoreksi; C1: 0 terkoreksi, 1 tidak terkoreksi",
    ),
    (shown.supplies, ((), ()), None),
    (
        shown.supplies,
        (
            (
                PowerSupply("PS1", watts=750, state="OK"),
                PowerSupply("PS2", state="Failed"),
                PowerSupply("PS3", plugged=False),
                PowerSupply("PS4", state="Input lost", plugged=False),
            ),
            ("PS5",),
        ),
        "PS1 750 W; PS2 (Failed); PS3 (tanpa kabel daya); PS4 (tidak mendapat daya); PS5 (tidak terpasang)",
    ),
    (shown.machines, ((Guest("c", "container", True),),), None),
    (
        shown.machines,
        ((Guest("a", "vm", True), Guest("b", "vm", False), Guest("c", "container", True)),),
        "2, 1 di antaranya berjalan: a, b",
    ),
    (shown.containers, ((Guest("a", "vm", True), Guest("c", "container", True)),), "1, 1 di antaranya berjalan: c"),
    (
        shown.machines,
        (tuple(Guest(str(number), "vm", False) for number in range(13)),),
        "13, 0 di antaranya berjalan: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, dan 1 lainnya",
    ),
    (shown.services, ((),), None),
    (
        shown.services,
        ((Listener("tcp", "::", 80, "nginx"), Listener("tcp", "0.0.0.0", 80, "nginx"), Listener("udp", "::", 53)),),
        "53/udp; 80/tcp nginx",
    ),
    (shown.fibre_ports, ((),), None),
    (
        shown.fibre_ports,
        ((FibrePort("host1", "2100002400ff0001", state="Online", speed="16 Gbit"), FibrePort("h", "21" * 8)),),
        "21:00:00:24:00:ff:00:01 (Online, 16 Gbit); 21:21:21:21:21:21:21:21",
    ),
    (shown.accelerators, ((),), None),
    (
        shown.accelerators,
        ((Accelerator("gpu0", "A100"), Accelerator("gpu1", "A100"), Accelerator("gpu2")),),
        "2 × A100; gpu2",
    ),
]


@pytest.mark.parametrize(("line", "values", "said"), LINES, ids=[each.__name__ for each, _, _ in LINES])
def test_a_line(line: Callable[..., object], values: tuple[Any, ...], said: str | None) -> None:
    assert line(*values) == said


ROWS: list[tuple[Callable[[Any], tuple[str, ...]], Any, str]] = [
    (shown.disk_row, Disk("sda", 0), "sda | – | – | – | – | –"),
    (
        shown.disk_row,
        Disk("sda", 10**12, "X", "S1", True, "OK", None, Wear(1500, 1, 2, 3, 4, 5)),
        "sda | X | 1 TB | HDD | S1 | OK; 1.500 jam; aus 5%; sektor diganti 1; sektor rusak 2; galat 3; cacat 4",
    ),
    (
        shown.disk_row,
        Disk("sdb", 10**12, rotational=False, wear=Wear(0, 0, 0, 0, 0, 0)),
        "sdb | – | 1 TB | SSD | – | 0 jam; aus 0%",
    ),
    (shown.controller_row, Controller("c0"), "c0 | – | – | – | – | –"),
    (shown.controller_row, Controller("c0", "M", "S", "F", "B", "OK"), "c0 | M | S | F | B | OK"),
    (shown.module_row, Module("1"), "1 | – | – | –"),
    (shown.module_row, Module("1", "M", "D", "S"), "1 | M | D | S"),
    (shown.memory_module_row, MemoryModule("A1", 1024), "A1 | 1 GiB | – | – | –"),
    (shown.memory_module_row, MemoryModule("A1", 1024, "DDR4", "M", "P", "S"), "A1 | 1 GiB | DDR4 | M P | S"),
    (shown.nic_row, Nic("eno1"), "eno1 | – | – | turun | –"),
    (shown.nic_row, Nic("eno1", "aa", 1000, ("a",), ("b",), True), "eno1 | aa | 1 Gb/s | naik | a, b"),
    (shown.nic_row, Nic("eno1", None, 999), "eno1 | – | 999 Mb/s | turun | –"),
    (shown.nic_row, Nic("eno1", None, 0), "eno1 | – | – | turun | –"),
    (shown.nic_row, Nic("eno1", None, 2500), "eno1 | – | 2,5 Gb/s | turun | –"),
    (shown.mount_row, Mount("/", "/dev/sda1", "ext4"), "/ | /dev/sda1 | ext4 | – | –"),
    (shown.mount_row, Mount("/", "d", "ext4", 4 * GIB, GIB), "/ | d | ext4 | 4 GiB | 1 GiB (25%)"),
    (shown.mount_row, Mount("/", "d", "ext4", 0, GIB), "/ | d | ext4 | 0 MiB | 1 GiB"),
]


@pytest.mark.parametrize(("row", "part", "cells"), ROWS, ids=[cells for _, _, cells in ROWS])
def test_a_row(row: Callable[[Any], tuple[str, ...]], part: object, cells: str) -> None:
    assert " | ".join(row(part)) == cells


def test_what_has_failed_stands_out() -> None:
    assert [shown.disk_broken(Disk("a", 1, health=said)) for said in (None, "OK", "Failed")] == [False, False, True]
    for broken in (Controller("c", state="Failed"), Controller("c", battery="Failed")):
        assert shown.controller_broken(broken)
    assert not shown.controller_broken(Controller("c", state="OK", battery="OK"))
