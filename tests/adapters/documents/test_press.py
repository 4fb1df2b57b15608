"""Many forms, made by workers: the same bytes, the same errors, whatever becomes of a worker."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from sopctl.adapters.documents import InventoryForm, render
from sopctl.adapters.documents.press import FRESH, Press
from sopctl.errors import InvalidRecord
from tests.adapters.documents import samples
from tests.patience import PATIENCE

FORMS = [replace(samples.inventory(), server_name=f"s{number}.example.org") for number in range(5)]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a package that a worker must not take for ours."""
    (tmp_path / "sopctl").mkdir()
    (tmp_path / "sopctl/__init__.py").write_text("raise SystemExit('imported from the folder that we are in')")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("elsewhere")
def test_workers_make_what_we_make_and_one_that_dies_stops_nothing() -> None:
    with Press(2) as press:
        begun = [press.start(form) for form in FORMS]
        assert [pdf() for pdf in begun] == [render(form) for form in FORMS]
        wrong = replace(FORMS[0], month="2026-13")
        with pytest.raises(InvalidRecord, match="is not a month") as caught:
            press.start(wrong)()
        with pytest.raises(InvalidRecord) as ours:
            render(wrong)
        assert vars(caught.value) == vars(ours.value)
        workers = [worker._process for worker in press._workers]
        assert [worker.poll() for worker in workers] == [None, None], "none has died so far"
        workers[0].kill()
        assert [press.start(form)() for form in FORMS] == [render(form) for form in FORMS]
        workers[1].kill()
        assert press.start(FORMS[0])() == render(FORMS[0])
    assert all(worker.poll() is not None for worker in workers)


def test_a_worker_goes_on_with_a_child_that_begins_anew() -> None:
    """As many forms as several children make, one after the other, and an error among them."""
    with Press(1) as press:
        (worker,) = press._workers
        made = [press.start(FORMS[number % 5])() for number in range(FRESH)]
        with pytest.raises(InvalidRecord):
            press.start(replace(FORMS[0], month="2026-13"))()
        made += [press.start(FORMS[number % 5])() for number in range(FRESH, FRESH + 3)]
        assert worker._process.poll() is None
    assert made == [render(FORMS[number % 5]) for number in range(FRESH + 3)]


def test_no_worker_outlives_a_press_that_is_killed() -> None:
    program = (
        "import time; from sopctl.adapters.documents.press import Press; press = Press(2); "
        "print(*(worker._process.pid for worker in press._workers), flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        workers = [int(pid) for pid in owner.stdout.readline().split()]
        assert len(workers) == 2
        owner.kill()
    deadline = time.monotonic() + PATIENCE
    while any(running(pid) for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def running(pid: int) -> bool:
    """Is there such a process, other than one that waits to be buried?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_without_workers_a_form_is_made_when_it_is_asked_for() -> None:
    with Press() as press:
        assert press.start(FORMS[0])() == render(FORMS[0])


def test_threads_make_forms_at_the_same_time_and_go_on_after_one_that_is_refused() -> None:
    """Each has a typst of its own, which can make one form at a time."""
    broken = replace(FORMS[0], letterhead=replace(FORMS[0].letterhead, logo=samples.LOGO.replace(b"IDAT", b"IDAT\xff")))
    expected = [render(form) for form in FORMS]

    def both(form: InventoryForm) -> bytes:
        with pytest.raises(InvalidRecord, match="the picture of the logo is broken"):
            render(broken)
        return render(form)

    with ThreadPoolExecutor(len(FORMS)) as pool:
        assert [*pool.map(both, FORMS)] == expected
