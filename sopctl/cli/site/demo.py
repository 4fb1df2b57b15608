"""`sopctl demo`: the whole procedure on throwaway servers."""

from pathlib import Path

import click

from sopctl.cli.language import _, said
from sopctl.cli.options import example
from sopctl.cli.site.serve import page_server
from sopctl.locale import Prose, Text


@click.command("demo", epilog=example("sopctl demo", "sopctl demo --keep", "sopctl demo --page"))
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("demo-site"),
    show_default=True,
    help="The demo's own site, made afresh each time.",
)
@click.option("--lab", "lab_name", default="demo", show_default=True, help="The demo's own lab, made afresh each time.")
@click.option("--keep", is_flag=True, help="Leave the servers and the site up, to try commands on.")
@click.option("--page", is_flag=True, help="Show the site in a browser at the end, until Ctrl-C.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8460, show_default=True, help="The page's port, on loopback."
)
def command(folder: Path, *, lab_name: str, keep: bool, page: bool, port: int) -> None:
    """Take three requests through the procedure on real throwaway servers (needs root; see sopctl doctor).

    Two fit the rack, one waits. One server refuses access at first and is repaired. One is returned, and the
    request that waits gets its place. With --page, three people log in at the end: the head, staff, and a unit.
    """
    import time

    from sopctl.workflow.setup import demo as demonstration

    if page:
        page_server().refuse_taken(port)
    started = time.monotonic()
    try_next = demonstration.run(
        folder.absolute(), lab_name=lab_name, keep=keep, page=port if page else None, say=_say, heading=_heading
    )
    click.echo("\n" + _("Done in {seconds} s. The papers:", seconds=f"{time.monotonic() - started:.0f}"))
    for paper in sorted(folder.glob("deposits/*/documents/*.pdf")):
        click.echo(f"  {paper}")
    if try_next:
        click.echo("\n" + _("Servers and site are still up. Try:"))
    for line in try_next:
        click.echo(f"  {line}")


def _say(text: Prose) -> None:
    click.echo(said(text) if isinstance(text, Text) else text)


def _heading(text: Prose) -> None:
    click.secho(f"\n━━ {said(text)} ━━", bold=True)
