"""The processor of a Linux server: /proc/cpuinfo of each architecture, and lscpu(1) for what it leaves out.

x86 names its model in every processor's entry. AArch64 gives numbers of the implementer and the part (MIDR_EL1, Arm
Architecture Reference Manual; the parts as in the kernel's arch/arm64/include/asm/cputype.h), POWER a line `cpu`, and
s390x the number of the machine.
"""

import re
from collections.abc import Sequence

from sopctl.model.facts.parts import Cpu
from sopctl.model.sanitise import number, text

_PARTS = {
    ("0x41", "0xd03"): "ARM Cortex-A53",
    ("0x41", "0xd05"): "ARM Cortex-A55",
    ("0x41", "0xd07"): "ARM Cortex-A57",
    ("0x41", "0xd08"): "ARM Cortex-A72",
    ("0x41", "0xd09"): "ARM Cortex-A73",
    ("0x41", "0xd0a"): "ARM Cortex-A75",
    ("0x41", "0xd0b"): "ARM Cortex-A76",
    ("0x41", "0xd0c"): "ARM Neoverse-N1",
    ("0x41", "0xd40"): "ARM Neoverse-V1",
    ("0x41", "0xd49"): "ARM Neoverse-N2",
    ("0x41", "0xd4f"): "ARM Neoverse-V2",
    ("0x42", "0x516"): "Broadcom Vulcan",
    ("0x43", "0x0a1"): "Cavium ThunderX",
    ("0x43", "0x0af"): "Cavium ThunderX2",
    ("0x46", "0x001"): "Fujitsu A64FX",
    ("0x48", "0xd01"): "HiSilicon Kunpeng-920",
    ("0x48", "0xd02"): "HiSilicon Kunpeng-930",
    ("0x50", "0x000"): "APM X-Gene",
    ("0x51", "0xc00"): "Qualcomm Falkor",
    ("0x70", "0x303"): "Phytium FTC310",
    ("0x70", "0x660"): "Phytium FTC660",
    ("0x70", "0x661"): "Phytium FTC661",
    ("0x70", "0x662"): "Phytium FTC662",
    ("0x70", "0x663"): "Phytium FTC663",
    ("0x70", "0x862"): "Phytium FTC862",
    ("0xc0", "0xac3"): "Ampere-1",
    ("0xc0", "0xac4"): "Ampere-1a",
}
"""Implementer and part → the core's name."""

_MACHINES = {
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
"""Numbers of s390x machines, as the kernel's arch/s390 knows them → their names."""

_MACHINE = re.compile(r"processor \d{1,5}:.{0,200}machine = (\d{4})")
_NO_MODEL = re.compile(
    r"\d{1,5}|-|Genuine\w{1,20}|Authentic\w{1,20}|IBM/S390|ARM|Hygon\w{1,20}|Centaur\w{1,20}|  Shanghai  |CPU"
)
"""Entries of `setup`'s list of processors that name no model: numbers and vendors."""


def read(cpuinfo: Sequence[str], lscpu: Sequence[str]) -> Cpu:
    """The processor by /proc/cpuinfo, and by lscpu where that leaves something out."""
    seen: dict[str, list[str]] = {}
    for line in cpuinfo[:40_000]:
        key, _, value = line[:400].partition(":")
        seen.setdefault(key.strip(), []).append(value.strip())
    said: dict[str, str] = {}
    for line in lscpu[:200]:
        key, _, value = line[:400].partition(":")
        said.setdefault(key.strip(), value.strip())
    logical = len(seen.get("processor", ())) or number(_first(seen, "# processors"), 65536)
    cores = number(_first(seen, "cpu cores"), 65536) or number(said.get("Core(s) per socket"), 65536)
    siblings = number(_first(seen, "siblings"), 65536)
    return Cpu(
        model=text(_model(seen, cpuinfo, said)),
        sockets=len(set(seen.get("physical id", ()))) or number(said.get("Socket(s)"), 4096) or None,
        cores=cores or None,
        threads=(siblings // cores if siblings and cores else number(said.get("Thread(s) per core"), 64)) or None,
        logical=logical or number(said.get("CPU(s)"), 65536) or None,
    )


def _model(seen: dict[str, list[str]], cpuinfo: Sequence[str], said: dict[str, str]) -> str | None:
    """The names that every release of the system gives come first; lscpu's depend on its version."""
    if named := _first(seen, "model name"):
        return named
    if part := _PARTS.get((_first(seen, "CPU implementer").lower(), _first(seen, "CPU part").lower())):
        return part
    if power := _first(seen, "cpu"):
        return power
    machine = next((found[1] for line in cpuinfo[:400] if (found := _MACHINE.match(line[:400]))), None)
    if machine:
        return _MACHINES.get(machine, f"IBM {machine}")
    return said.get("Model name") or _first(seen, "Hardware") or _first(seen, "Model") or None


def _first(seen: dict[str, list[str]], key: str) -> str:
    return next(iter(seen.get(key, ())), "")


def model_of(processors: Sequence[object]) -> str | None:
    """The model in `setup`'s list, which holds index, vendor and model of each processor, or some of them."""
    said = (name for entry in processors[:3] if (name := text(entry)))
    return next((name for name in said if not _NO_MODEL.fullmatch(name[:200])), None)
