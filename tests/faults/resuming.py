"""A long run that is broken off goes on where it was: what passed is noted in the file that SOPCTL_PASSED names, and
not run again. `make battery` loads this (`-p tests.faults.resuming`) with a file for each commit, and
distribution/pythons.py with one for each state of the checkout's files."""

import os
from pathlib import Path

import pytest

PASSED = "SOPCTL_PASSED"
_called: set[str] = set()
_works_for_another = False


def pytest_configure(config: pytest.Config) -> None:
    """Which of several processes is this? Its variables do not tell: a test of ours runs pytest, too."""
    global _works_for_another  # noqa: PLW0603 (the hook that hears of results is not given the configuration)
    _works_for_another = hasattr(config, "workerinput")


def _file() -> Path:
    return Path(os.environ[PASSED])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what passed before."""
    passed = set(_file().read_text().splitlines()) if _file().exists() else set()
    config.hook.pytest_deselected(items=[each for each in items if each.nodeid in passed])
    items[:] = [each for each in items if each.nodeid not in passed]


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what passed, its fixtures' end included; among several processes, in the one that hears of all of them."""
    if not report.passed or _works_for_another:
        return
    if report.when == "call":
        _called.add(report.nodeid)
    elif report.when == "teardown" and report.nodeid in _called:
        with _file().open("a") as into:
            into.write(f"{report.nodeid}\n")
