"""`sopctl document sign`: sign a paper with a key that is at hand."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.options import FILE, decider_options, example, id_argument, json_option, open_desk, seen_option
from sopctl.cli.passwords import of_key
from sopctl.cli.render import put_json, put_step
from sopctl.model.signing.signatories import BOXES

if TYPE_CHECKING:
    from sopctl.model.signing.signatories import Box


@click.command(
    "sign",
    epilog=example(
        "sopctl document sign PS-2026-0001 --as second --p12 petugas.p12",
        "sopctl document sign PS-2026-0001 --as acknowledged --preview halaman.png",
    ),
)
@id_argument
@click.argument("number", metavar="[NUMBER]", required=False, default="")
@click.option("--as", "box", type=click.Choice(BOXES), required=True, help="The box of the form to sign in.")
@click.option("--p12", type=FILE, help="The signer's PKCS#12 file; without it, the token that sopctl.yml names signs.")
@click.option("--because", default="", help="Why somebody signs whom the paper does not name in that box.")
@click.option(
    "--password-file", type=FILE, help="The passphrase or PIN, from a file's first line; else it is asked for."
)
@click.option("--keyring", metavar="SERVICE", help="The same, from the account's entry in the keyring.")
@click.option("--preview", type=FILE, help="Only show where: a picture (PNG) of the page. Nothing is signed.")
@decider_options
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_id: str,
    number: str,
    *,
    box: "Box",
    p12: Path | None,
    because: str,
    password_file: Path | None,
    keyring: str | None,
    preview: Path | None,
    as_json: bool,
) -> None:
    """Sign the newest revision of a paper, seen in the form's own box, and file it.

    The passphrase or PIN is asked for, or read from a file or the keyring; it is kept nowhere.
    """
    from sopctl.workflow.house import signing

    desk = open_desk(ctx)
    if preview:
        made = signing.preview(desk, deposit_id, preview, box=box, number=number)
        if as_json:
            put_json({"file": str(made)})
        else:
            click.echo(str(made))
        return
    password = of_key(password_file, keyring, p12.name if p12 else "token")
    source = signing.from_pkcs12(p12, password) if p12 else signing.from_token(desk, password)
    put_step(signing.sign(desk, deposit_id, source, box=box, number=number, because=because), as_json=as_json)
