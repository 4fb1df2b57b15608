"""Who has which mark (address, serial number, host key, …), read from the histories of the open deposits.

The index decides nothing here. Every dossier's files are looked through for traces of the marks in question, in any
spelling, and those with one are read as the records that they are. A look through the files of a dossier costs some
fifty microseconds, and reading it twenty times that: so where many marks are in question, all of them are read.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from msgspec import structs

from sopctl.errors import Action, InvalidRecord, SopctlError
from sopctl.locale import Text, joined
from sopctl.model import unit
from sopctl.model.access import public_key
from sopctl.model.access.target import fingerprint
from sopctl.model.deposit import Adoption, AnyRequest, Deposit
from sopctl.model.intake import identity
from sopctl.model.intake.identity import Clash, Holder, Mark
from sopctl.model.sop.entries import (
    AddressGiven,
    ConditionInspected,
    Corrected,
    Despite,
    Filed,
    HostKeyPinned,
    Shared,
    Undone,
    entry_signs,
    from_data,
)
from sopctl.model.sop.history import Event
from sopctl.store import codec, dossiers, locks
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import bytes_of
from sopctl.store.site import Site

WAIT_SECONDS = 120
"""How long to wait for another command that compares with all deposits, as for a list of thousands of servers."""

_CHANGE_MARKS = frozenset[str]().union(
    *map(entry_signs, (Filed, HostKeyPinned, AddressGiven, ConditionInspected, Corrected, Undone))
)
"""The entries by which a deposit may come to have a mark, as an event's data shows them."""

FEW = 60
"""Marks; for more of them, reading every dossier is faster than looking for traces of each."""


def alone(site: Site) -> AbstractContextManager[None]:
    """Hold the identities: nobody else begins to have one between the look at the others and the record."""
    return locks.hold(site.locks / "identities", "the deposits' identities", wait=WAIT_SECONDS)


def of(site: Site, dossier: Dossier) -> Holder:
    """The marks that a deposit has now. Raises InvalidRecord for an entry of its history that is not valid."""
    pinned = dossier.newest(HostKeyPinned)
    found = identity.marks(
        dossier.deposit,
        site.settings.units,
        serial=dossier.summary.serial,
        host_key=pinned.host_key.sha256 if pinned else "",
    )
    given = dossier.newest(AddressGiven)
    if given:
        where = Mark("address", f"{identity.host(given.address_given)} {dossier.deposit.access.port}")
        found.setdefault(where, f"{given.address_given}, given by the office")
    excused = {Mark(each.kind, each.value) for _, entry in dossier.established(Despite) for each in entry.shares}
    about = f"{dossier.deposit.unit}: {dossier.deposit.server.name}"
    owner = unit.identity(site.settings.units, dossier.deposit.unit)
    return Holder(dossier.id, found, about, frozenset(excused), owner)


def of_new(site: Site, name: str, record: AnyRequest | Adoption) -> Holder:
    """The marks of a deposit that is not open yet; `name` is what it is called until it has an id."""
    about = f"{record.unit}: {record.server.name}"
    units = site.settings.units
    return Holder(name, identity.marks(record, units), about, unit=unit.identity(units, record.unit))


def clashes(site: Site, new: Sequence[Holder]) -> list[Clash]:
    """What these share with the open deposits, and with each other. A dossier that cannot be read is told
    (`Site.lagging`)."""
    marks = {mark for holder in new for mark in holder.marks if mark not in holder.excused}
    return identity.clashes(new, _having(site, marks, {holder.id for holder in new})) if marks else []


def hosts(site: Site) -> set[str]:
    """The addresses that open deposits have (`identity.host`): their servers', their BMCs', and those that were given
    to them. Read from every history."""
    found: set[str] = set()
    for deposit_id in dossiers.ids(site):
        try:
            dossier = dossiers.read(site, deposit_id)
            if dossier.standing.step is None:
                continue
            deposit, given = dossier.deposit, dossier.newest(AddressGiven)
        except SopctlError as error:
            site.tell(error)
            continue
        found |= {identity.host(deposit.access.address), identity.host(deposit.bmc.address) if deposit.bmc else ""}
        found |= {identity.host(given.address_given)} if given else set()
    return found - {""}


def added(site: Site, dossier: Dossier, event: Event) -> Holder:
    """The marks that a deposit has after `event` and had not before. None for one that the event closes."""
    if _CHANGE_MARKS.isdisjoint(event.data):
        return Holder(dossier.id, {})
    bound = dossiers.bind(dossier.id, dossier.events, event)
    filed, deposit = from_data(Filed, bound), dossier.deposit
    if filed:
        path = dossier.folder / filed.filed.file
        deposit = codec.parse(codec.read(path), Deposit, where=str(path))
    after = replace(dossier, deposit=deposit, events=(*dossier.events, bound))
    if after.standing.step is None:
        return Holder(dossier.id, {})
    now = of(site, after)
    if dossier.standing.step is None:  # an end may be taken back
        return structs.replace(now, about="")
    before = of(site, dossier)
    new = {
        mark: said
        for mark, said in now.marks.items()
        if mark not in before.marks or (mark.kind == "key" and before.unit != now.unit)
    }
    return structs.replace(now, marks=new, about="")


def despite(found: Sequence[Clash], why: str) -> Despite:
    """What an event keeps of a reason to share marks with others."""
    shares = tuple(Shared(each.mark.kind, each.mark.value, tuple(one.id for one in each.others)) for each in found)
    return Despite(despite=why, shares=shares)


def refuse(found: Sequence[Clash], where: str = "", *, rows: bool = False, how: Action | None = None) -> None:
    """Raise InvalidRecord where marks are those of others. `rows`: say of each which row it is about; `how` a reason to
    have them all the same is given."""
    if not found:
        return
    first, *others = [joined(": ", (each.id, each.text)) if rows else each.text for each in found[:50]]
    keys = [each for each in found if each.mark.kind == "key"]
    correct = [Text("One server is one deposit: correct what is wrong.")] if len(keys) < len(found) else []
    own = [Text("Ask the unit for a key of its own: ssh-keygen -t ed25519.")] if keys else []
    if how:
        why = Text("If both are right (one address behind which several servers are, one letter for several), say why:")
    else:
        why = Text(
            "If both are right (one address behind which several servers are, one letter for several), say why, with "
            "--despite."
        )
    raise InvalidRecord(
        "identity-taken",
        "{clash}",
        where=where,
        remedy=(
            joined(" ", (*correct, *own, why)),
            *([how] if how else []),
        ),
        lines=others,
        clash=first,
        given="; ".join(each.said for each in found[:50]),
        shared="; ".join(f"{each.said} ({each.others[0].id})" for each in found[:50]),
    )


def _having(site: Site, marks: Collection[Mark], but: Collection[str]) -> Iterator[Holder]:
    """The open deposits that have one of these marks (and perhaps others), read from their histories."""
    traces = [_trace(mark) for mark in marks] if len(marks) <= FEW else None
    for deposit_id in dossiers.ids(site):
        if deposit_id in but:
            continue
        try:
            if traces and not _may_have(site.folder("deposits") / deposit_id, traces):
                continue
            dossier = dossiers.read(site, deposit_id)
            if dossier.standing.step is not None:
                yield of(site, dossier)
        except SopctlError as error:
            site.tell(error)


class _Text:
    """The text of a dossier's files: as it is (in lower case), and without all that is no letter or digit."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @cached_property
    def keys(self) -> frozenset[str]:
        """The fingerprints of the public keys in it."""
        words = (word.decode() for word in _KEY.findall(self._content))
        return frozenset(fingerprint(public_key.blob(f"key {word}")) for word in words)

    @cached_property
    def plain(self) -> str:
        text = self._content.decode(errors="replace")
        return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()

    @cached_property
    def squeezed(self) -> str:
        text = self.plain.encode().translate(None, _NO_WORD).decode()
        return text if text.isascii() else re.sub(r"\W", "", text)


_KEY = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")
"""What may be a public key (`names.PUBLIC_KEY`)."""
_NO_WORD = bytes(code for code in range(128) if not chr(code).isalnum())
_Trace = Callable[[_Text], bool]


def _may_have(folder: Path, traces: Sequence[_Trace]) -> bool:
    """May a dossier have one of these marks? Never no where it does."""
    history = bytes_of(folder / "history.yml", dossiers.HISTORY_BYTES, links=False)
    record = bytes_of(folder / "deposit.yml", codec.MAX_BYTES, links=False)
    # The record that counts is the one that was filed last. A text in quotes may have its characters as escapes.
    filed = history[history.rfind(b"permohonan.yml") :][:200]
    if hashlib.sha256(record).hexdigest().encode() not in filed or b"\\" in record:
        return True
    text = _Text(record + b"\n" + history)
    return any(trace(text) for trace in traces)


def _trace(mark: Mark) -> _Trace:
    """What finds a mark in a text, in whichever spelling."""
    match mark.kind:
        case "letter":
            parts = mark.value.rpartition(": ")[2].split("/")
            number = re.compile(r"[\W_]*".join(f"0*{re.escape(part)}" for part in parts))
            return lambda text: number.search(text.plain) is not None
        case "key":
            return lambda text: mark.value in text.keys
        case "address" | "bmc":
            return _trace_of_host(mark.value.partition(" ")[0])
    word = _squeezed(mark.value)
    return lambda text: word in text.squeezed


def _trace_of_host(host: str) -> _Trace:
    address = host.partition("%")[0]
    if ":" in address:
        return lambda text: any(
            each.count(":") > 1 and len(each) < 64 and identity.host(each) == address
            for each in re.findall(r"[0-9a-f:.]+", text.plain)
        )
    words = [_squeezed(host)]
    try:
        high, low = divmod(int(IPv4Address(address)), 1 << 16)
    except AddressValueError:
        pass
    else:  # ::ffff:c000:20a is 192.0.2.10
        words += [f"ffff{one}{two}" for one in (f"{high:x}", f"{high:04x}") for two in (f"{low:x}", f"{low:04x}")]
    return lambda text: any(word in text.squeezed for word in words)


def _squeezed(value: str) -> str:
    return "".join(re.findall(r"[^\W_]+", value.casefold()))
