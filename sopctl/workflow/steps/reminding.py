"""Reminders of what is late: to people of the office by their role, and to the units for their own steps.

There is one reminder when a step becomes late, and one more each time that it is escalated; one when a deposit is about
to end. Each is an act in the dossier, recorded before the message is sent, so that a crash never sends it twice.
"""

import hashlib
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from sopctl.errors import Conflict, NotNow, OutsideFailure, SopctlError
from sopctl.model.message import Message
from sopctl.model.sop.entries import Reminded
from sopctl.model.sop.procedure import REQUESTER
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.settings import Language
from sopctl.workflow.desk import Desk, act
from sopctl.workflow.messages import composing, sending
from sopctl.workflow.messages.notes import told
from sopctl.workflow.views import board
from sopctl.workflow.views.board import Row

Addressee = tuple[str, str | None, Language]
"""Name, e-mail, language."""


class Reminder(Struct, frozen=True):
    """One message to one person, and the rows that it is about."""

    name: str
    email: str | None
    rows: tuple[Row, ...]
    message: Message
    sent: bool = False
    problem: str = ""
    """Why it was not sent; empty when it was, and in a dry run."""


def remind(desk: Desk, *, dry_run: bool = False, errors: list[SopctlError] | None = None) -> list[Reminder]:
    """Send the reminders that are due: one message per person. With `dry_run`, only return them. `errors` gets those of
    dossiers that cannot be read.

    A message that cannot be sent does not stop the others; it is tried again next time.
    """
    found, due = [], board.todo(desk)
    if errors is not None:
        errors += due.errors
    for (name, email, language), rows in _addressed(desk, due.rows).items():
        message = composing.to_person(desk.site, name, email, language, "reminder", {"rows": rows})
        reminder = Reminder(name, email, tuple(rows), message)
        found.append(reminder if dry_run else _send(desk, reminder))
    return found


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
        if key(row) in _reminded(dossier):
            continue
        to: set[Addressee] = set()
        if row.role == REQUESTER:
            contact = dossier.deposit.contacts.technical
            to.add((contact.name, contact.email, contact.language or desk.site.settings.language))
        roles = {row.role, row.escalated_to}
        to |= {(who.name, who.email, desk.site.settings.language) for who in people if who.role in roles and who.email}
        for each in sorted(to, key=str):
            found.setdefault(each, []).append(row)
    return found


def _reminded(dossier: Dossier) -> set[str]:
    """The keys of the reminders that were sent for a dossier; a message that failed does not count."""
    keys: dict[str, bool] = {}
    for _, reminded in dossier.established(Reminded):
        keys.setdefault(reminded.key, reminded.problem is None)
    return {each for each, sent in keys.items() if sent}


def _send(desk: Desk, reminder: Reminder) -> Reminder:
    digest = hashlib.sha256("\n".join(f"{row.id} {key(row)}" for row in reminder.rows).encode()).hexdigest()[:12]
    message_id = sending.new_id(desk.site, f"pengingat.{digest}", len(reminder.rows))
    site = desk.site
    if site.settings.mail and reminder.email:
        ready = sending.by_email(site, reminder.message, message_id)
    elif site.settings.channels:
        ready = sending.by_channels(site, reminder.message)
    else:
        return replace(reminder, problem=sending.no_email(site, reminder.message).message)
    _note(desk, reminder.rows, message_id, ready.to)
    try:
        ready.send()
    except OutsideFailure as error:
        _note(desk, reminder.rows, message_id, ready.to, failed=error)
        return replace(reminder, problem=error.message)
    return replace(reminder, sent=True)


def _note(desk: Desk, rows: Sequence[Row], message_id: str, to: str, *, failed: SopctlError | None = None) -> None:
    """Record in each dossier that a reminder was sent, or that it failed. A dossier that another process holds is
    skipped: its reminder may be sent once more."""
    for row in rows:
        reminded = Reminded(key=key(row), message_id=message_id, to=to, problem=failed.message if failed else None)
        note = f"pengingat gagal: {told(failed)}" if failed else f"pengingat ke {to}"
        try:
            with act(desk.automatic(), row.id, "remind") as mine:
                mine.record(mine.verb.outcome, reminded, note=note[:500])
        except (Conflict, NotNow):
            continue
