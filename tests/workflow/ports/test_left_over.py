"""What a killed run left on a switch, and what others have begun there: the one is ended, the other left alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from sopctl.workflow.desk import Desk
from sopctl.workflow.ports import deposit_port
from tests.adapters.switch import catalyst, routeros
from tests.adapters.switch.fake import Faults
from tests.workflow.ports.conftest import MAC, ONE, SERVER, TWO, VLAN, Lan, last, plugged


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


def killed(*_whom: object) -> None:
    raise Killed


def begin_and_die(desk: Desk, deposit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the port, up to where the server is to be heard, and be killed there."""
    with monkeypatch.context() as patched:
        patched.setattr(deposit_port, "stir", killed)
        with pytest.raises(Killed):
            deposit_port.apply(desk, deposit)


@pytest.mark.parametrize("old", [False, True])
def test_after_a_kill_the_port_that_is_taken_away_stays_shut(
    desk: Desk, lan: Lan, here: Callable[[], str], monkeypatch: pytest.MonkeyPatch, *, old: bool
) -> None:
    """The killed run's timer is ended first: it would open the port again."""
    switch = plugged(archive=True)
    switch.old = old
    device = lan.add("sw-a1", switch)
    deposit = here()
    begin_and_die(desk, deposit, monkeypatch)
    assert switch.pending is not None
    sent = len(device.lines)
    done, result = deposit_port.release(desk, deposit)
    assert (done.answer, result.state) == (True, "done")
    assert not switch.pending
    switch.fire()
    assert "shutdown" in switch.running[ONE].lines
    assert "shutdown" in switch.startup[ONE].lines
    assert "no shutdown" not in device.lines[sent:]


def test_a_half_change_is_taken_back_before_the_next_plan(
    desk: Desk, lan: Lan, here: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that "as before" means before the run that was killed."""
    switch = plugged()
    switch.running[ONE].lines["description"] = "meja 3"
    device = lan.add("sw-a1", switch, Faults(die_after=VLAN))
    deposit = here()
    deposit_port.apply(desk, deposit)
    assert switch.running[ONE].lines["switchport access vlan"] == "110"
    device.dead, device.faults = False, Faults()
    switch.plugged.clear()
    _, result = deposit_port.apply(desk, deposit)
    assert (result.state, result.cause) == ("put-back", "server-not-heard")
    assert switch.running[ONE].lines["switchport access vlan"] == "999"
    assert switch.running[ONE].lines["description"] == "meja 3"
    assert last(desk, deposit).data["switch_port_tried"]["before"]["description"] == "meja 3"


def test_a_half_change_of_another_port_is_taken_back_too(
    desk: Desk, lan: Lan, here: Callable[[], str], beside: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch has one timer for all ports; ours for one port may not be in the way of another."""
    switch = plugged(archive=True)
    switch.plugged[TWO] = ["5254.0000.0002"]
    switch.running[TWO].lines.pop("shutdown")
    lan.add("sw-a1", switch)
    first, second = here(), beside()
    begin_and_die(desk, first, monkeypatch)
    assert switch.running[ONE].lines["switchport access vlan"] == "110"
    _, result = deposit_port.apply(desk, second)
    assert result.state == "done", result.why
    assert switch.running[ONE].lines["switchport access vlan"] == "999"
    assert switch.running[TWO].lines["switchport access vlan"] == "110"
    assert switch.pending is None
    assert switch.startup[ONE].lines["switchport access vlan"] == "999"


@pytest.mark.parametrize("act", [deposit_port.apply, deposit_port.release])
def test_a_timer_of_someone_else_is_left_alone_and_named(
    desk: Desk, lan: Lan, here: Callable[[], str], act: Callable[..., object]
) -> None:
    switch = plugged(archive=True)
    device = lan.add("sw-a1", switch)
    deposit = here()
    switch.admin_begins(TWO)
    act(desk, deposit)
    said = last(desk, deposit)
    assert said.data["cause"] == "change-pending"
    assert "jaringan masih punya perubahan yang belum selesai di switch: configure terminal revert timer" in said.note
    assert switch.pending is not None
    assert switch.running[TWO].lines["description"] == "kerja admin"
    assert not [line for line in device.lines if line.startswith(("configure", "interface", "write"))]


def test_a_timer_that_the_switch_does_not_show_is_left_alone(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = plugged(archive=True)
    switch.old = True
    lan.add("sw-a1", switch)
    deposit = here()
    switch.admin_begins(TWO)
    _, result = deposit_port.apply(desk, deposit)
    assert (result.state, result.cause) == ("refused", "change-pending")
    assert "already in progress" in result.why
    assert switch.pending is not None
    assert switch.running[TWO].lines["description"] == "kerja admin"
    assert switch.running[ONE].lines["switchport access vlan"] == "999"


def test_a_timer_that_the_switch_does_not_show_is_found_before_a_port_is_shut(
    desk: Desk, lan: Lan, here: Callable[[], str]
) -> None:
    """It would open the port again. The switch refuses a second timer, and nothing is changed to learn that."""
    switch = plugged(archive=True)
    switch.old = True
    device = lan.add("sw-a1", switch)
    deposit = here()
    switch.admin_begins(TWO)
    done, result = deposit_port.release(desk, deposit)
    assert (done.answer, result.state, result.cause) == (False, "refused", "change-pending")
    assert switch.pending is not None
    assert switch.running[TWO].lines["description"] == "kerja admin"
    assert not [line for line in device.lines if line.startswith(("interface", "configure confirm", "write"))]
    switch.pending = None
    done, result = deposit_port.release(desk, deposit)
    assert (done.answer, switch.pending, "shutdown" in switch.running[ONE].lines) == (True, None, True)


@pytest.mark.parametrize("line", ["configure terminal revert timer 3", "configure confirm"])
def test_whatever_happens_while_a_hidden_timer_is_looked_for_the_port_is_shut(
    desk: Desk, lan: Lan, here: Callable[[], str], line: str
) -> None:
    switch = plugged(archive=True)
    switch.old = True
    lan.add("sw-a1", switch, Faults(drop_after=line, once=True))
    done, result = deposit_port.release(desk, here())
    assert (done.answer, result.state, switch.pending) == (True, "done", None)
    switch.fire()
    assert "shutdown" in switch.startup[ONE].lines


def test_a_restart_that_someone_scheduled_to_be_safe_is_not_made_useless(
    desk: Desk, lan: Lan, here: Callable[[], str]
) -> None:
    """Saving would keep what they have not saved. A port is shut all the same, and it is said."""
    switch = plugged()
    switch.reload = "Reload scheduled in 9 minutes by jaringan on vty0 (192.0.2.9)\n"
    lan.add("sw-a1", switch)
    deposit = here()
    done, result = deposit_port.apply(desk, deposit)
    assert (result.state, result.cause, switch.saves) == ("refused", "change-pending", 0)
    assert "jaringan masih punya perubahan yang belum selesai di switch: Reload scheduled in 9 minutes" in done.note
    done, result = deposit_port.release(desk, deposit)
    assert (done.answer, result.state, [each.reason for each in result.plan.warnings]) == (
        True,
        "done",
        ["change-pending"],
    )


def test_changes_of_someone_in_safe_mode_are_left_alone(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = routeros.standard()
    switch.plugged["ether1"] = MAC
    switch.safe, switch.history = True, [("F", "jaringan")]
    device = lan.add("sw-b1", switch)
    deposit = here()
    _, result = deposit_port.apply(desk, deposit)
    assert (result.state, result.cause) == ("refused", "change-pending")
    assert "jaringan has an unfinished change on the switch: safe mode" in result.why
    assert not [line for line in device.lines if " set " in line]


def test_a_change_that_someones_safe_mode_would_take_back_is_not_told_as_kept(
    desk: Desk, lan: Lan, here: Callable[[], str]
) -> None:
    """They have changed nothing yet, so nothing shows before our own lines."""
    switch = routeros.standard()
    switch.plugged["ether1"] = MAC
    switch.safe = True
    lan.add("sw-b1", switch)
    deposit = here()
    done, result = deposit_port.apply(desk, deposit)
    assert (done.answer, result.state, result.cause) == (False, "put-back", "not-saved")
    assert switch.ports["ether1"] == routeros.Ether(disabled=True)
    assert "safe mode" in done.note


def test_a_timer_that_our_account_began_by_hand_is_not_ours(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = plugged(archive=True)
    lan.add("sw-a1", switch)
    deposit = here()
    switch.admin_begins(TWO, user="sopctl")
    _, result = deposit_port.apply(desk, deposit)
    assert (result.state, result.cause) == ("refused", "change-pending")
    assert switch.pending is not None


def test_a_timer_that_began_after_ours_was_over_is_not_ours(
    desk: Desk, lan: Lan, here: Callable[[], str], monkeypatch: pytest.MonkeyPatch, clock: object
) -> None:
    """The mark of a killed run says until when its timer runs; another one is another one's."""
    switch = plugged(archive=True)
    lan.add("sw-a1", switch)
    deposit = here()
    begin_and_die(desk, deposit, monkeypatch)
    switch.fire()
    switch.admin_begins(TWO, user="sopctl")
    clock.now += timedelta(minutes=10)  # type: ignore[attr-defined]
    _, result = deposit_port.apply(desk, deposit)
    assert (result.state, result.cause) == ("refused", "change-pending")
    assert switch.pending is not None


def test_an_entry_of_someone_else_in_the_scheduler_is_left_alone(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    switch = routeros.standard()
    switch.plugged["ether1"] = MAC
    switch.scheduler["kembali"] = "/interface ethernet set ether1 disabled=yes"
    switch.owners["kembali"] = "jaringan"
    lan.add("sw-b1", switch)
    deposit = here()
    found = deposit_port.plan(desk, deposit)
    assert [each.detail for each in found.plan.refusals] == [
        "jaringan has an unfinished change on the switch: scheduler kembali"
    ]
    _, result = deposit_port.apply(desk, deposit)
    assert result.cause == "change-pending"
    assert list(switch.scheduler) == ["kembali"]


def test_a_plan_shows_what_was_left_and_ends_nothing(
    desk: Desk, lan: Lan, here: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = plugged(archive=True)
    lan.add("sw-a1", switch)
    deposit = here()
    begin_and_die(desk, deposit, monkeypatch)
    found = deposit_port.plan(desk, deposit)
    assert [each.reason for each in found.plan.warnings] == ["left-over"]
    assert switch.pending is not None


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("line", ["configure terminal revert timer 3", f"interface {ONE}", VLAN])
def test_a_session_cut_off_under_our_timer_leaves_none_in_the_way(
    desk: Desk, lan: Lan, here: Callable[[], str], line: str, *, old: bool
) -> None:
    """Cut off when the timer was armed, or after any line: the port is put back, and the next run is right."""
    switch = plugged(archive=True)
    switch.old = old
    device = lan.add("sw-a1", switch, Faults(drop_after=line))
    deposit = here()
    _, result = deposit_port.apply(desk, deposit)
    assert (result.state, result.cause) == ("put-back", "dropped")
    device.faults = Faults()
    _, result = deposit_port.apply(desk, deposit)
    assert (result.state, switch.pending) == ("done", None), result.why


def test_a_refused_first_line_is_put_back_and_our_timer_ended(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    """By the lines, and not by the timer, which would also take back what others changed meanwhile."""
    switch = plugged(archive=True)
    device = lan.add("sw-a1", switch, Faults(refuse={VLAN: "% VLAN 110 is not allowed here\n"}))
    deposit = here()
    _, result = deposit_port.apply(desk, deposit)
    assert (result.state, switch.pending) == ("put-back", None)
    assert "configure revert now" not in device.lines
    assert isinstance(switch, catalyst.Catalyst)
    assert switch.plugged[ONE] == [SERVER]
