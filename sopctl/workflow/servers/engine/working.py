"""What a worker does with the shards that it is given: the checks, with the keys of its own folder."""

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sopctl.errors import Interrupted, SopctlError
from sopctl.model.access.shards import Answer, Check, Shard

if TYPE_CHECKING:
    from sopctl.adapters.ssh import Key
    from sopctl.adapters.ssh.sweep import Job

Give = Callable[[int, Answer], None]
"""Takes an answer, with the number of its shard."""


def answer(keys: Path, feed: "queue.SimpleQueue[Shard | None]", give: Give, stop: threading.Event) -> None:
    """Check what the shards of the feed ask for, until it ends with None or `stop` is set. A check that cannot be made
    here, because its key is not in `keys`, is answered with that: it says nothing of the server."""
    from sopctl.adapters.ssh.sweep import sweep_as_they_come

    runs: dict[str, str] = {}
    try:
        for name, result in sweep_as_they_come(_batches(keys, feed, give, runs), cancel=stop):
            number, _, deposit = name.partition(" ")
            give(int(number), Answer(runs[number], deposit, result))
    except Interrupted:
        return


def _batches(
    keys: Path, feed: "queue.SimpleQueue[Shard | None]", give: Give, runs: dict[str, str]
) -> "Iterator[list[Job]]":
    while (shard := feed.get()) is not None:
        runs[str(shard.number)] = shard.run
        if jobs := _jobs(keys, shard, give):
            yield jobs


def _jobs(keys: Path, shard: Shard, give: Give) -> "list[Job]":
    from sopctl.adapters.ssh.sweep import Job

    loaded: dict[str, Key | SopctlError] = {}
    jobs = []
    for check, where in shard.targets():
        key = _key(keys, check, loaded)
        if where.jump is not None:  # it would name a file of this machine
            give(shard.number, Answer(shard.run, check.id, problem="a worker goes through no jump host"))
        elif isinstance(key, SopctlError) or (key is None and where.user is not None):
            why = key.message if isinstance(key, SopctlError) else "a login without a key"
            give(shard.number, Answer(shard.run, check.id, problem=f"key {check.key}: {why}"))
        else:
            jobs.append(Job(f"{shard.number} {check.id}", where, key))
    return jobs


def _key(keys: Path, check: Check, loaded: "dict[str, Key | SopctlError]") -> "Key | SopctlError | None":
    from sopctl.adapters.ssh import load_key

    if check.key is None:
        return None
    if check.key not in loaded:
        try:
            loaded[check.key] = load_key(keys / check.key)
        except SopctlError as error:
            loaded[check.key] = error
    return loaded[check.key]
