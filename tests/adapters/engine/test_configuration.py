"""Who may do what at a real broker: cases/engine_permissions.yml, and whose certificate is let in at all."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client

from sopctl.adapters.engine import certificates, configuration
from sopctl.adapters.engine.configuration import CHECKS, CONTROLLER, FACTS, LANES, Lane
from sopctl.adapters.engine.link import Link, _tls, connected, prepare, receive
from sopctl.errors import OutsideFailure
from sopctl.model.access.shards import Answer, Shard
from sopctl.model.as_json import NotJson, from_json
from sopctl.store.site import Site
from tests.adapters.engine.conftest import NETWORKS, engine_of, link
from tests.cases import rows
from tests.patience import PATIENCE


@pytest.fixture(scope="module")
def served(running: tuple[Site, int]) -> tuple[Site, int]:
    """With its queues, and a job in each network."""
    asyncio.run(_prepared(*running))
    return running


async def _prepared(site: Site, port: int) -> None:
    async with connected(link(site, port, CONTROLLER)) as client:
        for lane in LANES:
            await prepare(client.jetstream(), NETWORKS, lane)
            await receive(client.jetstream(), lane)
            for network in NETWORKS:
                await client.jetstream().publish(f"{lane.job}.{network}", b"a job")


@asynccontextmanager
async def hostile(of: Link) -> AsyncIterator[tuple[Client, list[str]]]:
    """A client with a worker's certificate that does as it likes, and what the broker refused it."""
    refused: list[str] = []

    async def told(error: Exception) -> None:
        refused.append(str(error))

    client = await nats.connect(of.url, tls=_tls(of), error_cb=told, inbox_prefix="_INBOX-worker-cabang")
    try:
        yield client, refused
    finally:
        await client.close()


async def counts(site: Site, port: int) -> dict[str, dict[str, int]]:
    """The messages of each stream, by subject."""
    async with connected(link(site, port, CONTROLLER)) as client:
        found = {}
        for stream in [stream for lane in LANES for stream in (lane.jobs, lane.results)]:
            about = await client.jetstream().stream_info(stream, subjects_filter=">")
            found[stream] = dict(about.state.subjects or {})
        return found


@pytest.mark.parametrize("row", rows("engine_permissions"), ids=lambda row: row["name"])
def test_a_worker_may_only_do_its_own_work(served: tuple[Site, int], row: dict[str, Any]) -> None:
    async def tried() -> tuple[list[str], list[bytes]]:
        heard: list[bytes] = []

        async def listen(message: Any) -> None:
            heard.append(message.data)

        before = await counts(*served)
        async with hostile(link(*served, "worker-cabang")) as (client, refused):
            if "subscribe" in row:
                await client.subscribe(row["subscribe"], cb=listen)
                async with connected(link(*served, CONTROLLER)) as controller:
                    await controller.jetstream().publish("jobs.cabang", b"secret")
                await client.flush()
            else:
                own = await client.subscribe("_INBOX-worker-cabang.own", cb=listen)
                await client.publish(row["publish"], b"{}", reply=row.get("reply", "_INBOX-worker-cabang.own"))
                await client.flush()
                await own.unsubscribe()
            await client.flush()
            deadline = time.monotonic() + PATIENCE
            while "harmless" not in row and not refused and time.monotonic() < deadline:
                await asyncio.sleep(0.05)
        after = await counts(*served)
        if "publish" in row and "harmless" not in row:
            assert after == before
        return refused, heard

    refused, heard = asyncio.run(tried())
    assert heard == []
    assert ("ermissions violation" in " ".join(refused)) is ("harmless" not in row), refused


def test_what_it_must_not_do_of_checks_it_must_not_do_of_facts(served: tuple[Site, int]) -> None:
    """The same table, with the streams of facts: all at once, since a connection costs more than what is tried."""
    words = list(zip(CHECKS[:4], FACTS[:4], strict=True))

    def of_facts(name: str) -> str:
        return ".".join(dict(words).get(each, each) for each in name.split("."))

    table = [row for row in rows("engine_permissions") if "harmless" not in row]
    named = [(kind, row[kind]) for row in table for kind in ("publish", "subscribe") if kind in row]
    tries = [(kind, of_facts(name)) for kind, name in named if of_facts(name) != name]
    assert len(tries) > 15, "the table names streams otherwise"

    async def tried() -> list[str]:
        before = await counts(*served)
        async with hostile(link(*served, "worker-cabang")) as (client, refused):
            for kind, subject in tries:
                if kind == "publish":
                    await client.publish(subject, b"{}", reply="_INBOX-worker-cabang.own")
                else:
                    await client.subscribe(subject)
            await client.flush()
            deadline = time.monotonic() + PATIENCE
            while not_refused(refused) and time.monotonic() < deadline:  # they are told one by one, each by a task
                await asyncio.sleep(0.05)
        assert await counts(*served) == before
        return not_refused(refused)

    def not_refused(refused: list[str]) -> list[str]:
        return [each for _, each in tries if not any(f'"{each}"'.lower() in said.lower() for said in refused)]

    assert asyncio.run(tried()) == []


def test_what_the_broker_does_not_know_is_no_silence(served: tuple[Site, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker with the configuration of an older version: the controller too may do what it needs, and no more."""
    monkeypatch.setattr("sopctl.adapters.engine.link.REQUEST_SECONDS", 1.0)
    later = Lane("LATER", "LATER-RESULTS", "later", "later-results", 1024, 10)
    with pytest.raises(OutsideFailure) as refused:
        engine_of(served, lane=later).networks()
    assert refused.value.id == "broker-forbids"
    assert "engine setup" in str(refused.value.remedy)


def test_what_the_broker_can_be_made_to_write_is_no_job_and_no_answer() -> None:
    """A receipt of JetStream, sent to a place of the worker's choice."""
    receipt = b'{"stream":"RESULTS","seq":1}'
    for kind in (Answer, Shard):
        with pytest.raises(NotJson):
            from_json(receipt, kind)


def test_a_worker_does_its_own_work(served: tuple[Site, int]) -> None:
    """The table proves nothing if a worker could do nothing at all."""

    async def tried() -> None:
        async with hostile(link(*served, "worker-cabang")) as (client, refused):
            streams = client.jetstream()
            await client.publish("workers.cabang", b"{}")
            for lane in LANES:
                jobs = await streams.pull_subscribe_bind("cabang", lane.jobs)
                [message] = await jobs.fetch(1, timeout=5)
                await message.in_progress()
                await streams.publish(f"{lane.result}.cabang", b"{}", headers={"Nats-Msg-Id": "own"})
                await message.ack()
                await client.flush()
                assert (message.subject, refused) == (f"{lane.job}.cabang", [])

    asyncio.run(tried())


def _other_authority(site: Site, folder: Path) -> None:
    other = certificates.authority(datetime.now(UTC))
    made = certificates.issued(other, "worker-cabang", datetime.now(UTC))
    (folder / "worker-cabang.pem").write_bytes(made.certificate)
    (folder / "worker-cabang.key").write_bytes(made.key)


def _unknown_name(site: Site, folder: Path) -> None:
    kept = site.root / "keys" / "engine"
    ours = certificates.Identity((kept / "authority.pem").read_bytes(), (kept / "authority.key").read_bytes())
    made = certificates.issued(ours, "worker-elsewhere", datetime.now(UTC))
    (folder / "worker-cabang.pem").write_bytes(made.certificate)
    (folder / "worker-cabang.key").write_bytes(made.key)


def _another_broker(site: Site, folder: Path) -> None:
    (folder / "authority.pem").write_bytes(certificates.authority(datetime.now(UTC)).certificate)


@pytest.mark.parametrize("change", [_other_authority, _unknown_name, _another_broker])
def test_strangers_are_refused(
    served: tuple[Site, int], tmp_path: Path, change: Callable[[Site, Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate of another authority, one of ours with a name that is in no network, and a broker of another."""
    monkeypatch.setattr("sopctl.adapters.engine.link.CONNECT_SECONDS", 3.0)
    site, port = served
    folder = tmp_path / "worker-cabang"
    shutil.copytree(site.root / "keys" / "engine" / "worker-cabang", folder)
    change(site, folder)

    async def tried() -> None:
        async with connected(Link(f"tls://127.0.0.1:{port}", "worker-cabang", folder)):
            raise AssertionError("it was let in")

    with pytest.raises(OutsideFailure) as refused:
        asyncio.run(tried())
    assert refused.value.id == "broker-unreachable"


def test_nobody_comes_in_without_a_certificate(served: tuple[Site, int]) -> None:
    import ssl

    context = ssl.create_default_context(cafile=served[0].root / "keys" / "engine" / "authority.pem")

    async def tried() -> None:
        await nats.connect(f"tls://127.0.0.1:{served[1]}", tls=context, allow_reconnect=False, error_cb=_quiet)

    with pytest.raises((OSError, nats.errors.Error)):
        asyncio.run(tried())


async def _quiet(_error: Exception) -> None:
    """Nothing is printed."""


def test_a_server_is_asked_whether_it_knows_of_synchronous_queues() -> None:
    text = {
        known: configuration.server_configuration(
            NETWORKS, listen="127.0.0.1:4222", folder="/etc/e", store="/var/q", synchronous=known
        )
        for known in (True, False)
    }
    assert ("sync_interval: always" in text[True], "sync_interval" in text[False]) == (True, False)
    assert isinstance(configuration.knows_synchronous(), bool)
