"""The site's switches: their records, keys and passwords, and one session at a time."""

import json
import threading
from collections.abc import Callable

import pytest

from sopctl.errors import Conflict, InvalidRecord, OutsideFailure, UsageError
from sopctl.store import switches
from sopctl.store.site import Site
from sopctl.store.switches import PinnedKey
from sopctl.workflow.desk import Desk
from sopctl.workflow.ports import audit, deposit_port
from sopctl.workflow.ports import switches as site_switches
from sopctl.workflow.setup import scheduling
from tests.adapters.switch import catalyst
from tests.adapters.switch.conftest import OTHER_KEY, pin
from tests.conftest import NOW, Ran
from tests.workflow.ports.conftest import Lan, plugged


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
    record = site.root / "switches/sw-a1.yml"
    plain = record.read_text()
    record.write_text(f"{plain}legacy: [ssh-rsa, aes128-cbc]\n")
    assert "old SSH algorithms: ssh-rsa, aes128-cbc" in switch()[1]
    record.write_text(plain)
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
