"""No code stands on a screen: each enumeration of the model has its words, or a reason why it needs no table."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sopctl.locale import LANGUAGES, Text
from sopctl.locale.catalogs import worded
from sopctl.model.access.causes import Cause
from sopctl.workflow import terms
from sopctl.workflow.messages.words import values_of
from tests.workflow.messages.test_words import enumerations

ELSEWHERE = {
    row["of"]: row["because"]
    for row in yaml.load((Path(__file__).parents[1] / "cases" / "screen_words.yml").read_text(), yaml.CSafeLoader)
}


def test_every_enumeration_has_words_or_a_reason() -> None:
    known = [each for each, _ in terms.TABLES] + [each for name, each in enumerations() if name in ELSEWHERE]
    without = {name for name, each in enumerations() if each not in known}
    assert without == set(), "give it a table in terms.TABLES, or a row in screen_words.yml"
    assert set(ELSEWHERE) <= {name for name, _ in enumerations()}, "a row about nothing"


@pytest.mark.parametrize(("enumeration", "table"), terms.TABLES, ids=[str(each) for each, _ in terms.TABLES])
def test_every_value_has_a_word_in_each_language(enumeration: Any, table: dict[str, Text]) -> None:
    assert set(values_of(enumeration)) <= set(table)
    for language in LANGUAGES:
        assert not [code for code, word in table.items() if "-" in code and worded(word, language) == code]


def test_a_cause_of_another_version_stays_as_it_is() -> None:
    assert [str(terms.cause(each)) for each in ("account-expired", "from-tomorrow", "", None)] == [
        "account expired", "from-tomorrow", "", "",
    ]  # fmt: skip


def test_the_values_of_an_error_are_worded() -> None:
    found = terms.in_words({"cause": Cause.HOST_KEY_CHANGED, "detail": "host-key-changed", "deposit": "PS-2026-0001"})
    assert worded(Text("{cause}: {detail}, {deposit}", **found), "id") == (
        "kunci host berubah: host-key-changed, PS-2026-0001"
    )
