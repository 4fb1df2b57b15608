"""What tells one deposit from all others, and who else has it.

Marks are compared by what they mean, not by how they are written: case, leading zeros, spaces and dashes in a number,
the spellings of an IPv6 address (RFC 4291, section 2.2), the final dot of a host name (RFC 1034, section 3.1). What
only stands for a serial number is none.

A public key that opens accounts is a mark between units alone: one unit's people log in to all of its servers with it,
and another's never do.
"""

import ipaddress
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Literal

from msgspec import Struct

from sopctl.locale import Text, gettext_noop
from sopctl.locale.recognising import Recogniser
from sopctl.model import unit
from sopctl.model.access import public_key
from sopctl.model.access.target import fingerprint
from sopctl.model.deposit import Adoption, AnyRequest, ApplianceRequest
from sopctl.model.unit import Unit

Kind = Literal["address", "serial", "name", "host-key", "bmc", "letter", "key"]

CALLED: Mapping[Kind, str] = {
    "address": gettext_noop("the address"),
    "serial": gettext_noop("the serial number"),
    "name": gettext_noop("the host name"),
    "host-key": gettext_noop("the host key"),
    "bmc": gettext_noop("the BMC's address"),
    "letter": gettext_noop("the letter"),
    "key": gettext_noop("the public key"),
}
"""The kinds of marks in words."""


class Mark(Struct, frozen=True, order=True):
    """Something that only one open deposit may have: its kind, and what it means whatever its spelling."""

    kind: Kind
    value: str


Marks = Mapping[Mark, str]
"""Each mark as it is written in the record."""


class Holder(Struct, frozen=True):
    """A deposit that is open, or about to be: its id (`row 3` of a list), its marks, its unit and server for people,
    the marks that it may share with others (someone said why), and which unit's it is (`unit.identity`)."""

    id: str
    marks: Marks
    about: str = ""
    excused: frozenset[Mark] = frozenset()
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.id} ({self.about})" if self.about else self.id

    def may_share(self, mark: Mark, other: "Holder") -> bool:
        """May both have it, for no reason that anybody has to give?"""
        return self is other or (mark.kind == "key" and self.unit == other.unit)


_WRITTEN = Recogniser(gettext_noop("{number} of {unit}"), gettext_noop("{address}, given by the office"))
"""Marks that are written with words of ours."""


class Clash(Struct, frozen=True):
    """A mark of a deposit, as it is written there, that others have too: a few of them are named."""

    id: str
    mark: Mark
    said: str
    others: tuple[Holder, ...]

    def __str__(self) -> str:
        return str(self.text)

    @property
    def text(self) -> Text:
        """`the serial number SN-1 is that of PS-2026-0001 (Dinas Contoh: web1.example.org)`"""
        return Text(
            "{mark} {value} is that of {others}",
            mark=Text(CALLED[self.mark.kind]),
            value=_WRITTEN.text(self.said),
            others=", ".join(map(str, self.others)),
        )


NAMED = 5
"""How many others that have a mark are named."""


def marks(
    record: AnyRequest | Adoption, units: Mapping[str, Unit], *, serial: str | None = None, host_key: str = ""
) -> dict[Mark, str]:
    """The marks of a record. `serial`: the number that counts now, where that is not the record's own; `host_key`: the
    fingerprint of the pinned one."""
    access, server = record.access, record.server
    number = server.serial if serial is None else serial
    bmc = None if isinstance(record, ApplianceRequest) else record.bmc
    found: list[tuple[Kind, str, str]] = []
    if access.address:
        found.append(("address", f"{host(access.address)} {access.port}", _endpoint(access.address, access.port)))
    found.append(("name", host(server.name), server.name))
    if serial_number(number):
        found.append(("serial", serial_number(number), number))
    if host_key:
        found.append(("host-key", host_key, host_key))
    if bmc:
        found.append(("bmc", host(bmc.address), bmc.address))
    if record.letter and letter_number(record.letter.number):
        value = f"{unit.identity(units, record.unit)}: {letter_number(record.letter.number)}"
        found.append(("letter", value, f"{record.letter.number} of {record.unit}"))
    for account in access.accounts:
        for key in filter(None, map(public_key.blob, account.keys)):
            found.append(("key", fingerprint(key), f"{fingerprint(key)} of {account.name}"))
    return {Mark(kind, value): said for kind, value, said in found}


def host(written: str) -> str:
    """A host name or an IP address in one spelling; an IPv4 address in an IPv6 one (RFC 4291, 2.5.5.2) is itself."""
    name = written.strip().casefold().rstrip(".")
    plain, zoned, zone = name.strip("[]").partition("%")
    try:
        found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(plain)
    except ValueError:
        return name
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return f"{found}{zoned}{zone}"


def serial_number(written: str) -> str:
    """A serial number without what people and spreadsheets vary: case, spaces, dashes, leading zeros. Empty for what
    only stands for one."""
    from sopctl.model.placeholders import stands_for_nothing  # whoever only reads does without its patterns

    if stands_for_nothing(written):
        return ""
    return "".join(each for each in _folded(written) if each.isalnum()).lstrip("0")


def letter_number(written: str) -> str:
    """The number of a letter: its words and numbers, without leading zeros, whatever separates them."""
    parts = re.findall(r"[^\W\d_]+|\d+", _folded(written))
    return "/".join(part.lstrip("0") or "0" if part.isdecimal() else part for part in parts)


def clashes(new: Sequence[Holder], there: Iterable[Holder] = ()) -> list[Clash]:
    """What new deposits share with those that are there, and each with the new ones before it, unless someone said why
    the new one may. Each mark is looked up once: the cost grows with the deposits, not with their pairs."""
    have = _by_mark(there)
    found: list[Clash] = []
    for holder in new:
        for mark, said in holder.marks.items():
            others = tuple(islice((each for each in have[mark] if not holder.may_share(mark, each)), NAMED))
            if others and mark not in holder.excused:
                found.append(Clash(holder.id, mark, said, others))
            have[mark].append(holder)
    return found


def shared(holders: Sequence[Holder]) -> tuple[list[Clash], list[Clash]]:
    """What deposits that are there share: without a reason, and with one. Of those that share a mark, one needs no
    reason: the other ones have it."""
    without, with_reason = [], []
    for mark, having in _by_mark(holders).items():
        plain = [holder for holder in having if mark not in holder.excused]
        for holder in having if len(having) > 1 else ():
            if mark in holder.excused:
                if others := tuple(islice((each for each in having if not holder.may_share(mark, each)), NAMED)):
                    with_reason.append(Clash(holder.id, mark, holder.marks[mark], others))
            elif not holder.may_share(mark, plain[0]):
                without.append(Clash(holder.id, mark, holder.marks[mark], (plain[0],)))
    return without, with_reason


def _by_mark(holders: Iterable[Holder]) -> defaultdict[Mark, list[Holder]]:
    have: defaultdict[Mark, list[Holder]] = defaultdict(list)
    for holder in holders:
        for mark in holder.marks:
            have[mark].append(holder)
    return have


def _folded(written: str) -> str:
    return unicodedata.normalize("NFKC", written[:200]).casefold()


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
