"""How a server could be reached in the last ninety days: in thirds, as figures and as a picture."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from sopctl.errors import SopctlError
from sopctl.model.availability import Availability, Outage, Span, State, availability
from sopctl.model.house.maintenance import by_deposit
from sopctl.store import books
from sopctl.store.checks import Checks
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.messages import words

THIRDS, DAYS = 3, 30


class Third(Struct, frozen=True):
    """Thirty days: the first and the last of them, as seconds since 1970 and as days; when the server was watched, and
    how it could be reached."""

    begin: int
    end: int
    first: date
    last: date
    watched: list[Span]
    found: Availability


class Outaged(Struct, frozen=True):
    """An outage in the office's time; `ended` is None while it lasts."""

    began: datetime
    ended: datetime | None
    cause: str


def seen(site: Site) -> tuple[dict[str, State], list[SopctlError]]:
    """What is taken as true of each server that was ever checked, by id; for lists, which are read without it too:
    where the history of checks cannot be read, why not."""
    kept = Checks(site)
    try:
        return (kept.states() if kept.begun else {}), []
    except SopctlError as error:
        return {}, [error]


def thirds(desk: Desk, deposit_id: str) -> list[Third]:
    """The last ninety days, today's included, oldest first; empty where nobody ever looked."""
    kept = Checks(desk.site)
    zone = ZoneInfo(desk.site.settings.time_zone)
    if not kept.begun:
        return []
    tomorrow = desk.now().astimezone(zone).date() + timedelta(days=1)
    days = [tomorrow - timedelta(days=DAYS * left) for left in range(THIRDS, -1, -1)]
    moments = [int(datetime.combine(day, time(), zone).timestamp()) for day in days]
    now = int(desk.now().timestamp())
    seen = kept.seen(moments[0], now, deposit_id).get(deposit_id)
    if seen is None:
        return []
    windows = by_deposit(books.windows_of(desk.site, (days[0].year, tomorrow.year))).get(deposit_id, ())
    return [
        Third(
            begin,
            end,
            first,
            after - timedelta(days=1),
            [Span(max(one.began, begin), min(one.ended, end)) for one in seen.watched if begin <= one.ended],
            availability(seen.outages, seen.watched, begin, min(end, now), windows),
        )
        for begin, end, first, after in zip(moments, moments[1:], days, days[1:], strict=False)
    ]


def outages(desk: Desk, found: list[Third]) -> list[Outaged]:
    """The outages of these days, newest first."""
    zone = ZoneInfo(desk.site.settings.time_zone)

    def at(moment: int | None) -> datetime | None:
        return None if moment is None else datetime.fromtimestamp(moment, zone)

    each_once = {outage.began: outage for third in found for outage in third.found.outages}
    return [
        Outaged(datetime.fromtimestamp(each.began, zone), at(each.ended), each.cause)
        for _, each in sorted(each_once.items(), reverse=True)
    ]


def picture(title: str, found: list[Third]) -> bytes:
    """A bar for each third (SVG): reachable, not reachable, not watched."""
    from sopctl.adapters.documents.timeline_svg import Bar, Lane, Legend, timeline_svg

    def bar(third: Third, began: int, ended: int, says: str = "") -> Bar:
        length = third.end - third.begin
        return Bar((began - third.begin) / length, (ended - third.begin) / length, says)

    def down(third: Third, outage: Outage) -> list[Bar]:
        cause = words.CAUSES.get(outage.cause, outage.cause)
        return [
            bar(third, max(span.began, outage.began), min(span.ended, outage.ended or span.ended), cause)
            for span in third.watched
            if outage.began <= span.ended and (outage.ended is None or outage.ended > span.began)
        ]

    lanes = [
        Lane(
            f"{third.first:%d-%m-%Y} – {third.last:%d-%m-%Y}",
            "–" if third.found.percent is None else f"{third.found.percent:.2f}%",
            [bar(third, span.began, span.ended) for span in third.watched if span.began < span.ended],
            [each for outage in third.found.outages for each in down(third, outage)],
        )
        for third in found
    ]
    marks = [(day / DAYS, str(day + 1)) for day in (0, 7, 14, 21, 28)]
    return timeline_svg(title, marks, lanes, Legend("dapat diakses", "tidak dapat diakses", "tidak diperiksa"))
