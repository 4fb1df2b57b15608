"""What each test takes, and a run that has little time: pytest's plugin (`-p tests.timing`).

`make test` notes the seconds of each test that passes in the file that SOPCTL_SECONDS names. A run for which
SOPCTL_SHORTEST_FIRST names such a file takes the files with the shortest tests first: nine of ten tests need a tenth of
the time. A file stays whole, and its tests in their order: what a module sets up is set up once, as in every other run.
"""

import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from statistics import fmean
from typing import TypeVar

import pytest

Item = TypeVar("Item")

NOTED, TAKEN = "SOPCTL_SECONDS", "SOPCTL_SHORTEST_FIRST"
_seconds: dict[str, float] = defaultdict(float)
_failed: set[str] = set()


def shortest_first(
    items: Sequence[Item], names: Sequence[str], seconds: Mapping[str, float], workers: int
) -> list[Item]:
    """The `items`, whose names are `names`, by file, so that each of the `workers` runs of neighbours goes from
    files of short tests to files of long ones; those with a test that was never timed come last."""
    files: dict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(names):
        files[name.partition("::")[0]].append(number)
    order = sorted(files.values(), key=lambda file: fmean(seconds.get(names[number], inf) for number in file))
    return [items[number] for worker in range(workers) for file in order[worker::workers] for number in file]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take the shortest first, if that is asked for."""
    if file := os.environ.get(TAKEN):
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        seconds = json.loads(Path(file).read_text())
        items[:] = shortest_first(items, [item.nodeid for item in items], seconds, workers)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add what a part of a test took."""
    _seconds[report.nodeid] += report.duration
    if not report.passed:
        _failed.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Note what passed, once for all workers."""
    if not hasattr(session.config, "workerinput") and NOTED in os.environ:
        passed = {test: round(seconds, 3) for test, seconds in _seconds.items() if test not in _failed}
        Path(os.environ[NOTED]).write_text(json.dumps(passed))
