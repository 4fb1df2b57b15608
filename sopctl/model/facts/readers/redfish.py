"""What a BMC says of its server over Redfish, as ServerFacts: which documents to ask for, and how they are read.

Redfish (DMTF DSP0266, with the schemas of DSP8010) is a graph of JSON documents that name each other. BMCs leave out
what they like, write null or an empty text, and keep older names; those of iLO, iDRAC, XCC, Supermicro and OpenBMC are
in tests/cases/bmc/. A document may hold anything: nothing here raises, what cannot be read is left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct, structs

from sopctl.model.facts.declaration import declarations
from sopctl.model.facts.parts import Cpu, Disk, MemoryModule, Nic, PowerSupply, RaidVolume, is_empty
from sopctl.model.facts.server import RULES, Missing, ServerFacts
from sopctl.model.placeholders import without
from sopctl.model.sanitise import address, entries, mac, mapping, number, text

ROOT = "/redfish/v1/"
MAX_DOCUMENTS = 400
"""The limit of documents that are asked for; a server with 60 drives and 32 memory modules has half of them."""

Documents = Mapping[str, object]
"""By path: the documents that were read; None for one that was asked for and could not be."""

Role = Literal[
    "root", "systems", "system", "processors", "processor", "memories", "memory", "storages", "storage", "drive",
    "controllers", "controller", "volumes", "volume", "cards", "card", "chassis", "power", "subsystem", "supplies",
    "supply", "manager", "manager-cards", "manager-card", "managers", "smart-storage", "arrays", "array", "logicals",
    "logical", "physicals", "physical", "simple-storages", "simple-storage",
]  # fmt: skip
"""What a document is to its server, by the link that leads to it."""

_LINKS: dict[Role, tuple[tuple[tuple[str, ...], Role], ...]] = {
    "root": ((("Systems",), "systems"), (("Managers",), "managers")),
    "systems": ((("Members",), "system"),),
    "managers": ((("Members",), "manager"),),
    "system": (
        (("Processors",), "processors"),
        (("Memory",), "memories"),
        (("Storage",), "storages"),
        (("SimpleStorage",), "simple-storages"),
        (("EthernetInterfaces",), "cards"),
        (("Links", "Chassis"), "chassis"),
        (("Links", "ManagedBy"), "manager"),
        (("Oem", "Hpe", "Links", "SmartStorage"), "smart-storage"),
        (("Oem", "Hp", "Links", "SmartStorage"), "smart-storage"),
    ),
    "processors": ((("Members",), "processor"),),
    "memories": ((("Members",), "memory"),),
    "storages": ((("Members",), "storage"),),
    "storage": (
        (("Drives",), "drive"),
        (("Volumes",), "volumes"),
        (("Controllers",), "controllers"),
    ),
    "controllers": ((("Members",), "controller"),),
    "volumes": ((("Members",), "volume"),),
    "simple-storages": ((("Members",), "simple-storage"),),
    "cards": ((("Members",), "card"),),
    "chassis": ((("Power",), "power"), (("PowerSubsystem",), "subsystem")),
    "subsystem": ((("PowerSupplies",), "supplies"),),
    "supplies": ((("Members",), "supply"),),
    "manager": ((("EthernetInterfaces",), "manager-cards"),),
    "manager-cards": ((("Members",), "manager-card"),),
    "smart-storage": ((("Links", "ArrayControllers"), "arrays"),),
    "arrays": ((("Members",), "array"),),
    "array": (
        (("Links", "LogicalDrives"), "logicals"),
        (("Links", "PhysicalDrives"), "physicals"),
    ),
    "logicals": ((("Members",), "logical"),),
    "physicals": ((("Members",), "physical"),),
}
"""Which links of a document are followed, and what they lead to."""

_PATH = re.compile(r"/redfish/v1/[A-Za-z0-9/._~:%@!$&'()*+,;=-]{0,300}")
"""A document's path on the same BMC; anything else that stands where a link should be is no link."""
_PAGE = re.compile(rf"{_PATH.pattern}(?:\?[A-Za-z0-9$=&_.-]{{1,80}})?")
_DELL_TAG = re.compile(r"[A-Z0-9]{5,7}")
_ARCHITECTURES = {"x86": "x86_64", "ARM": "aarch64", "Power": "ppc64le"}


class _Found(Struct, frozen=True):
    """A document with its role, and the path of the one that led to it."""

    role: Role
    path: str
    parent: str
    content: Mapping[str, object]


def wanted(documents: Documents, serial: str = "") -> list[str]:
    """The paths to ask for next, the root first; none when everything is there. `serial` tells the server from others
    of the same BMC (a blade's neighbours)."""
    _, missing = _walk(documents, serial)
    return missing[: max(0, MAX_DOCUMENTS - len(documents))]


def is_redfish(documents: Documents) -> bool:
    """Is the root that of a Redfish service?"""
    root = mapping(documents.get(ROOT))
    return "Systems" in root and bool("RedfishVersion" in root or "@odata.type" in root or "@odata.id" in root)


def from_bmc(documents: Documents, *, gathered_at: str, serial: str = "") -> ServerFacts:
    """The documents as ServerFacts, `via` "bmc". What a BMC does not say (file systems, packages) is in `missing`."""
    found, _ = _walk(documents, serial)
    values = _values(found) | _storage(found)
    facts = without(ServerFacts(gathered_at=gathered_at, via="bmc", rules=RULES, **values))  # type: ignore[arg-type]
    missing = {
        each.field: Missing.NOT_AVAILABLE
        for each in declarations(ServerFacts)
        if each.read and is_empty(getattr(facts, each.field))
    }
    return structs.replace(facts, missing=missing)


def _walk(documents: Documents, serial: str) -> tuple[list[_Found], list[str]]:
    """Every document that links lead to from the root, and the paths of those that are not there yet."""
    found: list[_Found] = []
    missing: list[str] = []
    seen = {ROOT}
    queue: list[tuple[Role, str, str]] = [("root", ROOT, "")]
    for role, path, parent in queue:
        if path not in documents:
            missing.append(path)
            continue
        content = mapping(documents[path])
        if not content:
            continue
        found.append(_Found(role, path, parent, content))
        if role == "system" and not _is_this(found, documents, parent, serial):
            continue
        further = [(target, link, path) for keys, target in _LINKS.get(role, ()) for link in _links(content, keys)]
        page = content.get("Members@odata.nextLink")
        if isinstance(page, str) and _PAGE.fullmatch(page) and ".." not in page:
            further.append((role, page, parent))  # of a long collection, which goes on there
        for each in further:
            if each[1] not in seen and len(seen) < 4 * MAX_DOCUMENTS:
                seen.add(each[1])
                queue.append(each)
    return found, missing


def _is_this(found: Sequence[_Found], documents: Documents, systems: str, serial: str) -> bool:
    """Is the last system found the one that is asked for: the only one, that of the serial number, or the first?"""
    links = _links(mapping(documents.get(systems)), ("Members",))
    if len(links) < 2:
        return True
    every = [mapping(documents[link]) for link in links if link in documents]
    named = [each for each in every if serial and _same(_serial(each), serial)]
    if named or len(every) < len(links):
        return bool(named) and found[-1].content is named[0]
    return found[-1].content is every[0]


def _same(first: str | None, second: str) -> bool:
    return "".join((first or "").split()).casefold() == "".join(second.split()).casefold()


def _links(content: Mapping[str, object], keys: Sequence[str]) -> list[str]:
    """The paths that a document names under `keys`: of one document, or of each in a list. Capitals do not count."""
    value: object = content
    for key in keys:
        level = mapping(value)
        value = level.get(key) or next((each for name, each in level.items() if str(name).lower() == key.lower()), None)
    paths = [mapping(each).get("@odata.id") for each in (entries(value) or [value])]
    # Older services of HPE write href.
    return list(
        dict.fromkeys(path for path in paths if isinstance(path, str) and _PATH.fullmatch(path) and ".." not in path)
    )


def _values(found: Sequence[_Found]) -> dict[str, object]:
    system = _system(found)
    manager = _first(found, "manager")
    cards = list(_cards(found, "manager-card"))
    vendor = _said(system, "Manufacturer", "HostingComputerSystem")
    bios = mapping(system.get("BiosVersion")) or system.get("BiosVersion")
    return {
        "hostname": (_said(system, "HostName") or "").partition(".")[0][:64],
        "vendor": vendor,
        "product": _said(system, "Model"),
        "serial": _serial(system),
        "bios_version": text(bios, 80),
        "architecture": next(
            (
                _ARCHITECTURES[name]
                for each in _of(found, "processor")
                if (name := _said(each, "ProcessorArchitecture")) and name in _ARCHITECTURES
            ),
            None,
        ),
        "power_state": _said(system, "PowerState"),
        "health": _health(system),
        "uuid": _uuid(_said(system, "UUID")),
        "cpu": _cpu(system, _of(found, "processor")),
        "memory_mib": _memory_mib(system),
        "memory_modules": tuple(_modules(_of(found, "memory"))),
        "power_supplies": tuple(_supplies(found)),
        "nics": tuple(_cards(found, "card")),
        "bmc_address": next((each for card in cards for each in (*card.ipv4, *card.ipv6) if _routable(each)), None),
        "bmc_mac": next((card.mac for card in cards if card.mac), None),
        "bmc_firmware": _firmware(_said(manager, "Model"), _said(manager, "FirmwareVersion")),
    }


def _firmware(model: str | None, version: str | None) -> str | None:
    """Some BMCs say their model in their version too: iLO 5 v2.65."""
    named = model and version and version.startswith(model)
    return " ".join(filter(None, (None if named else model, version))) or None


def _system(found: Sequence[_Found]) -> Mapping[str, object]:
    """The system whose parts were followed."""
    systems = [each for each in found if each.role == "system"]
    followed = {each.parent for each in found}
    return next((each.content for each in systems if each.path in followed), systems[0].content if systems else {})


def _of(found: Sequence[_Found], role: Role) -> Iterator[Mapping[str, object]]:
    return (each.content for each in found if each.role == role)


def _first(found: Sequence[_Found], role: Role) -> Mapping[str, object]:
    return next(_of(found, role), {})


def _said(content: Mapping[str, object], *keys: str, limit: int = 80) -> str | None:
    """The text under the first of these keys that has one."""
    return next((said for key in keys if (said := text(content.get(key), limit))), None)


def _serial(system: Mapping[str, object]) -> str | None:
    """Dell keeps the service tag, which is its serial number everywhere else, in SKU; SerialNumber is the board's."""
    tag = _said(system, "SKU", limit=60)
    if "dell" in (_said(system, "Manufacturer") or "").casefold() and tag and _DELL_TAG.fullmatch(tag):
        return tag
    return _said(system, "SerialNumber", limit=60)


def _uuid(said: str | None) -> str | None:
    plain = (said or "").lower()
    return plain if re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", plain) and set(plain) > {"-"} else None


def _status(content: Mapping[str, object]) -> Mapping[str, object]:
    return mapping(content.get("Status"))


def _absent(content: Mapping[str, object]) -> bool:
    return _said(_status(content), "State") == "Absent"


def _health(content: Mapping[str, object]) -> str | None:
    """`OK`, `Warning` or `Critical`, with what is below it if the service sums that up."""
    return _said(_status(content), "HealthRollup", "HealthRollUp", "Health", limit=40)


def _cpu(system: Mapping[str, object], processors: Iterator[Mapping[str, object]]) -> Cpu:
    there = [
        each
        for each in processors
        if not _absent(each) and (_said(each, "ProcessorType") or "CPU") == "CPU" and _said(each, "Model")
    ]
    summary = mapping(system.get("ProcessorSummary"))
    cores = [number(each.get("TotalCores"), 65536) for each in there]
    threads = [number(each.get("TotalThreads"), 65536) for each in there]
    sockets = len(there) or number(summary.get("Count"), 4096)
    first, strands = next(iter(cores), None), next(iter(threads), None)
    return Cpu(
        model=_said(there[0], "Model") if there else _said(summary, "Model"),
        sockets=sockets or None,
        cores=first or None,
        threads=strands // first if first and strands else None,
        logical=sum(each or 0 for each in threads) or number(summary.get("LogicalProcessorCount"), 65536) or None,
    )


def _memory_mib(system: Mapping[str, object]) -> int | None:
    gib = mapping(system.get("MemorySummary")).get("TotalSystemMemoryGiB")
    if isinstance(gib, bool) or not isinstance(gib, int | float) or not 0 < gib < 2**20:
        return None
    return int(gib * 1024)


def _modules(memories: Iterator[Mapping[str, object]]) -> Iterator[MemoryModule]:
    for each in memories:
        size = number(each.get("CapacityMiB"), 2**26) or number(each.get("SizeMB"), 2**26)
        if size and not _absent(each):
            yield MemoryModule(
                slot=_said(each, "DeviceLocator", "SocketLocator", "Name", "Id", limit=60) or "?",
                size_mib=size,
                kind=_said(each, "MemoryDeviceType", "DIMMType", limit=40),
                maker=_said(each, "Manufacturer", limit=60),
                part=_said(each, "PartNumber", limit=60),
                serial=_said(each, "SerialNumber", limit=60),
            )


def _supplies(found: Sequence[_Found]) -> Iterator[PowerSupply]:
    """Those of PowerSubsystem where a service has it, else those of Power."""
    newer = list(_of(found, "supply"))
    older = [mapping(each) for power in _of(found, "power") for each in entries(power.get("PowerSupplies"))]
    for place, each in enumerate((newer or older)[:64], 1):
        if _absent(each):
            continue
        watts = each.get("PowerCapacityWatts")
        state = _said(_status(each), "State", limit=40)
        health = _said(_status(each), "Health", limit=40)
        yield PowerSupply(
            name=_said(each, "Name", "MemberId", "Id", limit=60) or f"PSU {place}",
            model=_said(each, "Model", "PartNumber", "SparePartNumber", limit=60),
            serial=_said(each, "SerialNumber", limit=60),
            state=health if health not in (None, "OK") else state if state not in (None, "Enabled") else health,
            watts=int(watts) if isinstance(watts, int | float) and 0 < watts < 100_000 else None,
        )


def _cards(found: Sequence[_Found], role: Role) -> Iterator[Nic]:
    for each in found:
        if each.role != role:
            continue
        card = each.content
        v4, v6 = (
            tuple(
                dict.fromkeys(
                    got
                    for entry in entries(card.get(key))[:64]
                    if (got := address(mapping(entry).get("Address"))) and got not in ("0.0.0.0", "::")  # noqa: S104
                )
            )
            for key in ("IPv4Addresses", "IPv6Addresses")
        )
        hardware = mac(card.get("PermanentMACAddress")) or mac(card.get("MACAddress"))
        speed = number(card.get("SpeedMbps"), 10_000_000)
        if hardware or v4 or v6:
            yield Nic(
                name=_said(card, "Id", "Name", limit=32) or "?",
                mac=hardware,
                speed_mbps=speed or None,
                ipv4=v4,
                ipv6=v6,
                up=_said(card, "LinkStatus") == "LinkUp",
            )


def _routable(said: str) -> bool:
    return not said.startswith(("fe80:", "169.254."))


def _storage(found: Sequence[_Found]) -> dict[str, object]:
    """Volumes, and the drives: those of a storage with volumes or a RAID controller are behind it, the others the
    system sees by itself."""
    behind: list[Disk] = []
    own: list[Disk] = []
    for storage in (each for each in found if each.role == "storage"):
        drives = [
            _drive(each.content, each.path) for each in found if each.role == "drive" and each.parent == storage.path
        ]
        (behind if _is_raid(storage, found) else own).extend(drive for drive in drives if drive)
    if not behind and not own:  # iLO 5 and older keep them under a name of their own
        behind = [drive for each in found if each.role == "physical" and (drive := _physical(each.content))]
    if not behind and not own:
        own = [drive for each in _of(found, "simple-storage") for drive in _devices(each)]
    volumes = [volume for each in _of(found, "volume") if (volume := _volume(each))]
    volumes = volumes or [volume for each in _of(found, "logical") if (volume := _logical(each))]
    return {"drives": tuple(_once(behind)), "disks": tuple(_once(own)), "raid": tuple(volumes)}


def _once(disks: Sequence[Disk]) -> Iterator[Disk]:
    """A drive may be listed by several storages."""
    seen = set()
    for disk in disks:
        if disk.serial is None or disk.serial not in seen:
            seen.add(disk.serial)
            yield disk


def _is_raid(storage: _Found, found: Sequence[_Found]) -> bool:
    inside = {each.path for each in found if each.parent == storage.path}
    if any(each.role == "volume" and each.parent in inside and _volume(each.content) for each in found):
        return True
    controllers = [mapping(each) for each in entries(storage.content.get("StorageControllers"))]
    controllers += [each.content for each in found if each.role == "controller" and each.parent in inside]
    return any(entries(each.get("SupportedRAIDTypes")) for each in controllers)


def _drive(drive: Mapping[str, object], path: str) -> Disk | None:
    size = number(drive.get("CapacityBytes"))
    if not size or _absent(drive):
        return None
    alert = drive.get("FailurePredicted") is True
    health = _said(_status(drive), "Health", limit=40)
    return Disk(
        name=_place(drive) or _said(drive, "Id", "Name", limit=32) or path.rpartition("/")[2][:32] or "?",
        size_bytes=size,
        model=_said(drive, "Model", limit=60),
        serial=_said(drive, "SerialNumber", limit=80),
        rotational={"HDD": True, "SSD": False}.get(_said(drive, "MediaType") or ""),
        health=" ".join(filter(None, (health, "SMART alert" if alert else ""))) or None,
    )


def _place(drive: Mapping[str, object]) -> str | None:
    """Where it is plugged in, as its label says."""
    where = mapping(mapping(drive.get("PhysicalLocation")).get("PartLocation"))
    return _said(where, "ServiceLabel", limit=32)


def _volume(volume: Mapping[str, object]) -> RaidVolume | None:
    size = number(volume.get("CapacityBytes"))
    level = _said(volume, "RAIDType", "VolumeType", limit=20)
    if not size or level == "RawDevice":
        return None
    return RaidVolume(
        name=_said(volume, "Name", "Id", limit=20) or "?",
        level=level,
        state=_said(_status(volume), "Health", limit=20),
        size=f"{size / 1024**3:.1f} GiB",
    )


def _physical(drive: Mapping[str, object]) -> Disk | None:
    """A drive of HPE's SmartStorage, whose size is in MiB, or in units of 1,000,000,000 bytes."""
    mib, gigabytes = number(drive.get("CapacityMiB"), 2**40), number(drive.get("CapacityGB"), 2**30)
    if not (mib or gigabytes):
        return None
    return Disk(
        name=_said(drive, "Location", "Id", limit=32) or "?",
        size_bytes=mib * 1024**2 if mib else (gigabytes or 0) * 10**9,
        model=_said(drive, "Model", limit=60),
        serial=_said(drive, "SerialNumber", limit=80),
        rotational={"HDD": True, "SSD": False}.get(_said(drive, "MediaType") or ""),
        health=_said(_status(drive), "Health", limit=40),
    )


def _logical(drive: Mapping[str, object]) -> RaidVolume | None:
    mib = number(drive.get("CapacityMiB"), 2**40)
    if not mib:
        return None
    level = _said(drive, "Raid", limit=10)
    return RaidVolume(
        name=_said(drive, "LogicalDriveName", "Id", limit=20) or "?",
        level=f"RAID{level}" if level else None,
        state=_said(_status(drive), "Health", limit=20),
        size=f"{mib / 1024:.1f} GiB",
    )


def _devices(storage: Mapping[str, object]) -> Iterator[Disk]:
    for each in (mapping(entry) for entry in entries(storage.get("Devices"))):
        size = number(each.get("CapacityBytes"))
        if size and not _absent(each):
            yield Disk(
                name=_said(each, "Name", limit=32) or "?",
                size_bytes=size,
                model=_said(each, "Model", limit=60),
                health=_said(_status(each), "Health", limit=40),
            )
