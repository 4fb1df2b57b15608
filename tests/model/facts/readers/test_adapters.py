"""Fibre Channel ports, accelerators, the trusted platform module."""

import time
from typing import Any

import pytest

from sopctl.model.facts import shown
from sopctl.model.facts.changes import differences, real
from sopctl.model.facts.readers import adapters
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from tests.cases import rows
from tests.model.facts.captures import AT, framed

ROWS = rows("adapters")
SECTIONS = ("fibre", "pci", "nvidia", "tpm")
LINES = sorted({line for row in ROWS for section in SECTIONS for line in row.get(section, "").splitlines()})


def read(row: dict[str, Any]) -> ServerFacts:
    return from_script(framed({section: row.get(section, "") for section in SECTIONS}), gathered_at=AT)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_cards(row: dict[str, Any]) -> None:
    facts = read(row)
    ports = [(port.name, port.wwn, port.model, port.state, port.speed) for port in facts.fibre_ports]
    cards = [(card.name, card.model, card.serial) for card in facts.accelerators]
    assert [" | ".join(map(str, each)) for each in ports] == row["is"].get("fibre", [])
    assert [" | ".join(map(str, each)) for each in cards] == row["is"].get("accelerators", [])
    assert facts.tpm == row["is"].get("tpm")
    assert differences(facts, facts) == ()


def test_a_port_and_a_card_that_are_gone_are_changes() -> None:
    """A server without any says so: its sections are there, and empty."""
    nothing = read({})
    assert not {"fibre_ports", "accelerators", "tpm"} & nothing.missing.keys()
    assert [str(each) for each in differences(read(ROWS[1]), nothing)] == [
        "Port Fibre Channel tidak ada lagi: 10000090fa000001"
    ]
    assert len(differences(read(ROWS[2]), nothing)) == 2


def test_what_an_earlier_version_did_not_look_for_is_not_new() -> None:
    earlier = ServerFacts(gathered_at=AT, hostname="", rules=1)
    for row in ROWS:
        assert real(differences(earlier, read(row))) == ()


@pytest.mark.parametrize("line", [*LINES[::4], "/host1" * 800, '"' * 4000, '3b:00.0 "' * 400, "/tpm0" * 800])
def test_any_line_many_times_ends_in_time(line: str) -> None:
    begin = time.process_time()
    lines = [line] * 20_000
    adapters.fibre_ports(lines)
    adapters.accelerators(lines, lines)
    adapters.tpm(lines)
    assert time.process_time() - begin < 5, "a reader that is not linear"


def test_the_form_has_the_names_by_which_a_storage_network_knows_the_server() -> None:
    assert shown.fibre_ports(read(ROWS[0]).fibre_ports) == (
        "21:00:00:24:ff:00:00:01 (Online, 16 Gbit); 21:00:00:24:ff:00:00:02 (Linkdown)"
    )
    assert shown.fibre_ports(()) is None
