"""Values from a server's own programs, made short, safe to print and typed.

Every source of facts passes its values through here. Nothing raises: a value that does not fit is None.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping

from sopctl.model import names
from sopctl.model.text import printable

MAX_ENTRIES = 512
"""Disks, interfaces or mounts of one server; no real server has more."""

_NOTHING = frozenset({"", "NA", "N/A", "None", "unknown", "Not Specified", "Not Available", "To Be Filled By O.E.M."})
"""What tools and Ansible give where they have no value. Names and serial numbers have a gate of their own
(placeholders.py)."""

_SIZE = re.compile(r"(\d{1,20}(?:[.,]\d{1,6})?) {0,4}([KMGTPE]?)(i?)(B(?:ytes)?|)", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}

_RAW_SIZE = re.compile(r"([\d.]{1,12} [KMGTP]i?B) \[0x([0-9a-fA-F]{1,13}) Sectors\]")
_INFINIBAND = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){19}")
"""A hardware address of InfiniBand (RFC 4391)."""


def mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def pairs(value: object) -> list[tuple[str, object]]:
    """The entries of a mapping whose keys are text, not too many."""
    found = value.items() if isinstance(value, Mapping) else ()
    return [(key, entry) for key, entry in list(found)[:4096] if isinstance(key, str)]


def entries(value: object) -> list[object]:
    return value[:MAX_ENTRIES] if isinstance(value, list) else []


def text(value: object, limit: int = 120) -> str | None:
    """A line that is safe to print; None where the source has no value."""
    if not isinstance(value, str):
        return None
    line = printable(" ".join(value[: limit * 8].split()), limit)
    return None if line in _NOTHING else line


def number(value: object, maximum: int = 2**53) -> int | None:
    """A count of zero or more, also from text of digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 17:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= maximum:
        return None
    return int(value)


def size(value: object, base: int = 1024) -> int | None:
    """A size in bytes: "16384 MB", "10.913 TB", "3.5 TiB", "4096 kB", "12,000,138,625,024 bytes", "1,5 TB".

    Most tools count in powers of 1024 whether they write GB or GiB; `base` is 1000 for one that means GB. None for what
    is no size, or is larger than any disk.
    """
    if not isinstance(value, str):
        return None
    said = value[:60].strip()
    if re.match(r"\d{1,3}(?:,\d{3}){1,6}(?![\d.,])", said):  # thousands
        said = said.replace(",", "")
    found = _SIZE.match(said)
    if found is None or (found[4] and said[found.end() : found.end() + 1].isalnum()):
        return None
    power = 1024 if found[3] else base
    return number(int(float(found[1].replace(",", ".")) * power ** _POWERS[found[2].casefold()]), 2**60)


def raw_size(value: object) -> int | None:
    """A drive's size in bytes from "10.914 TB [0xaea00000 Sectors]": the size of its sectors follows from the rounded
    size beside their number."""
    found = _RAW_SIZE.match(value[:80]) if isinstance(value, str) else None
    if found is None:
        return None
    sectors, about = int(found[2], 16), size(found[1]) or 0
    return min((sectors * 512, sectors * 4096), key=lambda exact: abs(exact - about))


def address(value: object) -> str | None:
    """An IP address in its canonical form, without a zone."""
    if not isinstance(value, str) or len(value) > 60:
        return None
    try:
        return str(ipaddress.ip_address(value.partition("%")[0]))
    except ValueError:
        return None


def addresses(value: object) -> Iterator[str]:
    for entry in entries(value)[:64]:
        found = address(entry)
        if found is not None:
            yield found


def mac(value: object) -> str | None:
    """A MAC address, or the longer one of InfiniBand, in lower case with colons; None if it is all zeros."""
    found = value.strip().lower() if isinstance(value, str) and len(value) < 80 else ""
    known = re.match(names.MAC, found) or _INFINIBAND.fullmatch(found)
    return found if known and found.strip("0:") else None
