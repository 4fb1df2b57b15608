"""No test waits too briefly for what must come, or in a way that another's coming first would end."""

import re
from pathlib import Path

HERE = Path(__file__).parent
BRIEFLY = re.compile(
    r"\bwait_until\(.*, \d{1,2}(\.\d+)?(, every=[\d.]+)?\)|communicate\(timeout=\d{1,2}\)|\.join\((timeout=)?\d{1,2}\)"
    r"|(?<!gone)\.wait\(([5-9]|[1-9]\d)\)|monotonic\(\) \+ \d{1,2}\b|assert .*monotonic\(\) - \w+ < \d(\.\d+)?$"
)
"""A wait, or a limit of what something took, of seconds that a busy machine can use up."""


BROKEN_OFF = re.compile(r"\.wait_for_url\(")
"""A browser's wait for an address, which fails where a second click has the first one's request aborted."""

CUT = re.compile(r"servers\.run\((?:[^()]|\([^()]*\))*\b(?:until|while) ")
"""A wait that one connection to a server has to outlive, written in the call."""


def lines_with(what: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(HERE)}: {line.strip()}"
        for path in sorted(HERE.rglob("*.py"))
        for line in path.read_text().splitlines()
        if what.search(line)
    ]


def test_no_wait_is_brief() -> None:
    assert lines_with(BRIEFLY) == []


def test_no_wait_is_broken_off() -> None:
    assert lines_with(BROKEN_OFF) == []


def test_no_wait_is_cut() -> None:
    assert [str(path.relative_to(HERE)) for path in sorted(HERE.rglob("*.py")) if CUT.search(path.read_text())] == []
