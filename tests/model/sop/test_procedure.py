"""Where a deposit stands: the paper's table, row by row (tests/cases/standing.yml)."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

import sopctl
from sopctl.errors import InvalidRecord
from sopctl.model.sop import procedure, soundness
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedure, Procedures
from sopctl.store import codec
from tests.cases import rows

FILES = sorted((Path(sopctl.__file__).parent / "procedures").glob("*.yml"))
BROUGHT = [
    "penitipan 1 selesai",
    "penitipan 2 selesai",
    "penitipan 3 selesai",
    "penitipan 4 tersedia",
    "penitipan 5 selesai",
    "penitipan 7 selesai",
]
PLACED = [*BROUGHT, "penitipan 8 selesai", "penitipan 9 selesai", "penitipan 10 selesai"]
RETURNING = [*PLACED, "pengembalian 1 selesai", "pengembalian 2 selesai", "pengembalian 3 selesai"]
BEFORE = {"brought": BROUGHT, "placed": PLACED, "returning": RETURNING}


@pytest.fixture(scope="module")
def procedures() -> Procedures:
    loaded = [codec.load(path, Procedure) for path in FILES]
    return {each.name: each for each in loaded}


def events(*lines: str) -> list[Event]:
    start = datetime(2026, 11, 23, 8, tzinfo=UTC)
    made = []
    for number, line in enumerate(lines, start=1):
        name, step, outcome = line.split(" ", 2)
        at = start + timedelta(minutes=number)
        made.append(Event(number, at, name, int(step), outcome, by="x", typed="x", prev=""))
    return made


def test_a_history_that_names_no_versions_keeps_the_first_of_each() -> None:
    first = {"penitipan": "1", "konfigurasi": "1", "pengembalian": "1"}
    assert procedure.pins([]) == procedure.pins(events(*BROUGHT)) == first


@pytest.mark.parametrize(
    ("verb", "ends"),
    [("inspect", ["sesuai", "beda"]), ("refuse", ["ditolak"]), ("withdraw", []), ("no-verb", ["entah"])],
)
def test_what_a_verb_brings_about(verb: str, ends: list[str]) -> None:
    """As many outcomes of the step's own as the table has for it, or one, in the procedure's order."""
    own = {"sesuai": {"next": 2}, "beda": {"next": 1}, "lain": {"next": 1}}
    named = {"ditolak": {"verb": "refuse"}, "batal": {"verb": "refuse"}, "entah": {"verb": "no-verb"}}
    step = {"no": 1, "activity": "x", "actor": "staf", "verb": "inspect", "task": "serial"}
    said = msgspec.convert({**step, "outcomes": {**own, **named}}, procedure.Step)
    assert list(said.ends_of(verb)) == ends


@pytest.mark.parametrize("row", rows("standing"), ids=lambda row: row["name"])
def test_where_it_stands(procedures: Procedures, row: dict[str, Any]) -> None:
    history = events(*BEFORE.get(row.get("after", ""), []), *row["events"])
    if "refused" in row:
        with pytest.raises(InvalidRecord, match=re.escape(row["refused"])):
            procedure.stand(procedures, history)
        return
    standing = procedure.stand(procedures, history)
    assert standing.place == row["stands"]
    assert standing.waiting == row.get("waiting", "")
    assert (standing.held is not None) == row.get("held", False)
    assert (standing.unfinished is not None) == row.get("unfinished", False)


def test_the_shipped_procedures_hold_together(procedures: Procedures) -> None:
    assert not [fault for each in procedures.values() for fault in soundness.faults(each)]
    assert not list(soundness.faults_between(procedures))
    assert [step.no for step in procedures["penitipan"].steps] == list(range(1, 11))
    assert [step.no for step in procedures["konfigurasi"].steps] == [1, 2, 3, 5, 6], "the paper has no step 4"
    assert procedures["pengembalian"].extension
    assert not any(each.extension for name, each in procedures.items() if name != "pengembalian")


def test_what_the_paper_does_not_draw_is_marked(procedures: Procedures) -> None:
    marked = {
        (name, step.no, label)
        for name, each in procedures.items()
        for step in each.steps
        for label, outcome in step.outcomes.items()
        if outcome.extension
    }
    paper = {
        (name, step.no): {label for label, outcome in step.outcomes.items() if not outcome.extension}
        for name, each in procedures.items()
        for step in each.steps
    }
    assert paper["penitipan", 4] == {"tersedia", "tidak tersedia"}
    assert paper["konfigurasi", 3] == {"bisa", "tidak bisa"}
    decisions = {("penitipan", 4), ("konfigurasi", 3)}
    assert all(len(labels) == 1 for at, labels in paper.items() if at[0] != "pengembalian" and at not in decisions)
    assert {label for _, _, label in marked} == {
        "diadopsi",
        "dicabut",
        "diterima dengan catatan",
        "ditolak",
        "tempat dilepas",
        "tidak sesuai",
    }


def test_a_started_step_keeps_its_clock(procedures: Procedures) -> None:
    """Beginning, failing or interrupting work does not restart the time limit."""
    history = events(*PLACED, "konfigurasi 1 started", "konfigurasi 1 failed", "konfigurasi 1 started")
    standing = procedure.stand(procedures, history)
    assert standing.since == history[len(PLACED) - 1].at


def test_the_inventory_is_due_again_on_the_first_of_the_next_month(procedures: Procedures) -> None:
    done = ["konfigurasi 1 selesai", "konfigurasi 2 selesai", "konfigurasi 3 bisa", "konfigurasi 5 selesai"]
    standing = procedure.stand(procedures, events(*PLACED, *done, "konfigurasi 6 selesai"))
    assert str(procedure.month_due(standing)) == "2026-12-01"
    in_december = msgspec.structs.replace(standing, since=datetime(2026, 12, 31, tzinfo=UTC))
    assert str(procedure.month_due(in_december)) == "2027-01-01"


def undoing(history: list[Event], number: int, at: str) -> list[Event]:
    """The history, and that its event `number` is taken back at a step."""
    (event,) = events(f"{at} langkah dibatalkan")
    data = {"undoes": {"event": number, "hash": "x"}, "reason": "salah"}
    later = msgspec.structs.replace(event, seq=len(history) + 1, at=history[-1].at + timedelta(minutes=1), data=data)
    return [*history, later]


def test_a_step_is_taken_back_to_where_it_stood(procedures: Procedures) -> None:
    """The last that can be, one after the other; a message that was sent is not unsaid, nor anything before it."""
    filed = events("penitipan 1 selesai", "penitipan 2 selesai", "penitipan 3 selesai")
    back = undoing(filed, 3, "penitipan 4")
    standing = procedure.stand(procedures, back)
    assert (standing.place, standing.since, standing.came_by) == ("penitipan 3", filed[1].at, 2)
    twice = procedure.stand(procedures, undoing(back, 2, "penitipan 3"))
    assert (twice.place, twice.since, twice.came_by, twice.depth) == ("penitipan 2", filed[0].at, 0, 0)
    for number in (1, 2, 4):
        with pytest.raises(InvalidRecord, match="does not fit: the deposit stood at penitipan 4"):
            procedure.stand(procedures, undoing(filed, number, "penitipan 4"))
    told = events(
        "penitipan 1 selesai",
        "penitipan 2 selesai",
        "penitipan 3 selesai",
        "penitipan 4 tersedia",
        "penitipan 5 selesai",
    )
    assert (procedure.stand(procedures, told).came_by, procedure.stand(procedures, told).came_from) == (0, None)
    with pytest.raises(InvalidRecord):
        procedure.stand(procedures, undoing(told, 5, "penitipan 7"))


def test_a_hold_since_goes_on_when_a_step_is_taken_back(procedures: Procedures) -> None:
    held = events("penitipan 1 selesai", "penitipan 2 selesai", "penitipan 3 ditahan")
    standing = procedure.stand(procedures, undoing(held, 2, "penitipan 3"))
    assert (standing.place, standing.held) == ("penitipan 2", held[2])


def test_what_may_be_started_from_here(procedures: Procedures) -> None:
    def begun(*lines: str) -> dict[str, str]:
        found = procedure.begun_here(procedures, procedure.stand(procedures, events(*lines)))
        return {verb: each.name for verb, each in found.items()}

    assert begun(*PLACED) == {"return": "pengembalian"}
    assert begun(*BROUGHT) == begun(*RETURNING) == begun("penitipan 1 selesai", "penitipan 2 ditolak") == {}
    following = procedure.follower(procedures, "penitipan")
    assert following is not None
    assert (following.name, procedure.follower(procedures, "pengembalian")) == ("konfigurasi", None)
    assert procedure.opening(procedures).name == "penitipan"


def test_each_event_with_where_it_led(procedures: Procedures) -> None:
    history = events(*PLACED)
    walked = list(procedure.walk(procedures, history))
    assert [event for event, _ in walked] == history
    assert [standing for _, standing in walked] == [
        procedure.stand(procedures, history[:number]) for number in range(1, len(history) + 1)
    ]
    assert procedure.stand(procedures, []).place == "penitipan 1"
    assert procedure.actor_title(procedures, walked[0][1]) == procedures["penitipan"].actors["kadis"]
    assert (
        procedure.actor_title(
            procedures, procedure.stand(procedures, events("penitipan 1 selesai", "penitipan 2 ditolak"))
        )
        == ""
    )
    with pytest.raises(KeyError):
        procedures["konfigurasi"].step(4)
