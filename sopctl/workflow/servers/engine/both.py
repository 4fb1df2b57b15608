"""Two engines as one: the controller checks its own network itself, while workers check theirs."""

import queue
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping

from sopctl.errors import SopctlError
from sopctl.model.access.shards import Delivered, Engine, Shard, Workers


class Both:
    """`away` makes the checks of the networks that it serves, `here` all others. What goes wrong with one of them is
    added to `errors`, and does not end the other."""

    def __init__(self, here: Engine, away: Engine, served: Collection[str], errors: list[SopctlError]) -> None:
        self._here, self._away, self._served, self._errors = here, away, frozenset(served), errors

    @property
    def refused(self) -> Mapping[str, int]:
        """As `Engine.refused`."""
        return self._away.refused

    def answers(self, shards: Iterable[Shard], *, cancel: threading.Event) -> Iterator[Delivered]:
        """As `Engine.answers`, in the order in which they come."""
        given: queue.SimpleQueue[Delivered | BaseException | None] = queue.SimpleQueue()
        stop = threading.Event()
        parts: dict[bool, list[Shard]] = {True: [], False: []}
        for shard in shards:
            parts[shard.network in self._served].append(shard)

        def run(engine: Engine, part: list[Shard]) -> None:
            try:
                for each in engine.answers(part, cancel=stop):
                    given.put(each)
                    if stop.is_set():
                        break
                given.put(None)
            except BaseException as error:  # noqa: BLE001 (told, or raised where the caller waits)
                given.put(error)

        pairs = [(self._away, parts[True]), (self._here, parts[False])]
        threads = [threading.Thread(target=run, args=pair, name="checks", daemon=True) for pair in pairs if pair[1]]
        for thread in threads:
            thread.start()
        left = len(threads)
        try:
            while left:
                try:
                    each = given.get(timeout=0.1)
                except queue.Empty:
                    if cancel.is_set():
                        stop.set()
                    continue
                if isinstance(each, SopctlError) and not stop.is_set():
                    self._errors.append(each)
                elif isinstance(each, BaseException):
                    raise each
                elif each is not None:
                    yield each
                    continue
                left -= 1
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def networks(self) -> Mapping[str, Workers]:
        """As `Engine.networks`."""
        return self._away.networks()
