"""Cards that a server has beside its disks and network: Fibre Channel ports, accelerators, the trusted platform module.

The kernel says it in /sys/class/fc_host, /sys/class/tpm and /proc/driver/nvidia (as `grep . FILE…` prints them), and
`lspci -mm -nn` lists what is on the bus.
"""

import re
from collections.abc import Sequence

from sopctl.model.facts.parts import Accelerator, FibrePort
from sopctl.model.placeholders import serial as real_serial
from sopctl.model.sanitise import MAX_ENTRIES, text

_FILE = re.compile(r"\S{0,40}/(host\d{1,4})/([a-z_]{1,20}):(.{0,160})")
_WWN = re.compile(r"0x([0-9a-fA-F]{16})")
_PCI = re.compile(
    r'((?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) "([^"]{1,80})" "([^"]{1,120})" "([^"]{1,160})".{0,400}'
)
_ACCELERATORS = frozenset({"3D controller", "Display controller", "Processing accelerators"})
_OF_THE_BOARD = re.compile(r"ES1000|Rage|Matrox|ASPEED|Silicon Motion|Cirrus|Hisilicon|Huawei|VMware|QXL|Virtio", re.I)
"""Pictures for the console of a server, or of a guest."""
_BOARDS = re.compile(r"NVIDIA|Advanced Micro Devices|AMD|ATI Technologies", re.IGNORECASE)
"""Makers whose VGA controllers compute."""
_NVIDIA = re.compile(r"\S{0,40}/gpus/([0-9a-f:.]{1,20})/information:GPU UUID:\s{1,20}(GPU-[0-9a-f-]{10,40})")
_TPM = re.compile(r"\S{0,40}/tpm\d{1,2}/(?:device/)?(tpm_version_major|caps|description):(.{0,80})")
_TCG = re.compile(r"TCG version: (\d\.\d)")


def fibre_ports(lines: Sequence[str]) -> tuple[FibrePort, ...]:
    """Each with its world-wide port name; one without has no card behind it."""
    found: dict[str, dict[str, str]] = {}
    for line in lines[: 8 * MAX_ENTRIES]:
        if (file := _FILE.fullmatch(line[:240].strip())) and (file[1] in found or len(found) < 64):
            found.setdefault(file[1], {}).setdefault(file[2], file[3].strip())
    ports = []
    for name, files in found.items():
        wwn = _WWN.fullmatch(files.get("port_name", ""))
        if wwn and wwn[1].strip("0fF"):
            state, speed = text(files.get("port_state"), 20), text(files.get("speed"), 20)
            model = text(files.get("symbolic_name"), 60)
            ports.append(FibrePort(name, wwn[1].lower(), model, state, None if speed in ("unknown", "0") else speed))
    return tuple(sorted(ports, key=lambda port: port.wwn))


def accelerators(pci: Sequence[str], nvidia: Sequence[str]) -> tuple[Accelerator, ...]:
    """Graphics and other processors on the bus, without the board's own picture for the console."""
    numbers = {_bus(found[1]): found[2] for line in nvidia[:256] if (found := _NVIDIA.match(line[:200]))}
    cards = list[Accelerator]()
    for line in pci[: 8 * MAX_ENTRIES]:
        card = _PCI.fullmatch(line[:800].rstrip())
        if card is None or len(cards) == 64:
            continue
        (kind, _), (maker, made_by), (name, device) = (_numbered(card[at]) for at in (2, 3, 4))
        if _OF_THE_BOARD.search(f"{maker} {name}"):
            continue
        if kind in _ACCELERATORS or (kind == "VGA compatible controller" and _BOARDS.search(maker)):
            serial = real_serial(numbers.get(_bus(card[1])), 60)
            both = f"{made_by}:{device}" if made_by and device else None
            cards.append(Accelerator(_bus(card[1]), text(f"{maker} {name}", 120), serial, both))
    return tuple(cards)


def _numbered(said: str) -> tuple[str, str | None]:
    """`GA100 [A100 PCIe 40GB] [20f1]`: the name, and the number (`lspci -nn`)."""
    found = _NUMBER.search(said)
    return (said[: found.start()], found[1]) if found else (said, None)


_NUMBER = re.compile(r" \[([0-9a-f]{4})\]$")


def _bus(address: str) -> str:
    """lspci leaves out the domain where there is one only."""
    return address.removeprefix("0000:")


def tpm(lines: Sequence[str]) -> str | None:
    """The version of the trusted platform module: 2.0, 1.2. Kernels of before 5.6 say it of the older kind alone, or
    in the description of the newer one's driver."""
    for line in lines[:200]:
        file = _TPM.fullmatch(line[:200].strip())
        if file is None:
            continue
        if file[1] == "tpm_version_major" and file[2] in ("1", "2"):
            return {"1": "1.2", "2": "2.0"}[file[2]]
        if found := _TCG.match(file[2]):
            return found[1]
        if "TPM 2.0" in file[2]:
            return "2.0"
    return None
