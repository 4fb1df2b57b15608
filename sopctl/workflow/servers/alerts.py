"""Tells those whom `checks.notify` names that servers went down or came back, once for each change."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from sopctl.errors import SopctlError
from sopctl.locale.catalogs import worded
from sopctl.model.message import Message
from sopctl.store.checks import Change, Checks
from sopctl.store.site import Site
from sopctl.workflow import terms
from sopctl.workflow.desk import Desk
from sopctl.workflow.messages import composing, sending
from sopctl.workflow.messages.sending import MayHaveArrived, Ready
from sopctl.workflow.servers.checking import under_maintenance

LISTED = 50
"""How many servers a message names; it only counts the others."""


class Notice(Struct, frozen=True):
    """What one addressee was to be told; `problem` says why it was not, or perhaps not."""

    to: str
    changes: list[Change]
    problem: str = ""


def announce(desk: Desk) -> list[Notice]:
    """Tell everyone whom `checks.notify` names which servers went down or came back, in one message to each.

    A message that an addressee did not accept is sent to that one again by the next run. One that they may have
    accepted is not sent twice: it is noted before it is sent. What is under maintenance is not told: a server that is
    still down when the maintenance is over is told then.
    """
    history, notices, muted = Checks(desk.site), [], under_maintenance(desk)
    for name in desk.site.settings.checks.notify:
        if changes := history.claim(name, muted):
            problem = ""
            try:
                _message(desk.site, name, changes).send()
            except MayHaveArrived as error:
                problem = str(error)
            except SopctlError as error:
                history.release(name, changes)
                problem = str(error)
            notices.append(Notice(name, changes, problem))
    return notices


def _message(site: Site, name: str, changes: Sequence[Change]) -> Ready:
    """To the channel of that name, else to the person by e-mail. Raises a SopctlError for settings that are wrong."""
    zone, language = ZoneInfo(site.settings.time_zone), site.settings.language
    rows = [
        {
            "id": one.id,
            "cause": worded(terms.cause(one.cause), language),
            "began": f"{datetime.fromtimestamp(one.began, zone):%Y-%m-%d %H:%M}",
            "ended": f"{datetime.fromtimestamp(one.ended, zone):%Y-%m-%d %H:%M}" if one.ended else "",
            "minutes": ((one.ended or one.began) - one.began) // 60,
        }
        for one in changes
    ]
    down, back = [row for row in rows if not row["ended"]], [row for row in rows if row["ended"]]
    values = {"down": down, "back": back, "listed": LISTED}
    if name in site.settings.message_channels:
        subject, text = composing.render(site, language, "access", values)
        return sending.to_channel(site, name, Message(None, name, subject, text))
    person = site.settings.people[name]
    digest = hashlib.sha256("\n".join(f"{one.id} {one.began} {one.ended}" for one in changes).encode()).hexdigest()
    message = composing.to_person(site, person.name, person.email, language, "access", values)
    return sending.by_email(site, message, sending.new_id(site, f"akses.{digest[:12]}", len(changes)))
