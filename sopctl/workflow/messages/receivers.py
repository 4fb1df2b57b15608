"""Events to the receivers that sopctl.yml names (channels with `signed_with`): each in the journal's order, once it was
recorded, tried again until it is taken, and then never again."""

import random
import re
from datetime import datetime

import msgspec
from msgspec import Struct

from sopctl.adapters import webhook
from sopctl.errors import SopctlError
from sopctl.locale import Prose, Text
from sopctl.model import names
from sopctl.store import dossiers, locks
from sopctl.store.across.outbox import Mark, Outbox
from sopctl.store.journal import Journal
from sopctl.store.site import Site
from sopctl.workflow.messages import sending

FIRST_WAIT, MOST_WAIT = 60.0, 6 * 3600.0
"""Seconds until an event that was not taken is tried again: doubled each time, up to the second."""
AT_ONCE = 200
"""Events for one receiver in one run: the timer comes back soon."""


class Told(Struct, frozen=True):
    """What a receiver hears of an event: which, and what became of the deposit. More it asks the page for."""

    deposit: str
    number: int
    at: datetime
    procedure: str
    step: int
    outcome: str
    by: str
    hash: str


class Sent(Struct, frozen=True):
    """What was sent to a receiver now, whether there is more to send, and what was wrong."""

    receiver: str
    sent: int
    more: bool
    problem: Prose = ""


def send(site: Site, now: datetime, errors: list[SopctlError]) -> list[Sent]:
    """Send every receiver what it does not have yet. What is wrong with a dossier goes into `errors`, and what is wrong
    with a receiver stops no other. Raises Conflict while another process sends."""
    found = []
    with locks.hold(site.locks / "outbox", Text("the sending of events")):
        for name in site.settings.receivers:
            try:
                found.append(_send(site, name, now.timestamp(), errors))
            except SopctlError as error:
                errors.append(error)
                found.append(Sent(name, 0, more=True, problem=error.message))
    return found


def _send(site: Site, name: str, now: float, errors: list[SopctlError]) -> Sent:
    box = Outbox(site.root)
    mark = box.mark(name)
    if mark is None:  # a new one hears of what happens from now on
        mark = Mark(Journal(site.root).size())
        box.keep(name, mark)
    if now < mark.not_before:
        return Sent(name, 0, more=True, problem=Text("it did not take an event, and is tried again later"))
    channel = site.settings.receivers[name]
    url, secret = sending.secret(site, channel.url), sending.secret(site, channel.signed_with or "")
    sent = 0
    lines = Journal(site.root).after(mark.place, AT_ONCE)
    for line, place in lines:
        told = _told(site, line.deposit, line.seq, errors) if re.match(names.ID, line.deposit) else None
        if told is not None:
            body = msgspec.json.encode(told)
            try:
                webhook.post(name, url, body, secret=secret, at=int(now), key=f"{told.deposit}-{told.number}")
            except SopctlError as error:
                failed = mark.failed + 1
                wait = min(FIRST_WAIT * 2.0 ** (failed - 1), MOST_WAIT) * (1 + random.random() / 4)  # noqa: S311 (spread)
                box.keep(name, Mark(mark.place, failed, now + wait))
                errors.append(error)
                return Sent(name, sent, more=True, problem=error.message)
            sent += 1
        mark = Mark(place)
        box.keep(name, mark)
    return Sent(name, sent, more=len(lines) == AT_ONCE)


def _told(site: Site, deposit: str, number: int, errors: list[SopctlError]) -> Told | None:
    """The event of this number; None, and an error, where the dossier cannot be read."""
    try:
        event = next((each for each in dossiers.read(site, deposit).events if each.seq == number), None)
    except SopctlError as error:
        errors.append(error)
        return None
    if event is None:
        return None
    return Told(deposit, number, event.at, event.procedure, event.step, event.outcome, event.by, event.hash)
