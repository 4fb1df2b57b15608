"""`sopctl switch list`: the switches of the site."""

import click

from sopctl.cli.language import _
from sopctl.cli.options import example, json_option, open_site
from sopctl.cli.render import console, put_advice, put_json, table


@click.command("list", epilog=example("sopctl switch list"))
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """The switches on record, each with its pinned host key."""
    from sopctl.workflow.ports import switches

    rows = switches.rows(open_site(ctx))
    if as_json:
        from sopctl.cli.documents.reading import Switches

        put_json(Switches(switches=list(rows)))
        return
    if not rows:
        put_advice(
            _("No switches. Each is a file, such as switches/sw-a1.yml: name, platform, address, account, ports, …")
        )
        return
    made = table(_("switch"), _("platform"), _("address"), _("racks"), _("ports"), _("host key"))
    for row in rows:
        key = row.host_key or _("none: sopctl switch host-key {name}", name=row.name)
        address = f"{row.address}:{row.port}"
        made.add_row(row.name, row.platform, address, ", ".join(row.racks) or "–", str(row.ports), key)
    console().print(made)
