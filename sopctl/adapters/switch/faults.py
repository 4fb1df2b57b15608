"""How a session with a network device fails: each kind is an error of its own, because each has its own remedy."""

from typing import ClassVar

from sopctl.errors import Advice, OutsideFailure


class DeviceFault(OutsideFailure):
    """A session could not begin, or broke. `kind` is its stable name, for records and JSON; `where` is the device."""

    kind: ClassVar[str] = "failed"


class Unreachable(DeviceFault):
    """No connection, or none that speaks SSH."""

    kind = "unreachable"


class HostKeyChanged(DeviceFault):
    """The device shows another host key than the pinned one. Nothing was sent."""

    kind = "host-key-changed"


class LoginRefused(DeviceFault):
    """The device does not let this account in, or not into its privileged mode."""

    kind = "login-refused"


class CommandRefused(DeviceFault):
    """The device did not do what `line` says; `answer` is what it said, safe to print."""

    kind = "command-refused"

    def __init__(self, line: str, answer: str, *, where: str = "", remedy: Advice = ()) -> None:
        super().__init__(
            "command-refused",
            "the device refuses {line!r}: {answer}",
            where=where,
            remedy=remedy,
            line=line,
            answer=answer,
        )
        self.line = line
        self.answer = answer


class TookTooLong(DeviceFault):
    """The session's time is up. What had been begun may have been done, or not."""

    kind = "timed-out"


class SessionDropped(DeviceFault):
    """The connection ended in the middle. What had been begun may have been done, or not."""

    kind = "dropped"
