"""A history read through its procedures: how often a loop was gone round (tests/cases/tries.yml)."""

from typing import Any

import pytest
from msgspec.structs import replace

from sopctl.model.sop import procedure, record
from sopctl.model.sop.entries import Configured, HostKeyPending
from sopctl.model.sop.history import Event
from sopctl.store.library import SHIPPED, Library
from tests.cases import rows
from tests.model.sop.test_procedure import PLACED, events

PROCEDURES = Library(SHIPPED).current
LOOP = ["konfigurasi 1 selesai", "konfigurasi 2 selesai", "konfigurasi 3 tidak bisa"]


@pytest.mark.parametrize("row", rows("tries"), ids=lambda row: row["name"])
def test_how_many_tries_are_used_up(row: dict[str, Any]) -> None:
    passes = [line for each in row["events"] for line in (LOOP if each == "loop" else [each])]
    history = events(*PLACED, *passes)
    procedure.stand(PROCEDURES, history)
    assert record.tries(PROCEDURES, history) == row["tries"]


def test_a_host_key_that_waits_for_confirmation_is_no_look() -> None:
    """A run without anyone beside it notes the key that it met."""
    history = events(*PLACED, *LOOP * 3, "konfigurasi 1 kunci host")
    key = {"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:x"}
    noted = replace(history[-1], data={"host_key_pending": key})
    assert record.established(PROCEDURES, [noted], HostKeyPending)
    assert record.tries(PROCEDURES, [*history[:-1], noted]) == 3


def test_an_event_that_the_procedures_do_not_explain_is_of_no_verb() -> None:
    for line in ("konfigurasi 4 selesai", "servis 1 selesai"):
        (event,) = events(line)
        assert record.verb_of(PROCEDURES, event) is None


def test_an_entry_of_another_verb_with_the_same_key_is_not_read() -> None:
    """`changed` is a number of tasks in a configuration, and lines in an edit."""
    configured, edited = events(*PLACED, "konfigurasi 1 selesai", "konfigurasi 2 diubah")[-2:]
    history = [replace(configured, data={"changed": "3"}), replace(edited, data={"changed": ["-a", "+b"]})]
    assert record.newest(PROCEDURES, history, Configured) == Configured(changed=3)


@pytest.mark.parametrize(
    ("line", "verb", "ends"),
    [
        ("penitipan 1 selesai", ("request", ""), True),
        ("penitipan 2 ditolak", ("refuse", ""), True),
        ("penitipan 5 selesai", ("notify", "place-ready"), True),
        ("penitipan 6 selesai", ("notify", "place-full"), True),
        ("penitipan 5 tempat dilepas", ("expire", ""), True),
        ("penitipan 5 ditahan", ("hold", ""), False),
        ("penitipan 5 diubah", ("edit", ""), False),
        ("konfigurasi 1 started", ("configure", ""), False),
        ("konfigurasi 1 failed", ("configure", ""), False),
        ("konfigurasi 4 selesai", None, False),
    ],
)
def test_of_which_verb_an_event_is(line: str, verb: tuple[str, str] | None, ends: bool) -> None:
    """By its outcome, where that is another verb's than the step's; and whether it ended the step."""
    (event,) = events(line)
    found = record.verb_of(PROCEDURES, event)
    assert (found and (found.name, found.task)) == verb
    assert record.ended(PROCEDURES, event) == (found if ends else None)


def undoing(event: int) -> dict[str, Any]:
    return {"undoes": {"event": event, "hash": "x"}, "reason": "salah"}


def test_which_event_ended_a_step_last() -> None:
    """By verb and task; neither one that was taken back nor an act or work of the step counts."""
    lines = (
        "penitipan 5 selesai",
        "penitipan 6 selesai",
        "konfigurasi 1 selesai",
        "konfigurasi 1 started",
        "konfigurasi 1 selesai",
        "konfigurasi 1 failed",
        "penitipan 5 ditahan",
    )
    history = events(*lines)

    def last(name: str, task: str = "", events: list[Event] = history) -> int | None:
        found = record.last_ended(PROCEDURES, events, name, task)
        return found.seq if found else None

    assert (last("notify"), last("notify", "place-ready"), last("notify", "place-full")) == (2, 1, 2)
    assert (last("configure"), last("hold"), last("request"), last("notify", "other")) == (5, None, None, None)
    back = replace(events(*lines, "penitipan 1 langkah dibatalkan")[-1], data=undoing(5))
    assert last("configure", events=[*history, back]) == 3


def test_what_events_established_is_read_from_the_newest_on() -> None:
    """Of those that were taken back nothing counts, and reading goes on before them."""
    made = events(*["konfigurasi 1 selesai"] * 4, "konfigurasi 1 diubah", "penitipan 1 langkah dibatalkan")
    changed = [replace(each, data={"changed": str(each.seq)}) for each in made[:4]]
    history = [*changed[:3], replace(made[3], data={}), made[4], replace(made[5], data=undoing(3))]
    found = list(record.established(PROCEDURES, history, Configured))
    assert [(event.seq, entry.changed) for event, entry in found] == [(2, 2), (1, 1)]
    assert record.undone(history) == {3}
    assert [record.establishes(PROCEDURES, each, Configured) for each in history] == [True] * 3 + [False] * 3
    assert record.newest(PROCEDURES, history[3:], Configured) is None


def test_an_outcome_without_a_limit_ends_the_count() -> None:
    """Tries are those of one step and one outcome, up to the last pass that was good."""
    good = events(*PLACED, *LOOP * 2, "konfigurasi 1 selesai", "konfigurasi 2 selesai", "konfigurasi 3 bisa", *LOOP)
    assert record.tries(PROCEDURES, good) == 0
