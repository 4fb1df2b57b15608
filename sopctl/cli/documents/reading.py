"""The documents of commands that read the site: racks, the waiting list, switches, runs, papers, time limits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from sopctl.adapters.ansible.runner import RunResult
from sopctl.cli import wording
from sopctl.cli.documents.common import Failure, Place, failure, place
from sopctl.cli.documents.dossier import FiledPaper, filed
from sopctl.errors import SopctlError
from sopctl.model import rack
from sopctl.model.sop.sla import LateStep, Tally
from sopctl.workflow.papers.integrity import CheckedFile, Document
from sopctl.workflow.papers.monthly.mailing import Mailed
from sopctl.workflow.papers.monthly.month_report import IssuedReport
from sopctl.workflow.ports.switches import SwitchRow
from sopctl.workflow.servers.runs import Run
from sopctl.workflow.steps.reservation import Waiting
from sopctl.workflow.views.racks import RackRow
from sopctl.workflow.views.sla_report import SlaReport


class File(Struct, frozen=True, kw_only=True):
    """A file that was written, and the records that could not be read for it."""

    file: str
    errors: list[Failure]


class RackFree(Struct, frozen=True, kw_only=True):
    """A rack, and what is free in it: `units_free` rack units on both faces, power, weight, ports of its switch. Null
    where the rack has no such budget."""

    name: str
    room: str
    units: int
    units_free: int
    power_watts: int
    power_free_watts: int
    weight_free_kg: int | None
    ports_free: int | None


class Racks(Struct, frozen=True, kw_only=True):
    """Every rack, with what is free in it."""

    racks: list[RackFree]


class Filling(Struct, frozen=True, kw_only=True):
    """What fills a rack unit: a deposit's server, placed there, or its place reserved. Null: not known."""

    deposit: str
    kind: Literal["reserved", "placed"]
    place: Place
    power_watts: int | None
    weight_kg: int | None


class RackUnit(Struct, frozen=True, kw_only=True):
    """A rack unit, counted from the bottom: what blocks it (empty: nothing), and what fills it; one server, or one in
    front and one behind."""

    unit: int
    blocked: str
    filled: list[Filling]


class RackRecord(Struct, frozen=True, kw_only=True):
    """A rack as its record says. `weight_kg` is null where the rack has no such budget; `network` is the one that its
    servers are in, empty for the controller's own."""

    name: str
    room: str
    units: int
    depth_mm: int
    power_watts: int
    weight_kg: int | None
    switch: rack.Switch | None
    network: str


class Elevation(Struct, frozen=True, kw_only=True):
    """A rack, from its top unit down."""

    rack: RackRecord
    units: list[RackUnit]


class Queue(Struct, frozen=True, kw_only=True):
    """Who waits for space, in the order of service."""

    waiting: list[Waiting]


class Switches(Struct, frozen=True, kw_only=True):
    """The switches on record."""

    switches: list[SwitchRow]


class KeptRun(Struct, frozen=True, kw_only=True):
    """A run of a playbook: when it began, and how it ended: `ok`, `failed`, `unreachable`, `parser-error`, `cancelled`,
    `timed-out`, `crashed`, or `no-result` if it is under way or was killed."""

    id: str
    at: datetime
    outcome: str
    seconds: float | None


class Runs(Struct, frozen=True, kw_only=True):
    """The runs that are kept, the newest first."""

    runs: list[KeptRun]


class RanHost(Struct, frozen=True, kw_only=True):
    """What a run did on a server: how many tasks, the first that failed and why (`cause` where it is a sentence of
    sopctl's), and what the roles left to the owner. `waited_seconds`: how long gathering its facts took, if too long;
    `window_seconds`: until the server puts back by itself what the run has changed (0: no window is open)."""

    host: str
    ok: int
    changed: int
    failed: int
    unreachable: bool
    failed_task: str
    message: str
    cause: str
    notes: list[str]
    waited_seconds: float
    window_seconds: float


class RoleTime(Struct, frozen=True, kw_only=True):
    """How long a role took, on all servers together (empty: tasks without a role)."""

    role: str
    seconds: float


class RunShown(Struct, frozen=True, kw_only=True):
    """A run of a playbook: when it began, how it ended, in a word, what helps, what it did on each server, and where
    the time went, the longest first. A run that is under way or was killed has no `seconds` and no servers."""

    id: str
    at: datetime
    outcome: str
    message: str
    remedy: str
    seconds: float | None
    hosts: list[RanHost]
    roles: list[RoleTime]
    folder: str


class Documents(Struct, frozen=True, kw_only=True):
    """Documents, each with its state on disk, and the dossiers that could not be read."""

    documents: list[FiledPaper]
    errors: list[Failure]


class CheckedFiles(Struct, frozen=True, kw_only=True):
    """What files are, judged by the histories and their signatures, and why others could not be read."""

    files: list[CheckedFile]
    errors: list[Failure]


class StepTally(Struct, frozen=True, kw_only=True):
    """A step, and how its time limit was kept."""

    procedure: str
    step: int
    activity: str
    actor: str
    tally: Tally


class ActorTally(Struct, frozen=True, kw_only=True):
    """An actor by title, and how the time limits of their steps were kept."""

    actor: str
    tally: Tally


class Limits(Struct, frozen=True, kw_only=True):
    """How time limits were kept in a month (`2026-11`): over all steps, by step, by actor; and each late step, the
    latest first. `errors`: the records that could not be read, which the figures therefore leave out."""

    month: str
    total: Tally
    steps: list[StepTally]
    actors: list[ActorTally]
    late_steps: list[LateStep]
    errors: list[Failure]


def written(path: Any, errors: Sequence[SopctlError] = ()) -> File:
    """The document of a command that made a file."""
    return File(file=str(path), errors=list(map(failure, errors)))


def racks(rows: Sequence[RackRow]) -> Racks:
    """The document of `rack list`."""
    return Racks(
        racks=[
            RackFree(
                name=each.name,
                room=each.room,
                units=each.units,
                units_free=each.free,
                power_watts=each.power_watts,
                power_free_watts=each.power_free,
                weight_free_kg=each.weight_free,
                ports_free=each.ports_free,
            )
            for each in rows
        ]
    )


def elevation(found: rack.Rack, taken: Sequence[rack.Occupied]) -> Elevation:
    """The document of `rack show`."""
    return Elevation(
        rack=RackRecord(
            name=found.name,
            room=found.room,
            units=found.units,
            depth_mm=found.depth_mm,
            power_watts=found.power_watts,
            weight_kg=found.weight_kg,
            switch=found.switch,
            network=found.network or "",
        ),
        units=[
            RackUnit(unit=unit, blocked=found.blocked.get(unit, ""), filled=[_filling(each) for each in filled_by])
            for unit, filled_by in rack.elevation(found, taken)
        ],
    )


def _filling(each: rack.Occupied) -> Filling:
    there = place(each.place)
    assert there  # noqa: S101 (it has one)
    return Filling(
        deposit=each.deposit,
        kind=each.kind,
        place=there,
        power_watts=each.power_watts or None,
        weight_kg=each.weight_kg,
    )


def runs(found: Sequence[Run]) -> Runs:
    """The document of `runs list`."""
    return Runs(
        runs=[
            KeptRun(id=each.id, at=each.at, outcome=each.outcome, seconds=each.result.seconds if each.result else None)
            for each in found
        ]
    )


def run(found: Run) -> RunShown:
    """The document of `runs show`."""
    result = found.result
    return RunShown(
        id=found.id,
        at=found.at,
        outcome=found.outcome,
        message=result.message if result else "",
        remedy=wording.advice(found.remedy),
        seconds=result.seconds if result else None,
        hosts=ran_hosts(result) if result else [],
        roles=[
            RoleTime(role=role, seconds=seconds)
            for role, seconds in sorted(result.roles.items() if result else (), key=lambda entry: -entry[1])
        ],
        folder=str(found.folder),
    )


def ran_hosts(result: RunResult) -> list[RanHost]:
    """What a run did, server by server."""
    return [
        RanHost(
            host=each.host,
            ok=each.ok,
            changed=each.changed,
            failed=each.failed,
            unreachable=each.unreachable,
            failed_task=each.failed_task,
            message=each.message,
            cause=each.cause,
            notes=list(each.notes),
            waited_seconds=each.waited,
            window_seconds=each.window,
        )
        for each in result.hosts.values()
    ]


def documents(papers: Sequence[Document], errors: Sequence[SopctlError] = ()) -> Documents:
    """The document of `document list` and of `document verify` for those of dossiers."""
    return Documents(documents=list(map(filed, papers)), errors=list(map(failure, errors)))


def limits(report: SlaReport) -> Limits:
    """The document of `report sla`."""
    return Limits(
        month=report.month,
        total=report.found.total,
        steps=[
            StepTally(
                procedure=each.procedure, step=each.step, activity=each.activity, actor=each.actor, tally=each.tally
            )
            for each in report.found.steps
        ],
        actors=[ActorTally(actor=actor, tally=tally) for actor, tally in report.found.actors.items()],
        late_steps=list(report.found.late),
        errors=[failure(each, name) for name, each in report.broken.items()],
    )


class MonthlyReport(Struct, frozen=True, kw_only=True):
    """A month's report (`2026-11`): its number and files, whether it was issued now (else it had been before), and the
    dossiers that it would lack if it was made now."""

    month: str
    number: str
    files: list[str]
    new: bool
    errors: list[Failure]


class ReportMailed(Struct, frozen=True, kw_only=True):
    """A month's report, to whom it was sent just now or before (`already`) and why to others not, and the dossiers that
    it would lack if it was made now."""

    month: str
    number: str
    files: list[str]
    new: bool
    to: list[Mailed]
    errors: list[Failure]


def report_mailed(made: IssuedReport, told: Sequence[Mailed]) -> ReportMailed:
    """The document of `report mail`."""
    return ReportMailed(
        month=made.month,
        number=made.number,
        files=list(made.files),
        new=made.new,
        to=list(told),
        errors=list(map(failure, made.errors)),
    )


def monthly_report(made: IssuedReport) -> MonthlyReport:
    """The document of `document make report`."""
    return MonthlyReport(
        month=made.month,
        number=made.number,
        files=list(made.files),
        new=made.new,
        errors=list(map(failure, made.errors)),
    )
