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
"""What firmware and Ansible give where they have no value."""

NO_DISK = re.compile(r"(loop|ram|zram|dm-|md|sr|fd|nbd|rbd|drbd)\d")
NO_NIC = re.compile(r"(lo|veth|docker|br-|virbr|tun|tap|vnet|dummy|sit|ip6tnl|cni|flannel|cali|ifb|wg)")
NO_FILE_SYSTEM = frozenset({"squashfs", "iso9660", "tmpfs", "devtmpfs", "overlay", "proc", "sysfs", "autofs"})


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
    """A MAC address, in lower case with colons; None if it is all zeros."""
    found = value.strip().lower() if isinstance(value, str) and len(value) < 60 else ""
    return found if re.match(names.MAC, found) and found != "00:00:00:00:00:00" else None
