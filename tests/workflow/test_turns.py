"""Who may do what, and when: out-of-order work is refused with the step that is due."""

from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from sopctl.errors import Conflict, ExitCode, InvalidRecord, NotNow, UsageError
from sopctl.model.sop import procedure
from sopctl.model.sop.history import Event
from sopctl.store import dossiers, locks
from sopctl.store.library import SHIPPED
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.steps import (
    acts,
    collecting,
    configuring,
    handover,
    inspecting,
    letters,
    notifying,
    releasing,
    reservation,
    verifying,
)
from sopctl.workflow.views import board
from tests.cases import rows
from tests.model.sop.test_procedure import BEFORE

VERBS: dict[str, Callable[[Desk, str], object]] = {
    "dispose": lambda desk, deposit: letters.dispose(desk, deposit, instruction="x"),
    "reserve": reservation.reserve,
    "notify": lambda desk, deposit: notifying.notify(desk, deposit, via="phone"),
    "receive": handover.receive,
    "inspect": lambda desk, deposit: inspecting.inspect(desk, deposit, serial="SN-0001"),
    "handover": handover.handover,
    "place": reservation.place,
    "configure": configuring.configure,
    "verify": verifying.verify,
    "inventory": collecting.collect,
    "return": lambda desk, deposit: letters.ask_back(desk, deposit, letter_number="1"),
    "release": releasing.release,
}


def test_every_verb_but_the_due_one_is_refused_at_every_step(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    refused = 0
    for _ in range(8):
        standing = procedure.stand(desk.site.procedures, dossiers.read(desk.site, deposit).events)
        assert standing.step is not None
        for verb, do in VERBS.items():
            if verb != standing.step.verb:
                before = dossiers.read(desk.site, deposit).events
                with pytest.raises(NotNow, match=rf"due is {standing.place}: ") as caught:
                    do(desk, deposit)
                assert caught.value.exit_code is ExitCode.NOT_NOW
                assert f"sopctl {standing.step.verb} {deposit}" in str(caught.value)
                assert dossiers.read(desk.site, deposit).events == before, "a refused verb writes nothing"
                refused += 1
        VERBS[standing.step.verb](desk, deposit)
    assert refused == 8 * (len(VERBS) - 1)
    standing = procedure.stand(desk.site.procedures, dossiers.read(desk.site, deposit).events)
    assert standing.place == "konfigurasi 1"


def _stands(desk: Desk, deposit: str, lines: Iterable[str]) -> None:
    """Bring a filed deposit to where these events lead (as in cases/standing.yml): what they establish does not matter
    here."""
    with dossiers.open_alone(desk.site, deposit) as opened:
        dossier = opened
        for line in lines:
            name, step, outcome = line.split(" ", 2)
            at = dossier.events[-1].at
            event = Event(len(dossier.events) + 1, at, name, int(step), outcome, by="x", typed="x", prev="")
            dossier = dossiers.append(desk.site, dossier, event)


def test_a_refusal_names_what_todo_names_at_every_state_of_the_table(
    desk: Desk, file_request: Callable[..., str]
) -> None:
    """The same step, and the same commands; where nothing is due today, a refusal says so, and what is waited for."""
    found = Counter[str]()
    for row in rows("standing"):
        filed, *lines = [*BEFORE.get(row.get("after", ""), []), *row["events"]] or [""]
        if "refused" in row or filed != "penitipan 1 selesai":
            continue
        deposit = file_request()
        _stands(desk, deposit, lines)
        dossier = dossiers.read(desk.site, deposit)
        begun = procedure.begun_here(dossier.procedures, dossier.standing)
        todo = [each for each in board.todo(desk).rows if each.id == deposit and each.kind == "step"]
        refused = (each for each in VERBS if each not in begun and each != dossier.summary.verb)
        for verb in refused:
            with pytest.raises(NotNow) as caught, turn(desk, deposit, verb):
                raise AssertionError
            error = caught.value
            found[error.id] += 1
            if todo:
                (due,) = todo
                said = (error.id, error.remedy, f"{error.values['place']}: {error.values['activity']}")
                assert said == ("not-due", (due.action,), f"{due.standing}: {due.activity}"), row["name"]
            else:
                waits = {"month": "month-not-come", "space": "waits-for-space"}.get(row.get("waiting", ""))
                expected = "on-hold" if row.get("held") else waits or "closed"
                assert error.id == expected, row["name"]
    assert found.keys() == {"not-due", "month-not-come", "waits-for-space", "on-hold", "closed"}


def test_every_verb_of_the_procedures_is_tried_above(desk: Desk) -> None:
    verbs = {step.verb for each in desk.site.procedures.values() for step in each.steps}
    assert verbs == set(VERBS) | {"request"}


@pytest.mark.parametrize(
    ("by", "error", "message"),
    [
        ("kabid", NotNow, "penitipan 2 belongs to kadis; kabid is kabid"),
        ("staf", NotNow, "penitipan 2 belongs to kadis; staf is pelaksana"),
        ("bupati", UsageError, "there is no 'bupati' among the people of sopctl.yml"),
    ],
)
def test_a_step_is_decided_by_its_actor(
    desk: Desk, file_request: Callable[..., str], by: str, error: type[Exception], message: str
) -> None:
    deposit = file_request()
    with pytest.raises(error, match=message):
        letters.dispose(desk.decided_by(by), deposit, instruction="x")


def test_who_typed_is_kept_beside_who_decided(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    letters.dispose(desk, deposit, instruction="x")
    event = dossiers.read(desk.site, deposit).events[-1]
    assert (event.by, event.typed) == ("kadis", "root")


def test_a_dossier_is_worked_on_once_at_a_time(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    with turn(desk, deposit, "dispose"), pytest.raises(Conflict, match=f"{deposit} is held by another sopctl"):
        letters.dispose(desk, deposit, instruction="x")
    letters.dispose(desk, deposit, instruction="x")


def test_a_history_changed_by_hand_meanwhile_is_a_conflict(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    with turn(desk, deposit, "dispose") as mine:
        history = mine.dossier.history_file
        history.write_text(history.read_text().replace("selesai", "tersedia"))
        with pytest.raises(Conflict, match=r"the history of .* was changed by someone else"):
            mine.record("selesai")


@pytest.mark.parametrize(
    ("name", "old", "new", "do"),
    [
        (
            "penitipan",
            "tidak sesuai: {next: 8, waits_for: decision, extension: true}\n"
            "      diterima dengan catatan: {next: 9, verb: accept, actor: kabid, extension: true}",
            "tidak sesuai: {closes: true}",
            lambda desk, deposit: inspecting.inspect(desk, deposit, serial="SN-0001"),
        ),
        (
            "pengembalian",
            "task: letter\n    outcomes: {selesai: {next: 2}}",
            "task: letter\n    outcomes: {selesai: {resumes: true}, x: {next: 2, verb: refuse}}",
            lambda desk, deposit: letters.ask_back(desk, deposit, letter_number="1"),
        ),
    ],
    ids=["one of two ends closes", "it begins another procedure"],
)
def test_on_hold_only_what_surely_ends_it_is_done(
    desk: Desk, until_space: Callable[..., str], name: str, old: str, new: str, do: Callable[[Desk, str], object]
) -> None:
    """An event that does not fit must never be written: nothing could read the dossier any more."""
    text = (SHIPPED / f"{name}.yml").read_text()
    assert old in text
    text = text.replace(old, new)
    if name == "pengembalian":
        text = text.replace("during: konfigurasi", "during: penitipan")
    (desk.site.root / "procedures").mkdir()
    (desk.site.root / f"procedures/{name}.yml").write_text(text)
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    acts.hold(desk.decided_by("staf"), deposit, reason="x")
    before = dossiers.read(desk.site, deposit).events
    with pytest.raises(NotNow, match="is on hold since"):
        do(desk, deposit)
    after = dossiers.read(desk.site, deposit)
    assert (after.events, after.standing.place) == (before, "penitipan 8")
    acts.resume(desk.decided_by("staf"), deposit)
    do(desk, deposit)


def test_an_event_that_does_not_fit_is_not_written(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    with turn(desk, deposit, "dispose") as mine:
        before = mine.dossier.events
        mine.step = mine.procedure.step(4)
        with pytest.raises(InvalidRecord, match=r"event 2 .* does not fit: the deposit stood at penitipan 2"):
            mine.record("selesai")
    assert dossiers.read(desk.site, deposit).events == before


def test_a_lock_of_a_dead_process_holds_nobody_up(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    path = desk.site.root / "var" / "locks" / deposit
    with locks.hold(path, deposit):
        pass
    assert path.exists(), "a lock file is never unlinked"
    letters.dispose(desk, deposit, instruction="x")
