"""Switch ports of deposits: planned, applied, released, alone and in the procedure."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from sopctl.adapters.ansible.runner import Outcome, RunResult
from sopctl.adapters.documents.forms import Section
from sopctl.cli import wording
from sopctl.errors import Action, InvalidRecord, NotNow, OutsideFailure
from sopctl.model.facts.server import ServerFacts
from sopctl.store import dossiers, register
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, StepDone, act
from sopctl.workflow.papers.inventory_form import inventory_form
from sopctl.workflow.ports import audit, deposit_port
from sopctl.workflow.steps import advancing, releasing
from sopctl.workflow.steps.configuring import configure
from sopctl.workflow.steps.mending import leaving, moving
from sopctl.workflow.views import board
from tests.adapters.switch.conftest import OTHER_KEY, pin
from tests.conftest import Ran, edit, give_back
from tests.printed import DOCS, play, printed
from tests.workflow.ports.conftest import MAC, ONE, TWO, VLAN, Lan, known_by, last, plugged


def vlan_on_the_form(desk: Desk, deposit: str) -> str:
    """What an inventory form says of the VLAN."""
    with act(desk.decided_by("staf"), deposit, "switch") as mine:
        place = inventory_form(mine, ServerFacts("2026-11-25T08:00:00+07:00", "s"), "2026-11", None).sections[1]
    assert isinstance(place, Section)
    return {field.label: field.value for field in place.fields}["VLAN"]


@pytest.mark.parametrize("archive", [False, True])
def test_a_port_is_given_heard_saved_and_taken_away(
    desk: Desk, lan: Lan, here: Callable[[], str], *, archive: bool
) -> None:
    switch = plugged(archive)
    device = lan.add("sw-a1", switch)
    deposit = here()
    before = board.show(desk, deposit)[0].standing

    proposal = deposit_port.plan(desk, deposit)
    assert VLAN in proposal.lines
    assert "switchport access vlan 999" in proposal.back
    assert proposal.restore == ("configure terminal revert timer 3" if archive else "")
    assert not [line for line in device.lines if line.startswith("configure")], "a plan changes nothing"

    done, result = deposit_port.apply(desk, deposit)
    assert (done.answer, result.state, result.mac) == (True, "done", MAC)
    assert switch.running[ONE].lines == {
        "description": f"{deposit} web1.example.org Dinas Contoh",
        "switchport access vlan": "110",
        "switchport mode": "access",
    }
    assert (switch.saves, switch.pending) == (1, None)
    assert switch.startup[ONE].lines == switch.running[ONE].lines
    event = last(desk, deposit)
    assert event.outcome == "port switch"
    kept = event.data["switch_port"]
    assert (kept["state"], kept["mac"], kept["before"]["vlan"], kept["after"]["vlan"]) == ("applied", MAC, "999", "110")
    assert f"port {ONE} sw-a1: VLAN 110, dibuka; MAC {MAC}" in event.note
    assert board.show(desk, deposit)[0].standing == before, "the deposit stays at its step"

    sent = len(device.lines)
    again, result = deposit_port.apply(desk, deposit)
    assert (again.answer, result.state) == (True, "unchanged")
    assert not [line for line in device.lines[sent:] if line.startswith(("configure terminal", "interface"))]

    done, result = deposit_port.release(desk, deposit)
    assert (done.answer, result.state) == (True, "done")
    lines = switch.running[ONE].lines
    assert (lines["switchport access vlan"], "shutdown" in lines, lines["description"]) == ("999", True, "bebas")
    assert last(desk, deposit).data["switch_port"]["state"] == "released"
    assert deposit_port.owned_macs(desk.site)[deposit] == (MAC,), "heard once, known from then on"


def test_an_address_that_a_server_reports_of_itself_is_taken_from_nobody(
    desk: Desk, lan: Lan, here: Callable[[], str], beside: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server on port 2 says in its inventory that it has the address of the one on port 1. Neither the port of the
    one nor the audit follows it, and the liar does not get its own port by that address."""
    switch = plugged()
    lan.add("sw-a1", switch)
    first, liar = here(), beside()
    deposit_port.apply(desk, first)
    monkeypatch.setattr(deposit_port, "reported_macs", lambda dossier: (MAC,) if dossier.id == liar else ())
    assert deposit_port.owned_macs(desk.site) == {first: (MAC,), liar: ()}
    _, result = deposit_port.apply(desk, first)
    assert result.state == "unchanged", result.why
    found, _ = audit.audit(desk)
    assert found.answer, found.findings
    switch.running["GigabitEthernet1/0/2"].lines.pop("shutdown")
    switch.plugged["GigabitEthernet1/0/2"] = ["5254.0012.3456"]
    _, result = deposit_port.apply(desk, liar)
    assert (result.state, result.cause) == ("refused", "other-server")


def test_a_dossier_that_cannot_be_read_keeps_no_other_port_open(
    desk: Desk, lan: Lan, here: Callable[[], str], beside: Callable[[], str]
) -> None:
    switch = plugged()
    lan.add("sw-a1", switch)
    first, broken = here(), beside()
    deposit_port.apply(desk, first)
    register.summaries(desk.site)  # as any list does
    (desk.site.root / "deposits" / broken / "history.yml").write_text("- {{\n")
    site = Site(desk.site.root)
    assert [each.port for each in audit.port_records(site)] == [
        ONE,
        "GigabitEthernet1/0/3",
        "GigabitEthernet1/0/4",
    ], "nor is its own port taken for nobody's"
    assert broken in str(site.lagging[0])
    done, result = deposit_port.release(desk, first)
    assert (done.answer, result.state) == (True, "done")


def test_a_letter_may_ask_for_other_vlans_but_not_for_any(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = plugged()
    lan.add("sw-a1", switch)
    deposit = here()
    edit(desk, deposit, "kind: server\n", "network: {vlan: 120, tagged: [110], macs: ['52:54:00:12:34:56']}\n")
    lines = deposit_port.plan(desk, deposit).lines
    assert "switchport trunk native vlan 120" in lines
    assert "switchport trunk allowed vlan 110,120" in lines
    assert vlan_on_the_form(desk, deposit) == "120, bertanda 110"
    edit(desk, deposit, "network: {vlan: 120, tagged: [110], macs: ['52:54:00:12:34:56']}\n", "network: {vlan: 1}\n")
    assert vlan_on_the_form(desk, deposit) == "tidak tersedia"
    with pytest.raises(InvalidRecord, match="VLAN 1 is not allowed for deposits on sw-a1") as refused:
        deposit_port.plan(desk, deposit)
    assert (refused.value.where, refused.value.remedy[-1]) == (
        str(desk.site.root / "deposits" / deposit / "deposit.yml"),
        Action("edit", deposit),
    )


def test_a_deposit_without_a_port_has_nothing_to_plan(desk: Desk, placed: Callable[..., str]) -> None:
    deposit = placed("127.0.0.1", 1, {"type": "t", "key": "a2V5", "sha256": "SHA256:x"})
    with pytest.raises(NotNow, match="has no switch port"):
        deposit_port.plan(desk, deposit)


@pytest.fixture
def key(desk: Desk) -> None:
    """The key that opens a server which was not configured yet: what a configuration asks for first."""
    path = desk.site.root / "keys" / "owner"
    path.write_bytes((desk.site.root / "keys" / "management").read_bytes())
    path.chmod(0o600)


@pytest.mark.usefixtures("key")
def test_configuration_stops_at_a_port_that_is_no_use(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = plugged()
    switch.neighbours[ONE] = "sw-lama"
    lan.add("sw-a1", switch)
    deposit = here()
    steps = advancing.advance(desk, deposit)
    assert [(each.step, each.outcome, each.answer) for each in steps] == [(1, "failed", False)]
    assert steps[0].data["cause"] == "other-neighbour"
    assert "sw-lama" in steps[0].note
    assert (steps[0].next, dossiers.read(desk.site, deposit).standing.unfinished) == ("konfigurasi 1", None)


@pytest.mark.usefixtures("key")
def test_configuration_records_the_port_that_it_opened_though_it_goes_no_further(
    desk: Desk, lan: Lan, here: Callable[[], str]
) -> None:
    """Nothing listens on the server's SSH port here, so Ansible is not even begun for it without a confirmed key."""
    switch = plugged()
    lan.add("sw-a1", switch)
    deposit = here()
    with pytest.raises(OutsideFailure):
        configure(desk, deposit, host_key="SHA256:" + "A" * 43)
    events = dossiers.read(desk.site, deposit).events
    assert [each.outcome for each in events[-2:]] == ["started", "failed"]
    assert events[-2].data["switch_port"]["state"] == "applied"
    assert switch.running[ONE].lines["switchport access vlan"] == "110"


@pytest.mark.usefixtures("key")
def test_a_switch_out_of_reach_is_recorded_and_raised(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    lan.add("sw-a1", plugged()).dead = True
    deposit = here()
    with pytest.raises(OutsideFailure):
        configure(desk, deposit)
    assert last(desk, deposit).outcome == "failed"
    assert last(desk, deposit).note.startswith(f"port {ONE} sw-a1: ")


def test_the_return_shuts_the_port(
    desk: Desk, lan: Lan, here: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is switched off once; the port is tried until it is shut."""
    switch = plugged()
    device = lan.add("sw-a1", switch)
    deposit = here()
    deposit_port.apply(desk, deposit)
    give_back(desk, deposit, "SN-127.0.0.1-1")
    asked = []

    def run_for(mine: Any, playbook: str, **_more: Any) -> Any:
        asked.append(playbook)
        return RunResult(Outcome.OK, {}, 1.0, "")

    monkeypatch.setattr(releasing, "run_for", run_for)
    device.dead = True
    with pytest.raises(OutsideFailure):
        releasing.release(desk, deposit)
    assert "server dimatikan; port belum dilepas" in last(desk, deposit).note
    device.dead = False
    done = releasing.release(desk, deposit)
    assert (done.answer, asked) == (True, ["release.yml"])
    assert "port 1 rak A1 dilepas (sw-a1 GigabitEthernet1/0/1 ditutup)" in done.note
    assert "shutdown" in switch.running[ONE].lines


def test_by_hand_the_return_goes_on_without_the_switch(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    device = lan.add("sw-a1", plugged())
    deposit = here()
    give_back(desk, deposit, "SN-127.0.0.1-1")
    device.dead = True
    done = releasing.release(desk, deposit, by_hand="server mati")
    assert done.answer
    assert "belum dilepas" in done.note


def test_the_command_line(desk: Desk, lan: Lan, here: Callable[[], str], sopctl: Callable[..., Ran]) -> None:
    lan.add("sw-a1", plugged())
    deposit = here()
    assert json.loads(sopctl("switch", "list", "--json").out)["switches"][0]["host_key"] == pin().sha256
    ran = sopctl("switch", "apply", deposit, "--json")
    assert (ran.code, json.loads(ran.out)["port"]["state"]) == (0, "done"), ran.err
    assert sopctl("switch", "host-key", "sw-a1", "--confirm", pin(OTHER_KEY).sha256).code == 6
    record = desk.site.root / "switches" / "sw-a1.yml"
    for wrong, meant in (("junos", "juniper_junos"), ("cisco-ios", "cisco_ios"), ("Cisco IOS", "cisco_ios")):
        record.write_text(re.sub("platform: .*", f"platform: {wrong}", record.read_text()))
        ran = sopctl("validate")
        assert ran.code == 3
        assert f"sw-a1.yml:2:1: there is no driver for {wrong!r}" in ran.out + ran.err
        assert f"did you mean {meant}" in ran.out + ran.err


def test_the_document(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    """Every command line that docs/howto/switches.md prints, in order, as a person types them in the site's folder."""
    switch = plugged()
    lan.add("sw-a1", switch)
    here()
    lines = [line.replace("SHA256:…", pin().sha256) for line in printed(DOCS / "howto/switches.md")]
    assert len(lines) >= 8
    play(lines, desk.site.root)
    assert "shutdown" in switch.running[ONE].lines


def moved(desk: Desk, deposit: str) -> StepDone:
    return moving.relocate(
        desk.decided_by("staf"), deposit, to=moving.To(port=2), told=moving.Told("port 1 rusak", mistaken=True)
    )


def commands_of(desk: Desk) -> list[str]:
    return [wording.command(row.action) for row in board.todo(desk).rows if row.action and row.kind == "followup"]


def test_a_server_that_moves_leaves_its_port_shut_and_gets_the_new_one(
    desk: Desk, lan: Lan, here: Callable[[], str]
) -> None:
    switch = plugged()
    lan.add("sw-a1", switch)
    deposit = here()
    deposit_port.apply(desk, deposit)
    switch.plugged[TWO] = switch.plugged.pop(ONE)
    done = moved(desk, deposit)
    assert [each.outcome for each in done.also] == ["port switch"]
    assert "shutdown" in switch.running[ONE].lines
    assert switch.running[ONE].lines["switchport access vlan"] == "999"
    assert switch.running[TWO].lines["switchport access vlan"] == "110"
    place = dossiers.read(desk.site, deposit).summary.place
    assert place
    assert place.port == 2
    assert commands_of(desk) == []


def test_a_new_port_that_could_not_be_set_stays_to_be_done(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = plugged()
    lan.add("sw-a1", switch)
    deposit = here()
    deposit_port.apply(desk, deposit)
    switch.plugged.pop(ONE)
    switch.plugged[TWO] = ["5254.00ff.ffff"]  # another server hangs there
    switch.running[TWO].lines.pop("shutdown", None)
    known_by(desk, deposit, MAC)
    moved(desk, deposit)
    assert "shutdown" in switch.running[ONE].lines
    assert commands_of(desk) == [f"sopctl switch apply {deposit}"]


def test_another_vlan_in_the_record_is_still_to_be_set(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = plugged()
    lan.add("sw-a1", switch)
    deposit = here()
    edit(desk, deposit, "kind: server\n", "kind: server\nnetwork: {vlan: 120}\n")
    assert commands_of(desk) == [], "the port was not given to it yet"
    deposit_port.apply(desk, deposit)
    assert commands_of(desk) == []
    edit(desk, deposit, "vlan: 120", "vlan: 110")
    apply = f"sopctl switch apply {deposit}"
    assert (commands_of(desk), switch.running[ONE].lines["switchport access vlan"]) == ([apply], "120")
    deposit_port.apply(desk, deposit)
    assert (commands_of(desk), switch.running[ONE].lines["switchport access vlan"]) == ([], "110")
    edit(desk, deposit, "power_watts: 400", "power_watts: 450")
    assert commands_of(desk) == [], "that is nothing of the port's"


def test_a_server_that_is_gone_leaves_its_port_shut(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = plugged()
    lan.add("sw-a1", switch)
    deposit = here()
    deposit_port.apply(desk, deposit)
    done = leaving.write_off(desk.decided_by("kabid"), deposit, lost="dicuri", reason="pembobolan")
    assert "shutdown" in switch.running[ONE].lines
    assert f"port {ONE} sw-a1: VLAN 999, ditutup" in done.note
