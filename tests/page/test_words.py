"""Every text of the page is there in both languages, and none that nothing says."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import sopctl.page
from sopctl.errors import SopctlError
from sopctl.locale import Text
from sopctl.locale.catalogs import worded
from sopctl.model.rack import FACES
from sopctl.model.signing.signatories import BOXES
from sopctl.model.sop import verbs
from sopctl.page import acts, inspection, words
from sopctl.page.english import ENGLISH, ENGLISH_OF_ONE, INDONESIAN
from sopctl.page.handlers import requesting
from sopctl.workflow.views.board import STATES
from sopctl.workflow.views.mine import TURNS

FOLDER = Path(sopctl.page.__file__).parent


def said() -> Iterator[str]:
    for template in (FOLDER / "templates").glob("*.html"):
        text = template.read_text()
        yield from re.findall(r'_\("([^"]+)"[,)]', text)
    for module in (FOLDER / "handlers").glob("*.py"):
        yield from re.findall(r'title="([^"]+)"', module.read_text())
    yield from re.findall(r'title="([^"]+)"', (FOLDER / "app.py").read_text())
    yield from re.findall(r'if missing else "([^"]+)"', (FOLDER / "app.py").read_text())
    yield from re.findall(r'say\("([^"]+)"', (FOLDER / "words.py").read_text())
    yield from words.WAITING.values()
    yield from requesting.HINTS.values()
    for form in acts.FORMS:
        yield from (form.title, form.button)
        for field in form.fields:
            yield from filter(None, (field.hint, field.section, "" if field.official else field.label))
            yield from (label for value, label in field.choices if not (field.official and value == label))
    yield from (f"kotak: {box}" for box in BOXES)
    yield from (f"langkah: {state}" for state in ("visited", "current"))
    yield "Dokumen"  # of several papers, which one
    yield from inspection.ACCESSORIES
    yield from (f"keadaan: {state}" for state in STATES)
    yield from (f"giliran: {part}" for part in TURNS)
    yield from (f"dokumen: {state}" for state in ("altered", "missing"))
    yield from (f"sisi: {face}" for face in FACES)
    yield from (f"narahubung: {kind}" for kind in ("administrative", "technical"))


def test_every_text_has_its_english_and_is_said() -> None:
    assert set(said()) == set(ENGLISH)


def test_places_are_the_same_in_both_languages() -> None:
    for text, english in ENGLISH.items():
        for each in (english, ENGLISH_OF_ONE.get(text, english)):
            assert re.findall(r"\{(\w+)\}", text) == re.findall(r"\{(\w+)\}", each)
    assert set(INDONESIAN) <= set(ENGLISH)


def test_what_speaks_of_a_number_of_things_has_its_english_for_one() -> None:
    """Numbers are called `number`, wherever there may be one of them; an ordinal follows "nomor"."""
    counts = {text for text in ENGLISH if "{number}" in text and "nomor {number}" not in text}
    assert counts == set(ENGLISH_OF_ONE)
    for text in counts:
        assert (
            words.say(text, "en", number=1) == ENGLISH_OF_ONE[text].format(number=1) != ENGLISH[text].format(number=1)
        )
        assert words.say(text, "en", number=21) == ENGLISH[text].format(number=21)
        assert words.say(text, "id", number=1) == text.format(number=1)


def test_days_have_their_month_as_a_word() -> None:
    assert words.day(date(2026, 8, 3), "id") == "3 Agu 2026"
    assert words.day(date(2026, 8, 3), "en") == "3 Aug 2026"


def test_every_form_is_of_a_verb() -> None:
    for form in acts.FORMS:
        row = verbs.find(form.verb, form.task)
        assert row is not None
        assert not row.unattended, "what is privileged or long is not for the page"


@pytest.mark.parametrize("kind", list(words.KINDS))
def test_what_the_page_has_no_words_for_is_said_as_at_the_terminal(kind: type[SopctlError]) -> None:
    """In the language of whoever reads, after what kind it is; to outsiders, nothing that could be of others."""
    found = kind("no-such-deposit", "there is no deposit {deposit}", deposit="PS-2026-0099")
    there = worded(Text(found.template, **found.values), "id")
    said = words.error(found, "id")
    assert re.match(r"[A-Z][a-z ,;]+: ", said), said
    assert said.endswith(there)
    assert there != words.error(found, "en").lower()
    assert words.error(found, "en") == "There is no deposit PS-2026-0099"
    assert "PS-2026-0099" not in words.error(found, "id", outsider=True)
