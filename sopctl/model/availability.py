"""Is a server up? What single access checks say of it over time: state with hysteresis, outages, availability.

One failed check is not an outage: a server is down after `down_after` failed checks in a row, and up again after
`up_after` good ones. The outage then counts from the first check of that row. Where no check was made for a while,
nothing is known: that time counts neither as up nor as down. All times are whole seconds since 1970 (UTC).
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from sopctl.locale import gettext_noop

RECENT = 12
"""The number of newest checks by which flapping is judged."""

FLAPPING_CHANGES = 4
"""A server with this many changes among them is flapping: it is neither clearly up nor clearly down."""


class Status(StrEnum):
    """`unknown` until one of the two rows is complete."""

    UNKNOWN = gettext_noop("unknown")
    UP = gettext_noop("up")
    DOWN = gettext_noop("down")


class Policy(Struct, frozen=True):
    """How many checks in a row make a server down or up; and how many seconds may lie between two checks for the time
    between them to count as watched."""

    down_after: int = 3
    up_after: int = 2
    gap: int = 1800


class Sight(Struct, frozen=True):
    """What one check saw: when, accessible or not, for which cause (model/access/causes.py), after how many seconds."""

    at: int
    ok: bool
    cause: str = ""
    seconds: float = 0.0


class State(Struct, frozen=True):
    """What is currently taken as true of a server. `since`: when the status began; `row`: how many checks in a row
    contradict it."""

    first_seen: int
    checked: int
    status: Status = Status.UNKNOWN
    since: int = 0
    cause: str = ""
    row: int = 0
    row_since: int = 0
    row_cause: str = ""
    recent: str = ""
    """The newest checks, oldest first: "+" accessible, "-" not."""

    @property
    def flapping(self) -> bool:
        """Is it flapping?"""
        return sum(a != b for a, b in zip(self.recent, self.recent[1:], strict=False)) >= FLAPPING_CHANGES


class Outage(Struct, frozen=True):
    """From the first failed check to the first good one; `ended` is None while it lasts."""

    began: int
    ended: int | None
    cause: str

    def within(self, spans: Iterable["Span"]) -> int:
        """How many seconds of it were watched."""
        return sum(max(0, min(one.ended, self.ended or one.ended) - max(one.began, self.began)) for one in spans)


class Span(Struct, frozen=True):
    """A time in which a server was watched: from one check to another, without a gap."""

    began: int
    ended: int


class Availability(Struct, frozen=True):
    """One server over a period, in seconds; only time in which it was watched counts. `percent` is None where nothing
    was watched, `repair` where no outage ended."""

    observed: int
    down: int
    percent: float | None
    outages: tuple[Outage, ...]
    longest: int
    repair: float | None
    """Mean time to repair, of the outages that ended in the period; what lay before the period counts too."""
    maintenance: int = 0
    """How many seconds were watched during announced maintenance: they count neither as up nor as down."""


def follow(state: State | None, sight: Sight, policy: Policy) -> State:
    """The state after one more check. A check older than the last one known changes nothing."""
    if state is None:
        state = State(first_seen=sight.at, checked=sight.at)
    elif sight.at <= state.checked:
        return state
    recent = (state.recent + ("+" if sight.ok else "-"))[-RECENT:]
    state = replace(state, checked=sight.at, recent=recent)
    seen = Status.UP if sight.ok else Status.DOWN
    if seen is state.status:
        return replace(state, row=0, row_since=0, row_cause="", cause=sight.cause)
    went_on = state.row and (state.status is not Status.UNKNOWN or recent[-2:-1] == recent[-1])
    row = state.row + 1 if went_on else 1
    since, cause = (state.row_since, state.row_cause) if went_on else (sight.at, sight.cause)
    if row < (policy.up_after if sight.ok else policy.down_after):
        return replace(state, row=row, row_since=since, row_cause=cause)
    return replace(state, status=seen, since=since, cause=sight.cause, row=0, row_since=0, row_cause="")


def turn(known: Sequence[Outage], before: State | None, after: State) -> list[Outage]:
    """`known` with what the step from `before` to `after` began or ended."""
    was = before.status if before else Status.UNKNOWN
    if was is after.status:
        return list(known)
    if after.status is Status.DOWN:
        return [*known, Outage(after.since, None, after.cause)]
    if was is Status.DOWN and known:
        return [*known[:-1], replace(known[-1], ended=after.since)]
    return list(known)


def joins(before: int, at: int, policy: Policy) -> bool:
    """Is a check at `at` near enough to the one before it?"""
    return at - before <= policy.gap


def without(spans: Iterable[Span], windows: Iterable[Span]) -> list[Span]:
    """What is left of these spans outside of the windows."""
    left = list(spans)
    for window in windows:
        pieces = [
            piece
            for one in left
            for piece in (
                Span(one.began, min(one.ended, window.began)),
                Span(max(one.began, window.ended), one.ended),
            )
        ]
        left = [one for one in pieces if one.began < one.ended]
    return left


def availability(
    found: Iterable[Outage], spans: Iterable[Span], first: int, last: int, windows: Sequence[Span] = ()
) -> Availability:
    """How available a server was between `first` and `last`, as far as it was watched (`spans`). An outage that went on
    beyond `last` has no end here, whenever that came. What was watched during announced maintenance (`windows`) is
    counted apart, and an outage that was only then is none."""
    watched = list(spans)
    during = sum(one.ended - one.began for one in _clipped(watched, first, last))
    spans = without(watched, windows)
    inside = _clipped(spans, first, last)
    mine = tuple(
        one if one.ended is None or one.ended <= last else replace(one, ended=None)
        for one in found
        if one.began < last and (one.ended is None or one.ended > first)
    )
    if windows:
        mine = tuple(one for one in mine if without([Span(one.began, one.ended or last)], windows))
    observed = sum(one.ended - one.began for one in inside)
    lengths = [outage.within(inside) for outage in mine]
    repaired = [outage.within(spans) for outage in mine if outage.ended is not None and outage.ended <= last]
    return Availability(
        observed=observed,
        down=sum(lengths),
        percent=100 * (1 - sum(lengths) / observed) if observed else None,
        outages=mine,
        longest=max(lengths, default=0),
        repair=sum(repaired) / len(repaired) if repaired else None,
        maintenance=during - observed,
    )


def _clipped(spans: Iterable[Span], first: int, last: int) -> list[Span]:
    inside = [Span(max(one.began, first), min(one.ended, last)) for one in spans]
    return [one for one in inside if one.began < one.ended]
