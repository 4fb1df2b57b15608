"""The documents of `list` and `todo`: where deposits stand, and what is due."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Literal

from msgspec import Struct

from sopctl.cli import wording
from sopctl.cli.documents.common import Command, Failure, Place, command, failure, moment, place
from sopctl.errors import SopctlError
from sopctl.model.availability import State, Status
from sopctl.workflow.desk import Waits
from sopctl.workflow.views.board import Row


class Access(Struct, frozen=True, kw_only=True):
    """What the access checks have seen of a machine: its `status` and since when, when it was last checked, the cause
    while it is down (docs/reference/causes.md), and whether it keeps changing (`flapping`)."""

    status: Status
    since: datetime | None
    checked_at: datetime
    cause: str
    flapping: bool


class Standing(Struct, frozen=True, kw_only=True):
    """One deposit, or one thing that is due: where it stands, whose turn it is, until when and why.

    `standing` is the procedure and its step, or how a closed deposit ended; `step` is null for a closed one. `role`
    and `actor`: whose turn it is, by the procedure's key and by title. `waiting` is empty or what it waits for:
    `space` (`queue_number`: its turn), another `month`, the end of a `hold`, a `decision`, `unfinished` work to be run
    again, or a `person` after so many `tries`. `kind`: a `step` of the procedure, the end of its `validity`, or a
    `followup` beside the steps. `access` is null for a machine that was never checked; `platform` is that of a network
    appliance. `command` is the command line of `action` for people, with what is to be supplied in angle brackets.
    """

    id: str
    unit: str
    server: str
    serial: str
    address: str
    platform: str
    place: Place | None
    access: Access | None
    standing: str
    procedure: str
    step: int | None
    activity: str
    role: str
    actor: str
    since: datetime | None
    due: date | None
    why: str
    late: bool
    late_days: int
    escalated_to: str
    waiting: Waits
    queue_number: int | None
    tries: int
    valid_until: date | None
    kind: Literal["step", "validity", "followup"]
    action: Command | None
    command: str
    application: str
    description: str


class Deposits(Struct, frozen=True, kw_only=True):
    """The deposits that were asked for, and the records that could not be read."""

    deposits: list[Standing]
    errors: list[Failure]


class Todo(Struct, frozen=True, kw_only=True):
    """What is due now, by the day on which it is due, and the records that could not be read."""

    steps: list[Standing]
    errors: list[Failure]


def deposits(
    rows: Sequence[Row], states: Mapping[str, State], errors: Sequence[SopctlError], zone: tzinfo | None
) -> Deposits:
    """The document of `list`."""
    return Deposits(
        deposits=[deposit(each, states.get(each.id), zone) for each in rows], errors=list(map(failure, errors))
    )


def todo(rows: Sequence[Row], states: Mapping[str, State], errors: Sequence[SopctlError], zone: tzinfo | None) -> Todo:
    """The document of `todo`."""
    return Todo(steps=[deposit(each, states.get(each.id), zone) for each in rows], errors=list(map(failure, errors)))


def deposit(row: Row, state: State | None, zone: tzinfo | None) -> Standing:
    """A row of the board, and what the checks saw of its machine."""
    return Standing(
        id=row.id,
        unit=row.unit,
        server=row.server,
        serial=row.serial,
        address=row.address,
        platform=row.platform,
        place=place(row.place),
        access=access(state, zone),
        standing=row.standing,
        procedure=row.procedure,
        step=row.step,
        activity=row.activity,
        role=row.role,
        actor=row.actor,
        since=row.since,
        due=row.due,
        why=str(row.why),
        late=row.late,
        late_days=row.late_days,
        escalated_to=row.escalated_to,
        waiting=row.waits,
        queue_number=row.queue_number,
        tries=row.tries,
        valid_until=row.valid_until,
        kind=row.kind,
        action=command(row.action) if row.action else None,
        command=wording.line(row.action) if row.action else "",
        application=row.application,
        description=row.description,
    )


def access(state: State | None, zone: tzinfo | None) -> Access | None:
    """What is taken as true of a machine; None for one that was never checked."""
    if state is None:
        return None
    return Access(
        status=state.status,
        since=moment(state.since, zone),
        checked_at=datetime.fromtimestamp(state.checked, zone),
        cause=state.cause if state.status is Status.DOWN else "",
        flapping=state.flapping,
    )
