"""The summary of all servers as a spreadsheet (XLSX): tables to sort and filter, and charts.

Text of strangers is never a formula; figures are numbers.
"""

import math
from collections.abc import Sequence
from typing import Any

from sopctl.adapters.documents.forms import Chart, SummaryForm
from sopctl.adapters.documents.sheets import Workbook, fit_page, put_table, put_value, shown
from sopctl.adapters.documents.wording import month_name

_FIGURES = "Angka grafik"
ROW_PIXELS = 20
"""Height of a row whose cells have one line."""


def summary_xlsx(form: SummaryForm) -> bytes:
    """Five sheets: figures, sums and charts; all servers; conditions; changes; the data of the charts."""
    book = Workbook(f"Rekapitulasi Inventarisasi Server {form.month}")
    overview = _Overview(book, form)
    for name, table in (("Server", form.servers), ("Keadaan", form.conditions), ("Perubahan", form.changes)):
        book.table(name, table)
    overview.draw(form.charts)
    return book.close()


class _Overview:
    """The first sheet, written from top to bottom; the charts are beside the sums."""

    def __init__(self, made: Workbook, form: SummaryForm) -> None:
        self._book, self._styles = made.book, made.styles
        self._sheet = made.book.add_worksheet("Ringkasan")
        self._row = 0
        self._line(form.letterhead.office, "bold")
        self._line(f"Rekapitulasi Inventarisasi Server, {month_name(form.month)}", "title")
        self._line(f"Nomor: {form.stamp.document_number}")
        self._row += 1
        for field in form.figures:
            self._sheet.write_string(self._row, 0, shown(field.label), self._styles["cell"])
            put_value(self._sheet, self._styles, self._row, 1, field.value, counted=True)
            self._row += 1
        for table in form.sums:
            self._row += 1
            self._line(table.title, "bold")
            self._row = put_table(self._sheet, self._styles, table, self._row)
        self._row += 1
        for note in form.notes:
            self._line(note)
        self._sheet.set_column(0, 0, 36)
        self._sheet.set_column(1, 4, 16)
        fit_page(self._sheet)

    def _line(self, text: str, style: str = "") -> None:
        self._sheet.write_string(self._row, 0, shown(text), self._styles.get(style))
        self._row += 1

    def draw(self, charts: Sequence[Chart]) -> None:
        """Write the bars as figures on a sheet of their own, and draw them as charts beside the sums."""
        figures, below, left = self._book.add_worksheet(_FIGURES), 4, 0
        for chart in charts:
            if chart.bars:
                below = self._chart(figures, chart, left, below)
                left += 4
        fit_page(figures)

    def _chart(self, figures: Any, chart: Chart, left: int, top: int) -> int:
        """Write a chart's figures from column `left` on, and draw it from row `top` on; returns the row below."""
        full = any(bar.of for bar in chart.bars)
        for row, bar in enumerate(chart.bars):
            figures.write_string(row, left, shown(bar.label))
            figures.write_number(row, left + 1, bar.value)
            if full:
                figures.write_number(row, left + 2, max(0.0, bar.of - bar.value))
        last = len(chart.bars) - 1
        drawn = self._book.add_chart({"type": "bar", "subtype": "stacked"} if full else {"type": "bar"})
        for column, name, colour in ((left + 1, "terpakai", "#6E6E6E"), (left + 2, "sisa", "#D9D9D9"))[: 1 + full]:
            drawn.add_series(
                {
                    "name": name if full else chart.title,
                    "categories": [_FIGURES, 0, left, last, left],
                    "values": [_FIGURES, 0, column, last, column],
                    "fill": {"color": colour},
                }
            )
        drawn.set_title({"name": shown(chart.title), "name_font": {"size": 11}})
        drawn.set_y_axis({"reverse": True})
        longest = max(max(bar.value, bar.of) for bar in chart.bars)
        drawn.set_x_axis({"min": 0, "num_format": "#,##0", "major_unit": max(1, math.ceil(longest / 8))})
        drawn.set_legend({"position": "bottom"} if full else {"none": True})
        height = 120 + 20 * len(chart.bars)
        drawn.set_size({"width": 480, "height": height})
        self._sheet.insert_chart(top, 6, drawn)
        return top + 2 + height // ROW_PIXELS
