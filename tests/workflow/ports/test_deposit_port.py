"""Switch ports of deposits, against strict devices behind a real SSH server: applied, refused, put back, released."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from sopctl.adapters.ansible.runner import Outcome, RunResult
from sopctl.adapters.documents.forms import Section
from sopctl.errors import Action, Conflict, Interrupted, InvalidRecord, NotNow, OutsideFailure, UsageError
from sopctl.model.facts.server import ServerFacts
from sopctl.store import dossiers, switches
from sopctl.store.site import Site
from sopctl.store.switches import PinnedKey
from sopctl.workflow.desk import Desk, act
from sopctl.workflow.papers.inventory_form import inventory_form
from sopctl.workflow.ports import audit, change, deposit_port
from sopctl.workflow.ports import switches as site_switches
from sopctl.workflow.setup import scheduling
from sopctl.workflow.steps import advancing, releasing
from sopctl.workflow.steps.configuring import configure
from sopctl.workflow.views import board
from tests.adapters.switch import catalyst, routeros
from tests.adapters.switch.conftest import HOST_KEY, OTHER_KEY, pin
from tests.adapters.switch.fake import Device, Faults, running
from tests.conftest import NOW, Ran, edit, give_back
from tests.lab.test_docs import CHECKOUT, play, printed

ONE = "GigabitEthernet1/0/1"
SERVER = "5254.0012.3456"
MAC = "52:54:00:12:34:56"
VLAN = "switchport access vlan 110"


class Lan:
    """A site's rack with its switch, and the device that plays it."""

    def __init__(self, site: Site, held: ExitStack) -> None:
        self.site = site
        self._held = held
        (site.root / "switches").mkdir()

    def add(
        self, name: str, machine: catalyst.Catalyst | routeros.RouterOs, faults: Faults | None = None, rack: str = "A1"
    ) -> Device:
        """Put a switch into a rack, with its record, its password and its pinned key."""
        device = self._held.enter_context(running(Device(machine.session, HOST_KEY, faults=faults or Faults())))
        ios = isinstance(machine, catalyst.Catalyst)
        (self.site.root / "racks" / f"{rack}.yml").write_text(
            f"name: {rack}\nroom: R\nunits: 8\ndepth_mm: 900\npower_watts: 4000\nswitch: {{name: {name}, ports: 4}}\n"
        )
        (self.site.root / "switches" / f"{name}.yml").write_text(
            f"name: {name}\nplatform: {'cisco_ios' if ios else 'mikrotik_routeros'}\naddress: 127.0.0.1\n"
            f"port: {device.port}\naccount: {device.user}\npassword: {name}\n"
            f"ports: {'GigabitEthernet1/0/' if ios else 'ether'}{{n}}\nservice_vlan: 110\nquarantine_vlan: 999\n"
            f"vlans: [120]\nuplinks: [{'GigabitEthernet1/0/24' if ios else 'sfp1'}]\n"
        )
        password = self.site.root / "keys" / name
        password.write_text(f"{device.password}\n")
        password.chmod(0o600)
        switches.pin(self.site, name, PinnedKey(pin(), NOW, "root", "fingerprint"))
        return device


@pytest.fixture
def lan(site: Site) -> Iterator[Lan]:
    with ExitStack() as held:
        yield Lan(site, held)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is there is heard at once in here."""
    monkeypatch.setattr(change, "HEAR_SECONDS", 0.0)


@pytest.fixture
def here(placed: Callable[..., str]) -> Callable[[], str]:
    """A server in rack A1, port 1, not yet configured."""
    return lambda: placed("127.0.0.1", 1, {"type": "t", "key": "a2V5", "sha256": "SHA256:x"})


def plugged(archive: bool = False) -> catalyst.Catalyst:
    """A Catalyst with the server plugged into port 1, which is open in quarantine."""
    switch = catalyst.standard()
    switch.plugged[ONE] = [SERVER]
    switch.running[ONE].lines.pop("shutdown")
    switch.archive = archive
    switch.startup = {}
    return switch


def vlan_on_the_form(desk: Desk, deposit: str) -> str:
    """What an inventory form says of the VLAN."""
    with act(desk.decided_by("staf"), deposit, "switch") as mine:
        place = inventory_form(mine, ServerFacts("2026-11-25T08:00:00+07:00", "s"), "2026-11", None).sections[1]
    assert isinstance(place, Section)
    return {field.label: field.value for field in place.fields}["VLAN"]


def last(desk: Desk, deposit: str) -> Any:
    return dossiers.read(desk.site, deposit).events[-1]


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
    assert deposit_port.macs_of(dossiers.read(desk.site, deposit)) == (MAC,), "heard once, known from then on"


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


def test_two_racks_may_share_a_switch_but_no_port(desk: Desk, lan: Lan) -> None:
    lan.add("sw-a1", catalyst.standard())
    rack = (
        "name: B1\nroom: R\nunits: 4\ndepth_mm: 900\npower_watts: 2000\nswitch: {{name: sw-a1, first: {}, ports: 4}}\n"
    )
    record = desk.site.root / "racks" / "B1.yml"
    for first, why in ((4, "already belongs to rack A1"), (21, "is an uplink, not a port of rack B1")):
        record.write_text(rack.format(first))
        with pytest.raises(InvalidRecord, match=why):
            site_switches.refuse_shared_ports(Site(desk.site.root))
    record.write_text(rack.format(5))
    site_switches.refuse_shared_ports(Site(desk.site.root))
    assert len(audit.port_records(Site(desk.site.root))) == 8


def test_one_session_with_a_switch_at_a_time(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    device = lan.add("sw-a1", plugged())
    deposit = here()
    record = desk.site.switches["sw-a1"]
    with (
        site_switches.held(desk.site, record, seconds=5),
        pytest.raises(Conflict, match="switch sw-a1 is held"),
        site_switches.held(desk.site, record, seconds=5, wait=0),
    ):
        pass

    def told(lines: list[str]) -> list[str]:
        return [line for line in lines if line != "exit"]

    deposit_port.plan(desk, deposit)
    alone = told(device.lines)
    device.lines.clear()
    both = [threading.Thread(target=deposit_port.plan, args=(desk, deposit)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert told(device.lines) == alone * 2, "the second began when the first had ended"


def test_what_a_switch_lacks_is_found_before_it_is_needed(desk: Desk, lan: Lan, sopctl: Callable[..., Ran]) -> None:
    site = desk.site

    def switch() -> tuple[bool, str]:
        found = json.loads(sopctl("doctor", "--json").out)["findings"]
        return next((each["ok"], each["detail"]) for each in found if each["what"] == "switch sw-a1")

    assert "switches" not in {job.name for job in scheduling.jobs(site)}
    device = lan.add("sw-a1", plugged())
    assert switch() == (True, f"{device.user}@127.0.0.1")
    (audit,) = (job.commands for job in scheduling.jobs(Site(site.root)) if job.name == "switches")
    assert audit[0][-2:] == ("switch", "audit")
    (site.root / "keys/sw-a1").unlink()
    ok, said = switch()
    assert not ok
    assert "sw-a1" in said
    (site.root / "switches/sw-a1.host-key").unlink()
    ok, said = switch()
    assert not ok
    assert "nobody has confirmed the host key" in said
    assert device.logins == [], "nobody logs in for that"


def test_a_switch_with_another_key_or_none_is_not_entered(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    device = lan.add("sw-a1", plugged())
    deposit = here()
    switches.pin(desk.site, "sw-a1", PinnedKey(pin(OTHER_KEY), NOW, "root", "fingerprint"))
    with pytest.raises(OutsideFailure, match="shows the host key"):
        deposit_port.plan(desk, deposit)
    (desk.site.root / "switches" / "sw-a1.host-key").unlink()
    with pytest.raises(OutsideFailure, match="nobody has confirmed"):
        deposit_port.plan(desk, deposit)
    assert device.logins == []
    found = site_switches.look(desk, "sw-a1")
    assert (found.pinned, found.found.host_key) == (None, pin())
    with pytest.raises(UsageError, match="is not confirmed"):
        site_switches.confirm(desk, "sw-a1")
    with pytest.raises(OutsideFailure, match="instead of"):
        site_switches.confirm(desk, "sw-a1", fingerprint=pin(OTHER_KEY).sha256)
    site_switches.confirm(desk, "sw-a1", fingerprint=pin().sha256)
    assert deposit_port.plan(desk, deposit).lines


def test_a_password_that_others_may_read_is_not_used(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    device = lan.add("sw-a1", plugged())
    deposit = here()
    (desk.site.root / "keys" / "sw-a1").chmod(0o644)
    with pytest.raises(OutsideFailure, match="read by others"):
        deposit_port.plan(desk, deposit)
    assert device.logins == []


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


# In the procedure.


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


# Over all switches, and on the command line.


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


def test_the_command_line(desk: Desk, lan: Lan, here: Callable[[], str], sopctl: Callable[..., Ran]) -> None:
    lan.add("sw-a1", plugged())
    deposit = here()
    assert json.loads(sopctl("switch", "list", "--json").out)["switches"][0]["host_key"] == pin().sha256
    ran = sopctl("switch", "apply", deposit, "--json")
    assert (ran.code, json.loads(ran.out)["port"]["state"]) == (0, "done"), ran.err
    assert sopctl("switch", "host-key", "sw-a1", "--confirm", pin(OTHER_KEY).sha256).code == 6
    record = desk.site.root / "switches" / "sw-a1.yml"
    record.write_text(record.read_text().replace("cisco_ios", "junos"))
    ran = sopctl("validate")
    assert ran.code == 3
    assert "sw-a1.yml:2:1: there is no driver for 'junos'" in ran.out + ran.err


@pytest.mark.parametrize(
    ("line", "instead", "why"),
    [
        ("service_vlan: 110", "service_vlan: 4095", "service_vlan: Expected `int` <= 4094"),
        ("service_vlan: 110", "service_vlan: 999", "a `quarantine_vlan` that no server is in"),
        ("password: sw-a1", "passwort: x", "there is no such key"),
        ("password: sw-a1", "note: x", "Expected one of `key` and `password`"),
        ("address: 127.0.0.1", "address: -x", "an IP address or a host name"),
        ("ports: GigabitEthernet1/0/{n}", "ports: GigabitEthernet1/0/{n}; reload", "interfaces' names with {n}"),
        ("uplinks: [GigabitEthernet1/0/24]", 'uplinks: ["Gi 24"]', "an interface's name such as"),
        ("name: sw-a1", "name: sw-a2", "the record is called 'sw-a2', its file 'sw-a1.yml'"),
    ],
)
def test_a_record_that_is_not_one_says_where(desk: Desk, lan: Lan, line: str, instead: str, why: str) -> None:
    lan.add("sw-a1", catalyst.standard())
    record = desk.site.root / "switches" / "sw-a1.yml"
    assert line in record.read_text()
    record.write_text(record.read_text().replace(line, instead))
    with pytest.raises(InvalidRecord) as caught:
        _ = Site(desk.site.root).switches
    assert why in caught.value.message
    assert caught.value.where.startswith(f"{record}:")


def test_the_document(desk: Desk, lan: Lan, here: Callable[[], str]) -> None:
    """Every command line that docs/switches.md prints, in order, as a person types them in the site's folder."""
    switch = plugged()
    lan.add("sw-a1", switch)
    here()
    lines = [line.replace("SHA256:…", pin().sha256) for line in printed(CHECKOUT / "docs" / "switches.md")]
    assert len(lines) >= 8
    play(lines, desk.site.root)
    assert "shutdown" in switch.running[ONE].lines
