"""The documents of commands about the site itself."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Literal

from msgspec import Struct

from sopctl.cli import wording
from sopctl.cli.documents.common import Failure, Place, failure, place
from sopctl.errors import SopctlError
from sopctl.locale import Prose
from sopctl.workflow.messages.receivers import Sent
from sopctl.workflow.setup.doctor import Diagnosis
from sopctl.workflow.setup.engine import Standing
from sopctl.workflow.setup.updating import Differs, Updated
from sopctl.workflow.steps.adopting import Adopted
from sopctl.workflow.steps.reminding import Reminder


class Validated(Struct, frozen=True, kw_only=True):
    """How many deposits there are, what is wrong with the site's records, and the marks that open deposits share, each
    with the reason that someone gave."""

    deposits: int
    errors: list[Failure]
    exceptions: list[str]


def validated(deposits: int, errors: Sequence[SopctlError], exceptions: Sequence[Prose]) -> Validated:
    """The document of `validate`."""
    return Validated(deposits=deposits, errors=list(map(failure, errors)), exceptions=list(map(str, exceptions)))


class Diagnosed(Struct, frozen=True, kw_only=True):
    """One thing that was checked: whether it is as it should be, what was seen, and what helps if not. `needed`:
    without it, deposits cannot be served."""

    what: str
    ok: bool
    needed: bool
    detail: str
    remedy: str


class Diagnoses(Struct, frozen=True, kw_only=True):
    """What `doctor` found."""

    findings: list[Diagnosed]


class EngineWorker(Struct, frozen=True, kw_only=True):
    """A worker that is alive: since when, how many checks it has begun and not answered, and how many seconds its clock
    is ahead of the broker's."""

    name: str
    since: datetime
    busy: int
    clock_seconds: float


class EngineNetwork(Struct, frozen=True, kw_only=True):
    """A network: its workers, and how many shards (parts of a run) wait for them and are under way."""

    network: str
    workers: list[EngineWorker]
    waiting: int
    under_way: int


class NetworkRun(Struct, frozen=True, kw_only=True):
    """How many checks a network's workers were sent, how many they answered, and how many answers were refused."""

    network: str
    sent: int
    answered: int
    refused: int


class EngineRun(Struct, frozen=True, kw_only=True):
    """A run of checks by workers."""

    began: datetime
    ended: datetime
    networks: list[NetworkRun]


class EngineStatus(Struct, frozen=True, kw_only=True):
    """The state of the engine, and its problems. A site without an engine has no networks."""

    networks: list[EngineNetwork]
    last_run: EngineRun | None
    problems: list[str]


class Kept(Struct, frozen=True, kw_only=True):
    """A secret that is kept for a deposit, and the file that it is in."""

    id: str
    file: str


class Moved(Struct, frozen=True, kw_only=True):
    """Files that were put aside."""

    moved: list[str]


def diagnoses(found: Sequence[Diagnosis]) -> Diagnoses:
    """The document of `doctor`."""
    return Diagnoses(
        findings=[
            Diagnosed(
                what=str(each.what),
                ok=each.ok,
                needed=each.needed,
                detail=str(each.detail),
                remedy=wording.advice(each.remedy),
            )
            for each in found
        ]
    )


def engine_status(found: Standing | None, zone: tzinfo | None) -> EngineStatus:
    """The document of `engine status`; None for a site without an engine."""
    if found is None:
        return EngineStatus(networks=[], last_run=None, problems=[])
    run = found.last_run
    return EngineStatus(
        networks=[
            EngineNetwork(
                network=name,
                workers=[
                    EngineWorker(
                        name=each.name, since=each.since.astimezone(zone), busy=each.busy, clock_seconds=each.clock
                    )
                    for each in workers.alive
                ],
                waiting=workers.waiting,
                under_way=workers.under_way,
            )
            for name, workers in found.networks.items()
        ],
        last_run=EngineRun(
            began=datetime.fromtimestamp(run.began, zone),
            ended=datetime.fromtimestamp(run.ended, zone),
            networks=[
                NetworkRun(
                    network=name, sent=sent, answered=run.answered.get(name, 0), refused=run.refused.get(name, 0)
                )
                for name, sent in run.sent.items()
            ],
        )
        if run
        else None,
        problems=list(map(str, found.problems)),
    )


class Anchor(Struct, frozen=True, kw_only=True):
    """Where the journal ends: its number of lines, the hash of the last, and both in the words that
    `journal verify --against` takes."""

    anchor: str
    lines: int
    head: str


class Receivers(Struct, frozen=True, kw_only=True):
    """What was sent to each receiver of events, and the dossiers that could not be read."""

    receivers: list[Sent]
    errors: list[Failure]


class Reminded(Struct, frozen=True, kw_only=True):
    """A message to one person about deposits: whether it was sent, and what was wrong if not. With --dry-run none is
    sent."""

    name: str
    email: str
    deposits: list[str]
    subject: str
    text: str
    language: Literal["id", "en"]
    sent: bool
    problem: str


class Reminders(Struct, frozen=True, kw_only=True):
    """The reminders that are due, and the dossiers that could not be read."""

    reminders: list[Reminded]
    errors: list[Failure]


class Adoption(Struct, frozen=True, kw_only=True):
    """A server that was adopted, or could be (then its `id` is empty), and what is not known of it, as paths into its
    record."""

    id: str
    unit: str
    server: str
    place: Place | None
    unknown: list[str]


class Adoptions(Struct, frozen=True, kw_only=True):
    """The servers that were adopted; with `dry_run`, those that could be: nothing was recorded."""

    adopted: list[Adoption]
    dry_run: bool


def reminders(found: Sequence[Reminder], errors: Sequence[SopctlError]) -> Reminders:
    """The document of `remind`."""
    return Reminders(
        reminders=[
            Reminded(
                name=each.name,
                email=each.email or "",
                deposits=[row.id for row in each.rows],
                subject=each.message.subject,
                text=each.message.text,
                language=each.language,
                sent=each.sent,
                problem=str(each.problem),
            )
            for each in found
        ],
        errors=list(map(failure, errors)),
    )


def adoptions(found: Sequence[Adopted], *, dry_run: bool) -> Adoptions:
    """The document of `adopt` and `import`."""
    return Adoptions(
        adopted=[
            Adoption(
                id=each.id,
                unit=each.unit,
                server=each.server,
                place=place(each.place),
                unknown=list(each.unknown),
            )
            for each in found
        ],
        dry_run=dry_run,
    )


class Made(Struct, frozen=True, kw_only=True):
    """The site that was made: its folder."""

    site: str


class FileDiff(Struct, frozen=True, kw_only=True):
    """How this version's file differs from the site's, as the lines of a unified diff."""

    file: str
    lines: list[str]


class SiteUpdated(Struct, frozen=True, kw_only=True):
    """What `init --update` replaced, added and removed (`done`), and the files that stay, because the site changed them
    itself (`left`), with how this version's differ from them."""

    done: list[Differs]
    left: list[Differs]
    diffs: list[FileDiff]


class ChangedFiles(Struct, frozen=True, kw_only=True):
    """Files that are new or changed."""

    changed: list[str]


def site_updated(found: Updated) -> SiteUpdated:
    """The document of `init --update`."""
    return SiteUpdated(
        done=list(found.done),
        left=list(found.left),
        diffs=[FileDiff(file=file, lines=list(lines)) for file, lines in found.diffs.items()],
    )
