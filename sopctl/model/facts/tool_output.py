"""What the tools of a server print, read line by line: dmidecode, lsblk, smartctl, storcli, mdstat, ip, ss, df …

Shapes are those of the tools' manuals: dmidecode(8) (SMBIOS 3 types 17, 38, 39), lsblk(8) -P, smartctl(8) -H -i,
StorCLI's user guide (show tables), md(4), ip(8) -o, ss(8) -H, df(1) -P. Any other line is left out; nothing raises.
"""

import re
from collections.abc import Iterator, Sequence

from sopctl.model.facts.parts import Disk, Listener, MemoryModule, Mount, PowerSupply, RaidVolume
from sopctl.model.sanitise import MAX_ENTRIES, NO_DISK, NO_FILE_SYSTEM, address, number, text

Record = dict[str, str]

_PAIR = re.compile(r'([A-Z]+)="([^"]{0,400})"')
_SIZE = re.compile(r"(\d{1,9}) (kB|MB|GB|TB)")
_MIB = {"kB": 1 / 1024, "MB": 1, "GB": 1024, "TB": 1024**2}
_HEALTH = re.compile(r"SMART (?:overall-health self-assessment test result|Health Status):\s*(.{1,80})")
_WATTS = re.compile(r"(\d{1,6}) W")
_VIRTUAL_DRIVE = re.compile(r"(\d+/\d+)\s+(RAID\S*|\S+)\s+(\S+)\s+\S+\s+\S+\s+\S+\s+\S+\s+(?:\S+\s+)?([\d.]+ [KMGTP]B)")
_DRIVE = re.compile(r"Drive /(c\d{1,3}(?:/e\d{1,5})?/s\d{1,5}) ")
_DRIVE_ROW = re.compile(r"\d*:\d+\s+\d+\s+(\S{1,12})\s+\S+\s+[\d.]+ [KMGTP]B\s+\S+\s+(HDD|SSD)\s")
_SECTORS = re.compile(r"\[0x([0-9a-fA-F]{1,13}) Sectors\]")
_ARRAY = re.compile(r"(md\S+) : (?:active|inactive)(?: \([a-z-]+\))? (?:(raid\d+|linear)\s)?")
_BLOCKS = re.compile(r"(\d+) blocks.*?\[([U_]+)\]|(\d+) blocks")
_PROGRAM = re.compile(r'users:\(\("([^"]{1,64})"')
_OCTAL = re.compile(r"\\([0-7]{3})")


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
        start = re.match(r"Handle 0x[0-9A-Fa-f]{1,8}, DMI type (\d{1,3}),", line)
        if start:
            record = {}
            found.setdefault(int(start[1]), []).append(record)
        elif line[:1] in ("\t", " ") and ":" in line:
            key, _, value = line.strip().partition(":")
            record.setdefault(key[:80], value.strip()[:400])
    return found


def memory_modules(records: Sequence[Record]) -> Iterator[MemoryModule]:
    """SMBIOS type 17; a slot without a size ("No Module Installed") is empty."""
    for record in records[:MAX_ENTRIES]:
        size = _SIZE.match(record.get("Size", ""))
        mib = int(int(size[1]) * _MIB[size[2]]) if size else 0
        if mib:
            yield MemoryModule(
                slot=text(record.get("Locator"), 60) or "?",
                size_mib=mib,
                kind=text(record.get("Type"), 40),
                maker=text(record.get("Manufacturer"), 60),
                part=text(record.get("Part Number"), 60),
                serial=text(record.get("Serial Number"), 60),
            )


def power_supplies(records: Sequence[Record]) -> Iterator[PowerSupply]:
    """SMBIOS type 39; an empty bay ("Not Present") is left out."""
    for place, record in enumerate(records[:64], 1):
        state = record.get("Status", "")
        if not state.startswith("Not Present"):
            watts = _WATTS.match(record.get("Max Power Capacity", ""))
            yield PowerSupply(
                name=text(record.get("Location"), 60) or text(record.get("Name"), 60) or f"PSU {place}",
                model=text(record.get("Model Part Number"), 60),
                serial=text(record.get("Serial Number"), 60),
                state=text(state.rpartition(",")[2].strip(), 40),
                watts=int(watts[1]) if watts else None,
            )


def disks(lines: Sequence[str]) -> Iterator[Disk]:
    """`lsblk -b -d -P`."""
    for line in lines[:MAX_ENTRIES]:
        pairs = dict(_PAIR.findall(line))
        name, size = text(pairs.get("NAME"), 32), number(pairs.get("SIZE"))
        if name and size and pairs.get("TYPE") == "disk" and not NO_DISK.match(name):
            yield Disk(
                name=name,
                size_bytes=size,
                model=text(pairs.get("MODEL")),
                serial=text(pairs.get("SERIAL"), 80),
                rotational={"0": False, "1": True}.get(pairs.get("ROTA", "")),
            )


def smart(lines: Sequence[str]) -> tuple[str | None, str | None]:
    """The serial number, and the disk's own word on its health."""
    fields = colon_fields(lines)
    health = next((match[1] for line in lines[:400] if (match := _HEALTH.match(line))), None)
    return text(fields.get("Serial Number") or fields.get("Serial number"), 80), text(
        (health or "").partition(" [")[0], 40
    )


def raid_controller(lines: Sequence[str]) -> Iterator[RaidVolume]:
    """The virtual drives of `storcli /call/vall show` (perccli prints the same)."""
    for line in lines[:MAX_ENTRIES]:
        if match := _VIRTUAL_DRIVE.match(line.strip()):
            yield RaidVolume(match[1][:20], text(match[2], 20), text(match[3], 20), text(match[4], 20))


def drives(lines: Sequence[str]) -> Iterator[Disk]:
    """The drives of `storcli /call/eall/sall show all`. Each has a heading with its name, a table with its state and
    medium, and `Key = value` lines with what its maker wrote into it."""
    found: dict[str, Record] = {}
    record: Record = {}
    for line in lines[:20_000]:
        if heading := _DRIVE.match(line):
            record = found.setdefault(heading[1], {}) if len(found) < MAX_ENTRIES else {}
        elif row := _DRIVE_ROW.match(line.strip()):
            record["state"], record["medium"] = row[1], row[2]
        elif " = " in line:
            key, _, value = line.partition(" = ")
            record.setdefault(key.strip()[:80], value.strip()[:400])
    for name, record in found.items():
        sectors = _SECTORS.search(record.get("Raw size", ""))
        if sectors:
            alert = record.get("S.M.A.R.T alert flagged by drive") == "Yes"
            yield Disk(
                name=name,
                size_bytes=int(sectors[1], 16) * 512,
                model=text(record.get("Model Number"), 60),
                serial=text(record.get("SN"), 80),
                rotational={"HDD": True, "SSD": False}.get(record.get("medium", "")),
                health=text(record.get("state", "") + (" SMART alert" if alert else ""), 40),
            )


def software_raid(lines: Sequence[str]) -> Iterator[RaidVolume]:
    """`/proc/mdstat`: the line after an array's own has its size in KiB and which members are up ([UU], [U_])."""
    for line, after in zip(lines[:MAX_ENTRIES], [*lines[1:MAX_ENTRIES], ""], strict=False):
        if match := _ARRAY.match(line):
            found = _BLOCKS.search(after[:200])
            kib = int((found[1] or found[3])[:15]) if found else 0
            state = found[2][:40] if found and found[2] else None
            yield RaidVolume(match[1][:20], match[2], state, f"{kib / 1024**2:.1f} GiB" if kib else None)


def addresses(lines: Sequence[str]) -> Iterator[tuple[str, str, bool]]:
    """`ip -o addr`: interface, address, and whether it is leased (dynamic)."""
    for line in lines[: 4 * MAX_ENTRIES]:
        words = line.split()
        if len(words) > 3 and words[2] in ("inet", "inet6"):
            found = address(words[3].partition("/")[0])
            if found:
                yield words[1].partition("@")[0], found, "dynamic" in words


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
        if len(words) < 3 or words[2] in NO_FILE_SYSTEM or not (words[0].startswith("/dev/") or ":" in words[0]):
            continue
        device, path, fstype = text(words[0], 255), text(words[1], 255), text(words[2], 40)
        if device and path and fstype and not path.startswith("/run/") and not device.startswith("/dev/loop"):
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
    waiting = [line for line in dnf if line[:1].strip()]
    return sum(
        len(line.split()) == 3
        for line in waiting[: waiting.index("Obsoleting Packages") if "Obsoleting Packages" in waiting else None]
    )


def time_synchronised(chrony: Sequence[str] | None, timedatectl: Sequence[str] | None) -> bool | None:
    """Whether the clock is synchronised, by chrony or else by systemd."""
    if chrony is not None:
        status = colon_fields(chrony).get("Leap status")
        return None if status is None else status != "Not synchronised"
    said = [line.partition("=")[2] for line in timedatectl or () if line.startswith("NTPSynchronized=")]
    return said[0] == "yes" if said else None
