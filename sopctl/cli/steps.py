"""The steps that people do on paper and with their hands: letters, space, informing, handing over, placing."""

import sys
from datetime import date, datetime
from pathlib import Path

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
from sopctl.cli.render import put_step
from sopctl.errors import ExitCode, UsageError


@click.command(
    epilog=example(
        "sopctl request --example > request.yml",
        "sopctl request --example --appliance > request.yml",
        "sopctl request request.yml",
        "sopctl request surat.xlsx",
    )
)
@click.argument("record", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--example", "show_example", is_flag=True, help="Print a request to fill in, and do nothing else.")
@click.option("--appliance", is_flag=True, help="With --example: for a network appliance (firewall, router, switch).")
@click.option("--letter", type=click.Path(path_type=Path, dir_okay=False), help="The letter's scan: PDF, PNG or JPEG.")
@json_option
@click.pass_context
def request(
    ctx: click.Context,
    record: Path | None,
    *,
    show_example: bool,
    appliance: bool,
    letter: Path | None,
    as_json: bool,
) -> None:
    """File a request (penitipan 1): FILE is the letter's content as YAML, or the request letter filled in as XLSX.

    Opens a dossier.
    """
    from sopctl.workflow.setup.init import EXAMPLE_APPLIANCE, EXAMPLE_REQUEST
    from sopctl.workflow.steps import letters

    if appliance and not show_example:
        raise UsageError(
            "appliance-goes-example",
            "--appliance goes with --example",
            remedy="In a request it is said by: kind: appliance",
        )
    if show_example:
        click.echo(EXAMPLE_APPLIANCE if appliance else EXAMPLE_REQUEST, nl=False)
        return
    if record is None:
        raise UsageError(
            "request", "which request?", remedy="Name its file; an empty one comes from: sopctl request --example"
        )
    put_step(letters.request(open_desk(ctx), record, letter=letter), as_json=as_json)


@click.command(epilog=example('sopctl dispose PS-2026-0001 --by kadis --instruction "Mohon ditindaklanjuti"'))
@id_argument
@click.option("--instruction", required=True, help="What the head wrote on the letter.")
@click.option("--to", default="", help="To whom it is routed [default: the next step's actor].")
@click.option("--number", default="", help="The number of the disposition sheet.")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Its date [default: today].")
@click.option("--letter", type=click.Path(path_type=Path, dir_okay=False), help="Its scan: PDF, PNG or JPEG.")
@decider_options
@json_option
@click.pass_context
def dispose(
    ctx: click.Context,
    deposit_id: str,
    *,
    instruction: str,
    to: str,
    number: str,
    day: datetime | None,
    letter: Path | None,
    as_json: bool,
) -> None:
    """Record a head's disposition of the letter (penitipan 2 and 3, pengembalian 2 and 3)."""
    from sopctl.workflow.steps import letters

    done = letters.dispose(
        open_desk(ctx),
        deposit_id,
        instruction=instruction,
        to=to,
        letter_number=number,
        letter_date=day.date() if day else None,
        letter=letter,
    )
    put_step(done, as_json=as_json)


@click.command(epilog=example("sopctl reserve PS-2026-0001", "sopctl reserve PS-2026-0001 --rack A1 --unit 10"))
@id_argument
@click.option("--rack", default="", help="Only in this rack.")
@click.option("--unit", type=click.IntRange(1, 60), help="The lowest unit to fill (with --rack).")
@click.option(
    "--face",
    type=click.Choice(["both", "front", "rear"]),
    default="both",
    show_default=True,
    help="Which side of the rack: a server of at most half its depth may share a unit.",
)
@click.option("--port", type=click.IntRange(1, 512), help="The port of the rack's switch [default: the first free].")
@decider_options
@json_option
@click.pass_context
def reserve(
    ctx: click.Context,
    deposit_id: str,
    *,
    rack: str,
    unit: int | None,
    face: str,
    port: int | None,
    as_json: bool,
) -> None:
    """Find and reserve rack space, or put the request on the waiting list (penitipan 4). Exit 1: no space."""
    from sopctl.model.rack import FACES, Wish
    from sopctl.workflow.steps import reservation

    if unit is not None and not rack:
        raise UsageError("unit-needs-rack", "--unit needs --rack")
    wish = Wish(rack, unit, next(each for each in FACES if each == face), port)
    done = reservation.reserve(open_desk(ctx), deposit_id, wish=wish)
    put_step(done, as_json=as_json)
    end(done.answer)


@click.command(epilog=example("sopctl notify PS-2026-0001", "sopctl notify PS-2026-0001 --via phone"))
@id_argument
@click.option(
    "--via", type=click.Choice(["email", "webhook", "phone", "letter", "meeting"]), help="How [default: e-mail]."
)
@click.option("--again", is_flag=True, help="Send even if a message may have gone out before a crash.")
@click.option("--dry-run", is_flag=True, help="Show the message; send and record nothing.")
@decider_options
@json_option
@click.pass_context
def notify(ctx: click.Context, deposit_id: str, *, via: str | None, again: bool, dry_run: bool, as_json: bool) -> None:
    """Inform the contact person (penitipan 5 and 6, konfigurasi 2 and 5), by e-mail or as a person did it."""
    from sopctl.cli.render import put_json
    from sopctl.workflow.steps import notifying

    desk = open_desk(ctx)
    if dry_run:
        message = notifying.preview(desk, deposit_id)
        if as_json:
            put_json(message)
        else:
            click.echo(f"To: {message.to or message.name}\nSubject: {message.subject}\n\n{message.text}", nl=False)
        return
    means = next((each for each in notifying.MEANS if each == via), None)
    put_step(notifying.notify(desk, deposit_id, via=means, again=again), as_json=as_json)


@click.command(epilog=example("sopctl remind --dry-run", "sopctl remind"))
@click.option("--dry-run", is_flag=True, help="Show the messages; send and record nothing.")
@json_option
@click.pass_context
def remind(ctx: click.Context, *, dry_run: bool, as_json: bool) -> None:
    """Remind whoever is late, and owners whose deposit ends soon: one message a person, once a level (for a timer).

    Exit 6: a message could not be sent; it is tried again the next time.
    """
    from sopctl.cli.render import put_json
    from sopctl.model.text import printable
    from sopctl.workflow.steps import reminding

    found = reminding.remind(open_desk(ctx), dry_run=dry_run)
    if as_json:
        put_json({"reminders": found})
    for each in found if not as_json else ():
        what = "would be sent" if dry_run else "sent" if each.sent else f"not sent: {each.problem}"
        rows = ", ".join(row.id for row in each.rows)
        click.secho(
            f"{printable(each.name)} <{each.email or '-'}>: {what} ({rows})", fg="red" if each.problem else None
        )
        if dry_run:
            click.echo(each.message.text)
    if not found and not as_json:
        click.echo("Nobody has to be reminded.")
    if any(each.problem for each in found):
        sys.exit(ExitCode.OUTSIDE)


@click.command(epilog=example("sopctl receive PS-2026-0001"))
@id_argument
@click.option("--note", default="", help="What came with it.")
@json_option
@click.pass_context
def receive(ctx: click.Context, deposit_id: str, *, note: str, as_json: bool) -> None:
    """Record that the requesting unit has brought the server (penitipan 7)."""
    from sopctl.workflow.steps import handover

    put_step(handover.receive(open_desk(ctx), deposit_id, note=note), as_json=as_json)


@click.command(epilog=example("sopctl handover PS-2026-0001", "sopctl handover PS-2026-0001 PS-2026-0002"))
@click.argument("deposit_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--place", default="", help="Where it is signed [default: the office].")
@lang_option
@decider_options
@json_option
@click.pass_context
def handover(ctx: click.Context, deposit_ids: tuple[str, ...], *, place: str, lang: str | None, as_json: bool) -> None:
    """Make the hand-over form as a PDF to be signed (penitipan 9, pengembalian 8).

    Several servers of one letter stand on one form.
    """
    from sopctl.workflow.steps import handover

    language = language_of(lang)
    put_step(handover.handover(open_desk(ctx), *deposit_ids, place=place, language=language), as_json=as_json)


@click.command(epilog=example("sopctl place PS-2026-0001"))
@id_argument
@decider_options
@json_option
@click.pass_context
def place(ctx: click.Context, deposit_id: str, *, as_json: bool) -> None:
    """Record that the server stands in its reserved place (penitipan 10)."""
    from sopctl.workflow.steps import reservation

    put_step(reservation.place(open_desk(ctx), deposit_id), as_json=as_json)


@click.command(
    "return",
    epilog=example(
        'sopctl return PS-2026-0001 --letter-number "090/12/2026"',
        "sopctl return PS-2026-0001 --data-saved --keep-disks",
    ),
)
@id_argument
@click.option("--letter-number", help="Begins the return: the number of the owner's letter.")
@click.option("--letter-date", type=click.DateTime(["%Y-%m-%d"]), help="Its date [default: today].")
@click.option("--letter", type=click.Path(path_type=Path, dir_okay=False), help="Its scan: PDF, PNG or JPEG.")
@click.option("--data-saved", is_flag=True, help="Step 5: the owner says that the data is saved.")
@click.option("--keep-disks/--wipe-disks", default=None, help="The owner's choice, with --data-saved.")
@json_option
@click.pass_context
def return_server(
    ctx: click.Context,
    deposit_id: str,
    *,
    letter_number: str | None,
    letter_date: datetime | None,
    letter: Path | None,
    data_saved: bool,
    keep_disks: bool | None,
    as_json: bool,
) -> None:
    """Begin a return with the owner's letter (pengembalian 1), or record that the data is saved (5)."""
    from sopctl.workflow.steps import letters

    if data_saved == (letter_number is not None):
        raise UsageError(
            "give-either-letter-number-data-saved",
            "give either --letter-number (begins the return) or --data-saved (step 5)",
        )
    desk = open_desk(ctx)
    if letter_number is not None:
        day: date | None = letter_date.date() if letter_date else None
        done = letters.ask_back(desk, deposit_id, letter_number=letter_number, letter_date=day, letter=letter)
    elif keep_disks is None:
        raise UsageError("what-does-owner-want", "what does the owner want?", remedy="Add --keep-disks or --wipe-disks")
    else:
        done = letters.confirm_data_saved(desk, deposit_id, wipe=not keep_disks)
    put_step(done, as_json=as_json)
