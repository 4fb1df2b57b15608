"""The order in which a run takes its tests: the longest first, a share for each worker, to end with short ones.

xdist hands each worker a run of neighbours, and lets an idle worker steal from the end of another's. The test that a
worker is at, and the one after it, nobody takes from it: all wait for a long one near the end.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TypeVar

from tests.cases import rows

Item = TypeVar("Item")


def longest() -> dict[str, float]:
    """The seconds of the tests that take longest, by node id."""
    return {f"tests/{row['test']}": row["seconds"] for row in rows("longest")}


def in_order(items: Sequence[Item], names: Sequence[str], seconds: Mapping[str, float], workers: int) -> list[Item]:
    """The `items`, whose names are `names`, so that each of the `workers` runs of neighbours begins with long ones, the
    longest first and about as many seconds as the others; all else stays in its order."""
    long = sorted((n for n, name in enumerate(names) if name in seconds), key=lambda n: -seconds[names[n]])
    shares: list[list[int]] = [[] for _ in range(workers)]
    for number in long:
        min(shares, key=lambda share: sum(seconds[names[n]] for n in share)).append(number)
    others = iter([n for n, name in enumerate(names) if name not in seconds])
    order: list[int] = []
    for worker, share in enumerate(shares):
        size = (len(items) - len(order)) // (workers - worker)
        order += [*share, *islice(others, max(0, size - len(share)))]
    return [items[n] for n in order]
