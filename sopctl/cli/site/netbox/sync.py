"""`sopctl netbox sync`: devices, interfaces, addresses and parts, as NetBox is to have them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, ngettext, said
from sopctl.cli.options import DEPOSIT, end_with, example, json_option, open_desk, several
from sopctl.cli.render import counted_progress, put_json, put_wrapped
from sopctl.errors import SopctlError
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.adapters.netbox import Change, Outcome


@click.command("sync", epilog=example("sopctl netbox sync --dry-run", "sopctl netbox sync PS-2026-0001"))
@several("ids", metavar="[ID]...", type=DEPOSIT)
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@json_option
@click.pass_context
def command(ctx: click.Context, *, ids: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Bring NetBox in line with the deposits, by default with all: devices and their places, interfaces, MAC and IP
    addresses, parts. A second run changes nothing.

    Nothing is deleted: who has left goes offline and out of the rack, and what is no longer seen is named. Needs
    `netbox` in sopctl.yml. Exit 6: NetBox did not accept something. Exit 3: a dossier could not be read.
    """
    from sopctl.workflow.house import netbox

    errors: list[SopctlError] = []
    desk = open_desk(ctx)
    with counted_progress(_("writing"), quiet=as_json) as progress:
        found = netbox.sync(desk, ids, dry_run=dry_run, errors=errors, progress=progress)
    if as_json:
        from sopctl.cli.documents import netbox as documents

        put_json(documents.synced(found, errors, dry_run=dry_run))
    else:
        _put(found, dry_run=dry_run)
    end_with(errors)


def _put(found: "Sequence[Outcome]", *, dry_run: bool) -> None:
    from sopctl.adapters.netbox import KINDS

    changed = [each for each in found if each.changes]
    for each in changed:
        click.echo(each.deposit)
        for change in each.changes:
            click.echo(f"  {_said(change)}")
    for each in found:
        for left in each.left:
            put_wrapped(
                _(
                    "{deposit}: {kind} {name} was left: {why}",
                    deposit=each.deposit,
                    kind=said(KINDS[left.kind]),
                    name=printable(left.name),
                    why=said(left.why),
                )
            )
    changes = sum(len(each.changes) for each in found)
    if dry_run:
        told = ngettext(
            "{number} device looked at, {changes} changes would be written",
            "{number} devices looked at, {changes} changes would be written",
            len(found),
            changes=changes,
        )
    else:
        told = ngettext(
            "{number} device looked at, {changes} changes written",
            "{number} devices looked at, {changes} changes written",
            len(found),
            changes=changes,
        )
    click.echo(told)


def _said(change: "Change") -> str:
    from sopctl.adapters.netbox import KINDS

    name = f"{said(KINDS[change.kind])} {printable(change.name)}"
    if change.action == "create":
        return _("new: {what}", what=name)
    fields = ", ".join(
        f"{key} {printable(str(before or '–'))} → {printable(str(after or '–'))}"
        for key, (before, after) in change.fields.items()
    )
    return f"{name}: {fields}"
