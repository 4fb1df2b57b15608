"""What details.sh printed, section by section, and how each field of ServerFacts is read from it.

A field's function takes all sections and returns the value, None or empty if they do not have it. A section may hold
anything: nothing here raises.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct, structs

from sopctl.model import placeholders
from sopctl.model.facts import tool_output as tools
from sopctl.model.facts.linux import cards, processors, systems
from sopctl.model.facts.linux.devices import is_disk, without_twins
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
    Mount,
    Nic,
    PowerSupply,
    RaidVolume,
    filled,
)
from sopctl.model.facts.readers import adapters, boards, edac, pools, smart, supplies
from sopctl.model.facts.readers import controllers as readers
from sopctl.model.facts.readers import guests as hosted
from sopctl.model.facts.readers.storcli2 import storcli2
from sopctl.model.sanitise import MAX_ENTRIES, address, mac, number, text

MAX_TEXT = 1_000_000
"""The limit in characters for one server's answer; the rest is cut."""

MAX_LINE = 4_000
"""The limit in characters for one line of text; the rest is cut. Documents (JSON) have no lines."""

_HEAD = re.compile(r"=([a-z0-9]{1,20})(?: ([A-Za-z0-9_.:@-]{1,40}))? (ok|absent|needs-root|failed)")
_FORM_FACTORS = {"3": "Desktop", "7": "Tower", "17": "Main Server Chassis", "23": "Rack Mount Chassis", "28": "Blade"}


class _Section(Struct):
    said: str
    """ok, absent or needs-root; older copies of the script, still on some servers, also say failed."""
    lines: list[str]

    @property
    def state(self) -> str:
        return "failed" if self.said == "ok" and not self.lines else self.said


class Sections:
    """The sections by name; one name may have several, one for each device."""

    def __init__(self, printed: str) -> None:
        self._sections: dict[tuple[str, str], _Section] = {}
        current = _Section("", [])
        for line in printed[:MAX_TEXT].split("\n"):
            if line.startswith(" "):
                current.lines.append(line[1:])
            elif (head := _HEAD.fullmatch(line.rstrip("\r"))) and len(self._sections) < 8 * MAX_ENTRIES:
                current = self._sections.setdefault((head[1], head[2] or ""), _Section(head[3], []))

    def lines(self, name: str, device: str = "") -> list[str]:
        section = self._sections.get((name, device))
        return [line[:MAX_LINE] for line in section.lines] if section else []

    def document(self, name: str, device: str = "") -> object:
        """The section as JSON, for tools that print it; None if it is none. Of a list that was cut, what is there."""
        section = self._sections.get((name, device))
        first = next(iter(section.lines), "") if section else ""
        return _json("\n".join(section.lines)) if section and first.startswith(("{", "[")) else None

    def spoken(self, name: str) -> list[str] | None:
        """The lines; None if the tool printed nothing."""
        return self.lines(name) if self.state(name) == "ok" else None

    def first(self, name: str) -> str:
        return next(iter(self.lines(name)), "")

    def devices(self, name: str) -> list[str]:
        """The devices that have a section of this name."""
        return [device for section, device in self._sections if section == name]

    def state(self, name: str) -> str:
        """ok, absent, needs-root, or failed (the tool printed nothing)."""
        section = self._sections.get((name, ""))
        return section.state if section else "absent"

    @cached_property
    def smbios(self) -> Mapping[int, Sequence[tools.Record]]:
        """dmidecode's structures by type."""
        return tools.dmi_records(self.lines("dmidecode"))


def _json(said: str) -> object:
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return _entries(said) if said.startswith("[") else None


def _entries(said: str) -> list[object]:
    """The whole entries of a list that was cut off."""
    found: list[object] = []
    decoder, place = json.JSONDecoder(), 1
    while len(found) < 8 * MAX_ENTRIES:
        while said[place : place + 1] in (" ", "\n", ","):
            place += 1
        try:
            entry, place = decoder.raw_decode(said, place)
        except (ValueError, RecursionError):
            break
        found.append(entry)
    return found


def first_line(section: str, limit: int = 120) -> Callable[[Sections], str | None]:
    """A field that is the first line of a section."""
    return lambda said: text(said.first(section), limit)


# Name and system


def hostname(said: Sections) -> str:
    return (_node_name(said) or "").partition(".")[0][:64]


def fqdn(said: Sections) -> str | None:
    name = _node_name(said)
    return name if name and "." in name else None


def _node_name(said: Sections) -> str | None:
    return text(said.first("host"), 253)


def os_name(said: Sections) -> str | None:
    return _system(said)[0]


def os_version(said: Sections) -> str | None:
    return _system(said)[1]


def _system(said: Sections) -> tuple[str | None, str | None]:
    return systems.system(systems.pairs(said.lines("os")), said.first("debian"), said.first("release"))


def virtualization(said: Sections) -> str | None:
    return systems.virtualization(text(said.first("virt"), 40))


def kernel(said: Sections) -> str | None:
    """The second word of `uname -srm`."""
    words = said.first("system").split()
    return text(words[1]) if len(words) > 1 else None


def architecture(said: Sections) -> str | None:
    """The third word of `uname -srm`."""
    words = said.first("system").split()
    return text(words[2], 40) if len(words) > 2 else None


def uptime_seconds(said: Sections) -> int | None:
    return number(said.first("uptime").partition(".")[0])


def packages(said: Sections) -> dict[str, str]:
    return tools.packages(said.lines("packages"))


def updates(said: Sections) -> int | None:
    return tools.updates(said.spoken("apt"), said.spoken("dnf"))


def time_synchronised(said: Sections) -> bool | None:
    return tools.time_synchronised(said.spoken("chrony"), said.spoken("timedatectl"))


# Hardware


def firmware(file: str, structure: int, key: str) -> Callable[[Sections], str | None]:
    """What the maker wrote into the machine: the kernel's file in /sys/class/dmi/id, else dmidecode's `key`."""
    return lambda said: (
        placeholders.name(_dmi_files(said).get(file)) or placeholders.name(_smbios(said, structure, key))
    )


def machine(file: str, key: str) -> Callable[[Sections], str | None]:
    """What the machine as a whole is called: by its firmware (SMBIOS type 1), else by what it has in its place."""
    of_smbios = firmware(file, 1, key)
    return lambda said: of_smbios(said) or placeholders.name(boards.named(said.lines("board")).get(file))


def uuid(said: Sections) -> str | None:
    """In lower case: the kernel writes it so, dmidecode in capitals before its version 3."""
    found = firmware("product_uuid", 1, "UUID")(said)
    return found.lower() if found else None


def form_factor(said: Sections) -> str | None:
    chassis = _dmi_files(said).get("chassis_type", "").strip()
    return shape(text(_smbios(said, 3, "Type"), 60)) or shape(_FORM_FACTORS.get(chassis))


def shape(chassis: str | None) -> str | None:
    """A chassis type, unless it is SMBIOS' own word for none of them."""
    return None if chassis in ("Other", "Unknown") else chassis


def _dmi_files(said: Sections) -> dict[str, str]:
    return {path.rpartition("/")[2]: value for path, _, value in (line.partition(":") for line in said.lines("dmi"))}


def _smbios(said: Sections, structure: int, key: str) -> str | None:
    return next((record.get(key) for record in said.smbios.get(structure, ())), None)


def cpu(said: Sections) -> Cpu:
    return processors.read(said.lines("cpu"), said.lines("lscpu"))


def meminfo(key: str) -> Callable[[Sections], int | None]:
    """A line of /proc/meminfo, in MiB."""

    def mebibytes(said: Sections) -> int | None:
        kib = number(tools.colon_fields(said.lines("memory")).get(key, "").removesuffix("kB").strip())
        return None if kib is None else kib // 1024

    return mebibytes


def memory_modules(said: Sections) -> tuple[MemoryModule, ...]:
    return tuple(tools.memory_modules(said.smbios.get(17, ())))


def memory_errors(said: Sections) -> tuple[MemoryErrors, ...]:
    return edac.memory_errors(said.lines("edac"))


def power_supplies(said: Sections) -> tuple[PowerSupply, ...]:
    """By SMBIOS and by the BMC."""
    smbios = tuple(tools.power_supplies(said.smbios.get(39, ())))
    return supplies.joined(smbios, supplies.supplies(said.lines("fru"), said.lines("supply")))


def power_redundancy(said: Sections) -> str | None:
    return supplies.redundancy([*said.lines("supply"), *said.lines("powerunit")])


def empty_bays(said: Sections) -> tuple[str, ...]:
    return tuple(tools.empty_bays(said.smbios.get(39, ())))


def raid(said: Sections) -> tuple[RaidVolume, ...]:
    of_tools = (volume for found in _controllers(said) for volume in found.volumes)
    return (
        *tools.raid_controller(said.lines("raid")),
        *of_tools,
        *tools.software_raid(said.lines("mdstat")),
        *pools.device_mapper(said.lines("dm")),
        *pools.zfs(said.lines("zpool")),
        *pools.btrfs(said.lines("btrfs"), said.lines("btrfsshow")),
    )[:MAX_ENTRIES]


def drives(said: Sections) -> tuple[Disk, ...]:
    return (*tools.drives(said.lines("drives")), *(drive for found in _controllers(said) for drive in found.drives))


def controllers(said: Sections) -> tuple[Controller, ...]:
    found = (controller for found in _controllers(said) for controller in found.controllers)
    return (*readers.storcli(said.lines("storcli")), *found)


def _controllers(said: Sections) -> Iterator[readers.Found]:
    """What the makers' own tools say, where they are installed."""
    yield storcli2(said.document("storcli2"), said.document("drives2"))
    yield from (read(said.lines(section)) for section, read in readers.READERS.items())


def disks(said: Sections) -> tuple[Disk, ...]:
    """lsblk's disks, or else the kernel's own files; serial numbers and health from SMART."""
    listed = tools.lsblk_document(said.document("lsblk")) or tools.disks(said.lines("lsblk"))
    found = {disk.name: disk for disk in listed}
    for name in said.devices("sysblk")[:MAX_ENTRIES]:
        files = _files(said.lines("sysblk", name))
        sectors = number(files.get("size"))
        if sectors and is_disk(name):
            kernel = Disk(
                name=name,
                size_bytes=sectors * 512,  # the kernel counts in units of 512 bytes, whatever the disk's sectors are
                model=placeholders.name(files.get("model")),
                serial=placeholders.serial(files.get("serial"), 80),
                rotational={"0": False, "1": True}.get(files.get("rotational", "")),
            )
            found[name] = filled(found[name], kernel) if name in found else kernel
    for name, disk in found.items():
        document = said.document("smart", name)
        own = smart.document(document) if document else smart.lines(said.lines("smart", name))
        found[name] = structs.replace(disk, serial=own.serial or disk.serial, health=own.health, wear=own.wear)
    return tuple(without_twins(found[name] for name in sorted(found)))[:MAX_ENTRIES]


def _files(lines: Sequence[str]) -> dict[str, str]:
    """The kernel's files by name, as `grep . FILE…` prints them; the first of a name."""
    found: dict[str, str] = {}
    for line in lines[:400]:
        path, _, value = line.partition(":")
        found.setdefault(path.rpartition("/")[2], value)
    return found


def height_units(said: Sections) -> int | None:
    """SMBIOS type 3: `Height: 2 U`; 0 stands for unknown."""
    words = (_smbios(said, 3, "Height") or "").split()
    return number(words[0], 60) or None if words[1:] == ["U"] else None


def fibre_ports(said: Sections) -> tuple[FibrePort, ...]:
    return adapters.fibre_ports(said.lines("fibre"))


def accelerators(said: Sections) -> tuple[Accelerator, ...]:
    return adapters.accelerators(said.lines("pci"), said.lines("nvidia"))


def tpm(said: Sections) -> str | None:
    return adapters.tpm(said.lines("tpm"))


def guests(said: Sections) -> tuple[Guest, ...]:
    listed = {
        section: [line for device in said.devices(section) for line in said.lines(section, device)]
        for section in hosted.SECTIONS
    }
    return hosted.guests(listed, {user: said.document("rootless", user) for user in said.devices("rootless")[:64]})


def bmc_mac(said: Sections) -> str | None:
    return mac(tools.colon_fields(said.lines("bmc")).get("MAC Address"))


def bmc_firmware(said: Sections) -> str | None:
    """`ipmitool mc info`: the maker, and the version of the firmware."""
    fields = tools.colon_fields(said.lines("mc"))
    version = text(fields.get("Firmware Revision"), 40)
    maker = placeholders.name(fields.get("Manufacturer Name"), 60)
    maker = None if maker and maker.startswith("Unknown") else maker
    return " ".join(filter(None, (maker, version))) if version else None


def bmc_address(said: Sections) -> str | None:
    found = address(tools.colon_fields(said.lines("bmc")).get("IP Address"))
    return None if found == "0.0.0.0" else found  # noqa: S104 (not bound to: it says "none")


# Network


def nics(said: Sections) -> tuple[Nic, ...]:
    held = list(tools.address_document(said.document("address")) or tools.addresses(said.lines("address")))
    permanent = dict(tools.permanent_addresses(said.document("link"), said.lines("link")))
    addresses: dict[str, list[tuple[str, bool]]] = {}
    for name, each, lent in held:
        addresses.setdefault(name, []).append((each, lent))
    interfaces, found = [], []
    for name in sorted(said.devices("card"))[: 4 * MAX_ENTRIES]:
        lines = said.lines("card", name)
        files = _files([line for line in lines if "/device/" not in line and "/lower_" not in line])
        device = [line for line in lines if "/device/" in line]
        asked = tools.colon_fields(said.lines("ethtool", name)).get("Permanent address")
        slave = next((line.partition("perm_hwaddr:")[2] for line in lines if "perm_hwaddr:" in line), None)
        own = addresses.get(name, ())
        interfaces.append(
            cards.Interface(
                name=name,
                mac=mac(files.get("address")),
                permanent=mac(asked) or mac(slave) or mac(permanent.get(name)),
                device=bool(device) or "device" in said.lines("made", name),
                function="function" in said.lines("made", name),
                kind=next((line.partition("DEVTYPE=")[2] for line in lines if "uevent:DEVTYPE=" in line), ""),
                below=tuple(line.removeprefix("below ") for line in said.lines("made", name) if line[:6] == "below "),
                addressed=any(not each.startswith(("fe80:", "169.254.")) for each, _ in own),
                driver=next((line.partition("DRIVER=")[2] for line in device if ":DRIVER=" in line), ""),
            )
        )
        found.append(
            Nic(
                name=name,
                mac=interfaces[-1].permanent or interfaces[-1].mac,
                speed_mbps=number(files.get("speed"), 10_000_000) or None,
                ipv4=tuple(each for each, _ in own if ":" not in each),
                ipv6=tuple(each for each, _ in own if ":" in each),
                up=files.get("operstate") == "up",
                leased=tuple(each for each, lent in own if lent),
            )
        )
    own_cards = cards.own(interfaces)
    return tuple(nic for nic in found if nic.name in own_cards)[:MAX_ENTRIES]


def gateway(said: Sections) -> str | None:
    words = said.first("route").split() or said.first("route6").split()
    return address(words[words.index("via") + 1]) if "via" in words[:-1] else None


def dns(said: Sections) -> tuple[str, ...]:
    words = [line.split() for line in said.lines("dns")[:100]]
    found = [address(each[1]) for each in words if len(each) > 1 and each[0] == "nameserver"]
    return tuple(each for each in found if each)


def listeners(said: Sections) -> tuple[Listener, ...]:
    return tuple(tools.listeners(said.lines("listening")))[:MAX_ENTRIES]


def mounts(said: Sections) -> tuple[Mount, ...]:
    return tuple(tools.mounts(said.lines("mounts"), said.lines("df")))[:MAX_ENTRIES]
