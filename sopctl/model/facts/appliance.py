"""A network appliance's answers as ServerFacts: the same model as a server's, with one reader per platform."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from sopctl.model.deposit import Platform
from sopctl.model.facts import cisco_ios, routeros
from sopctl.model.facts.answers import Answers, Refusals, State
from sopctl.model.facts.parts import is_empty
from sopctl.model.facts.server import RULES, Missing, ServerFacts
from sopctl.model.placeholders import without


class _Reader(Struct, frozen=True):
    """A platform: what to ask, how it refuses, which commands a field is read from, and how its answers are read."""

    commands: tuple[str, ...]
    refusals: Refusals
    read_by: Mapping[str, tuple[str, ...]]
    read: Callable[[Answers], dict[str, object]]


_READERS: dict[Platform, _Reader] = {
    "cisco_ios": _Reader(cisco_ios.COMMANDS, cisco_ios.REFUSALS, cisco_ios.READ_BY, cisco_ios.read),
    "mikrotik_routeros": _Reader(routeros.COMMANDS, routeros.REFUSALS, routeros.READ_BY, routeros.read),
}

_NOT_ITS = {"gathered_at", "hostname", "missing", "rules", "via", "power_state", "health"}
_FIELDS = frozenset(ServerFacts.__struct_fields__) - _NOT_ITS


def commands(platform: Platform) -> tuple[str, ...]:
    """What to ask an appliance, in order. The first one shows whether it is of that platform; none changes anything."""
    return _READERS[platform].commands


def from_answers(platform: Platform, said: Mapping[str, str], *, gathered_at: str) -> ServerFacts | None:
    """The answers (command → what was printed) as ServerFacts; None if it is not an appliance of that platform.

    `said` may hold anything: nothing raises, what cannot be read is left out. What an appliance does not say or is
    never asked (its kernel, its disks) is in `missing`, as needs-root if the account may not ask it.
    """
    reader = _READERS[platform]
    answers = Answers({command: said[command] for command in reader.commands if command in said}, reader.refusals)
    found = reader.read(answers)
    if found["os_name"] is None:
        return None
    hostname = found.pop("hostname")
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


def _unread(answers: Answers, reader: _Reader, field: str, found: Mapping[str, object]) -> bool:
    """Does the field lack a value? A list that was read and is empty is a value."""
    value = found.get(field)
    if not is_empty(value):
        return False
    read = any(answers.state(command) is State.OK for command in reader.read_by.get(field, ()))
    return not (read and isinstance(value, tuple | dict))


def _why(answers: Answers, reader: _Reader, field: str) -> Missing:
    states = [answers.state(command) for command in reader.read_by.get(field, ())]
    return Missing.NEEDS_ROOT if State.REFUSED in states else Missing.NOT_AVAILABLE
