"""Power supplies by the BMC: `ipmitool fru print` says which there are, `sdr type 0x08` and `0x09` how they are.

The words for states are those of the IPMI specification 2.0 (table 42-3, sensor types 08h and 09h; table 42-2, generic
states 0Bh), as ipmitool writes them. Which supply a line is about, its name says (`PS1 Status`, `Power Supply 2`), or
else the number of the entity (10.1: the first power supply, table 43-13).
"""

import re
from collections.abc import Iterable, Sequence

from msgspec import structs

from sopctl.model import placeholders
from sopctl.model.facts.matching import identity
from sopctl.model.facts.parts import PowerSupply
from sopctl.model.sanitise import number, text

Record = dict[str, str]

_MOST = 64
"""No server has more supplies."""

_FRU = re.compile(r"FRU Device Description : (.{1,60}?) \(ID \d{1,3}\)")
_NAME = re.compile(
    r"(?:pwr|power)[ _-]?(?:supply|sply|unit)?[ _#-]?(\d{1,2})(?!\d).{0,40}|psu?[ _#-]?(\d{1,2})(?!\d).{0,40}",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"10\.(\d{1,3})")
_OF_A_SUPPLY = re.compile(r"fan|temp|redun|power (?:in|out|meter)|current|volt|mismatch", re.IGNORECASE)
_WATTS = re.compile(r"(\d{2,5}) ?W(?:atts?)?\b", re.IGNORECASE)
_NUMBERS = re.compile(r"\d{1,4}")
_SPLIT = re.compile(r", (?!but )")
"""Between states: "AC out-of-range, but present" is one."""
_THERE = ("Presence detected", "Device Present")
_UNPOWERED = frozenset({"Power Supply AC lost", "AC lost or out-of-range"})
_REDUNDANCY = re.compile(r"Fully Redundant|Redundancy (?:Lost|Degraded).{0,40}|Non-Redundant.{0,60}", re.IGNORECASE)
_STATE = re.compile(
    r"Failure detected|Predictive failure|Power Supply AC lost|AC lost or out-of-range|AC out-of-range, but present"
    r"|Config Error.{0,40}|Power Supply Inactive|Presence detected|Device Present",
    re.IGNORECASE,
)


def supplies(fru: Sequence[str], sensors: Sequence[str]) -> tuple[PowerSupply, ...]:
    """The supplies that are there, by their number. A bay whose sensor is read and does not detect one is empty."""
    known = _fru(fru)
    said: dict[int, list[str]] = {}
    for name, entity, states in _sensors(sensors):
        place = _place(name, entity)
        if place is not None and states is not None and len(said) < _MOST:
            said.setdefault(place, []).extend(states)
    there = {place for place, states in said.items() if any(map(_STATE.fullmatch, states))} or set(known)
    return tuple(_supply(place, known.get(place, {}), said.get(place, [])) for place in sorted(there))


def redundancy(sensors: Sequence[str]) -> str | None:
    """What the BMC says of the redundancy of its supplies: Fully Redundant, Redundancy Lost. Of several the first."""
    found = (state for _, _, states in _sensors(sensors) for state in states or () if _REDUNDANCY.fullmatch(state))
    return text(next(found, None), 60)


def joined(smbios: Sequence[PowerSupply], bmc: Sequence[PowerSupply]) -> tuple[PowerSupply, ...]:
    """The supplies of both: the same by serial number, or else by place. The BMC knows the state of now, SMBIOS that of
    the last start.

    Some makers count from 0 in one of the two. So where both have as many left, place is their order; else it is the
    number in the name.
    """
    left = list(bmc)
    found: dict[int, PowerSupply] = {}
    for at, supply in enumerate(smbios):
        mark = identity(supply.serial)
        other = next((each for each in left if mark and identity(each.serial) == mark), None)
        if other is not None:
            left.remove(other)
            found[at] = other
    alone = sorted((at for at in range(len(smbios)) if at not in found), key=lambda at: _number(smbios[at]))
    if len(alone) == len(left):
        found |= dict(zip(alone, left, strict=True))
        left = []
    for at in alone:
        other = next((each for each in left if _number(each) == _number(smbios[at])), None)
        if other is not None:
            left.remove(other)
            found[at] = other
    both = (_both(supply, found[at]) if at in found else supply for at, supply in enumerate(smbios))
    return (*both, *left)


def _both(smbios: PowerSupply, bmc: PowerSupply) -> PowerSupply:
    return structs.replace(
        smbios,
        model=smbios.model or bmc.model,
        serial=smbios.serial or bmc.serial,
        watts=smbios.watts or bmc.watts,
        state=bmc.state or smbios.state,
        plugged=smbios.plugged if bmc.plugged is None else bmc.plugged,
    )


def _number(supply: PowerSupply) -> int:
    """The last number in its name."""
    return int(next(reversed(_NUMBERS.findall(supply.name)), "0"))


def _supply(place: int, record: Record, states: Iterable[str]) -> PowerSupply:
    told = tuple(dict.fromkeys(state for state in states if _STATE.fullmatch(state)))
    wrong = ", ".join(state for state in told if state not in _THERE)
    model = next((found for key in _MODELS if (found := placeholders.name(record.get(key), 60))), None)
    rated = _WATTS.match(record.get("Capacity", "")) or _WATTS.search(" ".join(map(record.get, _MODELS, [""] * 4)))
    return PowerSupply(
        name=f"PSU {place}",
        model=model,
        serial=next((found for key in _SERIALS if (found := placeholders.serial(record.get(key), 60))), None),
        state=text(wrong or (_THERE[0] if told else None), 60),
        watts=number(rated[1], 100_000) or None if rated else None,
        plugged=not _UNPOWERED & set(told) if told else None,
    )


_MODELS = ("Product Part Number", "Board Part Number", "Product Name", "Board Product")
_SERIALS = ("Product Serial", "Board Serial")


def _fru(lines: Sequence[str]) -> dict[int, Record]:
    """By number: the `key : value` lines of those devices that are power supplies and say something of themselves."""
    found: dict[int, Record] = {}
    record: Record = {}
    for line in lines[:10_000]:
        if heading := _FRU.match(line[:100]):
            named = _NAME.fullmatch(heading[1].strip())
            record = {}
            if named and len(found) < _MOST:
                record = found.setdefault(int(named[1] or named[2]), record)
        else:
            key, colon, value = line[:200].partition(":")
            if colon and value.strip():
                record.setdefault(key.strip(), value.strip())
    return {place: each for place, each in found.items() if each.keys() & {*_MODELS, *_SERIALS}}


def _sensors(lines: Sequence[str]) -> Iterable[tuple[str, str, list[str] | None]]:
    """`name | number | status | entity | states`: the states are None where the sensor gave no reading."""
    for line in lines[:2_000]:
        cells = [cell.strip() for cell in line[:400].split("|")]
        if len(cells) == 5:
            name, _, status, entity, reading = cells
            read = status not in ("ns", "na") and reading not in ("No Reading", "Disabled", "Not Readable")
            yield name, entity, [state for state in _SPLIT.split(reading) if state] if read else None


def _place(name: str, entity: str) -> int | None:
    """The number of the supply whose presence a sensor tells; None for one of its fans, its temperature, a sum."""
    if _OF_A_SUPPLY.search(name[:40]):
        return None
    if named := _NAME.fullmatch(name[:40]):
        return int(named[1] or named[2])
    instance = _ENTITY.fullmatch(entity)
    return int(instance[1]) if instance and "suppl" not in name.casefold() else None
