"""`sopctl switch host-key`: the key that a switch is known by."""

from typing import TYPE_CHECKING

import click

from sopctl.cli import wording
from sopctl.cli.language import _, said
from sopctl.cli.options import end, example, json_option, open_desk, trusted_path_option
from sopctl.cli.render import put_advice, put_json
from sopctl.errors import Action
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.model.access.target import HostKey
    from sopctl.store.switches import PinnedKey
    from sopctl.workflow.ports.switches import SwitchKeys


@click.command(
    "host-key",
    epilog=example("sopctl switch host-key sw-a1", "sopctl switch host-key sw-a1 --confirm SHA256:…"),
)
@click.argument("name", metavar="SWITCH")
@click.option("--confirm", metavar="SHA256:…", help="Pin this key: compared at the switch's console.")
@trusted_path_option
@json_option
@click.pass_context
def command(ctx: click.Context, name: str, *, confirm: str | None, trusted_path: str, as_json: bool) -> None:
    """The switch's host key: pinned, and as shown now. Exit 1: they differ. No login takes place.

    Without a pinned key nobody logs in at all. A new key, after the switch was replaced or reset, is confirmed again.
    """
    from sopctl.workflow.ports import switches

    desk = open_desk(ctx)
    if confirm or trusted_path:
        pin = switches.confirm(desk, name, fingerprint=confirm, trusted_path=trusted_path)
        if as_json:
            _put_json(name, pin, pin.key)
        else:
            click.secho(f"✓ {name}  {pin.key.type} {pin.key.sha256}  ({printable(pin.how)})", fg="green")
        return
    keys = switches.look(desk, name)
    if as_json:
        _put_json(keys.name, keys.pinned, keys.found.host_key)
    else:
        _put_keys(keys)
    end(not keys.changed)


def _put_json(name: str, pinned: "PinnedKey | None", shown: "HostKey | None") -> None:
    from sopctl.cli.documents import access

    put_json(access.host_keys(name, pinned, None, shown))


def _put_keys(keys: "SwitchKeys") -> None:
    pin, shown = keys.pinned, keys.found.host_key
    wide = max(8, len(_("pinned")), len(_("shown")))
    if pin:
        how = f"{printable(pin.by)}, {printable(pin.how)}"
        click.echo(f"{_('pinned'):<{wide}} {pin.key.type} {pin.key.sha256}  ({pin.at:%Y-%m-%d}, {how})")
    why = printable(said(keys.found.detail))
    now = f"{shown.type} {shown.sha256}" if shown else _("no key: {detail}", detail=why)
    click.secho(f"{_('shown'):<{wide}} {now}", fg="red" if keys.changed else None)
    confirm_it = wording.command(Action("switch host-key", keys.name, needs=("fingerprint",)))
    if keys.changed:
        put_advice(
            _(
                "This is not the pinned key. Ask who replaced the switch, compare it at the console, then: {command}",
                command=confirm_it,
            )
        )
    elif shown and not pin:
        put_advice(_("Not confirmed. Compare it at the console, then: {command}", command=confirm_it))
