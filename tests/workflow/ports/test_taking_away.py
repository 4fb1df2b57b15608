"""A port is taken away: whatever its server sends, and whatever fails after the port is shut."""

from collections.abc import Callable

import pytest

from sopctl.errors import Interrupted
from sopctl.workflow.desk import Desk
from sopctl.workflow.ports import deposit_port, taking_away
from sopctl.workflow.steps import releasing
from tests.adapters.switch import catalyst
from tests.adapters.switch.fake import Faults
from tests.conftest import Ran, give_back
from tests.workflow.ports.conftest import MAC, ONE, SERVER, TWO, Lan, known_by, last, plugged

OTHER, OTHER_MAC = "5254.0000.0002", "52:54:00:00:00:02"


def served(archive: bool = False) -> catalyst.Catalyst:
    """A Catalyst with the server in service on port 1."""
    switch = plugged(archive)
    switch.running[ONE].lines |= {"switchport access vlan": "110", "description": "PS-2026-0001 web1"}
    return switch


def shut(switch: catalyst.Catalyst) -> bool:
    return "shutdown" in switch.running[ONE].lines


def hostile(switch: catalyst.Catalyst, how: str) -> None:
    """What the owner of the server on port 1 may send."""
    match how:
        case "another's address":
            switch.plugged[ONE] = [SERVER, OTHER]
        case "only another's address":
            switch.plugged[ONE] = [OTHER]
        case "names":
            switch.neighbours[ONE] = switch.by_cdp[ONE] = "sw-inti" + "a" * 1400
            switch.described = "sw-a1#\n" * 40
        case "log":
            switch.log = (catalyst.LINK + catalyst.FLAPPING) * 20
        case "late log":
            switch.late_log = f"\n{catalyst.FLAPPING}"
        case "stopped":
            switch.stopped = {ONE}
        case "many addresses":
            switch.plugged[ONE] = [f"0200.0000.{n:04x}" for n in range(1500)]


HOSTILE = ["another's address", "only another's address", "names", "log", "late log", "stopped", "many addresses"]


@pytest.mark.parametrize("how", HOSTILE)
def test_whatever_its_server_sends_the_port_is_shut(
    desk: Desk, lan: Lan, here: Callable[[], str], beside: Callable[[], str], how: str
) -> None:
    switch = served()
    hostile(switch, how)
    lan.add("sw-a1", switch)
    first, second = here(), beside()
    known_by(desk, first, MAC)
    known_by(desk, second, OTHER_MAC)
    assert not deposit_port.plan(desk, first, release=True).plan.refusals
    done, result = deposit_port.release(desk, first)
    assert (done.answer, result.state, shut(switch)) == (True, "done", True)
    assert switch.startup[ONE].lines == switch.running[ONE].lines
    if "another's" in how:
        assert [each.reason for each in result.plan.warnings] == ["other-server"]
        assert f"perhatian: {OTHER_MAC} di {ONE} adalah milik {second}" in done.note


@pytest.mark.parametrize("how", HOSTILE)
def test_the_return_shuts_it_too(
    desk: Desk,
    lan: Lan,
    here: Callable[[], str],
    beside: Callable[[], str],
    how: str,
) -> None:
    switch = served()
    hostile(switch, how)
    lan.add("sw-a1", switch)
    first = here()
    known_by(desk, beside(), OTHER_MAC)
    give_back(desk, first, "SN-127.0.0.1-1")
    done = releasing.release(desk, first, by_hand="server mati")
    assert done.answer
    assert "ditutup" in done.note
    assert shut(switch)


@pytest.mark.parametrize(
    ("faults", "says", "cause"),
    [
        (Faults(refuse={"switchport access vlan 999": "% VLAN 999 is not allowed here\n"}), "", "command-refused"),
        (Faults(drop_after="shutdown"), "", "dropped"),
        (Faults(drop_after="switchport access vlan 999"), "", "dropped"),
        (Faults(hang_at="description bebas"), "", "timed-out"),
        (Faults(drop_at="write memory"), "", "dropped"),
        (Faults(), "startup-config file open failed (Device or resource busy)\n", "not-saved"),
    ],
)
@pytest.mark.parametrize("archive", [False, True])
def test_nothing_that_fails_opens_it_again(
    desk: Desk,
    lan: Lan,
    here: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    faults: Faults,
    says: str,
    cause: str,
    *,
    archive: bool,
) -> None:
    monkeypatch.setattr("sopctl.adapters.switch.dialogue.ANSWER_SECONDS", 2.0)
    switch = served(archive)
    if says:
        switch.save_says = says
    device = lan.add("sw-a1", switch, faults)
    deposit = here()
    done, result = deposit_port.release(desk, deposit)
    assert (done.answer, result.state, result.cause) == (False, "shut", cause)
    assert shut(switch)
    assert switch.pending is None, "no timer that would open it again"
    assert "no shutdown" not in device.lines
    assert "sudah ditutup, tetapi belum selesai" in last(desk, deposit).note

    device.faults, switch.save_says = Faults(), "[OK]\n"
    done, result = deposit_port.release(desk, deposit)
    assert done.answer
    assert switch.startup[ONE].lines == switch.running[ONE].lines
    assert switch.running[ONE].lines["switchport access vlan"] == "999"


@pytest.mark.parametrize("how", ["a flood", "a slow line", "refused"])
def test_a_table_of_addresses_that_cannot_be_read_keeps_no_port_open(
    desk: Desk, lan: Lan, here: Callable[[], str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Whoever floods a switch with addresses makes its table as long as it can be, and a slow line longer still."""
    table, faults = "show mac address-table", Faults()
    switch = served()
    if how == "a flood":
        monkeypatch.setattr("sopctl.adapters.switch.guarded.MAX_OUTPUT", 60_000)
        switch.plugged[ONE] = [f"0200.0000.{n:04x}" for n in range(1500)]
    elif how == "a slow line":
        monkeypatch.setattr("sopctl.adapters.switch.dialogue.ANSWER_SECONDS", 2.0)
        faults = Faults(hang_at=table)
    else:
        faults = Faults(refuse={table: "% Invalid input detected at '^' marker.\n"})
    lan.add("sw-a1", switch, faults)
    deposit = here()
    plan = deposit_port.plan(desk, deposit, release=True).plan
    assert (plan.refusals, [each.reason for each in plan.warnings]) == ((), ["addresses-unread"])
    done, result = deposit_port.release(desk, deposit)
    assert (done.answer, result.state, shut(switch)) == (True, "done", True)
    assert "alamat MAC di switch tidak dapat dibaca" in done.note
    assert switch.startup[ONE].lines == switch.running[ONE].lines
    done, result = deposit_port.release(desk, deposit)
    assert (done.answer, result.state) == (True, "unchanged")


def test_without_a_quarantine_vlan_the_port_is_shut_all_the_same(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = served()
    del switch.vlans[999]
    lan.add("sw-a1", switch)
    deposit = here()
    done, result = deposit_port.release(desk, deposit)
    assert (done.answer, result.state, shut(switch)) == (True, "done", True)
    assert "perhatian: switch tidak punya VLAN 999" in done.note
    assert switch.running[ONE].lines["switchport access vlan"] == "110"
    _, result = deposit_port.release(desk, deposit)
    assert result.state == "unchanged"


def test_a_switch_that_is_gone_is_not_told_as_shut(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = served()
    lan.add("sw-a1", switch, Faults(die_after="shutdown"))
    deposit = here()
    done, result = deposit_port.release(desk, deposit)
    assert (done.answer, result.state) == (False, "unknown")
    assert "TIDAK dapat dipastikan tertutup" in last(desk, deposit).note


def test_ctrl_c_leaves_it_shut(desk: Desk, lan: Lan, here: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    switch = served()
    lan.add("sw-a1", switch)
    deposit = here()

    def stop(*_what: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(taking_away, "see", stop)
    with pytest.raises(Interrupted, match="is shut"):
        deposit_port.release(desk, deposit)
    assert shut(switch)
    assert f"dihentikan; {ONE} sudah ditutup" in last(desk, deposit).note


def test_on_the_command_line_it_warns_and_shuts(
    desk: Desk, lan: Lan, here: Callable[[], str], beside: Callable[[], str], sopctl: Callable[..., Ran]
) -> None:
    switch = served()
    switch.plugged[ONE] = [OTHER]
    lan.add("sw-a1", switch)
    first, second = here(), beside()
    known_by(desk, second, OTHER_MAC)
    ran = sopctl("switch", "release", first)
    assert ran.code == 0
    assert f"! other server: {OTHER_MAC} on {ONE} belongs to {second}" in ran.out
    assert shut(switch)


def test_a_text_of_a_neighbour_does_not_keep_another_server_from_its_port(
    desk: Desk, lan: Lan, here: Callable[[], str], beside: Callable[[], str]
) -> None:
    """The server on port 1 describes itself as if it were a neighbour on port 2."""
    switch = served()
    switch.plugged[TWO] = [OTHER]
    switch.running[TWO].lines.pop("shutdown")
    switch.neighbours[ONE] = "web1"
    switch.described = f"x\n{'-' * 48}\nLocal Intf: Gi1/0/2\nChassis id: 0011.2233.4455\nSystem Name: sw-lain\n"
    lan.add("sw-a1", switch)
    here()
    _, result = deposit_port.apply(desk, beside())
    assert result.state == "done", result.why
