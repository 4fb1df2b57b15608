"""`sopctl late`: say why a step is late."""

import click

from sopctl.cli.options import TEXT, example, id_argument, json_option, open_desk, seen_option, who_decides
from sopctl.cli.render import put_step


@click.command("late", epilog=example('sopctl late PS-2026-0001 --because "kunci rak hilang"'))
@id_argument
@click.option("--because", type=TEXT, required=True, help="Why; it is kept in the record.")
@who_decides
@seen_option
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, because: str, as_json: bool) -> None:
    """Say why the step that is due is late, before it is done (di luar SOP).

    Whoever does a late step can say why at once: every step takes --late-because. The reasons are in `sopctl report
    sla`.
    """
    from sopctl.workflow.steps import acts

    put_step(acts.late(open_desk(ctx), deposit_id, because=because), as_json=as_json)
