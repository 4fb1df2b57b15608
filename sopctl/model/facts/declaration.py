"""What a field of ServerFacts declares in its annotation: how it is read, shown and compared.

The reader of details.sh, the form and the comparison work through these declarations and name no field themselves. So a
new fact is declared once.
"""

from collections.abc import Callable, Iterator
from enum import Enum, auto
from functools import cache
from typing import Any, Literal, get_type_hints

from msgspec import Struct

from sopctl.model.facts.comparison import Change, Comparison, Facts
from sopctl.model.facts.sections import Sections
from sopctl.model.facts.shown import plain


class FormPart(Enum):
    """Where on the inventory form a fact stands. Within a part, facts stand in the order of the fields."""

    NAME = auto()
    MACHINE = auto()
    HARDWARE = auto()
    SYSTEM = auto()


class Read(Struct, frozen=True):
    """How `value` reads a field from what details.sh printed; it returns None or an empty value where there is none.

    Where there is no value, the state of the `sections` says why; those in `also` are read too, but have no say in
    that. An `optional` field may be empty on a sound server: it counts as missing only if none of its sections was
    read. Any other field counts as missing whenever it is empty. A `quiet` section prints nothing where there is
    nothing of the kind, so that it is empty does not mean that it failed.
    """

    value: Callable[[Sections], object]
    sections: tuple[str, ...]
    also: tuple[str, ...] = ()
    optional: bool = False
    quiet: bool = False


class Line(Struct, frozen=True):
    """A line of the form: its label, and what is `shown` for the values of `fields` (by default the field itself).

    `declared` is the key of the letter's or the dossier's value, which is printed if nothing was read; with `both`,
    also beside a value that differs from it. `none` is printed if the field was read, is empty, and nothing was
    declared. A line is printed always, or only when there is something to say.
    """

    label: str
    part: FormPart
    shown: Callable[..., str | None] = plain
    fields: tuple[str, ...] = ()
    declared: str = ""
    both: bool = False
    none: str = ""
    when: Literal["always", "filled"] = "always"


class Rows(Struct, frozen=True):
    """A table of the form, one row for each entry of the field. It is printed always, unless the server is known to
    have none, or only when there are entries."""

    title: str
    part: FormPart
    columns: tuple[str, ...]
    row: Callable[[Any], tuple[str, ...]]
    when: Literal["always", "unless-none", "filled"] = "always"
    broken: Callable[[Any], bool] = lambda _: False
    """Has this entry failed? Then its row stands out."""


class Declaration(Struct, frozen=True):
    """All that is declared of one field."""

    field: str
    read: Read | None
    lines: tuple[Line, ...]
    tables: tuple[Rows, ...]
    compared: tuple[Comparison, ...]

    @property
    def label(self) -> str:
        """What the field is called on the form; empty if it has no line or table of its own."""
        return next((each.label for each in self.lines), next((each.title for each in self.tables), ""))

    def changes(self, before: Facts, after: Facts) -> Iterator[Change]:
        """How the field changed."""
        for each in self.compared:
            yield from each.changes(self.field, each.subject or self.label, before, after)


@cache
def declarations(of: type[Struct]) -> tuple[Declaration, ...]:
    """The declarations of ServerFacts (or a subclass), in the order of its fields."""
    hints = get_type_hints(of, include_extras=True)
    return tuple(_declaration(field, getattr(hints[field], "__metadata__", ())) for field in of.__struct_fields__)


def _declaration(field: str, said: tuple[object, ...]) -> Declaration:
    return Declaration(
        field=field,
        read=next((each for each in said if isinstance(each, Read)), None),
        lines=tuple(each for each in said if isinstance(each, Line)),
        tables=tuple(each for each in said if isinstance(each, Rows)),
        compared=tuple(each for each in said if isinstance(each, Comparison)),
    )
