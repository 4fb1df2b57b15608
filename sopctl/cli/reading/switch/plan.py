"""`sopctl switch plan`: what would change on a port."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, said
from sopctl.cli.options import end, example, id_argument, json_option, open_desk, session_log_option
from sopctl.cli.reading.switch._render import put_refusals, put_warnings
from sopctl.cli.render import put_json
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.model.ports.port import PortSetting
    from sopctl.workflow.ports.change import Proposal


@click.command("plan", epilog=example("sopctl switch plan PS-2026-0001", "sopctl switch plan PS-2026-0001 --release"))
@id_argument
@click.option(
    "--release", is_flag=True, help="What `sopctl switch release` would do, instead of `sopctl switch apply`."
)
@session_log_option
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, release: bool, session_log: Path | None, as_json: bool) -> None:
    """What would change on the deposit's port: the lines that would be sent, and those that would undo them.

    The switch is only read. Exit 1: the change is refused; the reason is shown.
    """
    from sopctl.workflow.ports import deposit_port

    found = deposit_port.plan(open_desk(ctx), deposit_id, release=release, log=session_log)
    if as_json:
        from sopctl.cli.documents import ports

        put_json(ports.plan(found))
    else:
        _put_plan(found)
    end(not found.plan.refusals)


def _put_plan(found: "Proposal") -> None:
    plan = found.plan
    click.secho(f"{plan.switch} {plan.port}", bold=True)
    wide = max(7, len(_("now")), len(_("wanted")))
    below = " " * (wide + 3)
    if plan.before:
        link = {True: _("link up"), False: _("link down"), None: _("link unknown")}[plan.before.link]
        heard = _("{link}; heard: {devices}", link=link, devices=", ".join(plan.macs) or _("nothing"))
        click.echo(f"  {_('now'):<{wide}} {_setting(plan.before.setting)}\n{below}{heard}")
        if plan.before.stopped:
            stopped = _("stopped by the switch: {why}", why=printable(plan.before.stopped))
            click.echo(below + stopped)
        if plan.before.bound:
            bound = _("port security: {addresses}", addresses=", ".join(plan.before.bound))
            click.echo(below + bound)
    click.echo(f"  {_('wanted'):<{wide}} {_setting(plan.wanted)}")
    put_refusals(plan.refusals)
    put_warnings(plan.warnings)
    if plan.before and not plan.changes:
        click.echo("  " + _("nothing to change"))
    for title, lines in ((_("would be sent:"), found.lines), (_("the way back:"), found.back)):
        if lines:
            click.echo(f"  {title}")
            for line in lines:
                click.echo(f"    {printable(line, 2_000)}")
    if found.lines and plan.wanted.enabled:
        how = said(found.restore) or _("no (see docs/howto/switches.md)")
        click.echo("  " + _("restored by itself if we do not come back: {how}", how=how))


def _setting(setting: "PortSetting") -> str:
    from sopctl.model.ports.port import NONE_TAGGED

    parts = [f"{setting.mode}, VLAN {setting.vlan}"]
    if setting.mode == "trunk":
        none = setting.tagged == NONE_TAGGED
        tagged = _("none") if none else ", ".join(map(str, setting.tagged)) or _("all")
        parts.append(_("tagged {vlans}", vlans=tagged))
    if setting.voice is not None:
        parts.append(_("voice VLAN {vlan}", vlan=setting.voice or _("untagged")))
    if setting.speed_mbps:
        parts.append(f"{setting.speed_mbps} Mb/s")
    parts.append(f"“{printable(setting.description)}”")
    rest = ", ".join(parts)
    return _("open, {setting}", setting=rest) if setting.enabled else _("shut, {setting}", setting=rest)
