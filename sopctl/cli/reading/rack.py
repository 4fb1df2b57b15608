"""`sopctl rack`: what stands where, and what is free."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from sopctl.cli.options import FILE, example, json_option, open_site
from sopctl.cli.render import console, put_json, table
from sopctl.model.text import counted, printable

if TYPE_CHECKING:
    from sopctl.model.rack import Occupied, Rack

INNER = 72
"""Characters between a drawn rack's rails: with its numbers it fills 80 columns."""


@click.group("rack", epilog=example("sopctl rack list", "sopctl rack show A1"))
def command() -> None:
    """The racks: what is in them, what is reserved, what is free."""


@command.command("list", epilog=example("sopctl rack list --json"))
@json_option
@click.pass_context
def list_racks(ctx: click.Context, *, as_json: bool) -> None:
    """Every rack with what is free in it: units, power, weight, switch ports."""
    from sopctl.workflow.views import racks

    rows = racks.rack_rows(open_site(ctx))
    if as_json:
        from sopctl.cli.documents import reading

        put_json(reading.racks(rows))
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


@command.command("show", epilog=example("sopctl rack show A1", "sopctl rack show A1 --svg rak-A1.svg"))
@click.argument("name", metavar="RACK")
@click.option("--svg", type=FILE, help="Draw it into this file.")
@json_option
@click.pass_context
def show_rack(ctx: click.Context, name: str, *, svg: Path | None, as_json: bool) -> None:
    """The elevation of a rack: each unit from the top, and what fills it."""
    from sopctl.workflow.views import racks

    site = open_site(ctx)
    found, taken = racks.rack(site, name)
    if svg:
        racks.draw_rack(site, name, svg)
        click.echo(str(svg), err=as_json)
    if as_json:
        from sopctl.cli.documents import reading

        put_json(reading.elevation(found, taken))
    elif not svg:
        _draw(found, taken, racks.names(site))


def _draw(rack: "Rack", taken: "list[Occupied]", servers: "Mapping[str, str]") -> None:
    """The rack on a terminal: one box per server, its lowest unit at the bottom."""
    from sopctl.model.rack import power_used, weight_used

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
        budget.append(f"switch {rack.switch.name}: {used} of {counted(rack.switch.ports, 'port')}")
    out.print(", ".join(budget))
    for row in _rows(rack, taken, servers):
        out.print(row.text, style=row.style)


class _Row(NamedTuple):
    text: str
    style: str = ""


def _rows(rack: "Rack", taken: "list[Occupied]", servers: "Mapping[str, str]") -> "Iterator[_Row]":
    """The rows of the drawing. A stretch of free units is one row."""
    from sopctl.model.rack import elevation

    def filling(row: "tuple[int, tuple[Occupied, ...]]") -> object:
        unit, filled = row
        return filled or rack.blocked.get(unit, "")

    for number, (here, stretch) in enumerate(groupby(elevation(rack, taken), filling)):
        yield _Row(f"     {'├' if number else '┌'}{'─' * INNER}{'┤' if number else '┐'}")
        units = list(stretch)
        if not here:
            top, lowest = units[0][0], units[-1][0]
            name = f"U{lowest}" if top == lowest else f"U{lowest}-{top}"
            yield _Row(_line(name, f"{len(units)} free"), "dim")
            continue
        filled = units[0][1]
        style = "dim" if not filled else "yellow" if any(each.kind == "reserved" for each in filled) else "green"
        said = _labels(filled, servers) if filled else [f"× {printable(str(here))}"]
        lines = [*said[: len(units)], *[""] * (len(units) - len(said))]
        for (unit, _), text in zip(units, lines, strict=True):
            yield _Row(_line(f"U{unit}", text), style)
    yield _Row(f"     └{'─' * INNER}┘")


def _line(unit: str, text: str) -> str:
    return f"{unit:<5}│{f' {text}'[:INNER]:<{INNER}}│"


def _labels(filled: "tuple[Occupied, ...]", servers: "Mapping[str, str]") -> list[str]:
    """What fills units, a line each server (all in one where there is one line only)."""
    found = []
    for each in filled:
        face = f" {each.place.face}" if each.place.face != "both" else ""
        port = f" port {each.place.port}" if each.place.port else ""
        found.append(f"{each.deposit} {servers.get(each.deposit, '')}{face} {each.kind}{port}")
    return found if filled[0].place.height > 1 else [" | ".join(found)]
