"""A look for what differs: who is looked at. tests/lab/accepted.py has what it finds on a real server."""

from collections.abc import Callable
from typing import Any

import pytest

from sopctl.errors import NotNow
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import drift

KEY = {"type": "ssh-ed25519", "key": "A" * 68, "sha256": "SHA256:x"}


def test_only_what_was_configured_can_differ(
    desk: Desk, placed: Callable[..., str], sopctl: Callable[..., Any]
) -> None:
    deposit = placed("127.0.0.1", 1, KEY)
    owner = desk.site.root / "keys/owner"
    owner.write_bytes((desk.site.root / "keys/management").read_bytes())
    owner.chmod(0o600)
    with pytest.raises(NotNow, match="is not configured"):
        drift.look(desk, [deposit])
    assert drift.look(desk, []) == []
    ran = sopctl("configure", "--check")
    assert (ran.code, ran.out) == (0, "No server is configured yet.\n")
    ran = sopctl("configure", deposit, "--check")
    assert ran.code == 6, "looked at, but nothing answers there"
    assert "could not be reached" in ran.err
    for words in (["--diff"], [deposit, "--tags", "sshd"], ["--check", "--host-key", "SHA256:x"]):
        assert sopctl("configure", *words).code == 2, words
    for words in (["--all"], ["--metrics", "x"], ["--drift", "--all", deposit], ["--drift", "--check"]):
        assert sopctl("configure", *words).code == 2, words
    assert sopctl("configure", "--drift", deposit).code == 4
    ran = sopctl("configure", "--drift", "--all")
    assert (ran.code, ran.out) == (0, "No server is configured yet.\n")
