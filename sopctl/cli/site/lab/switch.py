"""`sopctl lab switch`: the lab's switch as a site describes it."""

import click

from sopctl.cli.options import example, json_option
from sopctl.cli.render import put_json


@click.command("switch", epilog=example("sopctl lab switch --as sw-a1 > switches/sw-a1.yml"))
@click.option("--name", default="lab", show_default=True, help="The lab's name.")
@click.option("--as", "called", metavar="SWITCH", help="What the site calls it [default: the server's name, NAME0].")
@json_option
def command(*, name: str, called: str | None, as_json: bool) -> None:
    """Print the lab's switch as a record for a site's folder switches/.

    The lab's private key opens it: it belongs in the site's keys/, under the switch's name (lab status says where the
    key is). Its host key is confirmed as any switch's is; lab status shows the fingerprint.
    """
    from sopctl.workflow.setup import lab as workflow

    record = workflow.switch_record(name, called)
    if as_json:
        from sopctl.cli.documents import lab as documents

        put_json(documents.switch(record))
    else:
        click.echo(workflow.as_file(record), nl=False)
