"""Ports: descriptions that no switch takes for more, what forbids a change, and when a server counts as heard."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.ports import port
from sopctl.model.ports.port import ActualPort, Expected, Learned, Neighbour, PortSetting, SwitchState
from tests.cases import rows


def address(short: str) -> str:
    return f"52:54:00:00:00:{short}"


def learned(text: str) -> Learned:
    name, vlan, short = text.split("/")
    return Learned(address(short), int(vlan), name)


@pytest.mark.parametrize("row", rows("ports"), ids=lambda row: str(row["name"]))
def test_what_forbids_a_change(row: dict[str, Any]) -> None:
    now = {"mode": "access", "vlan": 999, **row.get("port", {})}
    setting = PortSetting(now.get("description", ""), now["mode"], now["vlan"])
    p3 = ActualPort(
        "p3",
        setting,
        bundle=now.get("bundle", ""),
        special=now.get("special", ""),
        stopped=now.get("stopped", ""),
        bound=tuple(map(address, now.get("bound", ()))),
    )
    ports = {"p3": p3, "p4": ActualPort("p4", PortSetting()), "p9": ActualPort("p9", PortSetting())}
    there = row.get("vlans", [1, 110, 120, 999])
    state = SwitchState(
        ports,
        None if there is None else frozenset(there),
        tuple(map(learned, row.get("seen", ()))),
    )
    tagged = tuple(row.get("tagged", ()))
    wanted = PortSetting("PS-1 web1", "trunk" if tagged else "access", row.get("vlan", 110), tagged)
    whose = Expected("PS-1", "web1.example.org", tuple(map(address, row.get("own", ()))), {address("dd"): "PS-2"})
    plan = port.plan(
        "s1",
        row.get("ask", "p3"),
        wanted,
        state,
        uplinks=["p9"],
        whose=whose,
        service=row.get("service", True),
        neighbours=[neighbour(each) for each in row.get("says", ())],
        unable=row.get("unable", ""),
    )
    assert sorted({each.reason for each in plan.refusals}) == row.get("refused", [])
    assert sorted({each.reason for each in plan.warnings}) == row.get("warned", [])
    assert all(each.detail and each.remedy for each in (*plan.refusals, *plan.warnings))


def test_a_port_that_is_not_there_is_told_with_those_that_are() -> None:
    """Records often have the names that tables abbreviate."""
    ports = {f"GigabitEthernet1/0/{n}": ActualPort(f"GigabitEthernet1/0/{n}", PortSetting()) for n in (1, 2, 24)}
    whose = Expected("PS-1", "web1")
    plan = port.plan("s1", "Gi1/0/2", PortSetting(), SwitchState(ports), uplinks=(), whose=whose, service=True)
    assert "no port Gi1/0/2, but GigabitEthernet1/0/2" in plan.refusals[0].detail


def test_without_a_quarantine_a_port_is_shut_where_it_is() -> None:
    """Whatever else is wrong on the switch, the server is off the network."""
    now = PortSetting("PS-1 web1", "access", 110)
    wanted = PortSetting("bebas", "access", 999, enabled=False)
    state = SwitchState({"p1": ActualPort("p1", now)}, frozenset({110}))
    plan = port.plan("s1", "p1", wanted, state, uplinks=(), whose=Expected("PS-1", "web1"), service=False)
    assert (plan.refusals, plan.wanted) == ((), PortSetting("bebas", "access", 110, enabled=False))
    assert [each.reason for each in plan.warnings] == ["vlan-missing"]


def neighbour(text: str) -> Neighbour:
    name, _, short = text.partition("/")
    return Neighbour("p3", name, (address(short),) if short else ())


SENT = st.fixed_dictionaries(
    {
        "macs": st.lists(st.sampled_from(("aa", "bb", "dd")).map(address), max_size=3),
        "ports": st.lists(st.sampled_from(("p3", "p4", "p9")), max_size=3),
        "names": st.lists(st.text(max_size=30), max_size=3),
        "link": st.booleans(),
        "stopped": st.sampled_from(("", "err-disabled")),
    }
)


@given(SENT)
def test_nothing_that_a_server_sends_keeps_its_port_open(sent: dict[str, Any]) -> None:
    """MAC addresses, forged ones too, on any port; names; a link that comes and goes; a port stopped for that."""
    given_to = PortSetting("PS-1 web1", "access", 110)
    p3 = ActualPort("p3", given_to, link=sent["link"], stopped=sent["stopped"], bound=tuple(sent["macs"]))
    heard = tuple(Learned(mac, 110, name) for mac, name in zip(sent["macs"], sent["ports"], strict=False))
    plan = port.plan(
        "s1",
        "p3",
        PortSetting("bebas", "access", 999, enabled=False),
        SwitchState({"p3": p3}, frozenset({110, 999}), heard),
        uplinks=["p9"],
        whose=Expected("PS-1", "web1", (address("aa"),), {address("dd"): "PS-2"}),
        service=False,
        neighbours=[Neighbour("p3", name) for name in sent["names"]],
    )
    assert plan.refusals == ()


@given(st.text(max_size=80))
def test_the_remedy_for_a_strange_name_says_where_the_servers_address_belongs(name: str) -> None:
    plan = port.plan(
        "s1",
        "p3",
        PortSetting("PS-1", "access", 110),
        SwitchState({"p3": ActualPort("p3", PortSetting())}),
        uplinks=[],
        whose=Expected("PS-1", "web1"),
        service=True,
        neighbours=[Neighbour("p3", f"sw-{name}")],
    )
    assert [each.reason for each in plan.refusals] == ["other-neighbour"]
    assert "network.macs" in plan.refusals[0].remedy


def test_a_ports_own_text_is_bounded_and_has_no_secret() -> None:
    lines = ("description kunci: password abc", "ip ospf authentication-key rahasia", "shutdown")
    assert port.bounded(lines) == ((lines[0], "ip ospf authentication-key ********", lines[2]), "")
    kept, why = port.bounded(["x"] * 100)
    assert (len(kept), bool(why)) == (port.MAX_TEXT_LINES, True)
    kept, why = port.bounded(["x" * 10_000])
    assert (len(kept[0]), bool(why)) == (port.MAX_TEXT_CHARACTERS, True)


@given(st.lists(st.sampled_from("abc"), max_size=5), st.lists(st.sampled_from("abc"), max_size=5))
def test_what_differs_between_two_texts_is_named(before: list[str], after: list[str]) -> None:
    differs = port.text_changes(before, after)
    assert (differs == ()) == (sorted(before) == sorted(after))
    assert sorted(before) == sorted([*(each[1:] for each in differs if each[0] == "-"), *_common(before, after)])


def _common(before: list[str], after: list[str]) -> list[str]:
    return [each for letter in "abc" for each in letter * min(before.count(letter), after.count(letter))]


@pytest.mark.parametrize(
    ("own", "seen", "heard"),
    [
        (["aa"], ["p3/110/aa"], "aa"),
        (["aa"], ["p3/999/aa"], ""),
        (["aa"], ["p3/110/bb"], ""),
        (["aa"], ["p4/110/aa"], ""),
        ([], ["p3/110/bb"], "bb"),
        ([], ["p3/110/dd"], ""),
        ([], [], ""),
    ],
)
def test_when_a_server_is_heard(own: list[str], seen: list[str], heard: str) -> None:
    state = SwitchState({}, learned=tuple(map(learned, seen)))
    whose = Expected("PS-1", "web1", tuple(map(address, own)), {address("dd"): "PS-2"})
    found = port.is_there(state, "p3", PortSetting(vlan=110), whose)
    assert found == (address(heard) if heard else "")


def is_description(text: str) -> bool:
    """May `text` be sent to a switch as a description?"""
    plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 .,_:/()+@-]*", text)
    return not text or (len(text) <= port.DESCRIPTION_CHARACTERS and plain is not None)


@given(st.text(max_size=300))
def test_no_text_of_a_record_becomes_more_than_a_description(text: str) -> None:
    made = port.description("PS-2026-0001", text)
    assert is_description(made)
    assert made.startswith("PS-2026-0001")
    assert len(made) <= port.DESCRIPTION_CHARACTERS
    assert is_description(port.description(text))
    assert not set(made) & set("?!\"'`$;|&<>\\\n\r\t\x00\x1b{}[]=#%^~*")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Dinas Kesehatan", "Dinas Kesehatan"),
        ("!shutdown", "shutdown"),
        ("web\nshutdown", "web shutdown"),
        ("what?", "what"),
        ("Café № 5", "Cafe No 5"),
        ("\x1b[2J\x07", "2J"),
        ("- -x", "x"),
        ("", ""),
    ],
)
def test_descriptions(text: str, made: str) -> None:
    assert port.description(text) == made


@given(st.sets(st.integers(1, 4094), max_size=60))
def test_lists_of_vlans_are_read_as_they_are_written(numbers: set[int]) -> None:
    if numbers:
        assert set(port.vlans(port.vlan_list(numbers))) == numbers


@pytest.mark.parametrize("text", ["", "0", "4095", "1-", "a", "5-3", "1,,2", "١"])
def test_what_is_no_list_of_vlans_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a VLAN"):
        port.vlans(text)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("5254.0012.3456", "52:54:00:12:34:56"),
        ("52-54-00-12-34-5A", "52:54:00:12:34:5a"),
        ("52:54:00:12:34:56", "52:54:00:12:34:56"),
        ("Gi1/0/3", ""),
        ("52:54:00:12:34", ""),
    ],
)
def test_mac_addresses(text: str, made: str) -> None:
    assert port.mac(text) == made
