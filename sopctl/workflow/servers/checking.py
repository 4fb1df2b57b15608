"""The fleet: access checks of all servers on site, and their history.

A check never moves a deposit; `verify` does. Like `verify`, it logs in with the management account. Nobody logs in to a
network appliance: its host key and its services are the answer, and its log stays its owner's.
"""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from sopctl.errors import Action, OutsideFailure, SopctlError, UsageError
from sopctl.locale import Counted, Prose, Text
from sopctl.model.access.ladder import AccessResult, Verdict, remedy
from sopctl.model.access.shards import Check, Delivered, Engine, Shard, shards
from sopctl.model.availability import Availability, Outage, Policy, Sight, Span, State, availability
from sopctl.model.house.maintenance import by_deposit
from sopctl.model.month import month_in
from sopctl.model.sop.summary import Summary
from sopctl.model.unit import called
from sopctl.store import books, dossiers, locks, register
from sopctl.store.checks import Checks, Count
from sopctl.store.durable import write_output
from sopctl.store.engine import runs
from sopctl.store.engine.runs import LastRun
from sopctl.store.site import Site
from sopctl.workflow import admitting
from sopctl.workflow.desk import Desk
from sopctl.workflow.messages import words
from sopctl.workflow.servers import others, reach
from sopctl.workflow.servers.engine import answering, choosing
from sopctl.workflow.trust import target

if TYPE_CHECKING:
    from sopctl.adapters.ssh import Key

MINUTES = 60
"""For which a run still begins checks, where no timer begins the next one."""

SELECTORS = ("unit", "state", "rack")


class Checked(Struct, frozen=True):
    """One server's check, and the state that it is in after it."""

    id: str
    server: str
    result: AccessResult
    remedy: Prose
    state: State
    maintenance: str = ""
    """The maintenance that is under way for it: then nobody is alarmed."""


class NotTried(Struct, frozen=True):
    """A server that was to be checked and could not be, and why; the state that it had before."""

    id: str
    server: str
    error: SopctlError
    state: State | None
    maintenance: str = ""


class Report(Struct, frozen=True):
    """One server's month, and the spans of it in which it was watched, in seconds since 1970."""

    id: str
    server: str
    watched: list[Span]
    availability: Availability


class Month(Struct, frozen=True):
    """A month and the servers that were checked in it. `first` and `last`: its bounds, seconds since 1970."""

    month: str
    first: int
    last: int
    servers: list[Report]


def chosen(site: Site, ids: Sequence[str] = (), select: str = "") -> tuple[list[Summary], list[SopctlError]]:
    """The servers to check: those on site, or those of them that are named. Also returns the errors of
    dossiers that cannot be read, unless servers are named.

    `select` is KEY=TEXT[,KEY=TEXT…]: unit (a part of its name), state (procedure, or procedure and step), rack.
    Raises UsageError for an id that is not to be checked.
    """
    reading = register.read(site)
    able = [each for each in reading.summaries if each.in_our_hands and each.checkable]
    errors: list[SopctlError] = list(reading.errors)
    if ids:
        known = {each.id: each for each in able}
        for deposit_id in ids:
            if deposit_id not in known:
                there = dossiers.read(site, deposit_id)  # says so when there is none, or it is broken
                if there.summary.in_our_hands:
                    raise UsageError(
                        "nothing-to-check",
                        "the letter of {deposit} asks for no port that could be tried",
                        remedy=Action("edit", deposit_id),
                        deposit=deposit_id,
                    )
                raise UsageError(
                    "not-in-our-hands",
                    "{deposit} is not on site: its server is not in its rack, switched on",
                    remedy=Action("show", deposit_id),
                    deposit=deposit_id,
                )
        able, errors = [known[deposit_id] for deposit_id in dict.fromkeys(ids)], []
    wanted = _selectors(select)
    found = [each for each in able if all(_fits(site, each, key, text) for key, text in wanted)]
    if wanted and not found:
        raise UsageError(
            "nothing-selected",
            "no server in a rack matches {select}",
            remedy=("See what the units, procedures and racks are called:", Action("list")),
            select=select,
        )
    return found, errors


def _selectors(select: str) -> list[tuple[str, str]]:
    found = []
    for part in filter(None, select.split(",")):
        key, equals, text = part.partition("=")
        if key not in SELECTORS or not equals or not text:
            raise UsageError(
                "no-such-selector",
                "--select takes {known}, not {selector!r}",
                remedy="Write it as in --select unit=kesehatan",
                known=", ".join(SELECTORS),
                selector=part,
            )
        found.append((key, text.casefold()))
    return found


def _fits(site: Site, each: Summary, key: str, text: str) -> bool:
    if key == "unit":
        return called(site.settings.units, each.unit, text)
    if key == "rack":
        return each.place is not None and each.place.rack.casefold() == text
    return text in (each.procedure, each.stands)


@contextmanager
def alone(site: Site) -> Generator[None, None, None]:
    """Hold the lock of the fleet's check. Raises Conflict when another check of the fleet is under way."""
    with locks.hold(site.locks / "check", Text("the check of the fleet")):
        site.refuse_moved()
        yield


def run(
    desk: Desk,
    summaries: Sequence[Summary],
    timeout: float | None = None,
    *,
    errors: list[SopctlError],
    untried: list[NotTried] | None = None,
) -> Generator[Checked, None, None]:
    """Check these servers; yields each as soon as its result is in and recorded, so it is kept however the run ends.

    A server that cannot be tried (its key is missing, its record broken) does not hold up the others: its error is
    added to `errors`, and at the end the server to `untried`. Raises Interrupted, and OutsideFailure for a doubtful
    clock: what a check saw would stand at a wrong time, and what was seen before would be forgotten.
    """
    desk.refuse_doubtful_clock()
    site, names = desk.site, {each.id: each.server for each in summaries}

    def clock() -> float:
        return desk.clock().timestamp()

    keys: dict[str, Key] = {}
    failed: dict[str, SopctlError] = {}
    checks = _checks(site, summaries, timeout or site.settings.checks.timeout, keys, failed)
    errors += failed.values()
    until = desk.clock() + timedelta(minutes=site.settings.engine.minutes if site.settings.engine else MINUTES)
    parts = shards(uuid4().hex, checks, until, admitting.destinations(site))
    muted = under_maintenance(desk)
    engine = choosing.chosen(site, keys, clock, errors)
    for name, result, state in recorded(site, engine, parts, clock, errors, failed):
        yield Checked(name, names[name], result, remedy(result), state, muted.get(name, ""))
    kept = Checks(site)
    kept.prune(int(clock()), site.settings.checks.retention)
    if untried is not None and failed:
        before = kept.states() if kept.begun else {}
        untried += [
            NotTried(name, names[name], why, before.get(name), muted.get(name, "")) for name, why in failed.items()
        ]


def recorded(
    site: Site,
    engine: Engine,
    parts: Sequence[Shard],
    clock: Callable[[], float],
    errors: list[SopctlError],
    failed: dict[str, SopctlError],
) -> Generator[tuple[str, AccessResult, State], None, None]:
    """Let the engine make these checks, and record them; yields each with the state of the server after it, as soon as
    that is in the store. Of networks that gave no answer, `errors` tells: their servers are not watched, not down.
    `failed` gets each server that was not checked, and why."""
    began, cancel = int(clock()), threading.Event()
    network = {check.id: part.network for part in parts for check in part.checks}
    left = dict(network)
    with Checks(site).recording(_policy(site)) as record, closing(_answers(engine, parts, cancel)) as given:
        for each in given:
            answer = each.answer
            mine = answer.run == parts[0].run and left.pop(answer.id, None) is not None
            if answer.result is None:
                each.recorded()
                errors.append(answering.not_made(network[answer.id], answer))
                failed[answer.id] = errors[-1]
                continue
            result = answer.result
            ok = result.verdict is Verdict.ACCESSIBLE
            state = record(answer.id, Sight(answer.at, ok, result.cause or "", result.seconds))
            each.recorded()
            if mine:
                yield answer.id, result, state
    silent = {name: _not_watched(name, count) for name, count in Counter(left.values()).items()}
    errors += silent.values()
    failed.update({name: silent[where] for name, where in left.items()})
    errors += [answering.refused(*each) for each in engine.refused.items()]
    _keep(site, engine, Counter(network.values()), Counter(left.values()), began, int(clock()))


def _answers(engine: Engine, parts: Sequence[Shard], cancel: threading.Event) -> Generator[Delivered, None, None]:
    """The answers; however the caller ends, what is under way is stopped."""
    try:
        yield from engine.answers(parts, cancel=cancel)
    finally:
        cancel.set()


def _keep(site: Site, engine: Engine, sent: Counter[str], left: Counter[str], began: int, ended: int) -> None:
    """Keep what is known of the run, as far as workers made it."""
    served = site.settings.engine.networks if site.settings.engine else ()
    away = {name: count for name, count in sent.items() if name in served}
    if away:
        answered = {name: count - left[name] for name, count in away.items()}
        runs.keep(site, LastRun(began, ended, away, answered, dict(engine.refused)))


def _not_watched(network: str, count: int) -> OutsideFailure:
    return OutsideFailure(
        "network-not-watched",
        "nobody answered for {count} in {network}: not watched, which is not to say down",
        remedy=("See whether its worker is alive:", Action("engine status")),
        count=Counted("{number} server", "{number} servers", count),
        network=Text("the network {network}", network=network) if network else Text("the controller's own network"),
    )


def under_maintenance(desk: Desk) -> dict[str, str]:
    """The deposits that are under maintenance now, each with its number."""
    now = desk.clock()
    found = books.windows_of(desk.site, (now.year - 1, now.year))
    return {
        deposit: each.id for each in found if each.covers(int(now.timestamp())) for deposit in each.maintenance.deposits
    }


def _policy(site: Site) -> Policy:
    settings = site.settings.checks
    return Policy(settings.down_after, settings.up_after, 60 * settings.gap_minutes)


def _checks(
    site: Site, summaries: Sequence[Summary], timeout: float, keys: "dict[str, Key]", failed: dict[str, SopctlError]
) -> dict[str, list[Check]]:
    """The checks, by network. The private keys of those that are made here are added to `keys`; to `failed`, what is
    wrong with those that cannot be made."""
    found: dict[str, list[Check]] = {}
    served = site.settings.engine.networks if site.settings.engine else ()
    for each in summaries:
        try:
            network, check = _check(site, each, timeout, served)
            if check.key and check.key not in keys and network not in served:
                keys[check.key] = _loaded(site, check.key)
            found.setdefault(network, []).append(check)
        except SopctlError as error:
            failed[each.id] = error
    return found


def _loaded(site: Site, name: str) -> "Key":
    from sopctl.adapters.ssh import load_key

    return load_key(site.key_file(name))


def _check(site: Site, each: Summary, timeout: float, served: Collection[str]) -> tuple[str, Check]:
    """The network that a server is in, and its check."""
    of = reach.network(site, each)
    network, services = of.name if of else "", each.route.services
    ports = others.target(site, each, timeout) if each.kind == "other" else None
    key = None
    if ports:
        where = ports
    elif each.kind == "appliance":
        where = target(reach.host(site, each), services=services, timeout=timeout)
    else:
        way = reach.reach(site, each)
        where, key = target(way.host, way.account, services=services, timeout=timeout), way.key
    if network in served:  # its worker is there already
        where = replace(where, jump=None)
    return network, Check(each.id, replace(where, destinations=None), key)


def history(desk: Desk, deposit_id: str) -> tuple[State | None, list[Outage], list[Count]]:
    """What is known of a server: its state, its outages, and its checks (coarser, the older they are)."""
    dossiers.read(desk.site, deposit_id)
    kept = Checks(desk.site)
    now = int(desk.clock().timestamp())
    return kept.states().get(deposit_id), kept.outages(deposit_id), kept.counts(deposit_id, 0, now + 1)


def report(desk: Desk, month: str | None = None) -> Month:
    """The availability of every server that was checked in `month` (YYYY-MM, in the office's time; this one by
    default), under the name that it had at the month's end. Raises UsageError for what is not a month."""
    of = month_in(month or f"{desk.now():%Y-%m}", ZoneInfo(desk.site.settings.time_zone))
    begin, end = int(of.begin.timestamp()), int(of.end.timestamp())
    names = {each.id: each.server for each in register.standing(desk.site)}
    rows = []
    windows = by_deposit(books.windows_of(desk.site, (of.first.year - 1, of.first.year)))
    for name, seen in Checks(desk.site).seen(begin, end).items():
        inside = [Span(max(one.began, begin), min(one.ended, end)) for one in seen.watched if one.ended >= begin]
        found = availability(seen.outages, seen.watched, begin, end, windows.get(name, ()))
        called = names.get(name, "") if desk.now() < of.end else _name_at(desk.site, name, of.end)
        rows.append(Report(name, called, inside, found))
    return Month(of.name, begin, end, rows)


def _name_at(site: Site, deposit_id: str, then: datetime) -> str:
    """What a server was called at that time; empty where its dossier cannot say so."""
    try:
        dossier = dossiers.as_it_stood(dossiers.read(site, deposit_id), then)
    except SopctlError:
        return ""
    return dossier.deposit.server.name if dossier else ""


def watched(desk: Desk, month: str) -> dict[str, tuple[State, Availability | None]]:
    """By server: its state now, and its availability in `month`, as far as it was watched. Empty where nothing was ever
    checked."""
    kept = Checks(desk.site)
    if not kept.begun:
        return {}
    found = {row.id: row.availability for row in report(desk, month).servers}
    return {name: (state, found.get(name)) for name, state in kept.states().items()}


def draw(desk: Desk, found: Month, file: Path) -> None:
    """Write a month as an SVG picture: when each server was reachable, when not, and when nobody looked."""
    from sopctl.adapters.documents.timeline_svg import Bar, Lane, Legend, timeline_svg

    zone, length = ZoneInfo(desk.site.settings.time_zone), found.last - found.first

    def bar(began: int, ended: int, says: str = "") -> Bar:
        return Bar((began - found.first) / length, (ended - found.first) / length, says)

    def told(outage: Outage) -> str:
        until = f"{datetime.fromtimestamp(outage.ended, zone):%d %H:%M}" if outage.ended else "…"
        cause = words.CAUSES.get(outage.cause, outage.cause)
        return f"{datetime.fromtimestamp(outage.began, zone):%d %H:%M} – {until}: {cause}"

    lanes = []
    for row in found.servers:
        percent = row.availability.percent
        down = [
            bar(max(span.began, outage.began), min(span.ended, outage.ended or span.ended), told(outage))
            for outage in row.availability.outages
            for span in row.watched
            if outage.began <= span.ended and (outage.ended is None or outage.ended > span.began)
        ]
        figure = "–" if percent is None else f"{percent:.2f}%"
        watched = [bar(span.began, span.ended) for span in row.watched]
        lanes.append(Lane(f"{row.id} {row.server}", figure, watched, down))
    last_day = datetime.fromtimestamp(found.last - 1, zone).day
    marks = [((day - 1) / last_day, str(day)) for day in (1, 8, 15, 22, 29) if day <= last_day]
    legend = Legend("dapat diakses", "tidak dapat diakses", "tidak diperiksa")
    write_output(file.absolute(), timeline_svg(f"Akses server titipan, {found.month}", marks, lanes, legend))
