"""What the switch commands print."""

from typing import TYPE_CHECKING

import click

from sopctl.cli import wording
from sopctl.cli.options import end
from sopctl.cli.render import put_json, put_step
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.desk import StepDone
    from sopctl.workflow.ports.change import PortResult


def put_change(done: "StepDone", result: "PortResult", *, as_json: bool) -> None:
    """What a change of a port did. Ends the command with its answer."""
    from msgspec.structs import replace

    helps = printable(wording.advice(result.remedy), 500)
    if as_json:
        put_json({"step": done, "port": replace(result, remedy=helps)})
    else:
        put_step(done, as_json=False)
        if helps and not result.answer:
            click.echo(f"  → {helps}")
    end(done.answer)
