"""One dossier is broken: every command that looks at the whole site names it where it matters, and goes on."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from sopctl.cli.main import cli
from sopctl.store import register
from tests.cases import rows
from tests.faults import stages
from tests.faults.server import Server

TABLE = rows("reading_commands")
READING = [row for row in TABLE if "words" in row]


def commands(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command below `group`, with the names of its groups."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))
        else:
            yield " ".join((*before, name))


@pytest.fixture(scope="module")
def broken(made: Path, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with three dossiers, the first of which, in rack A1, cannot be read any more; `list` had seen it."""
    site = tmp_path_factory.mktemp("broken") / "site"
    shutil.copytree(made / "placed", site)
    for number in range(2):
        assert server.run(site, ["request", str(made / "inputs" / f"other{number}.yml")]).code == 0
    time.sleep(2 * register.RACY_NS / 1e9)  # a file that is so new is not trusted to the index
    assert server.run(site, ["list"]).code == 0
    (site / "deposits" / stages.ID / "history.yml").write_text("- x\n")
    return site


@pytest.mark.parametrize("row", READING, ids=lambda row: " ".join(row["words"]))
def test_it_is_named_and_the_others_are_shown(
    broken: Path, made: Path, server: Server, tmp_path: Path, row: dict[str, Any]
) -> None:
    site, inputs = tmp_path / "site", tmp_path / "inputs"
    shutil.copytree(broken, site)
    shutil.copytree(made / "inputs", inputs)
    ended = server.run(site, [word.format(folder=inputs, site=site) for word in row["words"]])
    assert (ended.code, "Traceback" in ended.err) == (row["code"], False), ended.out + ended.err
    assert row["shows"] in ended.out, ended.out + ended.err
    assert (f"{stages.ID}/history.yml:1" in ended.err) == row["names"], ended.err


def test_every_command_is_in_the_table() -> None:
    said = [name for row in TABLE for name in row.get("commands", ())]
    walked = {name for name in commands(cli) for row in READING if f"{' '.join(row['words'])} ".startswith(f"{name} ")}
    assert set(commands(cli)) == walked | set(said)
    assert sorted(said) == sorted(set(said) - walked)
