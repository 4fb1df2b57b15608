"""The engine that needs no server: all checks in this process, at the same time."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from sopctl.model.access.shards import Answer, Delivered, Shard, Workers

if TYPE_CHECKING:
    from sopctl.adapters.ssh import Key


class InProcess:
    """Makes the checks here. `keys` are the private keys by the names that checks give them; `clock` says when a check
    was (seconds since 1970)."""

    def __init__(self, keys: "Mapping[str, Key]", clock: Callable[[], float]) -> None:
        self.refused: Mapping[str, int] = {}
        self._keys, self._clock = keys, clock

    def answers(self, shards: Iterable[Shard], *, cancel: threading.Event) -> Iterator[Delivered]:
        """As `Engine.answers`: all shards that may still begin do so now. Raises Interrupted when `cancel` was set."""
        from sopctl.adapters.ssh.sweep import Job, sweep

        begun = [shard for shard in shards if self._clock() <= shard.until.timestamp()]
        runs = {shard.run for shard in begun}
        assert len(runs) <= 1, "one run at a time"  # noqa: S101 (the answers say which)
        jobs = [
            Job(check.id, where, self._keys[check.key] if check.key else None)
            for shard in begun
            for check, where in shard.targets()
        ]
        for name, result in sweep(jobs, cancel=cancel, clock=self._clock):
            yield Here(Answer(next(iter(runs)), name, result))

    def networks(self) -> Mapping[str, Workers]:
        """None has workers."""
        return {}


class Here(Struct, frozen=True):
    """An answer that was made here: nobody waits to hear of it."""

    answer: Answer

    def recorded(self) -> None:
        """Nothing is to be done."""
