"""The lab for tests: real servers, shared by a test session, never a person's own lab."""

import fcntl
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus, seed
from sopctl.errors import OutsideFailure
from tests.faults.scale import WHOLE
from tests.lab import journals, keeping, sweeping
from tests.printed import CHECKOUT

NAMES = ("ci", "cib", "cic", "cid", "cie", "cif", "cig", "cih")
"""Names of test labs: a session takes the first that no other session on this machine uses."""


@pytest.fixture(scope="session", autouse=True)
def kept_compiled() -> Iterator[None]:
    """The servers that this process makes keep what their Python compiled of Ansible's modules. The code that runs is
    the same; those of `make battery` are as users have them."""
    with pytest.MonkeyPatch.context() as patch:
        if not WHOLE:
            patch.setattr(seed, "make", keeping.with_kept)
        yield


@pytest.fixture(autouse=True)
def kept_by_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """And so do those that its commands make (the demo, `lab rehearse`)."""
    if not WHOLE:
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (keeping.COMMANDS, CHECKOUT))))


SESSION = pytest.StashKey[str]()
"""The name with which the names of a session's labs begin."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What failed is shown with what the servers wrote."""
    report = yield
    written = journals.left()
    if report.failed and (session := item.config.stash.get(SESSION, "")):
        report.sections.append(("Written by the lab's servers", written + journals.said_in(session)))
    return report


@pytest.fixture(scope="session", autouse=True)
def journals_of_what_failed() -> Iterator[None]:
    """A fixture that fails takes its lab down before its report is made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(servers, "down", journals.down)
        yield


def unavailable(reason: str) -> None:
    """Skip, or fail where the lab is required (SOPCTL_LAB=required), with the reason."""
    if os.environ.get("SOPCTL_LAB") == "required":
        pytest.fail(f"the lab is required and not there: {reason}")
    pytest.skip(f"no lab: {reason}")


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """On disk, as a site is: units of systemd see nothing of what is in memory."""
    return tmp_path_factory.mktemp("test")


@pytest.fixture(scope="session")
def lab_name(pytestconfig: pytest.Config) -> Iterator[str]:
    """The name of this session's lab, with which the names of all its labs begin."""
    tier, missing = servers.find_tier()
    if tier is None:
        unavailable("; ".join(map(str, missing)))
    with name_of_a_session() as name:
        if name is None:
            unavailable(f"test sessions with the labs {', '.join(NAMES)} are under way")
        else:
            pytestconfig.stash[SESSION] = name
            yield name


@contextmanager
def name_of_a_session() -> Iterator[str | None]:
    """A lab's name that is the caller's own; None when all are in use. The labs whose names begin with it are taken
    down at the end, and also when the caller is killed."""
    for name in NAMES:
        path = Path(f"/run/lock/sopctl-tests-{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            sweeping.sweep(name)
            with sweeping.swept(name, file.fileno()):
                yield name
            return
    yield None


@pytest.fixture(scope="session")
def lab(lab_name: str) -> LabStatus:
    """Three running servers. Tests that break one use `pristine`, which comes after it is used as new again."""
    try:
        return servers.up(lab_name, servers=3)
    except OutsideFailure as failure:
        unavailable(str(failure))
        raise


@pytest.fixture
def pristine(lab: LabStatus) -> Iterator[LabServer]:
    """A server to break: freshly booted from an untouched disk, and so again after the test (2 s each)."""
    name = lab.servers[-1].name
    yield servers.reset(lab.name, name)
    servers.reset(lab.name, name)
