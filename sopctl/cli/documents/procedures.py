"""The documents of `sop show`: a written procedure, and the way of a deposit through it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from sopctl.model.sop import procedure as kept
from sopctl.model.sop.verbs import Waiting
from sopctl.workflow.views import procedures


class ProcedureListed(Struct, frozen=True, kw_only=True):
    """A procedure: the version in force for new dossiers, and all `versions` that the site keeps. `extension`: it is
    none of the paper's."""

    name: str
    title: str
    version: str
    versions: list[str]
    extension: bool


class ProcedureList(Struct, frozen=True, kw_only=True):
    """The procedures of the site."""

    procedures: list[ProcedureListed]


class ProcedureOutcome(Struct, frozen=True, kw_only=True):
    """How a step may end: the next step (null: the procedure ends), what that waits for, after how many passes a person
    must look (`tries`), and whether the dossier ends here (`closes`) or the interrupted procedure goes on (`resumes`).
    `verb` and `actor` are set where they are not the step's; `extension`: the paper draws no such branch."""

    label: str
    next: int | None
    waits_for: Waiting
    tries: int | None
    closes: bool
    resumes: bool
    verb: str
    actor: str
    extension: bool


class ProcedureStep(Struct, frozen=True, kw_only=True):
    """A row of the procedure's table. `actor` is a key of `actors`, as is each of `also`; `verb` is the command that
    does the step, `task` which of its tasks; `interpreted`: the actor is the office's reading of a lost column."""

    no: int
    activity: str
    actor: str
    also: list[str]
    verb: str
    task: str
    limit_days: int
    requires: list[str]
    output: str
    interpreted: bool
    outcomes: list[ProcedureOutcome]


class ActorTitle(Struct, frozen=True, kw_only=True):
    """An actor's key in the procedure, and the title."""

    key: str
    title: str


class ActBeside(Struct, frozen=True, kw_only=True):
    """What may happen between the steps, and the actors who may decide it."""

    act: str
    actors: list[str]


class ProcedureRecord(Struct, frozen=True, kw_only=True):
    """A written procedure: its cover page, its actors and steps. `after` is the procedure whose end starts it, `during`
    the one that it may interrupt."""

    name: str
    title: str
    version: str
    source: str
    identity: kept.Identity
    legal_basis: list[str]
    qualifications: list[str]
    related: list[str]
    equipment: list[str]
    warnings: list[str]
    records: list[str]
    after: str
    during: str
    extension: bool
    actors: list[ActorTitle]
    steps: list[ProcedureStep]
    acts: list[ActBeside]


class Pass(Struct, frozen=True, kw_only=True):
    """A pass through a step that was not taken back: the day on which it ended, its outcome, and who decided it."""

    step: int
    day: date
    outcome: str
    by: str


class DepositsWay(Struct, frozen=True, kw_only=True):
    """A deposit's way through the procedure, and where it stands now: a procedure and step (null: the dossier is
    closed, and `end` says how), since when, and what it waits for."""

    deposit: str
    passes: list[Pass]
    procedure: str
    step: int | None
    since: datetime | None
    waiting: Waiting
    end: str


class ProcedureShown(Struct, frozen=True, kw_only=True):
    """A procedure; with --deposit the version that the deposit is pinned to, and its `way`."""

    procedure: ProcedureRecord
    way: DepositsWay | None


def listed(found: Mapping[str, kept.Procedure], versions: Mapping[str, Sequence[str]]) -> ProcedureList:
    """The document of `sop show` without a name."""
    return ProcedureList(
        procedures=[
            ProcedureListed(
                name=name,
                title=each.title,
                version=each.version,
                versions=list(versions[name]),
                extension=each.extension,
            )
            for name, each in found.items()
        ]
    )


def shown(found: kept.Procedure, way: "procedures.Way | None") -> ProcedureShown:
    """The document of `sop show` with a name."""
    return ProcedureShown(procedure=_procedure(found), way=_way(way) if way else None)


def _procedure(found: kept.Procedure) -> ProcedureRecord:
    return ProcedureRecord(
        name=found.name,
        title=found.title,
        version=found.version,
        source=found.source,
        identity=found.identity,
        legal_basis=list(found.legal_basis),
        qualifications=list(found.qualifications),
        related=list(found.related),
        equipment=list(found.equipment),
        warnings=list(found.warnings),
        records=list(found.records),
        after=found.begins.after,
        during=found.begins.during,
        extension=found.extension,
        actors=[ActorTitle(key=key, title=title) for key, title in found.actors.items()],
        steps=list(map(_step, found.steps)),
        acts=[ActBeside(act=act, actors=list(actors)) for act, actors in found.acts.items()],
    )


def _step(step: kept.Step) -> ProcedureStep:
    return ProcedureStep(
        no=step.no,
        activity=step.activity,
        actor=step.actor,
        also=list(step.also),
        verb=step.verb,
        task=step.task,
        limit_days=step.limit_days,
        requires=list(step.requires),
        output=step.output,
        interpreted=step.interpreted,
        outcomes=[
            ProcedureOutcome(
                label=label,
                next=each.next,
                waits_for=each.waits_for,
                tries=each.tries,
                closes=each.closes,
                resumes=each.resumes,
                verb=each.verb,
                actor=each.actor,
                extension=each.extension,
            )
            for label, each in step.outcomes.items()
        ],
    )


def _way(way: "procedures.Way") -> DepositsWay:
    standing = way.standing
    return DepositsWay(
        deposit=way.deposit,
        passes=list(_passes(way.visits)),
        procedure=standing.procedure,
        step=standing.step.no if standing.step else None,
        since=standing.since,
        waiting=standing.waiting,
        end=standing.end,
    )


def _passes(visits: "Mapping[int, procedures.Visit]") -> Iterable[Pass]:
    for step, visit in sorted(visits.items()):
        for day, outcome, by in zip(visit.days, visit.outcomes, visit.by, strict=True):
            yield Pass(step=step, day=day, outcome=outcome, by=by)
