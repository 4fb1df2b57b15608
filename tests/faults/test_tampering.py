"""Someone who can write the site changes its records by hand: whatever they do to them, it shows."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from sopctl.errors import SopctlError
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import integrity
from sopctl.workflow.setup import journal, validation
from tests.faults import stages
from tests.faults.judging import everything, unsound
from tests.faults.scale import figure, times
from tests.faults.server import Server

CHANGES = times(1000, 60)

Change = Callable[[bytes, Random, list[bytes]], bytes]
"""What the file held, and what others like it hold → what it holds afterwards."""


def flip_bit(content: bytes, random: Random, others: list[bytes]) -> bytes:
    at = random.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << random.randrange(8))]) + content[at + 1 :]


def truncate(content: bytes, random: Random, others: list[bytes]) -> bytes:
    return content[: random.randrange(len(content))]


def reorder(content: bytes, random: Random, others: list[bytes]) -> bytes:
    lines = content.splitlines(keepends=True)
    random.shuffle(lines)
    return b"".join(lines)


def drop_lines(content: bytes, random: Random, others: list[bytes]) -> bytes:
    lines = content.splitlines(keepends=True)
    first = random.randrange(len(lines))
    return b"".join(lines[:first] + lines[first + random.randint(1, 20) :])


def repeat_lines(content: bytes, random: Random, others: list[bytes]) -> bytes:
    lines = content.splitlines(keepends=True)
    first = random.randrange(len(lines))
    return b"".join(lines + lines[first : first + random.randint(1, 20)])


def splice(content: bytes, random: Random, others: list[bytes]) -> bytes:
    """The file goes on as another of its kind."""
    return content[: random.randrange(len(content))] + random.choice(others)[random.randrange(200) :]


def another(content: bytes, random: Random, others: list[bytes]) -> bytes:
    return random.choice(others)


CHANGE: list[Change] = [flip_bit, truncate, reorder, drop_lines, repeat_lines, splice, another]


def told(desk: Desk) -> list[str]:
    """What `validate`, `journal verify` (with what only lags) and `document verify --all` say."""
    try:
        papers, errors = integrity.of_site(desk)
        altered = [each.file for each in papers if each.state != "intact"]
        wrong = [*unsound(desk), *map(str, journal.check(desk).lagging), *altered]
        return [*wrong, *map(str, errors), *map(str, desk.site.lagging)]
    except SopctlError as error:
        return [str(error)]


@pytest.fixture
def tampered(made: Path, server: Server, tmp_path: Path) -> Path:
    """A site with three dossiers at different stages."""
    site = tmp_path / "site-under-test"
    shutil.copytree(made / "placed", site)
    for number in range(2):
        for words in (
            ["request", str(made / "inputs" / f"other{number}.yml")],
            ["dispose", f"PS-2026-000{number + 2}", "--by", "kadis", "--instruction", "x"],
        ):
            ended = server.run(site, words)
            assert ended.code == 0, ended.err
    return site


@pytest.mark.scaled
@pytest.mark.timeout(7200)
def test_every_change_of_a_record_shows(tampered: Path, desk: Desk) -> None:
    random = Random(20261126)
    whole = everything(tampered)
    assert told(Desk(Site(tampered), desk.deciding, desk.clock)) == []
    unnoticed = []
    for number in range(CHANGES):
        name = random.choice(sorted(whole))
        others = [content for other, content in whole.items() if Path(other).name == Path(name).name and other != name]
        others = others or [content for other, content in whole.items() if other != name]
        kind = random.choice([*CHANGE, None])
        path = tampered / name
        if kind is None:
            path.unlink()
        else:
            new = kind(whole[name], random, others)
            if new == whole[name]:
                continue
            path.write_bytes(new)
        if not told(Desk(Site(tampered), desk.deciding, desk.clock)):
            unnoticed.append(f"{number}: {kind.__name__ if kind else 'deleted'} {name}")
        for other, content in whole.items():
            if not (tampered / other).is_file() or (tampered / other).read_bytes() != content:
                (tampered / other).write_bytes(content)
    assert unnoticed == []
    figure("tampering", f"{CHANGES} changes of records, papers and journal by hand: every one is told")


def test_every_deleted_dossier_shows(tampered: Path, desk: Desk) -> None:
    for dossier in sorted((tampered / "deposits").iterdir()):
        moved = tampered.parent / dossier.name
        dossier.rename(moved)
        assert told(Desk(Site(tampered), desk.deciding, desk.clock))
        moved.rename(dossier)
    assert stages.ID in {each.name for each in (tampered / "deposits").iterdir()}
    errors = validation.validate(Desk(Site(tampered), desk.deciding, desk.clock)).errors
    assert errors == []
