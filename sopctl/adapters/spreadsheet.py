"""Spreadsheets that people hand in (XLSX, ECMA-376): the cells of the first sheet as text. Untrusted input."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime

from sopctl.errors import InvalidRecord
from sopctl.locale import Prose, Text

MAX_UNPACKED = 16 * 1024 * 1024
"""Bytes. A spreadsheet is a ZIP file of XML, which is unpacked within this bound before anything reads it."""
MAX_TAGS = 500_000
"""How many XML tags it may have: each costs the reader memory and microseconds. A list of 2,000 servers has 110,000."""
MAX_PARTS = 500
EXACT = 10**15
"""From here on a number cell has lost digits (model/intake/cells.py)."""
MAX_BETWEEN = 256 * 1024
"""How many bytes may lie between two tags, attributes included; a cell of Excel's has 32,767 characters."""

_OTHER_ENCODING = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["'](?!utf-8["'])""", re.IGNORECASE)
"""In another encoding than UTF-8, tags could not be counted."""


def is_spreadsheet(content: bytes) -> bool:
    """Does it begin as an XLSX file does (a ZIP archive)?"""
    return content.startswith(b"PK")


def read_rows(content: bytes, *, where: str, max_rows: int, max_columns: int) -> Iterator[list[str]]:
    """The rows of the first sheet, each cell as text (dates as 2026-11-23, numbers too long
    for a spreadsheet as 1.97E+17). A formula yields its cached value; nothing
    is computed and no link is followed. Raises InvalidRecord for a file that is too large or not a spreadsheet."""
    import openpyxl

    try:
        _refuse_bomb(content, where)
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
            remedy="Save it as .xlsx (Excel workbook) or CSV, and give that file.",
            where=where,
            reason=f"{type(error).__name__}: {error}",
        ) from None


def _refuse_bomb(content: bytes, where: str) -> None:
    """Raise InvalidRecord for a file that would cost its reader more than any list does, whatever its header says."""
    left, tags = MAX_UNPACKED, 0
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = packed.infolist()
        for part in parts[:MAX_PARTS]:
            with packed.open(part) as file:
                unpacked = file.read(left + 1)
            left -= len(unpacked)
            tags += unpacked.count(b"<")
            if left < 0 or tags > MAX_TAGS:
                break
            if part.filename.casefold().endswith((".xml", ".rels", ".vml")):
                _refuse_odd(unpacked, where)
    if left < 0 or tags > MAX_TAGS or len(parts) > MAX_PARTS:
        raise InvalidRecord(
            "spreadsheet-too-large",
            "the spreadsheet holds more than a list of servers does: {limit} MiB and {tags} XML tags are the most",
            where=where,
            remedy="Save only the list itself, as a new file, or as CSV.",
            limit=MAX_UNPACKED // 1024 // 1024,
            tags=MAX_TAGS,
        )


def _refuse_odd(part: bytes, where: str) -> None:
    """Raise InvalidRecord for XML that no spreadsheet program writes: it says little, and costs its reader much."""
    why: Prose = ""
    if b"<!DOCTYPE" in part or b"<!ENTITY" in part:
        why = Text("a document type")
    elif b"\0" in part or _OTHER_ENCODING.match(part.removeprefix(b"\xef\xbb\xbf")):
        why = Text("another encoding than UTF-8")
    elif max(map(len, part.split(b"<"))) > MAX_BETWEEN:
        why = Text("a text longer than a cell's")
    if why:
        raise InvalidRecord(
            "spreadsheet-odd",
            "the spreadsheet has {what}, which no spreadsheet program writes",
            where=where,
            remedy="Open it in one, and save it again as XLSX, or as CSV.",
            what=why,
        )


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) >= EXACT:
        return f"{cell:.14E}"  # as the spreadsheet shows it: the digits behind are not those that were typed
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
