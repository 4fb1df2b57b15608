"""The site as one person sees it: what waits for them, what was escalated to them, what waits for others; never a
deposit that is not theirs to see."""

import sys
from typing import Literal, get_args

from msgspec import Struct

from sopctl.errors import Action, SopctlError, UsageError
from sopctl.model.principal import Sight
from sopctl.model.sop.procedure import REQUESTER
from sopctl.store import dossiers, register
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Desk
from sopctl.workflow.views import board
from sopctl.workflow.views.board import Query, Row

Turn = Literal["yours", "escalated", "others"]
TURNS: tuple[Turn, ...] = get_args(Turn)
"""The parts of a board."""
DECISIONS = ("accept", "refuse")
"""What ends a wait for someone's decision."""


class Mine(Struct, frozen=True):
    """What is due by me; what is late and came up to me; what is open and due by others, or waits. `broken`: what is
    wrong with dossiers that cannot be read, by deposit, for people of the office."""

    yours: list[Row]
    escalated: list[Row]
    others: list[Row]
    broken: dict[str, SopctlError]


class Listed(Struct, frozen=True):
    """A page of a list: its rows, how many there are in all."""

    rows: list[Row]
    total: int


def roles(desk: Desk) -> frozenset[str]:
    """The roles of the one who acts."""
    who = desk.deciding.who
    if who.kind == "unit":
        return frozenset({REQUESTER})
    people = desk.site.settings.people
    return frozenset(people[key].role for key in who.people if key in people)


def mine(desk: Desk, sight: Sight) -> Mine:
    """The board of the one who acts."""
    own = roles(desk)
    due, opened = board.both(desk)
    seen = _seen(desk, sight, due.rows)
    levels = [days for days, role in desk.site.settings.escalation.items() if role in own]
    came_up = min(levels, default=sys.maxsize)
    yours: list[Row] = []
    escalated: list[Row] = []
    for row in seen:
        if row.role in own or (row.waiting == "decision" and due_to(desk, row)):
            yours.append(row)
        elif row.late_days >= came_up:
            escalated.append(row)
    shown = {row.id for row in (*yours, *escalated)}
    others = [row for row in _seen(desk, sight, opened.rows) if row.id not in shown]
    return Mine(yours, escalated, others, {} if sight.unit else register.read(desk.site).broken)


def due_to(desk: Desk, row: Row) -> list[Action]:
    """What of a row's action, and of its alternatives where someone has to decide, the one who acts decides."""
    own = roles(desk)
    if row.action is None or row.step is None:
        return []
    found = [row.action] if row.role in own and row.action.verb != "resume" else []
    if row.waiting == "decision":
        step = desk.site.procedures[row.procedure].step(row.step)
        for each in row.action.alternatives:
            ends = step.ends_of(each.verb)
            if each.verb in DECISIONS and ends and (next(iter(ends.values())).actor or step.actor) in own:
                found.append(each)
    return found


def listed(desk: Desk, sight: Sight, query: Query, start: int, most: int, *, turn: Turn | None = None) -> Listed:
    """Rows that `query` asks for, from `start`, at most `most` of them; with `turn`, only those of a part of the
    board."""
    rows = _seen(desk, sight, board.board(desk, query).rows)
    if turn:
        part: list[Row] = getattr(mine(desk, sight), turn)
        ids = {row.id for row in part}
        rows = [row for row in rows if row.id in ids]
    return Listed(rows[start : start + most], len(rows))


def find(desk: Desk, sight: Sight, deposit_id: str) -> tuple[Row, Dossier]:
    """One deposit, if it is theirs to see. Raises UsageError, the same for one that is not, or is not there."""
    try:
        dossier = dossiers.read(desk.site, deposit_id)
    except SopctlError as error:
        if sight.unit or isinstance(error, UsageError):  # nor does a unit learn that another's is broken
            raise absent(deposit_id) from error
        raise
    if not sight.sees(desk.site.settings.units, dossier.deposit.unit):
        raise absent(deposit_id)
    try:
        return board.row_of(desk, dossier), dossier
    except UsageError as error:
        raise absent(deposit_id) from error


def absent(deposit_id: str) -> UsageError:
    """The error for a deposit that is not there, or not theirs to see."""
    return UsageError("not-to-be-seen", "there is no deposit {deposit} here", remedy=Action("list"), deposit=deposit_id)


def _seen(desk: Desk, sight: Sight, rows: list[Row]) -> list[Row]:
    if not sight.unit:
        return rows
    units = desk.site.settings.units
    names = {name for name in {row.unit for row in rows} if sight.sees(units, name)}
    return [row for row in rows if row.unit in names]
