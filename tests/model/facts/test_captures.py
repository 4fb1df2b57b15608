"""Every capture of every table, whatever kind it is of: beside itself it shows no change, in whatever order its parts
come, and after it was kept and read again; its form and its conditions can be made."""

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec
import pytest

from sopctl.adapters.documents.inventory import sections_of
from sopctl.model.facts.appliance import from_answers
from sopctl.model.facts.changes import differences
from sopctl.model.facts.conditions import conditions
from sopctl.model.facts.declaration import declarations
from sopctl.model.facts.platforms import KNOWN
from sopctl.model.facts.readers.redfish import from_bmc
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from sopctl.model.facts.setup import from_setup
from tests.cases import rows
from tests.model.facts.captures import AT, MACHINES, answer, cut, facts, framed, longer
from tests.model.facts.readers.test_redfish import BMCS, gathered, mockup, names, with_long
from tests.model.facts.test_appliance import ROWS as APPLIANCES
from tests.model.facts.test_appliance import said_by
from tests.model.facts.test_declaration import CAPTURES as WHOLE

SECTIONS = {name for each in declarations(ServerFacts) if each.read for name in (*each.read.sections, *each.read.also)}


def captures() -> Iterator[tuple[str, Callable[[], ServerFacts]]]:
    """All of them, by their table and name, still to be read: every worker collects all, and runs a few."""
    for name, machine in MACHINES.items():
        for new in (True, False):
            yield f"machines: {name}, {'new' if new else 'old'} tools", partial(facts, machine, new=new)
    for row in rows("months"):
        for month in ("before", "after"):
            yield f"months: {row['name']}, {month}", partial(facts, row[month])
    for table in ("controllers", "pools", "guests", "adapters", "supplies"):
        for row in rows(table):
            said = {_section(key): text for key, text in row.items() if _section(key).split()[0] in SECTIONS}
            lines = {section: text for section, text in said.items() if isinstance(text, str)}
            yield f"{table}: {row['name']}", partial(from_script, framed(lines), gathered_at=AT)
    for row in rows("smart"):
        text = row.get("said") or msgspec.json.encode(row.get("json")).decode()
        disk = 'NAME="sda" TYPE="disk" SIZE="2000398934016" MODEL="X" SERIAL="" ROTA="1"'
        printed = framed({"lsblk": disk, "smart sda": text})
        yield f"smart: {row['name']}", partial(from_script, printed, gathered_at=AT)
    for path in WHOLE:
        yield f"details: {path.stem}", partial(from_script, path.read_text(), gathered_at=AT)
    for row in APPLIANCES:
        if found := from_answers(row["platform"], said_by(row["machine"]), gathered_at=AT):
            yield f"appliances: {row['machine']}", partial(lambda found: found, found)
    for name in BMCS:
        case = mockup(name)
        serial = case.get("serial", "")
        yield f"bmc: {name}", partial(from_bmc, gathered(case["documents"], serial), gathered_at=AT, serial=serial)


def _section(key: str) -> str:
    """Of a row's key: the controllers' tables call one by another name, as they name what follows so."""
    return {"all_drives": "drives", "drives": "-"}.get(key, key)


FOUND = dict(captures())


def test_there_are_many() -> None:
    assert len(FOUND) >= 500


@pytest.mark.parametrize("name", FOUND)
def test_a_capture_does_not_differ_from_itself(name: str) -> None:
    found = FOUND[name]()
    assert differences(found, found) == ()
    kept = msgspec.json.decode(msgspec.json.encode(found), type=ServerFacts)
    assert differences(found, kept) == differences(kept, found) == ()
    mixed = random.Random(name)
    lists: dict[str, Any] = {
        field: tuple(mixed.sample(value, len(value)))
        for field in found.__struct_fields__
        if isinstance(value := getattr(found, field), tuple)
    }
    assert differences(found, msgspec.structs.replace(found, **lists)) == ()
    assert conditions(kept) == conditions(found)
    assert sections_of(found, {}, {})


CUT = {row["of"]: row["longest"] for row in rows("cut")}


@pytest.mark.parametrize("table", [table for table in CUT if table not in ("bmc", "setup", *KNOWN)])
def test_each_thing_that_a_tool_says_has_its_bound(table: str) -> None:
    said = [made.args[0] for name, made in captures() if name.startswith(f"{table}: ") and isinstance(made, partial)]
    made = (from_script(each, gathered_at=AT) for capture in said for each in longer(capture))
    assert cut(made) == CUT[table]


@pytest.mark.parametrize("platform", KNOWN)
def test_each_thing_that_an_appliance_says_has_its_bound(platform: str) -> None:
    said = [said_by(row["machine"]) for row in APPLIANCES if row["platform"] == platform]
    made = (
        from_answers(platform, {**answers, command: each}, gathered_at=AT)
        for answers in said
        for command, text in answers.items()
        for each in longer(text)
    )
    assert cut(filter(None, made)) == CUT[platform]


def test_each_thing_that_setup_says_has_its_bound() -> None:
    said = [answer(machine) for machine in list(MACHINES.values())[::8]]
    made = (from_setup(with_long(each, key), gathered_at=AT) for each in said for key in sorted(names(each)))
    assert cut(made) == CUT["setup"]


def test_each_thing_that_a_bmc_says_has_its_bound() -> None:
    said = [gathered(mockup(name)["documents"]) for name in BMCS]
    made = (from_bmc(with_long(each, key), gathered_at=AT) for each in said for key in sorted(names(each)))
    assert cut(made) == CUT["bmc"]
