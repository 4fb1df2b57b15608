"""What a module printed, whatever stands around it and whatever it is."""

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.facts.linux.answered import MOST, Answered, of_module, of_script, packed, unpacked
from sopctl.model.facts.linux.bounded import MAX_DETAILS, MAX_VALUES

WORD = b"sopctl-0123456789abcdef"
GOOD = json.dumps({"facts": {"hostname": "db01"}, "details": "=x ok\n"}).encode()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=400), st.lists(st.binary(max_size=60).filter(lambda each: b"\n" not in each), max_size=4))
def test_what_stands_around_an_answer_does_not_matter(before: bytes, lines: list[bytes]) -> None:
    """Unless it is itself a line that looks like one; the last of these counts."""
    around = b"\n".join(each for each in lines if not each.strip().startswith(b"{"))
    found = of_module(before.replace(WORD, b"") + WORD + b"\n" + around + b"\n" + GOOD + b"\n" + around, WORD)
    assert found.facts == {"hostname": "db01"}
    assert (found.details, found.why) == ("=x ok\n", "")


@given(st.binary(max_size=600))
def test_whatever_comes_is_an_answer_of_some_kind(said: bytes) -> None:
    for output in (said, WORD + said, WORD + b"\n{" + said):
        for found in (of_module(output, WORD), of_script(output, WORD)):
            assert bool(found.why) == (found.facts is None and not found.details)


@given(st.dictionaries(st.sampled_from(["facts", "details", "failed", "msg"]), JSON))
def test_whatever_the_document_says(document: dict[str, object]) -> None:
    found = of_module(WORD + b"\n" + json.dumps(document).encode(), WORD)
    assert (found.facts is not None) == (isinstance(document.get("facts"), dict) and not document.get("failed"))
    assert isinstance(found.details, str)
    assert len(found.said) <= 400


LONG = {
    "without end": b"{" + b"x" * MOST,
    "lines that look like answers": b"{\n" * (MOST // 2 - 100),
    "nested": b"{" + b'"a":{' * 500_000,
    "lists": b'{"facts": ' + b"[" * 3_000_000,
    "a number": b'{"facts": {"a": ' + b"9" * 3_000_000 + b"}}",
    "no line at all": b"x" * (MOST - 100),
}


@pytest.mark.parametrize("said", LONG.values(), ids=LONG)
def test_what_is_long_is_no_answer(said: bytes) -> None:
    found = of_module(WORD + b"\n" + said, WORD)
    assert found.facts is None
    assert found.why in ("too-large", "no-answer", "failed")


def test_bytes_that_are_no_text_cost_nothing_else() -> None:
    """Python makes halves of surrogate pairs of them; a strict reader would lose all facts for one name."""
    found = of_module(WORD + b'\n{"facts": {"product": "caf\\udce9", "hostname": "db01"}, "details": "\\udcff"}', WORD)
    assert found.facts
    assert found.facts["hostname"] == "db01"


def test_facts_and_details_are_cut_to_what_a_server_has() -> None:
    wide = {str(number): list(range(40)) for number in range(4000)}
    found = of_module(WORD + b"\n" + json.dumps({"facts": wide, "details": "x" * 1_500_000}).encode(), WORD)
    assert found.facts
    assert sum(len(each) if isinstance(each, list) else 0 for each in found.facts.values()) <= MAX_VALUES
    assert len(found.details) == MAX_DETAILS
    assert len(of_script(WORD + b"\n" + b"y" * 1_500_000, WORD).details) == MAX_DETAILS


@pytest.mark.parametrize(
    "answered",
    [
        Answered({"hostname": "vm", "odd": "\udcff"}, "rincian\n"),
        Answered(None, "rincian\n"),
        Answered(why="failed", said="no memory"),
    ],
)
def test_what_travels_is_the_same_when_it_arrives(answered: Answered) -> None:
    assert unpacked(packed(answered)) == answered


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"plain",
        zlib.compress(b"[]")[:-1],
        zlib.compress(b"\xff"),
        zlib.compress(b"[" * 100_000),
        zlib.compress(b'[null, "", "", "' + b"0" * (2 * MOST) + b'"]'),
        zlib.compress(b'{"facts": null}'),
        zlib.compress(b'[null, 1, "", ""]'),
        zlib.compress(b'[[], "", "", ""]'),
        zlib.compress(b'[null, "", "nothing we know of", ""]'),
    ],
)
def test_what_a_worker_packs_otherwise_is_no_answer(content: bytes) -> None:
    with pytest.raises(ValueError, match="answer of a server"):
        unpacked(content)


def test_what_a_worker_says_is_cut_as_what_a_server_says() -> None:
    assert len(unpacked(packed(Answered({}, "x" * (2 * MAX_DETAILS)))).details) == MAX_DETAILS
    assert len(unpacked(packed(Answered(why="failed", said="x" * 1000))).said) == 400
