"""The summary of all servers as a spreadsheet (XLSX): its tables to sort and filter, and its charts.

What strangers wrote is text, never a formula; figures are figures.
"""

import re
from io import BytesIO
from typing import Any

from sopctl.adapters.documents.forms import Chart, SummaryForm, Table
from sopctl.adapters.documents.text import LONG, printable
from sopctl.adapters.documents.wording import month_name

_FIGURE = re.compile(r"\d{1,3}(\.\d{3}){0,4}(,\d{1,3})?")
"""As `wording.decimal` writes one."""

COUNTED = frozenset({"No", "Jumlah", "Memori (GiB)", "Disk (GB)"})
"""The columns whose cells are figures."""

_WIDEST = 48
ROW_PIXELS = 20
"""Height of a row whose cells have one line."""


def summary_xlsx(form: SummaryForm) -> bytes:
    """A sheet with the figures, the sums and the charts, one with all servers, and one with what changed."""
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
    _Overview(book, styles, form)
    for name, table in (("Server", form.servers), ("Perubahan", form.changes)):
        sheet = book.add_worksheet(name)
        _table(sheet, styles, table, 0)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(1, len(table.rows)), len(table.columns) - 1)
        sheet.repeat_rows(0)
        _page(sheet)
    book.close()
    return file.getvalue()


class _Overview:
    """The first sheet, from top to bottom; the charts stand beside the sums."""

    def __init__(self, book: Any, styles: dict[str, Any], form: SummaryForm) -> None:
        self._book, self._styles = book, styles
        self._sheet = book.add_worksheet("Ringkasan")
        self._row, self._below_charts = 0, 4
        self._line(form.letterhead.office, "bold")
        self._line(f"Rekapitulasi Inventarisasi Server, {month_name(form.month)}", "title")
        self._line(f"Nomor: {form.stamp.document_number}")
        self._row += 1
        for field in form.figures:
            self._sheet.write_string(self._row, 0, _text(field.label), styles["cell"])
            _write(self._sheet, styles, self._row, 1, field.value, counted=True)
            self._row += 1
        for number, chart in enumerate(form.charts):
            if chart.bars:
                self._chart(chart, number)
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

    def _chart(self, chart: Chart, number: int) -> None:
        """The bars as figures far to the right, and a chart of them beside the sums."""
        left, full = 20 + 4 * number, any(bar.of for bar in chart.bars)
        for row, bar in enumerate(chart.bars):
            self._sheet.write_string(row, left, _text(bar.label))
            self._sheet.write_number(row, left + 1, bar.value)
            self._sheet.write_number(row, left + 2, max(0.0, bar.of - bar.value))
        last = len(chart.bars) - 1
        drawn = self._book.add_chart({"type": "bar", "subtype": "stacked"} if full else {"type": "bar"})
        for column, name, colour in ((left + 1, "terpakai", "#6E6E6E"), (left + 2, "sisa", "#D9D9D9"))[: 1 + full]:
            drawn.add_series(
                {
                    "name": name if full else chart.title,
                    "categories": ["Ringkasan", 0, left, last, left],
                    "values": ["Ringkasan", 0, column, last, column],
                    "fill": {"color": colour},
                }
            )
        drawn.set_title({"name": _text(chart.title), "name_font": {"size": 11}})
        drawn.set_y_axis({"reverse": True})
        drawn.set_legend({"position": "bottom"} if full else {"none": True})
        height = 120 + 20 * len(chart.bars)
        drawn.set_size({"width": 480, "height": height})
        self._sheet.insert_chart(self._below_charts, 6, drawn)
        self._below_charts += 2 + height // ROW_PIXELS


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
    """A figure, where there is one (not `–`), or text."""
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
