"""Entries of a history: what is written is read, what is read is written, and the file's text stays what it was."""

import ast
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import sopctl
from sopctl.errors import InvalidRecord
from sopctl.model.rack import Place
from sopctl.model.sop import entries, verbs
from sopctl.model.sop.entries import (
    AccessTried,
    Configured,
    Disposition,
    Entry,
    Letter,
    Reserved,
    ReturnLetter,
    ValidUntil,
    from_data,
    to_data,
)
from sopctl.model.sop.history import Event, as_text

PACKAGE = Path(sopctl.__file__).parent
KINDS = {kind.__name__: kind for kind in vars(entries).values() if isinstance(kind, type) and issubclass(kind, Entry)}
del KINDS["Entry"]
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=ZoneInfo("Asia/Jakarta"))


def event(**data: object) -> Event:
    return Event(1, NOW, "penitipan", 1, "selesai", "staf", "root", "", data=as_text(data))


def sources() -> Iterator[ast.AST]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name not in ("entries.py", "verbs.py"):
            yield ast.parse(path.read_text())


def constructed(tree: ast.AST) -> set[str]:
    """The kinds of entry that a module makes."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {name for func in calls if (name := _last(func)) in KINDS}


def asked_for(tree: ast.AST) -> set[str]:
    """The kinds of entry that a module asks a history for: they stand as arguments of a reading call."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _last(node.func) in ("newest", "established", "from_data"):
            found |= {name for argument in node.args if (name := _last(argument)) in KINDS}
    return found


def _last(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


@pytest.fixture(scope="module")
def written() -> set[str]:
    return set().union(*map(constructed, sources()))


@pytest.fixture(scope="module")
def read() -> set[str]:
    return set().union(*map(asked_for, sources()))


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_is_written_by_a_verb_and_read_or_kept_for_people(
    name: str, written: set[str], read: set[str]
) -> None:
    kind = KINDS[name]
    assert name in written, "it is declared, and nothing writes it"
    assert any(verbs.may_write(verb, kind) for verb in verbs.VERBS), "no verb may write it"
    assert (name in read) != kind.for_people, "what decides something is read; what is read decides something"


def test_no_event_s_data_is_read_by_a_key() -> None:
    """`event.data["…"]` is the form of the file. The code asks for entries; only what shows all of it sees the data."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            by_key = isinstance(node, ast.Subscript) and _last(node.value) == "data"
            asked = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"
            if by_key or (asked and _last(node.func.value) == "data"):  # type: ignore[attr-defined]  # asked: a call
                found.append(f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}")
    assert [each for each in found if not each.startswith(("adapters/", "model/sop/entries.py"))] == []


def test_entries_of_one_verb_never_share_a_key() -> None:
    for verb in verbs.VERBS:
        keys = [entries.entry_key(kind) for kind in verb.writes]
        assert len(keys) == len(set(keys)), verb.name


def test_the_file_has_the_same_keys_as_ever() -> None:
    place = Reserved(place=Place("A1", 1, 2))
    assert as_text(to_data((place,))) == {"place": {"rack": "A1", "unit": "1", "height": "2", "face": "both"}}
    disposed = entries.Disposed(disposition=Disposition("kadis", "kabid", "Siapkan", date(2026, 11, 23), "090/1"))
    assert as_text(to_data((disposed,))) == {
        "disposition": {
            "from": "kadis",
            "to": "kabid",
            "instruction": "Siapkan",
            "date": "2026-11-23",
            "letter": "090/1",
        }
    }


def test_what_is_read_back_is_what_was_written() -> None:
    for entry in (
        ReturnLetter(letter=Letter("090/R", date(2026, 11, 23))),
        ValidUntil(valid_until=date(2027, 1, 31)),
        Configured(changed=3, raw=True),
    ):
        assert from_data(type(entry), event(**to_data((entry,)))) == entry


def test_two_entries_with_one_key_are_refused() -> None:
    with pytest.raises(ValueError, match="'letter'"):
        to_data(
            (
                ReturnLetter(letter=Letter("1", date(2026, 1, 1))),
                entries.ExtensionLetter(letter=Letter("2", date(2026, 1, 1))),
            )
        )


@pytest.mark.parametrize(("verdict", "good"), [("accessible", True), ("inaccessible", False)])
def test_an_access_try_of_the_first_versions_is_read(verdict: str, good: bool) -> None:
    found = from_data(AccessTried, event(verdict=verdict, rung="command"))
    assert found is not None
    assert found.accessible is good


def test_an_entry_that_is_not_valid_is_an_error_with_its_event() -> None:
    with pytest.raises(InvalidRecord, match=r"event 1: .*unit"):
        from_data(Reserved, event(place={"rack": "A1", "unit": "top", "height": "2"}))


@pytest.mark.parametrize(
    ("edited", "touched"),
    [
        (entries.Edited(changed=(), fields=("server.serial", "access")), {"server", "server.serial", "access"}),
        (entries.Edited(changed=("+serial: a",), fields=()), set()),
        (entries.Edited(changed=("-  serial: SN-1", "+  serial: SN-2")), {"server.serial"}),
        (
            entries.Edited(changed=('- - "serial": x', "+{serial: x}", "+'access': y")),
            {"server.serial", "access"},
        ),
        (entries.Edited(changed=("+note: serial: x", "-serials: x")), set()),
        (entries.Edited(changed=()), set()),
    ],
)
def test_which_fields_an_edit_touched(edited: entries.Edited, touched: set[str]) -> None:
    """As it says them, or as the lines of an older history show them."""
    asked = ("server", "server.serial", "server.serial.x", "server.seria", "access", "acces")
    assert {path for path in asked if edited.touches(path)} == touched
