"""What the lab's commands print."""

import sys
from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, said
from sopctl.cli.render import in_column, put_json
from sopctl.locale import Text

if TYPE_CHECKING:
    from sopctl.adapters.lab import LabServer, LabStatus


def put_labs(labs: "list[LabStatus]", *, as_json: bool) -> None:
    """Labs with their servers, and how to log in."""
    if as_json:
        from sopctl.cli.documents import lab as documents

        put_json(documents.Labs(labs=labs))
        return
    if not labs:
        click.echo(_("no lab is up; start one: sopctl lab up"))
    for one in labs:
        click.echo(
            _(
                "{name}: {release}, tier {tier}; the servers see this machine as {controller}",
                name=one.name,
                release=one.release,
                tier=one.tier,
                controller=one.controller,
            )
        )
        for server in one.servers:
            click.echo(f"  {_server(server)}")
        if one.switch:
            click.echo(f"  {_server(one.switch.server)}  {_('the switch')}")
            told = _(
                "service network {network}, VLAN {vlan}; this machine is in it as {controller}; quarantine is VLAN "
                "{quarantine}",
                network=one.switch.network,
                vlan=one.switch.service_vlan,
                controller=one.switch.controller,
                quarantine=one.switch.quarantine_vlan,
            )
            click.echo(f"  {told}")
            for port in one.switch.ports:
                if port.server:
                    click.echo(f"  {port.name:<4} {port.server:<10} {port.mac}  {port.address}")
        if one.hardware:
            parts = [f"{each.slot} {each.size_mib} MiB {each.serial}" for each in one.hardware.memory]
            parts += [f"{each.bus} {each.size_gb} GB {each.serial}" for each in one.hardware.disks]
            click.echo(
                f"  {one.hardware.manufacturer} {one.hardware.product} {one.hardware.serial}: {', '.join(parts)}"
            )
        first = one.servers[0]
        command = f"ssh -i {first.key_file} -p {first.port} {first.user}@{first.address}"
        click.echo("  " + _("log in: {command}", command=command))


def _server(server: "LabServer") -> str:
    from sopctl.workflow import terms

    fingerprint = next((key.sha256 for key in server.host_keys if key.type == "ssh-ed25519"), "")
    left_in = f"  {', '.join(server.states)}" if server.states else ""
    state = in_column(terms.LAB_SERVERS)[server.state]
    return f"{server.name:<10} {state} {server.address}:{server.port:<5} {fingerprint}{left_in}"


def progress(line: str | Text) -> None:
    """A line about what is under way, on standard error, only on a terminal."""
    if sys.stderr.isatty():
        click.echo(said(line), err=True)
