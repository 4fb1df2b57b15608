"""Spreadsheets that people hand in (XLSX, ECMA-376): the first sheet's cells as text. Hostile until read."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime

from sopctl.errors import InvalidRecord

MAX_UNPACKED = 100 * 1024 * 1024
"""A spreadsheet is a ZIP file: what it unpacks to is bounded before anything reads it."""


def is_spreadsheet(content: bytes) -> bool:
    """Does it begin as an XLSX file does (a ZIP archive)?"""
    return content.startswith(b"PK")


def read_rows(content: bytes, *, where: str, max_rows: int, max_columns: int) -> Iterator[list[str]]:
    """The rows of the first sheet, each cell as text (dates as 2026-11-23). Formulas give what they last gave; nothing
    is computed and no link is followed. Raises InvalidRecord for what is no spreadsheet, or too large a one."""
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MAX_UNPACKED:
                raise InvalidRecord(
                    "unpacks-more-than-mib",
                    "it unpacks to more than {MAX_UNPACKED} MiB",
                    where=where,
                    MAX_UNPACKED=MAX_UNPACKED // 1024 // 1024,
                )
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        rows = book.worksheets[0].iter_rows(max_row=max_rows, max_col=max_columns, values_only=True)
        for row in rows:
            yield [_text(cell) for cell in row]
    except InvalidRecord:
        raise
    except Exception as error:  # noqa: BLE001 (openpyxl raises whatever a broken file brings it to)
        raise InvalidRecord(
            "not-spreadsheet", "not a spreadsheet: {name}: {error}", where=where, name=type(error).__name__, error=error
        ) from None


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
