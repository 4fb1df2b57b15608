"""The engine's files: kept for nobody else to read."""

import stat
from pathlib import Path

import pytest

from sopctl.errors import OutsideFailure
from sopctl.store.engine.files import EngineFiles
from sopctl.store.site import Site


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_read_and_nobody_else_may_look(site: Site) -> None:
    files = EngineFiles(site)
    path = files.write("worker-b5/worker.key", b"secret")
    assert path == site.root / "keys/engine/worker-b5/worker.key"
    assert files.read("worker-b5/worker.key") == b"secret"
    folders = [site.root / "keys", site.root / "keys/engine", path.parent]
    assert [mode(each) for each in (*folders, path)] == [0o700, 0o700, 0o700, 0o600]


def test_what_is_not_there_is_nothing(site: Site) -> None:
    assert EngineFiles(site).read("authority.pem") is None


def test_what_is_no_file_is_an_error(site: Site) -> None:
    files = EngineFiles(site)
    files.write("authority.pem", b"")
    with pytest.raises(OutsideFailure):
        files.read("authority.pem/below")


def test_a_large_file_is_read_up_to_a_bound(site: Site) -> None:
    files = EngineFiles(site)
    files.write("authority.pem", b"x" * 65_537)
    assert files.read("authority.pem") == b"x" * 65_536


def test_the_networks_with_a_worker(site: Site) -> None:
    files = EngineFiles(site)
    assert files.workers() == []
    for name in ("worker-b5/x", "worker-a2/x", "server/x", "worker-file"):
        files.write(name, b"")
    assert files.workers() == ["a2", "b5"], "in order, and no file of that name"
    assert files.controller == site.root / "keys/engine/controller"
