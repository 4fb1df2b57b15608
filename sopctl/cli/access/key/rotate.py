"""`sopctl key rotate`: another key of the office's on the servers."""

from pathlib import Path

import click

from sopctl.cli.access.key._render import put_key
from sopctl.cli.interrupt import cancel_on_interrupt
from sopctl.cli.options import DEPOSIT, end, example, json_option, open_desk, several
from sopctl.cli.passwords import Given, password_options
from sopctl.cli.render import put_answers, put_step


@click.command(
    "rotate",
    epilog=example(
        "sopctl key rotate",
        "sopctl key rotate PS-2026-0001 --ask-password  # none of our keys opens it any more",
    ),
)
@several("ids", metavar="[ID]...", type=DEPOSIT)
@click.option("--to", "named", metavar="NAME", help="To this key, which is in keys/ [default: a new one is made].")
@click.option("--lost", is_flag=True, help="The current key is lost: owners have to let the new one in.")
@password_options
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    ids: tuple[str, ...],
    *,
    named: str | None,
    lost: bool,
    ask_password: bool,
    password_file: Path | None,
    keyring: str | None,
    as_json: bool,
) -> None:
    """Put another key on the servers: these, or all. Exit 1: some do not have only the new key yet.

    A new key is made beside the old one and named in sopctl.yml. On each server it is added in an armed window, in
    which both are valid, until it has logged in again and become root; then the old one is taken out, in a window too.
    A server that does not answer, or fails, keeps what it had: run the command again for the rest. Meanwhile each
    server is opened by the key that it knows.

    Where none of our keys opens a server any more, its owner lets the new one in: by the password or key of the first
    contact's account, or by putting the new key's line there; then run this with its ID.
    """
    from sopctl.workflow.servers.first_contact import password_for_many
    from sopctl.workflow.setup import rotation
    from sopctl.workflow.steps import rotating

    given = Given(ask_password, password_file, keyring)
    if given.any and len(ids) != 1:
        raise password_for_many()
    desk = open_desk(ctx)
    password = given.password(desk, ids[0]) if given.any else None
    rotation.begin(desk, named, lost=lost, ids=ids)
    with cancel_on_interrupt() as cancel:
        answers = rotating.rotate(desk, list(ids) or rotating.due(desk), password=password, cancel=cancel)
    found = rotation.status(desk)
    if not as_json:
        put_key(found)
    if len(ids) == 1:
        put_step(answers.only(), as_json=as_json)
    else:
        put_answers(answers.done, answers.errors, as_json=as_json)
    end(not found.left)
