"""How a session with a network device fails. Callers tell the kinds apart by class, records and JSON by `kind`."""

from typing import ClassVar

from sopctl.errors import Advice, OutsideFailure


class DeviceFault(OutsideFailure):
    """A session could not be opened, or failed. `where` is the device.

    `kind` is the stable name that records and JSON keep. It is coarser than `id`: `login-refused` stands for an account
    that is not accepted, for sudo that wants a password, and for a privileged mode that stays closed. Each of these has
    an id, a sentence and a remedy of its own.
    """

    kind: ClassVar[str] = "failed"


class Unreachable(DeviceFault):
    """No TCP connection, or no SSH session over it."""

    kind = "unreachable"


class HostKeyChanged(DeviceFault):
    """The device's host key is not the pinned one. Nothing was sent."""

    kind = "host-key-changed"


class LoginRefused(DeviceFault):
    """The device refuses this account, or does not let it into its privileged mode."""

    kind = "login-refused"


class CommandRefused(DeviceFault):
    """The device refused the command `line`; `answer` is what it said, safe to print."""

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


class SessionTimedOut(DeviceFault):
    """The session's time-out passed, or the device did not answer in time. Whether the last command was carried out is
    not known."""

    kind = "timed-out"


class SessionDropped(DeviceFault):
    """The connection ended during the session. Whether the last command was carried out is not known."""

    kind = "dropped"


class DeviceAsks(DeviceFault):
    """The device asks a question that nobody was told to answer; `question` is its line, safe to print. It was taken
    back with Ctrl-C."""

    kind = "question"

    def __init__(self, line: str, question: str, *, where: str = "", remedy: Advice = ()) -> None:
        super().__init__(
            "device-asks",
            "the device answers {line!r} with a question, which is left open: {question}",
            where=where,
            remedy=remedy,
            line=line,
            question=question,
        )
        self.line = line
        self.question = question


class NotSaved(DeviceFault):
    """The device did not say that it saved its configuration, and what is kept for its next start does not show it."""

    kind = "not-saved"
