"""A sentence of a record is known by the template that it was made of."""

import pytest

from sopctl.locale import Text
from sopctl.locale.recognising import Recogniser

KNOWN = Recogniser(
    "no answer", "{host}: no answer", "the server said {said} and closed", "expected {one}, shown is {two}"
)


@pytest.mark.parametrize(
    ("sentence", "template", "values"),
    [
        ("no answer", "no answer", {}),
        ("192.0.2.1: no answer", "{host}: no answer", {"host": "192.0.2.1"}),
        ("the server said two words and closed", "the server said {said} and closed", {"said": "two words"}),
        ("expected a, shown is b c", "expected {one}, shown is {two}", {"one": "a", "two": "b c"}),
    ],
)
def test_a_sentence_of_ours_is_known(sentence: str, template: str, values: dict[str, str]) -> None:
    found = KNOWN.text(sentence)
    assert isinstance(found, Text)
    assert (found.template, found.values, str(found)) == (template, values, sentence)


@pytest.mark.parametrize("sentence", ["", "no answers", "expected a b, shown is c", "x" * 3000 + ": no answer"])
def test_what_others_said_stays_as_it_is(sentence: str) -> None:
    assert KNOWN.text(sentence) is sentence
