"""`sopctl document list`: the documents of a deposit."""

import click

from sopctl.cli.options import example, id_argument, json_option
from sopctl.cli.reading.document._render import put_documents


@click.command("list", epilog=example("sopctl document list PS-2026-0001"))
@id_argument
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, as_json: bool) -> None:
    """Every document with its number and the step that made it."""
    put_documents(ctx, deposit_id, as_json=as_json)
