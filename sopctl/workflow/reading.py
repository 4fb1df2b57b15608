"""Reading a site: where each deposit stands, what is due by whom and until when, and what happened."""

from datetime import date, datetime
from functools import cache
from typing import Literal

from msgspec import Struct

from sopctl.errors import InvalidRecord, UsageError
from sopctl.model import workdays
from sopctl.model.rack import Occupied, Rack
from sopctl.model.summary import Summary
from sopctl.store import dossiers, register
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow import commands
from sopctl.workflow.desk import Desk
from sopctl.workflow.space import occupied, waiting_list


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
    everything = register.summaries(desk.site)
    queue = [each.id for each in waiting_list(everything)]
    return [_row(desk, each, queue) for each in everything]


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
    queue = [each.id for each in waiting_list(register.summaries(desk.site))]
    return _row(desk, dossier.summary, queue), dossier


def rack(site: Site, name: str) -> tuple[Rack, list[Occupied]]:
    """A rack and what stands or is reserved in it. Raises UsageError when there is none of that name."""
    found = next((each for each in site.racks if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in site.racks) or "none"
        raise UsageError(f"there is no rack {name!r}", remedy=f"There are: {known}")
    return found, [o for o in occupied(register.summaries(site)) if o.place.rack == name]


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


def _row(desk: Desk, each: Summary, queue: list[str]) -> Row:
    due = _due(desk, each)
    return Row(
        id=each.id,
        unit=each.unit,
        server=each.server,
        place=str(each.place) if each.place and not each.closed else "",
        standing=each.stands,
        activity=each.activity or f"berkas ditutup: {each.end}",
        actor=each.actor_title,
        since=each.since,
        due=due,
        late=due is not None and desk.now().date() > due,
        waiting=_waiting(desk, each, queue),
        command=commands.command_for(each),
    )


def _waiting(desk: Desk, each: Summary, queue: list[str]) -> str:
    if each.held:
        return "hold"
    if each.waiting == "space":
        return f"space ({queue.index(each.id) + 1} of {len(queue)})"
    if each.month_due and desk.now().date() < each.month_due:
        return "month"
    if each.waiting == "decision":
        return "decision"
    return "unfinished" if each.unfinished else ""


def _due(desk: Desk, each: Summary) -> date | None:
    """The day until which the due step should be done: its time limit in days, counted from when it became due."""
    if each.closed or each.since is None or each.held or each.waiting == "space":
        return None
    start = each.month_due or each.since.date()
    if desk.site.settings.days == "calendar":
        return date.fromordinal(start.toordinal() + each.limit_days)
    days = _holidays(start.year) | _holidays(start.year + 1)
    return workdays.add_workdays(start, each.limit_days, days)


@cache
def _holidays(year: int) -> frozenset[date]:
    """National holidays and joint leave (cuti bersama) of Indonesia, as decreed or, for later years, estimated."""
    import holidays

    categories: tuple[Literal["public"], Literal["government"]] = ("public", "government")
    return frozenset(holidays.country_holidays("ID", years=year, categories=categories))
