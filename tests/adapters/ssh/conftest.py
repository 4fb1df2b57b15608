"""Keys for the SSH tests: made once, never kept."""

import subprocess
from pathlib import Path

import paramiko
import pytest

from sopctl.adapters.ssh import Key, load_key


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our private key, as a person would make it."""
    path = tmp_path_factory.mktemp("keys") / "deposit"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


@pytest.fixture(scope="session")
def key(key_file: Path) -> Key:
    return load_key(key_file)


@pytest.fixture(scope="session")
def other_key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Ed25519 key file that is neither ours nor a server's."""
    path = tmp_path_factory.mktemp("keys") / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


@pytest.fixture(scope="session")
def host_key() -> paramiko.PKey:
    return paramiko.ECDSAKey.generate()


@pytest.fixture(scope="session")
def other_host_key() -> paramiko.PKey:
    return paramiko.ECDSAKey.generate()
