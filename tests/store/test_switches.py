"""What is kept of switches: the key that each must show, and marks of changes that are under way or were cut off."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from sopctl.errors import InvalidRecord
from sopctl.model.access.target import HostKey
from sopctl.model.ports.port import ActualPort, PortSetting
from sopctl.store import switches
from sopctl.store.site import Site
from sopctl.store.switches import PinnedKey, UnderWay, Unfinished

THEN = datetime(2026, 1, 2, tzinfo=UTC)
KEY = PinnedKey(HostKey("ssh-ed25519", "AAAA", "SHA256:" + "x" * 43), THEN, "kadis", "console")


def test_a_key_is_expected_from_when_it_was_pinned(site: Site) -> None:
    (site.root / "switches").mkdir(exist_ok=True)
    assert switches.pinned(site, "sw1") is None
    switches.pin(site, "sw1", KEY)
    assert switches.pinned(site, "sw1") == KEY
    assert switches.pinned(site, "sw2") is None
    assert (site.root / "switches/sw1.host-key").is_file()
    (site.root / "switches/sw2.host-key").symlink_to("sw1.host-key")
    assert switches.pinned(site, "sw2") is None, "a link is not followed"
    (site.root / "switches/sw1.host-key").write_text("x")
    with pytest.raises(InvalidRecord):
        switches.pinned(site, "sw1")


def change(switch: str, port: str) -> Unfinished:
    return Unfinished(switch, port, "PS-2026-0001", True, ActualPort(port, PortSetting()), THEN)


def test_a_change_is_marked_while_it_is_under_way(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "ports"
    mark, other = UnderWay(folder, "sw1", "Gi1/0/3"), UnderWay(folder, "sw1", "Gi1/0/4")
    seen = []
    begin = partial(mark.mark, change("sw1", "Gi1/0/3"))
    for act in (mark.clear, begin, begin, mark.clear):
        act()
        seen.append((mark.marked, other.marked, (folder / "sw1-Gi1_0_3").is_file()))
    assert seen == [(False, False, False), (True, False, True), (True, False, True), (False, False, False)]


def test_what_was_cut_off_on_a_switch_is_read_by_its_marks(tmp_path: Path) -> None:
    """A switch whose name begins another's has its own."""
    assert switches.unfinished(tmp_path / "none", "sw1") == []
    for switch, port in (("sw1", "2"), ("sw1", "1"), ("sw1-a", "1"), ("sw2", "1")):
        UnderWay(tmp_path, switch, port).mark(change(switch, port))
    (tmp_path / "sw1-8").write_bytes(b"")
    (tmp_path / "sw1-9").mkdir()
    assert switches.unfinished(tmp_path, "sw1") == [change("sw1", "1"), change("sw1", "2")]
    assert switches.unfinished(tmp_path, "sw1-a") == [change("sw1-a", "1")]
