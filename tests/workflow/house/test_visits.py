"""Visits: announced, in, out (tests/cases/visits.yml), and the month's guest book."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sopctl.errors import NotNow, SopctlError, UsageError
from sopctl.model.house.visits import Visit
from sopctl.store import books
from sopctl.workflow.desk import Desk
from sopctl.workflow.house import visits
from sopctl.workflow.papers import export
from sopctl.workflow.views import house
from tests.cases import rows
from tests.conftest import NOW, Clock, Ran
from tests.workflow.papers.test_papers import text_of

VISIT = Visit(("Administrator Sistem", "Teknisi"), "ganti disk", "Dinas Contoh")
DOOR: dict[str, Any] = {"identity": "KTP", "escort": "staf", "carried": ("disk 480 GB",)}


def at_the_door(desk: Desk, said: dict[str, Any]) -> Any:
    mine = {"visitors": ["Teknisi AC"], "purpose": "perawatan AC", "deposits": [], **DOOR, **said}
    at = datetime.fromisoformat(mine["at"]) if "at" in mine else None
    visit = Visit(tuple(mine["visitors"]), mine["purpose"], deposits=tuple(mine["deposits"]))
    carried = mine["carried"]
    return visits.come_in(desk, identity=mine["identity"], escort=mine["escort"], carried=carried, visit=visit, at=at)


@pytest.mark.parametrize("row", rows("visits"), ids=lambda row: row["name"])
def test_at_the_door(desk: Desk, file_request: Callable[..., str], row: dict[str, Any]) -> None:
    file_request()
    said = row.get("say", {})
    if "refused" in row:
        with pytest.raises(SopctlError) as caught:
            at_the_door(desk, said)
        assert caught.value.id == row["refused"]
        assert books.names(desk.site) == [], "nothing was noted"
        return
    came = at_the_door(desk, said)
    assert (came.id, came.status) == ("K-2026-0001", "inside")
    assert came.arrival.carried == (None if said.get("carried", ...) is None else ("disk 480 GB",))
    assert came.arrival.at == (NOW if "at" not in said else NOW.replace(hour=8, minute=0))


def test_announced_in_and_out(desk: Desk, clock: Clock) -> None:
    told = visits.announce(desk, VISIT)
    assert (told.id, told.status, told.arrival) == ("K-2026-0001", "announced", None)
    clock.now += timedelta(hours=1)
    with pytest.raises(NotNow, match="is not inside: announced"):
        visits.go_out(desk, told.id, carried=())
    assert visits.come_in(desk, announced=told.id, **DOOR).status == "inside"
    with pytest.raises(NotNow, match="came in at 2026-11-23 10:30"):
        visits.come_in(desk, announced="1", **DOOR)
    with pytest.raises(UsageError, match="came in at"):
        visits.go_out(desk, told.id, carried=(), at=datetime(2026, 11, 23, 10, 0))
    clock.now += timedelta(hours=1)
    left = visits.go_out(desk, "k-2026-0001", carried=("disk rusak",))
    assert (left.status, left.departure and left.departure.carried) == ("left", ("disk rusak",))
    with pytest.raises(NotNow, match="is not inside: left"):
        visits.go_out(desk, told.id, carried=())
    events = books.read(desk.site, "visits", 2026).events
    assert [event.outcome for event in events] == ["diumumkan", "masuk", "keluar"]
    assert "Administrator Sistem, Teknisi (Dinas Contoh): ganti disk; menunjukkan KTP" in events[1].note


@pytest.mark.parametrize(
    "named", ["", "x", "K-2026", "K-26-1", "P-2026-0001", "K-2026-0001x", "²", "K-2026-9999999999"]
)
def test_a_number_that_is_none_is_told(desk: Desk, named: str) -> None:
    visits.announce(desk, VISIT)
    with pytest.raises(UsageError):
        visits.go_out(desk, named, carried=())


def test_a_visit_that_has_passed_is_not_announced(desk: Desk) -> None:
    with pytest.raises(UsageError, match="2026-11-22 has passed"):
        visits.announce(desk, Visit(("A",), "x", expected=NOW - timedelta(days=1)))


def test_the_guest_book_of_a_month_stays_as_it_was(desk: Desk, clock: Clock, tmp_path: Path) -> None:
    first = visits.come_in(desk, visit=VISIT, **DOOR)
    visits.announce(desk, Visit(("Tidak Datang",), "x"))
    clock.now = NOW.replace(month=12, day=1)
    before = text_of(export.guest_book(desk, "2026-11", kind="pdf", output=tmp_path / "a.pdf"))
    assert "masih di dalam" in before
    assert "Tidak Datang" not in before
    visits.go_out(desk, first.id, carried=None)
    visits.come_in(desk, visit=Visit(("Tamu Desember",), "x"), **DOOR)
    assert text_of(export.guest_book(desk, "2026-11", kind="pdf", output=tmp_path / "b.pdf")) == before
    december = text_of(export.guest_book(desk, None, kind="pdf", output=tmp_path / "c.pdf"))
    for said in (
        "Bulan Desember 2026: 2 kunjungan, 3 tamu",
        "23-11 09.30",
        "01-12 09.30",
        "tidak dicatat",
        "Tamu Desember",
    ):
        assert said in december, said
    assert house.guest_book(desk, "2026-10")[1] == []


def test_the_guest_book_as_a_spreadsheet_has_no_formulas(desk: Desk, tmp_path: Path) -> None:
    visits.come_in(desk, visit=Visit(("=HYPERLINK(1)",), "@x"), **{**DOOR, "carried": ()})
    book = openpyxl.load_workbook(export.guest_book(desk, None, kind="xlsx", output=tmp_path / "a.xlsx"))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value]
    assert "=HYPERLINK(1)" in {cell.value for cell in cells}
    assert {cell.data_type for cell in cells} == {"s"}


def test_hostile_words_stay_words(desk: Desk, tmp_path: Path) -> None:
    visit = Visit(("#panic() $x$ *b* _i_ \\ <b>",), "x" * 500, "{{ 7*7 }}")
    visits.come_in(desk, visit=visit, **DOOR)
    said = text_of(export.guest_book(desk, None, kind="pdf", output=tmp_path / "a.pdf"))
    assert "#panic() $x$" in said
    assert {"{{", "7*7", "}}"} <= set(re.split(r"[ )(]+", said))
    with pytest.raises(UsageError):
        visits.announce(desk, Visit(("A\x1b[2J",), "x"))
    with pytest.raises(UsageError, match="at most 200"):
        visits.announce(desk, Visit(("A" * 201,), "x"))


def test_who_was_at_a_deposit_is_shown_with_it(
    desk: Desk, file_request: Callable[..., str], sopctl: Callable[..., Ran]
) -> None:
    deposit = file_request()
    words = [
        "--who",
        "Teknisi",
        "--purpose",
        "ganti disk",
        "--deposit",
        deposit,
        "--identity",
        "KTP",
        "--escort",
        "staf",
    ]
    assert sopctl("visit", "in", *words, "--nothing").code == 0
    assert "Teknisi, ganti disk" in sopctl("show", deposit).out
    assert '"purpose": "ganti disk"' in sopctl("show", deposit, "--json").out
    assert "inside" in sopctl("visit", "list").out
    refused = sopctl("visit", "in", "K-2026-0001", "--who", "x")
    assert (refused.code, "was not announced" in refused.err) == (2, True)
    assert [each.id for each in house.about(desk, deposit).visits] != []
