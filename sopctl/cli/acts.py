"""What people need and the paper does not draw: hold, resume, extend, refuse, withdraw."""

from datetime import datetime
from pathlib import Path

import click

from sopctl.cli.options import decider_options, example, id_argument, json_option, open_desk
from sopctl.cli.render import put_step

reason_option = click.option("--reason", required=True, help="Why; it is kept in the record.")
letter_option = click.option(
    "--letter", type=click.Path(path_type=Path, dir_okay=False), help="The letter about it: PDF, PNG or JPEG."
)


@click.command(epilog=example('sopctl hold PS-2026-0001 --reason "menunggu rel dari pemilik"'))
@id_argument
@reason_option
@decider_options
@json_option
@click.pass_context
def hold(ctx: click.Context, deposit_id: str, *, reason: str, as_json: bool) -> None:
    """Put a deposit on hold at the step where it stands; its clock stands still (di luar SOP)."""
    from sopctl.workflow.steps import acts

    put_step(acts.hold(open_desk(ctx), deposit_id, reason=reason), as_json=as_json)


@click.command(epilog=example('sopctl resume PS-2026-0001 --note "rel sudah datang"'))
@id_argument
@click.option("--note", default="", help="What has changed.")
@decider_options
@json_option
@click.pass_context
def resume(ctx: click.Context, deposit_id: str, *, note: str, as_json: bool) -> None:
    """Go on with a deposit that was put on hold."""
    from sopctl.workflow.steps import acts

    put_step(acts.resume(open_desk(ctx), deposit_id, note=note), as_json=as_json)


@click.command(epilog=example('sopctl extend PS-2026-0001 --until 2028-12-31 --letter-number "090/7/2027" --by kabid'))
@id_argument
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The new last day of the deposit.")
@click.option("--letter-number", default="", help="The number of the owner's letter.")
@letter_option
@click.option("--note", default="", help="A remark.")
@decider_options
@json_option
@click.pass_context
def extend(
    ctx: click.Context,
    deposit_id: str,
    *,
    until: datetime,
    letter_number: str,
    letter: Path | None,
    note: str,
    as_json: bool,
) -> None:
    """Extend the time for which a server is taken in (masa penitipan)."""
    from sopctl.workflow.steps import acts

    done = acts.extend(
        open_desk(ctx), deposit_id, until=until.date(), letter_number=letter_number, letter=letter, note=note
    )
    put_step(done, as_json=as_json)


@click.command(epilog=example('sopctl refuse PS-2026-0001 --reason "di luar kewenangan" --by kadis'))
@id_argument
@reason_option
@letter_option
@decider_options
@json_option
@click.pass_context
def refuse(ctx: click.Context, deposit_id: str, *, reason: str, letter: Path | None, as_json: bool) -> None:
    """Refuse a letter, or a server that failed its inspection; closes the dossier (di luar SOP)."""
    from sopctl.workflow.steps import acts

    put_step(acts.refuse(open_desk(ctx), deposit_id, reason=reason, letter=letter), as_json=as_json)


@click.command(epilog=example('sopctl withdraw PS-2026-0001 --reason "memakai pusat data nasional"'))
@id_argument
@reason_option
@letter_option
@json_option
@click.pass_context
def withdraw(ctx: click.Context, deposit_id: str, *, reason: str, letter: Path | None, as_json: bool) -> None:
    """Record that the requesting unit takes its request back (di luar SOP).

    Before the hand-over form this closes the dossier; during a return, the server stays here after all.
    """
    from sopctl.workflow.steps import acts

    put_step(acts.withdraw(open_desk(ctx), deposit_id, reason=reason, letter=letter), as_json=as_json)
