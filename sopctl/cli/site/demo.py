"""`sopctl demo`: the whole procedure on throwaway servers."""

from pathlib import Path

import click

from sopctl.cli.options import example


@click.command("demo", epilog=example("sopctl demo", "sopctl demo --keep"))
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("demo-site"),
    show_default=True,
    help="The demo's own site, made afresh each time.",
)
@click.option("--lab", "lab_name", default="demo", show_default=True, help="The demo's own lab, made afresh each time.")
@click.option("--keep", is_flag=True, help="Leave the servers and the site up, to try commands on.")
def command(folder: Path, *, lab_name: str, keep: bool) -> None:
    """Take three requests through the procedure on real throwaway servers (needs root; see sopctl doctor).

    Two fit the rack, one waits. One server refuses access at first and is repaired. One is returned, and the
    request that waits gets its place.
    """
    import time

    from sopctl.workflow.setup import demo as demonstration

    started = time.monotonic()
    try_next = demonstration.run(folder.absolute(), lab_name=lab_name, keep=keep, say=click.echo, heading=_heading)
    click.echo(f"\nDone in {time.monotonic() - started:.0f} s. The papers:")
    for paper in sorted(folder.glob("deposits/*/documents/*.pdf")):
        click.echo(f"  {paper}")
    if try_next:
        click.echo("\nServers and site are still up. Try:")
    for line in try_next:
        click.echo(f"  {line}")


def _heading(text: str) -> None:
    click.secho(f"\n━━ {text} ━━", bold=True)
