"""What a person has to say for an act, and what is raised when it is left out."""

from collections.abc import Iterator
from datetime import date

from sopctl.errors import Action, NotNow, UsageError
from sopctl.locale import Prose, Text, joined
from sopctl.model.signing.signatories import SIGNERS
from sopctl.model.sop import corrections
from sopctl.model.sop.entries import Correctable, OnDay
from sopctl.workflow.desk import Turn


def reason(text: str, act: Prose, ask: Action) -> str:
    """Why `act` (`a hold`) is done; `ask` is the action that says so. Raises UsageError when `text` is blank."""
    return _said(text, UsageError("reason-missing", "{act} needs a reason", remedy=ask, act=act))


def note(text: str, act: Prose, ask: Action) -> str:
    """The note on `act`; `ask` is the action that gives one. Raises UsageError when `text` is blank."""
    return _said(text, UsageError("note-missing", "{act} needs a note", remedy=ask, act=act))


def day(mine: Turn, what: Correctable, on: date) -> None:
    """Raise UsageError for a day on which a server cannot have been received, handed over or placed (`what`): one that
    has not come yet, or out of order with the letter's date and the days of the other steps."""
    today = mine.desk.now().date()
    if on > today:
        raise UsageError(
            "day-in-the-future",
            "{day} has not come yet",
            remedy="Name the day on which it was, such as 2026-11-23.",
            day=on,
        )
    known = list(_days(mine))
    mine_at = next(at for at, (name, _, _) in enumerate(known) if name == what)
    for at, (_, other, then) in enumerate(known):
        if then and ((at < mine_at and on < then) or (at > mine_at and on > then)):
            raise UsageError(
                "day-out-of-order",
                "{day} cannot be: {other} {then}",
                remedy="Correct the other day first, if that one is wrong.",
                day=on,
                other=other,
                then=then,
            )


def meant(why: Prose) -> None:
    """Raise UsageError where `why` says that a date cannot be meant (model/intake/plausibility.py)."""
    if why:
        raise UsageError("date-not-meant", "{why}", remedy="Give it as on the paper, such as 2026-11-23.", why=why)


def signatures(mine: Turn) -> None:
    """Raise NotNow while the site requires the signatures of a hand-over form, and one lacks some."""
    if mine.desk.site.settings.signing.papers.get("handover") != "required":
        return
    for each in mine.dossier.summary.unsigned:
        if each.kind == "handover":
            raise NotNow(
                "signatures-missing",
                "the hand-over form {number} lacks signatures: {boxes}",
                remedy=("File it when it has come back signed.", Action("sign", mine.dossier.id)),
                number=each.number,
                boxes=joined(", ", (SIGNERS[box] for box in each.boxes)),
            )


def happened(mine: Turn, what: Correctable, on: date | None) -> tuple[OnDay, ...]:
    """What the event of a step establishes that was done `on` another day than today. Raises as `day`."""
    if on is None:
        return ()
    day(mine, what, on)
    return (OnDay(on_day=on),)


def dated(on: date | None) -> str:
    """What a note says of the day of a step that is recorded late."""
    return f"; pada {on:%Y-%m-%d}" if on else ""


def _days(mine: Turn) -> Iterator[tuple[str, Prose, date | None]]:
    """The days of taking a server in, as far as they are known, in the order in which they must be."""
    letter = mine.deposit.letter
    yield "letter", Text("the letter is of"), letter.date if letter else None
    words: tuple[tuple[Correctable, Prose], ...] = (
        ("received", Text("the server was received on")),
        ("handed_over", Text("it was handed over on")),
        ("placed", Text("it was placed on")),
    )
    for what, said in words:
        found = corrections.day(mine.dossier.procedures, mine.dossier.events, what)
        yield what, said, found[1] if found else None


def _said(text: str, missing: UsageError) -> str:
    if not text.strip():
        raise missing
    return text.strip()
