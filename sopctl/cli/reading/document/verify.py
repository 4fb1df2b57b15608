"""`sopctl document verify`: is a document what was issued?"""

from pathlib import Path

import click

from sopctl.cli.options import DEPOSIT, choose_one, end, end_with, example, json_option, open_desk, several
from sopctl.cli.reading.document._render import put_all_documents, put_checked, put_documents
from sopctl.cli.render import put_json
from sopctl.errors import UsageError


@click.command(
    "verify",
    epilog=example(
        "sopctl document verify PS-2026-0001", "sopctl document verify formulir.pdf", "sopctl document verify --all"
    ),
)
@several("what", metavar="ID|FILE...")
@click.option("--all", "everything", is_flag=True, help="All documents of all deposits.")
@json_option
@click.pass_context
def command(ctx: click.Context, what: tuple[str, ...], *, everything: bool, as_json: bool) -> None:
    """Check what a file is: issued, signed, superseded, altered or unknown; or whether all documents of a deposit, or
    of all of them, are intact. Signatures are checked against the site's certificates/.

    Exit 1: something is altered, missing, unknown or not filed, or a signature is bad or could not be checked. A file
    that is in no dossier that can be read is unknown; those that cannot be read, and files that cannot, are named on
    standard error.
    """
    from sopctl.workflow.papers import integrity

    if bool(what) == everything:
        raise choose_one("ID", "FILE", "--all")
    if everything:
        end(put_all_documents(ctx, as_json=as_json))
    files = [name for name in what if "/" in name or "." in name]
    if (files and len(files) < len(what)) or (not files and len(what) > 1):
        raise UsageError("one-deposit-or-files", "name one deposit, or files", remedy="Give the one or the other.")
    if not files:
        end(put_documents(ctx, DEPOSIT.convert(what[0], None, ctx), as_json=as_json))
    checked, errors = integrity.check_files(open_desk(ctx), [Path(name) for name in files])
    if len(errors) == len(files) == 1:
        raise errors[0]
    if as_json:
        from sopctl.cli.documents.common import failure
        from sopctl.cli.documents.reading import CheckedFiles

        put_json(CheckedFiles(files=list(checked), errors=list(map(failure, errors))))
    for each in checked if not as_json else ():
        put_checked(each)
    end_with(errors)
    end(all(each.good for each in checked))
