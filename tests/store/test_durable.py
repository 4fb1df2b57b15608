"""Reading that cannot hang, and writing that leaves other things as they are."""

import errno
import os
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.errors import InvalidRecord, OutsideFailure
from sopctl.store import durable
from sopctl.store.durable import (
    disk_errors,
    make_folder,
    opened,
    sweep,
    undisturbed,
    write_atomic,
    write_output,
    write_tentative,
)
from tests.conftest import Ran

NOBODY = 65534


@pytest.mark.parametrize("kind", ["a pipe", "a folder", "no regular file"])
def test_what_is_no_file_is_refused_before_it_is_opened(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    match kind:
        case "a pipe":
            os.mkfifo(path)
        case "a folder":
            path.mkdir()
        case _:
            path = Path("/dev/zero")
    with pytest.raises(InvalidRecord, match=f"this is {kind}"), opened(path):
        pass


def test_a_link_is_followed_only_where_that_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    with opened(tmp_path / "link") as file:
        assert file.read() == b"x"
    with pytest.raises(InvalidRecord, match="a symbolic link"), opened(tmp_path / "link", links=False):
        pass


@pytest.mark.parametrize("words", [["request"], ["import"], ["adopt", "--rack", "A1", "--unit", "1"]])
def test_a_pipe_as_input_does_not_hang(sopctl: Callable[..., Ran], tmp_path: Path, words: list[str]) -> None:
    os.mkfifo(tmp_path / "letter.yml")
    ran = sopctl(words[0], str(tmp_path / "letter.yml"), *words[1:], timeout=60)
    assert (ran.code, "this is a pipe" in ran.err) == (3, True)


@pytest.mark.parametrize(
    "number", [errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP], ids=errno.errorcode.get
)
def test_a_path_that_is_mistyped_is_no_fault_of_the_disk(number: int, tmp_path: Path) -> None:
    with pytest.raises(OutsideFailure) as caught, disk_errors(tmp_path, "read"):
        raise OSError(number, os.strerror(number), str(tmp_path))
    assert caught.value.id == "no-such-file"
    assert "Check the path" in str(caught.value)


def test_root_leaves_files_to_whom_they_belong(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    os.chown(tmp_path / "site", NOBODY, NOBODY)
    path = tmp_path / "site" / "record.yml"
    write_atomic(path, b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY, NOBODY), "as the folder"
    os.chown(path, 1, 2)
    path.chmod(0o600)
    write_atomic(path, b"newer")
    assert (path.stat().st_uid, path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)) == (1, 2, 0o600), "as before"
    make_folder(tmp_path / "site" / "a" / "b")
    assert (tmp_path / "site" / "a" / "b").stat().st_uid == NOBODY


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_folder_has_its_mode_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        make_folder(tmp_path / "a" / "b", 0o750)
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / each).stat().st_mode) for each in ("a", "a/b")] == [0o750, 0o750]


def test_output_goes_into_a_device_and_through_a_link(tmp_path: Path) -> None:
    write_output(Path("/dev/null"), b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("file")
    write_output(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_output_into_a_pipe_is_written_and_does_not_wait_for_a_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutsideFailure, match="cannot write"):
        write_output(tmp_path / "pipe", b"x")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_output(tmp_path / "pipe", b"x")
    assert os.read(reader, 9) == b"x"
    os.close(reader)
    out, into = os.pipe()
    write_output(Path(f"/dev/fd/{into}"), b"y")  # as /dev/stdout is, before `| less`
    assert os.read(out, 9) == b"y"
    os.close(out)
    os.close(into)


def test_a_file_that_is_written_again_is_rid_of_what_a_kill_left(tmp_path: Path) -> None:
    """Wherever it is: of this file alone, and not of one who writes it now."""
    for name, age in ((".a.yml.1.tmp", 7200), (".a.yml.2.tmp", 0), (".b.yml.3.tmp", 7200)):
        (tmp_path / name).write_bytes(b"half")
        then = time.time() - age
        os.utime(tmp_path / name, (then, then))
    write_atomic(tmp_path / "a.yml", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.yml.2.tmp", ".b.yml.3.tmp", "a.yml"]


def test_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".record.yml.abc.tmp").write_bytes(b"half")
    (tmp_path / "record.yml").write_bytes(b"x")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["record.yml"]


@pytest.mark.parametrize("links", [True, False])
def test_what_is_tentative_goes_unless_it_came_to_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """Where a disk has no hard links, it cannot be told from what counts, and stays."""

    def refuse(*_paths: str) -> None:
        raise OSError(errno.EPERM, "no links here")

    if not links:
        monkeypatch.setattr("os.link", refuse)
    (tmp_path / "by-hand.pdf").write_bytes(b"x")
    for name in ("named.pdf", "unnamed.pdf"):
        write_tentative(tmp_path / name, b"x")
    sweep(tmp_path, lambda: {"named.pdf"})
    left = ["by-hand.pdf", "named.pdf", *([] if links else ["unnamed.pdf"])]
    assert sorted(path.name for path in tmp_path.iterdir()) == left
    assert {path.stat().st_nlink for path in tmp_path.iterdir()} == {1}
    sweep(tmp_path, lambda: ())
    assert sorted(path.name for path in tmp_path.iterdir()) == left, "what is lasting is not taken back"


def test_a_tentative_file_replaces_what_a_crash_left_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"old")
    write_tentative(tmp_path / "a.pdf", b"new")
    assert (tmp_path / "a.pdf").read_bytes() == b"new"
    sweep(tmp_path, lambda: {"a.pdf"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]


def test_ctrl_c_waits_for_the_end_of_what_must_be_whole() -> None:
    done = []

    def write() -> None:
        with undisturbed():
            os.kill(os.getpid(), signal.SIGINT)
            done.append(True)

    with pytest.raises(KeyboardInterrupt):
        write()
    assert done == [True]


def test_what_is_prepared_and_not_put_leaves_all_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"before")
    with durable.prepared(path, b"after"):
        assert path.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["x"]
    with pytest.raises(KeyboardInterrupt), durable.prepared(path, b"after"):
        raise KeyboardInterrupt
    assert (path.read_bytes(), len(list(tmp_path.iterdir()))) == (b"before", 1)


def test_what_was_put_is_done_whatever_fails_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that only tidies up may end what is committed."""
    path = tmp_path / "x"

    def refuse(*_args: object, **_more: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with durable.prepared(path, b"after") as put:
        put()
        monkeypatch.setattr(os, "unlink", refuse)
    assert path.read_bytes() == b"after"
