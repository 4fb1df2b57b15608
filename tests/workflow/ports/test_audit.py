"""The audit of all switches, each read while nobody else may change it."""

import json
from collections.abc import Callable

from sopctl.workflow.desk import Desk
from sopctl.workflow.ports import audit, deposit_port
from tests.adapters.switch import routeros
from tests.conftest import Ran
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
    switch.running[three].lines.pop("shutdown")
    other.dead = True
    ran = sopctl("switch", "audit", "--json")
    said = json.loads(ran.out)
    assert ran.code == 6, "a switch that was not read is no answer"
    assert list(said["errors"]) == ["sw-b1"]
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
    assert told["old"] == {"sw-a1": ["diffie-hellman-group14-sha1"]}
