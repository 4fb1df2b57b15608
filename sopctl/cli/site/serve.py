"""`sopctl serve`: the page."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli import wording
from sopctl.cli.options import example, open_site

if TYPE_CHECKING:
    from types import ModuleType


@click.command("serve", epilog=example("sopctl serve", "sopctl serve --unix /run/sopctl/page.sock"))
@click.option("--port", type=click.IntRange(1, 65535), default=8460, show_default=True, help="The port, on loopback.")
@click.option(
    "--unix", type=click.Path(path_type=Path, dir_okay=False), help="A Unix socket instead, for the office's proxy."
)
@click.pass_context
def command(ctx: click.Context, *, port: int, unix: Path | None) -> None:
    """Serve the page: heads dispose, units ask, everyone sees what waits for them (docs/reference/page.md).

    It listens on this machine alone. The office's proxy (nginx, Caddy) stands before it with TLS and the address that
    sopctl.yml names (`page: {url: https://…}`). Needs the extra `page` (docs/howto/installing.md).
    """
    page_server().serve(
        open_site(ctx), port=port, unix=unix, say=lambda text: click.echo(text, err=True), command=wording.command
    )


def page_server() -> "ModuleType":
    """The server of the page. Raises OutsideFailure where its libraries are not installed."""
    try:
        from sopctl.page import server
    except ImportError:
        from sopctl.errors import missing_extra

        raise missing_extra("page") from None
    return server
