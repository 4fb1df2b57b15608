"""`sopctl resume`: end a hold."""

import click

from sopctl.cli.options import TEXT, decider_options, example, id_argument, json_option, open_desk, seen_option
from sopctl.cli.render import put_step


@click.command("resume", epilog=example('sopctl resume PS-2026-0001 --note "rel sudah datang"'))
@id_argument
@click.option("--note", type=TEXT, default="", help="What has changed.")
@decider_options
@seen_option
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, note: str, as_json: bool) -> None:
    """Resume a deposit that was put on hold."""
    from sopctl.workflow.steps import acts

    put_step(acts.resume(open_desk(ctx), deposit_id, note=note), as_json=as_json)
