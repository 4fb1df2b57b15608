"""The summary of all servers as a spreadsheet (XLSX): tables to sort and filter, and charts.

Text of strangers is never a formula; figures are numbers.
"""

import math
import re
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from sopctl.adapters.documents.forms import Chart, SummaryForm, Table
from sopctl.adapters.documents.text import LONG, printable
from sopctl.adapters.documents.wording import month_name

_FIGURE = re.compile(r"\d{1,3}(\.\d{3}){0,4}(,\d{1,3})?")
"""A figure as `quantity.decimal` writes it."""

COUNTED = frozenset({"No", "Jumlah", "Memori (GiB)", "Disk (GB)"})
"""The columns whose cells are figures."""

_FIGURES = "Angka grafik"
_WIDEST = 48
ROW_PIXELS = 20
"""Height of a row whose cells have one line."""


def summary_xlsx(form: SummaryForm) -> bytes:
    """Five sheets: figures, sums and charts; all servers; conditions; changes; the data of the charts."""
    import xlsxwriter

    file = BytesIO()
    options = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    book = xlsxwriter.Workbook(file, {"in_memory": True, **options})
    book.set_properties({"title": f"Rekapitulasi Inventarisasi Server {form.month}"})
    styles = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "bold": book.add_format({"bold": True}),
        "head": book.add_format({"bold": True, "border": 1, "bg_color": "#EEEEEE", "text_wrap": True}),
        "cell": book.add_format({"border": 1, "valign": "top", "text_wrap": True, "num_format": "@"}),
        "number": book.add_format({"border": 1, "valign": "top"}),
    }
    overview = _Overview(book, styles, form)
    for name, table in (("Server", form.servers), ("Keadaan", form.conditions), ("Perubahan", form.changes)):
        sheet = book.add_worksheet(name)
        _table(sheet, styles, table, 0)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(1, len(table.rows)), len(table.columns) - 1)
        sheet.repeat_rows(0)
        _page(sheet)
    overview.draw(form.charts)
    book.close()
    return file.getvalue()


class _Overview:
    """The first sheet, written from top to bottom; the charts are beside the sums."""

    def __init__(self, book: Any, styles: dict[str, Any], form: SummaryForm) -> None:
        self._book, self._styles = book, styles
        self._sheet = book.add_worksheet("Ringkasan")
        self._row = 0
        self._line(form.letterhead.office, "bold")
        self._line(f"Rekapitulasi Inventarisasi Server, {month_name(form.month)}", "title")
        self._line(f"Nomor: {form.stamp.document_number}")
        self._row += 1
        for field in form.figures:
            self._sheet.write_string(self._row, 0, _text(field.label), styles["cell"])
            _write(self._sheet, styles, self._row, 1, field.value, counted=True)
            self._row += 1
        for table in form.sums:
            self._row += 1
            self._line(table.title, "bold")
            self._row = _table(self._sheet, styles, table, self._row)
        self._row += 1
        for note in form.notes:
            self._line(note)
        self._sheet.set_column(0, 0, 36)
        self._sheet.set_column(1, 4, 16)
        _page(self._sheet)

    def _line(self, text: str, style: str = "") -> None:
        self._sheet.write_string(self._row, 0, _text(text), self._styles.get(style))
        self._row += 1

    def draw(self, charts: Sequence[Chart]) -> None:
        """Write the bars as figures on a sheet of their own, and draw them as charts beside the sums."""
        figures, below, left = self._book.add_worksheet(_FIGURES), 4, 0
        for chart in charts:
            if chart.bars:
                below = self._chart(figures, chart, left, below)
                left += 4
        _page(figures)

    def _chart(self, figures: Any, chart: Chart, left: int, top: int) -> int:
        """Write a chart's figures from column `left` on, and draw it from row `top` on; returns the row below."""
        full = any(bar.of for bar in chart.bars)
        for row, bar in enumerate(chart.bars):
            figures.write_string(row, left, _text(bar.label))
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
        drawn.set_title({"name": _text(chart.title), "name_font": {"size": 11}})
        drawn.set_y_axis({"reverse": True})
        longest = max(max(bar.value, bar.of) for bar in chart.bars)
        drawn.set_x_axis({"min": 0, "num_format": "#,##0", "major_unit": max(1, math.ceil(longest / 8))})
        drawn.set_legend({"position": "bottom"} if full else {"none": True})
        height = 120 + 20 * len(chart.bars)
        drawn.set_size({"width": 480, "height": height})
        self._sheet.insert_chart(top, 6, drawn)
        return top + 2 + height // ROW_PIXELS


def _table(sheet: Any, styles: dict[str, Any], table: Table, top: int) -> int:
    """Write a table; returns the row below it."""
    for column, name in enumerate(table.columns):
        sheet.write_string(top, column, _text(name), styles["head"])
        longest = max((len(row[column]) for row in table.rows), default=0)
        if top == 0:
            sheet.set_column(column, column, max(8, min(_WIDEST, 2 + max(longest, len(name)))))
    for number, row in enumerate(table.rows, start=top + 1):
        for column, value in enumerate(row):
            _write(sheet, styles, number, column, value, counted=table.columns[column] in COUNTED)
    return top + 1 + len(table.rows)


def _write(sheet: Any, styles: dict[str, Any], row: int, column: int, value: str, *, counted: bool) -> None:
    """Write a figure as a number, and anything else (such as `–`) as text."""
    if counted and _FIGURE.fullmatch(value):
        sheet.write_number(row, column, float(value.replace(".", "").replace(",", ".")), styles["number"])
    else:
        sheet.write_string(row, column, _text(value), styles["cell"])


def _text(value: str) -> str:
    return printable(value, LONG)


def _page(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
