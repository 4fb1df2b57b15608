"""What details.sh printed, as ServerFacts: a server without Python is read by it alone, others in part."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from msgspec import Struct, structs

from sopctl.model.facts import tool_output as tools
from sopctl.model.facts.server import Cpu, Disk, Missing, Nic, ServerFacts
from sopctl.model.sanitise import MAX_ENTRIES, NO_NIC, address, mac, number, text

Part = TypeVar("Part", Disk, Nic)

MAX_TEXT = 1_000_000
"""Characters of one server's answer; more is cut."""

_HEAD = re.compile(r"=([a-z0-9]{1,20})(?: ([A-Za-z0-9_.:@-]{1,40}))? (ok|absent|needs-root|failed)")
_FORM_FACTORS = {"3": "Desktop", "7": "Tower", "17": "Main Server Chassis", "23": "Rack Mount Chassis", "28": "Blade"}
_READ_BY = {
    "serial": ("dmidecode",),
    "memory_modules": ("dmidecode",),
    "power_supplies": ("dmidecode",),
    "bmc_address": ("bmc",),
    "raid": ("raid", "mdstat"),
    "drives": ("drives",),
    "listeners": ("listening",),
    "packages": ("packages",),
    "updates": ("apt", "dnf"),
    "time_synchronised": ("chrony", "timedatectl"),
    "nics": ("link", "address"),
    "disks": ("lsblk",),
    "mounts": ("mounts",),
}
"""Which sections a field comes from: an empty one of a tool that spoke is no missing one."""


class _Section(Struct):
    said: str
    """ok, absent, needs-root; failed, as the script used to say of a tool that printed nothing."""
    lines: list[str]

    @property
    def state(self) -> str:
        return "failed" if self.said == "ok" and not self.lines else self.said


class _Answer:
    """The sections by name; a name may have a second part (the device)."""

    def __init__(self, said: str) -> None:
        self.sections: dict[tuple[str, str], _Section] = {}
        current = _Section("", [])
        for line in said[:MAX_TEXT].split("\n"):
            if line.startswith(" "):
                current.lines.append(line[1:])
            elif (head := _HEAD.fullmatch(line.rstrip("\r"))) and len(self.sections) < 8 * MAX_ENTRIES:
                current = self.sections.setdefault((head[1], head[2] or ""), _Section(head[3], []))

    def lines(self, name: str, of: str = "") -> list[str]:
        section = self.sections.get((name, of))
        return section.lines if section else []

    def said(self, name: str, of: str = "") -> list[str] | None:
        """The lines, or None where the tool did not speak."""
        section = self.sections.get((name, of))
        return section.lines if section and section.state == "ok" else None

    def first(self, name: str) -> str:
        return next(iter(self.lines(name)), "")

    def named(self, name: str) -> list[str]:
        return [of for section, of in self.sections if section == name]

    def state(self, name: str) -> str:
        section = self.sections.get((name, ""))
        return section.state if section else "absent"


def from_script(said: str, *, gathered_at: str) -> ServerFacts:
    """The answer of details.sh as ServerFacts. `said` may hold anything: this never raises, it leaves out."""
    answer = _Answer(said)
    system = answer.first("system").split()
    release = tools.colon_fields([line.replace("=", ":", 1).replace('"', "") for line in answer.lines("os")])
    memory = tools.colon_fields(answer.lines("memory"))
    dmi = _dmi(answer)
    records = tools.dmi_records(answer.lines("dmidecode"))
    bmc = address(tools.colon_fields(answer.lines("bmc")).get("IP Address"))
    name = text(answer.first("host"), 253)
    leases = list(tools.addresses(answer.lines("address")))
    values: dict[str, object] = {
        **dmi,
        "fqdn": name if name and "." in name else None,
        "virtualization": text(answer.first("virt"), 40),
        "os_name": _os_name(release.get("NAME")),
        "os_version": text(answer.first("debian"))
        if answer.first("debian")[:1].isdigit()
        else text(release.get("VERSION_ID")),
        "kernel": text(system[1]) if len(system) > 1 else None,
        "architecture": text(system[2], 40) if len(system) > 2 else None,
        "uptime_seconds": number(answer.first("uptime").partition(".")[0]),
        "cpu": _cpu(answer.lines("cpu")),
        "memory_mib": _mebibytes(memory.get("MemTotal")),
        "swap_mib": _mebibytes(memory.get("SwapTotal")),
        "disks": _disks(answer),
        "nics": _nics(answer, leases),
        "mounts": tuple(tools.mounts(answer.lines("mounts"), answer.lines("df")))[:MAX_ENTRIES],
        "gateway": _gateway(answer),
        "dns": tuple(_dns(answer.lines("dns"))),
        "memory_modules": tuple(tools.memory_modules(records.get(17, []))),
        "raid": (*tools.raid_controller(answer.lines("raid")), *tools.software_raid(answer.lines("mdstat"))),
        "drives": tuple(tools.drives(answer.lines("drives"))),
        "power_supplies": tuple(tools.power_supplies(records.get(39, []))),
        "bmc_address": None if bmc == "0.0.0.0" else bmc,  # noqa: S104 (not bound to: it says "none")
        "listeners": tuple(tools.listeners(answer.lines("listening")))[:MAX_ENTRIES],
        "packages": tools.packages(answer.lines("packages")),
        "updates": tools.updates(answer.said("apt"), answer.said("dnf")),
        "time_synchronised": tools.time_synchronised(answer.said("chrony"), answer.said("timedatectl")),
    }
    missing = {
        field: _why(answer, field) for field, value in values.items() if _empty(value) and _unread(answer, field)
    }
    if not name:
        missing["hostname"] = Missing.NOT_AVAILABLE
    hostname = (name or "").partition(".")[0][:64]
    return ServerFacts(gathered_at=gathered_at, hostname=hostname, missing=missing, **values)  # type: ignore[arg-type]


def completed(facts: ServerFacts, details: ServerFacts) -> ServerFacts:
    """`facts`, and from `details` what they do not say; disks and interfaces of one name are one."""
    values = {field: getattr(facts, field) for field in ServerFacts.__struct_fields__}
    values |= {field: getattr(details, field) for field, value in values.items() if _empty(value)}
    values["disks"] = _joined(facts.disks, details.disks)
    values["nics"] = _joined(facts.nics, details.nics)
    missing = facts.missing | details.missing
    values["missing"] = {
        field: why for field, why in missing.items() if _empty(values.get(field)) and field in details.missing
    }
    return ServerFacts(**values)


def _joined(first: Sequence[Part], second: Sequence[Part]) -> tuple[Part, ...]:
    others = {part.name: part for part in second}
    if not first:
        return tuple(second)
    return tuple(_filled(part, others[part.name]) if part.name in others else part for part in first)


def _filled(part: Part, other: Part) -> Part:
    gaps = {name: getattr(other, name) for name in part.__struct_fields__ if _empty(getattr(part, name))}
    return structs.replace(part, **gaps)


def _empty(value: object) -> bool:
    return value in (None, (), "", {}) or value == Cpu()


def _unread(answer: _Answer, field: str) -> bool:
    """Was the field not read, or read and found empty?"""
    if field == "serial":
        return True
    return not any(answer.state(name) == "ok" for name in _READ_BY.get(field, ()))


def _why(answer: _Answer, field: str) -> Missing:
    states = [answer.state(name) for name in _READ_BY.get(field, ())]
    return Missing.NEEDS_ROOT if "needs-root" in states else Missing.NOT_AVAILABLE


def _dmi(answer: _Answer) -> Mapping[str, str | None]:
    """What the machine's maker wrote into it: the kernel's files first, then dmidecode."""
    files: dict[str, str] = {}
    for line in answer.lines("dmi"):
        path, _, value = line.partition(":")
        files[path.rpartition("/")[2]] = value
    records = tools.dmi_records(answer.lines("dmidecode"))

    def tool(kind: int, key: str) -> str | None:
        return next((record.get(key) for record in records.get(kind, [])), None)

    chassis = text(tool(3, "Type"), 60) or _FORM_FACTORS.get(files.get("chassis_type", "").strip())
    return {
        "vendor": text(files.get("sys_vendor")) or text(tool(1, "Manufacturer")),
        "product": text(files.get("product_name")) or text(tool(1, "Product Name")),
        "serial": text(files.get("product_serial")) or text(tool(1, "Serial Number")),
        "bios_version": text(files.get("bios_version")) or text(tool(0, "Version")),
        "bios_date": text(files.get("bios_date")) or text(tool(0, "Release Date")),
        "form_factor": chassis,
    }


def _cpu(lines: Sequence[str]) -> Cpu:
    seen: dict[str, list[str]] = {}
    for line in lines[:20_000]:
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


def _os_name(said: str | None) -> str | None:
    """As `setup` says it, so that a server that gets Python does not seem to get another system."""
    if said == "Red Hat Enterprise Linux":
        return "RedHat"
    return text((said or "").removesuffix(" GNU/Linux").removesuffix(" Linux"))


def _mebibytes(said: str | None) -> int | None:
    kib = number((said or "").removesuffix("kB").strip())
    return None if kib is None else kib // 1024


def _disks(answer: _Answer) -> tuple[Disk, ...]:
    """lsblk's disks, or else the kernel's own files; serial numbers and health from SMART."""
    found = {disk.name: disk for disk in tools.disks(answer.lines("lsblk"))}
    for name in answer.named("sysblk")[:MAX_ENTRIES]:
        files: dict[str, str] = {}
        for line in answer.lines("sysblk", name):
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
            found[name] = _filled(found[name], kernel) if name in found else kernel
    for name, disk in found.items():
        serial, health = tools.smart(answer.lines("smart", name))
        found[name] = structs.replace(disk, serial=disk.serial or serial, health=health)
    return tuple(found[name] for name in sorted(found))


def _nics(answer: _Answer, addresses: Sequence[tuple[str, str, bool]]) -> tuple[Nic, ...]:
    found = []
    for name in sorted(answer.named("card"))[:MAX_ENTRIES]:
        files: dict[str, str] = {}
        for line in answer.lines("card", name):
            path, _, value = line.partition(":")
            files.setdefault(path.rpartition("/")[2], value)
        own = [(each, lent) for nic, each, lent in addresses if nic == name]
        permanent = tools.colon_fields(answer.lines("ethtool", name)).get("Permanent address")
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


def _gateway(answer: _Answer) -> str | None:
    words = answer.first("route").split() or answer.first("route6").split()
    return address(words[words.index("via") + 1]) if "via" in words[:-1] else None


def _dns(lines: Sequence[str]) -> list[str]:
    words = [line.split() for line in lines[:100]]
    found = [address(each[1]) for each in words if len(each) > 1 and each[0] == "nameserver"]
    return [each for each in found if each]
