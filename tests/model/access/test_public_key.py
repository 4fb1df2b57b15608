"""Which public keys may open an account. The kinds of keys are in tests/cases/letters.yml."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.access import public_key
from tests.cases import rows

GOOD = [
    account["keys"][0]
    for row in rows("letters")
    if not row["says"]
    for account in row["letter"].get("access.accounts", [])
]


def test_there_is_a_good_key_of_each_kind() -> None:
    kinds = {line.split()[0] for line in GOOD}
    assert {kind.partition("-")[0] for kind in kinds} == {"ssh", "ecdsa", "sk"}
    assert [public_key.why_not(line) for line in GOOD] == [""] * len(GOOD)


@given(st.sampled_from(GOOD), st.data())
def test_a_key_that_is_cut_off_or_longer_is_refused(line: str, data: st.DataObject) -> None:
    kind, key = line.split()[:2]
    whole = base64.b64decode(key)
    cut = data.draw(st.one_of(st.integers(0, len(whole) - 1).map(lambda at: whole[:at]), st.just(whole + b"\0")))
    assert public_key.why_not(f"{kind} {base64.b64encode(cut).decode()}")


@given(st.text(max_size=200))
def test_whatever_stands_there_has_an_answer(line: str) -> None:
    assert public_key.why_not(line)
    assert isinstance(public_key.blob(line), bytes)


def test_the_comment_does_not_make_another_key() -> None:
    kind, key = GOOD[0].split()[:2]
    assert public_key.blob(f"{kind} {key} a@example.org") == public_key.blob(f"{kind} {key}") != b""
