"""The connection to the broker (nats-server), and its streams. The broker is never the record: a stream that is gone is
recreated, and what was in it is asked for again.

Sources: nats-py's own code; docs.nats.io "JetStream" (work queues, discard policy, message deduplication).
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from sopctl.adapters.engine.configuration import CHECKS, CONTROLLER, WORKERS, Lane, inbox_of
from sopctl.errors import Action, InvalidRecord, OutsideFailure, in_words, with_extra
from sopctl.model.access.shards import MOST_SHARD_BYTES, OLDEST
from sopctl.model.text import printable

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext
    from nats.js.api import StreamConfig

CONNECT_SECONDS = 10.0
REQUEST_SECONDS = 5.0
HEARTBEAT_SECONDS = 2.0
"""How often a worker says that it is alive, and of a shard that it is at work on it."""
SILENT_SECONDS = 10
"""After which a worker no longer counts as alive, and its shard is given to another."""
QUEUED = 64
"""Shards of a network that may wait; the controller hands in no more until some are taken."""
UNRECORDED = 1000
"""Answers under way to the controller at a time."""
MOST_WORKERS = 32
"""Words of a network's workers that are kept, so that one that floods hides no other network's."""
DELIVERIES = 5
"""A shard that killed as many workers is given to no other."""


class Link(Struct, frozen=True):
    """How to reach the broker: its URL (tls://HOST:PORT), who we are there, and the folder with our certificate
    (NAME.pem, NAME.key) and the authority's (authority.pem)."""

    url: str
    name: str
    folder: Path


class Alive(Struct, frozen=True):
    """What a worker says of itself. Times are seconds since 1970, by its own clock."""

    name: str
    since: Annotated[float, Meta(ge=0, le=4102444800)]
    now: Annotated[float, Meta(ge=0, le=4102444800)]
    busy: Annotated[int, Meta(ge=0, le=1_000_000)]
    lanes: Annotated[tuple[str, ...], Meta(max_length=8)] = (CHECKS.job,)
    """What it works on; one of before there was a choice checks."""


def missing() -> OutsideFailure:
    """The error where the engine's library is not installed."""
    return OutsideFailure(
        "engine-not-installed",
        "the engine's library, nats-py, is not installed here",
        remedy=with_extra("engine"),
    )


@asynccontextmanager
async def connected(link: Link, *, lasting: bool = False) -> AsyncIterator["Client"]:
    """A connection to the broker, which comes back by itself when it is cut. `lasting`: wait for a broker that cannot
    be reached, for as long as it takes. Raises OutsideFailure, InvalidRecord for certificates that are none; and
    OutsideFailure where the block's question was not answered, since the broker's configuration forbids it."""
    try:
        import nats
        from nats.errors import Error
        from nats.errors import TimeoutError as NoAnswer
    except ImportError:
        raise missing() from None
    context = _tls(link)
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of each end of a TLS connection

    forbidden: list[str] = []

    async def quiet(error: Exception) -> None:
        """The library would print what goes wrong; whoever waits for an answer is told."""
        if "permissions violation" in str(error).lower():
            forbidden[:] = [str(error)]

    try:
        asked = nats.connect(
            link.url,
            name=link.name,
            tls=context,
            inbox_prefix=inbox_of(link.name),
            error_cb=quiet,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            connect_timeout=5,
            ping_interval=5,
            max_outstanding_pings=2,
        )
        client = await asyncio.wait_for(asked, None if lasting else CONNECT_SECONDS)
    except (OSError, TimeoutError, Error, ssl.SSLError) as error:
        raise unreachable(link, error) from None
    try:
        yield client
    except NoAnswer:
        if forbidden:
            raise _forbidden(link, forbidden[0]) from None
        raise
    finally:
        await _closed(client)


async def _closed(client: "Client") -> None:
    """Close the connection, with what was still to be sent, as far as the broker is there."""
    with contextlib.suppress(Exception):
        await asyncio.wait_for(client.flush(), 2)
    with contextlib.suppress(Exception):
        await asyncio.wait_for(client.close(), 2)


def unreachable(link: Link, error: Exception) -> OutsideFailure:
    """The error where the broker does not answer."""
    return OutsideFailure(
        "broker-unreachable",
        "the broker of the engine does not answer: {reason}",
        where=link.url,
        remedy="See on its machine whether nats-server runs with the configuration that engine setup wrote.",
        reason=in_words(error),
    )


def _forbidden(link: Link, said: str) -> OutsideFailure:
    """The error where the broker does not allow what this version of sopctl asks of it."""
    return OutsideFailure(
        "broker-forbids",
        "the broker of the engine does not allow what this version of sopctl asks of it: {reason}",
        where=link.url,
        remedy=(
            "Its configuration is of an older version. Write it again, copy server/nats-server.conf to the broker's "
            "machine, and start nats-server there again:",
            Action("engine setup"),
        ),
        reason=printable(said, 200),
    )


def _tls(link: Link) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(link.folder / "authority.pem")
        context.load_cert_chain(link.folder / f"{link.name}.pem", link.folder / f"{link.name}.key")
    except (OSError, ssl.SSLError) as error:
        raise InvalidRecord(
            "engine-certificate-unusable",
            "the certificate of {name} for the engine cannot be used: {reason}",
            where=str(link.folder),
            remedy="Make them with sopctl engine setup, and put the worker's where it runs.",
            name=link.name,
            reason=in_words(error),
        ) from None
    return context


async def prepare(streams: "JetStreamContext", networks: Iterable[str], lane: Lane = CHECKS) -> None:
    """Make the streams of a lane, and a consumer for each network's workers, where they are not there."""
    for config in _streams(lane):
        await _stream(streams, config)
    from nats.js.api import AckPolicy, ConsumerConfig

    for network in networks:
        await streams.add_consumer(
            lane.jobs,
            ConsumerConfig(
                durable_name=network,
                filter_subject=f"{lane.job}.{network}",
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=SILENT_SECONDS,
                max_deliver=DELIVERIES,
                max_ack_pending=1000,
            ),
        )


async def receive_anew(streams: "JetStreamContext", lane: Lane = CHECKS) -> None:
    """Make the controller's consumer anew: what an earlier controller took and did not record comes at once."""
    from nats.js.errors import NotFoundError

    with contextlib.suppress(NotFoundError):
        await streams.delete_consumer(lane.results, CONTROLLER)
    await receive(streams, lane)


async def receive(streams: "JetStreamContext", lane: Lane = CHECKS) -> None:
    """Make the controller's consumer, if it is not there."""
    from nats.js.api import AckPolicy, ConsumerConfig

    await streams.add_consumer(
        lane.results,
        ConsumerConfig(
            durable_name=CONTROLLER,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=30,
            max_ack_pending=UNRECORDED,
        ),
    )


def _streams(lane: Lane) -> "list[StreamConfig]":
    from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig

    return [
        StreamConfig(
            name=lane.jobs,
            subjects=[f"{lane.job}.*"],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            max_msgs_per_subject=QUEUED,
            discard_new_per_subject=True,
            max_msg_size=MOST_SHARD_BYTES,
            max_age=OLDEST,
            duplicate_window=600,
        ),
        StreamConfig(
            name=lane.results,
            subjects=[f"{lane.result}.*"],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            max_msgs_per_subject=lane.kept,  # so that a network that floods delays the others by seconds
            discard_new_per_subject=True,
            max_msg_size=lane.most,
            max_age=OLDEST,
            duplicate_window=600,
        ),
        StreamConfig(
            name=WORKERS,
            subjects=["workers.*"],
            storage=StorageType.MEMORY,
            discard=DiscardPolicy.OLD,
            max_msgs_per_subject=MOST_WORKERS,
            max_msg_size=1024,
            max_age=SILENT_SECONDS,
        ),
    ]


async def _stream(streams: "JetStreamContext", config: "StreamConfig") -> None:
    from nats.js.errors import BadRequestError

    try:
        await streams.add_stream(config)
    except BadRequestError:  # one of an older version
        await streams.update_stream(config)
