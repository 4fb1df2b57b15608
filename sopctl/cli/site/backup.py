"""`sopctl backup`: the whole site in one file."""

from pathlib import Path

import click

from sopctl.cli.language import _, ngettext
from sopctl.cli.options import FILE, example, json_option, open_desk, passphrase_of, passphrase_option
from sopctl.cli.render import put_json


@click.command(
    "backup",
    epilog=example(
        "sopctl backup /media/usb/site-2026-11-26.tar.gz", "sopctl backup site.tar.gz --with-secrets  # asks"
    ),
)
@click.argument("file", metavar="FILE", type=FILE)
@click.option("--moving", is_flag=True, help="Another controller continues: from now on nothing is done from here.")
@click.option(
    "--with-secrets",
    is_flag=True,
    help="Also keys/, plain secrets in variables and the page's accounts, sealed with a passphrase.",
)
@passphrase_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    file: Path,
    *,
    moving: bool,
    with_secrets: bool,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Write the whole site to FILE, consistent while others go on working. FILE must be new.

    The history of checks is in it; what can be made again is not. Secrets (keys/, files of variables that hold one in
    plain text, and the page's accounts) are left out unless asked for, and then sealed. Print its anchor on paper: it
    shows later whether the journal continues from here.

    With --moving the site is left to another controller, where it is restored: here it can still be read, but nothing
    is recorded, and nobody logs in anywhere. Remove the timers here: sopctl schedule remove.
    """
    from sopctl.workflow.setup import backup

    passphrase = passphrase_of(passphrase_file, confirm=True) if with_secrets or passphrase_file else None
    done = backup.write(open_desk(ctx), file, passphrase=passphrase, moving=moving)
    if as_json:
        put_json(done)
        return
    files = ngettext("{number} file", "{number} files", done.files)
    if done.secrets:
        click.echo(_("{file}: {files}, with secrets", file=done.file, files=files))
    else:
        click.echo(_("{file}: {files}, without secrets", file=done.file, files=files))
    click.echo("  " + _("anchor of the journal: {anchor}", anchor=done.anchor))
    if moving:
        click.echo("  " + _("this site is for reading only now; remove its timers here: sopctl schedule remove"))
    for name in done.left:
        click.echo("  " + _("left out, no regular file or a secret: {name}", name=name), err=True)
