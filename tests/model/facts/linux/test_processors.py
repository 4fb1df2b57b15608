"""Processors by the numbers that the kernel prints (arch/arm64/include/asm/cputype.h, arch/s390). What whole machines
print is in tests/cases/machines.yml."""

import pytest

from sopctl.model.facts.linux.processors import read

ARM = [
    ("0x41", "0xd03", "ARM Cortex-A53"),
    ("0x41", "0xd05", "ARM Cortex-A55"),
    ("0x41", "0xd07", "ARM Cortex-A57"),
    ("0x41", "0xd08", "ARM Cortex-A72"),
    ("0x41", "0xd09", "ARM Cortex-A73"),
    ("0x41", "0xd0a", "ARM Cortex-A75"),
    ("0x41", "0xd0b", "ARM Cortex-A76"),
    ("0x41", "0xd0c", "ARM Neoverse-N1"),
    ("0x41", "0xd40", "ARM Neoverse-V1"),
    ("0x41", "0xd49", "ARM Neoverse-N2"),
    ("0x41", "0xd4f", "ARM Neoverse-V2"),
    ("0x42", "0x516", "Broadcom Vulcan"),
    ("0x43", "0x0a1", "Cavium ThunderX"),
    ("0x43", "0x0af", "Cavium ThunderX2"),
    ("0x46", "0x001", "Fujitsu A64FX"),
    ("0x48", "0xd01", "HiSilicon Kunpeng-920"),
    ("0x48", "0xd02", "HiSilicon Kunpeng-930"),
    ("0x50", "0x000", "APM X-Gene"),
    ("0x51", "0xc00", "Qualcomm Falkor"),
    ("0x70", "0x303", "Phytium FTC310"),
    ("0x70", "0x660", "Phytium FTC660"),
    ("0x70", "0x661", "Phytium FTC661"),
    ("0x70", "0x662", "Phytium FTC662"),
    ("0x70", "0x663", "Phytium FTC663"),
    ("0x70", "0x862", "Phytium FTC862"),
    ("0xc0", "0xac3", "Ampere-1"),
    ("0xc0", "0xac4", "Ampere-1a"),
]
Z = {
    "2827": "IBM zEC12",
    "2828": "IBM zBC12",
    "2964": "IBM z13",
    "2965": "IBM z13s",
    "3906": "IBM z14",
    "3907": "IBM z14 ZR1",
    "8561": "IBM z15",
    "8562": "IBM z15 T02",
    "3931": "IBM z16",
    "3932": "IBM z16 A02",
    "9175": "IBM z17",
}


@pytest.mark.parametrize(("implementer", "part", "name"), ARM)
def test_a_core_of_arm(implementer: str, part: str, name: str) -> None:
    assert read([f"CPU implementer\t: {implementer}", f"CPU part\t: {part}"], []).model == name


@pytest.mark.parametrize("number", Z)
def test_a_machine_of_s390(number: str) -> None:
    said = f"processor 0: version = FF,  identification = 123456,  machine = {number}"
    assert read([said], []).model == Z[number]
