"""`sopctl lab`: throwaway real servers on this machine."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.options import end
from sopctl.cli.render import put_json
from sopctl.errors import UsageError
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.adapters.lab import LabServer, LabStatus

AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")


@click.group()
def lab() -> None:
    """Throwaway real servers on this machine, to rehearse on.

    Debian servers with sshd, sudo and systemd, made in seconds and gone without a trace. Their network has no
    way out of this machine. Needs root; where mounts are not allowed (plain containers), each server is a root
    file system of its own with its own sshd, without services.

    \b
    Example:
      sopctl lab up --servers 3 && sopctl lab status && sopctl lab down
    """


@lab.command()
@click.option("--servers", type=click.IntRange(1, 100), help="How many, at least.  [default: 3; with --vm 1]")
@click.option("--switch", "switched", is_flag=True, help="With a real switch, the servers plugged into its ports.")
@click.option("--vm", is_flag=True, help="One emulated machine, with firmware, memory modules and disks of its own.")
@click.option(
    "--hardware",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What the machine is made of (sopctl lab hardware).",
)
@click.option("--release", default="bookworm", show_default=True, help="Debian release: bullseye, bookworm or trixie.")
@click.option("--name", default="lab", show_default=True, help="The lab's name; its servers are NAME1, NAME2, ...")
@AS_JSON
def up(
    *,
    servers: int | None,
    switched: bool,
    vm: bool,
    hardware: Path | None,
    release: str,
    name: str,
    as_json: bool,
) -> None:
    """Have servers running; those that run are left alone, a stopped one boots again.

    The first time the image is built (half a minute to a minute; needs this machine's Debian mirror). With --vm and
    another hardware than it has, a machine that runs is shut down, changed and booted; its first disk is kept.

    With --switch, which a lab may also get later, Open vSwitch runs on one more server, NAME0. Each server has a second
    card in one of its ports, p1 to p12, which begin in the quarantine VLAN 999; behind the uplink, in VLAN 120, is this
    machine with a card in the service network.

    \b
    Examples:
      sopctl lab up
      sopctl lab up --servers 10 --release trixie --name drill
      sopctl lab up --switch
      sopctl lab up --vm --name metal --hardware machine.yml
    """
    from sopctl.workflow.setup import lab as workflow

    if vm and switched:
        raise UsageError(
            "machine-no-card-switch",
            "a machine has no card for the switch",
            remedy="Give the switch a lab of its own: --name",
        )
    if hardware and not vm:
        raise UsageError("only-machine-made-hardware", "only a machine is made of hardware", remedy="Add --vm")
    if not vm:
        status = workflow.up(name, 3 if servers is None else servers, release, _progress, switched=switched)
    elif servers in (None, 1):
        status = workflow.up_machine(name, hardware, release, _progress)
    else:
        raise UsageError(
            "machine-alone-its-lab", "a machine is alone in its lab", remedy="Give another one a lab of its own: --name"
        )
    _show([status], as_json=as_json)


@lab.command()
@click.argument("server", metavar="SERVER")
@click.argument("port", metavar="PORT", type=click.IntRange(min=1))
@click.option("--name", default="lab", show_default=True, help="The lab's name.")
@AS_JSON
def plug(*, server: str, port: int, name: str, as_json: bool) -> None:
    """Pull a server's cable out of the switch and put it into another port.

    What the switch is configured to do with its ports stays as it is: that is what an audit then finds.

    \b
    Example:
      sopctl lab plug lab1 5
    """
    from sopctl.workflow.setup import lab as workflow

    _show([workflow.plug(name, server, port)], as_json=as_json)


@lab.command("switch")
@click.option("--name", default="lab", show_default=True, help="The lab's name.")
@click.option("--as", "called", metavar="SWITCH", help="What the site calls it.  [default: the server's name, NAME0]")
@AS_JSON
def show_switch(*, name: str, called: str | None, as_json: bool) -> None:
    """Print the lab's switch as a site describes one, for its folder switches/.

    The lab's private key opens it: it belongs into the site's keys/, under the switch's name (lab status says where the
    key is). Its host key is confirmed as any switch's is; lab status shows the fingerprint.

    \b
    Example:
      sopctl lab switch --as sw-a1 > switches/sw-a1.yml
    """
    from sopctl.workflow.setup import lab as workflow

    record = workflow.switch_record(name, called)
    if as_json:
        put_json({"switch": record})
    else:
        click.echo(workflow.as_file(record), nl=False)


@lab.command("hardware")
@click.option("--name", default="lab", show_default=True, help="The lab's name.")
@AS_JSON
def show_hardware(*, name: str, as_json: bool) -> None:
    """Print what a machine is made of, to edit for `lab up --vm --hardware`; the default if there is none.

    \b
    Example:
      sopctl lab hardware > machine.yml
    """
    from sopctl.workflow.setup import lab as workflow

    made_of = workflow.hardware(name)
    if as_json:
        put_json({"hardware": made_of})
    else:
        click.echo(workflow.as_file(made_of), nl=False)


@lab.command()
@click.option("--name", help="Only the lab of this name.")
@AS_JSON
def status(*, name: str | None, as_json: bool) -> None:
    """The labs, their servers, and how to log in.

    \b
    Example:
      sopctl lab status --json
    """
    from sopctl.workflow.setup import lab as workflow

    _show(workflow.statuses(name), as_json=as_json)


@lab.command()
@click.option("--name", default="lab", show_default=True, help="The lab's name.")
@click.option("--all", "everything", is_flag=True, help="All labs.")
@AS_JSON
def down(*, name: str, everything: bool, as_json: bool) -> None:
    """Take a lab away with everything it made; the image stays for the next one.

    \b
    Examples:
      sopctl lab down
      sopctl lab down --all
    """
    from sopctl.workflow.setup import lab as workflow

    gone = workflow.down(None if everything else name, _progress)
    if as_json:
        put_json({"removed": gone})
    else:
        click.echo(f"gone: {', '.join(gone)}" if gone else "there was no lab to take away")


@lab.command()
@click.argument("playbook", metavar="PLAYBOOK", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--servers", type=click.IntRange(1, 100), default=1, show_default=True, help="On how many new servers.")
@click.option("--release", default="bookworm", show_default=True, help="Debian release: bullseye, bookworm or trixie.")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="A group of the inventory to be in, too.")
@click.option("--keep", is_flag=True, help="Leave the servers up, to look at them: sopctl lab status.")
@AS_JSON
@click.pass_context
def rehearse(
    ctx: click.Context,
    playbook: Path,
    *,
    servers: int,
    release: str,
    groups: tuple[str, ...],
    keep: bool,
    as_json: bool,
) -> None:
    """Run a playbook of the site on new lab servers, twice. Exit 1: it failed, or changed something again.

    The site and its servers are not touched. The lab servers are configured as deposits are, and are gone afterwards.

    \b
    Examples:
      sopctl lab rehearse playbooks/configure.yml
      sopctl lab rehearse playbooks/site.yml --group unit_dinas_kesehatan --release trixie
    """
    from sopctl.cli.render import task_progress
    from sopctl.workflow.setup import rehearsing

    with task_progress(quiet=as_json) as on_event:
        found = rehearsing.rehearse(
            ctx.find_root().obj,
            playbook,
            servers=servers,
            release=release,
            groups=groups,
            keep=keep,
            progress=_progress,
            on_event=on_event,
        )
    if as_json:
        put_json({"ok": found.ok, "first": found.first, "second": found.second})
    else:
        for run in (found.first, found.second):
            for host in run.hosts.values() if run else ():
                click.echo(f"{host.host}: {host.ok} ok, {host.changed} changed, {host.failed} failed")
                if host.message:
                    click.echo(f"  {printable(host.failed_task)}: {printable(host.message, 1_000)}")
            if run and run.message:
                click.echo(f"  {printable(run.message, 1_000)}")
        if found.ok:
            click.secho("✓ rehearsed: a second run changes nothing", fg="green")
        elif found.changed_again:
            click.secho("✗ a second run changes something: its tasks are not idempotent", fg="red")
    end(found.ok)


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        click.echo(line, err=True)


def _server(server: "LabServer") -> str:
    fingerprint = next((key.sha256 for key in server.host_keys if key.type == "ssh-ed25519"), "")
    return f"{server.name:<10} {server.state:<8} {server.address}:{server.port:<5} {fingerprint}"


def _show(labs: "list[LabStatus]", *, as_json: bool) -> None:
    if as_json:
        put_json({"labs": labs})
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
