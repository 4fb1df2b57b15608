"""The catalogs: every text of the source is translated, none that is gone is kept, and every translation has the
places of its text."""

import re
import string
from collections import defaultdict
from io import BytesIO

import click
import pytest
import yaml
from babel.messages.catalog import Message
from babel.messages.mofile import read_mo

from distribution import catalog
from sopctl.cli.main import cli
from sopctl.locale import Sense, Text
from sopctl.locale.catalogs import FOLDER, worded
from sopctl.locale.catalogs import catalog as translations
from sopctl.workflow.setup import init
from tests.cases import rows

PARTS = ("errors", "help", "screen")
PERCENT = re.compile(r"%\(\w+\)s")
BREAKS = re.compile(r"\n\n")
QUOTED = re.compile("`([^`]+)`")


@pytest.fixture(scope="module")
def gathered() -> dict[str, list[catalog.Message]]:
    """Collected by who runs these tests alone: every worker imports this module, and it takes 15 s of CPU."""
    return catalog.gathered()


@pytest.fixture(scope="module")
def source(gathered: dict[str, list[catalog.Message]]) -> dict[str, list[catalog.Message]]:
    return catalog.collected(gathered)


COUNTS = re.compile(r"\{(number|count|days|tries)\} [a-z]+s\b")
NOT_COUNTED = {
    "{days} days": "with a decimal",
    "the hand-over form {number} lacks signatures: {boxes}": "a paper's number",
    "papers show characters of {count} as code points: their fonts lack them": "the count brings its noun",
}
"""What looks like a number of things without a singular, and why it needs none."""


def test_a_number_of_things_has_a_singular() -> None:
    found = {each.id for part in PARTS for each in texts(part) if isinstance(each.id, str) and COUNTS.search(each.id)}
    assert {each for each in found if not re.search(r"\} (is|was|has)\b", each)} == set(NOT_COUNTED)


def texts(part: str) -> list[Message]:
    return [each for each in catalog.kept(part) if each.id]


def strings(said: object) -> list[str]:
    return list(said) if isinstance(said, tuple | list) else [str(said)]


def places(text: str) -> set[tuple[str, str, str]]:
    """What stands in braces, with its conversion and format; nothing for a text whose braces are meant as such."""
    try:
        found = {(name, spec or "", how or "") for _, name, spec, how in string.Formatter().parse(text) if name}
    except ValueError:
        return set()
    return found | {(each, "", "") for each in PERCENT.findall(text)}


@pytest.mark.parametrize("part", PARTS)
def test_every_text_is_translated_and_no_other_is_kept(part: str, source: dict[str, list[catalog.Message]]) -> None:
    assert set(source) == set(PARTS)
    kept, there = {(each.context, each.id): each for each in texts(part)}, {each.key for each in source[part]}
    assert there - set(kept) == set(), "new texts: make catalog, then translate them"
    assert set(kept) - there == set(), "texts that are gone: make catalog"
    assert [each.id for each in kept.values() if not catalog.complete(each)] == []
    assert [each.id for each in kept.values() if each.fuzzy] == []


@pytest.mark.parametrize("part", PARTS)
def test_a_translation_has_the_places_of_its_text(part: str) -> None:
    wrong = []
    for each in texts(part):
        english, indonesian = strings(each.id), strings(each.string)
        wanted = places(english[-1])
        if any(places(said) != wanted for said in indonesian):
            wrong.append((english[-1], indonesian))
    assert wrong == []


@pytest.mark.parametrize("part", PARTS)
def test_a_command_in_a_sentence_is_written_as_it_is_typed(part: str) -> None:
    for each in texts(part):
        for said in (*strings(each.id), *strings(each.string)):
            assert [quoted for quoted in QUOTED.findall(said) if is_command(quoted.split())] == [], said


def is_command(words: list[str]) -> bool:
    """Do they name a command, without `sopctl`? A group alone is none: as `bmc`, its name is often that of a field."""
    command: click.Command | None = cli
    for word in words:
        if isinstance(command, click.Group):
            command = command.get_command(click.Context(command), word)
    return not isinstance(command, click.Group | None) and words != ["bmc"]


@pytest.mark.parametrize("part", PARTS)
def test_a_translation_has_the_form_of_its_text(part: str) -> None:
    """The same paragraphs, spaces at the ends, and full stop: columns and sentences are put together by them."""
    wrong = []
    for each in texts(part):
        english, indonesian = strings(each.id)[-1], strings(each.string)[-1]
        ends = [(said[: len(said) - len(said.lstrip())], said[len(said.rstrip()) :]) for said in (english, indonesian)]
        alike = ends[0] == ends[1] and len(BREAKS.findall(english)) == len(BREAKS.findall(indonesian))
        if not alike or english.rstrip().endswith(":") != indonesian.rstrip().endswith(":"):
            wrong.append((english, indonesian))
    assert wrong == []


def shared(gathered: dict[str, list[catalog.Message]]) -> dict[str, list[str]]:
    """The short texts that several places have, and those places. What stands for a value in a usage is left out."""
    found = defaultdict[str, set[str]](set)
    for each in (each for messages in gathered.values() for each in messages if each.context is None):
        if isinstance(each.id, str) and len(each.id.split()) <= 2 and "{" not in each.id and not each.id.isupper():
            found[each.id].add(each.place)
    return {text: sorted(where) for text, where in sorted(found.items()) if len(where) > 1}


def test_a_word_of_several_places_means_one_thing(gathered: dict[str, list[catalog.Message]]) -> None:
    """In English one word may be a verb and a noun, or a state and a label; in Indonesian those are two words. Each
    place that shares a word was looked at; one that means another thing has a context (`Sense`, `pgettext`)."""
    assert {row["text"]: row["places"] for row in rows("shared_words")} == shared(gathered)


def test_a_context_decides_between_the_words() -> None:
    assert worded(Sense("paper", "unknown"), "id") != worded(Text("unknown"), "id")
    assert str(Sense("paper", "unknown")) == worded(Sense("paper", "unknown"), "en") == "unknown"


def said(compiled: bytes) -> dict[object, object]:
    """What a compiled catalog says; not which Babel compiled it, which stands in its header."""
    return {(each.context, str(each.id)): each.string for each in read_mo(BytesIO(compiled)) if each.id}


def test_what_is_compiled_is_what_the_files_say() -> None:
    assert said((FOLDER / "id.mo").read_bytes()) == said(catalog.compiled({part: catalog.kept(part) for part in PARTS}))


@pytest.mark.parametrize("example", [init.EXAMPLE_REQUEST, init.EXAMPLE_APPLIANCE, init.EXAMPLE_OTHER])
def test_an_example_in_indonesian_is_the_same_record(example: str) -> None:
    translated = worded(example, "id")
    assert translated != example
    assert yaml.safe_load(translated) == yaml.safe_load(example)


def test_a_text_is_english_until_it_is_worded() -> None:
    text = Text("{name} is missing: {why}", name="a", why=Text("interrupted"))
    assert str(text) == f"{text}" == "a is missing: interrupted"
    assert worded(text, "en") == str(text)


def test_a_text_within_a_text_is_worded_too() -> None:
    inner = translations("id").gettext("interrupted")
    assert inner != "interrupted"
    assert worded(Text("{what}!", what=Text("interrupted")), "id") == f"{inner}!"
    assert worded(Text("{what}!", what="interrupted"), "id") == "interrupted!", "what people wrote stays as it is"


def test_braces_in_a_value_are_not_places() -> None:
    assert worded(Text("{name}", name="{other}"), "id") == "{other}"
