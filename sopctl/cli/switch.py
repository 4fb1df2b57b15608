"""`sopctl switch`: the ports of the racks' switches, planned, applied, released and audited."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.options import decider_options, end, example, id_argument, json_option, open_desk, open_site
from sopctl.cli.render import console, put_json, put_step, table
from sopctl.errors import ExitCode
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.model.ports.port import PortSetting
    from sopctl.workflow.desk import StepDone
    from sopctl.workflow.ports.audit import Audited
    from sopctl.workflow.ports.change import PortResult, Proposal
    from sopctl.workflow.ports.switches import SwitchKeys


session_log_option = click.option(
    "--session-log",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Add what was said to this file (0600), without secrets.",
)


@click.group(
    epilog=example("sopctl switch plan PS-2026-0001", "sopctl switch apply PS-2026-0001", "sopctl switch audit")
)
def switch() -> None:
    """The switch ports of deposited servers. Each switch is a file, switches/NAME.yml, and pins its host key first."""


@switch.command("list", epilog=example("sopctl switch list"))
@json_option
@click.pass_context
def list_switches(ctx: click.Context, *, as_json: bool) -> None:
    """The switches that the site has records of, with the host key each is known by."""
    from sopctl.workflow.ports import switches

    rows = switches.rows(open_site(ctx))
    if as_json:
        put_json({"switches": rows})
        return
    if not rows:
        click.echo(
            "No switches. Each is a file, such as switches/sw-a1.yml: name, platform, address, account, ports, …"
        )
        return
    made = table("switch", "platform", "address", "racks", "ports", "host key")
    for row in rows:
        key = row.host_key or f"none: sopctl switch host-key {row.name}"
        address = f"{row.address}:{row.port}"
        made.add_row(row.name, row.platform, address, ", ".join(row.racks) or "–", str(row.ports), key)
    console().print(made)


@switch.command(
    "host-key", epilog=example("sopctl switch host-key sw-a1", "sopctl switch host-key sw-a1 --confirm SHA256:…")
)
@click.argument("name", metavar="SWITCH")
@click.option("--confirm", metavar="SHA256:…", help="Pin this key: compared at the switch's console.")
@click.option(
    "--trusted-path",
    default="",
    metavar="WHY",
    help="Pin the key that is shown, because nobody can stand in between: a cable of our own, say.",
)
@json_option
@click.pass_context
def host_key(ctx: click.Context, name: str, *, confirm: str | None, trusted_path: str, as_json: bool) -> None:
    """The switch's host key: pinned, and as it is shown now. Exit 1: another than pinned. Nobody logs in for it.

    Without a pinned key nobody logs in at all. A new one (after the switch was replaced or reset) is confirmed anew.
    """
    from sopctl.workflow.ports import switches

    desk = open_desk(ctx)
    if confirm or trusted_path:
        pin = switches.confirm(desk, name, fingerprint=confirm, trusted_path=trusted_path)
        if as_json:
            put_json({"name": name, "pinned": pin})
        else:
            click.secho(f"✓ {name}  {pin.key.type} {pin.key.sha256}  ({printable(pin.how)})", fg="green")
        return
    keys = switches.look(desk, name)
    if as_json:
        put_json({"name": keys.name, "pinned": keys.pinned, "shown": keys.found.host_key})
    else:
        _put_keys(keys)
    end(not keys.changed)


def _put_keys(keys: "SwitchKeys") -> None:
    pin, shown = keys.pinned, keys.found.host_key
    if pin:
        how = f"{printable(pin.by)}, {printable(pin.how)}"
        click.echo(f"{'pinned':<8} {pin.key.type} {pin.key.sha256}  ({pin.at:%Y-%m-%d}, {how})")
    now = f"{shown.type} {shown.sha256}" if shown else f"no key: {printable(keys.found.detail)}"
    click.secho(f"{'shown':<8} {now}", fg="red" if keys.changed else None)
    if keys.changed:
        click.echo("Another key than the pinned one: ask who replaced the switch, compare at its console, confirm it.")
    elif shown and not pin:
        click.echo(
            f"Not confirmed: compare at the console, then: sopctl switch host-key {keys.name} --confirm SHA256:…"
        )


@switch.command(epilog=example("sopctl switch plan PS-2026-0001", "sopctl switch plan PS-2026-0001 --release"))
@id_argument
@click.option("--release", is_flag=True, help="What `switch release` would do, not `switch apply`.")
@session_log_option
@json_option
@click.pass_context
def plan(ctx: click.Context, deposit_id: str, *, release: bool, session_log: Path | None, as_json: bool) -> None:
    """What would change on the deposit's port, the lines that would be sent, and those of the way back.

    The switch is read; nothing is sent that changes anything. Exit 1: something forbids it, and what.
    """
    from sopctl.workflow.ports import deposit_port

    found = deposit_port.plan(open_desk(ctx), deposit_id, release=release, log=session_log)
    if as_json:
        put_json(found)
    else:
        _put_plan(found)
    end(not found.plan.refusals)


def _put_plan(found: "Proposal") -> None:
    plan = found.plan
    click.secho(f"{plan.switch} {plan.port}", bold=True)
    if plan.before:
        link = {True: "up", False: "down", None: "unknown"}[plan.before.link]
        heard = ", ".join(plan.macs) or "nothing"
        click.echo(f"  now     {_setting(plan.before.setting)}\n          link {link}; heard: {heard}")
    click.echo(f"  wanted  {_setting(plan.wanted)}")
    for refusal in plan.refusals:
        click.secho(f"  ✗ {refusal.reason}: {printable(refusal.detail)}", fg="red")
        click.echo(f"    → {refusal.remedy}")
    if plan.before and not plan.changes:
        click.echo("  nothing to change")
    for title, lines in (("would be sent", found.lines), ("the way back", found.back)):
        if lines:
            click.echo(f"  {title}:")
            for line in lines:
                click.echo(f"    {printable(line, 2_000)}")
    if found.lines:
        click.echo(f"  by itself, should we not come back: {found.restore or 'no (see docs/switches.md)'}")


def _setting(setting: "PortSetting") -> str:
    vlan = f"{setting.mode}, VLAN {setting.vlan}"
    if setting.mode == "trunk":
        vlan += f", tagged {', '.join(map(str, setting.tagged)) or 'all'}"
    speed = f", {setting.speed_mbps} Mb/s" if setting.speed_mbps else ""
    state = "open" if setting.enabled else "shut"
    return f"{state}, {vlan}{speed}, “{printable(setting.description)}”"


@switch.command(epilog=example("sopctl switch apply PS-2026-0001"))
@id_argument
@session_log_option
@decider_options
@json_option
@click.pass_context
def apply(ctx: click.Context, deposit_id: str, *, session_log: Path | None, as_json: bool) -> None:
    """Give the deposit's server its port: read, refuse, change, read back, hear the server, save. Exit 1: it is not so.

    `sopctl configure` does the same first. Whatever fails half-way puts the port back and says so; before and after
    are in the dossier's history.
    """
    from sopctl.workflow.ports import deposit_port

    _put_change(*deposit_port.apply(open_desk(ctx), deposit_id, log=session_log), as_json=as_json)


@switch.command(epilog=example("sopctl switch release PS-2026-0001"))
@id_argument
@session_log_option
@decider_options
@json_option
@click.pass_context
def release(ctx: click.Context, deposit_id: str, *, session_log: Path | None, as_json: bool) -> None:
    """Shut the deposit's port and put it into quarantine, at any step. Exit 1: it is not shut.

    `sopctl release` does the same at pengembalian 6. This is for a server that must be off the net at once.
    """
    from sopctl.workflow.ports import deposit_port

    _put_change(*deposit_port.release(open_desk(ctx), deposit_id, log=session_log), as_json=as_json)


def _put_change(done: "StepDone", result: "PortResult", *, as_json: bool) -> None:
    if as_json:
        put_json({"step": done, "port": result})
    else:
        put_step(done, as_json=False)
        if result.remedy and not result.answer:
            click.echo(f"  → {printable(result.remedy, 500)}")
    end(done.answer)


@switch.command(epilog=example("sopctl switch audit", "sopctl switch audit sw-a1 sw-b1 --json"))
@click.argument("names", metavar="[SWITCH]...", nargs=-1)
@json_option
@click.pass_context
def audit(ctx: click.Context, names: tuple[str, ...], *, as_json: bool) -> None:
    """Compare every port of every rack with the records: unknown devices, wrong VLANs, servers on another's port.

    Switches are read at the same time, in one session each; nothing is changed. Exit 1: something is wrong; 6: a
    switch could not be read.
    """
    from sopctl.cli.interrupt import cancel_on_interrupt
    from sopctl.workflow.ports import audit

    with cancel_on_interrupt() as cancel:
        found, errors = audit.audit(open_desk(ctx), names, cancel=cancel)
    if as_json:
        put_json(found)
    else:
        _put_audit(found)
    if cancel.is_set():
        sys.exit(ExitCode.INTERRUPTED)
    for error in errors.values():
        sys.exit(error.exit_code)
    end(found.answer)


def _put_audit(found: "Audited") -> None:
    for name, ports in found.switches.items():
        wrong = sum(each.wrong for each in found.findings if each.switch == name)
        click.secho(f"{'✗' if wrong else '✓'} {name}: {ports} ports, {wrong} wrong", fg="red" if wrong else "green")
        for each in found.findings:
            if each.switch == name:
                whose = f" ({each.deposit})" if each.deposit else ""
                click.echo(f"  {each.kind:<15} {each.port}{whose}: {printable(each.detail)}")
    for name, why in found.errors.items():
        click.secho(f"✗ {name}: {printable(why, 1_000)}", fg="red")
    if not found.switches and not found.errors:
        click.echo("No switches. Each is a file, such as switches/sw-a1.yml.")
