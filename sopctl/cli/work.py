"""The steps that touch the server, after its configuration: host-key, verify, advance, release."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sopctl.cli.options import (
    decider_options,
    end,
    example,
    id_argument,
    json_option,
    lang_option,
    language_of,
    open_desk,
)
from sopctl.cli.render import console, put_established, put_json, put_ladder, put_step, task_progress
from sopctl.errors import InvalidRecord, UsageError
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.model.access.ladder import HostKey
    from sopctl.workflow.desk import StepDone
    from sopctl.workflow.steps.verifying import Verification

FILE = click.Path(path_type=Path, dir_okay=False)
UNTIL_SECONDS = 600.0

host_key_option = click.option(
    "--host-key", metavar="SHA256:…", help="The server's host key fingerprint, from its console or the owner's letter."
)
trusted_path_option = click.option(
    "--trusted-path",
    default="",
    metavar="WHY",
    help="Pin the key that is shown, because nobody can stand in between: a cable of our own, say.",
)
key_option = click.option("--key", type=FILE, help="Try as the requester, with this private key.")
user_option = click.option("--user", help="The requester's account [default: the letter's first], with --key.")


@click.command(
    "host-key", epilog=example("sopctl host-key PS-2026-0001", "sopctl host-key PS-2026-0001 --confirm SHA256:…")
)
@id_argument
@click.option(
    "--confirm", metavar="SHA256:…", help="Pin this key: compared at the console, or from the owner's letter."
)
@trusted_path_option
@json_option
@click.pass_context
def host_key(ctx: click.Context, deposit_id: str, *, confirm: str | None, trusted_path: str, as_json: bool) -> None:
    """The server's host key: pinned, waiting for confirmation, and as it is shown now. Exit 1: another than pinned.

    Also how a new key is accepted, after a reinstallation. Nobody logs in for it.
    """
    from sopctl.workflow.servers import host_keys

    desk = open_desk(ctx)
    if confirm or trusted_path:
        put_step(host_keys.confirm(desk, deposit_id, fingerprint=confirm, trusted_path=trusted_path), as_json=as_json)
        return
    keys = host_keys.look(desk, deposit_id)
    if as_json:
        put_json({"id": keys.id, "pinned": keys.pinned, "pending": keys.pending, "shown": keys.found.host_key})
        end(not keys.changed)
    for name, seen in (("pinned", keys.pinned), ("pending", keys.pending)):
        if seen:
            how = f", {printable(seen.how)}" if seen.how else ""
            click.echo(f"{name:<8} {seen.key.type} {seen.key.sha256}  ({seen.at:%Y-%m-%d}, {printable(seen.by)}{how})")
    shown = keys.found.host_key
    colour = "red" if keys.changed else None
    now = f"{shown.type} {shown.sha256}" if shown else f"no key: {keys.found.detail}"
    click.secho(f"{'shown':<8} {now}", fg=colour)
    if keys.changed:
        click.echo("Another key than the pinned one: ask the owner, compare at the console, then --confirm it.")
    elif shown and not keys.pinned:
        click.echo(f"Not confirmed: compare at the console, then: sopctl host-key {keys.id} --confirm SHA256:…")
    end(not keys.changed)


@click.command(
    epilog=example(
        "sopctl verify PS-2026-0001",
        "sopctl verify PS-2026-0001 --key ~/.ssh/id_ed25519",
        "sopctl verify PS-2026-0001 --until-accessible --timeout 900",
        'sopctl verify PS-2026-0001 --confirmed-by "Administrator Sistem" --word no --note "VPN tidak tersambung"',
    )
)
@id_argument
@key_option
@user_option
@click.option("--from", "address", metavar="ADDRESS", help="Judge sshd's rules for a login from here [default: us].")
@click.option("--jump", "jump_host", metavar="[USER@]HOST[:PORT]", help="Try from this host, over its sshd.")
@click.option("--jump-key", type=FILE, help="Private key file for the jump host [default: the key in use].")
@click.option("--jump-expect-key", metavar="KEY", help='Host key that the jump host must show: "SHA256:…".')
@click.option("--confirmed-by", metavar="WHO", help="Who of the requesting unit said whether it works.")
@click.option("--word", type=click.Choice(["yes", "no"]), help="What they said [default: yes].")
@click.option("--note", default="", help="What they said about it; a no needs one.")
@click.option("--until-accessible", is_flag=True, help="Try again while the cause may pass by itself.")
@click.option(
    "--timeout",
    type=click.FloatRange(1, 86400),
    help="Seconds for the check [default: 20], or for all tries with --until-accessible [default: 600].",
)
@json_option
@click.pass_context
def verify(
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
    until_accessible: bool,
    timeout: float | None,
    as_json: bool,
) -> None:
    """Try to reach the server over SSH (konfigurasi 3): bisa goes on, tidak bisa goes back to 1. Exit 1: no.

    With --key it is a login as the requester. Without, the management account logs in and proves on the server that
    the letter's accounts exist, are not locked or expired, carry their keys, pass sshd's rules and have a shell that
    works. With --confirmed-by the requester's own word is recorded too. Which of these was established is shown and
    recorded; bisa takes that none of them says no.
    """
    from sopctl.model.access import ladder
    from sopctl.model.access.verification import Word
    from sopctl.workflow.steps import verifying

    if confirmed_by is None and (word or note):
        raise UsageError("word-note-need-confirmed-by", "--word and --note need --confirmed-by: whose word it is")
    if jump_host is None and (jump_key or jump_expect_key):
        raise UsageError(
            "jump-key-jump-expect-key-need-jump", "--jump-key and --jump-expect-key need --jump: where they are for"
        )
    if jump_host and not jump_expect_key:
        raise UsageError(
            "nobody-logs-jump-host-without",
            "nobody logs in at a jump host without its host key",
            remedy="Add --jump-expect-key SHA256:…",
        )
    each = min(timeout or verifying.TIMEOUT_SECONDS, verifying.TIMEOUT_SECONDS) if until_accessible else timeout
    try:
        vantage = verifying.Vantage(
            user,
            key,
            ladder.source(address) if address else None,
            ladder.jump(jump_host, jump_expect_key, user=user) if jump_host else None,
            jump_key,
            each or verifying.TIMEOUT_SECONDS,
        )
        said = Word(confirmed_by, word != "no", note) if confirmed_by else None
    except InvalidRecord as error:  # of a record it would be; here it is the command line
        raise error.recast(UsageError) from None
    done, found = verifying.verify(
        open_desk(ctx),
        deposit_id,
        vantage=vantage,
        word=said,
        until=(timeout or UNTIL_SECONDS) if until_accessible else 0,
        on_wait=_say_wait,
    )
    if as_json:
        put_json({"step": done, "access": found.access, "established": found.established, "tries": found.tries})
    else:
        put_ladder(found.access)
        put_established(found.established)
        put_step(done, as_json=False)
    end(done.answer)


def _say_wait(found: "Verification", seconds: float) -> None:
    """Progress, on standard error, only on a terminal."""
    import sys

    if sys.stderr.isatty():
        cause = next(each.cause for each in found.established if not each.ok)
        click.echo(f"  try {found.tries}: {cause}; again in {seconds:.0f} s (Ctrl-C stops)", err=True)


@click.command(epilog=example("sopctl advance PS-2026-0001 PS-2026-0002", "sopctl advance --all"))
@click.argument("deposit_ids", metavar="ID...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every deposit with a step that needs no person.")
@host_key_option
@key_option
@user_option
@click.option(
    "--via",
    type=click.Choice(["email", "webhook", "phone", "letter", "meeting"]),
    help="How to inform [default: e-mail].",
)
@click.option("--max-tries", type=click.IntRange(1, 10), help="Stop a loop sooner than the procedure does (`tries`).")
@decider_options
@json_option
@click.pass_context
def advance(
    ctx: click.Context,
    deposit_ids: tuple[str, ...],
    *,
    everything: bool,
    host_key: str | None,
    key: Path | None,
    user: str | None,
    via: str | None,
    max_tries: int | None,
    as_json: bool,
) -> None:
    """Do every step that needs no person: configure, inform, verify (and back), inform, take inventory.

    Exit 1 when a server stays out of reach or a host failed.
    """
    from sopctl.workflow.steps import advancing, notifying

    desk = open_desk(ctx)
    if everything == bool(deposit_ids):
        raise UsageError("name-deposits-all", "name deposits, or --all")
    steps: list[StepDone] = []

    def on_step(done: "StepDone") -> None:
        steps.append(done)
        if not as_json:
            put_step(done, as_json=False)

    said: dict[str, Any] = {"host_key": host_key, "user": user, "key": key, "max_tries": max_tries}
    said["via"] = next((each for each in notifying.MEANS if each == via), None)
    said["confirm"] = None if as_json else confirm_key
    answers = []
    for deposit_id in deposit_ids or advancing.ready(desk):
        with task_progress(quiet=as_json) as on_event:
            done = advancing.advance(desk, deposit_id, on_event=on_event, on_step=on_step, **said)
        answers.append(done[-1].answer)
    if as_json:
        put_json({"steps": steps})
    end(all(answers))


@click.command(
    epilog=example(
        "sopctl release PS-2026-0001",
        'sopctl release PS-2026-0001 --by-hand "server mati"',
        'sopctl release PS-2026-0001 --wiped-by "Staf Pusat Data" --wiped-on 2026-11-24 --wiped-how "blkdiscard -s"',
    )
)
@id_argument
@click.option("--by-hand", default="", metavar="NOTE", help="Step 6 was done without Ansible, and how.")
@click.option("--wiped-by", default="", metavar="WHO", help="Step 9: who wiped the disks, as the owner asked.")
@click.option("--wiped-on", type=click.DateTime(["%Y-%m-%d"]), help="When [default: today].")
@click.option("--wiped-how", default="", metavar="HOW", help="How.")
@lang_option
@decider_options
@json_option
@click.pass_context
def release(
    ctx: click.Context,
    deposit_id: str,
    *,
    by_hand: str,
    wiped_by: str,
    wiped_on: datetime | None,
    wiped_how: str,
    lang: str | None,
    as_json: bool,
) -> None:
    """Take back access and switch off (pengembalian 6), sign out (9), free the place (10)."""
    from sopctl.model.sop.entries import Wiped
    from sopctl.workflow.steps import releasing

    desk = open_desk(ctx)
    if not wiped_by and (wiped_on or wiped_how):
        raise UsageError("who-wiped-disks", "who wiped the disks?", remedy="Add --wiped-by WHO")
    day = wiped_on.date() if wiped_on else desk.now().date()
    wiped = Wiped(wiped_by, day, wiped_how) if wiped_by else None
    language = language_of(lang)
    with task_progress(quiet=as_json) as on_event:
        done = releasing.release(desk, deposit_id, by_hand=by_hand, wiped=wiped, language=language, on_event=on_event)
    put_step(done, as_json=as_json)
    end(done.answer)


def confirm_key(host_key: "HostKey") -> bool:
    """Ask a person to compare the fingerprint with the console; without a terminal the answer is no."""
    import sys

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    console(err=True).print(
        f"The server shows this {host_key.type} host key:\n  {host_key.sha256}\n"
        "Compare it at the server's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"
    )
    return click.confirm("Is it the same?", default=False, err=True)
