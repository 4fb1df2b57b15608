"""`sopctl engine setup`: certificates and the broker's configuration."""

import click

from sopctl.cli.language import _
from sopctl.cli.options import example, json_option, open_desk
from sopctl.cli.render import put_json


@click.command("setup", epilog=example("sopctl engine setup", "sopctl engine setup --anew"))
@click.option(
    "--server-folder",
    default="/etc/sopctl-engine",
    show_default=True,
    metavar="DIR",
    help="Where these files will be on the broker's machine.",
)
@click.option(
    "--store",
    default="/var/lib/nats/jetstream",
    show_default=True,
    metavar="DIR",
    help="Where the broker keeps its queues.",
)
@click.option(
    "--anew", is_flag=True, help="Recreate everything, the authority too: whoever has the old ones is refused."
)
@json_option
@click.pass_context
def command(ctx: click.Context, *, server_folder: str, store: str, anew: bool, as_json: bool) -> None:
    """Make the certificates of broker, controller and workers, and the broker's configuration, in keys/engine/.

    What is there and still good is kept; run it again after a change in sopctl.yml, and once a year.
    """
    from sopctl.workflow.setup import engine

    desk = open_desk(ctx)
    changed = engine.setup(desk.site, desk.now(), server_folder=server_folder, store=store, anew=anew)
    if as_json:
        from sopctl.cli.documents.site import ChangedFiles

        put_json(ChangedFiles(changed=list(map(str, changed))))
        return
    for each in changed:
        click.echo(str(each))
    click.echo(
        _("copy server/ to the broker's machine, and each worker-NETWORK/ to its worker's")
        if changed
        else _("all is there")
    )
