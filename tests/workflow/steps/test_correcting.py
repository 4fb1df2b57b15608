"""Mending what was recorded wrongly, in the open (tests/cases/corrections.yml)."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sopctl.cli import wording
from sopctl.errors import SopctlError
from sopctl.model.access.verification import Established, View
from sopctl.model.inspection import Inspection
from sopctl.model.sop.entries import AccessTried, Configured, Corrected, Gathered, Paper, Undone
from sopctl.model.waiting_list import occupied
from sopctl.store import dossiers, register
from sopctl.store.dossiers import Dossier
from sopctl.workflow import actions
from sopctl.workflow.desk import Desk, act, turn
from sopctl.workflow.papers import integrity
from sopctl.workflow.setup import journal, validation
from sopctl.workflow.steps import (
    acts,
    correcting,
    editing,
    handover,
    inspecting,
    letters,
    notifying,
    releasing,
    reservation,
)
from sopctl.workflow.steps.mending import leaving, moving, reissuing
from sopctl.workflow.views import board, details
from tests.cases import rows
from tests.conftest import give_back
from tests.workflow.papers.test_papers import text_of
from tests.workflow.steps.test_acts import PDF, go

RACK = "name: B1\nroom: R\nunits: 4\ndepth_mm: 900\npower_watts: 2000\n"
Do = Callable[..., object]


def edit(desk: Desk, deposit: str, *, change: dict[Any, Any], note: str = "ralat") -> None:
    record = dossiers.read(desk.site, deposit).record.decode()
    for old, new in change.items():
        assert str(old) in record
        record = record.replace(str(old), str(new))
    source = desk.site.root / "baru.yml"
    source.write_text(record)
    editing.edit(desk, deposit, source=source, note=note)


def move(desk: Desk, deposit: str, *, to: dict[str, Any], reason: str, **told: Any) -> None:
    moving.relocate(desk, deposit, to=moving.To(**to), told=moving.Told(reason, **told))


def again(desk: Desk, deposit: str) -> None:
    """The same letter is filed once more."""
    letters.request(desk.knowing("surat sama diajukan lagi"), desk.site.root / "request.yml")


def void(desk: Desk, deposit: str, *, of: str = "", **told: Any) -> None:
    leaving.void(desk, of or deposit, **told)


def repair(desk: Desk, deposit: str, *, parts: Sequence[str] = (), fails: bool = False) -> None:
    """What `configure --repair` records."""
    with act(desk, deposit, "repair") as mine:
        if fails:
            mine.fail("unreachable")
        else:
            mine.record(mine.verb.outcome, Configured(changed=1, parts=tuple(parts) or None))


def others(desk: Desk, deposit: str) -> None:
    """Someone else gets the places that are free now."""
    record = desk.site.root / "lain.yml"
    for number in (2, 3):
        text = (desk.site.root / "request.yml").read_text()
        text = text.replace("SN-0001", f"SN-100{number}").replace("web1", f"web{number}")
        record.write_text(
            text.replace("192.0.2.10 ", f"192.0.2.1{number} ").replace("090/1/2026", f"090/{number}/2026")
        )
        other = letters.request(desk, record).id
        for by in ("kadis", "kabid"):
            letters.dispose(desk.decided_by(by), other, instruction="x")
        reservation.reserve(desk.decided_by("staf"), other)


DO: dict[str, Do] = {
    "serial": correcting.serial,
    "day": correcting.day,
    "instruction": correcting.instruction,
    "undo": correcting.undo,
    "edit": edit,
    "move": move,
    "again": again,
    "void": void,
    "forged": leaving.forged,
    "write_off": leaving.write_off,
    "reissue": reissuing.reissue,
    "addendum": reissuing.addendum,
    "repair": repair,
    "resume": acts.resume,
    "receive": handover.receive,
    "inspect": inspecting.inspect,
    "handover": handover.handover,
    "hold": lambda desk, deposit: acts.hold(desk.decided_by("staf"), deposit, reason="x"),
    "refuse": lambda desk, deposit: acts.refuse(desk.decided_by("kabid"), deposit, reason="x"),
    "return": lambda desk, deposit: letters.ask_back(desk, deposit, letter_number="090/9/2026"),
    "others": others,
}


def configured(desk: Desk, deposit: str) -> None:
    go(desk, deposit, "placed")
    with turn(desk, deposit, "configure") as mine:
        mine.record("selesai", Configured(changed=3))


def gathered(desk: Desk, deposit: str) -> None:
    configured(desk, deposit)
    notifying.notify(desk, deposit, via="phone")
    with turn(desk, deposit, "verify") as mine:
        seen = Established(View.MANAGEMENT, "sopctl", True, "")
        mine.record("bisa", AccessTried(established=(seen,)))
    notifying.notify(desk, deposit, via="phone")
    with turn(desk, deposit, "inventory") as mine:
        facts, paper = mine.keep("2026-11.json", b"{}", "facts"), mine.keep("inventaris.pdf", b"%PDF-")
        mine.record("selesai", Gathered(facts=facts, month="2026-11", document=Paper(paper.file, paper.sha256)))


def given_back(desk: Desk, deposit: str) -> None:
    go(desk, deposit, "placed")
    home(desk, deposit, "SN-0001")


def home(desk: Desk, deposit: str, serial: str) -> dict[str, str]:
    """The way back, with this serial number. Returns what the papers say."""
    if not dossiers.read(desk.site, deposit).summary.closed:
        give_back(desk, deposit, serial)
        assert dossiers.read(desk.site, deposit).last("inspect", "serial"), "it is the server that was handed over"
        releasing.release(desk, deposit, by_hand="x")
        inspecting.inspect(desk, deposit, found=Inspection(rest_ok=True))
        handover.handover(desk, deposit)
        releasing.release(desk, deposit)
        releasing.release(desk, deposit)
    return forms(desk, deposit)


def beginnings(desk: Desk, deposit: str, after: str) -> None:
    aside = {"configured": configured, "given back": given_back, "gathered": gathered}
    if after in aside:
        aside[after](desk, deposit)
    else:
        go(desk, deposit, after)


def sound(desk: Desk, before: Dossier) -> Dossier:
    """Nothing was rewritten, nothing is wrong, and the journal is whole."""
    after = dossiers.read(desk.site, before.id)
    assert after.events[: len(before.events)] == before.events
    assert validation.validate(desk)[1] == []
    assert journal.check(desk).gaps == []
    assert {each.state for each in integrity.documents(desk, before.id)} <= {"intact"}
    return after


@pytest.mark.parametrize("row", rows("corrections"), ids=lambda row: row["name"])
def test_what_staff_have_to_mend(
    desk: Desk, file_request: Callable[..., str], tmp_path: Path, row: dict[str, Any]
) -> None:
    deposit = file_request()
    (desk.site.root / "request.yml").write_text((tmp_path / "request.yml").read_text())
    (desk.site.root / "racks" / "B1.yml").write_text(RACK)
    beginnings(desk, deposit, row["after"])
    before = dossiers.read(desk.site, deposit)
    *first, last = row["do"]
    for each in first:
        perform(desk, deposit, each)
    held = dossiers.read(desk.site, deposit)
    if "refused" in row:
        with pytest.raises(SopctlError) as caught:
            perform(desk, deposit, last)
        assert row["refused"] in str(caught.value)
        assert sound(desk, held).events == held.events
        return
    perform(desk, deposit, last)
    after = sound(desk, before)
    summary = after.summary
    told = {
        **{name: _as_json(getattr(summary, name)) for name in summary.__struct_fields__},
        "stands": summary.stands,
    }
    wanted = msgspec.to_builtins(row.get("gives", {}))
    assert {key: _plain(told[key]) for key in wanted} == wanted
    assert after.events[-1].note == row.get("note", after.events[-1].note)
    marks = {event.seq: event.note for event in details.events(after, personal=True)}
    for number, mark in row.get("marked", {}).items():
        assert marks[number].endswith(mark)
    if "due" in row:
        action = actions.due(summary)
        assert action
        assert wording.command(action) == row["due"]
    if "todo" in row:
        commands = [wording.command(each.action) for each in board.todo(desk).rows if each.action]
        assert row["todo"] in commands
    for other, stands in row.get("others", {}).items():
        assert dossiers.read(desk.site, other).summary.stands == stands
    if "free" in row:
        assert row["free"] not in [str(each.place) for each in occupied(register.summaries(desk.site))]
    if "back" in row or "papers" in row:
        goes_home = "back" in row or {"return", "exit"} & row["papers"].keys()
        said = home(desk, deposit, row.get("back", "SN-0001")) if goes_home else forms(desk, deposit)
        for paper, words in row.get("papers", {}).items():
            for word in words:
                assert word in said[paper], said[paper]
        sound(desk, after)


PAPERS = {
    "handover": "serah-terima",
    "return": "serah-terima",
    "exit": "catatan-keluar",
    "move": "pemindahan",
    "addendum": "adendum",
    "loss": "keluar-tanpa-pengembalian",
}


def forms(desk: Desk, deposit: str) -> dict[str, str]:
    """What the newest paper of each kind says."""
    folder = dossiers.read(desk.site, deposit).folder / "documents"
    made = {name: sorted(folder.glob(f"*{word}*.pdf")) for name, word in PAPERS.items()}
    return {name: text_of(paths[-1]) for name, paths in made.items() if paths}


def _as_json(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def perform(desk: Desk, deposit: str, each: dict[str, Any]) -> None:
    words = {
        {"dated": "on"}.get(key, key): value for key, value in each.items() if key not in ("verb", "by", "despite")
    }
    DO[each["verb"]](desk.decided_by(each.get("by")).knowing(each.get("despite", "")), deposit, **words)


def test_a_correction_names_the_event_and_keeps_the_scan(
    desk: Desk, file_request: Callable[..., str], tmp_path: Path
) -> None:
    deposit = file_request()
    go(desk, deposit, "placed")
    scan = tmp_path / "berita-acara.pdf"
    scan.write_bytes(PDF)
    correcting.serial(desk.decided_by("kabid"), deposit, serial="SN-2", reason="salah baca", letter=scan)
    dossier = dossiers.read(desk.site, deposit)
    event, corrected = next(dossier.established(Corrected))
    wrong = dossier.events[corrected.correction.event - 1]
    assert corrected.correction.hash == wrong.hash
    assert (event.by, event.typed) == ("kabid", desk.typed)
    assert "koreksi.pdf" in json.dumps(event.data)
    assert details.decider(event) == "Kepala Bidang Aptika, Kepala Bidang Aptika"
    correcting.undo(desk.decided_by("staf"), deposit, number=9, reason="salah berkas")
    undone = dossiers.read(desk.site, deposit).newest(Undone)
    assert undone
    assert undone.undoes.hash == dossier.events[8].hash


def test_a_decision_keeps_the_name_and_position_of_who_took_it(desk: Desk, file_request: Callable[..., str]) -> None:
    """People come and go; sopctl.yml names who is there now."""
    deposit = file_request()
    letters.dispose(desk, deposit, instruction="x")
    settings = desk.site.root / "sopctl.yml"
    name = desk.site.settings.people["kadis"].name
    settings.write_text(settings.read_text().replace(name, "Pejabat Baru"))
    event = dossiers.read(desk.site, deposit).events[-1]
    assert details.decider(event).startswith(f"{name}, ")
