"""What the lab's commands print."""

import sys
from typing import TYPE_CHECKING

import click

from sopctl.cli.render import put_json

if TYPE_CHECKING:
    from sopctl.adapters.lab import LabServer, LabStatus


def put_labs(labs: "list[LabStatus]", *, as_json: bool) -> None:
    """Labs with their servers, and how to log in."""
    if as_json:
        from sopctl.cli.documents import lab as documents

        put_json(documents.Labs(labs=labs))
        return
    if not labs:
        click.echo("no lab is up; start one: sopctl lab up")
    for one in labs:
        click.echo(f"{one.name}: {one.release}, tier {one.tier}; the servers see this machine as {one.controller}")
        for server in one.servers:
            click.echo(f"  {_server(server)}")
        if one.switch:
            click.echo(f"  {_server(one.switch.server)}  the switch")
            click.echo(
                f"  service network {one.switch.network}, VLAN {one.switch.service_vlan}; this machine is in it as "
                f"{one.switch.controller}; quarantine is VLAN {one.switch.quarantine_vlan}"
            )
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
        click.echo(f"  log in: ssh -i {first.key_file} -p {first.port} {first.user}@{first.address}")


def _server(server: "LabServer") -> str:
    fingerprint = next((key.sha256 for key in server.host_keys if key.type == "ssh-ed25519"), "")
    states = f"  {', '.join(server.states)}" if server.states else ""
    return f"{server.name:<10} {server.state:<8} {server.address}:{server.port:<5} {fingerprint}{states}"


def progress(line: str) -> None:
    """A line about what is under way, on standard error, only on a terminal."""
    if sys.stderr.isatty():
        click.echo(line, err=True)
