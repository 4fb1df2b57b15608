"""`sopctl rack`: what stands where, and what is free."""

import click

from sopctl.cli.options import example, json_option, open_site
from sopctl.cli.render import console, put_json, table


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
