"""The words of sopctl in other languages than English: texts with places for values, and the catalogs of gettext.

A text stands in the source in English. Only the edge (the command line, a page) words it in the reader's language;
records, JSON and what programs read stay in English. `locale/id/*.po` are the translations, one file for each kind of
text; `id.mo` is made of them by `make catalog`, and read by `catalogs`.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

Language = Literal["en", "id"]
LANGUAGES: tuple[Language, ...] = ("en", "id")


class Text:
    """A text with places for values, in English wherever it is used as it is: a sentence within an error, or what helps
    against one. The values may be texts themselves."""

    __slots__ = ("_english", "template", "values")

    def __init__(self, template: str, /, **values: Any) -> None:
        self.template = template
        self.values: Mapping[str, Any] = values
        self._english: str | None = None

    def __str__(self) -> str:
        if self._english is None:  # the rows of a list share the reasons of their days
            self._english = self.finished(filled(self.template, self.values))
        return self._english

    def found(self, catalog: "NullTranslations") -> str:
        """Its template in the language of a catalog."""
        return catalog.gettext(self.template)

    def finished(self, said: str) -> str:
        """What is done with the text once it is worded and filled."""
        return said

    def __bool__(self) -> bool:
        return bool(self.template)

    def __contains__(self, part: str) -> bool:
        return part in str(self)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __repr__(self) -> str:
        return repr(str(self))

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, Text | str) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))


class Sentence(Text):
    """A text that begins with a small letter and has no full stop, as a sentence of its own."""

    __slots__ = ()

    def finished(self, said: str) -> str:
        return f"{said[:1].upper()}{said[1:]}."


class Sense(Text):
    """A text whose English stands for several things: the context (gettext's msgctxt) says which one is meant here."""

    __slots__ = ("context",)

    def __init__(self, context: str, template: str, /, **values: Any) -> None:
        super().__init__(template, **values)
        self.context = context

    def found(self, catalog: "NullTranslations") -> str:
        return catalog.pgettext(self.context, self.template)


class Counted(Text):
    """A text about a number of things, which stands at `{number}`."""

    __slots__ = ("many", "one")

    def __init__(self, one: str, many: str, number: int, /, **values: Any) -> None:
        super().__init__(one if number == 1 else many, number=number, **values)
        self.one, self.many = one, many

    def found(self, catalog: "NullTranslations") -> str:
        return catalog.ngettext(self.one, self.many, self.values["number"])


if TYPE_CHECKING:
    from gettext import NullTranslations

    Prose = str | Text
    """What is said to people: a text of ours, or what others wrote."""
else:
    Prose = str  # which is what a record's schema says of it


def gettext_noop(text: str) -> str:
    """Marks a text of a table as one to translate; where it is shown, the edge words it."""
    return text


def joined(between: str, texts: Iterable["Prose"]) -> Text:
    """Texts one after the other, with this between them."""
    parts = {f"part{number}": each for number, each in enumerate(texts)}
    return Text(between.join(f"{{{name}}}" for name in parts), **parts)


def either(names: Iterable["Prose"]) -> "Prose":
    """Things one of which is meant: "a or b"."""
    first, *others = [*names] or [""]
    for each in others:
        first = Text("{one} or {other}", one=first, other=each)
    return first


def filled(template: str, values: Mapping[str, Any]) -> str:
    """A template with its values; without any, braces stand for themselves."""
    return template.format(**values) if values else template
