"""What a machine lacks for the lab is found by trying it, and said with what helps, before anything is made."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.adapters.lab import command, lock, network, tier
from sopctl.adapters.lab.state import Tier
from sopctl.errors import OutsideFailure


def _no_bridge() -> None:
    raise OutsideFailure("lab-network-failed", "Read-only file system", where="/proc/sys/net/ipv4/conf")


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine on which everything can be had; each test takes something away."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(tier, "_lacking", lambda _wanted: [])
    monkeypatch.setattr(command, "missing", lambda _tools: [])
    monkeypatch.setattr(tier, "_machine_id", lambda: f"{'0a' * 16}\n")
    monkeypatch.setattr(network, "trial", lambda: None)
    return monkeypatch


def test_where_nothing_is_missing_servers_boot(able: pytest.MonkeyPatch) -> None:
    assert tier.find_tier() == (Tier.SYSTEMD, [])


@pytest.mark.parametrize(
    ("of", "name", "instead", "found", "says"),
    [
        (os, "geteuid", lambda: 1000, None, "run it with sudo"),
        (tier, "_lacking", lambda wanted: list(wanted)[:1], None, "outside the container"),
        (command, "missing", lambda tools: ["mmdebstrap"] if "mmdebstrap" in tools else [], None, "apt install"),
        (command, "missing", lambda tools: ["iproute2"] if "ip" in tools else [], Tier.CHROOT, "apt install iproute2"),
        (tier, "_machine_id", lambda: "", Tier.CHROOT, "systemd-machine-id-setup"),
        (tier, "_machine_id", lambda: "uninitialized\n", Tier.CHROOT, "systemd-machine-id-setup"),
        (network, "trial", _no_bridge, Tier.CHROOT, "/proc/sys/net/ipv4/conf Read-only file system"),
    ],
)
def test_what_is_missing_is_said(
    able: pytest.MonkeyPatch, of: object, name: str, instead: Callable[..., object], found: Tier | None, says: str
) -> None:
    able.setattr(of, name, instead)
    chosen, missing = tier.find_tier()
    assert chosen is found
    assert says in " ".join(map(str, missing))


def test_booted_servers_are_refused_where_only_chroots_go(able: pytest.MonkeyPatch) -> None:
    able.setattr(network, "trial", _no_bridge)
    able.setenv("SOPCTL_LAB_TIER", "systemd")
    with pytest.raises(OutsideFailure) as refused:
        tier.choose()
    assert refused.value.id == "lab-not-possible"
    assert "/proc/sys" in str(refused.value)


def test_a_network_that_was_only_tried_leaves_no_bridge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {network.TRIAL}  # as a run left it that was killed between the two

    def run(words: list[str]) -> None:
        assert words[3] not in made, "the kernel refuses a second link of one name"
        made.add(words[3])

    monkeypatch.setattr(network, "locked", lambda: lock.held(tmp_path / "lock", what="the lab's network"))
    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr(network, "confine", lambda _name: _no_bridge())
    monkeypatch.setattr(network, "delete_link", made.discard)
    with pytest.raises(OutsideFailure):
        network.trial()
    assert made == set()
