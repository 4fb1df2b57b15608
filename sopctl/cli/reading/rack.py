"""`sopctl rack`: what stands where, and what is free."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from sopctl.cli.language import _, ngettext, pgettext
from sopctl.cli.options import FILE, example, json_option, open_site
from sopctl.cli.render import console, put_advice, put_json, table
from sopctl.cli.tree import Group
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.model.rack import Occupied, Rack

INNER = 72
"""Characters between a drawn rack's rails: with its numbers it fills 80 columns."""


@click.group("rack", cls=Group, epilog=example("sopctl rack list", "sopctl rack show A1"))
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
        put_advice(_("No racks. Each is a file, such as racks/A1.yml: name, room, units, depth_mm, power_watts."))
        return
    made = table(
        _("rack"), _("room"), pgettext("rack", "units"), _("free"), _("power free"), _("weight free"), _("ports free")
    )
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
    out.print(_("Rack {name}, {room}", name=rack.name, room=printable(rack.room)), style="bold")
    budget = [_("power {used} of {limit} W", used=power_used(rack, taken), limit=rack.power_watts)]
    if rack.weight_kg is not None:
        unknown = sum(other.weight_kg is None for other in taken)
        used = weight_used(rack, taken)
        weight = _("weight {used} of {limit} kg", used=used, limit=rack.weight_kg)
        if unknown:
            weight = _(
                "weight {used} of {limit} kg ({unknown} unknown)", used=used, limit=rack.weight_kg, unknown=unknown
            )
        budget.append(weight)
    if rack.switch:
        budget.append(
            ngettext(
                "switch {name}: {used} of {number} port",
                "switch {name}: {used} of {number} ports",
                rack.switch.ports,
                name=rack.switch.name,
                used=sum(other.place.port is not None for other in taken),
            )
        )
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
            name = f"U{lowest}" if top == lowest else f"U{lowest}–{top}"
            yield _Row(_line(name, _("{number} free", number=len(units))), "dim")
            continue
        filled = units[0][1]
        style = "dim" if not filled else "yellow" if any(each.kind == "reserved" for each in filled) else "green"
        labels = _labels(filled, servers) if filled else [f"× {printable(str(here))}"]
        lines = [*labels[: len(units)], *[""] * (len(units) - len(labels))]
        for (unit, _filled), text in zip(units, lines, strict=True):
            yield _Row(_line(f"U{unit}", text), style)
    yield _Row(f"     └{'─' * INNER}┘")


def _line(unit: str, text: str) -> str:
    return f"{unit:<5}│{f' {text}'[:INNER]:<{INNER}}│"


def _labels(filled: "tuple[Occupied, ...]", servers: "Mapping[str, str]") -> list[str]:
    """What fills units, a line each server (all in one where there is one line only)."""
    found = []
    words = {"front": _("front"), "rear": _("rear"), "placed": _("placed"), "reserved": _("reserved")}
    for each in filled:
        face = f" {words[each.place.face]}" if each.place.face != "both" else ""
        port = " " + _("port {number}", number=each.place.port) if each.place.port else ""
        found.append(f"{each.deposit} {servers.get(each.deposit, '')}{face} {words[each.kind]}{port}")
    return found if filled[0].place.height > 1 else [" | ".join(found)]
