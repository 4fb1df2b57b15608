"""What the tests of faults share: commands under the shim, and a site at each stage."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import stages
from tests.faults.server import Server, build


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="session")
def server(shim: Path) -> Iterator[Server]:
    with Server(shim) as server:
        yield server


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    root = tmp_path_factory.mktemp("stages") / "stages"
    stages.make(root, server)
    return root
