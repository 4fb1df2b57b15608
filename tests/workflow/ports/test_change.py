"""One change of one port: put back when it fails, ended when it was cut off, refused when it is someone else's."""

from collections.abc import Callable
from typing import Any

import pytest

from sopctl.errors import Interrupted
from sopctl.workflow.desk import Desk
from sopctl.workflow.ports import deposit_port
from tests.adapters.switch import catalyst, routeros
from tests.adapters.switch.fake import Faults
from tests.conftest import Ran, edit
from tests.workflow.ports.conftest import MAC, ONE, SERVER, VLAN, Lan, known_by, last, plugged

NVRAM = "%Error opening nvram:/startup-config (Permission denied)\n"


@pytest.mark.parametrize(
    ("archive", "faults", "cause"),
    [
        (False, Faults(refuse={VLAN: "% VLAN 110 is not allowed here\n"}), "command-refused"),
        (True, Faults(refuse={VLAN: "% VLAN 110 is not allowed here\n"}), "command-refused"),
        (False, Faults(drop_at=VLAN), "dropped"),
        (False, Faults(drop_after=VLAN), "dropped"),
        (True, Faults(drop_after=VLAN), "dropped"),
        (False, Faults(hang_at=VLAN), "timed-out"),
        (False, Faults(refuse={"write memory": NVRAM}), "command-refused"),
        (True, Faults(drop_after="write memory"), "dropped"),
    ],
)
def test_what_fails_half_way_is_put_back(
    desk: Desk,
    lan: Lan,
    here: Callable[[], str],
    faults: Faults,
    cause: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    archive: bool,
) -> None:
    if faults.hang_at:
        monkeypatch.setattr("sopctl.adapters.switch.dialogue.ANSWER_SECONDS", 2.0)
    switch = plugged(archive)
    before = dict(switch.running[ONE].lines)
    lan.add("sw-a1", switch, faults)
    deposit = here()
    done, result = deposit_port.apply(desk, deposit)
    assert (done.answer, result.state, result.cause) == (False, "put-back", cause)
    assert dict(sorted(switch.running[ONE].lines.items())) == dict(sorted(before.items()))
    assert switch.pending is None
    assert not switch.startup or switch.startup[ONE].lines == switch.running[ONE].lines, "what was saved is undone too"
    event = last(desk, deposit)
    assert event.note.startswith(f"gagal: port {ONE} sw-a1: dikembalikan seperti semula: ")
    tried = event.data["switch_port_tried"]
    assert (tried["cause"], tried["text_before"]) == (cause, ["switchport access vlan 999", "switchport mode access"])
    assert "switch_port" not in event.data


def test_a_server_that_is_not_heard_gets_no_port(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = plugged()
    switch.plugged.clear()
    lan.add("sw-a1", switch)
    done, result = deposit_port.apply(desk, here())
    assert (result.state, result.cause) == ("put-back", "server-not-heard")
    assert switch.running[ONE].lines["switchport access vlan"] == "999"
    assert switch.saves == 0
    assert "server tidak terdengar" in done.note


def test_a_configuration_that_someone_else_holds_is_left_alone(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = plugged()
    switch.locked = True
    device = lan.add("sw-a1", switch)
    _, result = deposit_port.apply(desk, here())
    assert (result.state, result.cause) == ("refused", "change-pending"), "nothing was sent, so nothing is put back"
    assert "locked by process '412' user 'jaringan'" in result.why
    assert not [line for line in device.lines if line.startswith(("interface", "write"))]


def test_a_first_line_that_is_refused_has_changed_nothing(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    """As for an account that may look and enter, and no more: there is nothing to put back, and no cause to doubt."""
    switch = plugged()
    lan.add("sw-a1", switch, Faults(refuse={f"interface {ONE}": "Command authorization failed.\n"}))
    done, result = deposit_port.apply(desk, here())
    assert (result.state, result.cause) == ("refused", "command-refused")
    assert "tidak diubah" in done.note


@pytest.mark.parametrize("archive", [False, True])
def test_a_switch_that_is_gone_half_way_is_told_as_unknown(
    desk: Desk, lan: Lan, here: Callable[[], str], *, archive: bool
) -> None:
    """With an archive the switch then puts it back by itself, which is said, and done."""
    switch = plugged(archive)
    before = dict(switch.running[ONE].lines)
    lan.add("sw-a1", switch, Faults(die_after=VLAN))
    deposit = here()
    _, result = deposit_port.apply(desk, deposit)
    assert (result.state, result.cause) == ("unknown", "dropped")
    assert switch.running[ONE].lines["switchport access vlan"] == "110"
    event = last(desk, deposit)
    assert "TIDAK dapat dikembalikan" in event.note
    assert ("switch mengembalikannya sendiri" in event.note) == archive
    switch.fire()
    assert (switch.running[ONE].lines == before) == archive


def test_routeros_is_applied_and_its_scheduler_puts_back_what_was_left(
    desk: Desk, lan: Lan, here: Callable[[], str]
) -> None:
    switch = routeros.standard()
    switch.ports["ether1"] = routeros.Ether('meja "3"; a $b ?')
    switch.plugged["ether1"] = MAC
    before = switch.ports["ether1"].__class__(**vars(switch.ports["ether1"]))
    pvid = '/interface bridge port set [find interface="ether1"] pvid=110 '
    pvid += "frame-types=admit-only-untagged-and-priority-tagged"
    device = lan.add("sw-b1", switch, Faults(die_after=pvid))
    deposit = here()
    _, result = deposit_port.apply(desk, deposit)
    assert (result.state, switch.ports["ether1"].pvid) == ("unknown", 110)
    assert list(switch.scheduler) == ["sopctl-ether1"]
    switch.fire("sopctl-ether1")
    assert switch.ports["ether1"] == before, "the comment with its quotes, dollars and question mark too"
    assert switch.scheduler == {}

    device.dead, device.faults = False, Faults()
    done, result = deposit_port.apply(desk, deposit)
    assert (done.answer, result.mac, switch.scheduler) == (True, MAC, {})
    assert (switch.ports["ether1"].pvid, switch.ports["ether1"].disabled) == (110, False)
    done, _ = deposit_port.release(desk, deposit)
    assert done.answer
    assert (switch.ports["ether1"].pvid, switch.ports["ether1"].disabled) == (999, True)


@pytest.mark.parametrize("faults", ["refuse", "drop_after"])
def test_routeros_is_put_back_and_its_scheduler_emptied(
    desk: Desk, lan: Lan, here: Callable[[], str], faults: str
) -> None:
    switch = routeros.standard()
    switch.plugged["ether1"] = MAC
    line = '/interface bridge port set [find interface="ether1"] pvid=110 frame-types='
    line += "admit-only-untagged-and-priority-tagged"
    what: Any = {line: "failure: vlan table is read-only\n"} if faults == "refuse" else line
    lan.add("sw-b1", switch, Faults(**{faults: what}))
    _, result = deposit_port.apply(desk, here())
    assert (result.state, switch.scheduler) == ("put-back", {})
    assert switch.ports["ether1"] == routeros.Ether(disabled=True)


def test_what_is_refused_is_not_touched(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = plugged()
    switch.by_cdp[ONE] = "sw-lama"
    device = lan.add("sw-a1", switch)
    deposit = here()
    assert deposit_port.plan(desk, deposit).lines == ()
    done, result = deposit_port.apply(desk, deposit)
    assert (done.answer, result.state, result.cause) == (False, "refused", "other-neighbour")
    assert last(desk, deposit).note.startswith(f"gagal: port {ONE} sw-a1: tidak diubah: sw-lama menyatakan")
    assert not [line for line in device.lines if line.startswith("configure")]


def test_ctrl_c_in_the_middle_puts_it_back(
    desk: Desk, lan: Lan, here: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = plugged()
    lan.add("sw-a1", switch)
    deposit = here()

    def stop(*_whom: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(deposit_port, "stir", stop)
    with pytest.raises(Interrupted, match="was put back as it had been"):
        deposit_port.apply(desk, deposit)
    assert switch.running[ONE].lines["switchport access vlan"] == "999"
    assert switch.saves == 0
    assert "dihentikan; GigabitEthernet1/0/1 dikembalikan seperti semula" in last(desk, deposit).note


SAVING = [
    "startup-config file open failed (Device or resource busy)\n",
    "Building configuration...\n%Aborting Save. Compress the config.[FAILED]\n",
    "Building configuration...\n% Slave config write error (0)\n",
    "",
]


@pytest.mark.parametrize("said", SAVING)
def test_what_the_switch_does_not_say_it_saved_is_not_saved(
    desk: Desk, lan: Lan, here: Callable[[], str], said: str
) -> None:
    switch = plugged()
    switch.save_says = said
    lan.add("sw-a1", switch)
    _, result = deposit_port.apply(desk, here())
    assert (result.state, result.cause) == ("put-back", "not-saved")
    assert switch.running[ONE].lines["switchport access vlan"] == "999"


def test_the_question_before_nvram_is_overwritten_is_answered_by_whoever_says_so(
    lan: Lan, here: Callable[[], str], sopctl: Callable[..., Ran]
) -> None:
    switch = plugged()
    switch.asks_to_overwrite = True
    lan.add("sw-a1", switch)
    deposit = here()
    ran = sopctl("switch", "apply", deposit)
    assert ran.code == 1
    assert "Overwrite the previous NVRAM configuration?[confirm]" in " ".join(ran.out.split())
    assert "--overwrite-nvram" in ran.out
    assert (switch.saves, switch.running[ONE].lines["switchport access vlan"]) == (0, "999")
    ran = sopctl("switch", "apply", deposit, "--overwrite-nvram")
    assert (ran.code, switch.saves) == (0, 1), ran.out
    assert switch.startup[ONE].lines == switch.running[ONE].lines


def test_what_could_not_be_put_back_as_it_was_is_named(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    """Equal for the model, and yet not as before: a line that the switch kept."""
    switch = plugged()
    switch.plugged.clear()
    switch.isl = True
    switch.keeps = frozenset({"switchport trunk encapsulation"})
    lan.add("sw-a1", switch)
    deposit = here()
    edit(desk, deposit, "kind: server\n", "network: {vlan: 110, tagged: [120]}\n")
    done, result = deposit_port.apply(desk, deposit)
    assert (done.answer, result.state) == (False, "partly-back")
    assert result.differs == ("+switchport trunk encapsulation dot1q",)
    assert "tidak persis seperti semula (“+switchport trunk encapsulation dot1q”)" in done.note
    assert last(desk, deposit).data["switch_port_tried"]["text_differs"] == list(result.differs)


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ({"switchport mode": "dot1q-tunnel", "switchport access vlan": "999"}, "port-is-special"),
        ({"switchport mode": "access", "switchport private-vlan mapping 20 501": ""}, "port-is-special"),
        ({"switchport port-security mac-address sticky 0011.2233.4455": ""}, "port-bound"),
        ({"description": "apa ini?"}, "platform-cannot"),
    ],
)
def test_what_cannot_be_held_is_refused_before_the_first_line(
    desk: Desk, lan: Lan, here: Callable[[], str], lines: dict[str, str], cause: str
) -> None:
    switch = plugged()
    switch.running[ONE].lines = dict(lines)
    device = lan.add("sw-a1", switch)
    deposit = here()
    _, result = deposit_port.apply(desk, deposit)
    assert (result.state, result.cause) == ("refused", cause)
    assert not [line for line in device.lines if line.startswith(("configure", "interface"))]
    assert switch.running[ONE].lines == lines


def test_a_second_way_into_the_network_is_closed_and_told(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    """A voice VLAN goes; further devices behind the port are named, in the plan and in the record."""
    switch = plugged()
    switch.running[ONE].lines["switchport voice vlan"] = "120"
    switch.plugged[ONE] = [SERVER, "5254.0000.00ee"]
    lan.add("sw-a1", switch)
    deposit = here()
    known_by(desk, deposit, MAC)
    proposal = deposit_port.plan(desk, deposit)
    assert "no switchport voice vlan" in proposal.lines
    assert "switchport voice vlan 120" in proposal.back
    assert proposal.plan.macs == ("52:54:00:00:00:ee", MAC)
    done, result = deposit_port.apply(desk, deposit)
    assert (result.mac, result.also) == (MAC, ("52:54:00:00:00:ee",))
    assert "switchport voice vlan" not in switch.running[ONE].lines
    assert "terdengar juga 52:54:00:00:00:ee" in done.note
    kept = last(desk, deposit).data["switch_port"]
    assert kept["also"] == ["52:54:00:00:00:ee"]
    assert "switchport voice vlan 120" in kept["text_before"]


def test_an_address_that_port_security_holds_is_heard_only_on_a_link(
    desk: Desk, lan: Lan, here: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the table whether anything sends it or not."""
    switch = plugged()
    secured = {"switchport port-security": "", f"switchport port-security mac-address sticky {SERVER}": ""}
    switch.running[ONE].lines |= secured
    lan.add("sw-a1", switch)
    deposit = here()
    known_by(desk, deposit, MAC)
    with monkeypatch.context() as patched:
        held = f" 110    {SERVER}    STATIC      Gi1/0/1\n"
        patched.setattr(catalyst.Session, "_macs", lambda *_asked: held)
        switch.plugged.clear()
        _, result = deposit_port.apply(desk, deposit)
        assert (result.state, result.cause) == ("put-back", "server-not-heard")
    switch.plugged[ONE] = [SERVER]
    _, result = deposit_port.apply(desk, deposit)
    assert (result.state, result.mac) == ("done", MAC)
    assert secured.items() <= switch.running[ONE].lines.items(), "its port security stays"


def test_a_port_that_the_switch_stopped_is_not_planned_away(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = plugged()
    switch.stopped = {ONE}
    lan.add("sw-a1", switch)
    found = deposit_port.plan(desk, here())
    assert [each.reason for each in found.plan.refusals] == ["port-stopped"]
    assert found.lines == ()


@pytest.mark.parametrize("isl", [False, True])
def test_a_trunk_is_given_on_switches_that_also_know_isl(
    desk: Desk, lan: Lan, here: Callable[[], str], *, isl: bool
) -> None:
    switch = plugged()
    switch.isl = isl
    lan.add("sw-a1", switch)
    deposit = here()
    edit(desk, deposit, "kind: server\n", "network: {vlan: 110, tagged: [120]}\n")
    _, result = deposit_port.apply(desk, deposit)
    assert result.state == "done", result.why
    assert switch.running[ONE].lines["switchport mode"] == "trunk"
    assert ("switchport trunk encapsulation" in switch.running[ONE].lines) == isl


def test_the_usual_vlan_table_of_routeros_is_kept_right(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    """Untagged ports listed by hand; a second bridge that filters nothing is left alone."""
    switch = routeros.standard()
    switch.log = "08:00:01 echo: interface,info ether1 link down\n"
    switch.table = [("110", "bridge1,sfp1", "ether4"), ("120", "sfp1", ""), ("999", "bridge1", "ether1,ether2,ether3")]
    switch.ports["ether4"].pvid = 110
    switch.filtering["bridge2"] = False
    switch.ports["ether3"].bridge = "bridge2"
    switch.plugged["ether1"] = MAC
    switch.ports["ether1"].disabled = False
    lan.add("sw-b1", switch)
    deposit = here()
    proposal = deposit_port.plan(desk, deposit)
    assert not proposal.plan.refusals
    _, result = deposit_port.apply(desk, deposit)
    assert (result.state, result.why) == ("done", "")
    assert switch.table[2] == ("999", "bridge1", "ether2,ether3")
    _, result = deposit_port.release(desk, deposit)
    assert result.state == "done"
    assert switch.filtering == {"bridge1": True, "bridge2": False}


@pytest.mark.parametrize("how", ["unfiltered", "inactive", "two lines"])
def test_a_routeros_port_that_could_not_serve_is_refused_and_nothing_dangerous_advised(
    desk: Desk, lan: Lan, here: Callable[[], str], sopctl: Callable[..., Ran], how: str
) -> None:
    switch = routeros.standard()
    switch.filtering["bridge2"] = False
    switch.ports["ether1"] = routeros.Ether(
        "a\nb" if how == "two lines" else "",
        bridge="bridge2" if how == "unfiltered" else "bridge1",
        inactive=how == "inactive",
    )
    device = lan.add("sw-b1", switch)
    deposit = here()
    ran = sopctl("switch", "plan", deposit)
    assert ran.code == 1
    assert "port is special" in ran.out
    assert "vlan-filtering=yes" not in ran.out + ran.err
    _, result = deposit_port.apply(desk, deposit)
    assert result.state == "refused"
    assert not [line for line in device.lines if " set " in line]
