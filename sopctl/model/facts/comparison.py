"""How a field of ServerFacts is compared between two gatherings: what counts as a change, its weight and its words.

Only what an owner would want to know is a change. A value that could be read only one of the two times is not.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct

from sopctl.model.facts.parts import Disk
from sopctl.model.quantity import decimal


class Weight(StrEnum):
    """What a change asks for: action, attention, or nothing (it merely could not be read this time)."""

    ALARM = "alarm"
    CHANGE = "change"
    UNREAD = "unread"


class Change(Struct, frozen=True):
    """One difference. `before` is None for what is new, `after` for what is gone."""

    weight: Weight
    subject: str
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        """The sentence on the form, in Indonesian."""
        if self.weight is Weight.UNREAD:
            return f"{self.subject}: tidak terbaca kali ini (sebelumnya {self.before})"
        if self.before is None:
            return f"{self.subject} baru: {self.after}"
        if self.after is None:
            return f"{self.subject} tidak ada lagi: {self.before}"
        return f"{self.subject}: {self.before} menjadi {self.after}"


class Facts(Protocol):
    """Any facts: their fields are compared by name."""

    @property
    def missing(self) -> Mapping[str, object]: ...


class Comparison(Struct, frozen=True):
    """How one field is compared. The sentence begins with `subject`, by default the field's label on the form."""

    subject: str = ""

    def changes(self, field: str, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
        """The changes of `field`, reported with `subject`."""
        raise NotImplementedError


class Uncompared(Comparison, frozen=True, kw_only=True):
    """A difference is not a change."""

    why: str

    def changes(self, field: str, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
        yield from ()


class Value(Comparison, frozen=True, kw_only=True):
    """A single value, as the `word` made from the values of `fields` (by default the field itself)."""

    weight: Weight = Weight.CHANGE
    word: Callable[..., object] = lambda value: value
    fields: tuple[str, ...] = ()

    def changes(self, field: str, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
        old, new = (self.word(*values(facts, self.fields or (field,))) for facts in (before, after))
        if old and new and old != new:
            yield Change(self.weight, subject, str(old), str(new))
        elif old and not new and field in after.missing:
            yield Change(Weight.UNREAD, subject, str(old))


class Amount(Comparison, frozen=True, kw_only=True):
    """A number that may differ by a fraction of itself (`tolerance`). It is not compared if the field named by `unless`
    was read both times."""

    tolerance: float
    unless: str

    def changes(self, field: str, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
        old, new = getattr(before, field), getattr(after, field)
        if getattr(before, self.unless) and getattr(after, self.unless):
            return
        if old and new and abs(new - old) > self.tolerance * old:
            yield Change(Weight.CHANGE, subject, str(old), str(new))


class Items(Comparison, frozen=True, kw_only=True):
    """A list whose `names` come and go: equal names are counted, but in a set only once. With `only_both`, it is
    compared only if it had entries both times. If it could not be read this time, its old length is reported, in units
    of `counted`."""

    names: Callable[[Any], Collection[str]]
    counted: str = "terbaca"
    only_both: bool = False

    def changes(self, field: str, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
        if field in before.missing:
            return
        old, new = self.names(getattr(before, field)), self.names(getattr(after, field))
        if field in after.missing:
            if old:
                yield Change(Weight.UNREAD, subject, f"{len(old)} {self.counted}")
        elif not self.only_both or (old and new):
            yield from gone_and_new(subject, old, new)


class Disks(Comparison, frozen=True, kw_only=True):
    """Disks, by serial number if all of them show one both times, else by size; never by name: any boot may change it.

    `behind` is the field of what they are attached to. If that has a value there must be disks, so that an empty list
    means that they were not read."""

    behind: str = ""

    def changes(self, field: str, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
        old, new = getattr(before, field), getattr(after, field)
        if old and not new and (field in after.missing or (self.behind and getattr(after, self.behind))):
            yield Change(Weight.UNREAD, subject, f"{len(old)} disk")
        elif old or not (self.behind and getattr(before, self.behind)):
            yield from _disks(subject, old, new)


class States(Comparison, frozen=True, kw_only=True):
    """The state of each part, the parts known by `key`: any change of state is an alarm."""

    key: str
    state: str
    fields: tuple[str, ...] = ()

    def changes(self, field: str, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
        old, new = (self._states(values(facts, self.fields or (field,))) for facts in (before, after))
        states = dict(old)
        for key, state in new:
            was = states.get(key)
            if was and state and state != was:
                yield Change(Weight.ALARM, f"{subject} {key}", was, state)

    def _states(self, parts: Iterable[Iterable[object]]) -> list[tuple[str, str | None]]:
        found = ((getattr(part, self.key), getattr(part, self.state)) for each in parts for part in each)
        return [(key, state) for key, state in found if key]


class Versions(Comparison, frozen=True, kw_only=True):
    """How many of a mapping's values changed, as a number: the list would fill the form."""

    def changes(self, field: str, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
        old, new = getattr(before, field), getattr(after, field)
        count = sum(old[name] != new[name] for name in old.keys() & new.keys())
        if count:
            yield Change(Weight.CHANGE, f"Versi {count} {subject}", "lama", "baru")


def values(facts: object, fields: Iterable[str]) -> list[Any]:
    """The values of these fields."""
    return [getattr(facts, field) for field in fields]


def gone_and_new(subject: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Change]:
    """What is gone, then what is new; equal things count by number."""
    gone: Iterable[str]
    come: Iterable[str]
    if isinstance(old, Set) and isinstance(new, Set):
        gone, come = old - new, new - old
    else:
        before, after = Counter(old), Counter(new)
        gone, come = (before - after).elements(), (after - before).elements()
    for each in sorted(gone):
        yield Change(Weight.CHANGE, subject, before=each)
    for each in sorted(come):
        yield Change(Weight.CHANGE, subject, after=each)


def _disks(subject: str, before: Sequence[Disk], after: Sequence[Disk]) -> Iterator[Change]:
    serials = all(disk.serial for disk in (*before, *after))
    if not serials and all(disk.serial for disk in before):
        said = ", ".join(str(disk.serial) for disk in before)
        if said:
            yield Change(Weight.UNREAD, f"Nomor seri {subject[:1].lower()}{subject[1:]}", said)

    def named(disk: Disk) -> str:
        parts = (disk.model, f"({disk.serial})") if serials else ()
        return " ".join(filter(None, (_size(disk.size_bytes), *parts)))

    yield from gone_and_new(subject, [named(disk) for disk in before], [named(disk) for disk in after])


def _size(size: int) -> str:
    """In powers of ten, as manufacturers count. Finer than `disk_size`, as the size may be all that tells two disks
    apart."""
    return f"{decimal(size / 1e12, 2)} TB" if size >= 1e12 else f"{decimal(size / 1e9)} GB"
