"""`sopctl rack` and `sopctl queue`: what stands where, what is free, and who waits for it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.options import decider_options, example, id_argument, json_option, open_desk, open_site
from sopctl.cli.render import console, put_json, put_step, table
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.model.rack import Occupied, Rack

INNER = 46
"""Characters between a drawn rack's rails: with its numbers it fits 80 columns."""


@click.group(epilog=example("sopctl rack list", "sopctl rack show A1"))
def rack() -> None:
    """The racks: what stands in them, what is reserved, what is free."""


@rack.command("list", epilog=example("sopctl rack list --json"))
@json_option
@click.pass_context
def list_racks(ctx: click.Context, *, as_json: bool) -> None:
    """Every rack with what is free in it: units, power, weight, switch ports."""
    from sopctl.workflow.views import racks

    rows = racks.rack_rows(open_site(ctx))
    if as_json:
        put_json({"racks": rows})
        return
    if not rows:
        click.echo("No racks. Each is a file, such as racks/A1.yml: name, room, units, depth_mm, power_watts.")
        return
    made = table("rack", "room", "units", "free", "power free", "weight free", "ports free")
    for row in rows:
        weight = f"{row.weight_free} kg" if row.weight_free is not None else "–"
        ports = str(row.ports_free) if row.ports_free is not None else "–"
        cells = (row.name, printable(row.room), row.units, row.free, f"{row.power_free} W", weight, ports)
        made.add_row(*map(str, cells))
    console().print(made)


@rack.command("show", epilog=example("sopctl rack show A1", "sopctl rack show A1 --svg rak-A1.svg"))
@click.argument("name", metavar="RACK")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Draw it into this file.")
@json_option
@click.pass_context
def show_rack(ctx: click.Context, name: str, *, svg: Path | None, as_json: bool) -> None:
    """The elevation of a rack: each unit from the top, and what fills it."""
    from sopctl.model.rack import elevation
    from sopctl.workflow.views import racks

    site = open_site(ctx)
    found, taken = racks.rack(site, name)
    if svg:
        racks.draw_rack(site, name, svg)
        click.echo(str(svg), err=as_json)
    if as_json:
        units = [
            {"unit": unit, "blocked": found.blocked.get(unit), "filled": filled}
            for unit, filled in elevation(found, taken)
        ]
        put_json({"rack": found, "units": units})
    elif not svg:
        _draw(found, taken)


def _draw(rack: "Rack", taken: "list[Occupied]") -> None:
    """The rack on a terminal: a box a server, its lowest unit at the bottom."""
    from sopctl.model.rack import elevation, power_used, weight_used

    out = console()
    out.print(f"Rack {rack.name}, {printable(rack.room)}", style="bold")
    budget = [f"power {power_used(rack, taken)} of {rack.power_watts} W"]
    if rack.weight_kg is not None:
        unknown = sum(other.weight_kg is None for other in taken)
        budget.append(
            f"weight {weight_used(rack, taken)} of {rack.weight_kg} kg" + (f" ({unknown} unknown)" if unknown else "")
        )
    if rack.switch:
        used = sum(other.place.port is not None for other in taken)
        budget.append(f"switch {rack.switch.name}: {used} of {rack.switch.ports} ports")
    out.print(", ".join(budget))
    above: object = None
    for unit, filled in elevation(rack, taken):
        here = filled or rack.blocked.get(unit, "")
        text = ""
        if here != above:
            out.print(f"     ├{'─' * INNER}┤" if above is not None else f"     ┌{'─' * INNER}┐")
            text = _label(filled) if filled else f"× {printable(rack.blocked[unit])}" if here else ""
        style = "dim" if not filled else "yellow" if any(o.kind == "reserved" for o in filled) else "green"
        out.print(f"U{unit:<3} │{f' {text}'[:INNER]:<{INNER}}│", style=style)
        above = here
    out.print(f"     └{'─' * INNER}┘")


def _label(filled: "tuple[Occupied, ...]") -> str:
    parts = []
    for each in filled:
        face = f" {each.place.face}" if each.place.face != "both" else ""
        port = f" port {each.place.port}" if each.place.port else ""
        parts.append(f"{each.deposit}{face} {each.kind}{port}")
    return " | ".join(parts)


@click.group(epilog=example("sopctl queue list", "sopctl queue run"))
def queue() -> None:
    """The waiting list (daftar tunggu): who waits for rack space, in which order."""


@queue.command("list", epilog=example("sopctl queue list"))
@json_option
@click.pass_context
def list_queue(ctx: click.Context, *, as_json: bool) -> None:
    """Who waits, in the order of service, and why there is no space for them now."""
    from sopctl.workflow.steps import reservation

    rows = reservation.queue(open_site(ctx))
    if as_json:
        put_json({"waiting": rows})
        return
    if not rows:
        click.echo("Nobody waits.")
        return
    made = table("no", "deposit", "unit", "units", "prio", "since", "why")
    for row in rows:
        why = printable(row.why) or "there is space: sopctl queue run"
        cells = (row.number, row.id, printable(row.unit), f"{row.height}U", row.priority, f"{row.since:%Y-%m-%d}", why)
        made.add_row(*map(str, cells))
    console().print(made)


@queue.command(epilog=example("sopctl queue run"))
@json_option
@click.pass_context
def run(ctx: click.Context, *, as_json: bool) -> None:
    """Let go of places that were not taken up in time, and give free space to those who wait (step 4 again).

    It follows by itself when a place becomes free; run it after setting up a new rack, and from a timer.
    """
    from sopctl.workflow.steps import reservation

    desk = open_desk(ctx)
    steps = [*reservation.expire(desk), *reservation.serve_waiting_list(desk)]
    if as_json:
        put_json({"steps": steps})
        return
    for step in steps:
        put_step(step, as_json=False)
    if not steps:
        click.echo("Nothing to do.")


@queue.command(
    epilog=example('sopctl queue prioritise PS-2026-0001 --priority 1 --reason "layanan darurat" --by kabid')
)
@id_argument
@click.option("--priority", type=click.IntRange(0, 9), default=1, show_default=True, help="Higher goes first.")
@click.option("--reason", required=True, help="Why; it is kept in the record.")
@decider_options
@json_option
@click.pass_context
def prioritise(ctx: click.Context, deposit_id: str, *, priority: int, reason: str, as_json: bool) -> None:
    """Let a request go before others in the waiting list (di luar SOP)."""
    from sopctl.workflow.steps import reservation

    put_step(reservation.prioritise(open_desk(ctx), deposit_id, priority=priority, reason=reason), as_json=as_json)
