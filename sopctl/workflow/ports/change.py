"""One change of one switch port: read it, refuse or arm a rollback, send, read it back, hear the server, keep, save.

If anything fails after the first line was sent, the port is put back, over the same session or a new one, and the
result says whether that worked. The same holds for Ctrl-C: an armed change ends one way or the other.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from sopctl.adapters.switch import CommandRefused, DeviceFault, Restore, Session, learned, read
from sopctl.errors import Advice, Interrupted, OutsideFailure, SopctlError
from sopctl.model.ports import port
from sopctl.model.ports.port import ActualPort, Expected, Plan, PortSetting, Reason, Refusal, changes
from sopctl.store.switches import UnderWay
from sopctl.workflow.messages.notes import told, worded
from sopctl.workflow.ports.switches import HeldSwitch

SESSION_SECONDS = 150.0
RESTORE_SECONDS = 180
"""After this time a switch puts a port back by itself. Longer than a session: it is for when no session comes back."""
HEAR_SECONDS = 40.0
"""How long a server may take to be heard: its link has to come up, and spanning tree takes 30 s."""
TICK = 1.5


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


class Proposal(Struct, frozen=True):
    """A plan with the lines that would be sent, those that would undo it, and how the switch itself would do that."""

    plan: Plan
    lines: tuple[str, ...]
    back: tuple[str, ...]
    restore: str = ""


class PortResult(Struct, frozen=True):
    """How a change ended. `state`: "done", "unchanged" (it was so already), "refused" (nothing was sent), "put-back",
    or "unknown" (it could not be put back, or that could not be seen). `cause` is stable, `why` a sentence, `noted`
    the same for the history."""

    state: Literal["done", "unchanged", "refused", "put-back", "unknown"]
    plan: Plan
    after: ActualPort | None = None
    mac: str = ""
    cause: str = ""
    why: str = ""
    remedy: Advice = ()
    restore: str = ""
    noted: str = ""

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
    with job.held.open() as session:
        plan = _plan(job, session)
        if plan.before is None or plan.refusals or not plan.changes:
            return Proposal(plan, (), ())
        back = job.held.driver.lines(job.port, job.wanted, plan.before.setting)
        restore = job.held.driver.restore(session, job.port, back, RESTORE_SECONDS)
        lines = job.held.driver.lines(job.port, plan.before.setting, job.wanted)
        return Proposal(plan, lines, back, restore.how if restore else "")


def change(job: Job) -> PortResult:
    """Set the port as it is wanted.

    Raises DeviceFault when no session begins or the switch cannot be read: nothing was sent then. Raises Interrupted
    after Ctrl-C, once the port has been put back as far as possible; it says whether it was.
    """
    with job.held.open() as session:
        plan = _plan(job, session)
        if plan.refusals:
            return _refused(plan, plan.refusals[0])
        assert plan.before  # noqa: S101 (a port that is missing is refused)
        if not plan.changes:
            return _unchanged(job, session, plan)
        back = job.held.driver.lines(job.port, job.wanted, plan.before.setting)
        restore = job.held.driver.restore(session, job.port, back, RESTORE_SECONDS)
        saving = False
        _under_way(job).mark()
        try:
            result = _carry_out(job, session, plan, restore)
            saving = True
            _save(job, session)
            _under_way(job).clear()
            return result
        except (CommandRefused, _NotHeard, _Differs) as error:
            failed: BaseException = error
            with suppress(SopctlError):
                after = _back(job, session, plan.before, restore, saved=saving)
                if after and after.setting == plan.before.setting:
                    _under_way(job).clear()
                    return _ended("put-back", plan, after, restore, failed)
        except (SopctlError, KeyboardInterrupt) as error:
            failed = error  # the dialogue is out of step, so this session is not used again
    result = _back_anew(job, plan, plan.before, restore, failed, saved=saving)
    if result.state == "put-back":
        _under_way(job).clear()
    if isinstance(failed, KeyboardInterrupt):
        raise _stopped(result)
    return result


def cause(error: BaseException) -> str:
    """The stable name of what ended a change, as records keep it: a session's fault by its kind, others by their id."""
    if isinstance(error, SopctlError):
        return str(getattr(error, "kind", "") or error.id)
    return "interrupted"


def _refused(plan: Plan, first: Refusal) -> PortResult:
    words = "other-server-unknown" if first.reason is Reason.STRANGE_MAC and "macs" in first.values else first.reason
    noted = worded(words, first.values, first.detail)
    return PortResult(
        "refused", plan, plan.before, cause=first.reason, why=first.detail, remedy=first.remedy, noted=noted
    )


def _stopped(result: PortResult) -> Interrupted:
    """Ctrl-C, with what became of the port."""
    if result.state == "put-back":
        return Interrupted(
            "stopped-port-put-back", "stopped; {port} was put back as it had been", port=result.plan.port
        )
    if result.restore:
        return Interrupted(
            "stopped-port-puts-itself-back",
            "stopped; {port} could not be put back; the switch does it by itself: {restore}",
            port=result.plan.port,
            restore=result.restore,
        )
    return Interrupted("stopped-port-not-put-back", "stopped; {port} could not be put back", port=result.plan.port)


def _plan(job: Job, session: Session) -> Plan:
    state = read(job.held.driver, session)
    before = state.ports.get(job.port)
    unable = job.held.driver.unable(before.setting, job.wanted) if before and before.setting != job.wanted else ""
    return port.plan(
        job.held.record.name,
        job.port,
        job.wanted,
        state,
        uplinks=job.held.record.uplinks,
        whose=job.whose,
        service=job.service,
        unable=unable,
    )


def _carry_out(job: Job, session: Session, plan: Plan, restore: Restore | None) -> PortResult:
    assert plan.before  # noqa: S101 (it was read)
    if restore and restore.arm:
        session.configure(restore.arm)
    entering = restore.entering if restore else "configure terminal"
    session.configure(job.held.driver.lines(job.port, plan.before.setting, job.wanted), entering=entering)
    _see(job, session)
    heard = _hear(job, session) if job.service else ""
    for command in restore.keep if restore else ():
        session.show(command)
    after = _see(job, session)  # once more: the switch may have rolled back in the meantime
    return PortResult("done", plan, after, heard, restore=restore.how if restore else "")


def _save(job: Job, session: Session) -> None:
    for command in job.held.driver.SAVE:
        session.show(command)


def _unchanged(job: Job, session: Session, plan: Plan) -> PortResult:
    """The port is as it should be; only the server may be missing. A run that was killed may have set it: then its
    rollback is still armed, and its change is not saved."""
    try:
        heard = _hear(job, session) if job.service else ""
    except _NotHeard as error:
        return _ended("refused", plan, plan.before, None, error)
    if not _under_way(job).marked:
        return PortResult("unchanged", plan, plan.before, heard)
    restore = job.held.driver.restore(session, job.port, (), RESTORE_SECONDS)
    for command in restore.drop if restore else ():
        with suppress(CommandRefused):  # none is armed: it was killed before that, or after the rollback
            session.show(command)
    try:
        after = _see(job, session)
    except _Differs as error:  # the switch rolled back in the meantime
        return _ended("put-back", plan, read(job.held.driver, session).ports.get(job.port), None, error)
    _save(job, session)
    _under_way(job).clear()
    return PortResult("unchanged", plan, after, heard)


def _under_way(job: Job) -> UnderWay:
    return UnderWay(job.held.marks, job.held.record.name, job.port)


def _see(job: Job, session: Session) -> ActualPort:
    """The port as it is now. Raises _Differs if it is not as wanted."""
    after = read(job.held.driver, session).ports.get(job.port)
    if after is None or after.setting != job.wanted:
        raise _Differs(job.wanted, job.port, after.setting if after else None)
    return after


def _hear(job: Job, session: Session) -> str:
    """The server's MAC address, as soon as it is heard on the port. Raises _NotHeard."""
    deadline = time.monotonic() + min(job.hear_seconds, session.left())
    while True:
        job.stir()
        seen = port.SwitchState({}, learned=learned(job.held.driver, session))
        mac = port.is_there(seen, job.port, job.wanted, job.whose)
        if mac:
            return mac
        if time.monotonic() >= deadline:
            raise _NotHeard(job.wanted, job.port, seen.macs_on(job.port))
        time.sleep(TICK)


def _back_anew(
    job: Job, plan: Plan, before: ActualPort, restore: Restore | None, failed: BaseException, *, saved: bool
) -> PortResult:
    """Put the port back over a new session. Returns the result of the whole change."""
    after: ActualPort | None = None
    with suppress(SopctlError), job.held.open() as session:
        after = _back(job, session, before, restore, saved=saved)
    state: Literal["put-back", "unknown"] = "put-back" if after and after.setting == before.setting else "unknown"
    return _ended(state, plan, after, restore, failed)


def _back(job: Job, session: Session, before: ActualPort, restore: Restore | None, *, saved: bool) -> ActualPort | None:
    """Put the port back and return it as it is then. If what is undone may have been `saved`, save again.

    Raises DeviceFault, but not when only saving fails: the port is back then.
    """
    driver = job.held.driver
    if restore and restore.undo:
        with suppress(CommandRefused):  # there may be nothing to undo, if the first line was refused
            for command in restore.undo:
                session.show(command)
    now = read(driver, session).ports.get(job.port)
    if now and now.setting != before.setting:
        session.configure(driver.lines(job.port, now.setting, before.setting))
        now = read(driver, session).ports.get(job.port)
    if restore and not restore.undo and now and now.setting == before.setting:
        for command in restore.keep:
            session.show(command)
    if saved:
        with suppress(DeviceFault):
            _save(job, session)
    return now


def _ended(
    state: Literal["refused", "put-back", "unknown"],
    plan: Plan,
    after: ActualPort | None,
    restore: Restore | None,
    failed: BaseException,
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
