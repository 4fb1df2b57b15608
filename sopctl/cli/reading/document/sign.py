"""`sopctl document sign`: sign a paper with a key that is at hand, or by BSrE's service."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.options import (
    FILE,
    choose_one,
    decider_options,
    example,
    id_argument,
    json_option,
    lacks,
    open_desk,
    seen_option,
)
from sopctl.cli.passwords import of_key
from sopctl.cli.render import here, put_json, put_step
from sopctl.model.signing.signatories import BOXES

if TYPE_CHECKING:
    from sopctl.model.signing.signatories import Box


@click.command(
    "sign",
    epilog=example(
        "sopctl document sign PS-2026-0001 --as second --p12 petugas.p12",
        "sopctl document sign PS-2026-0001 --as acknowledged --bsre",
        "sopctl document sign PS-2026-0001 --as acknowledged --preview halaman.png",
    ),
)
@id_argument
@click.argument("number", metavar="[NUMBER]", required=False, default="")
@click.option("--as", "box", type=click.Choice(BOXES), required=True, help="The box of the form to sign in.")
@click.option("--p12", type=FILE, help="The signer's PKCS#12 file; without it, the token that sopctl.yml names signs.")
@click.option("--bsre", is_flag=True, help="Have BSrE's service sign, as sopctl.yml names it.")
@click.option(
    "--nik-file", type=FILE, help="For --bsre: the signer's NIK, from a file's first line; else it is asked for."
)
@click.option(
    "--code",
    is_flag=True,
    help="For --bsre: with a code that the service sends the signer, in place of the passphrase.",
)
@click.option("--signer", "name", default="", help="For --bsre: who signs, where the paper names another or nobody.")
@click.option("--not-signed", metavar="WHY", help="It was not clear whether the service signed; it certainly did not.")
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
    bsre: bool,
    nik_file: Path | None,
    code: bool,
    name: str,
    not_signed: str | None,
    because: str,
    password_file: Path | None,
    keyring: str | None,
    preview: Path | None,
    as_json: bool,
) -> None:
    """Sign the newest revision of a paper, visibly in the form's own box, and file it.

    The passphrase or PIN is asked for, or read from a file or the keyring; it is kept nowhere. With --bsre, the
    signer's NIK is asked for too (in the keyring, the accounts are called nik and bsre). The service is asked once:
    where it is not clear whether it signed, the paper waits until a person says.
    """
    from sopctl.workflow.house import remote_signing, signing

    if sum((bsre, p12 is not None, preview is not None, not_signed is not None)) > 1:
        raise choose_one("--bsre", "--p12", "--preview", "--not-signed")
    if not bsre and (nik_file or code or name):
        raise lacks("--nik-file" if nik_file else "--code" if code else "--signer", "--bsre")
    desk = open_desk(ctx)
    if preview:
        made = signing.preview(desk, deposit_id, preview, box=box, number=number)
        if as_json:
            from sopctl.cli.documents import reading

            put_json(reading.written(made))
        else:
            click.echo(here(made))
        return
    if not_signed is not None:
        done = remote_signing.not_signed(desk, deposit_id, box=box, because=not_signed, number=number)
    elif bsre:
        nik = of_key(nik_file, keyring if not nik_file else None, "nik", option="--nik-file")
        if code:
            remote_signing.request_code(desk, nik)
        secret = of_key(password_file, keyring, "code" if code else "bsre")
        who = remote_signing.signer(desk, nik, secret, once=code)
        done = remote_signing.sign(desk, deposit_id, who, box=box, number=number, name=name, because=because)
    else:
        signing.refuse_missing(desk, p12)
        password = of_key(password_file, keyring, p12.name if p12 else "token")
        source = signing.from_pkcs12(p12, password) if p12 else signing.from_token(desk, password)
        done = signing.sign(desk, deposit_id, source, box=box, number=number, because=because)
    put_step(done, as_json=as_json)
