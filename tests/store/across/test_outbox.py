"""How far a receiver of events is: kept by its name, and not known where it cannot be read."""

from pathlib import Path

import pytest

from sopctl.errors import SopctlError
from sopctl.store.across.outbox import MOST, Mark, Outbox


def test_each_receiver_has_its_own_mark(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    assert outbox.mark("chat") is None
    outbox.keep("chat", Mark(7, failed=2, not_before=3.5))
    outbox.keep("siem", Mark(9))
    outbox.keep("chat", Mark(8))
    assert (Outbox(tmp_path).mark("chat"), Outbox(tmp_path).mark("siem")) == (Mark(8, 0, 0.0), Mark(9))
    assert sorted(path.name for path in (tmp_path / "var/outbox").iterdir()) == ["chat.json", "siem.json"]


@pytest.mark.parametrize("content", [b"", b"x", b"[]", b'{"place": "x"}', b" " * MOST + b'{"place": 7}'])
def test_a_mark_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    outbox = Outbox(tmp_path)
    outbox.keep("chat", Mark(7))
    (tmp_path / "var/outbox/chat.json").write_bytes(content)
    assert outbox.mark("chat") is None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.keep("siem", Mark(7))
    (tmp_path / "var/outbox/chat.json").symlink_to("siem.json")
    with pytest.raises(SopctlError):
        outbox.mark("chat")
