"""What a worker does with the shards that it is given: checks and questions for facts, with the keys of its own folder
and the module of its own sopctl."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sopctl.errors import Interrupted, SopctlError
from sopctl.model.access.shards import Answer, Check, Shard, Told
from sopctl.model.access.target import Target
from sopctl.model.facts.linux.answered import packed

if TYPE_CHECKING:
    from sopctl.adapters.ssh import Key
    from sopctl.adapters.ssh.facts import Asked, Module, Said

    Able = tuple[str, Check, Target, Key | None]
    """A name for it in its shard, the check, what to reach for it, and with which key."""

Feed = queue.SimpleQueue[Shard | None]
"""Shards to be done; None ends it."""

Give = Callable[[int, Answer], None]
"""Takes an answer, with the number of its shard."""


def answer(keys: Path, feed: Feed, give: Give, stop: threading.Event) -> None:
    """Check what the shards of the feed ask for, until it ends with None or `stop` is set. A check that cannot be made
    here, because its key is not in `keys`, is answered with that: it says nothing of the server."""
    from sopctl.adapters.ssh.sweep import Job, sweep_as_they_come

    runs: dict[str, str] = {}
    batches = ([Job(name, where, key) for name, _, where, key in able] for _, able in _shards(keys, feed, give, runs))
    with suppress(Interrupted):
        for name, result in sweep_as_they_come(batches, cancel=stop):
            number, _, deposit = name.partition(" ")
            give(int(number), Answer(runs[number], deposit, result))


def ask(keys: Path, build: "Callable[[], Module]", feed: Feed, give: Give, stop: threading.Event) -> None:
    """Ask the servers of the feed's shards what they are, as `answer`. `build` makes what is run on them."""
    from sopctl.adapters.ssh.facts import gather_as_they_come

    runs: dict[str, str] = {}
    with suppress(Interrupted):
        for came in gather_as_they_come(_asked(keys, build, feed, give, runs), cancel=stop):
            for name, result, said in came:
                number, _, deposit = name.partition(" ")
                give(int(number), Answer(runs[number], deposit, result, told=_told(said)))


def _asked(
    keys: Path, build: "Callable[[], Module]", feed: Feed, give: Give, runs: dict[str, str]
) -> "Iterator[tuple[list[Asked], Module]]":
    from sopctl.adapters.ssh.facts import Asked

    module: Module | None = None
    for shard, able in _shards(keys, feed, give, runs):
        try:
            module = module or build()
        except SopctlError as error:
            for _, check, *_ in able:
                give(shard.number, Answer(shard.run, check.id, problem=error.message))
            continue
        asked = []
        for name, check, where, key in able:
            if key and check.facts:
                asked.append(Asked(name, where, key, as_root=check.facts == "as root"))
            else:
                give(shard.number, Answer(shard.run, check.id, problem="nobody is asked for facts without a login"))
        if asked:
            yield asked, module


def _told(said: "Said | None") -> tuple[Told, ...]:
    return tuple(Told(each.way, each.seconds, packed(each.answer)) for each in said.tries) if said else ()


def _shards(keys: Path, feed: Feed, give: Give, runs: dict[str, str]) -> "Iterator[tuple[Shard, list[Able]]]":
    """The shards of the feed in which something can be done here, until it ends. Their runs are added to `runs`."""
    while (shard := feed.get()) is not None:
        runs[str(shard.number)] = shard.run
        if able := list(_able(keys, shard, give)):
            yield shard, able


def _able(keys: Path, shard: Shard, give: Give) -> "Iterator[Able]":
    """What of a shard can be done here; the others are answered."""
    loaded: dict[str, Key | SopctlError] = {}
    for check, where in shard.targets():
        key = _key(keys, check, loaded)
        if where.jump is not None:  # it would name a file of this machine
            give(shard.number, Answer(shard.run, check.id, problem="a worker goes through no jump host"))
        elif isinstance(key, SopctlError) or (key is None and where.user is not None):
            why = key.message if isinstance(key, SopctlError) else "a login without a key"
            give(shard.number, Answer(shard.run, check.id, problem=f"key {check.key}: {why}"))
        else:
            yield f"{shard.number} {check.id}", check, where, key


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
