"""A history read through its procedures: how often a loop was gone round (tests/cases/tries.yml)."""

from typing import Any

import pytest
from msgspec.structs import replace

from sopctl.model.sop import procedure, record
from sopctl.model.sop.entries import Configured, HostKeyPending
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
