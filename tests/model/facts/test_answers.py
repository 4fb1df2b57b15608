"""What every appliance's answers have in common: cut to size, and values that several platforms print."""

import pytest

from sopctl.model.facts.answers import Answers, Refusals, hardware_address, seconds

NONE = Refusals((), ())


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("1 year, 2 weeks, 3 days, 4 hours, 5 minutes", 33_019_500),
        ("2 days", 172_800),
        ("1 hour, 1 second", 3_601),
        ("1w2d3h4m5s", 788_645),
        ("4m", 240),
        ("4 months", None),
        ("a while", None),
        ("", None),
        (None, None),
        (" " * 190 + "1 second 1 second", 1),
    ],
)
def test_a_time_in_words(said: str | None, known: int | None) -> None:
    assert seconds(said) == known


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("0000.5e00.530A", "00:00:5e:00:53:0a"),
        ("00005e-00530a", "00:00:5e:00:53:0a"),
        ("00:00:5E:00:53:0A", "00:00:5e:00:53:0a"),
        ("0000.5e00.530", None),
        ("0000.5e00.530A.1", None),
        ("none", None),
        (" " * 28 + "00005e00530a", "00:00:5e:00:53:0a"),
        (" " * 29 + "00005e00530a", None),
    ],
)
def test_a_hardware_address_in_any_notation(said: str, known: str | None) -> None:
    assert hardware_address(said) == known


def test_an_answer_is_cut_to_size() -> None:
    """An answer of so many characters and lines, a line of so many characters."""
    said = {"lines": "x\n" * 20_001, "line": "y" * 1_001, "long": ("z" * 99 + "\n") * 4_001, "blank": "a  \r\nb\t\n"}
    answers = Answers(said, NONE)
    assert len(answers.lines("lines")) == 20_000
    assert answers.lines("line") == ["y" * 1_000]
    assert len(answers.lines("long")) == 4_000
    assert answers.lines("blank") == ["a", "b"]
    assert answers.lines("not asked") == []
