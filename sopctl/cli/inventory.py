"""`sopctl inventory`: the month's facts, forms, differences and summary."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sopctl.cli.inventory_collect import collect
from sopctl.cli.options import end, example, id_argument, json_option, open_desk
from sopctl.cli.render import aligned, console, counted_progress, put_json, table
from sopctl.errors import UsageError
from sopctl.model.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sopctl.model.facts.changes import Change
    from sopctl.workflow.views.inventories import MonthlyFacts, MonthlySummary

_STYLE: dict[str, Any] = {"alarm": {"bold": True, "fg": "red"}, "change": {}, "unread": {"dim": True}}


@click.group(epilog=example("sopctl inventory collect PS-2026-0001", "sopctl inventory show PS-2026-0001"))
def inventory() -> None:
    """The monthly inventory (konfigurasi 6): gather a server's facts, fill and show its form."""


inventory.add_command(collect)


@inventory.command(
    "show",
    epilog=example(
        "sopctl inventory show PS-2026-0001 --month 2026-11 --json", "sopctl inventory show PS-2026-0001 --over-time"
    ),
)
@id_argument
@click.option("--month", metavar="YYYY-MM", help="Which month [default: the newest].")
@click.option("--over-time", is_flag=True, help="Memory, disks and system, month by month.")
@json_option
@click.pass_context
def show_facts(ctx: click.Context, deposit_id: str, *, month: str | None, over_time: bool, as_json: bool) -> None:
    """Show the facts that were kept of a server."""
    from sopctl.cli.render import put_facts
    from sopctl.workflow.views import inventories

    desk = open_desk(ctx)
    if over_time:
        _put_over_time(inventories.over_time(desk, deposit_id), as_json=as_json)
    else:
        put_facts(inventories.kept_facts(desk, deposit_id, month), as_json=as_json)


@inventory.command(
    "form",
    epilog=example("sopctl inventory form PS-2026-0001", "sopctl inventory form PS-2026-0001 --format xlsx"),
)
@id_argument
@click.option("--month", metavar="YYYY-MM", help="Which month [default: the newest].")
@click.option("--format", "kind", type=click.Choice(["pdf", "xlsx", "html"]), help="Write a copy of it.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file of the copy.")
@json_option
@click.pass_context
def form(
    ctx: click.Context, deposit_id: str, *, month: str | None, kind: str | None, output: Path | None, as_json: bool
) -> None:
    """Print the path of a server's inventory form (PDF); or write a copy, to work with as XLSX or HTML."""
    from sopctl.workflow.papers import export
    from sopctl.workflow.views import inventories

    desk = open_desk(ctx)
    if kind or output:
        chosen = next(each for each in export.FORMATS if each == (kind or "pdf"))
        path = export.inventory_copy(desk, deposit_id, month, kind=chosen, output=output)
    else:
        path = inventories.kept_form(desk, deposit_id, month)
    if as_json:
        put_json({"form": str(path)})
    else:
        click.echo(str(path))


@inventory.command(
    epilog=example(
        "sopctl inventory diff PS-2026-0001",
        "sopctl inventory diff PS-2026-0001 2026-09 2026-11 --exit-code",
        "sopctl inventory diff PS-2026-0001 --since handover",
    )
)
@id_argument
@click.argument("months", metavar="[MONTH MONTH]", nargs=-1)
@click.option(
    "--since", type=click.Choice(["handover"]), help="From the hand-over's inspection and the first facts on."
)
@click.option("--exit-code", is_flag=True, help="Exit 1 when something changed.")
@json_option
@click.pass_context
def diff(
    ctx: click.Context, deposit_id: str, months: tuple[str, ...], *, since: str | None, exit_code: bool, as_json: bool
) -> None:
    """What changed on a server: between its last two months, two months that you name, or since the hand-over.

    Noise is left out: uptime, free space, device order, leased addresses. What was read before and not this time is
    listed last; it does not count as a change.
    """
    from sopctl.workflow.views import inventories

    found = inventories.diff(open_desk(ctx), deposit_id, months, since_handover=since is not None)
    if as_json:
        put_json(
            {
                "id": deposit_id,
                "from": found.before,
                "to": found.after,
                "changes": _plain(found.changes),
                "declared": found.declared,
            }
        )
    else:
        click.echo(f"{deposit_id}: {found.before or 'hand-over'} → {found.after}")
        _put_changes(found.changes)
        if since:
            made = table("declared and found", "declared", "found")
            for line in found.declared:
                made.add_row(line.subject, line.declared, line.found, style="" if line.agrees else "yellow")
            console().print(made)
    end(not (exit_code and any(change.weight != "unread" for change in found.changes)))


@inventory.command(
    epilog=example("sopctl inventory summary", "sopctl inventory summary --month 2026-11 --csv > inventaris.csv")
)
@click.option("--month", metavar="YYYY-MM", help="Which month [default: this one].")
@click.option("--csv", "as_csv", is_flag=True, help="Every server as one line of CSV.")
@click.option(
    "--netbox",
    type=click.Choice(["devices", "interfaces", "mac-addresses", "inventory-items"]),
    help="CSV for NetBox's bulk import of these objects.",
)
@json_option
@click.pass_context
def summary(ctx: click.Context, *, month: str | None, as_csv: bool, netbox: str | None, as_json: bool) -> None:
    """The month's inventory of all servers: this month's changes first, then the servers and their sums."""
    from sopctl.workflow.views import inventories

    if sum((as_csv, netbox is not None, as_json)) > 1:
        raise UsageError("one-csv-netbox-json", "one of --csv, --netbox and --json")
    desk = open_desk(ctx)
    with counted_progress("reading", quiet=as_json) as progress:
        found = inventories.summary(desk, month, progress)
    if as_csv or netbox:
        click.echo(inventories.as_csv(desk, found, netbox), nl=False)
    elif as_json:
        servers = [{**inventories.flat(each), "changes": _plain(each.changes)} for each in found.servers]
        put_json({"month": found.month, "servers": servers, "not_gathered": found.not_gathered, "sums": found.sums})
    else:
        _put_summary(found)


def _put_summary(found: "MonthlySummary") -> None:
    from sopctl.model.facts.changes import real

    told = [each for each in found.servers if each.changes]
    changed = [each for each in told if real(each.changes)]
    click.echo(
        f"{found.month}: {len(found.servers)} servers gathered, {len(found.not_gathered)} not, {len(changed)} changed"
    )
    for each in told:
        click.echo(f"{each.deposit.id} {printable(each.deposit.server)}")
        _put_changes(each.changes)
    for deposit_id in found.not_gathered:
        click.echo(f"{deposit_id}: not gathered this month")
    rows: list[tuple[str, ...]] = [("id", "server", "unit", "rack", "system", "memory", "disks", "valid until")]
    for each in found.servers:
        place = each.deposit.place
        rows.append(
            (
                each.deposit.id,
                *(printable(text) for text in (each.facts.hostname or each.deposit.server, each.deposit.unit)),
                place.rack if place else "",
                each.system,
                f"{each.memory_gib:g} GiB",
                f"{each.disk_gb:g} GB",
                str(each.deposit.valid_until or ""),
            )
        )
    click.echo("\n".join(aligned(rows)))
    for name, sums in found.sums.items():
        made = table(name, "servers", "memory", "disks")
        for key, total in sums.items():
            made.add_row(printable(key), str(total.servers), f"{total.memory_gib:g} GiB", f"{total.disk_gb:g} GB")
        console().print(made)


def _plain(changes: "Sequence[Change]") -> list[dict[str, str | None]]:
    return [
        {"weight": each.weight, "subject": each.subject, "before": each.before, "after": each.after, "text": str(each)}
        for each in changes
    ]


def _put_changes(changes: "Sequence[Change]") -> None:
    for change in changes:
        click.secho(f"  {'! ' if change.weight == 'alarm' else ''}{printable(str(change))}", **_STYLE[change.weight])
    if not changes:
        click.echo("  nothing changed")


def _put_over_time(months: "Sequence[MonthlyFacts]", *, as_json: bool) -> None:
    if as_json:
        put_json({"months": months})
        return
    made = table("month", "revision", "memory", "disks", "system", "kernel")
    for each in months:
        made.add_row(
            each.month, str(each.revision), f"{each.memory_gib:g} GiB", f"{each.disk_gb:g} GB", each.system, each.kernel
        )
    console().print(made)
