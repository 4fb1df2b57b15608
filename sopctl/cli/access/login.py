"""`sopctl login`: the secret of one deposit's first contact."""

from pathlib import Path

import click

from sopctl.cli.language import _
from sopctl.cli.options import FILE, choose_one, example, id_argument, json_option, open_desk
from sopctl.cli.passwords import asked
from sopctl.cli.render import put_json
from sopctl.model.text import printable


@click.command(
    "login",
    epilog=example("sopctl login PS-2026-0002 --ask-password", "sopctl login PS-2026-0001 --key-file ~/titipan"),
)
@id_argument
@click.option("--ask-password", is_flag=True, help="Ask for an appliance's password.")
@click.option("--password-file", type=FILE, metavar="FILE", help="The same, from a file's first line; - is stdin.")
@click.option("--key-file", type=FILE, metavar="FILE", help="A private key, of which a copy is kept.")
@click.option("--bmc", is_flag=True, help="It is the password of the server's BMC (see sopctl bmc).")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_id: str,
    *,
    ask_password: bool,
    password_file: Path | None,
    key_file: Path | None,
    bmc: bool,
    as_json: bool,
) -> None:
    """Set the key or password with which the office gets in to this deposit, and to no other.

    It is kept in keys/login/ID (keys/bmc/ID for a BMC), which no letter can name. A server's password is not kept: give
    it to configure.
    """
    from sopctl.workflow.servers import first_contact, logins

    if sum((ask_password, password_file is not None, key_file is not None)) != 1 or (bmc and key_file):
        raise choose_one("--ask-password", "--password-file", *(() if bmc else ("--key-file",)))
    desk = open_desk(ctx)
    if key_file:
        path = logins.set_key(desk, deposit_id, key_file)
    else:
        whose = _("the BMC") if bmc else logins.account(desk, deposit_id)
        password = first_contact.from_file(password_file) if password_file else asked(whose)
        path = logins.set_password(desk, deposit_id, password.text, "bmc" if bmc else "login")
    if as_json:
        from sopctl.cli.documents.site import Kept

        put_json(Kept(id=deposit_id, file=str(path)))
    else:
        click.echo(_("{id}: kept in {path}", id=deposit_id, path=printable(str(path))))
