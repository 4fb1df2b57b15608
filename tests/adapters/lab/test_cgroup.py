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
