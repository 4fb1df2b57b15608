"""What details.sh printed, section by section, and how each field of ServerFacts is read from it.

A field's function takes all sections and returns the value, None or empty if they do not have it. A section may hold
anything: nothing here raises.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from msgspec import Struct, structs

from sopctl.model.facts import tool_output as tools
from sopctl.model.facts.parts import Cpu, Disk, Listener, MemoryModule, Mount, Nic, PowerSupply, RaidVolume, filled
from sopctl.model.sanitise import MAX_ENTRIES, NO_NIC, address, mac, number, text

MAX_TEXT = 1_000_000
"""The limit in characters for one server's answer; the rest is cut."""

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
        return section.lines if section else []

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
    """As `setup` reports it, so that a server that gets Python does not seem to have changed its system."""
    name = _release(said, "NAME")
    if name == "Red Hat Enterprise Linux":
        return "RedHat"
    return text(name.removesuffix(" GNU/Linux").removesuffix(" Linux"))


def os_version(said: Sections) -> str | None:
    """Debian's own file has the point release, which os-release leaves out."""
    debian = said.first("debian")
    return text(debian) if debian[:1].isdigit() else text(_release(said, "VERSION_ID"))


def _release(said: Sections, key: str) -> str:
    """A value of os-release(5)."""
    lines = [line.replace("=", ":", 1).replace('"', "") for line in said.lines("os")]
    return tools.colon_fields(lines).get(key, "")


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
    return lambda said: text(_dmi_files(said).get(file)) or text(_smbios(said, structure, key))


def uuid(said: Sections) -> str | None:
    """In lower case: the kernel writes it so, dmidecode in capitals before its version 3."""
    found = firmware("product_uuid", 1, "UUID")(said)
    return found.lower() if found else None


def form_factor(said: Sections) -> str | None:
    chassis = _dmi_files(said).get("chassis_type", "").strip()
    return text(_smbios(said, 3, "Type"), 60) or _FORM_FACTORS.get(chassis)


def _dmi_files(said: Sections) -> dict[str, str]:
    return {path.rpartition("/")[2]: value for path, _, value in (line.partition(":") for line in said.lines("dmi"))}


def _smbios(said: Sections, structure: int, key: str) -> str | None:
    return next((record.get(key) for record in said.smbios.get(structure, ())), None)


def cpu(said: Sections) -> Cpu:
    seen: dict[str, list[str]] = {}
    for line in said.lines("cpu")[:20_000]:
        key, _, value = line.partition(":")
        seen.setdefault(key.strip(), []).append(value.strip())
    logical, sockets = len(seen.get("processor", ())), len(set(seen.get("physical id", ()))) or None
    cores = number(next(iter(seen.get("cpu cores", ())), None), 65536) or None
    siblings = number(next(iter(seen.get("siblings", ())), None), 65536)
    names = seen.get("model name") or seen.get("Model") or seen.get("Hardware") or [""]
    return Cpu(
        model=text(names[0]),
        sockets=sockets,
        cores=cores,
        threads=siblings // cores if siblings and cores else None,
        logical=logical or None,
    )


def meminfo(key: str) -> Callable[[Sections], int | None]:
    """A line of /proc/meminfo, in MiB."""

    def mebibytes(said: Sections) -> int | None:
        kib = number(tools.colon_fields(said.lines("memory")).get(key, "").removesuffix("kB").strip())
        return None if kib is None else kib // 1024

    return mebibytes


def memory_modules(said: Sections) -> tuple[MemoryModule, ...]:
    return tuple(tools.memory_modules(said.smbios.get(17, ())))


def power_supplies(said: Sections) -> tuple[PowerSupply, ...]:
    return tuple(tools.power_supplies(said.smbios.get(39, ())))


def raid(said: Sections) -> tuple[RaidVolume, ...]:
    return (*tools.raid_controller(said.lines("raid")), *tools.software_raid(said.lines("mdstat")))


def drives(said: Sections) -> tuple[Disk, ...]:
    return tuple(tools.drives(said.lines("drives")))


def disks(said: Sections) -> tuple[Disk, ...]:
    """lsblk's disks, or else the kernel's own files; serial numbers and health from SMART."""
    found = {disk.name: disk for disk in tools.disks(said.lines("lsblk"))}
    for name in said.devices("sysblk")[:MAX_ENTRIES]:
        files: dict[str, str] = {}
        for line in said.lines("sysblk", name):
            path, _, value = line.partition(":")
            files[path.rpartition(f"/{name}/")[2].rpartition("/")[2]] = value
        sectors = number(files.get("size"))
        if sectors:
            kernel = Disk(
                name=name,
                size_bytes=sectors * 512,
                model=text(files.get("model")),
                serial=text(files.get("serial"), 80),
                rotational={"0": False, "1": True}.get(files.get("rotational", "")),
            )
            found[name] = filled(found[name], kernel) if name in found else kernel
    for name, disk in found.items():
        serial, health = tools.smart(said.lines("smart", name))
        found[name] = structs.replace(disk, serial=disk.serial or serial, health=health)
    return tuple(found[name] for name in sorted(found))


def bmc_mac(said: Sections) -> str | None:
    return mac(tools.colon_fields(said.lines("bmc")).get("MAC Address"))


def bmc_firmware(said: Sections) -> str | None:
    """`ipmitool mc info`: the maker, and the version of the firmware."""
    fields = tools.colon_fields(said.lines("mc"))
    version = text(fields.get("Firmware Revision"), 40)
    maker = text(fields.get("Manufacturer Name"), 60)
    return " ".join(filter(None, (maker, version))) if version else None


def bmc_address(said: Sections) -> str | None:
    found = address(tools.colon_fields(said.lines("bmc")).get("IP Address"))
    return None if found == "0.0.0.0" else found  # noqa: S104 (not bound to: it says "none")


# Network


def nics(said: Sections) -> tuple[Nic, ...]:
    addresses = list(tools.addresses(said.lines("address")))
    found = []
    for name in sorted(said.devices("card"))[:MAX_ENTRIES]:
        files: dict[str, str] = {}
        for line in said.lines("card", name):
            path, _, value = line.partition(":")
            files.setdefault(path.rpartition("/")[2], value)
        own = [(each, lent) for nic, each, lent in addresses if nic == name]
        permanent = tools.colon_fields(said.lines("ethtool", name)).get("Permanent address")
        if not NO_NIC.match(name):
            found.append(
                Nic(
                    name=name,
                    mac=mac(permanent) or mac(files.get("address")),
                    speed_mbps=number(files.get("speed"), 10_000_000) or None,
                    ipv4=tuple(each for each, _ in own if ":" not in each),
                    ipv6=tuple(each for each, _ in own if ":" in each),
                    up=files.get("operstate") == "up",
                    leased=tuple(each for each, lent in own if lent),
                )
            )
    return tuple(found)


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
