"""Names, numbers and addresses of a lab; what a machine can do. No root needed."""

import os
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest

from sopctl.adapters import lab
from sopctl.adapters.lab import command, files, image, network, state, switch, tier
from sopctl.adapters.lab.state import Record, Tier
from sopctl.errors import ExitCode, OutsideFailure, UsageError


@pytest.mark.parametrize("name", ["lab", "a", "ci-own", "x86-drill", "abcdefghijkl"])
def test_names(name: str) -> None:
    assert state.folder(name).name == name


@pytest.mark.parametrize("name", ["", "lab1", "Lab", "-a", "a-", "../x", "a/b", "a b", "abcdefghijklm", "lab\n", "läb"])
def test_no_names(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        lab.up(name)
    assert caught.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize("servers", [0, -1, 101])
def test_no_numbers_of_servers(servers: int) -> None:
    with pytest.raises(UsageError, match="1 to 100"):
        lab.up("lab", servers=servers)


@pytest.mark.parametrize("kind", list(Tier))
def test_every_server_of_every_lab_has_an_address_of_its_own_in_the_range(kind: Tier) -> None:
    everyone = [
        network.server_address(kind, number, server)
        for number in range(256)
        for server in range(1, state.MAX_SERVERS + 1)
    ]
    assert len(set(everyone)) == len(everyone)
    controllers = {network.controller_address(kind, number) for number in range(256)}
    assert not controllers & {address for address, _ in everyone}
    if kind is Tier.SYSTEMD:
        assert all(IPv4Address(address) in network.RANGE for address in controllers | {a for a, _ in everyone})
    else:
        assert all(IPv4Address(address).is_loopback and port > 1024 for address, port in everyone)


def test_every_server_has_an_ipv6_address_of_its_own_in_its_labs_subnet() -> None:
    everyone = [network.server_address6(number, server) for number in (0, 255) for server in range(1, 101)]
    assert len({*everyone, *(str(network.subnet6(number)[1]) for number in (0, 255))}) == 202
    assert all(IPv6Address(address) in network.RANGE6 for address in everyone)
    assert IPv6Address(network.server_address6(255, 1)) in network.subnet6(255)


def test_every_card_in_a_service_network_has_an_address_of_its_own_in_the_range() -> None:
    cards = [network.service_address(number, server) for number in range(256) for server in range(1, switch.PORTS + 1)]
    controllers = {str(network.service_subnet(number)[1]) for number in range(256)}
    managed = {
        network.server_address(Tier.SYSTEMD, number, server)[0] for number in range(256) for server in range(101)
    }
    assert len({*cards, *controllers, *managed}) == len(cards) + 256 + 256 * 101
    assert all(IPv4Address(address) in network.RANGE for address in {*cards, *controllers})
    assert len(network.service_interface(255)) <= 15, "IFNAMSIZ"


@pytest.mark.parametrize(
    ("plugs", "servers", "then"),
    [
        ({}, 3, {1: 1, 2: 2, 3: 3}),
        ({1: 5}, 3, {1: 5, 2: 1, 3: 2}),
        ({1: 2, 2: 1}, 2, {1: 2, 2: 1}),
        ({1: 12}, 12, {1: 12, **{server: server - 1 for server in range(2, 13)}}),
    ],
)
def test_a_new_server_gets_the_first_free_port(plugs: dict[int, int], servers: int, then: dict[int, int]) -> None:
    assert switch.plug(plugs, servers) == then


def test_a_switch_needs_booted_servers_and_its_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tier, "find_tier", lambda: (Tier.SYSTEMD, []))
    monkeypatch.setenv("SOPCTL_LAB_TIER", "chroot")
    with pytest.raises(OutsideFailure, match="booted servers") as caught:
        lab.up("lab", switched=True)
    assert caught.value.remedy == ("unset SOPCTL_LAB_TIER",)
    monkeypatch.delenv("SOPCTL_LAB_TIER")
    monkeypatch.setattr(command, "missing", lambda tools: ["ethtool"] if "ethtool" in tools else [])
    with pytest.raises(OutsideFailure, match="more tools") as caught:
        lab.up("lab", switched=True)
    assert caught.value.remedy == ("apt install ethtool",)


def test_a_record_comes_back_and_a_damaged_one_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPCTL_LAB_RUN", str(tmp_path / "run"))
    folder = state.folder("lab")
    assert folder.read() is None
    assert lab.status("lab") is None
    record = Record("lab", Tier.CHROOT, "bookworm", "/image", "/roots", 3, 2, state.boot_id())
    folder.write(record)
    assert folder.read() == record
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert lab.names() == ["lab"]
    status = lab.status("lab")
    assert status is not None
    assert [(server.address, server.port, server.state) for server in status.servers] == [
        ("127.18.3.11", 2201, "stopped"),
        ("127.18.3.12", 2202, "stopped"),
    ]
    folder.write(Record("lab", Tier.CHROOT, "bookworm", "/image", "/roots", 3, 2, "another boot"))
    assert lab.status("lab") is None
    (folder.path / "lab.json").write_text('{"name":')
    with pytest.raises(OutsideFailure, match="damaged"):
        lab.status("lab")


def test_another_recipe_is_another_image(monkeypatch: pytest.MonkeyPatch) -> None:
    before = image.path("bookworm", Tier.SYSTEMD)
    assert before == image.path("bookworm", Tier.SYSTEMD) != image.path("trixie", Tier.SYSTEMD)
    monkeypatch.setattr(image, "PACKAGES", (*image.PACKAGES, "chrony"))
    assert image.path("bookworm", Tier.SYSTEMD) != before


def test_missing_tools_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "SEARCH_PATH", "/nonexistent")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(tier, "CAPABILITIES", {})
    kind, missing = lab.find_tier()
    assert kind is None
    assert missing == ["the lab needs more tools: apt install coreutils mmdebstrap openssh-client util-linux"]


def test_an_unknown_tier_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPCTL_LAB_TIER", "moon")
    with pytest.raises(UsageError, match="moon"):
        tier.choose()


def test_nothing_is_deleted_where_something_is_mounted() -> None:
    assert Path("/proc") in files.mounts_below(Path("/"))
    assert files.is_mounted(Path("/proc"))
    with pytest.raises(OutsideFailure, match="still mounted"):
        files.remove_tree(Path("/proc"))


def test_deleting_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    files.remove_tree(tmp_path / "never")
