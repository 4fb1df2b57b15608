"""Visits to the server room: announced, in, out."""

from collections.abc import Sequence
from datetime import datetime

from sopctl.errors import Action, NotNow, UsageError
from sopctl.locale import Text
from sopctl.model.house.visits import (
    ANNOUNCED,
    CAME_IN,
    PROCEDURE,
    WENT_OUT,
    Arrival,
    ArrivalNoted,
    Departure,
    DepartureNoted,
    Visit,
    VisitNoted,
    VisitState,
    names_a_number,
    visit_id,
    visits,
)
from sopctl.workflow.desk import Desk
from sopctl.workflow.house.writing import Writing, known, number_of, one_line, writing

MOST_VISITORS = 50


def announce(desk: Desk, visit: Visit) -> VisitState:
    """Note a visit that someone announced. Raises UsageError for one that says too little, or lies in the past."""
    visit = _checked(desk, visit)
    if visit.expected and visit.expected.date() < desk.now().date():
        raise UsageError(
            "visit-in-the-past",
            "{at:%Y-%m-%d} has passed",
            remedy=("Announce a visit for today or later. A visitor who came without notice is recorded on arrival."),
            at=visit.expected,
        )
    with writing(desk, "visits", desk.now().year, PROCEDURE) as book:
        number = book.next_number
        book.note(number, ANNOUNCED, VisitNoted(visit=visit), note=_told(visit))
        return _found(book, number)


def come_in(
    desk: Desk,
    *,
    identity: str,
    escort: str,
    carried: Sequence[str] | None,
    announced: str = "",
    visit: Visit | None = None,
    at: datetime | None = None,
) -> VisitState:
    """The visitors of an `announced` visit (its number), or of one that nobody announced (`visit`), come in.

    `identity` is the kind of paper that they showed, `escort` the person of the office who goes with them. What they
    carry in: None where nobody asked. Raises UsageError, and NotNow for a visit that came in already.
    """
    who = _escort(desk, escort)
    arrival = Arrival(_time(desk, at), _identity(identity), who, _things(carried))
    year, number = number_of(desk, "K", announced) if announced else (desk.now().year, 0)
    with writing(desk, "visits", year, PROCEDURE) as book:
        if announced:
            state = _found(book, number)
            if state.arrival:
                raise NotNow(
                    "visit-came-in",
                    "{visit} came in at {at:%Y-%m-%d %H:%M}",
                    remedy="It is recorded already. Another arrival is a visit of its own.",
                    visit=state.id,
                    at=state.arrival.at,
                )
            book.note(number, CAME_IN, ArrivalNoted(arrival=arrival), note=_in(state.visit, arrival))
            return _found(book, number)
        if visit is None:
            raise UsageError(
                "visit-unnamed",
                "name the visit that was announced, or who comes and what for",
                remedy="Give the number of the announced visit, or names and purpose.",
            )
        number, visit = book.next_number, _checked(desk, visit)
        book.note(number, CAME_IN, VisitNoted(visit=visit), ArrivalNoted(arrival=arrival), note=_in(visit, arrival))
        return _found(book, number)


def go_out(desk: Desk, visit: str, *, carried: Sequence[str] | None, at: datetime | None = None) -> VisitState:
    """The visitors go out. What they carry out: None where nobody looked. Raises UsageError, and NotNow for a visit
    that is not inside."""
    year, number = number_of(desk, "K", visit)
    with writing(desk, "visits", year, PROCEDURE) as book:
        state = _found(book, number)
        if state.arrival is None or state.departure:
            raise NotNow(
                "visit-not-inside",
                "{visit} is not inside: {status}",
                remedy=Action("visit list"),
                visit=state.id,
                status=state.status,
            )
        departure = Departure(_time(desk, at), _things(carried))
        if departure.at < state.arrival.at:
            raise UsageError(
                "out-before-in",
                "{visit} came in at {at:%Y-%m-%d %H:%M}, after that",
                remedy="Name a time after that.",
                visit=state.id,
                at=state.arrival.at,
            )
        book.note(number, WENT_OUT, DepartureNoted(departure=departure), note=_out(departure))
        return _found(book, number)


def _checked(desk: Desk, visit: Visit) -> Visit:
    visitors = tuple(filter(None, map(str.strip, visit.visitors)))
    if not visitors or len(visitors) > MOST_VISITORS or not visit.purpose.strip():
        raise UsageError(
            "visit-incomplete",
            "a visit needs 1 to {most} names, and a purpose",
            remedy="Name each visitor, and what they come for.",
            most=MOST_VISITORS,
        )
    return Visit(
        visitors=_things(visitors) or (),
        purpose=one_line(visit.purpose, Text("the purpose")),
        organisation=one_line(visit.organisation, Text("where they are from")),
        deposits=known(desk, visit.deposits),
        expected=visit.expected,
    )


def _escort(desk: Desk, escort: str) -> str:
    people = desk.site.settings.people
    if not escort:
        raise UsageError(
            "escort-missing",
            "nobody goes in alone: say who of the office goes with the visitors",
            remedy=Text("Name one of sopctl.yml with --escort: {names}", names=", ".join(people)),
        )
    if escort not in people:
        raise UsageError(
            "escort-unknown",
            "nobody goes in alone, and {person!r} is not a person of the office",
            remedy=Text("Name one of sopctl.yml with --escort: {names}", names=", ".join(people)),
            person=escort,
        )
    return escort


def _identity(identity: str) -> str:
    if not identity.strip():
        raise UsageError("identity-missing", "say which paper they showed", remedy="Such as --identity KTP.")
    if names_a_number(identity):
        raise UsageError(
            "identity-with-number",
            "the number of a paper does not belong into the book: which kind it was is enough",
            remedy="Such as --identity KTP, or kartu pegawai.",
        )
    return one_line(identity, Text("the kind of the paper"))


def _things(carried: Sequence[str] | None) -> tuple[str, ...] | None:
    if carried is None:
        return None
    return tuple(one_line(each, Text("a name or a thing")) for each in carried if each.strip())


def _time(desk: Desk, at: datetime | None) -> datetime:
    """When it was. What is written down later must be of the same month: a month's book stays as it is."""
    now = desk.now()
    when = (at.replace(tzinfo=now.tzinfo) if at and at.tzinfo is None else at) or now
    if when > now or (when.year, when.month) != (now.year, now.month):
        raise UsageError(
            "time-not-in-this-month",
            "{at:%Y-%m-%d %H:%M} is not in this month up to now",
            remedy="Write it into the note of today's entry: the book of a month that has passed stays as it is.",
            at=when,
        )
    return when


def _found(book: Writing, number: int) -> VisitState:
    name = visit_id(book.book.year, number)
    state = next((each for each in visits(book.book.year, book.book.events) if each.id == name), None)
    if state is None:
        raise UsageError("no-such-visit", "there is no visit {visit}", remedy=Action("visit list"), visit=name)
    return state


def _told(visit: Visit) -> str:
    who = ", ".join(visit.visitors) + (f" ({visit.organisation})" if visit.organisation else "")
    about = f"; {', '.join(visit.deposits)}" if visit.deposits else ""
    expected = f"; diharapkan {visit.expected:%Y-%m-%d %H:%M}" if visit.expected else ""
    return f"{who}: {visit.purpose}{about}{expected}"


def _in(visit: Visit, arrival: Arrival) -> str:
    things = _said(arrival.carried)
    return f"{_told(visit)}; menunjukkan {arrival.identity}, didampingi {arrival.escort}; dibawa masuk: {things}"


def _out(departure: Departure) -> str:
    return f"dibawa keluar: {_said(departure.carried)}"


def _said(carried: tuple[str, ...] | None) -> str:
    if carried is None:
        return "tidak dicatat"
    return ", ".join(carried) or "tidak ada"
