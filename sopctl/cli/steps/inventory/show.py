"""`sopctl inventory show`: the facts of a server."""

from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _
from sopctl.cli.options import example, id_argument, json_option, open_desk
from sopctl.cli.render import console, put_facts, put_json, table
from sopctl.cli.steps.inventory._render import room

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sopctl.workflow.views.inventories import MonthlyFacts


@click.command(
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
def command(ctx: click.Context, deposit_id: str, *, month: str | None, over_time: bool, as_json: bool) -> None:
    """Show the facts kept about a server."""
    from sopctl.workflow.views import inventories

    desk = open_desk(ctx)
    if over_time:
        _put_over_time(inventories.over_time(desk, deposit_id), as_json=as_json)
    else:
        put_facts(inventories.kept_facts(desk, deposit_id, month), as_json=as_json)


def _put_over_time(months: "Sequence[MonthlyFacts]", *, as_json: bool) -> None:
    if as_json:
        from sopctl.cli.documents import inventory

        put_json(inventory.over_time(months))
        return
    made = table(_("month"), _("revision"), _("memory"), _("disks"), _("system"), _("kernel"))
    for each in months:
        made.add_row(
            each.month, str(each.revision), f"{each.memory_gib:g} GiB", room(each.disk_gb), each.system, each.kernel
        )
    console().print(made)
