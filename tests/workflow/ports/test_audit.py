"""The audit of all switches, each read while nobody else may change it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sopctl.errors import Conflict
from sopctl.model.ports.audit import PortRecord
from sopctl.store import locks
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, StepDone, Turn
from sopctl.workflow.ports import audit, deposit_port
from sopctl.workflow.steps import releasing
from tests.adapters.switch import catalyst, routeros
from tests.conftest import Ran, give_back
from tests.workflow.ports.conftest import MAC, ONE, SERVER, Lan, plugged


def test_an_audit_finds_a_server_on_another_port_and_reads_the_rest_without_a_dead_switch(
    desk: Desk, lan: Lan, here: Callable[[], str], sopctl: Callable[..., Ran]
) -> None:
    switch = plugged()
    lan.add("sw-a1", switch)
    other = lan.add("sw-b1", routeros.standard(), rack="B1")
    deposit = here()
    deposit_port.apply(desk, deposit)
    found, errors = audit.audit(desk)
    assert (found.answer, found.findings, errors) == (True, (), {})
    assert found.switches == {"sw-a1": 4, "sw-b1": 4}

    three = "GigabitEthernet1/0/3"
    switch.plugged = {three: [SERVER]}
    for configuration in (switch.running, switch.startup):
        configuration[three].lines.pop("shutdown")
    other.dead = True
    ran = sopctl("switch", "audit", "--json")
    said = json.loads(ran.out)
    assert ran.code == 6, "a switch that was not read is no answer"
    assert [each["name"] for each in said["switches"] if each["problem"]] == ["sw-b1"]
    assert [(each["kind"], each["port"], each["deposit"]) for each in said["findings"]] == [
        ("not-seen", ONE, deposit),
        ("elsewhere", three, deposit),
    ]
    ran = sopctl("switch", "audit", "sw-a1")
    assert ran.code == 1
    assert f"{MAC} of {deposit} is here; its port is {ONE} of sw-a1" in ran.out


def test_an_audit_says_which_switch_may_be_spoken_to_with_old_algorithms(lan: Lan, sopctl: Callable[..., Ran]) -> None:
    lan.add("sw-a1", plugged())
    record = lan.site.root / "switches/sw-a1.yml"
    record.write_text(f"{record.read_text()}legacy: [diffie-hellman-group14-sha1]\n")
    said = sopctl("switch", "audit")
    assert "sw-a1: its record allows old SSH algorithms: diffie-hellman-group14-sha1" in said.out
    told = json.loads(sopctl("switch", "audit", "--json").out)
    assert [each["old_algorithms"] for each in told["switches"]] == [["diffie-hellman-group14-sha1"]]


def test_a_port_that_is_not_saved_is_named(
    desk: Desk, lan: Lan, here: Callable[[], str], sopctl: Callable[..., Ran]
) -> None:
    """Shut by hand and never saved: after the next start of the switch it is open again."""
    switch = plugged()
    lan.add("sw-a1", switch)
    deposit = here()
    deposit_port.apply(desk, deposit)
    two = "GigabitEthernet1/0/2"
    switch.startup[two].lines.pop("shutdown")
    ran = sopctl("switch", "audit")
    assert ran.code == 1
    assert f"unsaved          {two}: it is set otherwise than it is saved: +shutdown" in ran.out
    switch.old = True
    assert sopctl("switch", "audit").code == 1, "the same by the older way to ask"


def test_what_an_audit_names_beside_vlans(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = plugged()
    lan.add("sw-a1", switch)
    deposit = here()
    deposit_port.apply(desk, deposit)
    switch.running[ONE].lines |= {"switchport voice vlan": "120"}
    switch.running[ONE].lines |= {"switchport port-security mac-address sticky 0011.2233.4455": ""}
    switch.plugged[ONE] = [SERVER, "5254.0000.00ee"]
    switch.log = catalyst.LINK
    found, _ = audit.audit(desk)
    assert {str(each.kind) for each in found.findings} == {"wrong-vlan", "bound-to-another", "unsaved", "more-devices"}
    switch.stopped = {ONE}
    found, _ = audit.audit(desk)
    assert "stopped" in {str(each.kind) for each in found.findings}


def held_by_us(desk: Desk) -> bool:
    """Does somebody hold the switch?"""
    try:
        with locks.hold(desk.site.root / "var" / "locks" / "switch-sw-a1", "switch"):
            return False
    except Conflict:
        return True


@pytest.mark.parametrize("act", ["apply", "release", "return"])
def test_a_change_is_recorded_before_anyone_else_may_read_the_switch(
    desk: Desk, lan: Lan, here: Callable[[], str], monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """An audit that comes between the change and its record would take the new setting for a wrong one."""
    lan.add("sw-a1", plugged())
    deposit = here()
    if act == "return":
        give_back(desk, deposit, "SN-127.0.0.1-1")
    seen: list[bool] = []
    record = Turn.record

    def recording(mine: Turn, *what: Any, **more: Any) -> StepDone:
        seen.append(held_by_us(desk))
        return record(mine, *what, **more)

    monkeypatch.setattr(Turn, "record", recording)
    if act == "return":
        releasing.release(desk, deposit, by_hand="server mati")
    else:
        getattr(deposit_port, act)(desk, deposit)
    assert seen == [True]


def test_an_audit_reads_the_records_while_it_holds_the_switch(
    desk: Desk, lan: Lan, here: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lan.add("sw-a1", plugged())
    deposit_port.apply(desk, here())
    seen: list[bool] = []
    read = audit.port_records

    def reading(site: Site) -> list[PortRecord]:
        seen.append(held_by_us(desk))
        return read(site)

    monkeypatch.setattr(audit, "port_records", reading)
    found, errors = audit.audit(desk)
    assert (found.answer, errors) == (True, {})
    assert seen[0], "those that are compared with this switch"
