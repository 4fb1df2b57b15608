"""Several at the same time: the controller reaches into its own network itself, while workers reach into theirs."""

import queue
import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from sopctl.errors import Interrupted, SopctlError
from sopctl.model.access.shards import Delivered, Engine, Shard, Workers

T = TypeVar("T")
Source = Callable[[threading.Event], Iterator[T]]
"""Gives what there is. Raises Interrupted soon after the event was set, unless it has given all by then."""


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
        parts: dict[bool, list[Shard]] = {True: [], False: []}
        for shard in shards:
            parts[shard.network in self._served].append(shard)

        def of(engine: Engine, part: list[Shard]) -> Source[Delivered]:
            return lambda stop: engine.answers(part, cancel=stop)

        pairs = [(self._away, parts[True]), (self._here, parts[False])]
        for came in together([of(*pair) for pair in pairs if pair[1]], cancel=cancel, errors=self._errors):
            yield from came

    def networks(self) -> Mapping[str, Workers]:
        """As `Engine.networks`."""
        return self._away.networks()


def together(
    sources: Sequence[Source[T]], *, cancel: threading.Event, errors: list[SopctlError]
) -> Generator[list[T], None, None]:
    """What these give, each in a thread of its own, as soon as it is there: with several where they came while the
    caller was busy. The SopctlError that ends one of them is added to `errors`, and the others go on; whatever else one
    raises ends all, and is raised once what they have given is out. So is Interrupted when `cancel` was set, which is
    looked at whether or not there is something to give. The event that a source is given is set with `cancel`, and when
    the caller stops iterating."""
    given: queue.SimpleQueue[_Given[T] | BaseException | None] = queue.SimpleQueue()
    stop = threading.Event()

    def run(source: Source[T]) -> None:
        try:
            for each in source(stop):
                given.put(_Given(each))
            given.put(None)
        except BaseException as error:  # noqa: BLE001 (told, or raised where the caller waits)
            given.put(error)

    threads = [threading.Thread(target=run, args=(source,), name="source", daemon=True) for source in sources]
    for thread in threads:
        thread.start()
    left, last = len(threads), None
    try:
        while left:
            came: list[T] = []
            while left and not (came and given.empty()):
                if cancel.is_set():
                    stop.set()
                try:
                    each = given.get(timeout=0.1)
                except queue.Empty:
                    continue
                if isinstance(each, _Given):
                    came.append(each.value)
                    continue
                left -= 1
                if isinstance(each, SopctlError) and not isinstance(each, Interrupted):
                    errors.append(each)
                elif each is not None:
                    last = last or each
                    stop.set()
            if came:
                yield came
        if last is not None:
            raise last
    finally:
        stop.set()
        for thread in threads:
            thread.join()


class _Given(Generic[T]):
    """A source's own, whatever it is."""

    def __init__(self, value: T) -> None:
        self.value = value
