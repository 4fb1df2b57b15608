"""The units that own the servers. Letters spell their names as they like; here they are told apart."""

import re
from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from sopctl.model.deposit import Contact, Line


class Unit(Struct, frozen=True, forbid_unknown_fields=True):
    """A unit that owns servers."""

    name: Line
    """Its name, as lists and totals show it."""
    also: tuple[Line, ...] = ()
    """Other names that letters use."""
    contact: Contact | None = None
    """Whom to ask there when a letter's own contact has no address."""


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """A name without what people vary: case, punctuation, the width of spaces."""
    return " ".join(re.findall(r"\w+", name.casefold()))


def find(units: Mapping[str, Unit], name: str) -> str | None:
    """The key of the unit that a letter calls by this name, or None where the site does not list it."""
    wanted = folded(name)
    return next(
        (key for key, unit in units.items() if wanted in (key, *map(folded, (unit.name, *unit.also)))),
        None,
    )


def identity(units: Mapping[str, Unit], name: str) -> str:
    """What two spellings of one unit have in common: its key, or the folded name of one that is not listed."""
    return find(units, name) or folded(name)


def label(units: Mapping[str, Unit], name: str) -> str:
    """The name that lists and sums use: the site's for a unit that it lists, else the letter's."""
    key = find(units, name)
    return units[key].name if key else name


def called(units: Mapping[str, Unit], name: str, text: str) -> bool:
    """Is `text` a part of what a unit is called: by its letter, or by the site?"""
    key = find(units, name)
    known = (key, units[key].name, *units[key].also) if key else ()
    return any(text.casefold() in each.casefold() for each in (name, *known))
