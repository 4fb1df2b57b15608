"""The summary of all servers: a spreadsheet to count with, and what a month of nothing and of many looks like."""

import io
from itertools import pairwise

import openpyxl
import pytest
from msgspec import structs

from sopctl.adapters.documents import render
from sopctl.adapters.documents.sheets import COUNTED
from sopctl.adapters.documents.summary_xlsx import summary_xlsx
from tests.adapters.documents import samples
from tests.adapters.documents.samples import pages, text
from tests.adapters.documents.test_editable import TEXTS


def test_figures_are_figures_and_the_charts_are_there() -> None:
    book = openpyxl.load_workbook(io.BytesIO(summary_xlsx(samples.summary())))
    assert book.sheetnames == ["Ringkasan", "Server", "Keadaan", "Perubahan", "Angka grafik"]
    head, first = list(book["Server"].iter_rows(max_row=2, values_only=True))
    assert dict(zip(head, first, strict=True))["Disk (GB)"] == 1.9
    assert book["Server"].auto_filter.ref == "A1:I41"
    assert book["Ringkasan"].max_column <= 5, "what the charts are drawn of would make the printed page too wide"
    charts = book["Ringkasan"]._charts
    assert len(charts) == 3
    spans = [(chart.anchor._from.row, chart.anchor.to.row) for chart in charts]
    assert all(above[1] < below[0] for above, below in pairwise(spans)), "none lies upon another"


@pytest.mark.parametrize("turn", range(0, len(TEXTS), 8))
def test_what_strangers_wrote_is_text(turn: int) -> None:
    used: list[str] = []
    form = samples.filled(samples.summary(3), TEXTS[turn:] + TEXTS[:turn], used)
    assert len(used) > 30
    book = openpyxl.load_workbook(io.BytesIO(summary_xlsx(form)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)
    names = structs.replace(samples.summary(1).servers, rows=(("1", "2", "1.234", "5", "6", "7", "8", "9", "10"),))
    book = openpyxl.load_workbook(io.BytesIO(summary_xlsx(structs.replace(samples.summary(), servers=names))))
    kinds = {str(cells[0].value): cells[1].data_type for cells in book["Server"].iter_cols()}
    assert {name for name, kind in kinds.items() if kind == "n"} == set(COUNTED) & set(kinds), "a name is no figure"


def test_a_month_without_servers_and_one_with_a_thousand() -> None:
    nothing = samples.summary(0)
    empty = structs.replace(nothing, charts=(structs.replace(nothing.charts[0], bars=()),), sums=())
    assert "Tidakadaperubahan." in text(render(empty))
    assert "Tidakadaserver." in text(render(empty))
    summary_xlsx(empty)
    many = render(samples.summary(1000))
    assert "web1000.example.org" in text(many)
    assert 15 < len(pages(many)) < 30
