"""What spreadsheets make of dates and numbers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.intake import cells
from tests.cases import rows


@pytest.mark.parametrize("row", rows("cells"), ids=lambda row: row["cell"])
def test_a_cell(row: dict[str, Any]) -> None:
    if "day" in row:
        assert cells.day(row["cell"]) == row["day"]
    if "no_day" in row:
        with pytest.raises(ValueError, match=row["no_day"]):
            cells.day(row["cell"])
    if "whole" in row:
        assert cells.whole(row["cell"]) == row["whole"]
    if "rounded" in row:
        assert bool(cells.rounded(row["cell"])) is row["rounded"]
    if "phone" in row:
        assert cells.lost_zero(row["cell"]) == row["phone"]


@given(st.dates(min_value=cells.DAY_ZERO.replace(year=1960), max_value=cells.DAY_ZERO.replace(year=2170)))
def test_every_day_is_read_in_every_way_of_writing_it(day: Any) -> None:
    count = (day - cells.DAY_ZERO).days
    names = "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember"
    month = names.split()
    for written in (f"{day}", f"{day:%d/%m/%Y}", f"{day:%d-%m-%Y} 00:00", str(count)):
        assert cells.day(written) == day
    assert cells.day(f"{day.day} {month[day.month - 1]} {day.year}") == day


@given(st.text(max_size=80))
def test_any_text_is_a_day_or_an_error(text: str) -> None:
    try:
        cells.day(text)
    except ValueError as error:
        assert str(error)  # noqa: PT017 (either is well)
    cells.whole(text)
    cells.rounded(text)
    cells.lost_zero(text)
    cells.plain(text)
