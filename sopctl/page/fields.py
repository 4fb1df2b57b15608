"""Forms as data: the fields that people fill in, what they sent, and the function that does what they ask for."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from sopctl.errors import UsageError
from sopctl.model.intake.left_open import left_open
from sopctl.page.visit import Upload
from sopctl.store.dossiers import Dossier
from sopctl.workflow import scans
from sopctl.workflow.desk import Desk, StepDone

Kind = Literal["text", "area", "date", "number", "file", "choice", "answer", "photos", "drawing"]
"""`answer`: ok, no or not applicable, with a remark. `photos`: several. `drawing`: a signature, drawn or handed in."""

MOST_PHOTOS = 10
"""In one form."""


@dataclass(frozen=True)
class Field:
    """A field of a form. `choices` of one that is chosen: value and label. `section`: what stands above it and those
    after it. An `official` label is the paper's, in Indonesian whatever the page's language, or what someone wrote."""

    name: str
    label: str
    kind: Kind = "text"
    required: bool = True
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    section: str = ""
    official: bool = False
    most: int | None = None
    """Of a number."""


class Given:
    """What a form sent, by the names of its fields."""

    def __init__(
        self, fields: tuple[Field, ...], said: Mapping[str, str], files: Mapping[str, Upload], stack: ExitStack
    ) -> None:
        self._fields = {each.name: each for each in fields}
        self._said, self._files, self._stack = said, files, stack

    def text(self, name: str) -> str:
        """A text, without what surrounds it. Raises UsageError for one that is needed and missing, or none of what
        could be chosen. A placeholder says nothing."""
        said, field = self._said.get(name, "").strip(), self._fields[name]
        said = "" if left_open(said) else said
        if field.required and not said:
            raise missing(field.label)
        if said and field.choices and said not in dict(field.choices):
            raise UsageError(
                "not-a-choice",
                "{said!r} is no answer to {field}",
                remedy="Take one of the answers that the form offers.",
                said=said[:40],
                field=field.label,
            )
        return said

    def optional(self, name: str) -> str:
        """A text of a field that this form may not have."""
        return self.text(name) if name in self._fields else ""

    def official(self, prefix: str) -> list[tuple[str, str]]:
        """Names and labels of the fields whose names begin so."""
        return [(name, each.label) for name, each in self._fields.items() if name.startswith(prefix)]

    def remark(self, name: str) -> str:
        """The remark beside an answer."""
        return self._said.get(f"{name}-note", "").strip()

    def lines(self, name: str) -> list[str]:
        """The lines of a text that say something."""
        return [line.strip() for line in self.text(name).splitlines() if line.strip()]

    def day(self, name: str) -> date | None:
        """A day; None for one that is not given. Raises UsageError for what is none."""
        said = self.text(name)
        try:
            return date.fromisoformat(said) if said else None
        except ValueError:
            raise UsageError(
                "not-a-day", "{said!r} is not a day", remedy="Write it as 2026-11-23.", said=said[:40]
            ) from None

    def number(self, name: str) -> int:
        """A whole number. Raises UsageError for what is none."""
        said = self.text(name)
        if not (said.isascii() and said.isdecimal() and len(said) <= 9):
            raise UsageError(
                "not-a-number",
                "{said!r} is not a number",
                remedy="Write it in digits alone, nine at most.",
                said=said[:40],
            )
        return int(said)

    def count(self, name: str) -> int | None:
        """A whole number; None for one that is not given. Raises UsageError for what is none."""
        return self.number(name) if self.text(name) else None

    def file(self, name: str) -> Path | None:
        """A paper that was handed in, for as long as the form is worked on. Raises InvalidRecord for a picture that
        cannot be read to its end."""
        found = self._files.get(name)
        if not found or not found.name:
            return None
        path = self._stack.enter_context(found.as_file())
        scans.refuse_broken_picture(path)
        return path

    def paper(self, name: str) -> Path:
        """As `file`, of one that is needed. Raises UsageError where it is missing."""
        path = self.file(name)
        if path is None:
            raise missing(self._fields[name].label)
        return path

    def photos(self, name: str) -> list[Path]:
        """Photographs that were handed in, rewritten without what phones say of place, time and device. Raises
        UsageError for too many, InvalidRecord for what is no photograph."""
        handed = [self._files[each] for each in (name, *(f"{name}.{n}" for n in range(2, 100))) if each in self._files]
        handed = [each for each in handed if each.name]
        if len(handed) > MOST_PHOTOS:
            raise UsageError(
                "too-many-photos",
                "{given} photographs; at most {most}",
                remedy="Leave some out, or record the rest with another form.",
                given=len(handed),
                most=MOST_PHOTOS,
            )
        kept = [scans.photograph(each.content, each.name) for each in handed]
        return [self._stack.enter_context(Upload("foto.jpg", each).as_file()) for each in kept]

    def drawing(self, name: str) -> bytes:
        """A signature that was drawn on the page, or handed in as a picture; empty for none. Raises InvalidRecord."""
        handed = self._files.get(name)
        if handed and handed.name:
            return scans.strokes(handed.content, handed.name)
        return scans.drawn(self._said.get(f"{name}-drawn", ""))


def _no_more(_dossier: Dossier) -> tuple[Field, ...]:
    return ()


def _nothing(_desk: Desk, _dossier: Dossier) -> None:
    return None


def _always(_dossier: Dossier) -> bool:
    return True


@dataclass(frozen=True)
class Form:
    """An act: where its form is (`/berkas/ID/PATH`), its verb and task, its words, its fields, and what does it."""

    path: str
    verb: str
    title: str
    button: str
    fields: tuple[Field, ...]
    do: Callable[[Desk, str, Given], StepDone]
    task: str = ""
    grave: bool = False
    """Does it end something?"""
    more: Callable[[Dossier], tuple[Field, ...]] = _no_more
    """The fields that depend on the dossier; they stand first."""
    fits: Callable[[Dossier], bool] = _always
    """Is there anything to do by it?"""
    about: str = ""
    """The template of what is to be seen before the form is sent, if any."""
    shows: Callable[[Desk, Dossier], Any] = _nothing
    """What that template shows as `shown`."""

    def of(self, dossier: Dossier) -> "Form":
        """This form for a dossier, with all its fields."""
        return replace(self, fields=(*self.more(dossier), *self.fields), more=_no_more)

    @property
    def draws(self) -> bool:
        """Is there something to draw? Then, and only then, the page has a script."""
        return any(each.kind == "drawing" for each in self.fields)


def missing(label: str) -> UsageError:
    """The error for what a form needs and does not have."""
    return UsageError(
        "field-missing",
        "{field} is missing",
        remedy="Nothing was recorded. Fill it in, and send the form again.",
        field=label,
    )
