"""No test waits too briefly for what must come."""

import re
from pathlib import Path

HERE = Path(__file__).parent
BRIEFLY = re.compile(
    r"\bwait_until\(.*, \d{1,2}(\.\d+)?(, every=[\d.]+)?\)|communicate\(timeout=\d{1,2}\)|\.join\((timeout=)?\d{1,2}\)"
    r"|(?<!gone)\.wait\(([5-9]|[1-9]\d)\)|monotonic\(\) \+ \d{1,2}\b|assert .*monotonic\(\) - \w+ < \d(\.\d+)?$"
)
"""A wait, or a limit of what something took, of seconds that a busy machine can use up."""


def test_no_wait_is_brief() -> None:
    brief = [
        f"{path.relative_to(HERE)}: {line.strip()}"
        for path in sorted(HERE.rglob("*.py"))
        for line in path.read_text().splitlines()
        if BRIEFLY.search(line)
    ]
    assert brief == []
