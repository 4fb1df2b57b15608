"""A full disk, on a real file system: needs the right to mount one."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sopctl.adapters.lab import LabStatus, Tier
from sopctl.errors import OutsideFailure
from sopctl.store.durable import append_line, write_atomic

pytestmark = pytest.mark.lab


@pytest.fixture
def small_disk(tmp_path: Path, lab: LabStatus) -> Iterator[Path]:
    """A file system of 256 KiB, nearly full."""
    if lab.tier is not Tier.SYSTEMD:
        pytest.skip("mounting needs CAP_SYS_ADMIN")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_nothing(small_disk: Path) -> None:
    record, journal = small_disk / "record.yml", small_disk / "journal.jsonl"
    write_atomic(record, b"old")
    append_line(journal, b"first")
    (small_disk / "ballast").write_bytes(b"x" * 244 * 1024)
    with pytest.raises(OutsideFailure, match="cannot write: No space left on device") as caught:
        write_atomic(record, b"y" * 20 * 1024)
    assert "Free space" in str(caught.value)
    with pytest.raises(OutsideFailure, match="No space left on device"):
        append_line(journal, b"z" * 20 * 1024)
    assert record.read_bytes() == b"old"
    assert journal.read_bytes() == b"first\n"
    assert sorted(path.name for path in small_disk.iterdir()) == ["ballast", "journal.jsonl", "record.yml"]
