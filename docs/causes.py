"""Print docs/access.md with its table of causes, from the model. Run by `make docs`."""

from pathlib import Path

from sopctl.model.access.causes import Cause
from sopctl.model.access.rung import Rung

MARK = "<!-- causes: made by `make docs` from sopctl/model/access/causes.py -->\n"
"""The table follows it and ends the document."""

HEAD = ("cause", "rung", "again after", "what it means", "what helps")


def row(cause: Cause) -> tuple[str, ...]:
    rungs = "any" if cause.rungs == tuple(Rung) else ", ".join(cause.rungs) or "—"
    again = f"{cause.first_wait:g} s" if cause.first_wait else "—"
    return f"`{cause}`", rungs, again, cause.means, cause.remedy(port="PORT", user="USER")


def line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('*', chr(92) + '*') for cell in cells)} |\n"


document, mark, _ = (Path(__file__).parent / "access.md").read_text().partition(MARK)
assert mark, "docs/access.md has no place for the table"
print(
    document + mark + "\n" + line(HEAD) + "|---" * len(HEAD) + "|\n" + "".join(line(row(each)) for each in Cause),
    end="",
)
