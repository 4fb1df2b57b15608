"""`sopctl lab plug`: move a server's cable to another port."""

import click

from sopctl.cli.options import example, json_option
from sopctl.cli.site.lab._render import put_labs


@click.command("plug", epilog=example("sopctl lab plug lab1 5"))
@click.argument("server", metavar="SERVER")
@click.argument("port", metavar="PORT", type=click.IntRange(min=1))
@click.option("--name", default="lab", show_default=True, help="The lab's name.")
@json_option
def command(*, server: str, port: int, name: str, as_json: bool) -> None:
    """Move a server's cable to another port of the switch.

    The switch's configuration of its ports stays as it is; an audit then finds the difference.
    """
    from sopctl.workflow.setup import lab as workflow

    put_labs([workflow.plug(name, server, port)], as_json=as_json)
