"""One change of one port: put back when it fails, ended when it was cut off, refused when it is someone else's."""

from collections.abc import Callable
from typing import Any

import pytest

from sopctl.errors import Interrupted
from sopctl.workflow.desk import Desk
from sopctl.workflow.ports import deposit_port
from tests.adapters.switch import routeros
from tests.adapters.switch.fake import Faults
from tests.workflow.ports.conftest import MAC, ONE, VLAN, Lan, last, plugged

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
        monkeypatch.setattr("sopctl.adapters.switch.session.ANSWER_SECONDS", 2.0)
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
    assert event.data["switch_port_tried"]["cause"] == cause
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
    assert (result.state, result.cause) == ("put-back", "command-refused")
    assert "locked by process '412' user 'jaringan'" in result.why
    assert not [line for line in device.lines if line.startswith(("interface", "write"))]


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


@pytest.mark.parametrize("archive", [False, True])
def test_a_run_that_was_killed_is_finished_by_the_next(
    desk: Desk, lan: Lan, here: Callable[[], str], monkeypatch: pytest.MonkeyPatch, *, archive: bool
) -> None:
    """The port is as wanted by then; but it was not saved, and the switch would still put it back."""
    switch = plugged(archive)
    lan.add("sw-a1", switch)
    deposit = here()
    with monkeypatch.context() as patched:
        patched.setattr(deposit_port, "stir", killed)
        with pytest.raises(Killed):
            deposit_port.apply(desk, deposit)
    assert (switch.running[ONE].lines["switchport access vlan"], switch.saves) == ("110", 0)
    assert (switch.pending is not None) == archive
    for _ in range(2):
        done, result = deposit_port.apply(desk, deposit)
        assert (done.answer, result.state, result.mac) == (True, "unchanged", MAC)
        assert (switch.pending, switch.saves) == (None, 1)
        assert switch.startup[ONE].lines == switch.running[ONE].lines


def killed(_address: str) -> None:
    raise Killed


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

    def stop(_address: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(deposit_port, "stir", stop)
    with pytest.raises(Interrupted, match="was put back as it had been"):
        deposit_port.apply(desk, deposit)
    assert switch.running[ONE].lines["switchport access vlan"] == "999"
    assert switch.saves == 0
    assert "dihentikan; GigabitEthernet1/0/1 dikembalikan seperti semula" in last(desk, deposit).note
