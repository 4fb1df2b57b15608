"""The office's own figures, for monitoring: what is late, due and waiting now."""

from collections import Counter

from msgspec import Struct

from sopctl.workflow.desk import Desk
from sopctl.workflow.views import board


class Figures(Struct, frozen=True):
    """Steps that are late, by the role whose turn it is (0 for a role without one); servers whose inventory of the
    month is due; requests that wait for space; records that cannot be read."""

    late_steps: dict[str, int]
    inventories_due: int
    waiting: int
    unreadable: int


def figures(desk: Desk) -> Figures:
    """Count them, of one reading of the site."""
    due, everyone = board.both(desk)
    late = Counter({role: 0 for rules in desk.site.procedures.values() for role in rules.actors})
    late.update(row.role for row in everyone.rows if row.late)
    return Figures(
        dict(late),
        sum(row.kind == "step" and row.action is not None and row.action.verb == "inventory" for row in due.rows),
        sum(row.waits == "space" for row in everyone.rows),
        len(everyone.errors),
    )
