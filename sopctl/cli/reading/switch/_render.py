"""What the switch commands print."""

from typing import TYPE_CHECKING

import click

from sopctl.cli.options import end
from sopctl.cli.render import put_json, put_step
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.desk import StepDone
    from sopctl.workflow.ports.change import PortResult


def put_change(done: "StepDone", result: "PortResult", *, as_json: bool) -> None:
    """What a change of a port did. Ends the command with its answer."""
    if as_json:
        put_json({"step": done, "port": result})
    else:
        put_step(done, as_json=False)
        if result.remedy and not result.answer:
            click.echo(f"  → {printable(result.remedy, 500)}")
    end(done.answer)
