"""`sopctl inventory summary`: the month's inventory of all servers."""

from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, ngettext, said
from sopctl.cli.options import choose_one, end_with, example, json_option, month_option, open_desk
from sopctl.cli.render import aligned, console, counted_progress, put_json, table
from sopctl.cli.steps.inventory._render import put_changes, put_conditions, room
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.views.inventories import MonthlySummary


@click.command(
    "summary",
    epilog=example("sopctl inventory summary", "sopctl inventory summary --month 2026-11 --csv > inventaris.csv"),
)
@month_option
@click.option("--csv", "as_csv", is_flag=True, help="Every server as one line of CSV.")
@click.option(
    "--netbox",
    type=click.Choice(["devices", "interfaces", "mac-addresses", "inventory-items"]),
    help="CSV for NetBox's bulk import of these objects.",
)
@json_option
@click.pass_context
def command(ctx: click.Context, *, month: str | None, as_csv: bool, netbox: str | None, as_json: bool) -> None:
    """The month's inventory of all servers: conditions and changes first, then the servers and their sums.

    With --netbox and no --month: every server by its newest facts, as it stands now; one that has left is offline, in
    no rack.

    A broken dossier is named on standard error, and the exit code is then 3.
    """
    from sopctl.workflow.views import inventories

    if sum((as_csv, netbox is not None, as_json)) > 1:
        raise choose_one("--csv", "--netbox", "--json")
    desk = open_desk(ctx)
    if netbox and month is None:
        servers, broken = inventories.present(desk)
        click.echo(inventories.for_netbox(desk, servers, netbox), nl=False)
        end_with([*broken.values()])
        return
    with counted_progress(_("reading"), quiet=as_json) as progress:
        found = inventories.summary(desk, month, progress)
    if netbox:
        click.echo(inventories.for_netbox(desk, found.servers, netbox), nl=False)
    elif as_csv:
        click.echo(inventories.as_csv(found), nl=False)
    elif as_json:
        from sopctl.cli.documents import inventory

        put_json(inventory.summary(found))
    else:
        _put_summary(found)
    end_with([*found.broken.values()])


def _put_summary(found: "MonthlySummary") -> None:
    from sopctl.model.facts.changes import real

    bad = [each for each in found.servers if each.conditions]
    told = [each for each in found.servers if each.changes or each.conditions]
    changed = [each for each in told if real(each.changes)]
    click.echo(
        ngettext(
            "{month}: {number} server gathered, {rest} not, {changed} changed, "
            "{bad} with a condition that needs attention",
            "{month}: {number} servers gathered, {rest} not, {changed} changed, "
            "{bad} with a condition that needs attention",
            len(found.servers),
            month=found.month,
            rest=len(found.not_gathered),
            changed=len(changed),
            bad=len(bad),
        )
    )
    for each in told:
        click.echo(f"{each.deposit.id} {printable(each.deposit.server)}")
        put_conditions(each.conditions)
        if each.changes:
            put_changes(each.changes)
    for deposit_id in found.not_gathered:
        click.echo(_("{id}: not gathered in {month}", id=deposit_id, month=found.month))
    for other in found.not_due:
        click.echo(_("{id}: was here, and its inventory was not due ({stands})", id=other.id, stands=other.stands))
    if not found.servers:
        return
    rows: list[tuple[str, ...]] = [
        ("id", _("server"), _("unit"), _("rack"), _("system"), _("memory"), _("disks"), _("valid until"))
    ]
    for each in found.servers:
        place = each.deposit.place
        rows.append(
            (
                each.deposit.id,
                *(printable(text) for text in (each.facts.hostname or each.deposit.server, each.deposit.unit)),
                place.rack if place else "",
                each.system,
                f"{each.memory_gib:g} GiB",
                room(each.disk_gb),
                str(each.deposit.valid_until or ""),
            )
        )
    click.echo("\n".join(aligned(rows)))
    for name, sums in found.sums.items():
        made = table(said(name), _("servers"), _("memory"), _("disks"))
        for key, total in sums.items():
            made.add_row(printable(key), str(total.servers), f"{total.memory_gib:g} GiB", room(total.disk_gb))
        console().print(made)
