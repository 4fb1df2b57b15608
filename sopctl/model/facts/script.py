"""What details.sh printed, as ServerFacts. A server without Python is read by it alone, any other in part."""

from collections.abc import Sequence
from typing import TypeVar

from sopctl.model.facts.declaration import Read, declarations
from sopctl.model.facts.parts import Disk, Nic, filled, is_empty
from sopctl.model.facts.sections import Sections
from sopctl.model.facts.server import RULES, Missing, ServerFacts
from sopctl.model.placeholders import without
from sopctl.model.sanitise import text

Named = TypeVar("Named", Disk, Nic)


def from_script(said: str, *, gathered_at: str) -> ServerFacts:
    """The answer of details.sh as ServerFacts.

    `said` may hold anything: nothing raises, what cannot be read is left out.
    """
    answer = Sections(said)
    read = {each.field: each.read for each in declarations(ServerFacts) if each.read}
    values = {field: how.value(answer) for field, how in read.items()}
    missing = {field: why for field, how in read.items() if is_empty(values[field]) and (why := _why(answer, how))}
    facts = ServerFacts(gathered_at=gathered_at, missing=missing, rules=RULES, **values)  # type: ignore[arg-type]
    return without(facts)


def noted_deposit(said: str) -> str:
    """Whose server it is, as a configuration noted it there (`/var/lib/sopctl/deposit`); empty where nothing is noted,
    or nobody may read it."""
    return text(Sections(said).first("noted").strip(), 60) or ""


def completed(facts: ServerFacts, details: ServerFacts) -> ServerFacts:
    """What the script says (`details`), with its gaps filled from `facts`, which is `setup`'s answer.

    The script comes first, so that a server gives the same facts whether or not it has a Python. Disks and interfaces
    of the same name are the same.
    """
    values = {field: getattr(details, field) for field in details.__struct_fields__}
    values |= {field: getattr(facts, field) for field, value in values.items() if is_empty(value)}
    values["cpu"] = filled(details.cpu, facts.cpu)
    values["disks"] = _joined(details.disks, facts.disks)
    values["nics"] = _joined(details.nics, facts.nics)
    values["missing"] = {field: why for field, why in details.missing.items() if is_empty(values.get(field))}
    return type(details)(**values)


def _joined(first: Sequence[Named], second: Sequence[Named]) -> tuple[Named, ...]:
    others = {part.name: part for part in second}
    if not first:
        return tuple(second)
    return tuple(filled(part, others[part.name]) if part.name in others else part for part in first)


def _why(answer: Sections, read: Read) -> Missing | None:
    """Why a field has no value; None if the server was asked and has none."""
    states = [answer.state(name) for name in read.sections]
    if read.optional and ("ok" in states or (read.quiet and "failed" in states)):
        return None
    return Missing.NEEDS_ROOT if "needs-root" in states else Missing.NOT_AVAILABLE
