"""What the tools of a server print, read line by line: dmidecode, lsblk, storcli, mdstat, ip, ss, df …

Shapes are those of the tools' manuals: dmidecode(8) (SMBIOS 3 types 17, 38, 39), lsblk(8) -P, StorCLI's user guide
(show tables), md(4), ip(8) -o, ss(8) -H, df(1) -P. Any other line is left out; nothing raises.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from sopctl.model.facts.linux.devices import is_disk, is_mount
from sopctl.model.facts.parts import Disk, Listener, MemoryModule, Mount, PowerSupply, RaidVolume, Wear
from sopctl.model.placeholders import name as real_name
from sopctl.model.placeholders import serial as real_serial
from sopctl.model.sanitise import MAX_ENTRIES, address, entries, mapping, number, raw_size, size, text

Record = dict[str, str]

_PAIR = re.compile(r'([A-Z-]{1,16})="([^"]{0,400})"')
_WATTS = re.compile(r"(\d{1,6}) W")
_QUANTITY = r"[\d.]{1,12} [KMGTP]i?B"
_VIRTUAL_DRIVE = re.compile(
    r"((?:\d{1,5}|-)/\d{1,5})\s{1,20}(RAID\S{0,20}|\S{1,20})\s{1,20}(\S{1,20})\s{1,20}(?:\S{1,20}\s{1,20}){4,6}?"
    rf"({_QUANTITY})"
)
_CONTROLLER = re.compile(r"Controller = (\d{1,4})")
_DRIVE = re.compile(r"Drive /(c\d{1,3}(?:/e\d{1,5})?/s\d{1,5}) ")
_DRIVE_ROW = re.compile(
    rf"\d{{0,5}}:\d{{1,5}}\s{{1,20}}\d{{1,5}}\s{{1,20}}(\S{{1,12}})\s{{1,20}}\S{{1,12}}\s{{1,20}}({_QUANTITY}|-)"
    r"\s{1,20}\S{1,12}\s{1,20}(\S{1,12})\s{1,20}\S{1,12}\s{1,20}\S{1,12}\s{1,20}"
    r"(?:\d{1,5} ?k?K?B\s{1,20}(\S.{0,60}))?"
)
_SPUN = re.compile(r" {1,20}[UD](?: {1,20}\S{1,8})?$")
"""What follows a drive's model in its row: spun up or down, and in newer versions its kind."""
_ARRAY = re.compile(
    r"(md\S{1,40}) : (active|inactive|broken)(?: \((?:auto-)?read-only\))?(?: (raid\d{1,2}|linear|multipath)(?= |$))?"
)
_FAILED = re.compile(r"(\S{1,40})\[\d{1,5}\](?:\([A-Z]\)){0,3}\(F\)")
_BLOCKS = re.compile(r"\s{0,20}(\d{1,15}) blocks")
_MEMBERS = re.compile(r"\[([U_]{1,64})\]")
_ACTIVITY = re.compile(
    r"\s{0,20}\[[=>.]{1,60}\]\s{1,4}(recovery|resync|reshape|check) "
    r"|\s{0,20}(recovery|resync|reshape)=DELAYED"
)
_PROGRAM = re.compile(r'users:\(\("([^"]{1,64})"')
_OCTAL = re.compile(r"\\([0-7]{3})")
_PERMANENT = re.compile(r"\d{1,9}: ([^:@\s]{1,40})[:@].{0,2000}? permaddr ([0-9a-fA-F:]{17,59})")


def colon_fields(lines: Sequence[str]) -> Record:
    """`Key : value` lines; of several with the same key, the first."""
    found: Record = {}
    for line in lines[:4096]:
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(key.strip()[:80], value.strip()[:400])
    return found


def dmi_records(lines: Sequence[str]) -> dict[int, list[Record]]:
    """dmidecode's structures by SMBIOS type."""
    found: dict[int, list[Record]] = {}
    record: Record = {}
    for line in lines[:20_000]:
        start = re.match(r"Handle 0x[0-9A-Fa-f]{1,8}, DMI type (\d{1,3}),", line[:80])
        if start:
            record = {}
            found.setdefault(int(start[1]), []).append(record)
        elif line[:1] in ("\t", " ") and ":" in line:
            key, _, value = line.strip().partition(":")
            record.setdefault(key[:80], value.strip()[:400])
    return found


_NO_MEMORY = frozenset({"flash", "rom", "eprom", "eeprom", "feprom", "prom", "video ram"})
"""Types of memory that hold firmware or pictures (SMBIOS 7.18.2)."""


def memory_modules(records: Sequence[Record]) -> Iterator[MemoryModule]:
    """SMBIOS type 17; a slot without a size ("No Module Installed") is empty. Slots that a board calls by one name get
    that of their bank too."""
    names = Counter(record.get("Locator", "") for record in records)
    for record in records[:MAX_ENTRIES]:
        kind, slot = record.get("Type", ""), text(record.get("Locator"), 60) or "?"
        mib = (size(record.get("Size")) or 0) // 1024**2
        if mib and kind.casefold() not in _NO_MEMORY:
            bank = real_name(record.get("Bank Locator"), 60)
            yield MemoryModule(
                slot=f"{bank} {slot}" if bank and names[record.get("Locator", "")] > 1 else slot,
                size_mib=mib,
                kind=real_name(kind, 40),
                maker=real_name(record.get("Manufacturer"), 60),
                part=real_name(record.get("Part Number"), 60),
                serial=real_serial(record.get("Serial Number"), 60),
            )


def power_supplies(records: Sequence[Record]) -> Iterator[PowerSupply]:
    """SMBIOS type 39: the supplies that are there and have a name, model or serial number of their own."""
    found = [each for each in records[:64] if not _is_empty_bay(each) and _is_supply(each)]
    names = [_supply_name(each) for each in found]
    for place, (record, name) in enumerate(zip(found, names, strict=True), 1):
        watts = _WATTS.match(record.get("Max Power Capacity", ""))
        plugged = record.get("Plugged", "")
        yield PowerSupply(
            name=f"PSU {place}" if name is None else f"{name} {place}" if names.count(name) > 1 else name,
            model=real_name(record.get("Model Part Number"), 60) or real_name(record.get("Name"), 60),
            serial=real_serial(record.get("Serial Number"), 60),
            state=real_name(record.get("Status", "").rpartition(",")[2].strip(), 40),
            watts=int(watts[1]) if watts else None,
            plugged={"Yes": True, "No": False}.get(plugged),
        )


def empty_bays(records: Sequence[Record]) -> Iterator[str]:
    """The bays of a redundant group (SMBIOS type 39, power unit group) that are empty, where others of it are not."""
    groups = {_group(each) for each in records[:64] if not _is_empty_bay(each) and _is_supply(each)} - {None}
    for place, record in enumerate(records[:64], 1):
        if _is_empty_bay(record) and _group(record) in groups:
            yield _supply_name(record) or f"PSU {place}"


def _is_empty_bay(record: Record) -> bool:
    return record.get("Status", "").startswith("Not Present")


def _is_supply(record: Record) -> bool:
    known = (record.get(key) for key in ("Serial Number", "Model Part Number", "Manufacturer", "Name"))
    rated = _WATTS.match(record.get("Max Power Capacity", "")) and real_name(record.get("Location"))
    return bool(rated) or any(map(real_name, known))


def _supply_name(record: Record) -> str | None:
    return real_name(record.get("Location"), 60) or real_name(record.get("Name"), 60)


def _group(record: Record) -> int | None:
    """The redundant group; 0 means that the supply belongs to none."""
    return number(record.get("Power Unit Group"), 255) or None


def disks(lines: Sequence[str]) -> Iterator[Disk]:
    """`lsblk -b -d -P`."""
    for line in lines[: 4 * MAX_ENTRIES]:
        yield from _disk(dict(_PAIR.findall(line)))


def lsblk_document(document: object) -> Iterator[Disk] | None:
    """`lsblk -b -d -J`, of which older versions write every value as text; None if it is none."""
    found = mapping(document).get("blockdevices")
    if not isinstance(found, list):
        return None
    return (disk for each in found[: 4 * MAX_ENTRIES] for disk in _disk(_upper(mapping(each))))


def _upper(entry: Mapping[str, object]) -> Record:
    words = {True: "1", False: "0"}
    return {
        str(key).upper(): words[value] if isinstance(value, bool) else str(value)
        for key, value in list(entry.items())[:40]
        if value is not None
    }


def _disk(pairs: Record) -> Iterator[Disk]:
    name, capacity = text(pairs.get("NAME"), 32), number(pairs.get("SIZE"))
    if name and capacity and is_disk(name, pairs.get("TYPE", "")):
        yield Disk(
            name=name,
            size_bytes=capacity,
            model=real_name(pairs.get("MODEL")),
            serial=real_serial(pairs.get("SERIAL"), 80),
            rotational={"0": False, "1": True}.get(pairs.get("ROTA", "")),
            wwn=real_serial(pairs.get("WWN", "").removeprefix("0x"), 80),
        )


def raid_controller(lines: Sequence[str]) -> Iterator[RaidVolume]:
    """The virtual drives of `storcli /call/vall show` (perccli prints the same), controller by controller."""
    controller: str | None = None
    for line in lines[: 8 * MAX_ENTRIES]:
        if heading := _CONTROLLER.match(line.strip()):
            controller = heading[1]
        elif match := _VIRTUAL_DRIVE.match(line.strip()):
            yield RaidVolume(
                match[1], text(match[2], 20), text(match[3], 20), text(match[4], 20), controller=controller
            )


def drives(lines: Sequence[str]) -> Iterator[Disk]:
    """The drives of `storcli /call/eall/sall show all`. Each has a heading with its name, a table with its state and
    medium, and `Key = value` lines with what its maker wrote into it; a failed one may have the table alone."""
    found: dict[str, Record] = {}
    record: Record = {}
    for line in lines[:20_000]:
        if heading := _DRIVE.match(line):
            record = found.setdefault(heading[1], {}) if len(found) < MAX_ENTRIES else {}
        elif row := _DRIVE_ROW.match(line.strip()):
            record |= {"state": row[1], "size": row[2], "medium": row[3], "model": _SPUN.sub("", row[4] or "").strip()}
        elif " = " in line:
            key, _, value = line.partition(" = ")
            record.setdefault(key.strip()[:80], value.strip()[:400])
    for name, record in found.items():
        room = raw_size(record.get("Raw size")) or size(record.get("size"))
        alert = record.get("S.M.A.R.T alert flagged by drive") == "Yes" or number(
            record.get("Predictive Failure Count")
        )
        errors = number(record.get("Media Error Count"), 2**32)
        if room or record.get("state"):
            yield Disk(
                name=name,
                size_bytes=room or 0,
                model=real_name(record.get("Model Number"), 60) or real_name(record.get("model"), 60),
                serial=real_serial(record.get("SN"), 80),
                rotational={"HDD": True, "SSD": False}.get(record.get("medium", "")),
                health=text(record.get("state", "") + (" SMART alert" if alert else ""), 40),
                wwn=real_serial(record.get("WWN"), 80),
                wear=None if errors is None else Wear(uncorrectable=errors),
            )


def software_raid(lines: Sequence[str]) -> Iterator[RaidVolume]:
    """`/proc/mdstat`: an array's own line has its members, (F) marks one that failed; the next one its size in KiB and
    which members are up ([UU], [U_]); a third one what is being done. A container of firmware RAID is no array."""
    lines = [line[:4000] for line in lines[: 4 * MAX_ENTRIES]]
    for place, line in enumerate(lines):
        match = _ARRAY.match(line)
        if match is None:
            continue
        about = []
        for after in lines[place + 1 : place + 6]:
            if after == after.lstrip():
                break
            about.append(after[:400])
        first = about[0] if about else ""
        if match[3] is None and "super external:" in first:
            continue
        blocks = _BLOCKS.match(first)
        kib = int(blocks[1]) if blocks else 0
        members = _MEMBERS.search(first)
        doing = next((found for each in about if (found := _ACTIVITY.match(each))), None)
        yield RaidVolume(
            text(match[1], 20) or "md",
            match[3],
            members[1][:40] if members else (None if match[2] == "active" else match[2]),
            f"{kib / 1024**2:.1f} GiB" if kib else None,
            failed=tuple(member for found in _FAILED.findall(line)[:40] if (member := text(found, 20))),
            activity=(doing[1] or doing[2]) if doing else None,
        )


def addresses(lines: Sequence[str]) -> Iterator[tuple[str, str, bool]]:
    """`ip -o addr`: interface, address, and whether it is leased (dynamic)."""
    for line in lines[: 4 * MAX_ENTRIES]:
        words = line.split()
        if len(words) > 3 and words[2] in ("inet", "inet6"):
            found = address(words[3].partition("/")[0])
            if found:
                yield words[1].partition("@")[0], found, "dynamic" in words


def address_document(document: object) -> Iterator[tuple[str, str, bool]] | None:
    """`ip -j addr`, as `addresses`; None if it is none."""
    if not isinstance(document, list):
        return None
    return (
        (str(interface.get("ifname"))[:40], found, each.get("dynamic") is True)
        for interface in map(mapping, document[: 4 * MAX_ENTRIES])
        for each in map(mapping, entries(interface.get("addr_info"))[:64])
        if (found := address(each.get("local")))
    )


def permanent_addresses(document: object, lines: Sequence[str]) -> Iterator[tuple[str, object]]:
    """`ip -j -d link` or `ip -o link`: the own addresses of cards that show another one (below a bond)."""
    if isinstance(document, list):
        for interface in map(mapping, document[: 4 * MAX_ENTRIES]):
            yield str(interface.get("ifname"))[:40], interface.get("permaddr")
    for line in lines[: 4 * MAX_ENTRIES]:
        if found := _PERMANENT.match(line):
            yield found[1], found[2]


def listeners(lines: Sequence[str]) -> Iterator[Listener]:
    """`ss -H -lntup`: the ports that others can reach, so none on loopback."""
    seen = set()
    for line in lines[: 4 * MAX_ENTRIES]:
        words = line.split()
        if len(words) < 5 or words[0] not in ("tcp", "udp"):
            continue
        host, _, port = words[4].rpartition(":")
        where = host.strip("[]").partition("%")[0]
        program = _PROGRAM.search(line)
        found = Listener(
            protocol=words[0],
            address="*" if where in ("*", "0.0.0.0", "::") else address(where) or "",  # noqa: S104 (read, not bound)
            port=number(port, 65535) or 0,
            program=text(program[1], 64) if program else None,
        )
        loopback = found.address.startswith("127.") or found.address == "::1"
        if found.port and found.address and not loopback and found not in seen:
            seen.add(found)
            yield found


def mounts(mounted: Sequence[str], sizes: Sequence[str]) -> Iterator[Mount]:
    """`/proc/mounts`, with the sizes of `df -Pk`."""
    space = {}
    for line in sizes[: 4 * MAX_ENTRIES]:
        words = line.split(None, 5)
        if len(words) == 6 and words[1].isdigit() and words[2].isdigit():
            space[words[5]] = (number(words[1]), number(words[2]))
    for line in mounted[: 4 * MAX_ENTRIES]:
        words = [_OCTAL.sub(lambda match: chr(int(match[1], 8)), word) for word in line.split()[:3]]
        if len(words) < 3:
            continue
        device, path, fstype = text(words[0], 255), text(words[1], 255), text(words[2], 40)
        if device and path and fstype and is_mount(path, device, fstype):
            size, used = space.get(words[1], (None, None))
            yield Mount(
                path=path,
                device=device,
                fstype=fstype,
                size_bytes=None if size is None else size * 1024,
                used_bytes=None if used is None else used * 1024,
            )


def packages(lines: Sequence[str]) -> dict[str, str]:
    """`state|name|version` of dpkg-query or rpm: the installed packages."""
    found = {}
    for line in lines[:10_000]:
        state, _, rest = line.partition("|")
        name, _, version = rest.partition("|")
        clean = text(name, 80)
        if state.startswith("ii") and clean:
            found[clean] = text(version, 80) or ""
    return found


def updates(apt: Sequence[str] | None, dnf: Sequence[str] | None) -> int | None:
    """How many packages have an update waiting; None if no package manager said so."""
    if apt is not None:
        return sum(line.startswith("Inst ") for line in apt)
    if dnf is None:
        return None
    packages: list[list[str]] = []
    for line in dnf[:20_000]:
        words = line[:400].split()
        if line.startswith("Obsoleting Packages"):
            break
        if line != line.lstrip() and packages and len(packages[-1]) < 3:  # yum breaks lines at 80 columns
            packages[-1] += words
        else:
            packages.append(words)
    return sum(len(words) == 3 and "." in words[0] for words in packages)


def time_synchronised(chrony: Sequence[str] | None, timedatectl: Sequence[str] | None) -> bool | None:
    """Whether the clock is synchronised, by chrony or else by systemd."""
    if chrony is not None:
        status = colon_fields(chrony).get("Leap status")
        return None if status is None else status != "Not synchronised"
    said = [line.partition("=")[2] for line in timedatectl or () if line.startswith("NTPSynchronized=")]
    return said[0] == "yes" if said else None
