"""Spreadsheets that people hand in (XLSX, ECMA-376): the cells of the first sheet as text. Untrusted input."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime

from sopctl.errors import InvalidRecord

MAX_UNPACKED = 100 * 1024 * 1024
"""Bytes. A spreadsheet is a ZIP file; its unpacked size is checked before anything reads it (zip bombs)."""


def is_spreadsheet(content: bytes) -> bool:
    """Does it begin as an XLSX file does (a ZIP archive)?"""
    return content.startswith(b"PK")


def read_rows(content: bytes, *, where: str, max_rows: int, max_columns: int) -> Iterator[list[str]]:
    """The rows of the first sheet, each cell as text (dates as 2026-11-23). A formula yields its cached value; nothing
    is computed and no link is followed. Raises InvalidRecord for a file that is too large or not a spreadsheet."""
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MAX_UNPACKED:
                raise InvalidRecord(
                    "spreadsheet-too-large",
                    "the spreadsheet unpacks to more than {limit} MiB",
                    where=where,
                    limit=MAX_UNPACKED // 1024 // 1024,
                )
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        rows = book.worksheets[0].iter_rows(max_row=max_rows, max_col=max_columns, values_only=True)
        for row in rows:
            yield [_text(cell) for cell in row]
    except InvalidRecord:
        raise
    except Exception as error:  # noqa: BLE001 (openpyxl lets any exception of a broken file through)
        raise InvalidRecord(
            "not-a-spreadsheet",
            "not a spreadsheet: {reason}",
            where=where,
            reason=f"{type(error).__name__}: {error}",
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
