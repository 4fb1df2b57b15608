"""Reading a site: list, show, todo, rack."""

from typing import TYPE_CHECKING

import click

from sopctl.cli.options import example, id_argument, json_option, open_desk, open_site
from sopctl.cli.render import console, put_json, table
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.reading import Row


@click.command("list", epilog=example("sopctl list", "sopctl list --json"))
@json_option
@click.pass_context
def list_deposits(ctx: click.Context, *, as_json: bool) -> None:
    """The board: every deposit, where it stands, and whose turn it is."""
    from sopctl.workflow import reading

    rows = reading.board(open_desk(ctx))
    if as_json:
        put_json({"deposits": rows})
    elif rows:
        put_board(rows)
    else:
        click.echo("No deposits yet. File a request: sopctl request --example > request.yml")


@click.command(epilog=example("sopctl todo", "sopctl todo --actor kadis --late"))
@click.option("--actor", help="Only steps of this actor: pemohon, kadis, kabid, pelaksana.")
@click.option("--late", is_flag=True, help="Only steps whose time limit has passed.")
@json_option
@click.pass_context
def todo(ctx: click.Context, *, actor: str | None, late: bool, as_json: bool) -> None:
    """Every open step with its actor, its due date and the exact command to run."""
    from sopctl.workflow import reading

    rows = reading.todo(open_desk(ctx), actor=actor, late=late)
    if as_json:
        put_json({"steps": rows})
        return
    if not rows:
        click.echo("Nothing is due.")
    for row in rows:
        mark = click.style(" LATE", fg="red", bold=True) if row.late else ""
        due = f", until {row.due:%Y-%m-%d}{mark}" if row.due else ""
        click.echo(f"{row.id}  {row.standing}: {row.activity}\n  {row.actor}{due}\n  $ {row.command}")


@click.command(epilog=example("sopctl show PS-2026-0001"))
@id_argument
@json_option
@click.pass_context
def show(ctx: click.Context, deposit_id: str, *, as_json: bool) -> None:
    """One deposit: the request, where it stands, what happened, and its documents."""
    from sopctl.workflow import reading

    row, dossier = reading.show(open_desk(ctx), deposit_id)
    if as_json:
        put_json({"standing": row, "deposit": dossier.deposit, "events": dossier.events})
        return
    server, out = dossier.deposit.server, console()
    out.print(f"{row.id}  {row.unit}: {server.name} ({server.brand_model}, {server.serial})", style="bold")
    out.print(f"stands at {row.standing}: {row.activity}{_waits(row)}")
    if row.command:
        out.print(f"due {row.due or '–'} by {row.actor}: {row.command}")
    if row.place:
        out.print(f"place: {row.place}")
    made = table("no", "at", "step", "outcome", "by", "note")
    for event in dossier.events:
        at = f"{event.at:%Y-%m-%d %H:%M}"
        made.add_row(str(event.seq), at, f"{event.procedure} {event.step}", event.outcome, event.by, event.note)
    out.print(made)


@click.group(epilog=example("sopctl rack list", "sopctl rack show A1"))
def rack() -> None:
    """The racks: what stands in them, what is reserved, what is free."""


@rack.command("list", epilog=example("sopctl rack list --json"))
@json_option
@click.pass_context
def list_racks(ctx: click.Context, *, as_json: bool) -> None:
    """Every rack with its free units and power."""
    from sopctl.workflow import reading

    site = open_site(ctx)
    rows = []
    for each in site.racks:
        _, taken = reading.rack(site, each.name)
        free = each.units - sum(o.place.height for o in taken)
        power = each.power_watts - sum(o.power_watts for o in taken)
        rows.append({"name": each.name, "room": each.room, "units": each.units, "free": free, "power_free": power})
    if as_json:
        put_json({"racks": rows})
        return
    made = table("rack", "room", "units", "free", "power free")
    for row in rows:
        made.add_row(*map(str, (row["name"], row["room"], row["units"], row["free"], f"{row['power_free']} W")))
    console().print(made)


@rack.command("show", epilog=example("sopctl rack show A1"))
@click.argument("name", metavar="RACK")
@json_option
@click.pass_context
def show_rack(ctx: click.Context, name: str, *, as_json: bool) -> None:
    """The elevation of a rack: each unit from the top, and what fills it."""
    from sopctl.model.rack import elevation
    from sopctl.workflow import reading

    found, taken = reading.rack(open_site(ctx), name)
    units = elevation(found, taken)
    if as_json:
        rows = [
            {"unit": unit, "deposit": o.deposit if o else None, "kind": o.kind if o else "free"} for unit, o in units
        ]
        put_json({"rack": found, "units": rows})
        return
    out = console()
    out.print(f"Rack {found.name}, {found.room}", style="bold")
    for unit, filled in units:
        line = f"{filled.deposit} ({filled.kind})" if filled else "·"
        out.print(f"  U{unit:<3} │ {line:<32} │")


def put_board(rows: "list[Row]") -> None:
    """The board: two lines a deposit, so that nothing is cut on a terminal of 80 columns."""
    wide = max(len(row.server) for row in rows)
    for row in rows:
        due = f"until {row.due:%Y-%m-%d}" if row.due else ""
        head = f"{row.id:<13} {row.server:<{wide}}  {row.place:<15} {row.standing:<15} {due}"
        click.secho(head.rstrip(), bold=True, fg="red" if row.late else None)
        who = f" ({row.actor})" if row.actor and not row.waiting else ""
        click.echo(f"  {printable(row.unit)}: {row.activity}{who}{_waits(row)}")


def _waits(row: "Row") -> str:
    """What a row waits for, in words."""
    words = {"": "", "month": " – again next month", "unfinished": " – begun and not finished, run it again"}
    return words.get(row.waiting, f" – waits for {row.waiting}")
