"""A real broker, real workers of two networks, and controllers: each of them is killed, and a link is cut. What was
asked for is recorded, once, and nobody is alarmed."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sopctl.store.site import Site
from tests import engines
from tests.engines import Broker, Link, Process, recorded, rows
from tests.patience import eventually

NETWORKS = ("cabang", "gedung-b")


@pytest.fixture
def broker(site: Site) -> Iterator[tuple[Site, Broker]]:
    port = engines.free_port()
    made = engines.with_engine(site, NETWORKS, port)
    found = Broker(made, port).start()
    yield made, found
    found.kill()


@pytest.mark.parametrize(
    "count", [pytest.param(1000, id="1000"), pytest.param(10_000, id="10000", marks=pytest.mark.battery)]
)
def test_nothing_is_lost_or_doubled_whatever_dies(broker: tuple[Site, Broker], tmp_path: Path, count: int) -> None:
    site, server = broker
    link = Link(server.port)
    file = engines.worker_folder(site, "gedung-b") / "worker.yml"
    file.write_text(file.read_text().replace(str(server.port), str(link.port)))
    running: list[Process] = []

    def control(run: str, dies_after: int = 0) -> Process:
        words = ["tests.engines", "controller", str(site.root), run, str(count), str(port), str(dies_after)]
        running.append(Process(words, tmp_path / f"{run}.log"))
        return running[-1]

    def work(network: str, name: str, dies_in: str = "") -> Process:
        running.append(engines.worker(site, network, tmp_path / f"{name}.log", dies_in=dies_in))
        return running[-1]

    with engines.endpoints() as port:
        try:
            near = work("cabang", "near")
            work("gedung-b", "far")
            first = control("first", dies_after=count // 5)
            eventually(first.ended, f"the first controller does not die: {first.said}")
            before = dict(rows(site, "SELECT id, at FROM checks"))
            assert len(before) == recorded(site) == count // 5, "the last was recorded and not acknowledged"
            near.end(signal.SIGKILL)

            mortal = work("cabang", "mortal", dies_in="second")
            link.cut()
            second = control("second")
            eventually(mortal.ended, "the worker does not die within its shard")
            heir = work("cabang", "heir")
            eventually(lambda: "was delivered" in heir.said, f"no shard comes twice, so nothing is proved: {heir.said}")
            heard = recorded(site)
            server.kill()
            link.mend()  # only now, so that the broker dies with work undone
            server.start()
            eventually(second.ended, f"the second controller does not end: {second.said}")
        finally:
            for each in running:
                each.end()
            link.close()

    told = json.loads(second.said.splitlines()[-1])
    assert (told["answered"], told["accessible"], told["errors"]) == (count, count, []), told
    times = rows(site, "SELECT id, at FROM checks")
    assert len(times) == len(set(times))
    sent = {check.id for part in engines.parts("", count, NETWORKS, 1) for check in part.checks}
    assert {name for name, _ in times} == sent
    assert set(before.items()) <= set(times)
    assert max(sum(name == one for one, _ in times) for name in list(before)[:20]) <= 2, "once in each run, at most"
    assert rows(site, "SELECT * FROM outages") == []
    assert mortal.process.returncode == -signal.SIGKILL
    assert len(times) > heard, "the broker died when all was done"
