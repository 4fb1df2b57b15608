"""The site as Ansible sees it: only servers on site, and only variables that are named here."""

from collections.abc import Callable

import pytest

from sopctl.adapters import resolving
from sopctl.errors import OutsideFailure, SopctlError
from sopctl.model.access.target import HostKey
from sopctl.model.access.verification import Established, View
from sopctl.model.sop.entries import AccessTried, HostKeyPinned
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.servers import ansible_view
from sopctl.workflow.servers.playbooks import run_for
from sopctl.workflow.steps import handover, inspecting, letters, notifying, releasing, reservation
from tests.conftest import edit

ALLOWED = {
    "ansible_host",
    "ansible_port",
    "ansible_user",
    "ansible_ssh_private_key_file",
    "ansible_ssh_common_args",
    "sopctl_id",
    "sopctl_hostname",
    "sopctl_accounts",
    "sopctl_ports",
    "sopctl_udp_ports",
    "sopctl_sources",
    "sopctl_static_address",
    "sopctl_resolvers",
    "sopctl_controllers",
    "sopctl_management_account",
    "sopctl_management_key_file",
    "sopctl_management_public_key",
    "sopctl_sudo",
    "sopctl_time_zone",
    "sopctl_time_servers",
    "sopctl_journal_max",
    "sopctl_security_updates",
    "sopctl_banner",
    "sopctl_last_cause",
}


@pytest.fixture
def placed(desk: Desk, until_space: Callable[..., str]) -> str:
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001")
    handover.handover(desk, deposit)
    assert ansible_view.hosts(desk.site.root) == [], "a server that is not in its place is nobody's to touch"
    reservation.place(desk, deposit)
    return deposit


def test_the_variables_of_a_server(desk: Desk, placed: str) -> None:
    (host,) = ansible_view.hosts(desk.site.root)
    assert host.name == placed
    assert host.groups == (
        "deposits",
        "unit_dinas_contoh",
        "step_konfigurasi_1",
        "rack_a1",
        "os_debian",
        "os_debian_12",
    )
    assert set(host.variables) == ALLOWED
    assert host.variables["ansible_host"] == "192.0.2.10"
    assert host.variables["ansible_user"] == "titipan"
    assert host.variables["ansible_ssh_private_key_file"] == str(desk.site.root / "keys" / "owner")
    assert "KnownHostsCommand" not in host.variables["ansible_ssh_common_args"], "nothing is pinned yet"
    assert host.variables["sopctl_accounts"][0]["name"] == "webadmin"
    assert host.variables["sopctl_static_address"] == {}


def test_ansible_connects_to_an_address_that_was_judged(
    desk: Desk, placed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never to a name, which may lead elsewhere a moment later."""
    edit(desk, placed, "address: 192.0.2.10", "address: web1.example.org")
    found: dict[str, object] = {"web1.example.org": ["192.0.2.7", "192.0.2.8"]}

    def look_up(host: str, _seconds: float) -> list[str]:
        answer = found[host]
        if isinstance(answer, OSError):
            raise answer
        assert isinstance(answer, list)
        return answer

    monkeypatch.setattr(resolving, "_looked_up", look_up)
    for answer, address in (
        (["192.0.2.7", "192.0.2.8"], "192.0.2.7"),
        (["192.0.2.7", "169.254.169.254"], "address-refused.invalid"),
        (OSError("no such name"), "address-unknown.invalid"),
    ):
        found["web1.example.org"] = answer
        (host,) = ansible_view.hosts(desk.site.root)
        assert host.variables["ansible_host"] == address


def test_the_address_that_is_kept_is_the_one_in_use(desk: Desk, placed: str) -> None:
    edit(desk, placed, "access:\n", "access:\n  static_address: {prefix: 24, gateway: 192.0.2.1}\n")
    (host,) = ansible_view.hosts(desk.site.root)
    assert host.variables["sopctl_static_address"] == {"address": "192.0.2.10", "prefix": 24, "gateway": "192.0.2.1"}


def test_after_configuration_the_management_account_is_used_with_the_pinned_key(desk: Desk, placed: str) -> None:
    key = HostKey("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleE", "SHA256:x")
    with turn(desk, placed, "configure") as mine:
        mine.start(HostKeyPinned(host_key=key))
        mine.record("selesai")
    (host,) = ansible_view.hosts(desk.site.root)
    assert host.variables["ansible_user"] == "sopctl"
    assert host.variables["ansible_ssh_private_key_file"] == str(desk.site.root / "keys" / "management")
    assert f"/bin/echo %H {key.type} {key.key}" in host.variables["ansible_ssh_common_args"]


def test_the_cause_of_the_last_failed_try_reaches_the_next_run_and_no_later_one(desk: Desk, placed: str) -> None:
    def cause() -> str:
        return ansible_view.last_cause(dossiers.read(desk.site, placed))

    assert cause() == ""
    refused = Established(View.LOGIN, "webadmin", False, "denied")
    for outcome, seen, expected in (
        ("tidak bisa", AccessTried(established=(refused,), cause="denied"), "denied"),
        ("bisa", AccessTried(), ""),
    ):
        with turn(desk, placed, "configure") as mine:
            mine.record("selesai")
        notifying.notify(desk, placed, via="phone")
        with turn(desk, placed, "verify") as mine:
            mine.record(outcome, seen)
        assert cause() == expected


def test_one_missing_key_does_not_hide_the_other_servers(desk: Desk, placed: str) -> None:
    assert [host.name for host in ansible_view.hosts(desk.site.root)] == [placed]
    events = dossiers.read(desk.site, placed).events
    with (
        turn(desk, placed, "configure") as mine,
        pytest.raises(OutsideFailure, match="there is no key 'owner' in the site's keys/"),
    ):
        run_for(mine, "configure.yml")
    assert dossiers.read(desk.site, placed).events == events, "nothing was begun, nothing is recorded"


def test_a_server_given_back_is_no_more_ours(desk: Desk, placed: str) -> None:
    letters.ask_back(desk, placed, letter_number="090/9/2026")
    assert [host.name for host in ansible_view.hosts(desk.site.root)] == [placed]
    for _ in range(2):
        letters.dispose(desk, placed, instruction="x")
    inspecting.inspect(desk, placed, serial="SN-0001")
    letters.confirm_data_saved(desk, placed, wipe=False)
    releasing.release(desk, placed, by_hand="server mati")
    assert ansible_view.hosts(desk.site.root) == []


def test_the_address_that_the_sites_plugins_know_stays() -> None:
    """Every site keeps its own copy of the inventory plugin: what it imports must not move."""
    from sopctl.workflow import inventory_view

    assert inventory_view.hosts is ansible_view.hosts


def test_a_broken_dossier_hides_no_other_server(desk: Desk, placed: str, file_request: Callable[..., str]) -> None:
    other = file_request()
    (desk.site.root / "deposits" / other / "history.yml").write_text("- x\n")
    errors: list[SopctlError] = []
    assert [host.name for host in ansible_view.hosts(desk.site.root, errors)] == [placed]
    assert [error.id for error in errors] == ["value-not-valid"]
