"""Papers that an office edits: the same content, and whatever strangers wrote is text in it."""

import io
import re
from html.parser import HTMLParser

import openpyxl
import pytest
from msgspec import structs

from sopctl.adapters.documents import render
from sopctl.adapters.documents.editable import as_paper, to_html
from sopctl.adapters.documents.stamps import named_record
from sopctl.adapters.documents.text import printable
from sopctl.adapters.documents.xlsx import to_xlsx
from tests.adapters.documents import samples
from tests.cases import rows

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://192.0.2.1")', "\t=1", "http://192.0.2.1/x"]
TEXTS = [row["text"] for row in rows("paper_payloads")] + FORMULAS


class Tags(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_editable_copies_say_what_the_form_says() -> None:
    paper = as_paper(samples.handover(items=3))
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(paper))).worksheets[0]
    cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    page = to_html(paper).decode()
    for item in samples.handover(items=3).items:
        assert item.serial in cells
        assert item.serial in page


@pytest.mark.parametrize("turn", range(0, len(TEXTS), 5))
def test_what_strangers_wrote_is_text(turn: int) -> None:
    used: list[str] = []
    form = samples.filled(samples.handover(), TEXTS[turn:] + TEXTS[:turn], used)
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(as_paper(form))))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)
    page = Tags()
    page.feed(to_html(as_paper(form)).decode())
    known = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "div",
        "strong",
        "small",
        "h1",
        "h2",
        "p",
        "dl",
    }
    assert page.tags <= known | {"dt", "dd", "table", "tr", "th", "td", "footer"}
    said = re.sub(r"\s+", " ", " ".join(page.words))
    assert re.sub(r"\s+", " ", printable(form.items[0].serial, 2000)) in said


def test_a_cell_that_begins_like_a_formula_stays_text() -> None:
    form = samples.handover()
    for text in FORMULAS:
        paper = as_paper(structs.replace(form, items=(structs.replace(form.items[0], serial=text),)))
        sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(paper))).worksheets[0]
        values = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "s"]
        assert printable(text, 100) in values


@pytest.mark.parametrize("form", [samples.handover(), samples.inventory(), samples.paper(), samples.sop()])
def test_a_pdf_names_its_record(form: object) -> None:
    content = render(form)  # type: ignore[arg-type]
    named = named_record(content)
    assert named
    assert (named.deposit, named.number) == ("PS-2026-0001", form.stamp.document_number)  # type: ignore[attr-defined]
    assert named_record(b"\n" + content) == named, "a byte before the header makes it altered, not strange"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.7",
        b"sopctl-record=PS-1",
        b"%PDF-1.7 sopctl-record=../../etc",
        b"%PDF-" + b"sopctl-record=" * 10**5,
    ],
)
def test_any_other_file_names_none(content: bytes) -> None:
    assert named_record(content) is None
