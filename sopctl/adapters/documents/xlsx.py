"""Papers as spreadsheets (XLSX, ECMA-376), for offices to edit. Text of strangers is never a formula."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import msgspec

from sopctl.adapters.documents.english import Language, say, translated
from sopctl.adapters.documents.forms import Paper, Sheet
from sopctl.adapters.documents.text import clean
from sopctl.adapters.documents.wording import grouped_nip

WIDTHS = (30, 24, 22, 22, 8, 10, 14, 24, 26)
"""The widths of the columns, in characters: the widest table has nine columns."""

KEY_COLUMN = len(WIDTHS)
"""The hidden column with the fields' keys, so that a letter that was filled in can be read back."""

PAPER_SIZES = {"a4": 9, "f4": 14}
"""As spreadsheets number them (ECMA-376 part 1, 18.3.1.63); 14 is folio, 8.5 by 13 inches."""
LINE_POINTS = 15.0


def to_xlsx(paper: Paper) -> bytes:
    """The paper as a spreadsheet with one sheet; every cell is text."""
    data = clean(translated(msgspec.to_builtins(paper), paper.language))
    sheet = _Sheet(data["title"], paper.stamp.deposit_id, paper.letterhead.sheet)
    _head(sheet, data, paper.language)
    for text in data["opening"]:
        sheet.line(text)
    for part in data["sections"]:
        sheet.skip()
        sheet.line(part["title"], "bold")
        if part["type"] == "section":
            for field in part["fields"]:
                sheet.field(field["label"], field["value"], field["key"])
        else:
            sheet.row(part["columns"], "head")
            for values in part["rows"]:
                sheet.row(values, "cell")
    sheet.skip()
    for text in data["closing"]:
        sheet.line(text)
    for signer in data["signers"]:
        sheet.signer(signer["role"], signer["party"])
    return sheet.close()


def _head(sheet: "_Sheet", data: dict[str, Any], language: Language) -> None:
    head, letter, number = data["letterhead"], data["letter"], data["stamp"]["document_number"]
    for part in ("agency", "office", "address", "contact"):
        if head[part]:
            sheet.line(head[part], "bold" if part == "office" else "plain")
    sheet.skip()
    sheet.line(data["title"], "title")
    if number:
        sheet.line(f"{say('Nomor', language)}: {number}")
    if letter:
        sheet.line(letter["place_and_date"])
        sheet.line(f"{say('Hal', language)}: {letter['subject']}")
        for text in (say("Kepada Yth.", language), *letter["recipient"]):
            sheet.line(text)


class _Sheet:
    """A sheet that is written from top to bottom."""

    def __init__(self, title: str, record: str, size: Sheet) -> None:
        import xlsxwriter

        self._size = size
        options = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
        self._file = BytesIO()
        self._book = xlsxwriter.Workbook(self._file, {"in_memory": True, **options})
        self._book.set_properties({"title": title, "keywords": f"sopctl-record={record}"})
        self._sheet = self._book.add_worksheet("Formulir")
        text = {"text_wrap": True, "valign": "top"}
        styles: dict[str, dict[str, Any]] = {
            "plain": text,
            "bold": {"bold": True},
            "title": {"bold": True, "font_size": 14},
            "cell": {**text, "border": 1, "num_format": "@"},
            "head": {**text, "bold": True, "border": 1, "bg_color": "#EEEEEE"},
        }
        self._styles = {name: self._book.add_format(style) for name, style in styles.items()}
        self._row = 0

    def skip(self, rows: int = 1) -> None:
        self._row += rows

    def line(self, text: str, style: str = "plain") -> None:
        """A line across the whole width."""
        self._across(0, text, style)
        self._end((text,), (sum(WIDTHS),))

    def field(self, label: str, value: str, key: str) -> None:
        """A label, a value across all other columns, and the hidden key."""
        self._sheet.write_string(self._row, 0, label, self._styles["cell"])
        self._across(1, value, "cell")
        self._sheet.write_string(self._row, KEY_COLUMN, key)
        self._end((label, value), (WIDTHS[0], sum(WIDTHS[1:])))

    def row(self, values: Sequence[str], style: str) -> None:
        """A row of a table."""
        for column, value in enumerate(values):
            self._sheet.write_string(self._row, column, value, self._styles[style])
        self._end(values, WIDTHS)

    def signer(self, role: str, party: dict[str, str]) -> None:
        """A signer, with room for the signature."""
        self.skip()
        self.line(role, "bold")
        if party["position"]:
            self.line(party["position"])
        self.skip(2)
        self.line(party["name"] or "(………………………………)")
        if party["rank"]:
            self.line(party["rank"])
        self.line(f"NIP {grouped_nip(party['nip']) or '………………………………'}")

    def close(self) -> bytes:
        """Finish the spreadsheet; returns the file's content."""
        for column, width in enumerate(WIDTHS):
            self._sheet.set_column(column, column, width)
        self._sheet.set_column(KEY_COLUMN, KEY_COLUMN, None, None, {"hidden": True})
        self._sheet.set_landscape()
        self._sheet.set_paper(PAPER_SIZES[self._size])
        self._sheet.print_area(0, 0, self._row, KEY_COLUMN - 1)
        self._sheet.fit_to_pages(1, 0)
        self._book.close()
        return self._file.getvalue()

    def _across(self, first: int, text: str, style: str) -> None:
        self._sheet.merge_range(self._row, first, self._row, KEY_COLUMN - 1, "", self._styles[style])
        self._sheet.write_string(self._row, first, text, self._styles[style])

    def _end(self, texts: Sequence[str], widths: Sequence[int]) -> None:
        """Make the row as high as its texts need: spreadsheet programs do not do that for merged cells."""
        lines = max(1, *(-(-len(text) // (width - 2)) for text, width in zip(texts, widths, strict=False)))
        self._sheet.set_row(self._row, LINE_POINTS * lines)
        self._row += 1
