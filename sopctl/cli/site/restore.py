"""`sopctl restore`: a site from a backup."""

import sys
from pathlib import Path

import click

from sopctl.cli import terminal
from sopctl.cli.language import _, ngettext, said
from sopctl.cli.options import FILE, example, json_option, passphrase_of, passphrase_option
from sopctl.cli.render import put_json
from sopctl.errors import ExitCode


@click.command(
    "restore",
    epilog=example(
        "sopctl restore site-2026-11-26.tar.gz my-site", "sopctl restore site.tar.gz my-site --with-secrets  # asks"
    ),
)
@click.argument("file", metavar="FILE", type=FILE)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--with-secrets", is_flag=True, help="Also keys/ and the page's accounts, with the passphrase.")
@passphrase_option
@json_option
def command(file: Path, folder: Path, *, with_secrets: bool, passphrase_file: Path | None, as_json: bool) -> None:
    """Make a site in DIR, which must be new or empty, from a backup, and check it. Exit 3: something is wrong with it.

    Every file is compared with the hash that the backup has of it, every record is read, and the journal is compared
    with the anchor.
    """
    from sopctl.workflow.setup import backup

    passphrase = passphrase_of(passphrase_file, confirm=False) if with_secrets or passphrase_file else None
    done = backup.restore(file, folder, terminal.desk, passphrase=passphrase)
    if as_json:
        put_json(done)
    else:
        for problem in done.problems:
            click.echo(f"✗ {said(problem)}", err=True)
        click.echo(
            _(
                "{folder}: {files}, every one as the backup has it; {problems}",
                folder=folder,
                files=ngettext("{number} file", "{number} files", done.files),
                problems=ngettext("{number} problem", "{number} problems", len(done.problems)),
            )
        )
        if not (passphrase and done.secrets):
            click.echo("  " + _("without secrets: put them into keys/ (chmod 600); sopctl doctor says which"))
    sys.exit(ExitCode.INVALID if done.problems else ExitCode.OK)
