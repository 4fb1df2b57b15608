"""`sopctl key retire`: the old key is put aside."""

import click

from sopctl.cli.language import _
from sopctl.cli.options import example, json_option, open_desk
from sopctl.cli.render import put_json
from sopctl.model.text import printable


@click.command("retire", epilog=example("sopctl key retire"))
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Put the key before the current one aside, into keys/retired/, once no server knows it. Refused before that."""
    from sopctl.workflow.setup import rotation

    moved = rotation.retire(open_desk(ctx))
    if as_json:
        from sopctl.cli.documents.site import Moved

        put_json(Moved(moved=list(map(str, moved))))
        return
    for path in moved:
        click.echo(_("now in {path}", path=printable(path)))
    if moved:
        click.echo(_("No server knows it; delete it when nothing else needs it."))
    else:  # lost: `key rotate` went on without it
        click.echo(_("No server knows it, and keys/ has no file of it."))
