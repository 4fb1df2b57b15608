"""What the document commands print."""

import click

from sopctl.cli.options import open_desk
from sopctl.cli.render import put_json


def put_documents(ctx: click.Context, deposit_id: str, *, as_json: bool) -> bool:
    """A deposit's documents. Are all of them intact?"""
    from sopctl.workflow.papers import integrity

    filed = integrity.documents(open_desk(ctx), deposit_id)
    if as_json:
        put_json({"documents": filed})
    else:
        for each in filed:
            colour = None if each.state == "intact" else "red"
            number = f"  {each.number}" if each.number else ""
            click.secho(f"{each.state:<8} {each.procedure} {each.step}{number}", fg=colour)
            click.echo(f"  {each.file}")
    return all(each.state == "intact" for each in filed)
