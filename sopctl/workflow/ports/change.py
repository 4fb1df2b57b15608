"""One change of one switch port: what others began there, what an earlier run left, the plan, and what becomes of it.

Only what this run armed is disarmed, and what an earlier run of ours left behind is ended first. `giving` gives a port
to its server, or puts it back; `taking_away` shuts it. Ctrl-C ends neither half-way.
"""

import dataclasses
import time
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from sopctl.adapters.switch import DeviceFault, Session, learned, neighbours, read
from sopctl.locale import Text
from sopctl.model.access.algorithms import allowed
from sopctl.model.ports import port
from sopctl.model.ports.port import Neighbour, Plan, Reason, Refusal
from sopctl.workflow.ports import giving, left_over, taking_away
from sopctl.workflow.ports.job import Job, PortResult, refused
from sopctl.workflow.ports.left_over import There

SESSION_SECONDS = 150.0
HEAR_SECONDS = 40.0
"""How long a server may take to be heard: its link has to come up, and spanning tree takes 30 s."""
_UNDERSTANDING = ("neighbours-contradict", "switch-not-understood", "command-refused", "device-asks")


class Proposal(Struct, frozen=True):
    """A plan with the lines that would be sent, those that would undo it, and how the switch itself would do that."""

    plan: Plan
    lines: tuple[str, ...]
    back: tuple[str, ...]
    restore: str = ""


def preview(job: Job) -> Proposal:
    """What `change` would do. Nothing that is sent changes anything. Raises DeviceFault."""
    driver = job.held.driver
    with job.held.open() as session:
        there = left_over.look(job, session)
        left = [
            Refusal(Reason.LEFT_OVER, Text("an earlier run was cut off and left {what}", what=each.what))
            for each in there.ours
        ]
        plan = _plan(job, session, there)
        plan = replace(plan, warnings=(*left, *plan.warnings))
        if plan.before is None or plan.refusals or not plan.changes:
            return Proposal(plan, (), ())
        lines = driver.lines(plan.before, plan.wanted)
        if not job.service:
            return Proposal(plan, lines, ())
        back = driver.back(driver.expected(plan.before, job.wanted), plan.before)
        restore = driver.restore(session, plan.before, back, left_over.RESTORE_SECONDS)
        return Proposal(plan, lines, back, restore.how if restore else "")


def change(job: Job) -> PortResult:
    """Set the port as it is wanted.

    Raises DeviceFault when no session begins or the switch cannot be read: nothing was sent then. Raises Interrupted
    after Ctrl-C, once the port has been put back (or shut) as far as possible; it says whether it was.
    """
    plan: Plan | None = None
    with job.held.open() as session:
        there = left_over.look(job, session)
        sound = job.service or not there.hidden  # another's timer would be in the way of our own
        if not sound:
            with suppress(DeviceFault):
                there, sound = left_over.uncover(job, session, there), True
        if sound:
            began = time.monotonic()
            plan = _begun(job, session, there)
            if all(each.reason is not Reason.NO_ADDRESSES for each in plan.warnings):
                return _made(job, session, plan, time.monotonic() - began)
    with job.held.open() as anew:  # what was looked at has ended the first session
        return _made(job, anew, plan or _begun(job, anew, left_over.look(job, anew)), 0.0)


def _begun(job: Job, session: Session, there: There) -> Plan:
    """What is left of earlier runs is ended, if nobody else has anything under way; then the plan."""
    if not there.theirs:
        left_over.end(job, session, there.ours)
    return _plan(job, session, there)


def _made(job: Job, session: Session, plan: Plan, pace: float) -> PortResult:
    """What becomes of a plan. `pace`: how long the switch took to be read, in seconds."""
    job = dataclasses.replace(job, wanted=plan.wanted)
    if plan.refusals:
        return refused(plan, plan.refusals[0])
    if not plan.changes:
        return giving.unchanged(job, session, plan)
    if not job.service:
        return taking_away.take_away(job, session, plan)
    seconds = left_over.RESTORE_SECONDS
    return giving.give(job, session, plan, max(seconds, round(seconds - 60 + 4 * pace)))


def _plan(job: Job, session: Session, there: There) -> Plan:
    driver = job.held.driver
    state = read(driver, session, addresses=False)
    unread: tuple[Refusal, ...] = ()
    try:
        state = replace(state, learned=learned(driver, session))
    except DeviceFault as error:
        if job.service:
            raise
        said = Text("the MAC addresses on the switch are not known: {why}", why=error.text)
        unread = (Refusal(Reason.NO_ADDRESSES, said),)
    before = state.ports.get(job.port)
    unable = driver.unable(before, job.wanted) if before and before.setting != job.wanted else ""
    heard: tuple[Neighbour, ...] = ()
    if job.service and before:
        try:
            heard = neighbours(driver, session, job.port)
        except DeviceFault as error:
            if error.id not in _UNDERSTANDING:  # the session is over
                raise
            said = Text("its neighbours are not known: {why}", why=error.text)
            unread = (Refusal(Reason.NO_NEIGHBOURS, said),)
    plan = port.plan(
        job.held.record.name,
        job.port,
        job.wanted,
        state,
        uplinks=job.held.record.uplinks,
        whose=job.whose,
        service=job.service,
        neighbours=heard,
        unable=unable,
    )
    others, restarts = (
        tuple(left_over.of_others(each.what, each.who) for each in found) for found in (there.theirs, there.restarts)
    )
    old = ", ".join(allowed(job.held.record.legacy))
    may = Text("the switch may be spoken to with old SSH algorithms: {old}", old=old)
    spoken = (Refusal(Reason.OLD_ALGORITHMS, may),) if old else ()
    return replace(plan, refusals=(*others, *plan.refusals), warnings=(*plan.warnings, *unread, *restarts, *spoken))
