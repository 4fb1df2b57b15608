"""Reminders of what is late: to people of the office by their role, and to the units for their own steps.

There is one reminder when a step becomes late, and one more each time that it is escalated; one when a deposit is about
to end. Each is an act in the dossier for each person, recorded before the message is sent: no crash sends it twice,
and a person whom the mail server refused does not go without because another had the message.
"""

import hashlib
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from sopctl.errors import Conflict, InvalidRecord, NotNow, OutsideFailure, SopctlError
from sopctl.locale import Prose, Text
from sopctl.model.message import Message
from sopctl.model.sop.entries import Reminded
from sopctl.model.sop.procedure import REQUESTER
from sopctl.store import dossiers, locks
from sopctl.store.dossiers import Dossier
from sopctl.store.settings import Language
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, act
from sopctl.workflow.messages import composing, sending
from sopctl.workflow.messages.notes import told
from sopctl.workflow.messages.sending import MayHaveArrived, Ready
from sopctl.workflow.views import board
from sopctl.workflow.views.board import Row

Addressee = tuple[str, str | None, Language]
"""Name, e-mail, language."""

WAIT_SECONDS = 60.0
"""How long to wait for another process that sends reminders: then there is nothing left to send."""


class Reminder(Struct, frozen=True):
    """One message to one person, and the rows that it is about."""

    name: str
    email: str | None
    rows: tuple[Row, ...]
    message: Message
    language: Language = "id"
    sent: bool = False
    problem: Prose = ""
    """Why it was not sent; empty when it was, and in a dry run."""


def remind(desk: Desk, *, dry_run: bool = False, errors: list[SopctlError] | None = None) -> list[Reminder]:
    """Send the reminders that are due: one message per person. With `dry_run`, only return them. `errors` gets those of
    dossiers that cannot be read.

    A message that cannot be sent does not stop the others; it is tried again next time. One that may have arrived is
    not. Raises Conflict while another process sends reminders, OutsideFailure for a doubtful clock.
    """
    if dry_run:
        return _due(desk, errors)
    desk.refuse_doubtful_clock()
    with locks.hold(desk.site.locks / "remind", Text("sending reminders"), wait=WAIT_SECONDS):
        desk.site.refuse_moved()
        return [_send(desk, each) for each in _due(desk, errors)]


def _due(desk: Desk, errors: list[SopctlError] | None) -> list[Reminder]:
    due = board.due(desk)  # a report has no history to note a reminder in
    if errors is not None:
        errors += due.errors
    return [
        Reminder(name, email, tuple(rows), _message(desk, (name, email, language), rows), language=language)
        for (name, email, language), rows in _addressed(desk, due.rows).items()
    ]


def _message(desk: Desk, who: Addressee, rows: Sequence[Row]) -> Message:
    return composing.to_person(desk.site, *who, "reminder", {"rows": rows})


def key(row: Row) -> str:
    """What identifies the reminder of a row: the step, since when it is due, and how far it is escalated."""
    since = row.since.isoformat() if row.since else row.due
    return f"{row.kind} {row.procedure} {row.step} {since} {row.escalated_to or '-'}"


def _addressed(desk: Desk, due: Sequence[Row]) -> dict[Addressee, list[Row]]:
    """The rows to remind of, by addressee."""
    people = desk.site.settings.people.values()
    found: dict[Addressee, list[Row]] = {}
    for row in due:
        if not row.late and row.kind == "step":
            continue
        dossier = dossiers.read(desk.site, row.id)
        to: set[Addressee] = set()
        if row.role == REQUESTER:
            contact = dossier.deposit.contacts.technical
            to.add((contact.name, contact.email, contact.language or desk.site.settings.language))
        roles = {row.role, row.escalated_to}
        to |= {(who.name, who.email, desk.site.settings.language) for who in people if who.role in roles and who.email}
        have = _reminded(dossier, key(row))
        for each in sorted(to, key=str):
            if _where(desk.site, each[1]) not in have:
                found.setdefault(each, []).append(row)
    return found


def _where(site: Site, email: str | None) -> str:
    """Where a reminder for someone goes: to their address, else to the site's channels."""
    return email if site.settings.mail and email else ", ".join(site.settings.message_channels)


def _reminded(dossier: Dossier, what: str) -> set[str]:
    """To whom the reminder with the key `what` was sent; a message that failed does not count."""
    newest: dict[str, bool] = {}
    for _, reminded in dossier.established(Reminded):
        if reminded.key == what:
            newest.setdefault(reminded.to, reminded.problem is None)
    return {to for to, sent in newest.items() if sent}


def _send(desk: Desk, reminder: Reminder) -> Reminder:
    site, to = desk.site, _where(desk.site, reminder.email)
    if not to:
        return replace(reminder, problem=sending.no_email(site, reminder.message).text)
    digest = hashlib.sha256("\n".join(f"{row.id} {key(row)}" for row in reminder.rows).encode()).hexdigest()[:12]
    message_id = sending.new_id(site, f"pengingat.{digest}", len(reminder.rows))
    rows = [row for row in reminder.rows if _note(desk, row, Reminded(key=key(row), message_id=message_id, to=to))]
    if not rows:
        return replace(reminder, problem=Text("other work on these deposits is under way"))
    if len(rows) < len(reminder.rows):
        message = _message(desk, (reminder.name, reminder.email, reminder.language), rows)
        reminder = replace(reminder, rows=tuple(rows), message=message)
    try:
        by_mail = site.settings.mail and reminder.email
        ready = (sending.by_email if by_mail else _by_channels)(site, reminder.message, message_id)
        ready.send()
    except MayHaveArrived as error:
        for row in rows:
            said = Reminded(key=key(row), message_id=message_id, to=to, perhaps=error.message)
            _note(desk, row, said, f"pengingat mungkin terkirim: {told(error)}")
        return replace(reminder, problem=error.text)
    except OutsideFailure as error:
        for row in rows:
            said = Reminded(key=key(row), message_id=message_id, to=to, problem=error.message)
            _note(desk, row, said, f"pengingat gagal: {told(error)}")
        return replace(reminder, problem=error.text)
    return replace(reminder, sent=True)


def _by_channels(site: Site, message: Message, _message_id: str) -> Ready:
    return sending.by_channels(site, message)


def _note(desk: Desk, row: Row, reminded: Reminded, note: str = "") -> bool:
    """Record a reminder in its dossier. One that another process holds is left for the next time: False."""
    try:
        with act(desk.automatic(), row.id, "remind") as mine:
            mine.record(mine.verb.outcome, reminded, note=(note or f"pengingat ke {reminded.to}")[:500])
    except (Conflict, NotNow, InvalidRecord):
        return False
    return True
