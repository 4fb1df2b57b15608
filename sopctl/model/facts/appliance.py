"""A network appliance's answers as ServerFacts: the same model as a server's, with one reader per platform."""

import importlib
from collections.abc import Mapping
from typing import Protocol, cast

from sopctl.model.deposit import Platform
from sopctl.model.facts import platforms
from sopctl.model.facts.answers import Answers, Refusals, State
from sopctl.model.facts.parts import is_empty
from sopctl.model.facts.server import RULES, Missing, ServerFacts
from sopctl.model.placeholders import without


class Reader(Protocol):
    """A platform's module in `platforms`."""

    COMMANDS: tuple[str, ...]
    """What to ask, in order. The first one shows whether it is of that platform; none changes anything."""
    TERMINAL: tuple[str, ...] | None
    """What makes the terminal endless and wide, for the session alone; None: netmiko's own way. A pager that stays on
    is answered."""
    REFUSALS: Refusals
    READ_BY: Mapping[str, tuple[str, ...]]
    """The commands that a field is read from, where that is not the first one alone."""

    @staticmethod
    def read(answers: Answers) -> dict[str, object]:
        """The fields that this platform may have; those that were not found are None or empty. Without an `os_name`,
        it is not an appliance of this platform."""


_NOT_ITS = {"gathered_at", "hostname", "missing", "rules", "via", "power_state", "health", "filled_by"}
_FIELDS = frozenset(ServerFacts.__struct_fields__) - _NOT_ITS


def commands(platform: Platform) -> tuple[str, ...]:
    """What to ask an appliance of the platform, in order."""
    return _reader(platform).COMMANDS


def terminal(platform: Platform) -> tuple[str, ...] | None:
    """What to send first; see `Reader`."""
    return _reader(platform).TERMINAL


def from_answers(platform: Platform, said: Mapping[str, str], *, gathered_at: str) -> ServerFacts | None:
    """The answers (command → what was printed) as ServerFacts; None if it is not an appliance of that platform.

    `said` may hold anything: nothing raises, what cannot be read is left out. What an appliance does not say or is
    never asked (its kernel, its disks) is in `missing`, as needs-root if the account may not ask it.
    """
    reader = _reader(platform)
    answers = Answers({command: said[command] for command in reader.COMMANDS if command in said}, reader.REFUSALS)
    found = reader.read(answers)
    if found.get("os_name") is None:
        return None
    hostname = found.pop("hostname", None)
    missing = {field: _why(answers, reader, field) for field in _FIELDS if _unread(answers, reader, field, found)}
    if not hostname:
        missing["hostname"] = _why(answers, reader, "hostname")
    facts = ServerFacts(
        gathered_at=gathered_at,
        hostname=str(hostname or ""),
        missing=dict(sorted(missing.items())),
        rules=RULES,
        **found,  # type: ignore[arg-type]
    )
    return without(facts)


def _reader(platform: Platform) -> Reader:
    return cast(Reader, importlib.import_module(f"{platforms.__name__}.{platform}"))


def _unread(answers: Answers, reader: Reader, field: str, found: Mapping[str, object]) -> bool:
    """Does the field lack a value? A list that was read and is empty is a value."""
    value = found.get(field)
    if not is_empty(value):
        return False
    read = any(answers.state(command) is State.OK for command in _read_by(reader, field))
    return not (read and isinstance(value, tuple | dict))


def _why(answers: Answers, reader: Reader, field: str) -> Missing:
    states = [answers.state(command) for command in _read_by(reader, field)]
    return Missing.NEEDS_ROOT if State.REFUSED in states else Missing.NOT_AVAILABLE


def _read_by(reader: Reader, field: str) -> tuple[str, ...]:
    return reader.READ_BY.get(field, reader.COMMANDS[:1])
