"""Whatever two gatherings say: they are joined, compared and put on a form without an error, in time, and printable."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sopctl.adapters.documents.inventory import sections_of
from sopctl.model.deposit import Server
from sopctl.model.facts.changes import Weight, against_handover, differences
from sopctl.model.facts.declared import compare
from sopctl.model.facts.script import completed, from_script
from sopctl.model.facts.sections import MAX_TEXT
from sopctl.model.facts.server import ServerFacts
from sopctl.model.facts.setup import from_setup
from tests.faults.readers import READERS, TOLD
from tests.model.facts.captures import longer, texts
from tests.model.facts.test_server import ANSWERS, REAL

AT = "2026-11-23T09:30:00+07:00"
PRINTED = sorted((Path(__file__).parents[2] / "cases/details").iterdir())
LINES = st.sampled_from(sorted({line for path in PRINTED for line in path.read_text().split("\n")}))
SAID = st.lists(LINES | st.text(max_size=40).map(" ".__add__), max_size=60).map("\n".join)
FACTS = st.builds(
    lambda raw, said: completed(from_setup(raw, gathered_at=AT), from_script(said, gathered_at=AT)), ANSWERS, SAID
)
LETTER = Server(name="web1.example.org", brand_model="Contoh R200", height_units=2, serial="SN-0001")

HUGE = {
    "packages": "=packages ok\n" + "".join(f" ii |p{n}|1\n" for n in range(90_000)),
    "listeners": "=listening ok\n" + "".join(f" tcp LISTEN 0 1 *:{n % 65536} *:*\n" for n in range(40_000)),
    "modules": "=dmidecode ok\n" + " Handle 0x0001, DMI type 17, 40 bytes\n \tSize: 32 GB\n \tLocator: A\n" * 15_000,
    "cards": "".join(f"=card e{n} ok\n /sys/class/net/e{n}/address:aa:bb:cc:00:00:01\n" for n in range(15_000)),
    "quotes": "=lsblk ok\n " + 'NAME="' * 160_000,
    "colons": "=bmc ok\n " + ":" * 900_000,
    "blocks": "=mdstat ok\n md0 : active raid1 sda\n " + "1 blocks [" * 90_000,
    "smart": "".join(f"=smart sd{n} ok\n Serial Number: {'x' * 50}\n" for n in range(10_000)),
    "digits": "=uptime ok\n " + "9" * 900_000,
    "spaces": "=raid ok\n " + "0/0 RAID1 " + " " * 900_000,
}


@settings(max_examples=150, deadline=None)
@given(FACTS, FACTS)
def test_any_two_gatherings_can_be_compared(before: ServerFacts, after: ServerFacts) -> None:
    assert msgspec.json.decode(msgspec.json.encode(after), type=ServerFacts) == after
    assert [change for change in differences(after, after) if change.weight is not Weight.UNREAD] == []
    for change in (*differences(before, after), *against_handover("SN", after)):
        assert str(change).isprintable()
    for line in compare(LETTER, "SN-0001", after):
        assert line.found.isprintable()
    sections_of(after, {}, {})


@settings(max_examples=100, deadline=None)
@given(SAID)
def test_what_setup_read_fills_the_gaps_of_the_script(said: str) -> None:
    setup, script = from_setup(REAL, gathered_at=AT), from_script(said, gathered_at=AT)
    both = completed(setup, script)
    for field in ("hostname", "kernel", "serial", "memory_mib", "mounts", "gateway"):
        assert getattr(both, field) == (getattr(script, field) or getattr(setup, field))
    assert [disk.name for disk in both.disks] == [disk.name for disk in script.disks or setup.disks]


@pytest.mark.parametrize("what", HUGE)
def test_the_largest_answers_end_in_time_and_small(what: str) -> None:
    """What a server may send at most (MAX_TEXT characters) costs seconds of nobody's run."""
    begin = time.process_time()
    facts = from_script(HUGE[what][:MAX_TEXT], gathered_at=AT)
    other = from_script(HUGE[what][: MAX_TEXT // 2], gathered_at=AT)
    differences(other, facts)
    completed(facts, other)
    assert time.process_time() - begin < 10, "a parser that is not linear"
    assert len(msgspec.json.encode(facts)) < 6_000_000


LONGEST = 400
"""Characters that any text may have that was read of a machine: more than any real one has."""
READ_OF_MACHINES = [name for name in READERS if name.startswith(("appliance", "script", "setup", "redfish", "survey"))]


def lengthened(value: Any) -> Any:
    """Every text in it far longer than anybody's."""
    match value:
        case str():
            return value + "x" * 3000
        case dict():
            return {key: lengthened(each) for key, each in value.items()}
        case list():
            return [lengthened(each) for each in value]
    return value


@pytest.mark.parametrize("name", READ_OF_MACHINES)
def test_no_text_that_was_read_is_longer_than_a_line(name: str) -> None:
    """A bound of each is in its reader; here is that there is one."""
    for seed in READERS[name].seeds():
        try:
            said = json.dumps(lengthened(json.loads(seed))).encode()
        except ValueError:
            lines = seed.splitlines()[:400]
            said = b"\n".join(line if line.startswith(b"=") else line + b"x" * 3000 for line in lines)
        with suppress(*TOLD):
            found = msgspec.to_builtins(READERS[name].read(said))
            assert max(map(len, texts(found)), default=0) <= LONGEST


@pytest.mark.parametrize("name", ["script", "survey"])
def test_each_thing_that_a_machine_says_has_its_bound(name: str) -> None:
    """One at a time: what stands beside it is still read."""
    for said in (text for seed in READERS[name].seeds() for text in longer(seed.decode(errors="replace"))):
        with suppress(*TOLD):
            found = msgspec.to_builtins(READERS[name].read(said.encode()))
            assert max(map(len, texts(found)), default=0) <= LONGEST


def one_by_one(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where each text in a document is."""
    if isinstance(value, str):
        yield way
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from one_by_one(each, (*way, key))


def with_longer(value: Any, way: tuple[str | int, ...]) -> Any:
    """A document in which the text that is there is far longer."""
    if not way:
        return value + "x" * 3000
    made = value.copy()
    made[way[0]] = with_longer(value[way[0]], way[1:])
    return made


@pytest.mark.parametrize("name", ["setup", "redfish"])
def test_each_text_of_a_document_has_its_bound(name: str) -> None:
    for document in [REAL] if name == "setup" else [json.loads(seed) for seed in READERS[name].seeds()]:
        for way in one_by_one(document):
            with suppress(*TOLD):
                found = msgspec.to_builtins(READERS[name].read(json.dumps(with_longer(document, way)).encode()))
                assert max(map(len, texts(found)), default=0) <= LONGEST, way
