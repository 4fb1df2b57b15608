"""Reading that cannot hang, and writing that leaves other things as they are."""

import errno
import os
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sopctl.errors import InvalidRecord, OutsideFailure, UsageError
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
from tests.appending import append_line
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


def test_a_file_in_a_folder_that_a_group_shares_is_the_group_s_and_its_owner_s(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    os.chown(shared, 0, NOBODY)
    shared.chmod(0o2770)
    write_atomic(shared / "record.yml", b"new")
    make_folder(shared / "inner")
    found = {name: (shared / name).stat() for name in ("record.yml", "inner")}
    assert {(each.st_uid, each.st_gid) for each in found.values()} == {(0, NOBODY)}
    assert {name: stat.S_IMODE(each.st_mode) & 0o2070 for name, each in found.items()} == {
        "record.yml": 0o060,
        "inner": 0o2070,
    }


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_folder_has_its_mode_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        make_folder(tmp_path / "a" / "b", 0o750)
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / each).stat().st_mode) for each in ("a", "a/b")] == [0o750, 0o750]


def test_a_file_where_a_folder_should_be_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"kept")
    for wanted in ("a", "a/b"):
        with pytest.raises(OutsideFailure, match="cannot make"):
            make_folder(tmp_path / wanted)
    assert (tmp_path / "a").read_bytes() == b"kept"


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

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(KeyboardInterrupt):
        write()
    assert done == [True]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


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


@pytest.mark.parametrize(
    ("number", "id", "helps"),
    [
        (errno.ENOSPC, "disk-full", "Free space on that file system"),
        (errno.EDQUOT, "quota-exceeded", "Free space within the quota"),
        (errno.EACCES, "access-denied", "Give this account access"),
        (errno.EPERM, "access-denied", "Give this account access"),
        (errno.EROFS, "disk-read-only", "mount it writable"),
        (errno.EMFILE, "too-many-open-files", "ulimit -n"),
        (errno.EIO, "disk-error", "Check the disk"),
    ],
)
def test_each_refusal_of_the_system_says_what_helps(tmp_path: Path, number: int, id: str, helps: str) -> None:
    with pytest.raises(OutsideFailure) as caught, disk_errors(tmp_path / "x", "read"):
        raise OSError(number, os.strerror(number))
    assert (caught.value.id, caught.value.where) == (id, str(tmp_path / "x"))
    assert caught.value.message.startswith("cannot read: ")
    assert helps in str(caught.value)


def test_what_no_adapter_has_worded_is_still_told() -> None:
    assert durable.refused(OSError(errno.ENOMEM, "no memory")).id == "system-refused"
    found = durable.refused(OSError(errno.ENOSPC, "full", "/srv/x"))
    assert (found.id, found.where, found.message[:13]) == ("disk-full", "/srv/x", "cannot use it")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the system that lasts or names, in order: of files and folders."""
    made: list[str] = []

    def noting(name: str) -> None:
        real = getattr(os, name)

        def call(first: Any, *rest: Any, **more: Any) -> Any:
            kind = ""
            if isinstance(first, int):
                kind = " folder" if stat.S_ISDIR(os.fstat(first).st_mode) else " file"
            made.append(f"{name}{kind}")
            return real(first, *rest, **more)

        monkeypatch.setattr(os, name, call)

    for name in ("fsync", "fdatasync", "replace", "link", "rename"):
        noting(name)
    return made


def test_what_is_written_is_on_the_disk_before_it_has_its_name(tmp_path: Path, calls: list[str]) -> None:
    """And the name is, before anyone is told."""
    write_atomic(tmp_path / "a", b"x")
    assert calls == ["fsync file", "replace", "fsync folder"]
    calls.clear()
    durable.write_new(tmp_path / "b", b"x")
    assert calls == ["fsync file", "link", "fsync folder"]
    calls.clear()
    append_line(tmp_path / "c", b"x")
    assert calls == ["fdatasync file", "fsync folder"]
    calls.clear()
    append_line(tmp_path / "c", b"y")
    assert calls == ["fdatasync file"]
    calls.clear()
    write_tentative(tmp_path / "d", b"x")
    assert calls == ["fsync file", "link", "replace", "fsync folder"]


def test_the_first_line_of_a_file_that_a_crash_left_empty_is_that_of_a_new_one(
    tmp_path: Path, calls: list[str]
) -> None:
    """Its name may not be on the disk yet, nor its mode set."""
    for path, over in ((tmp_path / "empty", 0), (tmp_path / "torn", 3)):
        path.write_bytes(b"tor"[:over])
        path.chmod(0o600)
        calls.clear()
        append_line(path, b"x", over=over)
        assert calls == ["fdatasync file", "fsync folder"]
        assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"x\n", 0o640)


def test_a_file_is_read_up_to_a_limit(tmp_path: Path) -> None:
    path, content = tmp_path / "x", os.urandom(3 * durable.PIECE + 5)
    path.write_bytes(content)
    for most in (0, 1, durable.PIECE, 3 * durable.PIECE + 4, 3 * durable.PIECE + 5, 2**40):
        assert durable.bytes_of(path, most) == content[:most]
    (tmp_path / "link").symlink_to(path)
    assert durable.bytes_of(tmp_path / "link", 5) == content[:5]
    os.mkfifo(tmp_path / "pipe")
    for other, links in (("link", False), ("pipe", True), (".", True)):
        with pytest.raises(InvalidRecord) as caught:
            durable.bytes_of(tmp_path / other, 5, links=links)
        assert caught.value.id == "not-a-file"


def test_a_line_is_written_over_the_end_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal"
    for line, over in ((b"one", 0), (b"torn", 0), (b"two", 5)):
        append_line(path, line, over=over)
    assert path.read_bytes() == b"one\ntwo\n"

    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fdatasync", refuse)
    with pytest.raises(OutsideFailure, match="cannot write"):
        append_line(path, b"three")
    assert path.read_bytes() == b"one\ntwo\n"


def test_lines_are_confirmed_together(tmp_path: Path, calls: list[str]) -> None:
    """One synchronisation for all, and none where nothing was added."""
    path = tmp_path / "journal"
    with durable.Appender(path) as nothing:
        nothing.confirm()
    assert (calls, path.exists()) == ([], False)
    with durable.Appender(path) as appender:
        for line in (b"one", b"torn", b"two"):
            appender.add(line, over=5 if line == b"two" else 0)
        assert (calls, path.read_bytes()) == ([], b"one\ntwo\n")
        appender.confirm()
    assert calls == ["fdatasync file", "fsync folder"]


def test_lines_are_taken_back_unless_others_stand_behind_them(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b"zero\ntor")
    with durable.Appender(path) as mine, durable.Appender(path) as others:
        mine.add(b"one", over=3)
        mine.add(b"two")
        others.add(b"three")
        assert not mine.take_back()
        assert path.read_bytes() == b"zero\none\ntwo\nthree\n"
        assert others.take_back()
        assert mine.take_back()
    assert path.read_bytes() == b"zero\n"


def test_what_is_written_but_not_confirmed_is_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_folder: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(durable, "sync_folder", refuse)
    for name, write in (("a", write_atomic), ("b", durable.write_new)):
        with pytest.raises(durable.Unconfirmed):
            write(tmp_path / name, b"x")
        assert (tmp_path / name).read_bytes() == b"x"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_overwrites_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    def refuse(*_paths: str, **_more: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "x"
    durable.write_new(path, b"first", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (tmp_path / "dangling").symlink_to("nowhere")
    for taken in (path, tmp_path / "dangling"):
        with pytest.raises(UsageError) as caught:
            durable.write_new(taken, b"second")
        assert caught.value.id == "output-exists"
        with pytest.raises(UsageError):
            durable._appear(str(path), taken)
    assert path.read_bytes() == b"first"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["dangling", "x"]


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_each_file_has_its_mode_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_atomic(tmp_path / "a", b"")
        write_output(tmp_path / "b", b"")
        durable.write_new(tmp_path / "c", b"")
        append_line(tmp_path / "d", b"")
        durable.touch(tmp_path / "e")
        folder = durable.make_temporary_folder(tmp_path, "f-")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "abcde"]
    assert [*modes, stat.S_IMODE(folder.stat().st_mode)] == [0o640, 0o644, 0o640, 0o640, 0o640, 0o750]
    (tmp_path / "e").write_bytes(b"x")
    durable.touch(tmp_path / "e")
    assert (tmp_path / "e").read_bytes() == b"x"


def test_what_is_new_in_a_shared_folder_is_the_groups(tmp_path: Path) -> None:
    """In a setgid folder that its group may write; what its group may not read stays its owner's."""
    shared, closed = tmp_path / "shared", tmp_path / "closed"
    for folder, mode in ((shared, 0o2770), (closed, 0o2750)):
        folder.mkdir()
        os.chown(folder, 0, NOBODY)
        folder.chmod(mode)
        write_atomic(folder / "a", b"")
        write_atomic(folder / "own", b"", mode=0o600)
        append_line(folder / "b", b"")
        durable.touch(folder / "c")
        make_folder(folder / "d")

    def of(folder: Path) -> dict[str, tuple[int, int]]:
        return {each.name: (each.stat().st_gid, stat.S_IMODE(each.stat().st_mode)) for each in folder.iterdir()}

    own = {"own": (NOBODY, 0o600)}
    assert of(shared) == {**dict.fromkeys("abc", (NOBODY, 0o660)), **own, "d": (NOBODY, 0o2770)}
    assert of(closed) == {**dict.fromkeys("abc", (NOBODY, 0o640)), **own, "d": (NOBODY, 0o750)}


def test_what_is_in_a_folder(tmp_path: Path) -> None:
    assert durable.listed(tmp_path / "none") == []
    (tmp_path / "b.yml").touch()
    (tmp_path / "a.yml").touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/c.txt").touch()
    (tmp_path / "sub/link").symlink_to("c.txt")
    (tmp_path / "sub/gone").symlink_to("nothing")
    assert [path.name for path in durable.listed(tmp_path, "*.yml")] == ["a.yml", "b.yml"]
    assert [path.name for path in durable.listed(tmp_path)] == ["a.yml", "b.yml", "sub"]
    found = [str(path.relative_to(tmp_path)) for path in durable.files_below(tmp_path)]
    assert found == ["a.yml", "b.yml", "sub/c.txt", "sub/link"]
    assert durable.files_below(tmp_path / "none") == []
    with pytest.raises(OutsideFailure, match="cannot read"):
        durable.listed(tmp_path / "a.yml")


def test_sweeping_passes_over_what_is_none_of_its_business(tmp_path: Path) -> None:
    sweep(tmp_path / "none")
    (tmp_path / "file").write_bytes(b"x")
    sweep(tmp_path / "file")
    sweep(tmp_path / "file" / "below")
    for name in (".hidden", "plain.tmp", ".a.b.tmp"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / ".folder.x.tmp").mkdir()

    def asked() -> set[str]:
        raise AssertionError("nothing here is tentative")

    sweep(tmp_path, asked)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".folder.x.tmp", ".hidden", "file", "plain.tmp"]
