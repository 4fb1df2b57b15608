"""The steps that touch the server: configure, verify, inventory, advance, release."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sopctl.cli.options import decider_options, end, example, id_argument, json_option, open_desk
from sopctl.cli.render import console, put_json, put_ladder, put_step, task_progress
from sopctl.errors import OutsideFailure, UsageError
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.model.access import HostKey
    from sopctl.workflow.desk import StepDone

host_key_option = click.option(
    "--host-key", metavar="SHA256:…", help="The server's host key fingerprint, from its console or the owner's letter."
)
key_option = click.option(
    "--key", type=click.Path(path_type=Path, dir_okay=False), help="Try as the requester, with this private key."
)
user_option = click.option("--user", help="The requester's account [default: the letter's first], with --key.")


@click.command(
    epilog=example("sopctl configure PS-2026-0001 --host-key SHA256:…", "sopctl configure PS-2026-0001  # asks")
)
@id_argument
@host_key_option
@decider_options
@json_option
@click.pass_context
def configure(ctx: click.Context, deposit_id: str, *, host_key: str | None, as_json: bool) -> None:
    """Configure the server with playbooks/configure.yml (konfigurasi 1). Exit 1: it failed on the server.

    The first time, the server's host key is pinned; until that is confirmed nothing logs in.
    """
    from sopctl.workflow import configuring

    desk = open_desk(ctx)
    with task_progress(quiet=as_json) as on_event:
        done = configuring.configure(
            desk, deposit_id, host_key=host_key, confirm=None if as_json else confirm_key, on_event=on_event
        )
    put_step(done, as_json=as_json)
    end(done.answer)


@click.command(epilog=example("sopctl verify PS-2026-0001", "sopctl verify PS-2026-0001 --key ~/.ssh/id_ed25519"))
@id_argument
@key_option
@user_option
@click.option("--timeout", type=click.FloatRange(1, 600), default=20, show_default=True, help="Seconds for it all.")
@json_option
@click.pass_context
def verify(
    ctx: click.Context, deposit_id: str, *, key: Path | None, user: str | None, timeout: float, as_json: bool
) -> None:
    """Try to reach the server over SSH (konfigurasi 3): bisa goes on, tidak bisa goes back to 1. Exit 1: no."""
    from sopctl.workflow import verifying

    done, found = verifying.verify(open_desk(ctx), deposit_id, user=user, key=key, timeout=timeout)
    if as_json:
        put_json({"step": done, "access": found})
    else:
        put_ladder(found)
        put_step(done, as_json=False)
    end(done.answer)


@click.group(epilog=example("sopctl inventory collect PS-2026-0001", "sopctl inventory show PS-2026-0001"))
def inventory() -> None:
    """The monthly inventory (konfigurasi 6): gather a server's facts, fill and show its form."""


@inventory.command(epilog=example("sopctl inventory collect PS-2026-0001", "sopctl inventory collect --due"))
@click.argument("deposit_ids", metavar="[ID]...", nargs=-1)
@click.option("--due", is_flag=True, help="Every deposit whose inventory is due now.")
@decider_options
@json_option
@click.pass_context
def collect(ctx: click.Context, deposit_ids: tuple[str, ...], *, due: bool, as_json: bool) -> None:
    """Gather the facts of servers and make their inventory forms. Exit 1: it failed on a server.

    A server that is down does not stop the others: it stays due.
    """
    from sopctl.workflow import inventorying

    desk = open_desk(ctx)
    if due == bool(deposit_ids):
        raise UsageError("name deposits, or --due")
    steps, failed = [], []
    for deposit_id in deposit_ids or inventorying.due(desk):
        try:
            with task_progress(quiet=as_json) as on_event:
                done = inventorying.collect(desk, deposit_id, on_event=on_event)
        except OutsideFailure as error:
            if len(deposit_ids) == 1:
                raise
            failed.append({"id": deposit_id, "message": error.message, "remedy": error.remedy})
            click.echo(f"sopctl: {deposit_id}: {printable(str(error))}", err=True)
            continue
        steps.append(done)
        if not as_json:
            put_step(done, as_json=False)
    if as_json:
        put_json(steps[0] if len(deposit_ids) == 1 else {"steps": steps, "failed": failed})
    elif not steps and not failed:
        click.echo("Nothing is due.")
    end(not failed and all(done.answer for done in steps))


@inventory.command("show", epilog=example("sopctl inventory show PS-2026-0001 --month 2026-11 --json"))
@id_argument
@click.option("--month", metavar="YYYY-MM", help="Which month [default: the newest].")
@json_option
@click.pass_context
def show_facts(ctx: click.Context, deposit_id: str, *, month: str | None, as_json: bool) -> None:
    """Show the facts that were kept of a server."""
    from sopctl.cli.render import put_facts
    from sopctl.workflow import inventorying

    facts = inventorying.kept_facts(open_desk(ctx), deposit_id, month)
    put_facts(facts, as_json=as_json)


@inventory.command("form", epilog=example("sopctl inventory form PS-2026-0001"))
@id_argument
@click.option("--month", metavar="YYYY-MM", help="Which month [default: the newest].")
@json_option
@click.pass_context
def form(ctx: click.Context, deposit_id: str, *, month: str | None, as_json: bool) -> None:
    """Print the path of a server's inventory form (PDF)."""
    from sopctl.workflow import inventorying

    path = inventorying.kept_form(open_desk(ctx), deposit_id, month)
    if as_json:
        put_json({"form": str(path)})
    else:
        click.echo(str(path))


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
@click.option("--max-tries", type=click.IntRange(1, 10), default=3, show_default=True, help="Bound on the loop.")
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
    max_tries: int,
    as_json: bool,
) -> None:
    """Do every step that needs no person: configure, inform, verify (and back), inform, take inventory.

    Exit 1 when a server stays out of reach or a host failed.
    """
    from sopctl.workflow import advancing, informing

    desk = open_desk(ctx)
    if everything == bool(deposit_ids):
        raise UsageError("name deposits, or --all")
    steps: list[StepDone] = []

    def on_step(done: "StepDone") -> None:
        steps.append(done)
        if not as_json:
            put_step(done, as_json=False)

    said: dict[str, Any] = {"host_key": host_key, "user": user, "key": key, "max_tries": max_tries}
    said["via"] = next((each for each in informing.MEANS if each == via), None)
    said["confirm"] = None if as_json else confirm_key
    answers = []
    for deposit_id in deposit_ids or advancing.ready(desk):
        with task_progress(quiet=as_json) as on_event:
            done = advancing.advance(desk, deposit_id, on_event=on_event, on_step=on_step, **said)
        answers.append(done[-1].answer)
    if as_json:
        put_json({"steps": steps})
    end(all(answers))


@click.command(epilog=example("sopctl release PS-2026-0001", 'sopctl release PS-2026-0001 --by-hand "server mati"'))
@id_argument
@click.option("--by-hand", default="", metavar="NOTE", help="Step 6 was done without Ansible, and how.")
@decider_options
@json_option
@click.pass_context
def release(ctx: click.Context, deposit_id: str, *, by_hand: str, as_json: bool) -> None:
    """Take back access and switch off (pengembalian 6), sign out (9), free the place (10)."""
    from sopctl.workflow import releasing

    desk = open_desk(ctx)
    with task_progress(quiet=as_json) as on_event:
        done = releasing.release(desk, deposit_id, by_hand=by_hand, on_event=on_event)
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
