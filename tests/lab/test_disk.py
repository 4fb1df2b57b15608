"""A full disk, on a real file system: needs the right to mount one."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sopctl.adapters.lab import LabStatus, Tier
from sopctl.errors import OutsideFailure
from sopctl.store.durable import write_atomic
from sopctl.workflow.setup import init
from tests.appending import append_line
from tests.conftest import Ran

pytestmark = pytest.mark.lab


@pytest.fixture
def disk(tmp_path: Path, lab: LabStatus) -> Iterator[Callable[..., Path]]:
    """Mounts a file system with these options (`size=256k`), instead of the one before."""
    if lab.tier is not Tier.SYSTEMD:
        pytest.skip("mounting needs CAP_SYS_ADMIN")
    folder = tmp_path / "small"
    folder.mkdir()

    def mount(options: str) -> Path:
        unmount()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
        return folder

    def unmount() -> None:
        if os.path.ismount(folder):
            subprocess.run(["umount", "-l", str(folder)], check=True)

    yield mount
    unmount()


def fill(folder: Path) -> None:
    with (folder / "ballast").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)


def test_a_full_disk_loses_nothing(disk: Callable[..., Path]) -> None:
    small_disk = disk("size=256k")
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


def test_a_site_that_does_not_fit_is_none(disk: Callable[..., Path]) -> None:
    """Wherever the disk is full: in the playbooks, between the halves of the key, and in the settings at the end."""
    whole = disk("size=8m")
    init.init(whole / "office/site")
    sizes = {path: path.stat() for path in (whole / "office").rglob("*")}
    pages = sum(-(-each.st_size // 4096) for path, each in sizes.items() if path.is_file())
    limits = [f"size={4 * number}k" for number in (2, pages // 2, *range(pages - 6, pages + 1))]
    limits += [f"size=8m,nr_inodes={number}" for number in (2, len(sizes) // 2, len(sizes))]
    met = {limit: refusal(disk(limit)) for limit in limits}
    refused = {limit: said for limit, said in met.items() if said is not None}
    assert len(refused) >= len(limits) - 3
    assert set(refused.values()) == {("disk-full", True, ())}, refused


def refusal(small: Path) -> tuple[str, bool, tuple[Path, ...]] | None:
    """What `init` says where it is refused: the error, whether it says what helps, and what is left of the site."""
    try:
        init.init(small / "office/site")
    except OutsideFailure as error:
        return error.id, "Free space" in str(error), tuple(small.rglob("*"))
    return None


def test_what_a_full_disk_refuses_is_said_and_not_half_done(
    disk: Callable[..., Path], sopctl: Callable[..., Ran]
) -> None:
    folder = disk("size=6m")
    site = init.init(folder / "site").root
    request = folder.parent / "request.yml"
    request.write_text(init.EXAMPLE_REQUEST)
    at = ("--site", str(site))
    assert sopctl(*at, "request", str(request)).code == 0
    for words in (
        ("dispose", "--by", "kadis", "--instruction", "a"), ("key", "rotate"),
        ("inventory", "sheet", "1", "-o", str(site / "sheet.xlsx")),
    ):  # fmt: skip
        before = kept(site)
        fill(folder)
        ran = sopctl(*at, *words)
        assert (ran.code, ran.err.count("sopctl: "), "No space left on device" in ran.err) == (6, 1, True), words
        assert "Free space on that file system" in ran.err, words
        assert kept(site) == before, words
        (folder / "ballast").unlink()
    fill(folder)
    for read in (("todo",), ("journal", "verify")):
        assert sopctl(*at, *read).code == 0, read
    found = " ".join(sopctl(*at, "doctor").out.split())  # where its lines end depends on the path of this test's folder
    assert "cannot write: No space left on device" in found
    (folder / "ballast").unlink()
    assert sopctl(*at, "dispose", "--by", "kadis", "--instruction", "a").code == 0


def kept(site: Path) -> dict[str, bytes]:
    """What the site has, but for what may be deleted."""
    files = (path for path in site.rglob("*") if path.is_file())
    return {name: path.read_bytes() for path in files if not (name := str(path.relative_to(site))).startswith("var/")}
