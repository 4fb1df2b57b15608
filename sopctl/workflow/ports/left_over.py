"""What is on a switch when a change begins: what others have under way there, and what a killed run of ours left.

What others began is left alone, and the change is refused with who and what. What is ours is ended first.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from sopctl.adapters.switch import CommandRefused, DeviceFault, Pending, Restore, Session, begin, pending, read
from sopctl.locale import Text
from sopctl.model.ports.port import ActualPort, Reason, Refusal
from sopctl.store import switches as kept
from sopctl.store.switches import UnderWay, Unfinished
from sopctl.workflow.ports.job import Job

RESTORE_SECONDS = 180
"""After this time a switch puts a port back by itself, or later, if it is slow: this is for when no session comes
back."""
SLACK = timedelta(minutes=1)
"""A switch whose timer counts minutes is given one more."""
_TAKEN = re.compile(r"already|in progress|pending|\blocked\b", re.IGNORECASE)
"""How a switch that has one timer refuses a second, and how it refuses to be configured by two at once."""


@dataclass(frozen=True)
class There:
    """What will change the switch by itself. `restarts`: what holds up no port that is to be shut, as it opens none.
    `hidden`: the switch may have a timer of someone else that it does not show."""

    theirs: tuple[Pending, ...] = ()
    ours: tuple[Pending, ...] = ()
    restarts: tuple[Pending, ...] = ()
    hidden: bool = False


def look(job: Job, session: Session) -> There:
    """What there is. Nothing is changed."""
    theirs, ours, restarts, hidden = list[Pending](), list[Pending](), list[Pending](), False
    for each in pending(job.held.driver, session, job.port):
        if each.ours is None:
            marks = kept.unfinished(job.held.marks, job.held.record.name)
            recent = any(mark.until is not None and job.now() <= mark.until for mark in marks)
            mine = recent and each.who in ("", job.held.record.account)
        else:
            mine = each.ours
        if mine and (each.seen or job.under_way.marked or each.ours is None):
            ours.append(each)
        elif each.seen and not mine:
            (restarts if each.restart and not job.service else theirs).append(each)
        elif each.ours is None:
            hidden = True
    return There(tuple(theirs), tuple(ours), tuple(restarts), hidden)


def uncover(job: Job, session: Session, there: There) -> There:
    """The same, with what is hidden. A switch that does not show its timer refuses a second one; so one of ours is
    armed, and disarmed at once. Nothing is changed in between, so nothing would happen if it ran."""
    port = ActualPort(job.port, job.wanted)
    restore = job.held.driver.restore(session, port, (), RESTORE_SECONDS)
    if restore is None or not (restore.entering or restore.begin):
        return replace(there, hidden=False)
    mark(job, port, restore, RESTORE_SECONDS)
    try:
        begin(session, restore)
        if restore.entering:
            session.configure((), entering=restore.entering)
    except CommandRefused as error:
        job.under_way.clear()
        return replace(there, theirs=(*there.theirs, Pending(error.answer))) if is_taken(error) else there
    for command in restore.keep:
        session.show(command)
    job.under_way.clear()
    return replace(there, hidden=False)


def is_taken(error: CommandRefused) -> bool:
    """Does a switch refuse us because someone else has begun something?"""
    return bool(_TAKEN.search(error.answer))


def end(job: Job, session: Session, ours: Sequence[Pending]) -> None:
    """End what a killed run of ours left: first its rollback, then its half change, so that the port is as it was. A
    port that is to be taken away is not opened again for that."""
    for command in (each for left in ours for each in left.end):
        with suppress(CommandRefused):  # none is armed: it was killed before that, or after the rollback
            session.show(command)
    if not job.service:
        return
    marks = [mark for mark in kept.unfinished(job.held.marks, job.held.record.name) if mark.service]
    if not marks:
        return
    state = read(job.held.driver, session, addresses=False)
    for mark in marks:
        now = state.ports.get(mark.port)
        if now is None or (mark.port == job.port and now.setting == job.wanted):
            continue  # a change that only lacks its end is finished
        lines = job.held.driver.back(now, mark.before)
        if lines:
            session.configure(lines)
            with suppress(DeviceFault):  # the switch may have saved the half change
                job.held.driver.save(session, mark.before, overwrite=False)
        UnderWay(job.held.marks, mark.switch, mark.port).clear()


def mark(job: Job, before: ActualPort, restore: Restore | None, seconds: float) -> None:
    """Mark a change, before its first line is sent, with the time until which the switch may put the port back."""
    until = job.now() + timedelta(seconds=seconds) + SLACK if restore else None
    name = job.held.record.name
    job.under_way.mark(Unfinished(name, job.port, job.whose.deposit, job.service, before, until))


def of_others(what: str, who: str = "") -> Refusal:
    """Why a change is refused: what someone else began."""
    if who:
        return Refusal(Reason.PENDING, Text("{who} has an unfinished change on the switch: {what}", who=who, what=what))
    return Refusal(Reason.PENDING, Text("someone else has an unfinished change on the switch: {what}", what=what))
