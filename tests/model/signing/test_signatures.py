"""Each word that a signature or a file can be told by has its meaning, and no other one has."""

from typing import get_args

import pytest

from sopctl.model.signing.signatures import CHANGES, MEANS, Change, Word


@pytest.mark.parametrize(("words", "meanings"), [(Word, MEANS), (Change, CHANGES)])
def test_each_word_has_its_meaning(words: object, meanings: dict[str, str]) -> None:
    assert list(meanings) == list(get_args(words))
    assert all(meanings.values())
    assert len(set(meanings.values())) == len(meanings)
