"""Text from strangers, made fit for paper."""

import re
import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from sopctl.adapters.documents import Section, render
from sopctl.adapters.documents.text import PRINTABLE, printable, shortened
from tests.adapters.documents import samples

CASES = yaml.load((Path(__file__).parents[2] / "cases" / "paper_payloads.yml").read_text(), yaml.CSafeLoader)
ANY_TEXT = st.text(st.characters(), max_size=80)


@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(case["text"])[:30])
def test_what_the_paper_shows(case: dict[str, str]) -> None:
    assert printable(case["text"], 200) == case.get("shown", case["text"])


def test_what_is_cut_says_so() -> None:
    assert printable("W" * 10_000, 20) == "W" * 20 + "… [dipotong: 10000 karakter]"


def test_escapes_do_not_make_a_text_endless() -> None:
    assert len(printable("😀" * 200, 200)) < 240


def test_lone_surrogates_are_shown() -> None:
    assert printable("a\udc80b", 20) == "a<U+DC80>b"


@given(ANY_TEXT)
def test_only_printable_characters_come_out(text: str) -> None:
    assert re.fullmatch(f"[{PRINTABLE}]*", printable(text, 50))
    assert len(shortened(text, 20)) <= 20


def test_every_printable_character_has_a_glyph() -> None:
    """PDF/A forbids a glyph that is not there, so a failing render would name it; the text layer shows the rest."""
    characters = [chr(code) for code in range(0x21, 0x2800) if re.fullmatch(f"[{PRINTABLE}]", chr(code))]
    assert len(characters) > 1500
    lines = ["".join(characters[at : at + 100]) for at in range(0, len(characters), 100)]
    regular = samples.inventory(changes=tuple(lines))
    bold = structs.replace(regular, changes=None, sections=tuple(Section(line, ()) for line in lines))
    shown = {character: unicodedata.normalize("NFC", character) for line in lines for character in line}
    for form in (regular, bold):
        seen = samples.text(render(form))
        assert {character for character, composed in shown.items() if composed not in seen} == set()
