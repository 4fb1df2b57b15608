"""What is due and until when, as the lists, the reports and the site's own calendar say it."""

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from sopctl.cli import terminal
from sopctl.errors import InvalidRecord, UsageError
from sopctl.model.sop.summary import Summary
from sopctl.store import register
from sopctl.store.checks import Checks
from sopctl.store.page.recent import Recent
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import validation
from sopctl.workflow.steps import acts, adopting, letters, notifying, reminding, reservation
from sopctl.workflow.views import board, calendar
from sopctl.workflow.views.board import Query, State
from tests.conftest import Clock, Ran

ADOPTED = """\
unit: Dinas Contoh
contacts: {administrative: {name: Kepala}, technical: {name: Admin, email: admin@example.org}}
server: {name: lama.example.org, brand_model: Contoh R100, height_units: 2}
access: {address: 192.0.2.20}
valid_until: 2026-12-15
"""


@pytest.fixture
def adopted(desk: Desk, tmp_path: Path) -> str:
    """A server in a rack whose time ends on 15 December 2026; today is 23 November."""
    record = tmp_path / "server.yml"
    record.write_text(ADOPTED)
    return adopting.adopt(desk, record, adopting.Where("A1", 1)).id


def ending(desk: Desk) -> list[board.Row]:
    return [row for row in board.todo(desk).rows if row.kind == "validity"]


def test_a_deposit_whose_time_ends_soon_is_to_be_extended_or_asked_back(desk: Desk, adopted: str, clock: Clock) -> None:
    (row,) = ending(desk)
    assert (row.id, row.due, row.late, row.role) == (adopted, date(2026, 12, 15), False, "pemohon")
    assert row.action
    assert (row.action.verb, row.action.id, row.action.needs) == ("extend", adopted, ("until",))
    clock.now += timedelta(days=23)
    (row,) = ending(desk)
    assert (row.late, row.late_days) == (True, 1)
    acts.extend(desk.decided_by("kabid"), adopted, until=date(2027, 12, 31))
    assert ending(desk) == []
    clock.now -= timedelta(days=23)
    assert ending(desk) == []


def test_its_owner_is_reminded_of_it(desk: Desk, adopted: str) -> None:
    (reminder,) = reminding.remind(desk, dry_run=True)
    assert reminder.email == "admin@example.org"
    assert [row.id for row in reminder.rows] == [adopted]
    assert "Masa penitipan berakhir 2026-12-15" in reminder.message.text


def test_a_return_that_has_begun_is_not_reminded_of(desk: Desk, adopted: str) -> None:
    letters.ask_back(desk, adopted, letter_number="090/9/2026")
    assert ending(desk) == []


def test_the_sites_own_days_count(desk: Desk, file_request: Callable[..., str], clock: Clock) -> None:
    file_request()
    (desk.site.root / "calendar.yml").write_text("2026-11-24: {holiday: Hari jadi kabupaten}\n")
    (row,) = board.todo(terminal.desk(Site(desk.site.root), user="root", clock=clock)).rows
    assert row.due == date(2026, 11, 25)
    assert row.why == "1 working day after 2026-11-23; not counted: 2026-11-24 Hari jadi kabupaten"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-11-24: {holiday: a, workday: b}\n", "Expected either `holiday` or `workday`"),
        ("2026-11-24: {}\n", "Expected either `holiday` or `workday`"),
        ("2026-11-24: {libur: a}\n", "there is no such key"),
        ("24-11-2026: {holiday: a}\n", "Invalid"),
    ],
)
def test_a_calendar_that_is_not_valid_is_named_with_its_place(desk: Desk, text: str, says: str) -> None:
    path = desk.site.root / "calendar.yml"
    path.write_text(text)
    with pytest.raises(InvalidRecord, match=says) as caught:
        calendar.overrides(desk.site)
    assert caught.value.where.startswith(f"{path}:1:")
    assert [error.message for error in validation.validate(desk).errors] == [caught.value.message]


@pytest.mark.parametrize(
    ("state", "expected"),
    [("open", {1, 2, 3}), ("closed", {4}), ("held", {2}), ("late", {1, 3}), ("waiting", set()), ("all", {1, 2, 3, 4})],
)
def test_a_list_shows_what_was_asked_for(
    desk: Desk, file_request: Callable[..., str], clock: Clock, state: State, expected: set[int]
) -> None:
    ids = [file_request() for _ in range(3)] + [file_request({"unit: Dinas Contoh": "unit: Dinas Lain"})]
    acts.hold(desk.decided_by("staf"), ids[1], reason="x")
    acts.withdraw(desk, ids[3], reason="x")
    clock.now += timedelta(days=5)
    rows = board.board(desk, Query(state=state)).rows
    assert {int(row.id[-4:]) for row in rows} == expected
    assert board.board(desk, Query(state="all", unit="lain")).rows[0].id == ids[3]
    assert board.board(desk, Query(state="all", search="withdrawn")).rows == []
    assert len(board.board(desk, Query(procedure="penitipan", step=2)).rows) == 3


def test_rows_are_made_only_of_deposits_that_may_fit(
    desk: Desk, file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a summary says already needs no row; the answer is that of looking at every row."""
    ids = [file_request() for _ in range(4)]
    acts.hold(desk.decided_by("staf"), ids[0], reason="x")
    queries = [
        Query(state, unit, procedure=procedure, step=step, rack=rack)
        for state in board.STATES
        for unit in ("", "dinas contoh", "lain")
        for procedure, step in (("", None), ("penitipan", 2), ("konfigurasi", None))
        for rack in ("", "A1")
    ]
    few = [board.board(desk, query).rows for query in queries]
    made: list[str] = []
    real = board._Making.row

    def making(self: board._Making, each: Summary, queue: Mapping[str, int]) -> board.Row:
        made.append(each.id)
        return real(self, each, queue)

    monkeypatch.setattr(board._Making, "row", making)
    board.board(desk, Query("held"))
    assert made == [ids[0]]
    monkeypatch.setattr(board, "_may_fit", lambda _query, _units: lambda _each: True)
    assert [board.board(desk, query).rows for query in queries] == few


def test_what_is_escalated_stays_the_business_of_those_it_passed(
    desk: Desk, file_request: Callable[..., str], clock: Clock
) -> None:
    file_request()
    assert [row.id for row in board.todo(desk, actor="kabid").rows] == []
    clock.now += timedelta(days=2)
    assert [row.escalated_to for row in board.todo(desk, actor="kabid", late=True).rows] == ["kabid"]
    clock.now += timedelta(days=3)
    assert [row.escalated_to for row in board.todo(desk, actor="kabid").rows] == ["kadis"]
    with pytest.raises(UsageError, match="no procedure has an actor 'bupati'"):
        board.todo(desk, actor="bupati")


def test_the_report_at_the_terminal(sopctl: Callable[..., Ran], desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    letters.dispose(desk, deposit, instruction="x")
    said = json.loads(sopctl("report", "sla", "--month", "2026-11", "--json").out)
    assert (said["month"], said["total"]["done"], said["total"]["in_time"]) == ("2026-11", 1, 1)
    assert [(line["procedure"], line["step"], line["tally"]["done"]) for line in said["steps"]] == [
        ("penitipan", 2, 1),
        ("penitipan", 3, 0),
    ]
    assert {each["actor"]: each["tally"]["done"] for each in said["actors"]}["Kadis Kominfo"] == 1
    shown = sopctl("report", "sla", "--month", "2026-11", COLUMNS="80").out
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert "0 h" in shown, "less than a day is in hours"
    ran = sopctl("report", "sla", "--month", "2026-13")
    assert (ran.code, "is not a month" in ran.err) == (2, True)


def test_a_broken_history_of_checks_costs_the_list_only_what_it_says(
    sopctl: Callable[..., Ran], desk: Desk, file_request: Callable[..., str]
) -> None:
    deposit = file_request()
    (desk.site.root / "var").mkdir(exist_ok=True)
    Checks(desk.site).states()
    (path,) = (desk.site.root / "var").rglob("checks*.sqlite*")
    path.write_bytes(b"this is no database, however long one reads it" * 100)
    ran = sopctl("list", "--json")
    listed = json.loads(ran.out)
    assert [(row["id"], row["access"]) for row in listed["deposits"]] == [(deposit, None)]
    assert ([each["id"] for each in listed["errors"]], ran.code) == (["checks-broken"], 0)


def test_a_place_is_said_in_the_readers_language(sopctl: Callable[..., Ran], until_space: Callable[..., str]) -> None:
    deposit = until_space()
    for language, said in (("id", "rak A1 U1–U2"), ("en", "rack A1 U1–U2")):
        for words in (["list", "--columns", "id,place"], ["list"], ["show", deposit]):
            assert said in sopctl(*words, SOPCTL_LANG=language).out


def test_columns_and_a_limit(sopctl: Callable[..., Ran], file_request: Callable[..., str]) -> None:
    for _ in range(3):
        file_request()
    ran = sopctl("list", "--columns", "id,due", "--limit", "2", "--sort", "due")
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines() if line.startswith("PS")] == [
        "PS-2026-0001",
        "PS-2026-0002",
    ]
    ran = sopctl("list", "--columns", "id,warna")
    assert (ran.code, "there is no column 'warna'" in ran.err) == (2, True)


def test_a_broken_dossier_does_not_hide_the_others(
    sopctl: Callable[..., Ran], desk: Desk, file_request: Callable[..., str]
) -> None:
    broken, sound = file_request(), file_request()
    (desk.site.root / "deposits" / broken / "history.yml").write_text("- x\n")
    for words in (("list",), ("todo",)):
        ran = sopctl(*words)
        assert ran.code == 3
        assert sound in ran.out
        assert f"deposits/{broken}/history.yml:1:" in ran.err
    assert json.loads(sopctl("list", "--json").out)["errors"][0]["where"].endswith("history.yml:1:3")


def test_personal_data_is_shown_only_when_asked_for(
    sopctl: Callable[..., Ran], file_request: Callable[..., str]
) -> None:
    deposit = file_request()
    for words in (("show", deposit), ("show", deposit, "--json"), ("list", "--json"), ("todo", "--json")):
        assert "admin@example.org" not in sopctl(*words).out
    assert "admin@example.org" in sopctl("show", deposit, "--personal").out


QUERIES = (Query(), Query("all"), Query("waiting"), Query("late"), Query(search="Menunggu"), Query(unit="lain"))


def test_what_readers_share_is_what_one_who_reads_alone_finds(
    desk: Desk, until_space: Callable[..., str], file_request: Callable[..., str], adopted: str, clock: Clock
) -> None:
    """After each of these: an act, a place taken or let go (which moves the others up), another day, another setting,
    another holiday, a dossier that is gone. Rows that have not changed are the same objects."""
    recent, root = Recent(), desk.site.root

    def shared() -> Desk:
        site = Site(root)
        site.recent = recent
        return Desk(site, desk.deciding, clock)

    def alike() -> None:
        for _ in range(2):
            alone, together = Desk(Site(root), desk.deciding, clock), shared()
            assert board.both(alone) == board.both(together)
            for query in QUERIES:
                assert board.board(alone, query) == board.board(together, query), query

    settings = root / "sopctl.yml"
    alike()
    big = {"height_units: 2": "height_units: 30"}
    ids = [file_request(), until_space(big), until_space(big), until_space(big)]
    for each in ids[1:]:
        notifying.notify(desk, each, via="phone")
    alike()
    kept = board.board(shared(), Query()).rows
    acts.hold(desk.decided_by("staf"), ids[1], reason="x")
    alike()
    now = board.board(shared(), Query()).rows
    assert [one is other for one, other in zip(kept, now, strict=True)] == [True, True, False, False, False]
    acts.resume(desk.decided_by("staf"), ids[1])
    reservation.prioritise(desk.decided_by("kadis"), ids[3], priority=5, reason="x")
    alike()
    acts.withdraw(desk, ids[2], reason="x")
    alike()
    clock.now += timedelta(days=5)
    alike()
    settings.write_text(settings.read_text() + "\nescalation: {2: kabid}\n")
    alike()
    (root / "calendar.yml").write_text("2026-11-25: {holiday: Hari kantor}\n")
    alike()
    shutil.move(root / "deposits" / ids[0], root / "elsewhere")
    alike()
    (root / "deposits" / ids[1] / "history.yml").write_text("- x")
    recent.tell([ids[1]])
    site = shared().site
    assert [each.id for each in register.read(site).summaries] == [adopted, *ids[2:]]
    assert ids[1] not in {row.id for row in board.board(shared(), Query("all")).rows}
