"""`sopctl init`: a new site."""

from pathlib import Path

import click

from sopctl.cli.options import example, json_option
from sopctl.cli.render import put_json


@click.command("init", epilog=example("sopctl init my-site", "sopctl init my-site --group datacentre"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--group", default="", help="Members of this group of the system may record, too.")
@json_option
def command(folder: Path, *, group: str, as_json: bool) -> None:
    """Make a new site in DIR: configuration, a rack, playbooks, and a management key."""
    from sopctl.workflow.setup import init

    site = init.init(folder, group=group)
    if as_json:
        put_json({"site": str(site.root)})
        return
    click.echo(f"Made the site {site.root}")
    click.echo(f"  next: put your office and people into {site.root / 'sopctl.yml'},")
    click.echo("        your racks into racks/, then: sopctl request --example > request.yml")
