"""What the words for states mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.facts.states import State, judged
from tests.cases import rows

SAID = [(said, row["means"]) for row in rows("states") for said in row["said"]]


@pytest.mark.parametrize(("said", "means"), SAID, ids=[repr(said) for said, _ in SAID])
def test_what_a_state_means(said: str, means: str) -> None:
    assert judged(said) == means


@given(st.none() | st.text(max_size=300))
def test_any_word_has_a_meaning_or_none(said: str | None) -> None:
    assert judged(said) in State
