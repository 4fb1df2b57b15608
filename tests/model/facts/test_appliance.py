"""What network appliances of many kinds answer, as facts; and whatever else they may answer."""

import importlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from netmiko.ssh_dispatcher import CLASS_MAPPER
from textfsm import TextFSMError

from sopctl.adapters.documents.inventory import sections_of
from sopctl.model.facts.answers import MAX_REPLY, Answers, State
from sopctl.model.facts.appliance import commands, from_answers, terminal
from sopctl.model.facts.changes import Weight, differences
from sopctl.model.facts.platforms import KNOWN
from sopctl.model.facts.server import Missing, ServerFacts
from tests.cases import rows, spoken_of
from tests.model.facts.captures import known

CASES = Path(__file__).parents[2] / "cases" / "appliances"
ROWS = rows("appliances")
AT = "2026-11-23T09:30:00+07:00"
PLATFORMS = KNOWN


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
def test_another_platform_is_not_taken_for_it(row: dict[str, Any]) -> None:
    for other in PLATFORMS:
        taken = from_answers(other, said_by(row["machine"]), gathered_at=AT)
        assert (taken is not None) == (other == row["platform"]), other
    assert from_answers(row["platform"], {}, gathered_at=AT) is None


def test_every_platform_has_machines_of_several_kinds() -> None:
    counts = {platform: sum(row["platform"] == platform for row in ROWS) for platform in PLATFORMS}
    new = {platform: count for platform, count in counts.items() if platform not in ("cisco_ios", "mikrotik_routeros")}
    assert min(new.values()) >= 5, counts


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_it_reads_a_field_from_is_asked(platform: Any) -> None:
    reader = importlib.import_module(f"sopctl.model.facts.platforms.{platform}")
    assert {command for names in reader.READ_BY.values() for command in names} <= set(reader.COMMANDS)
    assert {"modules", "nics"} <= reader.READ_BY.keys()
    assert CLASS_MAPPER[platform], "netmiko's name for it"


SHOWN_BY = {
    "cisco_ios": ("show version", "Cisco IOS Software, C2960 Software, Version 15.2(7)E3, RELEASE SOFTWARE"),
    "cisco_nxos": ("show version", "Cisco Nexus Operating System (NX-OS) Software"),
    "mikrotik_routeros": ("/system resource print", "platform: MikroTik"),
    "fortinet": ("get system status", "Version: FortiGate-60F v7.2.5,build1517,230606 (GA.F)"),
    "juniper_junos": ("show version", "JUNOS Base OS boot [18.4R2]"),
    "hp_procurve": ("show system", " Status and Counters - General System Information"),
    "aruba_aoscx": ("show system", "ArubaOS-CX Version     : FL.10.10.1000"),
    "paloalto_panos": ("show system info", "sw-version: 10.1.9"),
}
"""By which line of which answer a platform is known; some need another beside it."""


@pytest.mark.parametrize("row", rows("appliance_parts"), ids=lambda row: f"{row['platform']}: {row['name']}")
def test_what_becomes_of_an_answer(row: dict[str, Any]) -> None:
    command, line = SHOWN_BY[row["platform"]]
    said = {command: [], **row["says"]}
    said[command] = [line, *said[command]]
    answers = {each: "\n".join(lines) for each, lines in said.items()}
    found = from_answers(row["platform"], answers, gathered_at=AT)
    if row["gives"] is None:
        assert found is None
        return
    facts = msgspec.to_builtins(found)

    assert {field: known(facts[field]) for field in row["gives"]} == row["gives"]


REFUSALS = rows("appliance_refusals")


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row["platform"])
def test_how_it_says_no(row: dict[str, Any]) -> None:
    """In one of the first lines that say something; what stands further down is no answer to the command."""
    refusals = importlib.import_module(f"sopctl.model.facts.platforms.{row['platform']}").REFUSALS
    for state, said, beginnings in (
        (State.ABSENT, row["absent"], refusals.absent),
        (State.REFUSED, row["refused"], refusals.refused),
    ):
        assert [each for each in beginnings if not any(line.startswith(each) for line in said)] == []
        for line in said:
            third, fourth = ("\r\n  ^\n" + "echo\n" * before + f" {line}\n" for before in (2, 3))
            answers = Answers({"third": third, "fourth": fourth, "empty": ""}, refusals)
            assert [answers.state(each) for each in ("third", "fourth", "empty", "not asked")] == [
                state, State.OK, State.OK, State.ABSENT
            ]  # fmt: skip
            assert (answers.lines("third"), bool(answers.lines("fourth"))) == ([], True)
    assert terminal(row["platform"]) == (None if row["first"] is None else tuple(row["first"]))


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row["platform"])
def test_what_is_not_known_where_a_command_is_refused(row: dict[str, Any]) -> None:
    first, *others = commands(row["platform"])
    said = said_by(row["machine"])

    def lacks(*refused: str) -> set[str]:
        answers = {command: row["refused"][0] if command in refused else text for command, text in said.items()}
        found = from_answers(row["platform"], answers, gathered_at=AT)
        assert found is not None
        return {field for field, why in found.missing.items() if why is Missing.NEEDS_ROOT}

    known = lacks()
    assert {each: sorted(new) for each in others if (new := lacks(each) - known)} == row["without"]
    assert sorted(lacks(*others)) == row["alone"]
    assert from_answers(row["platform"], {**said, first: row["refused"][0]}, gathered_at=AT) is None


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


Rows = list[dict[str, Any]]


def _fortinet(facts: ServerFacts, theirs: Callable[[str], Rows]) -> None:
    status = theirs("get system status")[0]
    assert (facts.hostname, facts.bios_version or "") == (status["hostname"], status["bios_version"])
    assert status["serial_number"] in {each.serial for each in facts.modules}
    assert status["version"].startswith(f"{facts.product} v{(facts.os_version or '').partition(' ')[0]},")
    ports = {nic.name: nic for nic in facts.nics}
    for row in theirs("get system interface physical"):
        nic = ports[row["name"]]
        assert nic.up == (row["status"] == "up")
        assert nic.ipv4 == (() if row["ip_address"] == "0.0.0.0" else (row["ip_address"],))
        assert str(nic.speed_mbps or "n/a") == (row["speed"] if nic.up else "n/a")
    for row in theirs("get system interface"):
        held = ports[row["name"]].ipv4 if row["name"] in ports else ()
        assert held == (() if row["ip_address"] == "0.0.0.0" else (row["ip_address"],))


def _junos(facts: ServerFacts, theirs: Callable[[str], Rows]) -> None:
    version = theirs("show version")[0]
    assert facts.hostname == version["hostname"] or version["hostname"] == "fw-pusat-1", "theirs takes the last node"
    assert facts.os_version in (version["junos_version"], version["base_os_boot"])
    ports = {nic.name: nic for nic in facts.nics}
    for row in theirs("show interfaces"):
        if row["interface"] in ports and row["admin_state"]:
            assert ports[row["interface"]].up == (row["link_status"] == "Up")
        if row["local"] and {row["interface"], row["interface"].partition(".")[0]} & ports.keys():
            assert row["local"] in (ports.get(row["interface"]) or ports[row["interface"].partition(".")[0]]).ipv4
    serials = {value for row in theirs("show chassis hardware") for key, value in row.items() if "serial" in key}
    known = {each.serial for each in facts.modules} | {each.serial for each in facts.power_supplies}
    assert serials - known <= {"", "BUILTIN", "100W", "SFP", "Virtual"}, "theirs takes a description's word for one"


def _procurve(facts: ServerFacts, theirs: Callable[[str], Rows]) -> None:
    system = theirs("show system")
    assert facts.os_version == system[0]["software_version"]
    assert facts.serial == system[0]["serial"]
    assert {row["serial"] for row in system} <= {each.serial for each in facts.modules}
    ports = {nic.name: nic for nic in facts.nics}
    for row in theirs("show interfaces brief"):
        assert ports[row["port"].partition("-")[0]].up == (row["status"] == "Up")
    for row in theirs("show ip"):
        assert not row["ip_address"] or row["ip_address"] in ports[row["vlan_name"].strip()].ipv4
    for row in theirs("show lldp info local-device"):
        assert row["pid"] in (facts.product or "")


def _aoscx(facts: ServerFacts, theirs: Callable[[str], Rows]) -> None:
    system = theirs("show system")[0]
    assert (facts.hostname, facts.product, facts.os_version) == (
        system["hostname"],
        system["product"],
        system["version"],
    )
    assert system["serial"] in {each.serial for each in facts.modules}
    ports = {nic.name: nic for nic in facts.nics}
    for row in theirs("show interface"):
        if row["interface"] in ports:
            nic = ports[row["interface"]]
            assert (nic.up, nic.mac) == (row["link_status"] == "up", row["mac_address"])
            assert [
                each.partition("/")[0] for each in filter(None, (row["ip_address"], *row["secondary_ip_address"]))
            ] == [*nic.ipv4]
    for row in theirs("show interface mgmt"):
        assert ports["mgmt"].mac == row["mac_address"]
        assert ports["mgmt"].ipv4 == ((row["ipv4_address"],) if row["ipv4_address"] else ())
    for row in theirs("show module"):
        if row["serial"] != "Active":  # theirs takes a status of two words for two columns
            assert row["serial"] in {each.serial for each in facts.modules}


def _panos(facts: ServerFacts, theirs: Callable[[str], Rows]) -> None:
    system = theirs("show system info")[0]
    assert (facts.hostname, facts.product, facts.os_version) == (system["hostname"], system["model"], system["os"])
    assert (facts.serial or "unknown", facts.gateway) == (system["serial"], system["gateway"])
    ports = {nic.name: nic for nic in facts.nics}
    for row in theirs("show interface all"):
        if row["mac_address"] and row["interface"] in ports:
            nic = ports[row["interface"]]
            assert nic.mac == row["mac_address"]
            assert nic.up == (row["state"] == "up") or row["fec"] == "up", "theirs takes [n/a] for two values"
        for own in row["ip_address"]:
            address = own.partition("/")[0]
            assert own == "N/A" or address in (*ports[row["interface"]].ipv4, *ports[row["interface"]].ipv6)


def _nxos(facts: ServerFacts, theirs: Callable[[str], Rows]) -> None:
    version = theirs("show version")[0]
    assert (facts.hostname, facts.os_version) == (version["hostname"], version["os"])
    assert (facts.bios_version or "") == version["bios"]
    parts = {(each.name, each.serial or "") for each in facts.modules}
    parts |= {(each.name, each.serial or "") for each in facts.power_supplies}
    listed = theirs("show inventory")
    assert {(row["name"], row["sn"].replace("N/A", "")) for row in listed if row["pid"]} == parts
    ports = {nic.name: nic for nic in facts.nics}
    for row in theirs("show interface"):
        if row["interface"] in ports:
            nic = ports[row["interface"]]
            assert nic.up == (row["link_status"] == "up")
            assert (nic.mac or "").replace(":", "") == (row["bia"] or row["mac_address"]).replace(".", "")
    for row in theirs("show ip interface vrf all"):
        for own in filter(None, (row["ip_address"], *row["secondary_ip_address"])):
            assert own in ports[row["interface"]].ipv4


SECOND_OPINIONS: dict[str, Callable[[ServerFacts, Callable[[str], Rows]], None]] = {
    "aruba_aoscx": _aoscx,
    "cisco_nxos": _nxos,
    "fortinet": _fortinet,
    "hp_procurve": _procurve,
    "juniper_junos": _junos,
    "paloalto_panos": _panos,
}


def _parsed(platform: str, command: str, answer: str) -> Rows:
    """What ntc-templates reads. For a line that it does not know, it gives up on the answer: the line is left out."""
    from ntc_templates.parse import parse_output

    lines = answer.strip("\n").splitlines()
    while True:
        try:
            found: Rows = parse_output(platform=platform, command=command, data="\n".join(lines) + "\n")
        except TextFSMError as error:
            lines.remove(str(error).partition("Input Line: ")[2].rstrip("."))
            continue
        return found


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row["platform"] in SECOND_OPINIONS], ids=lambda row: row["machine"]
)
def test_ntc_templates_reads_the_same_of_the_others(row: dict[str, Any]) -> None:
    platform, said = row["platform"], said_by(row["machine"])
    facts = from_answers(platform, said, gathered_at=AT)
    assert facts is not None
    answers = Answers(said, importlib.import_module(f"sopctl.model.facts.platforms.{platform}").REFUSALS)

    def theirs(command: str) -> Rows:
        readable = answers.state(command) is State.OK and said[command].strip()
        return _parsed(platform, command, said[command]) if readable else []

    SECOND_OPINIONS[platform](facts, theirs)


# Whatever they answer

LINES = st.sampled_from(
    sorted({line for row in ROWS for text in said_by(row["machine"]).values() for line in text.split("\n")})
)
FIRST = {
    "aruba_aoscx": 3 * "ArubaOS-CX Version : X.1\n",
    "cisco_ios": 3 * "Cisco IOS Software\n",
    "cisco_nxos": 3 * "Cisco Nexus Operating System (NX-OS) Software\n",
    "fortinet": 3 * "Version: FortiGate-60F v7.2.5\n",
    "hp_procurve": 2 * " Status and Counters - General System Information\n" + " Software revision : X.1\n",
    "juniper_junos": 3 * "Junos: 21.4R1\n",
    "mikrotik_routeros": 3 * "platform: MikroTik\n",
    "paloalto_panos": "model: PA-440\nsw-version: 10.1\nmodel: PA-440\n",
}
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
    "fortinet ports": "".join(f" ==[port{n}]\n  ip: 192.0.2.1 255.255.255.0\n  status: up\n" for n in range(9_000)),
    "one line each": "name: a" + " ip: 192.0.2.1" * 27_000,
    "brackets": " ==[" * 99_000,
    "members": "Primary     : a, FG100000000001, HA cluster index = 0\n" * 8_000,
    "Junos ports": "".join(f"Physical interface: ge-0/0/{n}, Enabled, Physical link is Up\n" for n in range(6_500)),
    "Junos units": "Physical interface: ae0, Enabled, Physical link is Up\n"
    + "".join(f"  Logical interface ae0.{n} (Index 1)\n    Local: 192.0.2.1\n" for n in range(7_000)),
    "Junos items": "Item             Version  Part number  Serial number     Description\n"
    + "".join(f"{' ' * (n % 60)}Xcvr {n}    REV 01   740-011613   PD{n:05}           SFP\n" for n in range(6_000)),
    "Junos words": "JUNOS " * 66_000,
    "two columns": " Serial Number" * 28_000,
    "members of a stack": "VSF-Member :1\n Serial Number : SG00000001\n" * 9_000,
    "ProCurve ports": "".join(f"  {n % 999}  1000T | No  Yes  Up  1000FDx\n" for n in range(10_000)),
    "VLANs": "".join(f" V{n} | Manual 192.0.2.1 255.255.255.0\n" for n in range(9_000)),
    "CX ports": "".join(f"Interface 1/1/{n} is up\n IPv4 address 192.0.2.1/24\n" for n in range(7_500)),
    "CX members": "".join(f"Member ID : {n}\n Serial Number : SG00000001\n" for n in range(8_000)),
    "slots": "1/1   JL363A   " + "8400X  " * 57_000,
    "PAN ports": "".join(f"ethernet1/{n} 16 1000/full/up 00:00:5e:00:53:01\n" for n in range(8_000)),
    "PAN addresses": "total configured logical interfaces: 1\nae1 1 1 z f 0 N/A\n" + "  192.0.2.1/24\n" * 25_000,
    "slashes": "ethernet1/1 16 " + "1000/" * 79_000,
    "NX ports": "".join(f"Ethernet1/{n} is up\n  full-duplex, 10 Gb/s\n" for n in range(9_000)),
    "NX memory": "  " + "CPU " * 99_000 + "with 1 kB of memory",
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
