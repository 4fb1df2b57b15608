"""Puts the battery's figures into docs/reliability.md: `python -m tests.faults.report FIGURES`."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def table(lines: list[str]) -> str:
    """The figures as a table in Markdown; of what was measured twice, the last."""
    found = {entry["what"]: entry["said"] for entry in map(json.loads, lines)}
    rows = "".join(f"| {what} | {found[what]} |\n" for what in sorted(found))
    made = f"Measured on {datetime.now(UTC):%Y-%m-%d} with {os.cpu_count()} cores.\n\n"
    return f"{made}| what | result |\n|---|---|\n{rows}"


def main() -> None:
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = Path(sys.argv[1]).read_text().splitlines()
    DOCUMENT.write_text(f"{before}{BEGIN}{table(lines)}{END}{after}")


if __name__ == "__main__":
    main()
