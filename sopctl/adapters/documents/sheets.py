"""Sheets of a spreadsheet (XLSX) with tables to sort and filter. Text of strangers is never a formula; figures are
numbers."""

import re
from io import BytesIO
from typing import Any

from sopctl.adapters.documents.forms import Table
from sopctl.adapters.documents.text import LONG, printable

_FIGURE = re.compile(r"\d{1,3}(\.\d{3}){0,4}(,\d{1,3})?")
"""A figure as `quantity.decimal` writes it."""

COUNTED = frozenset({"No", "Jumlah", "Memori (GiB)", "Disk (GB)", "Hari", "Menit", "Gangguan"})
"""The columns whose cells are figures."""

_WIDEST = 48


class Workbook:
    """A spreadsheet in the making: xlsxwriter's `book`, and the `styles` of its cells."""

    def __init__(self, title: str) -> None:
        import xlsxwriter

        self._file = BytesIO()
        options = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
        self.book = xlsxwriter.Workbook(self._file, {"in_memory": True, **options})
        self.book.set_properties({"title": title})
        self.styles: dict[str, Any] = {
            "title": self.book.add_format({"bold": True, "font_size": 14}),
            "bold": self.book.add_format({"bold": True}),
            "head": self.book.add_format({"bold": True, "border": 1, "bg_color": "#EEEEEE", "text_wrap": True}),
            "cell": self.book.add_format({"border": 1, "valign": "top", "text_wrap": True, "num_format": "@"}),
            "number": self.book.add_format({"border": 1, "valign": "top"}),
        }

    def table(self, name: str, table: Table) -> None:
        """A sheet with a table to sort and filter."""
        sheet = self.book.add_worksheet(name)
        put_table(sheet, self.styles, table, 0)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(1, len(table.rows)), len(table.columns) - 1)
        sheet.repeat_rows(0)
        fit_page(sheet)

    def close(self) -> bytes:
        """Finish it; returns the file's content."""
        self.book.close()
        return self._file.getvalue()


def put_table(sheet: Any, styles: dict[str, Any], table: Table, top: int) -> int:
    """Write a table; returns the row below it."""
    for column, name in enumerate(table.columns):
        sheet.write_string(top, column, shown(name), styles["head"])
        longest = max((len(row[column]) for row in table.rows), default=0)
        if top == 0:
            sheet.set_column(column, column, max(8, min(_WIDEST, 2 + max(longest, len(name)))))
    for number, row in enumerate(table.rows, start=top + 1):
        for column, value in enumerate(row):
            put_value(sheet, styles, number, column, value, counted=table.columns[column] in COUNTED)
    return top + 1 + len(table.rows)


def put_value(sheet: Any, styles: dict[str, Any], row: int, column: int, value: str, *, counted: bool) -> None:
    """Write a figure as a number, and anything else (such as `–`) as text."""
    if counted and _FIGURE.fullmatch(value):
        sheet.write_number(row, column, float(value.replace(".", "").replace(",", ".")), styles["number"])
    else:
        sheet.write_string(row, column, shown(value), styles["cell"])


def shown(value: str) -> str:
    """A text as a cell shows it."""
    return printable(value, LONG)


def fit_page(sheet: Any) -> None:
    """Print the sheet on A4 across, as wide as the page."""
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
