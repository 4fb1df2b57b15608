"""`sopctl lab hardware`: what a machine is made of."""

import click

from sopctl.cli.options import example, json_option
from sopctl.cli.render import put_json


@click.command("hardware", epilog=example("sopctl lab hardware > machine.yml"))
@click.option("--name", default="lab", show_default=True, help="The lab's name.")
@json_option
def command(*, name: str, as_json: bool) -> None:
    """Print what a machine is made of, to edit for `sopctl lab up --vm --hardware`; without a machine, the default."""
    from sopctl.workflow.setup import lab as workflow

    made_of = workflow.hardware(name)
    if as_json:
        from sopctl.cli.documents import lab as documents

        put_json(documents.MachineParts(hardware=made_of))
    else:
        click.echo(workflow.as_file(made_of), nl=False)
