"""A fleet of which one network has a worker: what `check` shows and keeps, with the worker and without it."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest

from sopctl.adapters.engine import controller
from sopctl.errors import SopctlError
from sopctl.store.checks import Checks
from sopctl.store.engine import runs
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.servers import checking
from sopctl.workflow.setup import doctor
from tests import engines
from tests.adapters.ssh import hostile
from tests.engines import Broker
from tests.workflow.servers.test_checking import pin, server

__all__ = ["server"]


@pytest.fixture
def away(
    server: tuple[hostile.Host, paramiko.PKey], placed: Callable[..., str], desk: Desk
) -> Iterator[tuple[Site, str]]:
    """A server in the network cabang, which has an engine; the controller does not have the key that opens it."""
    host, key = server
    root = desk.site.root
    (root / "networks" / "cabang.yml").write_text("name: cabang\nnetwork: 127.0.0.0/24\n")
    (root / "racks" / "A1.yml").write_text(f"{(root / 'racks' / 'A1.yml').read_text()}network: cabang\n")
    deposit = placed("127.0.0.1", host.port, pin(key))
    port = engines.free_port()
    site = engines.with_engine(desk.site, ("cabang",), port)
    keys = engines.worker_folder(site, "cabang") / "keys"
    keys.mkdir(mode=0o700)
    shutil.move(root / "keys" / "owner", keys / "owner")
    broker = Broker(site, port).start()
    yield site, deposit
    broker.kill()


def test_a_worker_checks_with_its_own_key(away: tuple[Site, str], sopctl: Callable[..., Any], tmp_path: Path) -> None:
    site, deposit = away
    worker = engines.worker(site, "cabang", tmp_path / "worker.log")
    try:
        worker.await_connection()
        ran = sopctl("check", "--all", "--json")
        (one,) = json.loads(ran.out)["results"]
        assert (ran.code, one["id"], one["verdict"], one["user"]) == (0, deposit, "accessible", "titipan"), ran
        assert list(Checks(site).states()) == [deposit]
        ran = sopctl("engine", "status", "--json")
        shown = json.loads(ran.out)
        assert (ran.code, shown["problems"]) == (0, []), ran
        assert shown["last_run"]["networks"] == [{"network": "cabang", "sent": 1, "answered": 1, "refused": 0}]
        assert [(each["network"], len(each["workers"])) for each in shown["networks"]] == [("cabang", 1)]
        ran = sopctl("engine", "status")
        assert (ran.code, "1 of 1 answered" in ran.out) == (0, True), ran
        (said,) = [each for each in doctor.diagnose(str(site.root)) if each.what == "engine"]
        assert (said.ok, said.detail) == (True, "cabang: 1 worker, 0 shards wait; last run: 1 of 1 answered")

        (engines.worker_folder(site, "cabang") / "keys" / "owner").unlink()
        ran = sopctl("check", "--all")
        assert ran.code == 6
        assert f"{deposit} could not be tried by the worker of the network cabang: key owner" in ran.err
        assert Checks(site).counts(deposit, 0, 2**40)[0].checks == 1, (
            "what could not be tried says nothing of the server"
        )
    finally:
        worker.end()


def test_a_network_without_a_worker_is_not_watched(
    away: tuple[Site, str], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controller, "GRACE_SECONDS", 1.0)
    site, deposit = away
    errors: list[SopctlError] = []
    mine = Desk(site, desk.deciding, desk.clock, clock_is_right=True)
    summaries, _ = checking.chosen(site)
    assert list(checking.run(mine, summaries, errors=errors)) == []
    assert [each.id for each in errors] == ["network-not-watched"]
    assert Checks(site).outages(deposit) == []
    assert Checks(site).states() == {}
    last = runs.last(site)
    assert last
    assert (last.sent, last.answered) == ({"cabang": 1}, {"cabang": 0})
    (said,) = [each for each in doctor.diagnose(str(site.root)) if each.what == "engine"]
    assert (said.ok, said.needed) == (False, False)
    assert "the network cabang has no worker: its servers are not watched" in said.detail


def test_a_broker_that_is_gone_does_not_hold_up_what_is_near(
    away: tuple[Site, str], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The controller checks its own network as ever."""
    monkeypatch.setattr("sopctl.adapters.engine.link.CONNECT_SECONDS", 1.0)
    site, _ = away
    settings = site.root / "sopctl.yml"
    assert site.settings.engine
    text = settings.read_text().replace(str(site.settings.engine.port), str(engines.free_port()))
    settings.write_text(text.replace("networks: [cabang]", "networks: [cabang, gedung-b]"))
    elsewhere = Site(site.root)
    mine = Desk(elsewhere, desk.deciding, desk.clock, clock_is_right=True)
    errors: list[SopctlError] = []
    summaries, _ = checking.chosen(elsewhere)
    assert list(checking.run(mine, summaries, errors=errors)) == []
    assert [each.id for each in errors] == ["broker-unreachable", "network-not-watched"]
