"""What `smartctl -H -i -A` says of a disk: its serial number, its health, and the counts that foretell its end.

As JSON (smartmontools 7), else as text. Three kinds of disks say it in three ways: ATA in a table of attributes whose
numbers and names the makers chose, NVMe in the log of NVMe 1.4 (figure 194), SAS in lines of its own.
"""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from sopctl.model import placeholders
from sopctl.model.facts.parts import Wear
from sopctl.model.sanitise import entries, mapping, number, text

_HEALTH = re.compile(r"SMART (?:overall-health self-assessment test result|Health Status):\s{0,20}(.{1,80})")
_ATTRIBUTE = re.compile(
    r"\s{0,4}(\d{1,3}) ([A-Za-z_0-9-]{1,40})\s{1,40}0x[0-9a-f]{4}\s{1,8}(\d{3})\s{1,8}\S{3}\s{1,8}\S{3}\s{1,8}\S{1,10}"
    r"\s{1,10}\S{1,10}\s{1,10}\S{1,12}\s{1,10}(\d{1,19}.{0,40})"
)
_COUNT = re.compile(r"[\d,.]{1,26}")
_ERRORS = re.compile(r"(?:read|write|verify):(?:\s{1,20}[\d.]{1,24}){6}\s{1,20}(\d{1,15})")

_LONGEST = 30 * 365 * 24
"""Hours; some disks count minutes or seconds, and no disk is older."""
_MOST = 2**32
"""Sectors; a larger number is made of several."""

_ATTRIBUTES: Mapping[int | None, tuple[str, tuple[str, ...]]] = {
    5: ("reallocated", ("reallocat", "retired_block")),
    9: ("hours", ("power_on_hours", "power-on_hours", "power_on_time")),
    197: ("pending", ("pending",)),
    198: ("uncorrectable", ("uncorrect",)),
}
"""ATA attributes by number, and the words that their names then have: some makers count something else there."""

_LIFE_LEFT = ("wear_leveling", "media_wearout", "ssd_life_left", "percent_lifetime_remain", "remaining_lifetime")
"""Names of ATA attributes whose normalised value is what is left of the life of a flash disk, in percent."""


class Smart(Struct, frozen=True):
    """A disk's own word: its serial number, its health, and its wear."""

    serial: str | None = None
    health: str | None = None
    wear: Wear | None = None


def document(said: object) -> Smart:
    """`smartctl -j`."""
    found = mapping(said)
    passed = mapping(found.get("smart_status")).get("passed")
    health = {True: "PASSED", False: "FAILED!"}.get(passed) if isinstance(passed, bool) else None
    table = [
        (number(each.get("id")), _name(each), number(each.get("value"), 255), mapping(each.get("raw")).get("string"))
        for each in map(mapping, entries(mapping(found.get("ata_smart_attributes")).get("table"))[:100])
    ]
    log = mapping(found.get("nvme_smart_health_information_log"))
    counters = mapping(found.get("scsi_error_counter_log"))
    errors = [number(mapping(each).get("total_uncorrected_errors"), _MOST) for each in list(counters.values())[:8]]
    counts = _of_attributes(table)
    return Smart(
        serial=placeholders.serial(found.get("serial_number"), 80),
        health=health,
        wear=_wear(
            hours=_first(number(mapping(found.get("power_on_time")).get("hours"), _LONGEST), counts.get("hours")),
            reallocated=counts.get("reallocated"),
            pending=counts.get("pending"),
            uncorrectable=_first(counts.get("uncorrectable"), number(log.get("media_errors"), _MOST), _sum(errors)),
            defects=number(found.get("scsi_grown_defect_list"), _MOST),
            used=_first(
                number(log.get("percentage_used"), 255),
                number(found.get("scsi_percentage_used_endurance_indicator"), 255),
                number(mapping(found.get("endurance_used")).get("current_percent"), 255),
                counts.get("used"),
            ),
        ),
    )


def lines(said: Sequence[str]) -> Smart:
    """`smartctl` as text."""
    fields: dict[str, str] = {}
    table, errors, health = list[_Row](), list[int | None](), None
    for line in said[:400]:
        if row := _ATTRIBUTE.fullmatch(line[:200].rstrip()):
            table.append((int(row[1]), row[2], int(row[3]), row[4]))
        elif counted := _ERRORS.match(line[:300]):
            errors.append(number(counted[1], _MOST))
        else:
            found = _HEALTH.match(line)
            health = health or (found[1] if found else None)
            key, mark, value = (line[:300].replace("number of hours powered up =", "hours powered up:")).partition(":")
            if mark:
                fields.setdefault(key.strip().casefold(), value.strip())
    counts = _of_attributes(table)
    return Smart(
        serial=placeholders.serial(fields.get("serial number"), 80),
        health=text((health or "").partition(" [")[0], 40),
        wear=_wear(
            hours=_first(
                counts.get("hours"),
                _count(fields.get("power on hours"), _LONGEST),
                _count(fields.get("hours powered up", "").partition(".")[0], _LONGEST),
                _count(fields.get("accumulated power on time, hours", "").removeprefix("minutes ").partition(":")[0]),
            ),
            reallocated=counts.get("reallocated"),
            pending=counts.get("pending"),
            uncorrectable=_first(
                counts.get("uncorrectable"), _count(fields.get("media and data integrity errors")), _sum(errors)
            ),
            defects=_count(fields.get("elements in grown defect list")),
            used=_first(
                _count(fields.get("percentage used"), 255),
                _count(fields.get("percentage used endurance indicator"), 255),
                counts.get("used"),
            ),
        ),
    )


_Row = tuple[int | None, str, int | None, object]
"""An ATA attribute: its number, its name, its normalised value, and its raw value as smartctl prints it."""


def _of_attributes(table: Sequence[_Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, said, value, raw in table:
        name = said.casefold()
        key, words = _ATTRIBUTES.get(at, ("", ()))
        if any(word in name for word in words):
            counted = _count(raw, _LONGEST if key == "hours" else _MOST)
            if counted is not None:
                found.setdefault(key, counted)
        elif any(word in name for word in _LIFE_LEFT) and value is not None and 0 < value <= 100:
            found.setdefault("used", 100 - value)
    return found


def _name(attribute: Mapping[str, object]) -> str:
    return text(attribute.get("name"), 40) or ""


def _count(said: object, most: int = _MOST) -> int | None:
    """The number at the beginning: `8`, `1,234`, `12345h+12m+3.4s`, `0 (0 0)`, `3%`."""
    found = _COUNT.match(said) if isinstance(said, str) else None
    return number(found[0].replace(",", "").partition(".")[0], most) if found else None


def _first(*found: int | None) -> int | None:
    return next((each for each in found if each is not None), None)


def _sum(found: Sequence[int | None]) -> int | None:
    known = [each for each in found if each is not None]
    return sum(known) if known else None


def _wear(**counts: int | None) -> Wear | None:
    return Wear(**counts) if any(each is not None for each in counts.values()) else None
