"""A failed test shows what its servers wrote, before their lab is taken down."""

from collections.abc import Callable

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabStatus
from tests.lab import journals

pytestmark = pytest.mark.lab


def test_what_servers_wrote(lab: LabStatus, monkeypatch: pytest.MonkeyPatch) -> None:
    server = lab.servers[0]
    ended: list[str] = []

    def really_down(name: str, *, progress: Callable[[str], None] | None = None) -> None:
        ended.append(name)
        if progress:
            progress("down")

    monkeypatch.setattr(journals, "really_down", really_down)
    assert servers.down is journals.down
    servers.run(server, "systemd-run --quiet --unit=rusak sh -c 'echo what it said; exit 3'")
    servers.console(lab.name, server.name, "until systemctl is-failed --quiet rusak; do sleep 0.1; done", timeout=120)
    try:
        servers.down(lab.name)
        assert journals.left() == "", "nothing failed"
        told: list[str] = []
        try:
            raise AssertionError
        except AssertionError:
            servers.down(lab.name, progress=told.append)
        written = journals.left()
        assert f"--- {server.name}\nrusak.service loaded failed failed" in written
        assert "]: what it said" in written
        assert all(f"--- {each.name}\n" in written for each in lab.servers)
        assert (ended, told) == ([lab.name] * 2, ["down"])
        assert journals.left() == "", "it is shown once"
    finally:
        servers.run(server, "systemctl reset-failed rusak")


def test_a_lab_that_is_not_there() -> None:
    assert journals.said("tidak-ada") == ""
