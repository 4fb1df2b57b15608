"""One tree of errors, one enum of exit codes.

Every error that a person can meet says what is wrong, where, and what to do about it.
Adapters translate the errors of their libraries into these at their edge.
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What a sopctl command ends with; the contract with cron, timers and scripts."""

    OK = 0
    NO = 1
    """Done, and the answer is no: not accessible, a host failed, still no space."""
    USAGE = 2
    INVALID = 3
    """An input or a record is not valid; the message carries file:line:column."""
    NOT_NOW = 4
    """The procedure forbids it now; the message carries the step that is due."""
    CONFLICT = 5
    """Someone else holds it or has changed it."""
    OUTSIDE = 6
    """An outside system is missing, unreachable or failed (disk, network, program)."""
    TIMED_OUT = 124
    """A playbook run was ended because it took too long (124 as timeout(1) has it)."""
    INTERRUPTED = 130


class SopctlError(Exception):
    """An error for a person: `message`, where it was found, and the remedy."""

    exit_code: ClassVar[ExitCode] = ExitCode.OUTSIDE

    def __init__(self, message: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n  {self.remedy}" if self.remedy else ""
        return f"{place}{self.message}{remedy}"


class UsageError(SopctlError):
    """The command line is not one that the command understands."""

    exit_code = ExitCode.USAGE


class InvalidRecord(SopctlError):
    """A file or a value is not what it must be; `where` is file:line:column for files."""

    exit_code = ExitCode.INVALID


class NotNow(SopctlError):
    """The procedure does not allow this step now; `remedy` names what is due instead."""

    exit_code = ExitCode.NOT_NOW


class Conflict(SopctlError):
    """Another process holds the record, or it was changed since it was read."""

    exit_code = ExitCode.CONFLICT


class OutsideFailure(SopctlError):
    """Something outside sopctl is missing, unreachable or failed."""

    exit_code = ExitCode.OUTSIDE


class Interrupted(SopctlError):
    """Ctrl-C or SIGTERM; what was begun has been cleaned up."""

    exit_code = ExitCode.INTERRUPTED


class TimedOut(SopctlError):
    """A run took too long and was ended; nothing of it is left on the controller."""

    exit_code = ExitCode.TIMED_OUT
