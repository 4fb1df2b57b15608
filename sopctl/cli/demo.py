"""`sopctl demo`: the whole procedure on throwaway servers."""

import shlex
from pathlib import Path

import click

from sopctl.cli.options import example


@click.command(epilog=example("sopctl demo", "sopctl demo --keep"))
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("demo-site"),
    show_default=True,
    help="The demo's own site; made anew each time.",
)
@click.option("--keep", is_flag=True, help="Leave the servers and the site up, to try commands on.")
def demo(folder: Path, *, keep: bool) -> None:
    """Take three requests through the procedure on real throwaway servers (root; see sopctl doctor).

    Two fit the rack, one waits. One server refuses access at first and is repaired. One is returned, and the
    request that waits gets its place.
    """
    import time

    from sopctl.workflow import demo as demonstration

    started = time.monotonic()
    demonstration.run(folder.absolute(), keep=keep, say=click.echo, heading=_heading)
    papers = sorted(folder.glob("deposits/*/documents/*.pdf"))
    click.echo(f"\nDone in {time.monotonic() - started:.0f} s. The papers:")
    for paper in papers:
        click.echo(f"  {paper}")
    if not keep:
        return
    site = shlex.quote(str(folder))
    click.echo(
        f"\nServers and site are still up. Try:\n"
        f"  export SOPCTL_SITE={site}\n"
        f"  sopctl list\n"
        f"  sopctl show PS-2026-0002\n"
        f"  sopctl rack show A1\n"
        f"  sopctl inventory show PS-2026-0002\n"
        f"  (cd {site} && ansible-inventory -i inventory --graph)\n"
        f"  sopctl lab status --name {demonstration.LAB}\n"
        f"and in the end:\n"
        f"  sopctl lab down --name {demonstration.LAB}"
    )


def _heading(text: str) -> None:
    click.secho(f"\n━━ {text} ━━", bold=True)
