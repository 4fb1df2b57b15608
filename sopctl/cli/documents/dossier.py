"""The document of `show`: one deposit, all that is known of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from sopctl.cli.documents import board, printing
from sopctl.cli.documents.common import Failure, failure
from sopctl.cli.documents.happened import Happened, happened
from sopctl.errors import SopctlError
from sopctl.model import masking
from sopctl.model.deposit import Deposit as Record
from sopctl.model.house.maintenance import Window
from sopctl.model.house.visits import Arrival, Departure, VisitState
from sopctl.model.house.visits import Visit as Announced
from sopctl.model.sop.entries import SigningAsked
from sopctl.model.sop.history import Event
from sopctl.model.sop.signing import Unsigned
from sopctl.model.sop.sla import LateStep
from sopctl.store.dossiers import Dossier
from sopctl.workflow.papers.integrity import Document
from sopctl.workflow.views import details
from sopctl.workflow.views.house import About


class FiledPaper(Struct, frozen=True, kw_only=True):
    """A document that a history names: its file, its number (empty for one without), the step that made it and when,
    the SHA-256 (hex) that it must have, and its state on disk by that."""

    deposit: str
    file: str
    number: str
    procedure: str
    step: int
    at: datetime
    sha256: str
    state: Literal["intact", "altered", "missing"]


class Visited(Struct, frozen=True, kw_only=True):
    """A visit: whether it is announced, under way or over, and what was recorded about it. Null: they have not arrived,
    or not left."""

    id: str
    status: Literal["announced", "inside", "left"]
    visit: Announced
    noted: datetime
    by: str
    announced: bool
    arrival: Arrival | None
    departure: Departure | None


class Shown(Struct, frozen=True, kw_only=True):
    """A deposit. `head`: the hash of its history's newest event, for --seen. `standing`: where it stands. `deposit`:
    the record as filed; personal data is masked in it, and in events, unless --personal. `late_steps`: latest first.
    `unsigned`: papers that lack signatures; `unclear`: what a service was asked to sign, where nobody knows whether it
    did. `errors`: what could not be read of what stands beside it."""

    head: str
    standing: board.Standing
    deposit: Record
    events: list[Happened]
    late_steps: list[LateStep]
    documents: list[FiledPaper]
    visits: list[Visited]
    maintenance: list[Window]
    unsigned: list[Unsigned]
    unclear: list[SigningAsked]
    errors: list[Failure]


def shown(
    standing: board.Standing,
    dossier: Dossier,
    events: Sequence[Event],
    late: Sequence[LateStep],
    papers: Sequence[Document],
    about: About,
    errors: Sequence[SopctlError],
    *,
    personal: bool,
) -> Shown:
    """The document of `show`."""
    record: Any = printing.plain(details.masked(dossier.deposit, personal=personal))
    return Shown(
        head=dossier.head,
        standing=standing,
        deposit=record if personal else masking.inside(record),
        events=list(map(happened, events)),
        late_steps=list(late),
        documents=list(map(filed, papers)),
        visits=list(map(visited, about.visits)),
        maintenance=list(about.maintenance),
        unsigned=list(dossier.summary.unsigned),
        unclear=list(dossier.summary.unclear),
        errors=list(map(failure, errors)),
    )


def filed(paper: Document) -> FiledPaper:
    """A document of a dossier, as it is printed."""
    state: Any = paper.state
    return FiledPaper(
        deposit=paper.deposit,
        file=paper.file,
        number=paper.number,
        procedure=paper.procedure,
        step=paper.step,
        at=paper.at,
        sha256=paper.sha256,
        state=state,
    )


def visited(each: VisitState) -> Visited:
    """A visit, as it is printed."""
    return Visited(
        id=each.id,
        status=each.status,
        visit=each.visit,
        noted=each.noted,
        by=each.by,
        announced=each.announced,
        arrival=each.arrival,
        departure=each.departure,
    )
