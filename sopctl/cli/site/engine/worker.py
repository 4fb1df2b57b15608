"""`sopctl engine worker`: work for a network."""

from pathlib import Path

import click

from sopctl.cli.options import example

FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


@click.command(
    "worker",
    epilog=example("sopctl engine worker --network cabang", "sopctl engine worker --folder /etc/sopctl-worker"),
)
@click.option("--network", metavar="NAME", help="Its network [default: as worker.yml says].")
@click.option("--folder", type=FOLDER, default=".", show_default=True, help="With worker.yml, certificates and keys/.")
def command(*, network: str | None, folder: Path) -> None:
    """Check the servers of a network, and ask them for facts, as the controller says, until it is stopped.

    It connects to the broker, and listens on nothing. It logs in with the keys in its own folder's keys/, and needs no
    site. It says on standard output what an operator may want to read.
    """
    from sopctl.workflow.setup import engine

    engine.work(folder.absolute(), network, click.echo)
