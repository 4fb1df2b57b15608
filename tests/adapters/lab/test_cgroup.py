"""Control groups of servers that come and go at the same time."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sopctl.adapters.lab import cgroup
from tests.lab.conftest import unavailable


@pytest.mark.lab
def test_one_server_goes_while_another_comes(tmp_path: Path) -> None:
    if not any(os.access(folder, os.W_OK) for folder in cgroup._folders("")):
        unavailable("no control groups to make here")
    lab = f"sopctl-lab/{tmp_path.name.replace('_', '-')}-{os.getpid()}"

    def come_and_go(name: str) -> None:
        for _ in range(200):
            made = cgroup.make(f"{lab}/{name}")
            assert all(folder.is_dir() for folder in made)
            cgroup.remove(f"{lab}/{name}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(come_and_go, "abcd"))
    assert not any(folder.exists() for folder in cgroup._folders(lab))


def test_a_group_that_goes_while_its_folders_are_looked_through_has_nothing_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ran in it ends by itself, and the kernel takes its folder away at that moment."""
    (tmp_path / "payload/system.slice/cron.service").mkdir(parents=True)
    look = os.scandir

    def late(path: str) -> object:
        if Path(path).name == "system.slice":
            (Path(path) / "cron.service").rmdir()
            Path(path).rmdir()
        return look(path)

    monkeypatch.setattr(cgroup, "_folders", lambda _group: [tmp_path])
    monkeypatch.setattr(os, "scandir", late)
    cgroup.kill("")
    cgroup.remove("")
    assert not tmp_path.exists()
