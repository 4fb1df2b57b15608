"""`sopctl export`: a dossier for the archive."""

from pathlib import Path

import click

from sopctl.cli.language import _, ngettext
from sopctl.cli.options import FILE, example, id_argument, json_option, open_desk
from sopctl.cli.render import put_json


@click.command("export", epilog=example("sopctl export PS-2026-0001 PS-2026-0001.zip"))
@id_argument
@click.argument("file", metavar="FILE.zip", type=FILE)
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, file: Path, *, as_json: bool) -> None:
    """Write a deposit's dossier to FILE, for the archive: papers, facts, history, and a page that tells it in plain
    words. FILE must be new.

    docs/verify.md in it says how anyone checks every hash without sopctl. It holds personal data, and no secret. Note
    the head that is printed: it shows later that the end of the history is whole too.
    """
    from sopctl.workflow.papers import archive

    made = archive.export(open_desk(ctx), deposit_id, file)
    if as_json:
        put_json(made)
        return
    click.echo(
        _(
            "{file}: {events}, {files}, sha256 {sha256}",
            file=made.file,
            events=ngettext("{number} event", "{number} events", made.events),
            files=ngettext("{number} file", "{number} files", made.files),
            sha256=made.sha256,
        )
    )
    click.echo("  " + _("head: {head}", head=made.head))
