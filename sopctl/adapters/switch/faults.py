"""How a session with a network device fails. Callers tell the kinds apart by class, records and JSON by `kind`."""

from typing import ClassVar

from sopctl.errors import Advice, OutsideFailure
from sopctl.model.access.algorithms import Disagreement, Kind, device_remedies
from sopctl.model.text import printable


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


def nothing_in_common(found: Disagreement, where: str) -> Unreachable:
    """No SSH session, as the device has no algorithm of one kind that it may be spoken to with."""
    offered, remedy = printable(", ".join(found.offered), 200), device_remedies(found)
    match found.kind:
        case Kind.KEX:
            return Unreachable(
                "no-common-key-exchange",
                "the device has no key exchange that still counts as secure: it offers only {offered}",
                where=where,
                remedy=remedy,
                offered=offered,
            )
        case Kind.HOST_KEY:
            return Unreachable(
                "no-common-host-key",
                "the device has no host key of a current type, or signs with it by SHA-1: it offers only {offered}",
                where=where,
                remedy=remedy,
                offered=offered,
            )
        case Kind.CIPHER:
            return Unreachable(
                "no-common-cipher",
                "the device has no cipher that still counts as secure: it offers only {offered}",
                where=where,
                remedy=remedy,
                offered=offered,
            )
        case Kind.MAC:
            return Unreachable(
                "no-common-mac",
                "the device has no integrity check that still counts as secure: it offers only {offered}",
                where=where,
                remedy=remedy,
                offered=offered,
            )
    return Unreachable(
        "no-common-compression",
        "the device does not speak without compression: it offers only {offered}",
        where=where,
        remedy=remedy,
        offered=offered,
    )
