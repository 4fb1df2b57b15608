"""The office's calendar: Indonesia's national holidays and joint leave (cuti bersama), and the site's own days."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from sopctl.model.deposit import Line
from sopctl.model.sop.workdays import Calendar
from sopctl.store import codec
from sopctl.store.across import holidays as kept
from sopctl.store.site import Site

FILE_NAME = "calendar.yml"


class Override(Struct, frozen=True, forbid_unknown_fields=True):
    """A day that the site overrides: one of the two, with its name."""

    holiday: Line | None = None
    """The office is closed, because of this."""
    workday: Line | None = None
    """The office is open although it is a holiday, because of this."""

    def __post_init__(self) -> None:
        if (self.holiday is None) == (self.workday is None):
            raise ValueError("Expected either `holiday` or `workday`, with its name")


Overrides = dict[Annotated[date, Meta()], Override]


def calendar(site: Site) -> Calendar:
    """The calendar by which a site counts. Raises InvalidRecord for a `calendar.yml` that is not valid."""
    root = site.root
    return Calendar(
        lambda year: _holidays(year, root), lambda year: _decreed(year, root), overrides(site), site.settings.days
    )


def overrides(site: Site) -> dict[date, str | None]:
    """The site's own days, with a holiday's name, or None for a day on which the office is open."""
    path = site.root / FILE_NAME
    if not path.exists():
        return {}
    return {day: own.holiday for day, own in codec.load(path, Overrides).items()}


@cache
def _holidays(year: int, root: Path | None = None) -> dict[date, str]:
    return {day: name for category in ("public", "government") for day, name in _of(year, category, root).items()}


@cache
def _decreed(year: int, root: Path | None = None) -> bool:
    """Joint leave is decreed year by year: for a year without any, the decree is still to come."""
    return bool(_of(year, "government", root))


def _of(year: int, category: Literal["public", "government"], root: Path | None) -> dict[date, str]:
    """A year's holidays of a category, from what is kept for the site at `root`, if it is."""
    key = f"{year} {category}"
    known = kept.known(root) if root else {}
    if key in known:
        return known[key]
    import holidays

    found = holidays.country_holidays("ID", years=year, categories=(category,), language="id")
    days = {day: found[day] for day in found}
    if root:
        kept.keep(root, {key: days})
    return days
