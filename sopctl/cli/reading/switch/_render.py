"""What the switch commands print."""

from typing import TYPE_CHECKING

import click

from sopctl.cli import wording
from sopctl.cli.language import said
from sopctl.cli.options import end
from sopctl.cli.render import put_advice, put_json, put_step, put_wrapped
from sopctl.model.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sopctl.model.ports.port import Refusal
    from sopctl.workflow.desk import StepDone
    from sopctl.workflow.ports.job import PortResult


overwrite_option = click.option(
    "--overwrite-nvram",
    is_flag=True,
    help="Let the switch replace a saved configuration that another version of its software wrote, if it asks.",
)


def put_warnings(warnings: "Sequence[Refusal]") -> None:
    """What does not hold up a change, and is to be known."""
    _put_reasons(warnings, "!", "yellow")


def put_refusals(refusals: "Sequence[Refusal]") -> None:
    """What holds up a change."""
    _put_reasons(refusals, "✗", "red")


def _put_reasons(reasons: "Sequence[Refusal]", mark: str, colour: str) -> None:
    from sopctl.workflow import terms

    for each in reasons:
        put_wrapped(f"  {mark} {said(terms.REASONS[each.reason])}: {printable(said(each.detail))}", fg=colour)
        put_advice(f"    → {said(each.remedy)}")


def put_change(done: "StepDone", result: "PortResult", *, as_json: bool) -> None:
    """What a change of a port did. Ends the command with its answer."""
    helps = printable(wording.advice(result.remedy), 500)
    if as_json:
        from sopctl.cli.documents import ports

        put_json(ports.changed(done, result))
    else:
        put_step(done, as_json=False)
        put_warnings(result.plan.warnings)
        if helps and not result.answer:
            put_advice(f"  → {helps}")
    end(done.answer)
