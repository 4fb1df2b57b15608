"""`sopctl inventory diff`: what changed on a server."""

import click

from sopctl.cli.language import _
from sopctl.cli.options import end, example, id_argument, json_option, open_desk
from sopctl.cli.render import console, put_json, table
from sopctl.cli.steps.inventory._render import put_changes, put_conditions


@click.command(
    "diff",
    epilog=example(
        "sopctl inventory diff PS-2026-0001",
        "sopctl inventory diff PS-2026-0001 2026-09 2026-11 --exit-code",
        "sopctl inventory diff PS-2026-0001 --since handover",
    ),
)
@id_argument
@click.argument("months", metavar="[MONTH MONTH]", nargs=-1)
@click.option(
    "--since", type=click.Choice(["handover"]), help="From the hand-over's inspection and the first facts on."
)
@click.option("--exit-code", is_flag=True, help="Exit 1 when something changed.")
@json_option
@click.pass_context
def command(
    ctx: click.Context, deposit_id: str, months: tuple[str, ...], *, since: str | None, exit_code: bool, as_json: bool
) -> None:
    """What changed on a server: between its last two months, two months that you name, or since the hand-over.

    Noise is left out: uptime, free space, device order, leased addresses. What was read before and not this time is
    listed last; it does not count as a change. What is not as it should be now stands first, new or not.
    """
    from sopctl.workflow.views import inventories

    found = inventories.diff(open_desk(ctx), deposit_id, months, since_handover=since is not None)
    if as_json:
        from sopctl.cli.documents import inventory

        put_json(inventory.diff(deposit_id, found))
    else:
        click.echo(f"{deposit_id}: {found.before or _('hand-over')} → {found.after}")
        put_conditions(found.conditions)
        put_changes(found.changes)
        if since:
            made = table(_("declared and found"), _("declared"), _("found"))
            for line in found.declared:
                made.add_row(line.subject, line.declared, line.found, style="yellow" if line.agrees is False else "")
            console().print(made)
    end(not (exit_code and any(change.weight != "unread" for change in found.changes)))
