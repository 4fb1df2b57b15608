"""What the makers' tools for RAID controllers print: controllers, their volumes and the drives behind them.

storcli and perccli (`/call show`), ssacli (`ctrl all show config detail`), MegaCli (`-AdpAllInfo`, `-LDPDInfo`, and
the state of the battery), arcconf (`GETCONFIG 1`). All print `key: value` lines below headings that say whose they are,
each with other words. The volumes and drives of storcli are read in tool_output.py.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from sopctl.model.facts.parts import Controller, Disk, RaidVolume, Wear
from sopctl.model.placeholders import name as real_name
from sopctl.model.placeholders import serial as real_serial
from sopctl.model.sanitise import MAX_ENTRIES, number, size, text

Record = dict[str, str]

_NO_BATTERY = frozenset(
    {"not installed", "not present", "absent", "n/a", "na", "no", "none", "0", "missing", "not available", "-"}
)
"""A controller that never had a battery has none that fails."""
_SECTORS = re.compile(r"\[0x([0-9a-fA-F]{1,13}) Sectors\]")
_MIB = re.compile(r"(\d{1,12}) MB")
_INQUIRY = "Inquiry Data"
"""The one value in which spaces count."""


class Found(Struct, frozen=True):
    """All that one tool says."""

    controllers: tuple[Controller, ...] = ()
    volumes: tuple[RaidVolume, ...] = ()
    drives: tuple[Disk, ...] = ()


class _Heading(Struct, frozen=True):
    """A line that begins a record of a kind; its first group is the record's number or name."""

    kind: str
    written: re.Pattern[str]


class _Part(Struct, frozen=True):
    kind: str
    name: str
    controller: str
    fields: Record


def _parts(lines: Sequence[str], headings: Sequence[_Heading], between: str = ":") -> list[_Part]:
    """The records of an answer, each with the `key: value` lines below its heading; of equal keys, the first."""
    found: list[_Part] = []
    controller, fields = "", dict[str, str]()
    for line in lines[:40_000]:
        said = line.strip()[:400]
        for heading in headings:
            if match := heading.written.fullmatch(said):
                name = next(filter(None, match.groups()), "")
                fields = {}
                if heading.kind == "controller":
                    controller = name
                if len(found) < 4 * MAX_ENTRIES:
                    found.append(_Part(heading.kind, name, controller, fields))
                if heading.kind == "controller" and match.lastindex and match.lastindex > 1:
                    fields["Model"] = match[2]
                break
        else:
            key, mark, value = said.partition(between)
            if mark and value.strip():
                fields.setdefault(key.strip(), value if key == _INQUIRY else value.strip())
    return found


def _of(parts: Sequence[_Part], kind: str) -> Iterator[_Part]:
    return (each for each in parts if each.kind == kind)


def _battery(said: str | None) -> str | None:
    return None if (said or "").strip().casefold() in _NO_BATTERY else text(said, 40)


_SSACLI = (
    _Heading("controller", re.compile(r"(?=.{0,160} in Slot (\d{1,3}))(.{1,120}?) in Slot \d{1,3}(?: .{0,40})?")),
    _Heading("volume", re.compile(r"Logical Drive: (\d{1,4})")),
    _Heading("drive", re.compile(r"physicaldrive (\S{1,40})")),
    _Heading("other", re.compile(r"(Array|Enclosure|Expander|SEP|Port Name|unassigned|Unassigned).{0,120}")),
)


def ssacli(lines: Sequence[str]) -> Found:
    """HPE's `ssacli ctrl all show config detail` (hpssacli, hpacucli). Its sizes are in powers of ten."""
    parts = _parts(lines, _SSACLI)
    return Found(
        controllers=tuple(
            Controller(
                name=f"slot {each.name}",
                model=text(each.fields.get("Model"), 80),
                serial=real_serial(each.fields.get("Serial Number"), 60),
                firmware=text(each.fields.get("Firmware Version"), 40),
                battery=_battery(each.fields.get("Battery/Capacitor Status")),
                state=text(each.fields.get("Controller Status"), 40),
            )
            for each in _of(parts, "controller")
        ),
        volumes=tuple(
            RaidVolume(
                name=each.name,
                level=_raid(each.fields.get("Fault Tolerance")),
                state=text(each.fields.get("Status"), 40),
                size=text(each.fields.get("Size"), 20),
                controller=each.controller,
            )
            for each in _of(parts, "volume")
        ),
        drives=tuple(
            Disk(
                name=f"{each.controller}/{each.name}"[:32],
                size_bytes=room,
                model=real_name(each.fields.get("Model"), 60),
                serial=real_serial(each.fields.get("Serial Number"), 80),
                rotational=_spins(each.fields.get("Interface Type", "")),
                health=text(each.fields.get("Status"), 40),
                wear=_ssacli_wear(each.fields),
            )
            for each in _once(_of(parts, "drive"))
            if (room := size(each.fields.get("Size"), 1000))
        ),
    )


def _raid(said: str | None) -> str | None:
    """Older versions write RAID before the number."""
    level = text((said or "").removeprefix("RAID").strip(), 20)
    return f"RAID{level}" if level else None


def _once(drives: Iterator[_Part]) -> Iterator[_Part]:
    """A spare of two arrays is listed below both."""
    found: set[tuple[str, str]] = set()
    for each in drives:
        if (each.controller, each.name) not in found:
            found.add((each.controller, each.name))
            yield each


def _ssacli_wear(fields: Record) -> Wear | None:
    hours, left = number(fields.get("Power On Hours"), 300_000), _PERCENT.match(fields.get("Usage remaining", ""))
    if hours is None and left is None:
        return None
    return Wear(hours=hours, used=max(0, 100 - int(left[1])) if left else None)


_PERCENT = re.compile(r"(\d{1,3})(?:\.\d{1,4})?%")


def _spins(interface: str) -> bool | None:
    if "solid state" in interface.casefold() or "nvme" in interface.casefold():
        return False
    return True if interface in ("SAS", "SATA") else None


_MEGACLI = (
    _Heading("controller", re.compile(r"Adapter (?:#|: ?)?(\d{1,3})")),
    _Heading("battery", re.compile(r"BBU status for Adapter: ?(\d{1,3})")),
    _Heading("volume", re.compile(r"(?:CacheCade )?Virtual Drive: (\d{1,4}).{0,40}")),
    _Heading("drive", re.compile(r"(?:PD: \d{1,4} Information|Enclosure Device ID: (\S{1,10}))")),
)
_LEVEL = re.compile(r"Primary-(\d{1,2}), Secondary-(\d{1,2})")


def megacli(lines: Sequence[str]) -> Found:
    """`MegaCli -AdpAllInfo`, `-AdpBbuCmd -GetBbuStatus` and `-LDPDInfo`, one behind the other. A drive of two volumes
    is listed twice."""
    parts = _parts(lines, _MEGACLI)
    batteries = {each.name: each.fields for each in _of(parts, "battery")}
    controllers = [each for each in _of(parts, "controller") if "Product Name" in each.fields]
    drives: dict[str, Disk] = {}
    for each in _of(parts, "drive"):
        fields = each.fields
        sectors = _SECTORS.search(fields.get("Raw Size", ""))
        if sectors and "Slot Number" in fields:
            alert = fields.get("Drive has flagged a S.M.A.R.T alert") == "Yes"
            foretold = alert or number(fields.get("Predictive Failure Count"))
            errors = number(fields.get("Media Error Count"), 2**32)
            model, serial = _inquiry(fields.get(_INQUIRY, ""), fields.get("PD Type", ""))
            block = 4096 if fields.get("Sector Size") == "4096" else 512
            enclosure = f"/e{each.name}" if each.name.isdigit() else ""
            name = f"c{each.controller}{enclosure}/s{fields['Slot Number']}"[:32]
            drives.setdefault(
                name,
                Disk(
                    name=name,
                    size_bytes=int(sectors[1], 16) * block,
                    model=model,
                    serial=serial,
                    rotational={"Hard Disk Device": True, "Solid State Device": False}.get(
                        fields.get("Media Type", "")
                    ),
                    health=text(fields.get("Firmware state", "") + (" SMART alert" if foretold else ""), 40),
                    wwn=real_serial(fields.get("WWN"), 80),
                    wear=None if errors is None else Wear(uncorrectable=errors),
                ),
            )
    return Found(
        controllers=tuple(
            Controller(
                name=f"c{each.name}",
                model=text(each.fields.get("Product Name"), 80),
                serial=real_serial(each.fields.get("Serial No"), 60),
                firmware=text(each.fields.get("FW Package Build"), 40),
                battery=_battery(batteries.get(each.name, {}).get("Battery State")),
            )
            for each in controllers
        ),
        volumes=tuple(
            RaidVolume(
                name=each.name,
                level=f"RAID{found[1]}{'0' if found[2] != '0' else ''}"
                if (found := _LEVEL.match(each.fields.get("RAID Level", "")))
                else None,
                state=text(each.fields.get("State"), 40),
                size=text(each.fields.get("Size"), 20),
                controller=each.controller,
            )
            for each in _of(parts, "volume")
        ),
        drives=tuple(drives.values())[:MAX_ENTRIES],
    )


def _inquiry(said: str, interface: str) -> tuple[str | None, str | None]:
    """Model and serial number, in columns: of SAS maker (8), model (16), revision (4) and serial number; of SATA serial
    number (20), model (40) and revision (8). Where the columns were lost, the whole is the drive's mark: it stays."""
    columns = said.removeprefix(" ")
    if interface == "SATA" and len(columns) > 60:
        return real_name(columns[20:60], 60), real_serial(columns[:20], 80)
    if interface == "SAS" and columns[8:24].strip() and columns[28:29].strip():
        return real_name(f"{columns[:8].strip()} {columns[8:24]}", 60), real_serial(columns[28:], 80)
    words = said.split()
    return real_name(" ".join(words[:-1]) or said, 60), real_serial("".join(words), 80)


_ARCCONF = (
    _Heading("controller", re.compile(r"(Controller information)", re.IGNORECASE)),
    _Heading("battery", re.compile(r"(Controller (?:Battery|ZMM) Information|(?:Cache|Green) Backup .{0,40})")),
    _Heading("version", re.compile(r"(Controller Version Information)")),
    _Heading("volume", re.compile(r"Logical device number (\d{1,4})", re.IGNORECASE)),
    _Heading("drive", re.compile(r"Device #(\d{1,4})")),
    _Heading(
        "other",
        re.compile(
            r"(.{0,80} (?:information|settings|properties)|Array Number \d{1,4}|(?:Channel|Phy) #\d{1,3}:?)",
            re.IGNORECASE,
        ),
    ),
)


def arcconf(lines: Sequence[str]) -> Found:
    """Adaptec's `arcconf GETCONFIG 1`, and 2 … behind it; MB are of 1024 × 1024 bytes. Each answer begins with the
    controller's own section, so that the number of those is the controller's."""
    answers: list[list[str]] = []
    for line in lines[:40_000]:
        if _ARCCONF[0].written.fullmatch(line.strip()):
            answers.append([])
        if answers:
            answers[-1].append(line)
    found = [_adaptec(str(at), answer) for at, answer in enumerate(answers[:16], 1)]
    return Found(
        controllers=tuple(part for each in found for part in each.controllers),
        volumes=tuple(part for each in found for part in each.volumes),
        drives=tuple(part for each in found for part in each.drives),
    )


def _adaptec(at: str, lines: Sequence[str]) -> Found:
    parts = _parts(lines, _ARCCONF, " : ")
    said = {kind: next((each.fields for each in _of(parts, kind)), {}) for kind in ("controller", "battery", "version")}
    model = real_name(said["controller"].get("Controller Model"), 80)
    battery = next((found for key in _BATTERIES if (found := said["battery"].get(key))), None)
    return Found(
        controllers=(
            Controller(
                name=at,
                model=model,
                serial=real_serial(said["controller"].get("Controller Serial Number"), 60),
                firmware=text(said["version"].get("Firmware"), 40),
                battery=_battery(battery),
                state=text(said["controller"].get("Controller Status"), 40),
            ),
        )
        if model
        else (),
        volumes=tuple(
            RaidVolume(
                name=each.name,
                level=f"RAID{level}" if (level := text(each.fields.get("RAID level"), 20)) else None,
                state=text(
                    each.fields.get("Status of logical device") or each.fields.get("Status of Logical Device"), 40
                ),
                size=text(each.fields.get("Size"), 20),
                controller=at,
            )
            for each in _of(parts, "volume")
        ),
        drives=tuple(
            Disk(
                name=f"{at}/{_place(each)}"[:32],
                size_bytes=int(room[1]) * 1024**2,
                model=real_name(" ".join(filter(None, (each.fields.get("Vendor"), each.fields.get("Model")))), 60),
                serial=real_serial(each.fields.get("Serial number"), 80),
                rotational={"No": True, "Yes": False}.get(each.fields.get("SSD", "")),
                health=text(
                    each.fields.get("State", "")
                    + (" SMART alert" if number(each.fields.get("S.M.A.R.T. warnings")) else ""),
                    40,
                ),
            )
            for each in _of(parts, "drive")
            if (room := _MIB.match(each.fields.get("Total Size") or each.fields.get("Size") or ""))
        ),
    )


_BATTERIES = ("Status", "Overall Backup Unit Status", "Backup Power Status")


def _place(part: _Part) -> str:
    where = part.fields.get("Reported Channel,Device(T:L)", "").partition("(")[0]
    return where.strip() or part.name


_STORCLI = (
    _Heading("controller", re.compile(r"Controller = (\d{1,3})")),
    _Heading("battery", re.compile(r"((?:BBU|Cachevault)_Info) :")),
)
_BATTERY_ROW = re.compile(
    r"(?:BBU|CVPM\S{0,8}|CVFM\S{0,8}|\S{0,10}BBU\S{0,6}|TMM\S{0,6}) +([A-Za-z]\S{0,19})(?: .{0,80})?"
)


def storcli(lines: Sequence[str]) -> tuple[Controller, ...]:
    """`storcli /call show`: `Key = value` lines of each controller, and a row for its battery or capacitor."""
    found: list[Controller] = []
    parts = _parts(lines, _STORCLI, "=")
    batteries = _rows(lines)
    for each in _of(parts, "controller"):
        model = text(each.fields.get("Product Name") or each.fields.get("Model"), 80)
        if model:
            found.append(
                Controller(
                    name=f"c{each.name}",
                    model=model,
                    serial=real_serial(each.fields.get("Serial Number"), 60),
                    firmware=text(each.fields.get("FW Package Build") or each.fields.get("FW Version"), 40),
                    battery=_battery(batteries.get(each.name)),
                )
            )
    return tuple(found)


def _rows(lines: Sequence[str]) -> Record:
    """By controller: the state in the battery's row."""
    found: Record = {}
    controller = ""
    for line in lines[:20_000]:
        if heading := _STORCLI[0].written.fullmatch(line.strip()):
            controller = heading[1]
        elif row := _BATTERY_ROW.fullmatch(line.strip()[:200]):
            found.setdefault(controller, row[1])
    return found


READERS: dict[str, Callable[[Sequence[str]], Found]] = {"ssacli": ssacli, "megacli": megacli, "arcconf": arcconf}
"""By the section of details.sh."""
