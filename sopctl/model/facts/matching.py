"""Which part of one month is which part of another month.

By serial number or world-wide name, where both months have one that belongs to one part only; else by place; else by
what remains, size and model, where equal ones count by number. A module's type, a disk's name in the kernel, and the
words of a tool say nothing: a newer tool calls the same part otherwise.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from sopctl.model import placeholders

Part = TypeVar("Part")

_NEAR = 0.015
"""The share by which one size may differ from another: tools round in many ways."""


class Traits(Struct, frozen=True):
    """By what a part is known. `marks`: serial numbers, world-wide names; `places`: where it is, most exact first;
    `size` in any one unit; `model`: its maker's name for it, of which some tools give a part; `kind`: a word that is
    the same or another."""

    marks: tuple[str | None, ...] = ()
    places: tuple[Hashable, ...] = ()
    size: float | None = None
    model: str | None = None
    kind: str | None = None


class Matched(Struct, Generic[Part], frozen=True):
    """Parts that are in both months, those that are gone, and those that are new."""

    pairs: tuple[tuple[Part, Part], ...]
    gone: tuple[Part, ...]
    new: tuple[Part, ...]


class _Known(Struct):
    """A part by its number in its list, with its traits as they are compared; `marks` are those that no other has."""

    number: int
    marks: frozenset[str]
    places: tuple[Hashable, ...]
    size: float | None
    model: str
    kind: str


def matched(before: Sequence[Part], after: Sequence[Part], traits: Callable[[Part], Traits]) -> Matched[Part]:
    """Each part of `before` with the same one of `after`."""
    old, new = ({each.number: each for each in _known(map(traits, parts))} for parts in (before, after))
    pairs: list[tuple[int, int]] = []

    def pair(one: _Known, other: _Known) -> None:
        pairs.append((one.number, other.number))
        del old[one.number], new[other.number]

    by_mark = {mark: each for each in new.values() for mark in each.marks}
    for one in list(old.values()):
        other = next((by_mark[mark] for mark in sorted(one.marks) if mark in by_mark), None)
        if other is not None and other.number in new:
            pair(one, other)
    for depth in range(max((len(each.places) for each in old.values()), default=0)):
        here, there = (_by_place(known.values(), depth) for known in (new, old))
        for place, one in there.items():
            if place in here and _may_be(one, here[place]):
                pair(one, here[place])
    for alike in (_equal, _looks_the_same, _may_be):
        for one in list(old.values()):
            other = next((each for each in new.values() if alike(one, each)), None)
            if other is not None:
                pair(one, other)
    return Matched(
        tuple((before[one], after[other]) for one, other in sorted(pairs)),
        tuple(before[number] for number in old),
        tuple(after[number] for number in new),
    )


def _known(read: Iterable[Traits]) -> list[_Known]:
    parts = [(each, frozenset(plain for mark in each.marks if (plain := identity(mark)))) for each in read]
    count = Counter(mark for _, marks in parts for mark in marks)
    return [
        _Known(
            number=number,
            marks=frozenset(mark for mark in marks if count[mark] == 1),
            places=each.places,
            size=each.size,
            model=_plain(each.model or ""),
            kind=_plain(each.kind or ""),
        )
        for number, (each, marks) in enumerate(parts)
    ]


def _by_place(known: Iterable[_Known], depth: int) -> dict[Hashable, _Known]:
    """Those that are alone in their place."""
    found: dict[Hashable, list[_Known]] = {}
    for each in known:
        if len(each.places) > depth and each.places[depth]:
            found.setdefault(each.places[depth], []).append(each)
    return {place: each[0] for place, each in found.items() if len(each) == 1}


def identity(mark: str | None) -> str | None:
    """A serial number or world-wide name, as it is compared; None for one that stands for nothing."""
    if not mark or placeholders.stands_for_nothing(mark):
        return None
    return _plain(mark).removeprefix("0x")


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _may_be(one: _Known, other: _Known) -> bool:
    """Nothing that is known of both says that they are two."""
    if one.marks and other.marks and any(_is_wwn(mark) == _is_wwn(its) for mark in one.marks for its in other.marks):
        return False
    if one.kind and other.kind and one.kind != other.kind:
        return False
    return _same_size(one.size, other.size) and (
        not one.model or not other.model or one.model in other.model or other.model in one.model
    )


def _equal(one: _Known, other: _Known) -> bool:
    """Alike in all that remains, exactly."""
    return (one.marks, one.size, one.model, one.kind) == (other.marks, other.size, other.model, other.kind)


def _looks_the_same(one: _Known, other: _Known) -> bool:
    """Both without a mark, and alike in all else, as far as tools round."""
    alike = (one.model, one.kind) == (other.model, other.kind)
    return alike and not one.marks and not other.marks and _same_size(one.size, other.size)


def _same_size(one: float | None, other: float | None) -> bool:
    return one is None or other is None or abs(one - other) <= _NEAR * max(one, other)


def _is_wwn(mark: str) -> bool:
    """Whether it has the form of a world-wide name (NAA, EUI-64), which some tools give for a serial number."""
    return (
        len(mark) in (16, 32)
        and mark[0] in "2356e"
        and all(each in "0123456789abcdef" for each in mark.removeprefix("eui"))
    )
