"""What the inventory commands print of changes."""

from typing import TYPE_CHECKING, Any

import click

from sopctl.cli.language import _, said
from sopctl.model.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sopctl.model.facts.changes import Change
    from sopctl.model.facts.conditions import Condition


_STYLE: dict[str, Any] = {"alarm": {"bold": True, "fg": "red"}, "change": {}, "unread": {"dim": True}}


_COLOURS = {"critical": "red", "warning": "yellow"}


def put_conditions(found: "Sequence[Condition]") -> None:
    """What is not as it should be, one line each."""
    for each in found:
        click.secho(f"  {said(each.severity)}: {printable(str(each))}", bold=True, fg=_COLOURS[each.severity])


def room(gigabytes: float) -> str:
    """`480 GB`, `60.5 TB`."""
    return f"{gigabytes:g} GB" if gigabytes < 1000 else f"{gigabytes / 1000:.1f} TB"


def put_changes(changes: "Sequence[Change]") -> None:
    """Changes, one line each; what needs a look stands out."""
    for change in changes:
        click.secho(f"  {'! ' if change.weight == 'alarm' else ''}{printable(str(change))}", **_STYLE[change.weight])
    if not changes:
        click.echo(_("  nothing changed"))
