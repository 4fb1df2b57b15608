"""A site's folder in which somebody has put something else: the page says what is wrong in one error, before it serves
or while it does; it never hangs, follows no link out, and has no traceback."""

import os
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sopctl.cli.main import cli
from sopctl.errors import SopctlError
from sopctl.page import server
from sopctl.page.app import application
from sopctl.store.site import Site
from tests.cases import rows
from tests.conftest import NOBODY, Clock, somebody_else
from tests.faults.scale import WHOLE
from tests.page.conftest import URL, Browser

LISTENED = "the page cannot listen there"
"""How `serve` ends where all is well, because something else has its port."""
PATHS = {"/berkas": "/berkas", "dossier": "/berkas/PS-2026-0001", "/rak": "/rak", "/sehat": "/sehat"}


def give(root: Path) -> None:
    """Let all below `root` be that account's."""
    for path in (root, *root.rglob("*")):
        os.chown(path, NOBODY, -1, follow_symlinks=False)


INSTEAD: dict[str, Callable[[Path, Path], object]] = {
    "gone": lambda _path, _outside: None,
    "link out": lambda path, outside: os.symlink(outside / path.name, path),
    "a loop": lambda path, _: path.symlink_to(path.name),
    "a pipe": lambda path, _: os.mkfifo(path),
    "a folder": lambda path, _: path.mkdir(),
    "a file": lambda path, _: path.write_text("x"),
    "endless": lambda path, _: path.write_bytes(b"a: " + b"[" * 10_000_000),
    "no YAML": lambda path, _: path.write_text("- x: [\n"),
    "no UTF-8": lambda path, _: path.write_bytes(b"\xff\0\xfe" * 50),
}
"""What takes the place of a path; what was there is moved out of the site before."""


def spoil(path: Path, harm: str, outside: Path) -> None:
    """Do to `path` what a row says."""
    if harm in INSTEAD:
        if os.path.lexists(path):
            path.rename(outside / path.name)
        else:
            (outside / path.name).touch()
        INSTEAD[harm](path, outside)
        if path.is_file() and not path.is_symlink():
            path.chmod(0o640)
    else:
        path.chmod({"unreadable": 0, "everyone's": path.stat().st_mode | stat.S_IWOTH}[harm])


def part() -> list[dict[str, Any]]:
    """The rows; of a bounded run each place and each harm once."""
    places, harms = set[str](), set[str]()
    found = []
    for row in rows("hostile_sites"):
        if WHOLE or row["at"] not in places or row["harm"] not in harms:
            found.append(row)
        places.add(row["at"])
        harms.add(row["harm"])
    return found


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def started(root: Path, port: int) -> str:
    """With what `sopctl serve` ends."""
    try:
        server.serve(Site(root), port=port, unix=None, say=lambda _: None, command=str)
    except SopctlError as error:
        return str(error)
    raise AssertionError("it served")


@pytest.fixture
def hostile(
    login: Callable[[str], Browser], file_request: Callable[..., str], site_with_units: Site, tmp_path: Path
) -> Iterator[Callable[[dict[str, str]], tuple[Path, Path]]]:
    """Make a site that was harmed as a row says: its folder, and one outside."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another account")
    deposit = file_request()
    login("kadis")
    whole = site_with_units.root
    (whole / "procedures").mkdir(exist_ok=True)
    secret = whole / "page/oidc-secret"
    secret.write_text("x")
    secret.chmod(0o640)
    tmp_path.chmod(0o755)

    def make(row: dict[str, str]) -> tuple[Path, Path]:
        root, outside = tmp_path / "hostile", tmp_path / "outside"
        shutil.rmtree(root, ignore_errors=True)
        shutil.rmtree(outside, ignore_errors=True)
        shutil.copytree(whole, root, ignore=shutil.ignore_patterns("playbooks", "roles"))  # a hundred folders
        outside.mkdir()
        spoil(root / row["at"].replace("ID", deposit), row["harm"], outside)
        give(root)
        give(outside)
        return root, outside

    yield make
    shutil.rmtree(tmp_path / "hostile", ignore_errors=True)


@pytest.mark.scaled
def test_the_page_of_a_hostile_site(
    hostile: Callable[[dict[str, str]], tuple[Path, Path]],
    login: Callable[[str], Browser],
    clock: Clock,
    capfd: pytest.CaptureFixture[str],
) -> None:
    known = login("kadis").cookies
    wrong: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        for row in part():
            root, outside = hostile(row)
            before = content(outside)
            capfd.readouterr()
            with somebody_else():
                said = started(root, port)
                app = application(root, hosts=frozenset({"titipan.example.org"}), secure=True, clock=clock)
                browser = Browser(app, base_url=URL, follow_redirects=False, cookies=known)
                got = {name: browser.get(path).status_code for name, path in PATHS.items()}
                ended = CliRunner().invoke(cli, ["--site", str(root), "list"]).exception
            err = capfd.readouterr().err
            answers = row.get("answers", {})
            expected = {name: answers.get(name, answers.get("all", 200)) for name in got}
            what = f"{row['at']}, {row['harm']}"
            wrong += [f"{what}: starts with {said}"] * (row.get("start", LISTENED) not in said)
            wrong += [f"{what}: answers {got}"] * (got != expected)
            wrong += [f"{what}: {err[-300:]}"] * ("Traceback" in err)
            wrong += [f"{what}: list {ended!r}"] * (not isinstance(ended, SystemExit | SopctlError | OSError | None))
            wrong += [f"{what}: wrote outside"] * (content(outside) != before)
    assert wrong == []
