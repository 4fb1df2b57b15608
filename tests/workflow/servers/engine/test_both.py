"""Several sources at the same time: all that they give is handed on, and a stop is not taken for the end."""

import random
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from sopctl.errors import Interrupted, OutsideFailure, SopctlError, stopped
from sopctl.workflow.servers.engine.both import Source, together
from tests.patience import PATIENCE

BROKEN = OutsideFailure("no-broker", "the broker is away", remedy="")


def counting(name: str, many: int, pause: Callable[[], float], *, given: list[str] | None = None) -> Source[str]:
    """A source that gives so many, as one that asks servers would: it is told between two that it is to end."""

    def source(stop: threading.Event) -> Iterator[str]:
        for number in range(many):
            time.sleep(pause())
            said = f"{name}{number}"
            if given is not None:
                given.append(said)
            yield said
            if stop.is_set() and number + 1 < many:
                raise stopped()

    return source


@pytest.mark.parametrize("seed", range(40))
def test_it_gives_all_or_says_that_it_was_interrupted(seed: int) -> None:
    """Whenever it is cancelled, and however the answers come: none that was given is lost."""
    chance = random.Random(seed)
    cancel, given, errors = threading.Event(), list[str](), list[SopctlError]()
    slow = chance.choice([0.0, 0.002, 0.15])
    sources = [counting(name, 12, lambda: slow * chance.random() * 2, given=given) for name in "ab"[: 1 + seed % 2]]
    threading.Timer(12 * slow * chance.random(), cancel.set).start()
    got: list[str] = []
    interrupted = False
    try:
        for came in together(sources, cancel=cancel, errors=errors):
            got += came
    except Interrupted:
        interrupted = True
    assert sorted(got) == sorted(given)
    assert interrupted or len(got) == 12 * len(sources)
    assert errors == []


def test_cancelling_is_noticed_while_answers_come_one_after_another() -> None:
    """As from many quick servers at a time, where there is never a pause to look up in."""
    cancel, got = threading.Event(), list[str]()

    def take() -> None:
        for came in together([counting("a", 100_000, lambda: 0.001)], cancel=cancel, errors=[]):
            got.extend(came)
            if len(got) > 5:
                cancel.set()

    with pytest.raises(Interrupted):
        take()
    assert len(got) < 1_000


def test_what_ends_one_source_ends_no_other() -> None:
    def broken(_stop: threading.Event) -> Iterator[str]:
        yield "b0"
        raise BROKEN

    errors: list[SopctlError] = []
    came = together([broken, counting("a", 5, lambda: 0.01)], cancel=threading.Event(), errors=errors)
    assert sorted(each for part in came for each in part) == ["a0", "a1", "a2", "a3", "a4", "b0"]
    assert errors == [BROKEN]


def test_a_fault_of_ours_ends_all_and_what_was_given_is_out() -> None:
    told = threading.Event()

    def faulty(_stop: threading.Event) -> Iterator[str]:
        yield "b0"
        raise ZeroDivisionError

    def waiting(stop: threading.Event) -> Iterator[str]:
        assert stop.wait(PATIENCE)
        told.set()
        yield "a0"
        raise stopped()

    got: list[str] = []

    def take() -> None:
        for came in together([faulty, waiting], cancel=threading.Event(), errors=[]):
            got.extend(came)

    with pytest.raises(ZeroDivisionError):
        take()
    assert told.is_set()
    assert sorted(got) == ["a0", "b0"]


def test_the_sources_end_when_nobody_takes_what_they_give() -> None:
    given: list[str] = []
    together_ = together([counting("a", 100_000, lambda: 0.001, given=given)], cancel=threading.Event(), errors=[])
    next(together_)
    together_.close()
    so_far = len(given)
    assert so_far < 1_000
    assert not any(thread.name == "source" and thread.is_alive() for thread in threading.enumerate())
