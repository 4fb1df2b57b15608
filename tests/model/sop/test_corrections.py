"""What is true now, where something was corrected, edited or inspected since."""

from datetime import date
from typing import Literal

import pytest
from msgspec.structs import replace

from sopctl.model.rack import Place
from sopctl.model.sop import corrections
from sopctl.model.sop.entries import (
    ConditionInspected,
    Configured,
    Correctable,
    Corrected,
    Correction,
    Disposed,
    Disposition,
    Edited,
    Entry,
    Gathered,
    Kept,
    Moved,
    OnDay,
    Paper,
    PortChange,
    PortSet,
    to_data,
)
from sopctl.model.sop.history import Event
from sopctl.store.library import SHIPPED, Library
from tests.model.sop.test_procedure import PLACED, events

PROCEDURES = Library(SHIPPED).current


def made(*lines: str | tuple[str, Entry]) -> list[Event]:
    """A history of these lines, some of which establish something."""
    said = [line if isinstance(line, tuple) else (line, None) for line in lines]
    return [
        replace(event, data=to_data([entry]) if entry else {})
        for event, (_, entry) in zip(events(*(line for line, _ in said)), said, strict=True)
    ]


def corrected(what: Correctable, event: int, after: str) -> tuple[str, Entry]:
    return "penitipan 8 dikoreksi", Corrected(correction=Correction(what, event, "x", "before", after, "salah"))


def edited(*fields: str) -> tuple[str, Entry]:
    return "penitipan 8 diubah", Edited(changed=(), fields=fields)


def inspected(serial: str) -> tuple[str, Entry]:
    return "penitipan 8 sesuai", ConditionInspected(serial=serial)


FILED = "penitipan 1 selesai"


@pytest.mark.parametrize(
    ("lines", "event", "value"),
    [
        ([], 1, "SN"),
        ([inspected("")], 1, "SN"),
        ([inspected("SN-2")], 2, "SN-2"),
        ([inspected("SN-2"), inspected("SN-3")], 3, "SN-3"),
        ([inspected("SN-2"), corrected("serial", 2, "SN-4")], 3, "SN-4"),
        ([corrected("serial", 2, "SN-4"), corrected("serial", 2, "SN-5"), inspected("SN-2")], 4, "SN-2"),
        ([corrected("serial", 1, "SN-4"), corrected("serial", 1, "SN-5")], 3, "SN-5"),
        ([corrected("received", 1, "2026-01-01")], 1, "SN"),
        ([inspected("SN-2"), edited("server.serial")], 3, "SN"),
        ([edited("server.serial"), inspected("SN-2")], 3, "SN-2"),
        ([inspected("SN-2"), edited("server.name"), edited("server.serial.x"), edited("unit")], 4, "SN"),
    ],
)
def test_the_serial_number_is_what_was_said_last(lines: list[tuple[str, Entry]], event: int, value: str) -> None:
    found = corrections.serial(PROCEDURES, made(FILED, *lines), "SN")
    assert (found.event.seq, found.value) == (event, value)


def test_the_day_of_a_step() -> None:
    """As it was corrected, as it was told, or when it was recorded; of the step's newest end alone."""
    placed: list[str | tuple[str, Entry]] = [*PLACED]
    last = len(PLACED)
    assert corrections.day(PROCEDURES, made(FILED), "placed") is None
    found = corrections.day(PROCEDURES, made(*placed), "placed")
    assert found is not None
    assert (found[0].seq, found[1]) == (last, date(2026, 11, 23))
    told = corrections.day(PROCEDURES, made(*placed[:-1], (PLACED[-1], OnDay(on_day=date(2026, 11, 20)))), "placed")
    assert told is not None
    assert told[1] == date(2026, 11, 20)
    for event, day in ((last, date(2026, 11, 18)), (last - 1, date(2026, 11, 23))):
        found = corrections.day(PROCEDURES, made(*placed, corrected("placed", event, "2026-11-18")), "placed")
        assert found is not None
        assert (found[0].seq, found[1]) == (last, day)
    received = corrections.day(PROCEDURES, made(*placed), "received")
    handed = corrections.day(PROCEDURES, made(*placed), "handed_over")
    assert received is not None
    assert handed is not None
    assert (received[0].outcome, received[0].step, handed[0].step) == ("selesai", 7, 9)


def test_since_when_an_adopted_server_stands_here_is_known_once_someone_says_so() -> None:
    adopted = made("penitipan 1 diadopsi")
    assert corrections.day(PROCEDURES, adopted, "placed") == (adopted[0], None)
    assert corrections.day(PROCEDURES, adopted, "received") is None
    said = made("penitipan 1 diadopsi", corrected("placed", 1, "2020-01-02"))
    assert corrections.day(PROCEDURES, said, "placed") == (said[0], date(2020, 1, 2))


def test_the_disposition_as_corrected() -> None:
    first, second = (
        Disposition(sender="kadis", to=to, instruction="proses", date=date(2026, 11, 3)) for to in ("a", "b")
    )
    history = made(
        FILED,
        ("penitipan 2 selesai", Disposed(disposition=first)),
        ("penitipan 3 selesai", Disposed(disposition=second)),
        corrected("instruction", 2, "segera"),
        corrected("instruction", 2, "sekarang"),
    )
    assert corrections.disposition(PROCEDURES, history[:1]) is None
    assert corrections.disposition(PROCEDURES, history) == (history[2], second)
    assert corrections.disposition(PROCEDURES, history, 2) == (history[1], replace(first, instruction="sekarang"))
    assert corrections.disposition(PROCEDURES, history, 9) is None
    assert [each.event.seq for each in corrections.remarks(PROCEDURES, history)] == [4, 5]
    assert [each.correction.after for each in corrections.remarks(PROCEDURES, history)] == ["segera", "sekarang"]


def test_what_was_edited_since_the_last_whole_configuration() -> None:
    every = (
        "server.name",
        "access.address",
        "access.port",
        "access.ports",
        "access.sources",
        "access.accounts",
        "access.static_address",
        "access.management_account",
    )
    assert corrections.to_repair(PROCEDURES, made(*map(edited, every))) == every
    whole = ("konfigurasi 1 selesai", Configured(changed=1))
    part = ("konfigurasi 1 konfigurasi diperbaiki", Configured(changed=1, parts=("accounts",)))
    lines = [edited("server.name"), whole, edited("access.port", "unit"), part, edited("access.accounts.0.keys")]
    assert corrections.to_repair(PROCEDURES, made(*lines)) == ("access.port", "access.accounts")
    assert corrections.to_repair(PROCEDURES, made(*lines[:2])) == ()


PAPER = Paper(file="x.pdf", sha256="x", number="1")
MOVED = Moved(moved_from=Place("A1", 1, 2), why="x", port_was_open=True, move_record=PAPER)
GATHERED = ("konfigurasi 6 selesai", Gathered(facts=Kept(file="x", sha256="x"), month="2026-11", document=PAPER))


@pytest.mark.parametrize(
    ("lines", "due"),
    [
        ([], False),
        ([GATHERED], False),
        ([("konfigurasi 5 dipindahkan", MOVED)], False),
        ([GATHERED, ("konfigurasi 5 dipindahkan", MOVED)], True),
        ([GATHERED, ("konfigurasi 5 dipindahkan", replace(MOVED, move_record=None, mistaken=True))], False),
        ([GATHERED, ("konfigurasi 5 dipindahkan", MOVED), GATHERED], False),
    ],
)
def test_a_server_that_was_moved_is_gathered_again(lines: list[tuple[str, Entry]], due: bool) -> None:
    assert corrections.to_gather(PROCEDURES, made(*lines)) is due


def port(state: Literal["applied", "released"]) -> tuple[str, Entry]:
    return "konfigurasi 1 port switch", PortSet(switch_port=PortChange(switch="sw1", port="1", state=state))


@pytest.mark.parametrize(
    ("lines", "due"),
    [
        ([edited("network.vlan")], False),
        ([port("applied")], False),
        ([port("applied"), edited("network.vlan")], True),
        ([edited("network.vlan"), port("applied")], False),
        ([port("applied"), edited("server.name")], False),
        ([port("released"), edited("network.vlan")], False),
        ([port("released"), ("konfigurasi 5 dipindahkan", MOVED)], True),
        ([("konfigurasi 5 dipindahkan", MOVED), port("applied")], False),
        ([port("applied"), ("konfigurasi 5 dipindahkan", replace(MOVED, port_was_open=False))], False),
    ],
)
def test_when_a_switch_port_is_to_be_set_again(lines: list[tuple[str, Entry]], due: bool) -> None:
    assert corrections.to_set_port(PROCEDURES, made(*lines)) is due
