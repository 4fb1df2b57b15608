"""What details.sh printed, as ServerFacts. A server without Python is read by it alone, any other in part."""

from collections.abc import Sequence
from typing import TypeVar

from sopctl.model.facts.declaration import Read, declarations
from sopctl.model.facts.parts import Disk, Nic, filled, is_empty
from sopctl.model.facts.sections import Sections
from sopctl.model.facts.server import Missing, ServerFacts

Named = TypeVar("Named", Disk, Nic)


def from_script(said: str, *, gathered_at: str) -> ServerFacts:
    """The answer of details.sh as ServerFacts.

    `said` may hold anything: nothing raises, what cannot be read is left out.
    """
    answer = Sections(said)
    read = {each.field: each.read for each in declarations(ServerFacts) if each.read}
    values = {field: how.value(answer) for field, how in read.items()}
    missing = {field: why for field, how in read.items() if is_empty(values[field]) and (why := _why(answer, how))}
    return ServerFacts(gathered_at=gathered_at, missing=missing, **values)  # type: ignore[arg-type]


def completed(facts: ServerFacts, details: ServerFacts) -> ServerFacts:
    """`facts`, with their gaps filled from `details`; disks and interfaces of the same name are the same."""
    values = {field: getattr(facts, field) for field in facts.__struct_fields__}
    values |= {field: getattr(details, field) for field, value in values.items() if is_empty(value)}
    values["disks"] = _joined(facts.disks, details.disks)
    values["nics"] = _joined(facts.nics, details.nics)
    missing = facts.missing | details.missing
    values["missing"] = {
        field: why for field, why in missing.items() if is_empty(values.get(field)) and field in details.missing
    }
    return type(facts)(**values)


def _joined(first: Sequence[Named], second: Sequence[Named]) -> tuple[Named, ...]:
    others = {part.name: part for part in second}
    if not first:
        return tuple(second)
    return tuple(filled(part, others[part.name]) if part.name in others else part for part in first)


def _why(answer: Sections, read: Read) -> Missing | None:
    """Why a field has no value; None if the server was asked and has none."""
    states = [answer.state(name) for name in read.sections]
    if read.optional and "ok" in states:
        return None
    return Missing.NEEDS_ROOT if "needs-root" in states else Missing.NOT_AVAILABLE
