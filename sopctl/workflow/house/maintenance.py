"""Maintenance of racks or servers: planned, told to the owners, called off.

While it lasts, nobody is alarmed about the servers concerned, and their availability counts that time apart. It is
planned before it begins: what was down yesterday cannot be declared maintenance today.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from sopctl.errors import Action, NotNow, OutsideFailure, SopctlError, UsageError
from sopctl.locale import Text
from sopctl.model.house.maintenance import (
    CANCELLED,
    PLANNED,
    PROCEDURE,
    TOLD,
    Maintenance,
    MaintenanceEnded,
    MaintenanceNoted,
    OwnerTold,
    Told,
    Via,
    Window,
    window_id,
    windows,
)
from sopctl.store import dossiers, register
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Desk
from sopctl.workflow.house.writing import Writing, known, number_of, one_line, writing
from sopctl.workflow.messages import composing, sending
from sopctl.workflow.messages.composing import Content
from sopctl.workflow.messages.sending import MayHaveArrived, Ready
from sopctl.workflow.papers.official_letter import maintenance_letter
from sopctl.workflow.papers.printing import printed
from sopctl.workflow.steps import required

LONGEST = timedelta(days=31)
AHEAD = timedelta(days=366)
"""How far ahead one may be planned. Who looks for the maintenance of a day then reads the books of two years."""


class Planned(Struct, frozen=True):
    """A maintenance, and who was told of it just now."""

    window: Window
    told: tuple[Told, ...]

    @property
    def everyone_told(self) -> bool:
        return not any(each.problem for each in self.told)


def plan(
    desk: Desk, *, racks: Sequence[str], ids: Sequence[str], begin: datetime, end: datetime, reason: str
) -> Planned:
    """Plan a maintenance of `racks` and deposits (`ids`), and tell the owners of all servers concerned.

    Raises UsageError for a time that is not ahead, or where nothing is concerned.
    """
    said = required.reason(
        one_line(reason, Text("the reason")), Text("maintenance"), Action("maintenance plan", needs=("reason",))
    )
    begin, end = _in_office_time(desk, begin), _in_office_time(desk, end)
    _refuse_times(desk, begin, end)
    concerned = _concerned(desk, racks, ids)
    what = Maintenance(begin, end, said, concerned, tuple(dict.fromkeys(racks)))
    with writing(desk, "maintenance", desk.now().year, PROCEDURE) as book:
        number = book.next_number
        book.note(number, PLANNED, MaintenanceNoted(maintenance=what), note=_told(what))
        return _tell(book, number)


def cancel(desk: Desk, named: str, *, reason: str) -> Planned:
    """Call a maintenance off, or end one that is under way; those who were told of it are told so. Raises UsageError,
    and NotNow for one that is over."""
    said = required.reason(
        one_line(reason, Text("the reason")),
        "calling a maintenance off",
        Action("maintenance cancel", named, needs=("reason",)),
    )
    year, number = number_of(desk, "P", named)
    with writing(desk, "maintenance", year, PROCEDURE) as book:
        window = _found(book, number)
        if window.ended or window.maintenance.end <= desk.now():
            raise NotNow(
                "maintenance-over",
                "{maintenance} is over",
                remedy="Plan another one if work is left.",
                maintenance=window.id,
            )
        book.note(number, CANCELLED, MaintenanceEnded(ended=desk.now()), note=said)
        return _tell(book, number)


def tell(desk: Desk, named: str) -> Planned:
    """Tell those who were not reached yet. Raises UsageError."""
    year, number = number_of(desk, "P", named)
    with writing(desk, "maintenance", year, PROCEDURE) as book:
        return _tell(book, number)


def _in_office_time(desk: Desk, at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=desk.now().tzinfo)


def _refuse_times(desk: Desk, begin: datetime, end: datetime) -> None:
    now = desk.now()
    if begin < now.replace(second=0) or begin > now + AHEAD:
        raise UsageError(
            "maintenance-not-ahead",
            "{begin:%Y-%m-%d %H:%M} is not ahead: maintenance is planned before it begins, by a year at most",
            remedy="Name a time to come, such as 2026-11-23 20:00, within a year.",
            begin=begin,
        )
    if not begin < end <= begin + LONGEST:
        raise UsageError(
            "maintenance-too-long",
            "from {begin:%Y-%m-%d %H:%M} until {end:%Y-%m-%d %H:%M} is not a time of 31 days at most",
            remedy="Name an end after the beginning. Plan longer work in several parts.",
            begin=begin,
            end=end,
        )


def _concerned(desk: Desk, racks: Sequence[str], ids: Sequence[str]) -> tuple[str, ...]:
    there = {rack.name for rack in desk.site.racks}
    if unknown := [name for name in racks if name not in there]:
        raise UsageError(
            "no-such-rack",
            "there is no rack {rack!r}",
            remedy=Text("There are: {names}.", names=", ".join(sorted(there))),
            rack=unknown[0],
        )
    inside = [each.id for each in register.summaries(desk.site) if each.in_our_hands and _stands_in(each.place, racks)]
    concerned = tuple(dict.fromkeys((*known(desk, tuple(ids)), *inside)))
    if not concerned and not racks:
        raise UsageError(
            "maintenance-of-nothing",
            "name a rack (--rack), or the deposits concerned",
            remedy="Nothing was planned. Name what it concerns, and plan it again.",
        )
    return concerned


def _stands_in(place: object, racks: Sequence[str]) -> bool:
    return getattr(place, "rack", None) in racks


def _found(book: Writing, number: int) -> Window:
    name = window_id(book.book.year, number)
    window = next((each for each in windows(book.book.year, book.book.events) if each.id == name), None)
    if window is None:
        raise UsageError(
            "no-such-maintenance",
            "there is no maintenance {maintenance}",
            remedy=Action("maintenance list"),
            maintenance=name,
        )
    return window


class _Owner(Struct, frozen=True):
    """Someone to be told, and the dossiers of theirs that are concerned."""

    name: str
    email: str | None
    dossiers: tuple[Dossier, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(each.id for each in self.dossiers)


def _tell(book: Writing, number: int) -> Planned:
    """Tell everyone who is to be told and was not, one message each. What cannot be sent holds up nobody else."""
    window = _found(book, number)
    told = [_one(book, number, window, owner) for owner in _to_tell(book.desk, window)]
    return Planned(_found(book, number), tuple(told))


def _to_tell(desk: Desk, window: Window) -> Iterator[_Owner]:
    """Who is to be told of the maintenance, or that it is called off, and was not."""
    cancelled = window.ended is not None
    newest = {(each.name, each.to, each.cancelled): each for each in window.told}
    reached = {known_as for known_as, each in newest.items() if not each.problem or each.perhaps}
    for owner in _owners(desk, window.maintenance.deposits):
        known_as = (owner.name, owner.email or "")
        if (*known_as, cancelled) not in reached and (not cancelled or (*known_as, False) in reached):
            yield owner


def _owners(desk: Desk, ids: Iterable[str]) -> list[_Owner]:
    found: dict[tuple[str, str | None], list[Dossier]] = {}
    for deposit_id in ids:
        try:
            dossier = dossiers.read(desk.site, deposit_id)
        except SopctlError as error:
            desk.site.tell(error)
            continue
        email = composing.address_of(desk.site, dossier.deposit)
        found.setdefault((dossier.deposit.contacts.technical.name, email), []).append(dossier)
    return [_Owner(name, email, tuple(some)) for (name, email), some in found.items()]


def _one(book: Writing, number: int, window: Window, owner: _Owner) -> Told:
    """Tell one owner, and note it. What is sent is noted before: a crash sends nothing twice."""
    desk, cancelled = book.desk, window.ended is not None
    content = _content(desk, window, owner, cancelled=cancelled)
    message_id = sending.new_id(desk.site, f"pemeliharaan.{window.id}", len(book.book.events) + 1)
    ready = _ready(desk, content, owner, message_id)
    if ready is None:
        form = maintenance_letter(desk, window.id, len(book.book.events) + 1, book.by, content, owner.dossiers[0])
        kept = book.keep("pemberitahuan.pdf", printed(desk.site, form))
        told = Told(owner.name, owner.email or "", "letter", owner.ids, document=kept, cancelled=cancelled)
        book.note(number, TOLD, OwnerTold(told=told), note=f"surat untuk {owner.name}: {form.stamp.document_number}")
        return told
    via: Via = "email" if desk.site.settings.mail and owner.email else "webhook"
    told = Told(owner.name, owner.email or "", via, owner.ids, message_id=message_id, cancelled=cancelled)
    book.note(number, TOLD, OwnerTold(told=told), note=f"ke {owner.name}: {ready.to}")
    try:
        ready.send()
    except OutsideFailure as error:
        perhaps = isinstance(error, MayHaveArrived)
        failed = Told(
            owner.name,
            owner.email or "",
            via,
            owner.ids,
            message_id=message_id,
            problem=error.message[:300],
            perhaps=perhaps,
            cancelled=cancelled,
        )
        book.note(number, TOLD, OwnerTold(told=failed), note="mungkin terkirim" if perhaps else "tidak terkirim")
        return failed
    return told


def _content(desk: Desk, window: Window, owner: _Owner, *, cancelled: bool) -> Content:
    deposit = owner.dossiers[0].deposit
    language = deposit.contacts.technical.language or desk.site.settings.language
    what = window.maintenance
    values = {
        "rows": [{"id": each.id, "server": each.deposit.server.name} for each in owner.dossiers],
        "begin": f"{what.begin:%Y-%m-%d %H:%M}",
        "end": f"{what.end:%Y-%m-%d %H:%M}",
        "reason": what.reason,
        "cancelled": cancelled,
    }
    return Content(language, *composing.render(desk.site, language, "maintenance", values))


def _ready(desk: Desk, content: Content, owner: _Owner, message_id: str) -> Ready | None:
    """The message by e-mail, else to the site's channels; None where neither reaches the owner."""
    message = composing.to_owner(desk.site, owner.name, owner.email, content)
    if desk.site.settings.mail and owner.email:
        return sending.by_email(desk.site, message, message_id)
    return sending.by_channels(desk.site, message) if desk.site.settings.message_channels else None


def _told(what: Maintenance) -> str:
    where = ", ".join((*(f"rak {rack}" for rack in what.racks), f"{len(what.deposits)} berkas"))
    return f"{what.begin:%Y-%m-%d %H:%M} s.d. {what.end:%Y-%m-%d %H:%M}; {where}: {what.reason}"
