"""`sopctl task`: work on a server that its owner asked for (remote hands)."""

from pathlib import Path

import click

from sopctl.cli.options import FILE, TEXT, decider_options, example, id_argument, json_option, open_desk, seen_option
from sopctl.cli.render import put_step


@click.command(
    "task",
    epilog=example(
        'sopctl task PS-2026-0001 --what "kabel jaringan diganti" --asked-by "Administrator Sistem" --minutes 15',
        'sopctl task PS-2026-0001 --what "disk 3 ditukar" --asked-by "Kasubbag Umum" --minutes 30 --file foto.jpg',
    ),
)
@id_argument
@click.option("--what", type=TEXT, required=True, help="What was done.")
@click.option("--asked-by", type=TEXT, required=True, metavar="WHO", help="Who of the owner's unit asked for it.")
@click.option("--done-by", type=TEXT, default="", metavar="WHO", help="Who did it [default: who records it].")
@click.option("--minutes", type=int, required=True, help="How long it took: 1 to 1440.")
@click.option("--file", "files", type=FILE, multiple=True, help="A photo or paper about it: PNG, JPEG or PDF.")
@decider_options
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_id: str,
    *,
    what: str,
    asked_by: str,
    done_by: str,
    minutes: int,
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Record work on a server that its owner asked for: what, for whom, by whom, and how long it took.

    The deposit stays at its step. Photos are kept in its dossier. `sopctl show ID` lists what was done.
    """
    from sopctl.workflow.house import tasks

    done = tasks.done(
        open_desk(ctx),
        deposit_id,
        what=what,
        asked_by=asked_by,
        minutes=minutes,
        done_by=done_by,
        files=files,
    )
    put_step(done, as_json=as_json)
