"""What a network appliance answered, command by command, cut to size; and values that both platforms print.

An appliance belongs to someone else, as a server does: its answers are cut to size before anything reads them, and
every pattern here and in the readers takes linear time. (Those of ntc-templates do not: on a line crafted for it, the
one for `show inventory` takes time proportional to the fourth power of the line's length. Only the tests use them, to
compare.)
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from sopctl.model.sanitise import mac

MAX_REPLY = 400_000
"""The limit in characters for one command's answer: `show interfaces` on a stack of 400 ports is that long. The rest is
cut."""

MAX_LINES = 20_000
MAX_LINE = 1_000

_UNITS = {"year": 365 * 86400, "week": 7 * 86400, "day": 86400, "hour": 3600, "minute": 60, "second": 1}
_LETTERS = {"w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}
_SPAN = re.compile(r"(\d{1,6}) ?(year|week|day|hour|minute|second|[wdhms](?![a-z]))")
_NO_DIGIT = re.compile(r"[^0-9A-Fa-f]")


class State(StrEnum):
    """How a command ended: it was answered, the appliance does not know it, or the account may not run it."""

    OK = "ok"
    ABSENT = "absent"
    REFUSED = "refused"


class Refusals(Struct, frozen=True):
    """How a platform says no: the lines of a refusal begin like this."""

    absent: tuple[str, ...]
    refused: tuple[str, ...]


class Answers:
    """The answers by command. A command that was not asked is absent."""

    def __init__(self, said: Mapping[str, str], refusals: Refusals) -> None:
        self._lines = {command: _lines(text) for command, text in said.items()}
        self._states = {command: _state(lines, refusals) for command, lines in self._lines.items()}

    def state(self, command: str) -> State:
        return self._states.get(command, State.ABSENT)

    def lines(self, command: str) -> list[str]:
        """The lines of an answer; none if the appliance said no."""
        return self._lines[command] if self.state(command) is State.OK else []


def seconds(said: str | None) -> int | None:
    """`1 year, 2 weeks, 3 days` or `1w2d3h4m5s`."""
    found = _SPAN.findall((said or "")[:200])
    return sum(int(count) * _UNITS[_LETTERS.get(unit, unit)] for count, unit in found) if found else None


def hardware_address(said: str) -> str | None:
    """A MAC address in any notation (`0000.5e00.5301`, `00005e-005301`, `00:00:5E:00:53:01`), as sopctl writes it."""
    digits = _NO_DIGIT.sub("", said[:40])
    return mac(":".join(digits[n : n + 2] for n in range(0, 12, 2))) if len(digits) == 12 else None


def _lines(text: str) -> list[str]:
    return [line.rstrip()[:MAX_LINE] for line in text[:MAX_REPLY].splitlines()[:MAX_LINES]]


def _state(lines: Sequence[str], refusals: Refusals) -> State:
    """A refusal stands in the first few lines that say something."""
    said = [line.strip() for line in lines[:10] if line.strip(" ^")][:3]
    for line in said:
        if line.startswith(refusals.refused):
            return State.REFUSED
        if line.startswith(refusals.absent):
            return State.ABSENT
    return State.OK
