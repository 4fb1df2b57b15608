"""`sopctl verify`: can the server be reached as the letter says?"""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _
from sopctl.cli.options import (
    DAY,
    FILE,
    TEXT,
    due_argument,
    end,
    example,
    json_option,
    key_option,
    lacks,
    open_desk,
    seen_option,
    user_option,
)
from sopctl.cli.render import put_established, put_json, put_ladder, put_step
from sopctl.errors import InvalidRecord, UsageError

if TYPE_CHECKING:
    from sopctl.workflow.steps.verifying import Verification

UNTIL_SECONDS = 600.0


@click.command(
    "verify",
    epilog=example(
        "sopctl verify PS-2026-0001",
        "sopctl verify PS-2026-0001 --key ~/.ssh/id_ed25519",
        "sopctl verify PS-2026-0001 --until-accessible --timeout 900",
        'sopctl verify PS-2026-0001 --confirmed-by "Administrator Sistem" --word no --note "VPN tidak tersambung"',
        'sopctl verify PS-2026-0002 --confirmed-by "Administrator Sistem" --how RDP',
    ),
)
@due_argument
@key_option
@user_option
@click.option(
    "--from", "address", metavar="ADDRESS", help="Judge sshd's rules for a login from this address [default: ours]."
)
@click.option("--jump", "jump_host", metavar="[USER@]HOST[:PORT]", help="Try from this host, over its sshd.")
@click.option("--jump-key", type=FILE, help="Private key file for the jump host [default: the key in use].")
@click.option("--jump-expect-key", metavar="KEY", help='Host key that the jump host must show: "SHA256:…".')
@click.option("--confirmed-by", type=TEXT, metavar="WHO", help="Who of the requesting unit said whether it works.")
@click.option("--word", type=click.Choice(["yes", "no"]), help="What they said [default: yes].")
@click.option("--note", type=TEXT, default="", help="What they said about it; a no needs one.")
@click.option("--how", type=TEXT, default="", help="By which means they tried it: a console, RDP, a web page.")
@click.option("--on", "day", type=DAY, help="On which day [default: today].")
@click.option("--until-accessible", is_flag=True, help="Keep trying while the cause may pass by itself.")
@click.option(
    "--timeout",
    type=click.FloatRange(1, 86400),
    help="Seconds for the check [default: 20], or for all tries with --until-accessible [default: 600].",
)
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_id: str,
    *,
    key: Path | None,
    user: str | None,
    address: str | None,
    jump_host: str | None,
    jump_key: Path | None,
    jump_expect_key: str | None,
    confirmed_by: str | None,
    word: str | None,
    note: str,
    how: str,
    day: datetime | None,
    until_accessible: bool,
    timeout: float | None,
    as_json: bool,
) -> None:
    """Try to reach the server over SSH (konfigurasi 3): bisa continues, tidak bisa goes back to 1. Exit 1: no.

    With --key it is a login as the requester. Without, the management account logs in and proves on the server that
    the letter's accounts exist, are not locked or expired, carry their keys, pass sshd's rules and have a shell that
    works. With --confirmed-by the requester's own word is recorded too. Which of these was established is shown and
    recorded; bisa requires that none of them says no.

    A machine that takes no SSH (kind: other) is tried by its ports, and needs the requester's word: who, and how.
    """
    from sopctl.model.access import target
    from sopctl.model.access.verification import Word
    from sopctl.workflow.steps import verifying

    alone = next(
        (name for name, given in (("--word", word), ("--note", note), ("--how", how), ("--on", day)) if given), ""
    )
    if confirmed_by is None and alone:
        raise lacks(alone, "--confirmed-by", remedy="Say whose word it is.")
    if jump_host is None and (jump_key or jump_expect_key):
        raise lacks("--jump-key" if jump_key else "--jump-expect-key", "--jump")
    if jump_host and not jump_expect_key:
        raise lacks("--jump", "--jump-expect-key", remedy="Nobody logs in at a jump host before its host key is known.")
    desk = open_desk(ctx)
    each = min(timeout or verifying.TIMEOUT_SECONDS, verifying.TIMEOUT_SECONDS) if until_accessible else timeout
    try:
        vantage = verifying.Vantage(
            user,
            key,
            target.source(address) if address else None,
            target.jump(jump_host, jump_expect_key, user=user) if jump_host else None,
            jump_key,
            each or verifying.TIMEOUT_SECONDS,
        )
        on = (day or desk.now()).date()
        said = Word(confirmed_by, word != "no", note, how, on if how or day else None) if confirmed_by else None
    except InvalidRecord as error:  # the same words are an invalid record elsewhere; here they are a wrong command line
        raise error.recast(UsageError) from None
    done, found = verifying.verify(
        desk,
        deposit_id,
        vantage=vantage,
        word=said,
        until=(timeout or UNTIL_SECONDS) if until_accessible else 0,
        on_wait=_say_wait,
    )
    if as_json:
        from sopctl.cli.documents.verified import verified

        put_json(verified(done, found))
    else:
        put_ladder(found.access)
        put_established(found.established)
        put_step(done, as_json=False)
    end(done.answer)


def _say_wait(found: "Verification", seconds: float) -> None:
    """Progress, on standard error, only on a terminal."""

    if sys.stderr.isatty():
        cause = next(each.cause for each in found.established if not each.ok)
        again = f"{seconds:.0f}"
        text = _(
            "  try {number}: {cause}; again in {seconds} s (Ctrl-C stops)",
            number=found.tries,
            cause=cause,
            seconds=again,
        )
        click.echo(text, err=True)
