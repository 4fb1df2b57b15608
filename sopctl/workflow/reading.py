"""Reading a site: where each deposit stands, what is due by whom and until when, and what happened."""

from datetime import date, datetime
from functools import cache
from typing import Literal

from msgspec import Struct

from sopctl.errors import InvalidRecord, UsageError
from sopctl.model import procedure, workdays
from sopctl.model.procedure import Procedure, Standing
from sopctl.model.rack import Occupied, Rack
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow import commands
from sopctl.workflow.desk import Desk
from sopctl.workflow.space import occupied, place_of, waiting_list


class Row(Struct, frozen=True):
    """One deposit on the board: where it stands, whose turn it is, until when, and the command behind the step."""

    id: str
    unit: str
    server: str
    place: str
    standing: str
    activity: str
    actor: str
    since: datetime | None
    due: date | None
    late: bool
    waiting: str
    """Empty, or what it waits for: `space` (with its number in the queue), `month`, or `unfinished` work."""
    command: str


def board(desk: Desk) -> list[Row]:
    """Every deposit of the site, in order of request."""
    everything = dossiers.read_all(desk.site)
    queue = [dossier.id for dossier in waiting_list(desk.site, everything)]
    return [_row(desk, dossier, queue) for dossier in everything]


def todo(desk: Desk, *, actor: str | None = None, late: bool = False) -> list[Row]:
    """The steps that are due now: not those that wait for space or for another month."""
    actors = {key for each in desk.site.procedures.values() for key in each.actors}
    if actor and actor not in actors:
        raise UsageError(f"there is no actor {actor!r}", remedy=f"The procedures have: {', '.join(sorted(actors))}")
    titles = {each.actors[actor] for each in desk.site.procedures.values() if actor in each.actors} if actor else set()
    open_rows = [row for row in board(desk) if row.command and not row.waiting.startswith(("space", "month"))]
    return [row for row in open_rows if (not actor or row.actor in titles) and (row.late or not late)]


def show(desk: Desk, deposit_id: str) -> tuple[Row, Dossier]:
    """One deposit: its row of the board and its dossier."""
    dossier = dossiers.read(desk.site, deposit_id)
    queue = [each.id for each in waiting_list(desk.site, dossiers.read_all(desk.site))]
    return _row(desk, dossier, queue), dossier


def rack(site: Site, name: str) -> tuple[Rack, list[Occupied]]:
    """A rack and what stands or is reserved in it. Raises UsageError when there is none of that name."""
    found = next((each for each in site.racks if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in site.racks) or "none"
        raise UsageError(f"there is no rack {name!r}", remedy=f"There are: {known}")
    return found, [o for o in occupied(site, dossiers.read_all(site)) if o.place.rack == name]


def sop(site: Site, name: str) -> Procedure:
    """A procedure by its name. Raises UsageError when there is none."""
    if name not in site.procedures:
        raise UsageError(f"there is no procedure {name!r}", remedy=f"There are: {', '.join(site.procedures)}")
    return site.procedures[name]


def validate(desk: Desk) -> tuple[int, list[InvalidRecord]]:
    """Read every record of the site: how many dossiers there are, and every error found."""
    errors = []
    for attribute in ("settings", "racks", "procedures"):
        try:
            getattr(desk.site, attribute)
        except InvalidRecord as error:
            errors.append(error)
    ids = dossiers.ids(desk.site)
    for deposit_id in ids:
        try:
            dossier = dossiers.read(desk.site, deposit_id)
            _ = dossier.standing  # explained by the procedures it is pinned to, or an error
        except InvalidRecord as error:
            errors.append(error)
    return len(ids), errors


def _row(desk: Desk, dossier: Dossier, queue: list[str]) -> Row:
    standing = dossier.standing
    due = _due(desk, standing)
    spot = place_of(dossier)
    return Row(
        id=dossier.id,
        unit=dossier.deposit.unit,
        server=dossier.deposit.server.name,
        place=str(spot) if spot and not standing.closed else "",
        standing=standing.place,
        activity=standing.step.activity if standing.step else "server telah dikembalikan",
        actor=procedure.actor_title(dossier.procedures, standing),
        since=standing.since,
        due=due,
        late=due is not None and desk.now().date() > due,
        waiting=_waiting(desk, dossier, standing, queue),
        command=commands.command_for(dossier.id, standing),
    )


def _waiting(desk: Desk, dossier: Dossier, standing: Standing, queue: list[str]) -> str:
    if standing.waiting == "space":
        return f"space ({queue.index(dossier.id) + 1} of {len(queue)})"
    month = procedure.month_due(standing)
    if month and desk.now().date() < month:
        return "month"
    return "unfinished" if standing.unfinished else ""


def _due(desk: Desk, standing: Standing) -> date | None:
    """The day until which the due step should be done: its time limit in days, counted from when it became due."""
    if standing.step is None or standing.since is None or standing.waiting == "space":
        return None
    start = procedure.month_due(standing) or standing.since.date()
    if desk.site.settings.days == "calendar":
        return date.fromordinal(start.toordinal() + standing.step.limit_days)
    days = _holidays(start.year) | _holidays(start.year + 1)
    return workdays.add_workdays(start, standing.step.limit_days, days)


@cache
def _holidays(year: int) -> frozenset[date]:
    """National holidays and joint leave (cuti bersama) of Indonesia, as decreed or, for later years, estimated."""
    import holidays

    categories: tuple[Literal["public"], Literal["government"]] = ("public", "government")
    return frozenset(holidays.country_holidays("ID", years=year, categories=categories))
