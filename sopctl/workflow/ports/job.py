"""A change of a port to make, and how it ended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from msgspec import Struct

from sopctl.adapters.switch import Restore, Session, read
from sopctl.errors import Advice, Interrupted, OutsideFailure, SopctlError
from sopctl.locale import Prose, Text
from sopctl.model.ports.port import ActualPort, Expected, Plan, PortSetting, Reason, Refusal, changes
from sopctl.store.switches import UnderWay
from sopctl.workflow.messages.notes import told, worded
from sopctl.workflow.ports.switches import HeldSwitch


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

    @property
    def under_way(self) -> UnderWay:
        """The mark of this change, while it is under way."""
        return UnderWay(self.held.marks, self.held.record.name, self.port)


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
    why: Prose = ""
    remedy: Advice = ()
    restore: str = ""
    noted: str = ""
    also: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()

    @property
    def answer(self) -> bool:
        return self.state in ("done", "unchanged")


class Differs(OutsideFailure):
    """The switch accepted every line, and the port is not as it should be (`after`; None: it is gone)."""

    kind = "not-as-planned"

    def __init__(self, wanted: PortSetting, port: str, after: PortSetting | None) -> None:
        remedy = Text("Look at the port on the switch, then run the command again.")
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


def cause(error: BaseException) -> str:
    """The stable name of what ended a change, as records keep it: a session's fault by its kind, others by their id."""
    if isinstance(error, SopctlError):
        return str(getattr(error, "kind", "") or error.id)
    return "interrupted"


def refused(plan: Plan, first: Refusal) -> PortResult:
    """Nothing was sent, for the `first` reason."""
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
    return worded(words, said.values, str(said.detail))


def ended(
    state: State, plan: Plan, after: ActualPort | None, restore: Restore | None, failed: BaseException
) -> PortResult:
    """A change that failed. `restore`: how the switch puts the port back by itself, if it then does."""
    why, remedy = (failed.text, failed.remedy) if isinstance(failed, SopctlError) else (Text("stopped"), ())
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


def stopped(result: PortResult) -> Interrupted:
    """Ctrl-C, with what became of the port."""
    name = result.plan.port
    if result.state in ("put-back", "partly-back"):
        return Interrupted(
            "stopped-port-put-back",
            "stopped; {port} was put back as it had been",
            remedy="What was asked for is not on the port. See its plan before it is applied once more.",
            port=name,
        )
    if result.state == "shut":
        return Interrupted(
            "stopped-port-shut",
            "stopped; {port} is shut",
            remedy="It stays shut until something else is applied to it.",
            port=name,
        )
    if not result.plan.wanted.enabled:
        return Interrupted(
            "stopped-port-not-shut",
            "stopped; {port} could not be seen to be shut",
            remedy="Look at the port on the switch now.",
            port=name,
        )
    if result.restore:
        return Interrupted(
            "stopped-port-puts-itself-back",
            "stopped; {port} could not be put back; the switch does it by itself: {restore}",
            remedy="Wait for that, then look at the port on the switch.",
            port=name,
            restore=result.restore,
        )
    return Interrupted(
        "stopped-port-not-put-back",
        "stopped; {port} could not be put back",
        remedy="Look at the port on the switch now.",
        port=name,
    )


def see(job: Job, session: Session) -> ActualPort:
    """The port as it is now. Raises Differs if it is not as wanted."""
    after = read(job.held.driver, session, addresses=False).ports.get(job.port)
    if after is None or after.setting != job.wanted:
        raise Differs(job.wanted, job.port, after.setting if after else None)
    return after
