"""The facts that a dossier keeps: what the history says was gathered."""

import hashlib
from pathlib import Path

import msgspec
import pytest

from sopctl.errors import InvalidRecord
from sopctl.model.facts.server import ServerFacts
from sopctl.store import facts
from sopctl.store.facts import Kept

FACTS = ServerFacts(gathered_at="2026-11-23T09:30:00+07:00", hostname="web1")


def kept(folder: Path, content: bytes = msgspec.json.encode(FACTS), revision: int = 1) -> Kept:
    name = facts.name_of("2026-11", revision)
    (folder / "facts").mkdir(exist_ok=True)
    (folder / "facts" / name).write_bytes(content)
    return Kept("2026-11", revision, f"facts/{name}", hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(("revision", "name"), [(1, "2026-11.json"), (2, "2026-11-r2.json")])
def test_the_file_of_a_gathering(tmp_path: Path, revision: int, name: str) -> None:
    found = kept(tmp_path, revision=revision)
    assert found.file == f"facts/{name}"
    assert facts.read(tmp_path, found) == FACTS


def test_the_newest_gathering_and_the_next() -> None:
    of = {month: Kept(month, 2, "", "") for month in ("2026-09", "2026-10", "2026-11")}
    assert [facts.newest(of), facts.newest(of, "2026-11"), facts.newest(of, "2026-09"), facts.newest({})] == [
        of["2026-11"],
        of["2026-10"],
        None,
        None,
    ]
    assert (facts.next_revision(of, "2026-10"), facts.next_revision(of, "2026-12")) == (3, 1)


@pytest.mark.parametrize("harm", ["gone", "another name", "a link", "a folder", "a linked folder"])
def test_facts_that_are_not_where_the_history_says(tmp_path: Path, harm: str) -> None:
    found = kept(tmp_path)
    path = tmp_path / found.file
    match harm:
        case "gone":
            path.unlink()
        case "another name":
            found = msgspec.structs.replace(found, file="facts/other.json")
        case "a link":
            path.rename(tmp_path / "real")
            path.symlink_to(tmp_path / "real")
        case "a folder":
            path.unlink()
            path.mkdir()
        case "a linked folder":
            path.parent.rename(tmp_path / "real")
            (tmp_path / "facts").symlink_to("real")
    with pytest.raises(InvalidRecord) as caught:
        facts.read(tmp_path, found)
    assert (caught.value.id, caught.value.where) == ("facts-missing", str(path))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{}", ""),
        (b"no", ""),
        (b'{"gathered_at":"2026-11-23T09:30:00","hostname":"x"}', "no time with an offset: '2026-11-23T09:30:00'"),
        (b'{"gathered_at":"yesterday","hostname":"x"}', "no time with an offset: 'yesterday'"),
    ],
)
def test_what_is_no_document_of_facts(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(InvalidRecord) as caught:
        facts.read(tmp_path, kept(tmp_path, content))
    assert (caught.value.id, caught.value.where) == ("not-facts", str(tmp_path / "facts/2026-11.json"))
    assert reason in caught.value.message


def test_facts_that_were_changed_since(tmp_path: Path) -> None:
    found = kept(tmp_path)
    (tmp_path / found.file).write_bytes((tmp_path / found.file).read_bytes().replace(b"web1", b"web2"))
    with pytest.raises(InvalidRecord) as caught:
        facts.read(tmp_path, found)
    assert caught.value.id == "facts-altered"
