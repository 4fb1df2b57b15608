"""The controller's clock, beside what the site knows of the time.

A clock that is years ahead would let go of every reservation, forget the history of checks, and remind everybody of
everything, in one run of a timer. So the site keeps the last time that was plausible (`var/clock`; without it, the time
of the newest record counts). What cannot be undone waits while the clock is far past that, until a person says that
it is right. What is recorded meanwhile does not make the time plausible.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from sopctl.errors import OutsideFailure, SopctlError
from sopctl.locale import Counted
from sopctl.store import dossiers
from sopctl.store.checks import Checks
from sopctl.store.durable import bytes_of, make_folder, write_atomic
from sopctl.store.journal import Journal
from sopctl.store.site import Site

FILE_NAME = "clock"
PLAUSIBLE = timedelta(days=45)
"""A site in use has a record every few minutes where the timers run, and every month where they do not."""
BEHIND = timedelta(minutes=10)
"""How far clocks of two controllers may differ."""
KEEP_EVERY = timedelta(hours=1)
MAX_BYTES = 100


class Doubt(NamedTuple):
    """Why the clock is doubtful, and whether it is ahead: then nothing is done that cannot be undone."""

    error: OutsideFailure
    ahead: bool


def doubt(site: Site, now: datetime, *, right: bool = False) -> Doubt | None:
    """What is wrong with the clock, if it shows `now`; None where that is plausible, or a person says that it is
    `right`. A plausible time is kept."""
    kept = _kept(site)
    known = kept or _newest(site)
    fresh = kept is not None and abs(now - kept) < KEEP_EVERY
    if known is None or right:
        if not fresh:
            _keep(site, now)
        return None
    if now - known > PLAUSIBLE:
        if kept is None:
            _keep(site, known)  # what is recorded from now on must not be taken for a proof
        return Doubt(_ahead(known, now), ahead=True)
    if known - now > BEHIND:
        return Doubt(_behind(known, now), ahead=False)
    if not fresh:
        _keep(site, now)
    return None


def _ahead(known: datetime, now: datetime) -> OutsideFailure:
    return OutsideFailure(
        "clock-far-ahead",
        "the controller's clock says {now:%Y-%m-%d %H:%M}, {days} after the last that is known: {known:%Y-%m-%d}",
        remedy="Nothing that cannot be undone is done at such a time. Set the clock (timedatectl). If it is right, as "
        "where the site was not used for so long, say so once: --clock-is-right",
        now=now,
        days=Counted("{number} day", "{number} days", (now - known).days),
        known=known,
    )


def _behind(known: datetime, now: datetime) -> OutsideFailure:
    return OutsideFailure(
        "clock-behind",
        "the controller's clock says {now:%Y-%m-%d %H:%M}, which is before what was recorded last: "
        "{known:%Y-%m-%d %H:%M}",
        remedy="Set the clock (timedatectl). If the time of the record was the wrong one, say that this one is right: "
        "--clock-is-right",
        now=now,
        known=known.astimezone(now.tzinfo),
    )


def _kept(site: Site) -> datetime | None:
    """The last plausible time, if one is kept and can be read."""
    with suppress(SopctlError, msgspec.MsgspecError):
        kept = bytes_of(site.root / "var" / FILE_NAME, MAX_BYTES, links=False)
        at = msgspec.convert(kept.decode("ascii", "replace").strip(), datetime)
        return at if at.tzinfo else None
    return None


def _keep(site: Site, at: datetime) -> None:
    """Whoever cannot write it only reads."""
    with suppress(SopctlError):
        make_folder(site.root / "var")
        write_atomic(site.root / "var" / FILE_NAME, at.isoformat().encode())


def _newest(site: Site) -> datetime | None:
    """When the newest event of the journal, or the newest check, was recorded."""
    found: list[datetime] = []
    with suppress(SopctlError):
        newest = Journal(site.root).newest()
        if newest:
            found.append(dossiers.read(site, newest).events[-1].at)
    with suppress(SopctlError):
        checks = Checks(site)
        if checks.begun:
            found += [datetime.fromtimestamp(state.checked, UTC) for state in checks.states().values()]
    return max(found, default=None)
