"""The disks that a letter lists, and those that a machine has: how many, and how large."""

import re
from collections.abc import Iterator, Sequence

from sopctl.model.facts.parts import Disk

_ABOUT = re.compile(
    r"\braid[ -]?\d{1,2}\b|\b(?:bay|slot|gen)[ .#-]?\d{1,2}\b|\bpcie?[ -]?(?:gen ?)?\d?(?:\.\d)?[ -]?x ?\d{1,2}\b"
    r"|\b(?:disks?|drive|hdd|ssd|no)[ .#]{0,2}\d{1,2} ?[:=)]|\b\d{1,2} ?g(?:bps|b/s|bit|bit/s|ps)\b"
    r"|\b(?:sas|sata)[ -]?\d{1,2}g\b|\b\d{1,2}g (?:sas|sata)\b|\b\d\.\d{1,2}[ -]?(?:in|inch|inci)\b|\d\.\d ?[\"”]",
    re.IGNORECASE,
)
"""Numbers in a line that are neither a count nor a size: a RAID level, a bay, a link's speed, the width of the case."""
_COUNTS = (
    re.compile(r"(?:^|[\s(:])(\d{1,3}) ?[x×*@](?![a-z])", re.IGNORECASE),
    re.compile(r"(?:^|[\s(])[x×*] ?(\d{1,3})(?![\w.,])", re.IGNORECASE),
    re.compile(
        r"(?<![\d.,])(\d{1,2}) ?(?:buah|bh|units?|pcs|pieces?|keping|ea|biji|disks?|drives?|hdd|ssd|nvme)\b",
        re.IGNORECASE,
    ),
    re.compile(r"\((\d{1,2})\)"),
)
_NUMBERS = {"dua": 2, "tiga": 3, "empat": 4, "enam": 6, "delapan": 8, "two": 2, "three": 3, "four": 4}
_NUMBER = re.compile(rf"\b({'|'.join(_NUMBERS)})\b", re.IGNORECASE)
_BETWEEN = re.compile(r" ?(?:\+|;|&|\bdan\b|\band\b|,(?= )|/(?= ?\d{1,2} ?[x×])) ?", re.IGNORECASE)
_SIZE = re.compile(r"(\d{1,6}(?:[.,]\d{1,3})?) ?([TGP])i?B?\b", re.IGNORECASE)
_POWERS = {"g": 3, "t": 4, "p": 5}
_TOLERANCE = 0.03
"""By which makers and people round: 1.8 TB is 1,800 or 1,801 GB, 15.3 TB is 15.36."""

_VOLUME = re.compile(
    r"perc|\bmr\d|logical[ _]?v|logical[ _]?drive|raid|avago|\blsi\b|asr\d|\bvolume|rs3[a-z]|boss vd|dellboss"
    r"|virtual[ _]disk|\blun",
    re.IGNORECASE,
)
"""Models that a RAID controller shows for its volumes: behind one are the disks that were declared."""
_MEDIA = re.compile(
    r"virtual (?:floppy|cd|media|hdisk|dvd)|lcdrive|internal sd|idsdm|oemdrv|secure ?boot", re.IGNORECASE
)
"""What a BMC plugs in by itself."""


def declared_count(lines: Sequence[str]) -> int:
    """How many disks the letter's lines are: `2 x 480 GB SSD` is two."""
    return sum(_count(each) for line in lines for each in _named(line))


def physical(disks: Sequence[Disk], drives: Sequence[Disk], *, guest: bool) -> tuple[Disk, ...] | None:
    """The machine's disks, whether the system sees them or their controller does; None if there is a controller whose
    disks could not be read. A `guest` of another machine has the disks that it sees, whatever they are called."""
    seen = [disk for disk in disks if not _MEDIA.search(disk.model or "")]
    if guest:
        return tuple(seen)
    own = [disk for disk in seen if not _VOLUME.search(disk.model or "")]
    if len(own) < len(seen) and not drives:
        return None
    # A controller lists the disks that it passes through as well.
    behind = {drive.serial for drive in drives if drive.serial}
    return (*drives, *(disk for disk in own if disk.serial not in behind))


def same_sizes(lines: Sequence[str], found: Sequence[Disk]) -> bool | None:
    """Has each declared disk one of its size, in powers of ten or two, whatever the letter calls them? None unless
    every line says a size."""
    wanted = [size for line in lines for size in _sizes(line)]
    if len(wanted) != declared_count(lines) or not wanted:
        return None
    left = sorted(disk.size_bytes for disk in found)
    for decimal, binary in sorted(wanted):
        match = next((size for size in left if _near(decimal, size) or _near(binary, size)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _named(line: str) -> list[str]:
    """The disks of one line: "2 x 480 GB + 4 x 1 TB" names two kinds. A part without a size belongs
    to the one before."""
    kinds: list[str] = []
    for part in _BETWEEN.split(_ABOUT.sub(" ", " ".join(line[:200].split()))):
        if kinds and not (_SIZE.search(part) and _SIZE.search(kinds[-1])):
            kinds[-1] += f" {part}"
        else:
            kinds.append(part)
    return kinds


def _count(kind: str) -> int:
    found = next((found for written in _COUNTS if (found := written.search(kind))), None)
    word = _NUMBER.search(kind)
    return max(1, int(found[1])) if found else _NUMBERS[word[1].casefold()] if word else 1


def _sizes(line: str) -> Iterator[tuple[float, float]]:
    """The size of each disk of a line, in bytes, read in powers of ten and of two."""
    for kind in _named(line):
        found = _SIZE.search(kind)
        if found:
            value, power = float(found[1].replace(",", ".")), _POWERS[found[2].casefold()]
            yield from [(value * 1000**power, value * 1024**power)] * _count(kind)


def _near(size: float, found: int) -> bool:
    return abs(size - found) <= _TOLERANCE * size
