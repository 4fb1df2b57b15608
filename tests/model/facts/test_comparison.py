"""How a field is compared, by the kind of its comparison. What that makes of servers is in tests/cases/changes.yml."""

from types import SimpleNamespace
from typing import Any

import pytest

from sopctl.model.facts.comparison import (
    Amount,
    Change,
    Comparison,
    Items,
    OneState,
    Pairwise,
    Parts,
    States,
    Uncompared,
    Value,
    Versions,
    Weight,
)
from sopctl.model.facts.matching import Traits
from sopctl.model.facts.parts import Disk

MISSING = object()


def facts(value: Any, *, rules: int = 9, **others: Any) -> Any:
    return SimpleNamespace(
        x=() if value is MISSING else value, missing={"x": "why"} if value is MISSING else {}, rules=rules, **others
    )


def told(kind: Comparison, before: Any, after: Any) -> list[str]:
    """Each change as the form says it, with a mark before what asks for more or for less than attention."""
    marks = {Weight.ALARM: "! ", Weight.CHANGE: "", Weight.UNREAD: "? "}
    return [marks[each.weight] + str(each) for each in kind.changes("x", "Hal", before, after)]


@pytest.mark.parametrize(
    ("kind", "before", "after", "said"),
    [
        (Uncompared(why="x"), "a", "b", []),
        (Value(), "a", "a", []),
        (Value(), "a", "b", ["Hal: a menjadi b"]),
        (Value(weight=Weight.ALARM), "a", "b", ["! Hal: a menjadi b"]),
        (Value(), "", "b", []),
        (Value(), "a", "", []),
        (Value(), "a", MISSING, ["? Hal: tidak terbaca kali ini (sebelumnya a)"]),
        (Value(), MISSING, "b", []),
        (Value(identity=str.casefold), "a", "A", []),
        (Value(word=str.upper, identity=lambda each: each[0]), "ab", "ac", []),
        (Value(word=str.upper), "ab", "ac", ["Hal: AB menjadi AC"]),
        (OneState(), "OK", "ok", []),
        (OneState(), "OK", "Critical", ["! Hal: OK menjadi Critical"]),
        (OneState(), "Critical", "OK", ["Hal: Critical menjadi OK"]),
        (OneState(), "OK", "odd", ["! Hal: OK menjadi odd"]),
        (OneState(), "odd", "other", ["! Hal: odd menjadi other"]),
        (OneState(), "OK", "Optimal", []),
        (OneState(), "OK", MISSING, ["? Hal: tidak terbaca kali ini (sebelumnya OK)"]),
        (OneState(), "OK", "", []),
        (OneState(), "", "OK", []),
        (
            Versions(),
            {"a": "1", "b": "1", "c": "1"},
            {"a": "2", "b": "1", "d": "2"},
            ["Versi 1 Hal: lama menjadi baru"],
        ),
        (Versions(), {"a": "1"}, {"a": "1"}, []),
        (
            Items(names=list),
            ["b", "a", "a"],
            ["a", "c"],
            ["Hal tidak ada lagi: a", "Hal tidak ada lagi: b", "Hal baru: c"],
        ),
        (Items(names=list), MISSING, ["a"], []),
        (Items(names=list), ["a", "b"], MISSING, ["? Hal: tidak terbaca kali ini (sebelumnya 2 terbaca)"]),
        (Items(names=list), [], MISSING, []),
        (Pairwise(names=lambda old, new: (old, new)), ["a"], ["b"], ["Hal tidak ada lagi: a", "Hal baru: b"]),
    ],
)
def test_what_is_told_of_a_field(kind: Comparison, before: Any, after: Any, said: list[str]) -> None:
    assert told(kind, facts(before), facts(after)) == said


def test_a_value_may_be_made_of_several_fields() -> None:
    kind = Value(word=lambda one, other: f"{one}{other}", fields=("x", "y"))
    assert told(kind, facts("a", y="b"), facts("a", y="c")) == ["Hal: ab menjadi ac"]


@pytest.mark.parametrize(
    ("before", "after", "unless", "changed"),
    [
        (100, 105, (None, None), False),
        (100, 106, (None, None), True),
        (100, 94, (None, None), True),
        (100, 200, ("m", "m"), False),
        (100, 200, ("m", None), True),
        (0, 200, (None, None), False),
        (100, None, (None, None), False),
    ],
)
def test_an_amount_may_differ_a_little(before: Any, after: Any, unless: tuple[Any, Any], changed: bool) -> None:
    kind = Amount(tolerance=0.05, unless="modules")
    said = told(kind, facts(before, modules=unless[0]), facts(after, modules=unless[1]))
    assert said == ([f"Hal: {before} menjadi {after}"] if changed else [])


@pytest.mark.parametrize(("before", "after", "new"), [(2, 3, False), (3, 3, True), (2, 2, True), (4, 4, True)])
def test_what_an_earlier_version_did_not_look_for_is_not_new(before: int, after: int, new: bool) -> None:
    for kind in (Items(names=list, rules=3), parts(rules=3)):
        value = (["a"], ["b"]) if isinstance(kind, Items) else ([Disk("a", 1, serial="a")], [Disk("b", 1, serial="b")])
        said = told(kind, facts(value[0], rules=before), facts(value[1], rules=after))
        assert said == ["Hal tidak ada lagi: a", *(["Hal baru: b"] if new else [])]


def parts(**more: Any) -> Parts:
    return Parts(
        traits=lambda each: Traits((each.serial,), (each.name,), each.size_bytes), named=lambda each: each.name, **more
    )


ONE, TWO = Disk("a", 1000, serial="S1"), Disk("b", 1000, serial="S2")


@pytest.mark.parametrize(
    ("more", "before", "after", "said"),
    [
        ({}, [ONE], [ONE, TWO], ["Hal baru: b"]),
        ({}, [ONE, TWO], [ONE], ["Hal tidak ada lagi: b"]),
        ({}, [ONE], [], ["Hal tidak ada lagi: a"]),
        ({}, [], [ONE], ["Hal baru: a"]),
        ({}, MISSING, [ONE], []),
        ({}, [ONE], MISSING, ["? Hal: tidak terbaca kali ini (sebelumnya 1 terbaca)"]),
        ({"counted": "buah"}, [ONE], MISSING, ["? Hal: tidak terbaca kali ini (sebelumnya 1 buah)"]),
        ({}, [], MISSING, []),
        ({"only_both": True}, [], [ONE], []),
        ({"only_both": True}, [ONE], [], ["? Hal: tidak terbaca kali ini (sebelumnya 1 terbaca)"]),
        ({"only_both": True}, [ONE], [TWO], ["Hal tidak ada lagi: a", "Hal baru: b"]),
        ({"serials": "Nomor"}, [ONE], [Disk("a", 1000)], ["? Nomor: tidak terbaca kali ini (sebelumnya S1)"]),
        ({"serials": "Nomor"}, [Disk("a", 1000)], [ONE], []),
        ({}, [ONE], [Disk("a", 1000)], []),
        (
            {"sizes": "Ukuran", "size": lambda each: f"{each.size_bytes} B"},
            [ONE],
            [Disk("a", 1020, serial="S1")],
            ["Ukuran a: 1000 B menjadi 1020 B"],
        ),
        ({"sizes": "Ukuran"}, [ONE], [Disk("a", 1015, serial="S1")], []),
        ({}, [ONE], [Disk("a", 2000, serial="S1")], []),
    ],
)
def test_parts_that_come_and_go(more: dict[str, Any], before: Any, after: Any, said: list[str]) -> None:
    assert told(parts(**more), facts(before), facts(after)) == said


def test_parts_behind_something_that_is_there_were_not_read() -> None:
    kind = parts(behind="raid")
    assert told(kind, facts([], raid=("v",)), facts([ONE], raid=("v",))) == []
    assert told(kind, facts([], raid=()), facts([ONE], raid=("v",))) == ["Hal baru: a"]
    assert told(kind, facts([ONE], raid=("v",)), facts([], raid=("v",))) == [
        "? Hal: tidak terbaca kali ini (sebelumnya 1 terbaca)"
    ]


def test_the_state_of_each_part() -> None:
    kind = States(
        traits=lambda each: Traits((each.serial,)), key=lambda each: each.name, state=lambda each: each.health
    )

    def disk(serial: str, health: str | None) -> Disk:
        return Disk(f"d{serial}", 1, serial=serial, health=health)

    before = [disk("1", "OK"), disk("2", "Failed"), disk("3", None), disk("4", "OK"), disk("5", "OK")]
    after = [disk("1", "Failed"), disk("2", "OK"), disk("3", "Failed"), disk("4", None), disk("6", "Failed")]
    assert told(kind, facts(before), facts(after)) == ["! Hal d1: OK menjadi Failed", "Hal d2: Failed menjadi OK"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change(Weight.CHANGE, "Hal", "a"), "Hal tidak ada lagi: a"),
        (Change(Weight.CHANGE, "Hal", None, "b"), "Hal baru: b"),
        (Change(Weight.ALARM, "Hal", "a", "b"), "Hal: a menjadi b"),
    ],
)
def test_a_change_in_a_sentence(change: Change, said: str) -> None:
    assert str(change) == said
