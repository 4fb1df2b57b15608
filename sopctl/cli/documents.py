"""The documents of a deposit: list them, and check that they are what was issued."""

import click

from sopctl.cli.options import end, example, id_argument, json_option, open_desk
from sopctl.cli.render import put_json


@click.group(epilog=example("sopctl document list PS-2026-0001"))
def document() -> None:
    """The documents of a deposit."""


@document.command("list", epilog=example("sopctl document list PS-2026-0001"))
@id_argument
@json_option
@click.pass_context
def list_documents(ctx: click.Context, deposit_id: str, *, as_json: bool) -> None:
    """Every document with its number and the step that made it."""
    _put(ctx, deposit_id, as_json=as_json)


@document.command(epilog=example("sopctl document verify PS-2026-0001"))
@id_argument
@json_option
@click.pass_context
def verify(ctx: click.Context, deposit_id: str, *, as_json: bool) -> None:
    """Compare every document with its hash in the history. Exit 1: one is altered or missing."""
    end(_put(ctx, deposit_id, as_json=as_json))


def _put(ctx: click.Context, deposit_id: str, *, as_json: bool) -> bool:
    from sopctl.workflow import filing

    filed = filing.documents(open_desk(ctx), deposit_id)
    if as_json:
        put_json({"documents": filed})
    else:
        for each in filed:
            colour = None if each.state == "intact" else "red"
            number = f"  {each.number}" if each.number else ""
            click.secho(f"{each.state:<8} {each.procedure} {each.step}{number}", fg=colour)
            click.echo(f"  {each.file}")
    return all(each.state == "intact" for each in filed)
