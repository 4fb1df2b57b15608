"""What tests share: a site on disk, a desk with a clock that stands still, and the real command line."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from msgspec import convert

from sopctl.adapters.ansible import module
from sopctl.adapters.documents import pdf
from sopctl.cli import terminal
from sopctl.model.access.target import HostKey
from sopctl.model.inspection import NOTHING_FOUND, Inspection, Measured
from sopctl.model.sop.entries import HostKeyPinned
from sopctl.model.unit import folded
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.servers import gathering
from sopctl.workflow.setup import init
from sopctl.workflow.steps import editing, handover, inspecting, letters, notifying, reservation
from tests import contract, copies
from tests.faults.scale import WHOLE
from tests.keys import public_key
from tests.longest_first import in_order, longest

settings.register_profile(
    "sopctl",
    deadline=None,  # other tests and real servers share the machine
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    derandomize=not WHOLE,  # what fails is what was changed, not the luck of the day
)
settings.load_profile("sopctl")

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each of thousands of commands compiled its imports first, 0.15 s
sys.dont_write_bytecode = False
os.environ.pop("COLUMNS", None)  # workers of a run have one, and what is printed would be wrapped as at a terminal

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # a shell's `&`: what tests interrupt would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

EXAMPLE_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleE"
"""That of the example request."""

LETTER_DATE = date(2026, 11, 2)
"""That of the example request."""

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=ZoneInfo("Asia/Jakarta"))


@dataclass
class Clock:
    """The office's clock; tests set it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder of the test's own, in memory where there is some: the store waits for its disk at every event, and that
    its bytes survive a power cut is shown elsewhere (tests/faults)."""
    with tempfile.TemporaryDirectory(prefix="test-", dir=memory(), ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def memory() -> Path | None:
    """Where files are in memory, if programs may run there and a suite has room."""
    place = Path("/dev/shm")
    if not place.is_dir():
        return None
    there = os.statvfs(place)
    roomy = there.f_bavail * there.f_frsize > 2**30
    return place if roomy and not there.f_flag & os.ST_NOEXEC else None


@pytest.fixture(scope="session")
def made_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site as `sopctl init` makes it, made once."""
    root = tmp_path_factory.mktemp("made") / "site"
    init.allow_rehearsal(init.init(root), '[127.0.0.0/8, "::1"]')  # the servers of these tests are on this machine
    return root


@pytest.fixture(scope="session")
def original_site(made_site: Path) -> copies.Original:
    """What it holds."""
    return copies.Original(made_site)


@pytest.fixture
def site(original_site: copies.Original, tmp_path: Path) -> Site:
    """A fresh copy of that site, with a rack that takes two servers of two units."""
    root = original_site.copy(tmp_path / "site")
    (root / "racks" / "A1.yml").write_text("name: A1\nroom: R\nunits: 4\ndepth_mm: 900\npower_watts: 2000\n")
    return Site(root)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made alike in nearly every test is made once in a process: papers, as all file the example request in the
    same minute, and the module that servers are asked with. Both are tested without this where they are made
    (tests/adapters): the same form is the same bytes, and a module answers as Ansible's own does."""
    monkeypatch.setattr(pdf, "_typeset", lambda name, files, issued: typeset(name, tuple(files.items()), issued))
    monkeypatch.setattr(gathering, "build", built)


really_typeset, really_built = pdf._typeset, module.build


@lru_cache(maxsize=200)
def typeset(template: str, files: tuple[tuple[str, str], ...], issued: date) -> bytes:
    """As it is done, once for each paper in a process."""
    return really_typeset(template, dict(files), issued)


BUILT: dict[tuple[bytes, ...], module.Built] = {}


def built(site: Path, path: Path, arguments: Mapping[str, object]) -> module.Built:
    """As it is done, once for each module with these arguments and settings."""
    files = [each.read_bytes() if each.is_file() else b"" for each in (site / "ansible.cfg", path)]
    key = (*files, path.name.encode(), repr(arguments).encode())
    if key not in BUILT:
        BUILT[key] = really_built(site, path, arguments)
    return BUILT[key]


@pytest.fixture
def desk(site: Site, clock: Clock, made_once: None) -> Desk:
    deciding = terminal.desk(Site(site.root), user="root").deciding  # `site` itself has read nothing yet
    return Desk(site, deciding, clock, clock_is_right=True)  # tests leap through the months


def pinned(host_key: Mapping[str, str]) -> HostKeyPinned:
    """That this host key was pinned, as an event establishes it."""
    return HostKeyPinned(host_key=convert(host_key, HostKey), host_key_confirmed="fingerprint")


@pytest.fixture
def file_request(desk: Desk, tmp_path: Path) -> Callable[..., str]:
    """File the example request, with changes of its text; returns the new deposit's id. Each is another server: after
    the first, its name, numbers and address are others than the example's, where `changes` does not say them. Another
    unit has another public key."""

    def file(changes: dict[str, str] | None = None) -> str:
        number = len(dossiers.ids(desk.site)) + 1
        written = min(LETTER_DATE, desk.now().date())  # no letter is of a day that is still to come
        text = init.EXAMPLE_REQUEST.replace(f"date: {LETTER_DATE}", f"date: {written}")
        for old, new in (changes or {}).items():
            assert old in text
            text = text.replace(old, new)
        own = {
            "SN-0001": f"SN-{number:04}",
            "web1.example.org": f"web{number}.example.org",
            "192.0.2.10 ": f"192.0.2.{9 + number} ",
            "090/1/2026": f"090/{number}/2026",
        }
        unit = re.search(r"^unit: (.*)", text, re.MULTILINE)
        if unit and folded(unit[1]) != "dinas contoh":
            own[EXAMPLE_KEY] = public_key(folded(unit[1]))
        for old, new in own.items():
            if old.strip() not in str(changes):
                text = text.replace(old, new)
        record = tmp_path / "request.yml"
        record.write_text(text)
        return letters.request(desk, record).id

    return file


def edit(desk: Desk, deposit: str, old: str, new: str, by: str | None = None) -> None:
    """Change the text of a deposit's record, as an edit that is recorded; `by` whom, where several could."""
    record = desk.site.root / "deposits" / deposit / "deposit.yml"
    text = record.read_text()
    assert old in text
    record.write_text(text.replace(old, new))
    editing.accept(desk.decided_by(by), deposit, note="ralat")


@pytest.fixture
def until_space(desk: Desk, file_request: Callable[..., str]) -> Callable[..., str]:
    """File a request, have it routed by both heads, and look for space."""

    def go(changes: dict[str, str] | None = None) -> str:
        deposit = file_request(changes)
        letters.dispose(desk, deposit, instruction="Mohon ditindaklanjuti")
        letters.dispose(desk, deposit, instruction="Siapkan tempat")
        reservation.reserve(desk, deposit)
        return deposit

    return go


@pytest.fixture
def placed(desk: Desk, until_space: Callable[..., str]) -> Callable[..., str]:
    """Take a server at an address until it stands in its place and its host key is pinned: not yet configured, so the
    site's key `owner` opens its account `user`."""

    def place(
        address: str,
        port: int,
        host_key: dict[str, str],
        user: str = "titipan",
        measured: Measured = NOTHING_FOUND.measured,
    ) -> str:
        serial = f"SN-{address}-{port}"
        changes = {
            "address: 192.0.2.10 ": f"address: {address} ",
            "port: 22": f"port: {port}",
            "user: titipan": f"user: {user}",
            "ports: [80, 443]": "ports: []",
            "SN-0001": serial,
        }
        deposit = until_space(changes)
        notifying.notify(desk, deposit, via="phone")
        handover.receive(desk, deposit)
        inspecting.inspect(desk, deposit, serial=serial, found=Inspection(measured=measured))
        handover.handover(desk, deposit)
        reservation.place(desk, deposit)
        with turn(desk.knowing("satu server uji", clock_is_right=True), deposit, "configure") as mine:
            mine.start(pinned(host_key))
        return deposit

    return place


NOBODY = 65534


@contextmanager
def somebody_else() -> Iterator[None]:
    """Another account than root, which reads everything."""
    me = os.geteuid()
    if me == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(me)


def give_back(desk: Desk, deposit: str, serial: str = "SN-0001", *, wipe: bool = False) -> None:
    """The return, up to the step that takes back access."""
    letters.ask_back(desk, deposit, letter_number="090/9/2026")
    for _ in range(2):
        letters.dispose(desk, deposit, instruction="x")
    inspecting.inspect(desk, deposit, serial=serial)
    letters.confirm_data_saved(desk, deposit, wipe=wipe)


@dataclass(frozen=True)
class Ran:
    """How a command line ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def sopctl(site: Site) -> Callable[..., Ran]:
    """Run the real command line in a process of its own, in the site's folder, without a terminal."""

    def run(*words: str, cwd: Path | None = None, timeout: float = 900, **environment: str) -> Ran:
        ran = subprocess.run(
            [sys.executable, "-m", "sopctl", *words],
            cwd=cwd or site.root,
            env={**os.environ, "NO_COLOR": "1", "SOPCTL_LANG": "en", **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert ran.returncode in contract.EXIT_CODES, f"{words}: {ran.stderr}"
        if "--json" in words and ran.stdout:
            contract.hold(ran.stdout)
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    return run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first: nothing else is left to do beside one that ends last."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = in_order(items, [item.nodeid for item in items], longest(), workers)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where the lab is required (CI), a skipped test is a failure: nothing that should have run may be missing."""
    if os.environ.get("SOPCTL_LAB") != "required":
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped"):
        reporter.write_line("SOPCTL_LAB=required: skipped tests count as failed", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which dossiers were read, one after the other."""
    seen: list[str] = []
    real = dossiers.read

    def reading(site: Site, deposit_id: str) -> dossiers.Dossier:
        seen.append(deposit_id)
        return real(site, deposit_id)

    monkeypatch.setattr(dossiers, "read", reading)
    return seen


def spoil(path: Path, harm: str) -> None:
    """Have a file that sopctl could make anew be `missing`, or something else in its place."""
    content = path.read_bytes()
    path.unlink()
    match harm:
        case "torn":
            path.write_bytes(content[: len(content) // 2])
        case "no database":
            path.write_bytes(b"not a database at all" * 100)
        case "a folder":
            path.mkdir()
        case "not readable":
            path.symlink_to("/proc/self/mem")
