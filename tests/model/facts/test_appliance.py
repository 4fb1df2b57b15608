"""What network appliances of many kinds answer, as facts; and whatever else they may answer."""

import re
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sopctl.adapters.documents import sections_of
from sopctl.model.facts.answers import MAX_REPLY
from sopctl.model.facts.appliance import commands, from_answers
from sopctl.model.facts.changes import Weight, differences
from sopctl.model.facts.server import ServerFacts
from tests.cases import rows, spoken_of

CASES = Path(__file__).parents[2] / "cases" / "appliances"
ROWS = rows("appliances")
AT = "2026-11-23T09:30:00+07:00"
PLATFORMS = ("cisco_ios", "mikrotik_routeros")


def said_by(machine: str) -> dict[str, str]:
    """What a machine of tests/cases/appliances answers: command → text."""
    _, *parts = re.split(r"^### (.+)\n", (CASES / f"{machine}.txt").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["machine"])
def test_a_machine(row: dict[str, Any]) -> None:
    facts = from_answers(row["platform"], said_by(row["machine"]), gathered_at=AT)
    assert facts is not None
    plain = msgspec.json.decode(msgspec.json.encode(facts))
    assert spoken_of(plain, row["facts"]) == row["facts"]
    assert {field: plain["missing"].get(field) for field in row.get("missing", {})} == row.get("missing", {})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["machine"])
def test_the_answers_are_to_what_is_asked(row: dict[str, Any]) -> None:
    asked = set(commands(row["platform"]))
    assert said_by(row["machine"]).keys() == asked if row["machine"] != "garbage" else asked


@pytest.mark.parametrize("row", rows("ios_shapes"), ids=lambda row: row["device"])
def test_a_device_of_cisco(row: dict[str, Any]) -> None:
    """The lines that matter, of each family and release; read against itself, and as it may say it another day."""
    said = {"show version": row["version"], "show inventory": row.get("inventory", "")}
    facts = from_answers("cisco_ios", said, gathered_at=AT)
    if row["facts"] is None:
        assert facts is None
        return
    assert facts is not None
    found = {
        **msgspec.structs.asdict(facts),
        "cpu": facts.cpu.model,
        "supplies": len(facts.power_supplies),
        "watts": [each.watts for each in facts.power_supplies],
        "modules": len(facts.modules),
        "packages": list(facts.packages),
    }
    assert {field: found[field] for field in row["facts"]} == row["facts"]
    assert {facts.vendor, facts.hostname} & {None, ""} == set()
    for command, (word, other) in row.get("same", {}).items():
        said[f"show {command}"] = said[f"show {command}"].replace(word, other, 1)
    later = from_answers("cisco_ios", said, gathered_at=AT)
    assert later is not None
    assert differences(facts, later) == ()


def test_every_machine_is_a_row() -> None:
    assert {row["machine"] for row in ROWS} == {path.stem for path in CASES.iterdir()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["machine"])
def test_the_other_platform_is_not_taken_for_it(row: dict[str, Any]) -> None:
    other: Any = next(platform for platform in PLATFORMS if platform != row["platform"])
    assert from_answers(other, said_by(row["machine"]), gathered_at=AT) is None
    assert from_answers(row["platform"], {}, gathered_at=AT) is None


def test_what_changed_between_two_months() -> None:
    """A transceiver gone, another stack member in slot 2, and a newer system; a second active member is no change."""
    said = said_by("ios-switch-stack")
    before = from_answers("cisco_ios", said, gathered_at=AT)
    later = {command: text.replace("FOC0000A002", "FOC0000A009") for command, text in said.items()}
    later["show version"] = later["show version"].replace("15.2(7)E3", "15.2(7)E9")
    later["show inventory"] = re.sub(r'NAME: "Gig.*\n.*\n', "", later["show inventory"])
    after = from_answers("cisco_ios", later, gathered_at=AT)
    assert before is not None
    assert after is not None
    assert [str(change) for change in differences(before, after)] == [
        "Sistem operasi: Cisco IOS 15.2(7)E3 menjadi Cisco IOS 15.2(7)E9",
        "Bagian perangkat tidak ada lagi: GLC-SX-MMD (FNS0000T001)",
        "Bagian perangkat tidak ada lagi: WS-C2960X-48TS-L (FOC0000A002)",
        "Bagian perangkat baru: WS-C2960X-48TS-L (FOC0000A009)",
        "Versi 1 paket: lama menjadi baru",
    ]


def test_another_serial_number_is_an_alarm() -> None:
    said = said_by("routeros7-router")
    before = from_answers("mikrotik_routeros", said, gathered_at=AT)
    other = {command: text.replace("HCT00000001", "HCT00000002") for command, text in said.items()}
    after = from_answers("mikrotik_routeros", other, gathered_at=AT)
    assert before is not None
    assert after is not None
    found = differences(before, after)
    assert (found[0].weight, str(found[0])) == (Weight.ALARM, "Nomor seri: HCT00000001 menjadi HCT00000002")


# ntc-templates reads the same answers in its own way, written by many hands: what both read must be the same.


@pytest.mark.parametrize("machine", [row["machine"] for row in ROWS if row["machine"].startswith("ios-")])
def test_ntc_templates_reads_the_same_of_ios(machine: str) -> None:
    from ntc_templates.parse import parse_output

    said = said_by(machine)
    facts = from_answers("cisco_ios", said, gathered_at=AT)
    assert facts is not None

    def theirs(command: str) -> list[dict[str, Any]]:
        if "authorization failed" in said[command]:
            return []
        found: list[dict[str, Any]] = parse_output(platform="cisco_ios", command=command, data=said[command])
        return found

    version = theirs("show version")[0]
    assert (facts.hostname, facts.os_version) == (version["hostname"], version["version"])
    assert facts.serial in version["serial"]
    assert facts.packages == {version["software_image"]: version["version"]}
    inventory = {(each["name"], each["sn"] or None) for each in theirs("show inventory")}
    parts = {(each.name, each.serial) for each in facts.modules}
    assert parts | {(each.name, each.serial) for each in facts.power_supplies} == inventory
    ports = {each["interface"]: each for each in theirs("show interfaces")}
    for nic in facts.nics:
        port = ports[nic.name]
        assert nic.up == (port["link_status"] == "up" and port["protocol_status"].startswith("up"))
        assert (nic.mac or "").replace(":", "") == port["mac_address"].replace(".", "")
        assert not port["ip_address"] or port["ip_address"] in nic.ipv4
    addresses = {(each["interface"], tuple(each["ip_address"])) for each in theirs("show ip interface")}
    for name, held in addresses:
        assert not held or held == next(nic.ipv4 for nic in facts.nics if nic.name == name)


@pytest.mark.parametrize("machine", [row["machine"] for row in ROWS if row["machine"].startswith("routeros")])
def test_ntc_templates_reads_the_same_of_routeros(machine: str) -> None:
    from ntc_templates.parse import parse_output

    said = said_by(machine)
    facts = from_answers("mikrotik_routeros", said, gathered_at=AT)
    assert facts is not None
    text = said["/system resource print"].replace("build-time: 2024-", "x: ").replace("bad-blocks: 0%", "")
    lines = [line for line in text.splitlines() if ": " in line and not line.strip().startswith(("x:", "build-time"))]
    (theirs,) = parse_output(
        platform="mikrotik_routeros", command="/system resource print", data="\n".join(lines) + "\n"
    )
    assert theirs["version"].split()[0] == facts.os_version
    assert (theirs["cpu"], theirs["architecture_name"]) == (facts.cpu.model, facts.architecture)
    units = {"weeks": 604800, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}
    assert sum(int(theirs[f"uptime_{unit}"] or 0) * worth for unit, worth in units.items()) == facts.uptime_seconds


# Whatever they answer

LINES = st.sampled_from(
    sorted({line for row in ROWS for text in said_by(row["machine"]).values() for line in text.split("\n")})
)
FIRST = {"cisco_ios": 3 * "Cisco IOS Software\n", "mikrotik_routeros": 3 * "platform: MikroTik\n"}
"""What shows the platform; a refusal would stand in the first three lines."""
TEXT = st.lists(LINES | st.text(max_size=60), max_size=40).map("\n".join)


@settings(max_examples=200)
@given(st.data(), st.sampled_from(PLATFORMS))
def test_nothing_that_an_appliance_says_raises(data: st.DataObject, platform: Any) -> None:
    said = data.draw(st.dictionaries(st.sampled_from(commands(platform)), TEXT))
    first = FIRST[platform]
    said[commands(platform)[0]] = first + said.get(commands(platform)[0], "")
    facts = from_answers(platform, said, gathered_at=AT)
    assert facts is not None
    assert msgspec.json.decode(msgspec.json.encode(facts), type=ServerFacts) == facts
    assert all(character.isprintable() for character in repr(msgspec.to_builtins(facts)))
    assert [each for each in differences(facts, facts) if each.weight is not Weight.UNREAD] == []
    sections_of(facts, {}, {})


HOSTILE = {
    "commas": ("PID: " + ",VID: " * 160 + "\n") * 400,
    "names": 'NAME: "' * 60_000,
    "items": 'NAME: "1", DESCR: "x"\nPID: A, VID: V, SN: B\n' * 8_000,
    "ports": "".join(f"GigabitEthernet1/0/{n} is up, line protocol is up\n" for n in range(9_000)),
    "one port": "Gi1 is up, line protocol is up\n" + "  Secondary address 192.0.2.1/24\n" * 12_000,
    "one name": "x" * 400_000,
    "uptime": "a uptime is " + "9 years, " * 40_000,
    "spaces": "  Hardware is " + " " * 399_000,
    "entries": "".join(f' {n} R name="e{n}" type="ether"\n' for n in range(12_000)),
    "quotes": ' 0 R name="' * 36_000,
    "pairs": " 0 R " + "a=" * 190_000,
    "backslashes": ' 0 R name="' + "\\" * 390_000,
    "flags": "\n".join(f" {n} " + "A " * 480 for n in range(400)),
    "servers": "servers: 192.0.2.1" + ",192.0.2.1" * 30_000,
    "digits": "uptime: " + "9" * 399_000 + "\ntotal-memory: " + "9" * 300_000 + "MiB",
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_largest_answers_end_in_time_and_small(what: str, platform: Any) -> None:
    begin = time.process_time()
    first = FIRST[platform]
    facts = from_answers(
        platform, dict.fromkeys(commands(platform), (first + HOSTILE[what])[:MAX_REPLY]), gathered_at=AT
    )
    assert facts is not None
    assert time.process_time() - begin < 5, "a reader that is not linear"
    assert len(msgspec.json.encode(facts)) < 600_000
