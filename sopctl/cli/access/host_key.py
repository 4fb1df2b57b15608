"""`sopctl host-key`: the key that a server is known by."""

import click

from sopctl.cli import wording
from sopctl.cli.language import _, said
from sopctl.cli.options import (
    despite_option,
    end,
    example,
    id_argument,
    json_option,
    open_desk,
    seen_option,
    trusted_path_option,
)
from sopctl.cli.render import put_advice, put_json, put_step
from sopctl.errors import Action
from sopctl.model.text import printable


@click.command(
    "host-key",
    epilog=example("sopctl host-key PS-2026-0001", "sopctl host-key PS-2026-0001 --confirm SHA256:…"),
)
@id_argument
@click.option(
    "--confirm", metavar="SHA256:…", help="Pin this key: compared at the console, or from the owner's letter."
)
@trusted_path_option
@despite_option
@seen_option
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, confirm: str | None, trusted_path: str, as_json: bool) -> None:
    """The server's host key: pinned, awaiting confirmation, and as shown now. Exit 1: it is not the pinned one.

    This is also how a new key is accepted after a reinstallation. No login takes place.
    """
    from sopctl.model.access import details
    from sopctl.workflow.servers import host_keys

    desk = open_desk(ctx)
    if confirm or trusted_path:
        put_step(host_keys.confirm(desk, deposit_id, fingerprint=confirm, trusted_path=trusted_path), as_json=as_json)
        return
    keys = host_keys.look(desk, deposit_id)
    if as_json:
        from sopctl.cli.documents import access

        put_json(access.host_keys(keys.id, keys.pinned, keys.pending, keys.found.host_key))
        end(not keys.changed)
    for name, seen in ((_("pinned   {key}"), keys.pinned), (_("pending  {key}"), keys.pending)):
        if seen:
            how = f", {printable(seen.how)}" if seen.how else ""
            known = f"({seen.at:%Y-%m-%d}, {printable(seen.by)}{how})"
            click.echo(name.format(key=f"{seen.key.type} {seen.key.sha256}  {known}"))
    shown = keys.found.host_key
    colour = "red" if keys.changed else None
    if shown:
        click.secho(_("shown    {key}", key=f"{shown.type} {shown.sha256}"), fg=colour)
    else:
        click.secho(_("shown    no key: {detail}", detail=said(details.read(keys.found.detail))), fg=colour)
    confirm_it = wording.command(Action("host-key", keys.id, needs=("fingerprint",)))
    if keys.changed:
        put_advice(
            _(
                "This is not the pinned key. Ask the owner, compare it at the console, then: {command}",
                command=confirm_it,
            )
        )
    elif shown and not keys.pinned:
        put_advice(_("Not confirmed. Compare it at the console, then: {command}", command=confirm_it))
    end(not keys.changed)
