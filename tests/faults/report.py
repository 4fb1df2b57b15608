"""Puts the battery's figures into docs/explanation/reliability.md: `python -m tests.faults.report FIGURES`."""

import json
import os
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "explanation" / "reliability.md"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def table(lines: list[str], before: str = "", day: str = "") -> str:
    """The figures as a table in Markdown; of what was measured twice, the last; of what was measured in parts, their
    sums. What stands in the table `before` and was not measured again stays, with its own day."""
    rows = {row.split(" | ")[0].removeprefix("| "): row for row in before.splitlines() if row.startswith("| ")}
    for heading in ("what", "---"):
        rows.pop(heading, None)
    sums: dict[str, Counter[str]] = {}
    for entry in map(json.loads, lines):
        of = sums.setdefault(entry["what"], Counter())
        of.update(entry.get("counts", {}))
        said = entry["said"].format(**of) if of else entry["said"]
        rows[entry["what"]] = f"| {entry['what']} | {said} | {day} |"
    return "".join(
        f"{row}\n" for row in ("| what | result | on |", "|---|---|---|", *(rows[what] for what in sorted(rows)))
    )


def main() -> None:
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    kept, _, after = rest.partition(END)
    lines = Path(sys.argv[1]).read_text().splitlines()
    day = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores"
    DOCUMENT.write_text(f"{before}{BEGIN}{table(lines, kept, day)}{END}{after}")


if __name__ == "__main__":
    main()
