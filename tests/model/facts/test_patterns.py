"""Every pattern that reads what a machine says takes time in proportion to the text, whatever the text is."""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from heapq import nlargest

import pytest

import sopctl.model.facts
from sopctl.model import placeholders, sanitise
from sopctl.model.intake import left_open
from tests.faults.scale import times

FIRST, SHORT, LONG = 2_500, 10_000, 40_000
SECONDS = 0.5
"""More than a linear pattern takes for LONG characters on a quiet machine, far less than a quadratic one does."""
GROWTH = 9.0
"""From each length to the next a linear pattern takes 4 times as long, a quadratic one 16, however busy the machine."""
BUSIEST = times(10_000, 5)
"""Of so many texts it is seen how their time grows: a bounded run leaves out what takes little time early."""


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    found = pkgutil.walk_packages(sopctl.model.facts.__path__, "sopctl.model.facts.")
    for module in (left_open, sanitise, placeholders, *(importlib.import_module(each.name) for each in found)):
        for name, value in vars(module).items():
            for number, pattern in enumerate(value if isinstance(value, tuple) else (value,)):
                inner = pattern[0] if isinstance(pattern, tuple) and pattern else pattern
                if isinstance(inner, re.Pattern):
                    yield f"{module.__name__}.{name}.{number}", inner


PATTERNS = dict(patterns())


def texts(pattern: re.Pattern[str], length: int) -> Iterator[str]:
    """Texts of that length made to keep this pattern busy: what it looks for, and then more of the same."""
    words = re.findall(r"[A-Za-z0-9 =\"'/:,._<>()\[\]-]{1,12}", re.sub(r"\\[a-zA-Z]", "", pattern.pattern))
    units = [*{character for word in words for character in word}, "a", "A", "0", " ", "\t", "_", 'A"', "0 ", "a="]
    for unit in units:
        yield unit * (length // len(unit))
    for word in dict.fromkeys(words):
        yield word * (length // len(word))
        for unit in ("a", "0", " ", "A", "0 ", "a ", "_"):
            yield word + unit * (length // len(unit))
            yield (word + unit) * (length // len(word + unit))


def seconds(pattern: re.Pattern[str], text: str) -> float:
    begin = time.process_time()
    pattern.match(text)
    for _ in pattern.finditer(text):
        pass
    return time.process_time() - begin


def grows_in_proportion(pattern: re.Pattern[str], short: str, long: str) -> bool:
    """Whether the long text takes as many times as long as it is longer. One that takes very long is tried but once."""
    if (once := seconds(pattern, long)) < SECONDS:
        return True
    if once > 8 * SECONDS:
        return False
    return min(once, *(seconds(pattern, long) for _ in range(2))) < GROWTH * min(
        seconds(pattern, short) for _ in range(3)
    )


def is_linear(pattern: re.Pattern[str]) -> bool:
    """Whether it is so for the texts that keep it busiest: one that takes quadratic time outweighs others early."""
    tried = zip(*(texts(pattern, length) for length in (FIRST, SHORT, LONG)), strict=True)
    timed = [(seconds(pattern, first), first, short, long) for first, short, long in tried]
    return all(
        grows_in_proportion(pattern, first, short) and grows_in_proportion(pattern, short, long)
        for _, first, short, long in nlargest(BUSIEST, timed, key=lambda each: each[0])
    )


def test_there_are_patterns_of_every_reader() -> None:
    assert {name.split(".")[-3] for name in PATTERNS} >= {
        "tool_output",
        "cisco_ios",
        "mikrotik_routeros",
        "sanitise",
        "systems",
    }


@pytest.mark.scaled
@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_linear(name: str) -> None:
    assert is_linear(PATTERNS[name])


@pytest.mark.parametrize("pattern", ['([A-Z]+)="([^"]{0,400})"', r"(\d+)\s+(\d+)\s+x"])
def test_one_that_is_not_would_be_found(pattern: str) -> None:
    assert not is_linear(re.compile(pattern))
