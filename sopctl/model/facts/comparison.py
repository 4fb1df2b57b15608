"""How a field of ServerFacts is compared between two gatherings: what counts as a change, its weight and its words.

Only what an owner would want to know is a change. A value that could be read only one of the two times is not.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct

from sopctl.model.facts.matching import Traits, matched
from sopctl.model.facts.states import State, judged


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
    @property
    def rules(self) -> int: ...


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
    """A single value, as the `word` made from the values of `fields` (by default the field itself). It is the same as
    long as the `identity` made from them is."""

    weight: Weight = Weight.CHANGE
    word: Callable[..., object] = lambda value: value
    identity: Callable[..., object] | None = None
    fields: tuple[str, ...] = ()

    def changes(self, field: str, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
        said = [values(facts, self.fields or (field,)) for facts in (before, after)]
        old, new = (self.word(*each) for each in said)
        same = self.identity or self.word
        if old and new and same(*said[0]) != same(*said[1]):
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


class _Listed(Comparison, frozen=True, kw_only=True):
    """A list whose names come and go. If it could not be read this time, its old length is reported. With `rules`, what
    the earlier version that read the old one left out is not new."""

    rules: int = 0

    def changes(self, field: str, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
        old, new = getattr(before, field), getattr(after, field)
        if field in before.missing:
            return
        if field in after.missing:
            if old:
                yield Change(Weight.UNREAD, subject, f"{len(old)} terbaca")
            return
        gone, come = self._changed(old, new)
        read_so = not before.rules < self.rules <= after.rules
        yield from _told(subject, gone, come if read_so else ())

    def _changed(self, old: Any, new: Any) -> tuple[Iterable[str], Iterable[str]]:
        raise NotImplementedError


class Items(_Listed, frozen=True, kw_only=True):
    """A list by its `names`; equal ones count by number."""

    names: Callable[[Any], Iterable[str]]

    def _changed(self, old: Any, new: Any) -> tuple[Iterable[str], Iterable[str]]:
        before, after = Counter(self.names(old)), Counter(self.names(new))
        return (before - after).elements(), (after - before).elements()


class Pairwise(_Listed, frozen=True, kw_only=True):
    """A list of which it takes both to see what is gone and what is new: `names` makes the names of both."""

    names: Callable[[Any, Any], tuple[Iterable[str], Iterable[str]]]

    def _changed(self, old: Any, new: Any) -> tuple[Iterable[str], Iterable[str]]:
        return self.names(old, new)


class Parts(Comparison, frozen=True, kw_only=True):
    """Parts that are put in, taken out and swapped, each known again by its `traits` (matching.py).

    `behind` is the field of what they are attached to. If that has a value there must be parts, so that an empty list
    means that they were not read; with `only_both`, an empty list always means that. If they could not be read this
    time, their old number is reported, in units of `counted`. With `serials`, a part that had a serial number and shows
    none this time is reported under that name. With `sizes`, a part that is still there may have grown. With `rules`,
    parts that the earlier version did not look for are not new."""

    traits: Callable[[Any], Traits]
    named: Callable[[Any], str]
    counted: str = "terbaca"
    only_both: bool = False
    behind: str = ""
    serials: str = ""
    sizes: str = ""
    size: Callable[[Any], str] = str
    rules: int = 0

    def changes(self, field: str, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
        old, new = getattr(before, field), getattr(after, field)
        if field in before.missing or (not old and self._unread(before)):
            return
        if not new and (field in after.missing or self._unread(after)):
            if old:
                yield Change(Weight.UNREAD, subject, f"{len(old)} {self.counted}")
            return
        found = matched(old, new, self.traits)
        read_so = not before.rules < self.rules <= after.rules
        yield from _told(subject, map(self.named, found.gone), map(self.named, found.new if read_so else ()))
        if self.serials:
            lost = [was.serial for was, now in found.pairs if was.serial and not now.serial]
            if lost:
                yield Change(Weight.UNREAD, self.serials, ", ".join(lost))
        if self.sizes:
            for was, now in found.pairs:
                if not self._same_size(was, now):
                    yield Change(Weight.CHANGE, f"{self.sizes} {self.named(now)}", self.size(was), self.size(now))

    def _unread(self, facts: Facts) -> bool:
        return self.only_both or bool(self.behind and getattr(facts, self.behind))

    def _same_size(self, was: object, now: object) -> bool:
        old, new = self.traits(was).size, self.traits(now).size
        return old is None or new is None or abs(old - new) <= _GROWN * max(old, new)


_GROWN = 0.015
"""The share by which a part's size must differ to have changed: tools round."""


class States(Comparison, frozen=True, kw_only=True):
    """The state of each part, the parts known again by their `traits`: a worse one is an alarm, a better one a change.
    The sentence names the part as `key` does. States of one meaning are the same, in whichever words."""

    traits: Callable[[Any], Traits]
    key: Callable[[Any], str]
    state: Callable[[Any], str | None]

    def changes(self, field: str, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
        for one, other in matched(getattr(before, field), getattr(after, field), self.traits).pairs:
            was, now = self.state(one), self.state(other)
            if was and now and not _same_state(was, now):
                yield Change(_weight(now), f"{subject} {self.key(other)}", was, now)


class OneState(Comparison, frozen=True, kw_only=True):
    """A state of the whole machine, compared as those of parts are."""

    def changes(self, field: str, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
        was, now = getattr(before, field), getattr(after, field)
        if was and now and not _same_state(was, now):
            yield Change(_weight(now), subject, was, now)
        elif was and not now and field in after.missing:
            yield Change(Weight.UNREAD, subject, was)


def _weight(now: str) -> Weight:
    return Weight.CHANGE if judged(now) is State.GOOD else Weight.ALARM


def _same_state(was: str, now: str) -> bool:
    meaning = judged(was)
    return was.casefold() == now.casefold() or (meaning is judged(now) and meaning is not State.UNKNOWN)


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


def _told(subject: str, gone: Iterable[str], come: Iterable[str]) -> Iterator[Change]:
    for each in sorted(gone):
        yield Change(Weight.CHANGE, subject, before=each)
    for each in sorted(come):
        yield Change(Weight.CHANGE, subject, after=each)
