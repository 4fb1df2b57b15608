"""Reading a site: where each deposit stands, what is due by whom and until when, and what happened."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property, partial
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from sopctl.errors import Action, SopctlError, UsageError
from sopctl.locale import Prose, Text, either
from sopctl.model import names
from sopctl.model.rack import Place
from sopctl.model.signing.signatories import IN_RECORDS
from sopctl.model.sop.deadline import Deadline, deadline, escalated
from sopctl.model.sop.entries import SigningAsked
from sopctl.model.sop.procedure import REQUESTER
from sopctl.model.sop.signing import Unsigned
from sopctl.model.sop.summary import Summary
from sopctl.model.unit import Unit, called
from sopctl.model.waiting_list import waiting_list
from sopctl.store import dossiers, issued, register
from sopctl.store.dossiers import Dossier
from sopctl.store.page.recent import surroundings
from sopctl.store.settings import Signing
from sopctl.store.site import Site
from sopctl.workflow import actions
from sopctl.workflow.desk import Desk, Waits
from sopctl.workflow.office_key import KeyState, key_states
from sopctl.workflow.views import calendar

State = Literal["open", "late", "waiting", "held", "closed", "all"]
STATES: tuple[State, ...] = get_args(State)


class OfOffice(Struct, frozen=True, gc=False):
    """In place of a deposit, for what belongs to none: a month's report."""

    id: str
    unit: str = ""
    server: str = ""
    serial: str = ""
    address: str = ""
    procedure: str = ""
    step: int | None = None
    stands: str = "laporan"
    since: datetime | None = None
    place: Place | None = None
    valid_until: date | None = None
    platform: str | None = None
    application: str = ""
    description: str = ""


class Row(Struct, frozen=True, gc=False):
    """One deposit on the board, or one thing that is due: where it stands, whose turn it is, until when and why, and
    what can be done about it."""

    of: Summary | OfOffice
    """What the row is about; most of what it says is there."""
    activity: str
    role: str
    actor: str
    due: date | None = None
    late_days: int = 0
    escalated_to: str = ""
    why: Prose = ""
    """Why it is due on that day."""
    waits: Waits = ""
    queue_number: int | None = None
    """Its turn in the waiting list of `queue_length`, for one that waits for space."""
    queue_length: int | None = None
    kind: Literal["step", "validity", "followup"] = "step"
    beside: Action | None = None
    """What is to be done, for a row that is no step's."""

    @property
    def action(self) -> Action | None:
        """What a person can do about it; None for a closed deposit. Made anew each time."""
        return actions.due(self.of) if self.kind == "step" and isinstance(self.of, Summary) else self.beside

    @property
    def id(self) -> str:
        return self.of.id

    @property
    def unit(self) -> str:
        return self.of.unit

    @property
    def server(self) -> str:
        return self.of.server

    @property
    def serial(self) -> str:
        return self.of.serial

    @property
    def address(self) -> str:
        return self.of.address

    @property
    def platform(self) -> str:
        """Of a network appliance; empty for a server."""
        return self.of.platform or ""

    @property
    def application(self) -> str:
        """What the server runs, as its owner says."""
        return self.of.application

    @property
    def description(self) -> str:
        """What that is for."""
        return self.of.description

    @property
    def standing(self) -> str:
        return self.of.stands

    @property
    def procedure(self) -> str:
        return self.of.procedure

    @property
    def step(self) -> int | None:
        return self.of.step

    @property
    def since(self) -> datetime | None:
        """Since when its step is due."""
        return self.of.since if self.kind == "step" else None

    @property
    def valid_until(self) -> date | None:
        return self.of.valid_until

    @property
    def place(self) -> Place | None:
        """Where the server stands, or shall stand."""
        return None if self.kind == "step" and self.of.step is None else self.of.place

    @property
    def late(self) -> bool:
        return self.late_days > 0

    @property
    def tries(self) -> int:
        """How many tries are used up, for one that waits for a person."""
        return self.of.tries if self.waits == "person" and isinstance(self.of, Summary) else 0

    @property
    def waiting(self) -> str:
        """What it waits for, in words."""
        if self.waits == "space":
            return f"space ({self.queue_number} of {self.queue_length})"
        return f"person ({self.tries} tries)" if self.waits == "person" else self.waits


@dataclass(frozen=True)
class Query:
    """Which deposits a list shows. Texts are compared without case; `search` looks in all that a row says."""

    state: State = "open"
    unit: str = ""
    rack: str = ""
    procedure: str = ""
    step: int | None = None
    search: str = ""


class Board(Struct, frozen=True):
    """Rows, and the dossiers that could not be read."""

    rows: list[Row]
    errors: list[SopctlError]


def board(desk: Desk, query: Query = Query()) -> Board:
    """The deposits that `query` asks for, in order of request."""
    reading = register.read(desk.site)
    units, lists = desk.site.settings.units, _shared(desk, reading)
    if lists is None:
        few = list(filter(_may_fit(query, units), reading.summaries))
        rows = _rows(desk, reading.summaries, few)
        lists = _Lists(reading._replace(summaries=few), None, {}, rows, [], {})
    return Board(_fitting(query, units, lists), reading.errors)


def todo(desk: Desk, *, actor: str | None = None, late: bool = False) -> Board:
    """What is due now: the open steps (not those that wait for space, another month or the end of a hold), and
    deposits whose time ends soon.

    With `actor`, that actor's own steps and those escalated to them.
    """
    actors = {key for each in desk.site.procedures.values() for key in each.actors}
    if actor and actor not in actors:
        raise UsageError(
            "no-such-actor",
            "no procedure has an actor {actor!r}",
            remedy=Text("The procedures have: {names}", names=", ".join(sorted(actors))),
            actor=actor,
        )
    of_deposits, levels = due(desk), desk.site.settings.escalation
    rows, errors = of_deposits.rows, of_deposits.errors
    try:
        rows = [*rows, *unclear_reports(desk)]
    except SopctlError as error:
        errors = [*errors, error]
    if actor:
        rows = [row for row in rows if _concerns(row, actor, levels)]
    return Board([row for row in rows if row.late] if late else rows, errors)


def due(desk: Desk) -> Board:
    """What is due of deposits, in the order of the days."""
    lists = _read(desk)
    return Board(lists.due, lists.reading.errors)


def both(desk: Desk) -> tuple[Board, Board]:
    """What is due, in the order of the days; and all that is open, in order of request. Of one reading."""
    lists = _read(desk)
    return Board(lists.due, lists.reading.errors), Board(lists.opened, lists.reading.errors)


def _read(desk: Desk) -> "_Lists":
    reading = register.read(desk.site)
    return _shared(desk, reading) or _lists(desk, reading)


@dataclass(frozen=True)
class _Lists:
    """What is shown of a reading. Readers who share one reading share these too; what changes is replaced in a copy."""

    reading: register.Reading
    around: object
    """What rows depend on beside their summaries: the day, the settings, and files of the site."""
    of: dict[str, Summary]
    rows: dict[str, Row]
    due: list[Row]
    """What is due, in the order of the days."""
    said: dict[str, tuple[Row, str]]
    """By deposit, what a search looks through; filled by the first who searches."""

    @cached_property
    def everyone(self) -> list[Row]:
        """A row for each deposit, in order of request."""
        return [self.rows[each.id] for each in self.reading.summaries]

    @cached_property
    def opened(self) -> list[Row]:
        """Of those, the open ones."""
        return [row for row in self.everyone if row.step is not None]

    def says(self, row: Row, text: str) -> bool:
        """Is this text in what a row says?"""
        known = self.said.get(row.id)
        if known is None or known[0] is not row:
            known = self.said[row.id] = row, _said(row)
        return text in known[1]


def _shared(desk: Desk, reading: register.Reading) -> _Lists | None:
    """The lists that readers of one reading share; None for who reads alone."""
    return desk.site.recent.made("lists", partial(_lists, desk, reading)) if desk.site.recent else None


def _lists(desk: Desk, reading: register.Reading, before: _Lists | None = None) -> _Lists:
    """The lists of a reading. Those of another reading, `before`, give what has stayed the same."""
    around = (desk.now().date(), desk.site.settings, surroundings(desk.site) if desk.site.recent else ())
    if before and before.around != around:
        before = None
    if before and before.reading is reading:
        return before
    old = before or _Lists(reading, around, {}, {}, [], {})
    now = {each.id: each for each in reading.summaries}
    changed = [each for each in reading.summaries if old.of.get(each.id) is not each]
    gone = old.of.keys() - now.keys()
    rows = {**old.rows, **_rows(desk, reading.summaries, changed)}
    for deposit_id, (number, length) in _moved_up(reading.summaries, rows):
        rows[deposit_id] = replace(rows[deposit_id], queue_number=number, queue_length=length)
    for deposit_id in gone:
        del rows[deposit_id]
    fresh = [row for each in changed if not (each.closed or _waits(row := rows[each.id]))]
    fresh += _ending(desk, changed)
    states = key_states(desk.site)
    fresh += [row for each in changed for row in _followups(desk, each, states)]
    fresh += [row for each in changed for row in unsigned(desk, each)]
    due = [row for row in old.due if old.of[row.id] is now.get(row.id)] + fresh
    due.sort(key=lambda row: (row.due or date.max, row.of.id))
    return _Lists(reading, around, now, rows, due, old.said)


def _rows(desk: Desk, everyone: list[Summary], wanted: Iterable[Summary] | None = None) -> dict[str, Row]:
    """The rows of deposits, by default of all; `everyone` counts for their numbers in the waiting list."""
    queue, making = _numbers(everyone), _Making(desk)
    return {each.id: making.row(each, queue) for each in (everyone if wanted is None else wanted)}


def _moved_up(everyone: list[Summary], rows: Mapping[str, Row]) -> Iterable[tuple[str, tuple[int, int]]]:
    """Those whose number in the waiting list, or its length, is another one than their row says, and what both are."""
    queue = _numbers(everyone)
    told = ((rows[deposit_id], (number, len(queue))) for deposit_id, number in queue.items())
    return [(row.id, now) for row, now in told if row.waits == "space" and (row.queue_number, row.queue_length) != now]


def meant(site: Site, said: str) -> str:
    """The deposit that a person means by its id or a short form of it (`3`, `26-3`). Of several, the only one that is
    open.

    Raises UsageError where none is meant, or still several.
    """
    found = names.meant(said, dossiers.ids(site) if re.match(names.SHORT_ID, said) else ())
    if len(found) > 1:
        still = {each.id for each in register.read(site).summaries if each.closed}
        found = [each for each in found if each not in still] or found
    if len(found) > 1:
        raise UsageError(
            "several-deposits-meant",
            "{said} may mean {deposits}",
            remedy="Name the year too, as in 26-3.",
            said=said,
            deposits=either(found[:5]),
        )
    if not found:
        raise UsageError("no-such-deposit", "there is no deposit {deposit}", remedy=Action("list"), deposit=said)
    return found[0]


def only_due(site: Site, verb: str, others: Iterable[str] = ()) -> str:
    """The only deposit for which this verb, or one of the others, is due; where it is due for none, the only one that
    is open: its turn says what is due instead. Raises UsageError where there is none, or several."""
    still = [each for each in register.read(site).summaries if not each.closed]
    found = [each.id for each in still if each.verb in (verb, *others)]
    if not found and len(still) == 1:
        return still[0].id
    if not found:
        raise UsageError(
            "due-for-none",
            "no deposit is named, and {verb} is due for none",
            remedy=("To see what is due:", Action("todo")),
            verb=verb,
        )
    if len(found) > 1:
        raise UsageError(
            "several-due",
            "{verb} is due for several deposits: {deposits}",
            remedy="Name the one that is meant.",
            verb=verb,
            deposits=", ".join(found[:5]) + ", …" * (len(found) > 5),
        )
    return found[0]


def show(desk: Desk, deposit_id: str) -> tuple[Row, Dossier]:
    """One deposit: its row of the board and its dossier."""
    dossier = dossiers.read(desk.site, deposit_id)
    return row_of(desk, dossier), dossier


def row_of(desk: Desk, dossier: Dossier) -> Row:
    """The row of a dossier. The others count only for its number in the waiting list."""
    mine = dossier.summary
    queues = mine.waiting == "space"
    others = [each for each in register.read(desk.site).summaries if each.id != mine.id] if queues else []
    return _rows(desk, [*others, mine], [mine])[mine.id]


def followups(desk: Desk, each: Summary) -> list[Row]:
    """What remains to be done for a deposit after a correction or a move, a row each; it has no deadline."""
    return _followups(desk, each, key_states(desk.site))


def _followups(desk: Desk, each: Summary, states: Callable[[Summary], KeyState]) -> list[Row]:
    if not each.in_our_hands:
        return []
    port = each.to_set_port and _port_is_ours(desk.site, each.place)
    key = states(each) != "current"
    return _beside(desk, each, "configure", actions.followups(each, port=port, key=key))


def unsigned(desk: Desk, each: Summary) -> list[Row]:
    """The papers of a deposit that lack signatures, of the kinds that the site wants signed, and those that a service
    may have signed, a row each."""
    if not (each.unsigned or each.unclear):
        return []
    signs = desk.site.settings.signing
    waits = {asked.number for asked in each.unclear}
    lacking = [
        (
            f"Formulir {paper.number} belum ditandatangani: {', '.join(IN_RECORDS[box] for box in paper.boxes)}",
            _sign(signs, each.id, paper),
        )
        for paper in each.unsigned
        if paper.kind in signs.papers and paper.number not in waits
    ]
    lacking += [_unclear(each.id, asked) for asked in each.unclear]
    return _beside(desk, each, "handover", lacking)


def _sign(signs: Signing, deposit_id: str, paper: Unsigned) -> Action:
    """How a paper gets its signatures: here, by what the settings name, or elsewhere."""
    file = Action("sign", deposit_id)
    means = {"bsre": ""} if signs.bsre and not signs.token else {}
    if not (signs.bsre or signs.token):
        return file
    here = [Action("document sign", deposit_id, given={"": paper.number, "as": box, **means}) for box in paper.boxes]
    return here[0]._replace(alternatives=(*here[1:], file))


def _unclear(subject: str, asked: SigningAsked) -> tuple[str, Action]:
    """What a service may have signed: it is filed, or it is said that it was not."""
    said = {"": asked.number, "as": asked.box}
    not_signed = Action("ask-signature", subject, given=said, needs=("not_signed",))
    box = IN_RECORDS.get(asked.box, asked.box)
    what = f"Belum jelas apakah {asked.name} telah menandatangani {asked.number} ({box})"
    return what, Action("sign", subject, alternatives=(not_signed,))


def unclear_reports(desk: Desk) -> list[Row]:
    """The month's reports that a service may have signed, a row each, as a deposit's. Raises InvalidRecord where the
    register was altered."""
    role = _role(desk, "inventory")
    actors = {key: said for each in desk.site.procedures.values() for key, said in each.actors.items()}
    return [
        Row(OfOffice(subject), what, role, actors.get(role, role), kind="followup", beside=action)
        for subject, asked in issued.unclear(issued.read(desk.site))
        for what, action in [_unclear(subject, asked)]
    ]


def _beside(desk: Desk, each: Summary, verb: str, things: Iterable[tuple[str, Action]]) -> list[Row]:
    """Rows of things to be done beside the steps, by whoever does the step of `verb`."""
    things = list(things)
    if not things:
        return []
    rules, role = desk.site.procedures[each.procedure], _role(desk, verb)
    return [
        Row(each, what, role, rules.actors.get(role, role), kind="followup", beside=action) for what, action in things
    ]


def _role(desk: Desk, verb: str) -> str:
    """Whose steps are those of a verb; empty where there are none."""
    steps = [step for procedure in desk.site.procedures.values() for step in procedure.steps]
    return next((step.actor for step in steps if step.verb == verb), "")


def _port_is_ours(site: Site, place: Place | None) -> bool:
    """Has the site a record of the switch that a place is cabled to?"""
    rack = next((each for each in site.racks if place and each.name == place.rack), None)
    return bool(place and place.port and rack and rack.switch and rack.switch.name in site.switches)


class _Making:
    """How rows are made today, by this site's calendar."""

    def __init__(self, desk: Desk) -> None:
        self._days, self._today = calendar.calendar(desk.site), desk.now().date()
        self._escalation = desk.site.settings.escalation
        self._shared: dict[tuple[date, int, bool], tuple[Deadline | None, Prose]] = {}

    def row(self, each: Summary, queue: Mapping[str, int]) -> Row:
        """The row of a deposit."""
        until, why = self._until(each)
        waits = self.waits(each)
        queues = waits == "space"
        return Row(
            each,
            each.activity or f"berkas ditutup: {each.end}",
            each.actor,
            each.actor_title,
            until.due if until else None,
            until.late if until else 0,
            until.escalated_to if until else "",
            why,
            waits,
            queue[each.id] if queues else None,
            len(queue) if queues else None,
        )

    def waits(self, each: Summary) -> Waits:
        """What a deposit waits for."""
        nobodys = each.waits_on(self._today)
        if nobodys:
            return nobodys
        if each.waiting == "decision":
            return "decision"
        if each.unfinished:
            return "unfinished"
        return "person" if each.tries else ""

    def _until(self, each: Summary) -> tuple[Deadline | None, Prose]:
        """The deadline and why. Rows due since the same day, with the same limit and no pause, share one."""
        plain = each.since is not None and not (each.closed or each.pauses or each.held or each.waiting == "space")
        since = each.month_due or (each.since and each.since.date())
        key = (since, each.limit_days, each.month_due is None) if since and plain else None
        if key in self._shared:
            return self._shared[key]
        found = deadline(each, self._days, self._today, self._escalation)
        said: tuple[Deadline | None, Prose] = (found, found.explanation if found else "")
        if key:
            self._shared[key] = said
        return said


def _numbers(summaries: Iterable[Summary]) -> dict[str, int]:
    """Each deposit's number in the waiting list."""
    return {each.id: number for number, each in enumerate(waiting_list(summaries), start=1)}


def _waits(row: Row) -> bool:
    """Does a row wait for something that nobody can do now?"""
    return row.waits in ("space", "month", "hold")


def _concerns(row: Row, actor: str, levels: Mapping[int, str]) -> bool:
    """Is a row `actor`'s own, or escalated to them? What has gone further up stays theirs."""
    return actor == row.role or any(row.late_days >= days and role == actor for days, role in levels.items())


_STATES: dict[State, Callable[[Row], bool]] = {
    "open": lambda row: row.step is not None,
    "closed": lambda row: row.step is None,
    "late": lambda row: row.late,
    "held": lambda row: row.waits == "hold",
    "waiting": lambda row: row.waits == "space",
    "all": lambda _row: True,
}


_MAY_BE: dict[State, Callable[[Summary], bool]] = {
    "open": lambda each: each.step is not None,
    "closed": lambda each: each.step is None,
    "late": lambda each: each.step is not None,
    "held": lambda each: each.held,
    "waiting": lambda each: each.waiting == "space",
    "all": lambda _each: True,
}


def _may_fit(query: Query, units: Mapping[str, Unit]) -> Callable[[Summary], bool]:
    """Which deposits may have a row that fits: a row costs more than a look at its summary."""
    in_state, of_unit = _MAY_BE[query.state], cache(lambda name: called(units, name, query.unit))

    def may_fit(each: Summary) -> bool:
        return (
            in_state(each)
            and (not query.unit or of_unit(each.unit))
            and (not query.rack or each.place is not None)
            and query.procedure in ("", each.procedure)
            and query.step in (None, each.step)
        )

    return may_fit


def _fitting(query: Query, units: Mapping[str, Unit], lists: _Lists) -> list[Row]:
    """The rows that a query asks for."""
    in_state, search = _STATES[query.state], query.search.casefold()
    rows = lists.opened if query.state == "open" else [row for row in lists.everyone if in_state(row)]
    if query.unit:
        names = {name for name in {row.unit for row in rows} if called(units, name, query.unit)}
        rows = [row for row in rows if row.unit in names]
    if query.rack:
        rows = [row for row in rows if row.place is not None and row.place.rack == query.rack]
    if query.procedure or query.step is not None:
        rows = [row for row in rows if query.procedure in ("", row.procedure) and query.step in (None, row.step)]
    return [row for row in rows if lists.says(row, search)] if search else rows


def _said(row: Row) -> str:
    place = str(row.place or "")
    said = (row.id, row.unit, row.server, place, row.standing, row.activity, row.application, row.description)
    return " ".join(said).casefold()


def _ending(desk: Desk, everyone: Iterable[Summary]) -> list[Row]:
    """The deposits whose time (masa penitipan) ends soon, or has ended, and whose return has not begun."""
    settings, today, days = desk.site.settings, desk.now().date(), calendar.calendar(desk.site)
    soon = today + timedelta(settings.validity_reminder_days)
    rows = []
    for each in everyone:
        until = each.valid_until
        if not until or until > soon or not each.in_our_hands:
            continue
        rules = desk.site.procedures[each.procedure]
        if rules.begins.during:
            continue
        late = days.between(until, today)
        row = Row(
            each,
            f"Masa penitipan berakhir {until}: perpanjang, atau minta kembali",
            REQUESTER,
            rules.actors[REQUESTER],
            due=until,
            late_days=late,
            escalated_to=escalated(settings.escalation, late),
            why=Text("the deposit is valid until {day}", day=until),
            kind="validity",
            beside=actions.extension(each),
        )
        rows.append(row)
    return rows
