"""A long run that is broken off goes on where it was: what passed is noted in the file that SOPCTL_PASSED names, and
not run again. `make battery` loads this (`-p tests.faults.resuming`) with a file for each commit, and
distribution/pythons.py with one for each state of the checkout's files."""

import os
from pathlib import Path

import pytest

PASSED = "SOPCTL_PASSED"
BROKEN_OFF = 130
"""What pytest exits with where someone ended it and no test had failed, as a shell does after Ctrl-C. Its own 2 may
also be a file of tests that could not be read."""
_called: set[str] = set()
_works_for_another = False
_broken_off = False


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


def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Did someone end the run, or pytest itself?"""
    global _broken_off  # noqa: PLW0603 (the hook that may say how the run ended is not told why)
    _broken_off = not isinstance(excinfo.value, pytest.Session.Interrupted)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Say that nothing is wrong but the end."""
    if _broken_off and not session.testsfailed:
        session.exitstatus = BROKEN_OFF
