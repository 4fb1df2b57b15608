"""Many forms, made by workers: the same bytes, the same errors, whatever becomes of a worker."""

import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest
from msgspec.structs import replace

from sopctl.adapters.documents import InventoryForm, render
from sopctl.adapters.documents import press as press_module
from sopctl.adapters.documents.forms import Form
from sopctl.adapters.documents.press import Press, serve
from sopctl.errors import InvalidRecord
from tests.adapters.documents import samples
from tests.patience import PATIENCE, eventually
from tests.printed import CHECKOUT
from tests.processes import alive

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


def test_one_that_has_died_is_replaced_as_soon_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = press_module._begun

    def none_begun() -> NoReturn:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    with Press(1) as press:
        (worker,) = press._workers
        for begins, runs in ((none_begun, False), (none_begun, False), (begun, True), (begun, True)):
            monkeypatch.setattr(press_module, "_begun", begins)
            worker._process.kill()
            worker._process.wait(PATIENCE)
            assert press.start(FORMS[0])() == render(FORMS[0])
            assert (worker._process.poll() is None) is runs
        assert press.start(FORMS[1])() == render(FORMS[1])


def test_a_form_is_the_same_whatever_was_made_before_it() -> None:
    """A worker uses what it has laid out for other forms, and goes on after one that is refused."""
    wider = replace(FORMS[0], letterhead=replace(FORMS[0].letterhead, sheet="f4"))
    several: list[Form] = [
        *FORMS[:3],
        wider,
        samples.handover(),
        samples.handover(items=9),
        samples.inventory(samples.facts(9, 9)),
    ]
    with Press(1) as press:
        (worker,) = press._workers
        made = [press.start(form)() for form in several]
        with pytest.raises(InvalidRecord):
            press.start(replace(FORMS[0], month="2026-13"))()
        again = [press.start(form)() for form in reversed(several)]
        assert worker._process.poll() is None
    assert made == again[::-1]
    for form, content in zip(several, made, strict=True):
        with Press(1) as press:
            assert press.start(form)() == content, "by a worker that has made no other"


def test_a_worker_that_has_grown_large_begins_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each form here: the others come from the same process, as they would."""
    monkeypatch.setattr(press_module, "LARGE", 1)
    with Press(1) as press:
        (worker,) = press._workers
        assert [press.start(form)() for form in FORMS[:3]] == [render(form) for form in FORMS[:3]]
        with pytest.raises(InvalidRecord):
            press.start(replace(FORMS[0], month="2026-13"))()
        assert press.start(FORMS[3])() == render(FORMS[3])
        assert worker._process.poll() is None


@pytest.mark.parametrize(("large", "answered"), [(1, 1), (10**6, 2)])
def test_it_does_so_with_its_answer_given(large: int, answered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Afresh(Exception):
        pass

    def begun(program: str, words: list[str]) -> None:
        assert (program, words) == (sys.executable, sys.orig_argv)
        raise Afresh

    monkeypatch.setattr(os, "execv", begun)
    said = BytesIO()
    with suppress(Afresh):
        serve(BytesIO(b"".join(msgspec.json.encode(form) + b"\n" for form in FORMS[:2])), said, large)
    assert said.getvalue().count(b"%%EOF") == answered


@pytest.mark.parametrize("work", ["", "for _ in range(20): press.start(inventory())"], ids=["idle", "at work"])
def test_no_worker_outlives_a_press_that_is_killed(work: str) -> None:
    """Nor do they say anything: it would come into the next command's screen."""
    program = (
        "import time; from sopctl.adapters.documents.press import Press; "
        f"from tests.adapters.documents.samples import inventory; press = Press(2)\n{work}\n"
        "print(*(worker._process.pid for worker in press._workers), flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT
    ) as owner:
        assert owner.stdout
        assert owner.stderr
        workers = [int(pid) for pid in owner.stdout.readline().split()]
        assert len(workers) == 2
        owner.kill()
        eventually(lambda: not any(alive(pid) for pid in workers), "a worker goes on")
        assert owner.stderr.read() == ""


def test_without_workers_a_form_is_made_when_it_is_asked_for() -> None:
    with Press() as press:
        assert press.start(FORMS[0])() == render(FORMS[0])


def test_threads_make_forms_at_the_same_time_and_go_on_after_one_that_is_refused() -> None:
    """Each has a typst of its own, which can make one form at a time."""
    broken = replace(FORMS[0], letterhead=replace(FORMS[0].letterhead, logo=samples.BROKEN_LOGO))
    expected = [render(form) for form in FORMS]

    def both(form: InventoryForm) -> bytes:
        with pytest.raises(InvalidRecord, match="the picture of the logo is broken"):
            render(broken)
        return render(form)

    with ThreadPoolExecutor(len(FORMS)) as pool:
        assert [*pool.map(both, FORMS)] == expected
