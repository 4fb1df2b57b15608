"""A port is given to a server: a rollback is armed, the lines are sent, the port is read back, the server is heard,
the rollback is disarmed, and the configuration saved. Whatever fails after the first line, the port is put back.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from msgspec.structs import replace

from sopctl.adapters.switch import (
    CommandRefused,
    DeviceAsks,
    DeviceFault,
    NotSaved,
    Restore,
    Session,
    begin,
    learned,
    read,
)
from sopctl.errors import OutsideFailure, SopctlError
from sopctl.locale import Text
from sopctl.model.ports import port
from sopctl.model.ports.port import ActualPort, Plan, PortSetting, text_changes
from sopctl.store import switches as kept
from sopctl.workflow.ports import left_over
from sopctl.workflow.ports.job import Differs, Job, PortResult, State, ended, refused, see, stopped

TICK = 1.5
MAX_OTHERS = 32
"""Addresses that are kept beside the server's own."""


class _NotHeard(OutsideFailure):
    """The server did not show on its port."""

    kind = "server-not-heard"

    def __init__(self, wanted: PortSetting, port: str, heard: Sequence[str]) -> None:
        remedy = Text("See that the server is on and plugged into this port, then run the command again.")
        if heard:
            super().__init__(
                "server-not-heard",
                "no traffic from the server on {port} in VLAN {vlan}, only from {heard}",
                remedy=remedy,
                port=port,
                vlan=wanted.vlan,
                heard=", ".join(heard),
            )
        else:
            super().__init__(
                "nothing-heard",
                "no traffic from the server, or from anything else, on {port} in VLAN {vlan}",
                remedy=remedy,
                port=port,
                vlan=wanted.vlan,
            )


@dataclass
class _Progress:
    """How far a change got: whether its rollback is armed (None: not known), lines were sent, and saving began."""

    armed: bool | None = False
    sent: bool = False
    saving: bool = False


def give(job: Job, session: Session, plan: Plan, seconds: int) -> PortResult:
    """Carry out a plan that nothing forbids. The switch restores the port by itself after `seconds`, if it can."""
    assert plan.before  # noqa: S101 (it was read)
    driver, before = job.held.driver, plan.before
    back = driver.back(driver.expected(before, job.wanted), before)
    restore = driver.restore(session, before, back, seconds)
    left_over.mark(job, before, restore, seconds)
    progress = _Progress()
    failed: BaseException
    try:
        result = _carry_out(job, session, plan, restore, progress)
        assert result.after  # noqa: S101 (it was seen)
        progress.saving = True
        driver.save(session, result.after, overwrite=job.overwrite)
        job.under_way.clear()
        return result
    except (CommandRefused, DeviceAsks, NotSaved, _NotHeard, Differs) as error:
        failed = error
        if not progress.sent:
            job.under_way.clear()
            if isinstance(error, CommandRefused) and left_over.is_taken(error):
                return refused(plan, left_over.of_others(error.answer))
            return ended("refused", plan, before, None, error)
        with suppress(SopctlError):
            after = _back(job, session, before, restore, progress)
            if after and after.setting == before.setting:
                return _was_put_back(job, plan, after, failed, progress)
    except (SopctlError, KeyboardInterrupt) as error:
        failed = error  # the dialogue is out of step, so this session is not used again
    result = _back_anew(job, plan, restore, failed, progress)
    if isinstance(failed, KeyboardInterrupt):
        raise stopped(result)
    return result


def _carry_out(job: Job, session: Session, plan: Plan, restore: Restore | None, progress: _Progress) -> PortResult:
    assert plan.before  # noqa: S101 (it was read)
    if restore and restore.arm:
        progress.sent = True
        session.configure(restore.arm)
        progress.armed = True
    if restore and restore.begin:
        progress.armed = None
        begin(session, restore)
        progress.armed = progress.sent = True
    entering = (restore.entering if restore else "") or job.held.driver.DIALECT.entering
    lines = job.held.driver.lines(plan.before, job.wanted)
    try:
        session.configure(lines, entering=entering, closing=restore.closing if restore else None)
    except BaseException as error:
        refused = isinstance(error, CommandRefused) and error.line == entering
        nothing = isinstance(error, CommandRefused) and not restore and error.line in lines[:1]
        progress.sent = progress.sent or not (refused or nothing)
        if restore and not (restore.arm or restore.begin):  # entering armed it, or the close; else that is not known
            progress.armed = True if session.entered else False if refused else None
        raise
    progress.sent = True
    progress.armed = restore is not None
    after = see(job, session)
    heard, also = _hear(job, session, after)
    for command in restore.keep if restore else ():
        session.show(command)
    progress.armed = False
    after = see(job, session)  # once more: the switch may have rolled back in the meantime
    return PortResult("done", plan, after, heard, restore=restore.how if restore else "", also=also)


def unchanged(job: Job, session: Session, plan: Plan) -> PortResult:
    """The port is as it should be; only the server may be missing. A run that was killed may have set it: then its
    change is not saved, and if it cannot be finished, the port is put back as it was before that run."""
    assert plan.before  # noqa: S101 (it was read)
    heard, also = "", tuple[str, ...]()
    marks = kept.unfinished(job.held.marks, job.held.record.name)
    left = next((mark for mark in marks if mark.port == job.port and mark.service), None)
    try:
        if job.service:
            heard, also = _hear(job, session, plan.before)
        if job.under_way.marked:
            job.held.driver.save(session, plan.before, overwrite=job.overwrite)
            job.under_way.clear()
    except (_NotHeard, CommandRefused, NotSaved) as error:
        if not job.service:
            return ended("shut", plan, plan.before, None, error)
        if left is None:
            return ended("refused", plan, plan.before, None, error)
        home = replace(plan, before=left.before)
        after = _back(job, session, left.before, None, _Progress(saving=True))
        if after and after.setting == left.before.setting:
            return _was_put_back(job, home, after, error, _Progress())
        return ended("unknown", home, after, None, error)
    return PortResult("unchanged", plan, plan.before, heard, also=also)


def _hear(job: Job, session: Session, now: ActualPort) -> tuple[str, tuple[str, ...]]:
    """The server's MAC address, as soon as it is heard on the port, and the others there. Raises _NotHeard.

    An address that port security holds on the port is in the switch's table whether it is heard or not; then the link
    has to be up too, on which no other address is let in.
    """
    deadline = time.monotonic() + min(job.hear_seconds, session.left())
    while True:
        job.stir()
        if now.bound:
            state = read(job.held.driver, session)
            here = state.ports.get(job.port)
            seen = state if here and here.link else port.SwitchState({})
        else:
            seen = port.SwitchState({}, learned=learned(job.held.driver, session, job.port))
        mac = port.is_there(seen, job.port, job.wanted, job.whose)
        if mac:
            return mac, tuple(each for each in seen.macs_on(job.port) if each != mac)[:MAX_OTHERS]
        if time.monotonic() >= deadline:
            raise _NotHeard(job.wanted, job.port, seen.macs_on(job.port))
        time.sleep(TICK)


def _back_anew(job: Job, plan: Plan, restore: Restore | None, failed: BaseException, progress: _Progress) -> PortResult:
    """Put the port back over a new session. Returns the result of the whole change."""
    assert plan.before  # noqa: S101 (it was read)
    after: ActualPort | None = None
    with suppress(SopctlError), job.held.open() as session:
        after = _back(job, session, plan.before, restore, progress)
    if after and after.setting == plan.before.setting:
        return _was_put_back(job, plan, after, failed, progress)
    return ended("unknown", plan, after, restore if progress.armed is not False else None, failed)


def _back(
    job: Job, session: Session, before: ActualPort, restore: Restore | None, progress: _Progress
) -> ActualPort | None:
    """Put the port back, line by line, and return it as it is then. If what is undone may have been saved, save again.

    The rollback is disarmed only when the port is back, and only if it is known to be ours. Raises DeviceFault, but not
    when only saving fails: the port is back then.
    """
    driver = job.held.driver
    now = read(driver, session, addresses=False).ports.get(job.port)
    lines = driver.back(now, before) if now else ()
    if lines:
        session.configure(lines)
        now = read(driver, session, addresses=False).ports.get(job.port)
    if restore and now and now.setting == before.setting:
        progress.armed = _disarm(job, session, restore, progress)
    if progress.saving and now:
        with suppress(DeviceFault):
            driver.save(session, now, overwrite=False)
    return now


def _disarm(job: Job, session: Session, restore: Restore, progress: _Progress) -> bool | None:
    """Disarm what this run armed. Where that is not known, the switch tells; None where it does not either: then the
    mark stays, and the next run ends it. (A switch that refuses a second timer, as with `begin`, had none but ours.)"""
    commands = restore.keep if progress.armed else ()
    if progress.armed is None:
        ours = left_over.look(job, session).ours
        if any(not each.seen for each in ours) and not restore.begin:
            return None
        commands = tuple(command for each in ours for command in each.end)
    for command in commands:
        with suppress(CommandRefused):  # it may have been over by then
            session.show(command)
    return False


def _was_put_back(job: Job, plan: Plan, after: ActualPort, failed: BaseException, progress: _Progress) -> PortResult:
    assert plan.before  # noqa: S101 (it was read)
    if progress.armed is not None:
        job.under_way.clear()
    differs = text_changes(plan.before.text, after.text)
    state: State = "partly-back" if differs else "put-back"
    return replace(ended(state, plan, after, None, failed), differs=differs)
