"""`sopctl lab`: throwaway real servers on this machine."""

import sys
from typing import TYPE_CHECKING

import click

from sopctl.cli.render import put_json

if TYPE_CHECKING:
    from sopctl.adapters.lab import LabStatus

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
@click.option("--servers", type=click.IntRange(1, 100), default=3, show_default=True, help="How many, at least.")
@click.option("--release", default="bookworm", show_default=True, help="Debian release: bookworm or trixie.")
@click.option("--name", default="lab", show_default=True, help="The lab's name; its servers are NAME1, NAME2, ...")
@AS_JSON
def up(*, servers: int, release: str, name: str, as_json: bool) -> None:
    """Have servers running; those that run are left alone, a stopped one boots again.

    The first time the image is built (about half a minute; needs this machine's Debian mirror).

    \b
    Examples:
      sopctl lab up
      sopctl lab up --servers 10 --release trixie --name drill
    """
    from sopctl.workflow import lab as workflow

    _show([workflow.up(name, servers, release, _progress)], as_json=as_json)


@lab.command()
@click.option("--name", help="Only the lab of this name.")
@AS_JSON
def status(*, name: str | None, as_json: bool) -> None:
    """The labs, their servers, and how to log in.

    \b
    Example:
      sopctl lab status --json
    """
    from sopctl.workflow import lab as workflow

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
    from sopctl.workflow import lab as workflow

    gone = workflow.down(None if everything else name, _progress)
    if as_json:
        put_json({"removed": gone})
    else:
        click.echo(f"gone: {', '.join(gone)}" if gone else "there was no lab to take away")


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        click.echo(line, err=True)


def _show(labs: "list[LabStatus]", *, as_json: bool) -> None:
    if as_json:
        put_json({"labs": labs})
        return
    if not labs:
        click.echo("no lab is up; start one: sopctl lab up")
    for one in labs:
        click.echo(f"{one.name}: {one.release}, tier {one.tier}; the servers see this machine as {one.controller}")
        for server in one.servers:
            fingerprint = next((key.sha256 for key in server.host_keys if key.type == "ssh-ed25519"), "")
            click.echo(f"  {server.name:<10} {server.state:<8} {server.address}:{server.port:<5} {fingerprint}")
        first = one.servers[0]
        click.echo(f"  log in: ssh -i {first.key_file} -p {first.port} {first.user}@{first.address}")
