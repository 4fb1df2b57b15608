"""The states of owners: each file is complete, and says what is true of every lab server that is put into it."""

import re
import subprocess
from pathlib import Path

import pytest

from sopctl.adapters import lab
from sopctl.adapters.lab import OwnerState, Service, layer, owner_state, state
from sopctl.adapters.lab.state import RELEASES, Record, Tier
from sopctl.errors import OutsideFailure, UsageError
from sopctl.workflow.setup.lab import all_states, states_named

STATES = {one.name: one for one in all_states()}


def test_there_are_enough_of_them() -> None:
    assert len(STATES) >= 24


@pytest.mark.parametrize("one", STATES.values(), ids=STATES.keys())
def test_a_state_can_be_read_by_a_person_and_run_by_a_shell(one: OwnerState) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", one.name)
    assert 10 < len(one.what) < 200
    assert not one.what.endswith(".")
    assert set(one.releases) <= set(RELEASES)
    assert set(one.packages_of) <= set(RELEASES)
    assert not re.search(r"https?://|ftp://|deb\.debian|apt-get (update|install)", one.script)
    checked = subprocess.run(["sh", "-n"], input=one.script, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert all(bytes.fromhex(service.send_hex) for service in one.services if service.send_hex)
    assert all(service.request for service in one.services if service.protocol == "udp"), "else nothing answers"


def test_the_fingerprint_is_a_posix_script() -> None:
    assert subprocess.run(["sh", "-n", lab.FINGERPRINT], check=False).returncode == 0


def test_what_a_service_is_sent() -> None:
    assert Service(53, "udp", send_hex="1234").request == b"\x12\x34"
    assert Service(80, send="GET\r\n").request == b"GET\r\n"
    assert [str(each) for each in (Service(80), Service(53, "udp"))] == ["80", "53/udp"]


def test_states_of_one_server_come_together() -> None:
    both = states_named("ufw, two-ssh-ports")
    assert [one.name for one in both] == ["ufw", "two-ssh-ports"]
    assert owner_state.packages(both, "bookworm") == ("nginx", "ufw")
    other = OwnerState("x", "true", ("a",), {"trixie": ("b",)}, ssh_port=2222)
    assert owner_state.packages([other], "trixie") == ("a", "b")
    assert owner_state.packages([other, *both], "bullseye") == ("a", "nginx", "ufw")
    assert (owner_state.ssh_port([*both, other], 22), owner_state.ssh_port(both, 22)) == (2222, 22)


def test_a_name_that_is_none() -> None:
    with pytest.raises(UsageError, match="no state 'ufv'") as caught:
        states_named("tcsh,ufv")
    assert "ufw" in str(caught.value.remedy)
    with pytest.raises(UsageError, match=r"no state '\.\./ufw'"):
        states_named("../ufw")


def test_a_release_that_does_not_have_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOPCTL_LAB_RUN", str(tmp_path))
    monkeypatch.setattr("sopctl.adapters.lab.tier.find_tier", lambda: (Tier.SYSTEMD, []))
    with pytest.raises(UsageError, match="no server with bookworm is in the state hurried-logins") as caught:
        lab.up("lab", states=[states_named("hurried-logins")], release="bookworm")
    assert "trixie" in str(caught.value.remedy)


def test_a_state_needs_booted_servers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOPCTL_LAB_RUN", str(tmp_path))
    monkeypatch.setattr("sopctl.adapters.lab.tier.find_tier", lambda: (Tier.SYSTEMD, []))
    monkeypatch.setenv("SOPCTL_LAB_TIER", "chroot")
    with pytest.raises(OutsideFailure, match="an owner's state needs booted servers"):
        lab.up("lab", states=[states_named("tcsh")])


def test_a_layer_is_known_by_its_packages_and_its_image(tmp_path: Path) -> None:
    base, other = tmp_path / "bookworm-1", tmp_path / "bookworm-2"
    assert layer.lower(base, ()) == [base]
    (above, below) = layer.lower(base, ("ufw",))
    assert below == base
    assert above.parent == layer.path(base, ("ufw",))
    assert len({layer.path(image, packages) for image in (base, other) for packages in (("a",), ("a", "b"))}) == 4


def test_the_states_of_a_server_are_in_its_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPCTL_LAB_RUN", str(tmp_path))
    into = tuple(states_named("ufw,tcsh"))
    record = Record("lab", Tier.SYSTEMD, "trixie", "/image", "/roots", 3, 2, "boot", states={2: into})
    assert record.packages(1) == ()
    assert record.packages(2) == ("nginx", "tcsh", "ufw")
    folder = state.folder("lab")
    folder.write(record)
    assert folder.read() == record
