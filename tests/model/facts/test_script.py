"""What details.sh prints on servers of many kinds, as facts."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sopctl.model.facts.parts import Nic
from sopctl.model.facts.script import completed, from_script
from sopctl.model.facts.sections import MAX_TEXT
from sopctl.model.facts.server import Missing, ServerFacts
from sopctl.model.facts.setup import from_setup
from tests.cases import spoken_of

CASES = Path(__file__).parents[2] / "cases"
ROWS = yaml.load((CASES / "details.yml").read_text(), yaml.CSafeLoader)
ANSWERS = {path.stem: path.read_text() for path in (CASES / "details").iterdir()}
AT = "2026-11-23T09:30:00+07:00"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["machine"])
def test_a_machine(row: dict[str, Any]) -> None:
    facts = msgspec.to_builtins(from_script(ANSWERS[row["machine"]], gathered_at=AT))
    plain = msgspec.json.decode(msgspec.json.encode(facts))
    assert spoken_of(plain, row["facts"]) == row["facts"]
    assert {field: plain["missing"].get(field) for field in row.get("missing", {})} == row.get("missing", {})


def test_every_machine_is_a_row() -> None:
    assert {row["machine"] for row in ROWS} == set(ANSWERS)


def test_setup_and_script_complete_each_other() -> None:
    script = from_script(ANSWERS["rack-hardware-raid"], gathered_at=AT)
    setup = from_setup(
        {
            "hostname": "db01",
            "kernel": "5.14",
            "system_vendor": "Example Inc.",
            "product_serial": "NA",
            "devices": {"sda": {"sectors": 8, "model": "X"}},
            "interfaces": ["eno1"],
            "eno1": {"macaddress": "aa:bb:cc:00:00:01", "active": True},
        },
        gathered_at=AT,
    )
    assert setup.missing["serial"] is Missing.NEEDS_ROOT
    both = completed(setup, script)
    assert (both.kernel, both.serial, both.updates) == (script.kernel, "EX42", 2), "what the script read stays"
    assert both.disks == script.disks
    assert both.nics == script.nics
    without = completed(setup, from_script("=host ok\n db01\n", gathered_at=AT))
    assert (without.kernel, without.disks[0].model, without.nics[0].up) == ("5.14", "X", True), "setup fills the gaps"
    assert both.missing == {}


def test_without_the_script_the_rest_is_said_to_be_missing() -> None:
    nothing = from_script("", gathered_at=AT)
    assert {"packages", "listeners", "raid", "hostname"} <= nothing.missing.keys()
    setup = from_setup({"hostname": "x", "kernel": "6"}, gathered_at=AT)
    assert completed(setup, nothing).missing.keys() >= {"packages", "serial", "disks"}
    assert "kernel" not in completed(setup, nothing).missing


LINES = st.sampled_from(sorted({line for text in ANSWERS.values() for line in text.split("\n")}))


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES | st.text(max_size=60) | st.text(max_size=20).map(" ".__add__), max_size=60))
def test_nothing_a_server_prints_raises(lines: list[str]) -> None:
    facts = from_script("\n".join(lines), gathered_at=AT)
    assert msgspec.json.decode(msgspec.json.encode(facts), type=ServerFacts) == facts
    assert all(character.isprintable() for character in repr(msgspec.to_builtins(facts)))


def test_what_is_too_much_is_cut() -> None:
    many = "\n".join(f"=card e{number} ok\n /sys/class/net/x/address:aa:bb:cc:00:00:01" for number in range(9000))
    facts = from_script(many + "\n=packages ok\n" + " ii |x|1\n" * MAX_TEXT, gathered_at=AT)
    assert len(facts.nics) <= 512
    assert all(isinstance(nic, Nic) for nic in facts.nics)
