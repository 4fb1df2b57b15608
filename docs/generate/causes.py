"""Print docs/reference/causes.md, from the model. Run by `make docs`."""

from sopctl.locale.catalogs import worded
from sopctl.model.access.causes import Cause
from sopctl.model.access.rung import Rung
from sopctl.workflow.terms import CAUSES

HEAD = """\
# Causes

Why a server, its switch, its BMC or a service cannot be reached: what `verify`, `check` and `probe` name when an
[access try](access.md) fails. Made from `sopctl/model/access/causes.py` by `make docs`.

The codes are those of `--json`. Screens and messages have words instead: in English the code without its hyphens, in
Indonesian those of the second column.

Only the management account can see a cause without a rung; a login just gets `denied`. "Again after" is how long
`verify --until-accessible` waits before its second try; a cause without it does not pass by itself.

"""
COLUMNS = ("cause", "in Indonesian", "rung", "again after", "what it means", "what helps")


def row(cause: Cause) -> tuple[str, ...]:
    rungs = "any" if cause.rungs == tuple(Rung) else ", ".join(cause.rungs) or "—"
    again = f"{cause.first_wait:g} s" if cause.first_wait else "—"
    return (
        f"`{cause}`",
        worded(CAUSES[cause], "id"),
        rungs,
        again,
        cause.means,
        str(cause.remedy(port="PORT", user="USER")),
    )


def line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('*', chr(92) + '*') for cell in cells)} |\n"


print(HEAD + line(COLUMNS) + "|---" * len(COLUMNS) + "|\n" + "".join(line(row(each)) for each in Cause), end="")
