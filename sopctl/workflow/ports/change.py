"""One change of one switch port: read it, refuse or arm a rollback, send, read it back, hear the server, keep, save.

If anything fails after the first line was sent, the port is put back, over the same session or a new one, and the
result says whether that worked, and what of it differs. The same holds for Ctrl-C: an armed change ends one way or the
other. Only what this run armed is disarmed, and what an earlier run of ours left behind is ended first.

Taking a port away is another matter. The port is shut first, and nothing that fails afterwards opens it again: no
rollback is armed, and nothing is put back.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sopctl.adapters.switch import (
    CommandRefused,
    DeviceAsks,
    DeviceFault,
    NotSaved,
    Pending,
    Restore,
    Session,
    learned,
    neighbours,
    pending,
    read,
)
from sopctl.errors import Advice, Interrupted, OutsideFailure, SopctlError
from sopctl.model.access.algorithms import allowed
from sopctl.model.ports import port
from sopctl.model.ports.port import (
    ActualPort,
    Expected,
    Neighbour,
    Plan,
    PortSetting,
    Reason,
    Refusal,
    changes,
    refusal,
    text_changes,
)
from sopctl.store import switches as kept
from sopctl.store.switches import UnderWay, Unfinished
from sopctl.workflow.messages.notes import told, worded
from sopctl.workflow.ports.switches import HeldSwitch

SESSION_SECONDS = 150.0
RESTORE_SECONDS = 180
"""After this time a switch puts a port back by itself, or later, if it is slow: this is for when no session comes
back."""
SLACK = timedelta(minutes=1)
"""A switch whose timer counts minutes is given one more."""
HEAR_SECONDS = 40.0
"""How long a server may take to be heard: its link has to come up, and spanning tree takes 30 s."""
TICK = 1.5
_UNDERSTANDING = ("neighbours-contradict", "switch-not-understood", "command-refused", "device-asks")
MAX_OTHERS = 32
"""Addresses that are kept beside the server's own."""


@dataclass(frozen=True)
class Job:
    """A change to make. With `service` the port is given to the server, which must then be heard on it; `stir` makes
    the server send something. Without it, the port is taken away."""

    held: HeldSwitch
    port: str
    wanted: PortSetting
    whose: Expected
    service: bool
    stir: Callable[[], None]
    hear_seconds: float
    now: Callable[[], datetime]
    overwrite: bool = False
    """A saved configuration that another version of the switch's software wrote may be replaced."""


class Proposal(Struct, frozen=True):
    """A plan with the lines that would be sent, those that would undo it, and how the switch itself would do that."""

    plan: Plan
    lines: tuple[str, ...]
    back: tuple[str, ...]
    restore: str = ""


State = Literal["done", "unchanged", "refused", "put-back", "partly-back", "shut", "unknown"]


class PortResult(Struct, frozen=True):
    """How a change ended. `state`: "done", "unchanged" (it was so already), "refused" (nothing was sent), "put-back",
    "partly-back" (put back, but `differs` says what is not as it was), "shut" (it was to be shut and is, but the rest
    failed), or "unknown" (it could not be put back or shut, or that could not be seen). `cause` is stable, `why` a
    sentence, `noted` the same for the history. `also` are the addresses that were heard beside `mac`."""

    state: State
    plan: Plan
    after: ActualPort | None = None
    mac: str = ""
    cause: str = ""
    why: str = ""
    remedy: Advice = ()
    restore: str = ""
    noted: str = ""
    also: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()

    @property
    def answer(self) -> bool:
        return self.state in ("done", "unchanged")


class _NotHeard(OutsideFailure):
    """The server did not show on its port."""

    kind = "server-not-heard"

    def __init__(self, wanted: PortSetting, port: str, heard: Sequence[str]) -> None:
        remedy = "See that the server is on and plugged into this port, then run the command again."
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


class _Differs(OutsideFailure):
    """The switch accepted every line, and the port is not as it should be (`after`; None: it is gone)."""

    kind = "not-as-planned"

    def __init__(self, wanted: PortSetting, port: str, after: PortSetting | None) -> None:
        remedy = "Look at the port on the switch, then run the command again."
        if after:
            fields = ", ".join(f"{each.field} {each.before!r}" for each in changes(after, wanted))
            super().__init__(
                "port-differs",
                "the switch accepted the lines, but {port} differs: {fields}",
                remedy=remedy,
                port=port,
                fields=fields,
            )
        else:
            super().__init__("port-gone", "the switch accepted the lines, but {port} is gone", remedy=remedy, port=port)


def preview(job: Job) -> Proposal:
    """What `change` would do. Nothing that is sent changes anything. Raises DeviceFault."""
    driver = job.held.driver
    with job.held.open() as session:
        theirs, ours = _pending(job, session)
        left = [
            refusal(Reason.LEFT_OVER, "an earlier run was cut off and left {what}", what=each.what) for each in ours
        ]
        plan = _plan(job, session, theirs)
        plan = replace(plan, warnings=(*left, *plan.warnings))
        if plan.before is None or plan.refusals or not plan.changes:
            return Proposal(plan, (), ())
        lines = driver.lines(plan.before, job.wanted)
        if not job.service:
            return Proposal(plan, lines, ())
        back = driver.back(driver.expected(plan.before, job.wanted), plan.before)
        restore = driver.restore(session, plan.before, back, RESTORE_SECONDS)
        return Proposal(plan, lines, back, restore.how if restore else "")


def change(job: Job) -> PortResult:
    """Set the port as it is wanted.

    Raises DeviceFault when no session begins or the switch cannot be read: nothing was sent then. Raises Interrupted
    after Ctrl-C, once the port has been put back (or shut) as far as possible; it says whether it was.
    """
    with job.held.open() as session:
        theirs, ours = _pending(job, session)
        if not theirs:
            _end_left_over(job, session, ours)
        began = time.monotonic()
        plan = _plan(job, session, theirs)
        pace = time.monotonic() - began
        if plan.refusals:
            return _refused(plan, plan.refusals[0])
        if all(each.reason is not Reason.NO_ADDRESSES for each in plan.warnings):
            return _make(job, session, plan, pace)
    with job.held.open() as anew:  # the first session ended in the middle of the table of addresses
        return _make(job, anew, plan, pace)


def _make(job: Job, session: Session, plan: Plan, pace: float) -> PortResult:
    """Carry out a plan that nothing forbids. `pace`: how long the switch took to be read, in seconds."""
    if not plan.changes:
        return _unchanged(job, session, plan)
    if not job.service:
        return _take_away(job, session, plan)
    return _give(job, session, plan, max(RESTORE_SECONDS, round(RESTORE_SECONDS - 60 + 4 * pace)))


def cause(error: BaseException) -> str:
    """The stable name of what ended a change, as records keep it: a session's fault by its kind, others by their id."""
    if isinstance(error, SopctlError):
        return str(getattr(error, "kind", "") or error.id)
    return "interrupted"


# What others and we ourselves left on the switch.


def _pending(job: Job, session: Session) -> tuple[list[Pending], list[Pending]]:
    """What will change the switch by itself: what others began, and what a run of ours left behind."""
    theirs, ours = [], []
    for each in pending(job.held.driver, session, job.port):
        if each.ours is None:
            recent = any(
                mark.until is not None and job.now() <= mark.until
                for mark in kept.unfinished(job.held.marks, job.held.record.name)
            )
            mine = recent and each.who in ("", job.held.record.account)
        else:
            mine = each.ours
        if mine and (each.seen or _under_way(job).marked or each.ours is None):
            ours.append(each)
        elif each.seen and not mine:
            theirs.append(each)
    return theirs, ours


def _end_left_over(job: Job, session: Session, ours: Sequence[Pending]) -> None:
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


def _under_way(job: Job) -> UnderWay:
    return UnderWay(job.held.marks, job.held.record.name, job.port)


def _mark(job: Job, before: ActualPort, restore: Restore | None, seconds: float) -> None:
    until = job.now() + timedelta(seconds=seconds) + SLACK if restore else None
    name = job.held.record.name
    _under_way(job).mark(Unfinished(name, job.port, job.whose.deposit, job.service, before, until))


# The plan.


def _plan(job: Job, session: Session, theirs: Sequence[Pending]) -> Plan:
    driver = job.held.driver
    state = read(driver, session, addresses=False)
    unread: tuple[Refusal, ...] = ()
    try:
        state = replace(state, learned=learned(driver, session))
    except DeviceFault as error:
        if job.service:
            raise
        unread = (
            refusal(Reason.NO_ADDRESSES, "the MAC addresses on the switch are not known: {why}", why=error.message),
        )
    before = state.ports.get(job.port)
    unable = driver.unable(before, job.wanted) if before and before.setting != job.wanted else ""
    heard: tuple[Neighbour, ...] = ()
    if job.service and before:
        try:
            heard = neighbours(driver, session, job.port)
        except DeviceFault as error:
            if error.id not in _UNDERSTANDING:  # the session is over
                raise
            unread = (refusal(Reason.NO_NEIGHBOURS, "its neighbours are not known: {why}", why=error.message),)
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
    others = tuple(_of_others(each.what, each.who) for each in theirs)
    old = ", ".join(allowed(job.held.record.legacy))
    sentence = "the switch may be spoken to with old SSH algorithms: {old}"
    spoken = (refusal(Reason.OLD_ALGORITHMS, sentence, old=old),) if old else ()
    return replace(plan, refusals=(*others, *plan.refusals), warnings=(*plan.warnings, *unread, *spoken))


def _of_others(what: str, who: str = "") -> Refusal:
    if who:
        return refusal(Reason.PENDING, "{who} has an unfinished change on the switch: {what}", who=who, what=what)
    return refusal(Reason.PENDING, "someone else has an unfinished change on the switch: {what}", what=what)


def _refused(plan: Plan, first: Refusal) -> PortResult:
    return PortResult(
        "refused", plan, plan.before, cause=first.reason, why=first.detail, remedy=first.remedy, noted=in_note(first)
    )


def in_note(said: Refusal) -> str:
    """A refusal or a warning, as a history says it."""
    words: str = said.reason
    if said.reason is Reason.STRANGE_MAC and "macs" in said.values:
        words = "other-server-unknown"
    if said.reason is Reason.PENDING and "who" not in said.values:
        words = "change-pending-unknown"
    return worded(words, said.values, said.detail)


# A port is given.


@dataclass
class _Progress:
    """How far a change got: whether its rollback is armed (None: not known), lines were sent, and saving began."""

    armed: bool | None = False
    sent: bool = False
    saving: bool = False


def _give(job: Job, session: Session, plan: Plan, seconds: int) -> PortResult:
    assert plan.before  # noqa: S101 (it was read)
    driver, before = job.held.driver, plan.before
    back = driver.back(driver.expected(before, job.wanted), before)
    restore = driver.restore(session, before, back, seconds)
    _mark(job, before, restore, seconds)
    progress = _Progress()
    failed: BaseException
    try:
        result = _carry_out(job, session, plan, restore, progress)
        assert result.after  # noqa: S101 (it was seen)
        progress.saving = True
        driver.save(session, result.after, overwrite=job.overwrite)
        _under_way(job).clear()
        return result
    except (CommandRefused, DeviceAsks, NotSaved, _NotHeard, _Differs) as error:
        failed = error
        if not progress.sent:
            _under_way(job).clear()
            if isinstance(error, CommandRefused) and "already in progress" in error.answer.lower():
                return _refused(plan, _of_others(error.answer))
            return _ended("refused", plan, before, None, error)
        with suppress(SopctlError):
            after = _back(job, session, before, restore, progress)
            if after and after.setting == before.setting:
                return _was_put_back(job, plan, after, failed, progress)
    except (SopctlError, KeyboardInterrupt) as error:
        failed = error  # the dialogue is out of step, so this session is not used again
    result = _back_anew(job, plan, restore, failed, progress)
    if isinstance(failed, KeyboardInterrupt):
        raise _stopped(result)
    return result


def _carry_out(job: Job, session: Session, plan: Plan, restore: Restore | None, progress: _Progress) -> PortResult:
    assert plan.before  # noqa: S101 (it was read)
    if restore and restore.arm:
        progress.sent = True
        session.configure(restore.arm)
        progress.armed = True
    for command in restore.begin if restore else ():
        progress.armed = None
        session.show(command)
        progress.armed = progress.sent = True
    entering = (restore.entering if restore else "") or job.held.driver.DIALECT.entering
    lines = job.held.driver.lines(plan.before, job.wanted)
    try:
        session.configure(lines, entering=entering, closing=restore.closing if restore else None)
    except BaseException as error:
        refused = isinstance(error, CommandRefused) and error.line == entering
        progress.sent = progress.sent or not refused
        if restore and not (restore.arm or restore.begin):  # entering armed it, or the close; else that is not known
            progress.armed = True if session.entered else False if refused else None
        raise
    progress.sent = True
    progress.armed = restore is not None
    after = _see(job, session)
    heard, also = _hear(job, session, after)
    for command in restore.keep if restore else ():
        session.show(command)
    progress.armed = False
    after = _see(job, session)  # once more: the switch may have rolled back in the meantime
    return PortResult("done", plan, after, heard, restore=restore.how if restore else "", also=also)


def _unchanged(job: Job, session: Session, plan: Plan) -> PortResult:
    """The port is as it should be; only the server may be missing. A run that was killed may have set it: then its
    change is not saved, and if it cannot be finished, the port is put back as it was before that run."""
    assert plan.before  # noqa: S101 (it was read)
    heard, also = "", tuple[str, ...]()
    marks = kept.unfinished(job.held.marks, job.held.record.name)
    left = next((mark for mark in marks if mark.port == job.port and mark.service), None)
    try:
        if job.service:
            heard, also = _hear(job, session, plan.before)
        if _under_way(job).marked:
            job.held.driver.save(session, plan.before, overwrite=job.overwrite)
            _under_way(job).clear()
    except (_NotHeard, CommandRefused, NotSaved) as error:
        if not job.service:
            return _ended("shut", plan, plan.before, None, error)
        if left is None:
            return _ended("refused", plan, plan.before, None, error)
        home = replace(plan, before=left.before)
        after = _back(job, session, left.before, None, _Progress(saving=True))
        if after and after.setting == left.before.setting:
            return _was_put_back(job, home, after, error, _Progress())
        return _ended("unknown", home, after, None, error)
    return PortResult("unchanged", plan, plan.before, heard, also=also)


def _see(job: Job, session: Session) -> ActualPort:
    """The port as it is now. Raises _Differs if it is not as wanted."""
    after = read(job.held.driver, session, addresses=False).ports.get(job.port)
    if after is None or after.setting != job.wanted:
        raise _Differs(job.wanted, job.port, after.setting if after else None)
    return after


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
            seen = port.SwitchState({}, learned=learned(job.held.driver, session))
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
    return _ended("unknown", plan, after, restore if progress.armed is not False else None, failed)


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
        _, ours = _pending(job, session)
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
        _under_way(job).clear()
    differs = text_changes(plan.before.text, after.text)
    state: State = "partly-back" if differs else "put-back"
    return replace(_ended(state, plan, after, None, failed), differs=differs)


# A port is taken away.


def _take_away(job: Job, session: Session, plan: Plan) -> PortResult:
    """Shut the port. What fails afterwards is told; it never opens the port again."""
    assert plan.before  # noqa: S101 (it was read)
    driver = job.held.driver
    _mark(job, plan.before, None, 0)
    try:
        session.configure(driver.lines(plan.before, job.wanted))
        after = _see(job, session)
        driver.save(session, after, overwrite=job.overwrite)
        _under_way(job).clear()
        return PortResult("done", plan, after)
    except (CommandRefused, DeviceAsks, NotSaved, _Differs) as error:
        failed: BaseException = error
        with suppress(SopctlError):
            now = _shut(job, session)
            if now:
                return _ended("shut", plan, now, None, error)
    except (SopctlError, KeyboardInterrupt) as error:
        failed = error
    now = None
    with suppress(SopctlError), job.held.open() as anew:
        now = _shut(job, anew)
    result = _ended("shut" if now else "unknown", plan, now, None, failed)
    if isinstance(failed, KeyboardInterrupt):
        raise _stopped(result)
    return result


def _shut(job: Job, session: Session) -> ActualPort | None:
    """The port, once it is seen to be shut; it is told so once more if it is not. None: it is open, or gone.

    Raises DeviceFault.
    """
    driver = job.held.driver
    now = read(driver, session, addresses=False).ports.get(job.port)
    if now and now.setting.enabled:
        with suppress(CommandRefused):
            session.configure(driver.lines(now, replace(now.setting, enabled=False)))
        now = read(driver, session, addresses=False).ports.get(job.port)
    return now if now and not now.setting.enabled else None


def _stopped(result: PortResult) -> Interrupted:
    """Ctrl-C, with what became of the port."""
    name = result.plan.port
    if result.state in ("put-back", "partly-back"):
        return Interrupted("stopped-port-put-back", "stopped; {port} was put back as it had been", port=name)
    if result.state == "shut":
        return Interrupted("stopped-port-shut", "stopped; {port} is shut", port=name)
    if not result.plan.wanted.enabled:
        return Interrupted("stopped-port-not-shut", "stopped; {port} could not be seen to be shut", port=name)
    if result.restore:
        return Interrupted(
            "stopped-port-puts-itself-back",
            "stopped; {port} could not be put back; the switch does it by itself: {restore}",
            port=name,
            restore=result.restore,
        )
    return Interrupted("stopped-port-not-put-back", "stopped; {port} could not be put back", port=name)


def _ended(
    state: State, plan: Plan, after: ActualPort | None, restore: Restore | None, failed: BaseException
) -> PortResult:
    why, remedy = (failed.message, failed.remedy) if isinstance(failed, SopctlError) else ("stopped", ())
    return PortResult(
        state,
        plan,
        after,
        cause=cause(failed),
        why=why,
        remedy=remedy,
        restore=restore.how if restore and state == "unknown" else "",
        noted=told(failed),
    )
