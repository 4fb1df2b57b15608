"""From a form to a PDF: the form's text goes to typst as data, the layout is a template in this package.

typst is given the data as files, reads nothing else but the `templates` folder, and no template fetches a package. The
fonts are those in the typst wheel, so that a form looks the same on every machine. The PDF is PDF/A-2b (ISO 19005-2).
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time
from functools import cache
from io import BytesIO
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from sopctl.adapters.documents import wording
from sopctl.adapters.documents.english import ENGLISH, Language, translated
from sopctl.adapters.documents.forms import (
    Chart,
    Form,
    HandoverForm,
    InventoryForm,
    MonthForm,
    Paper,
    SopForm,
    SummaryForm,
    Table,
)
from sopctl.adapters.documents.text import printable, shortened
from sopctl.adapters.documents.widths import TYPST, Known, known
from sopctl.errors import InvalidRecord, OutsideFailure, in_words
from sopctl.model.as_json import from_json
from sopctl.model.quantity import decimal

MAX_NOTES = 5
MAX_SIGNERS = 3
MAX_ROWS = 100
"""Rows of a table, or changes; the form says how many more there are."""
MAX_SERVERS = 2_000
"""Rows of the tables in a summary of all servers."""
REPORTED = (12, 8, 5, 3)
"""How many rows each table of a month's report may have: the most with which it has a page or two. Its spreadsheet has
all."""
TWO_PAGES = 75
"""How many rows, with title and head of each table, two pages have room for."""
MAX_BARS = 24
"""Bars of a chart; the table of sums has all."""
MAX_NAME = 44
"""Characters of a bar's name: three lines."""

# Characters of one value, by the part of the form that it is in; longer ones are cut, visibly. What people write may
# be longer than what a machine sends: even a server with a hundred disks with hostile names gives a readable form.
_WRITTEN = 600
_READ = 300
_CELL = 120
_NAME = 200
_LABEL = 60
_LIMITS = {
    "items": _WRITTEN,
    "opening": _WRITTEN,
    "closing": _WRITTEN,
    "notes": _CELL,
    "actors": _LABEL,
    "limit": 20,
    "requires": _CELL,
    "output": _CELL,
    "role": _CELL,
    "checklist": _WRITTEN,
    "changes": _READ,
    "remarks": _WRITTEN,
    "sections": _READ,
    "rows": _CELL,
    "label": _LABEL,
    "columns": _LABEL,
    "recipient": _NAME,
    "copies": _READ,
    "rank": _LABEL,
    "nip": _LABEL,
    "position": _CELL,
    "shown": 20,
}

PAGE_WIDTH, LABEL_WIDTH = 17.0, 2.7
"""Centimetres: what is between a page's margins, and the label of an inventory form's field."""
SIGNS = {"gathered": "●", "declared": "○", "needs-root": "△", "not-available": "–"}
"""Where a field of an inventory form is from."""

PLACE_WIDTH, PLACE_HEIGHT = 134.0, 58.0
"""Points of a signature's place: within the room that `signatures` in common.typ leaves."""

TEMPLATES = Path(__file__).parent / "templates"
_TEMPLATE_OF = {
    HandoverForm: "handover",
    InventoryForm: "inventory",
    MonthForm: "month",
    Paper: "paper",
    SopForm: "sop",
    SummaryForm: "summary",
}


def render(form: Form) -> bytes:
    """The form as a PDF/A-2b file; the same form gives the same bytes with the same version of typst.

    Characters that the fonts do not have are shown as code points; overlong texts and tables are cut, visibly.

    Raises InvalidRecord for an invalid month, a table without columns or whose rows do not match them, an SOP without
    actors or steps, too many signers, and a check command that is empty or too long for a QR code. Raises
    OutsideFailure when typst is missing or fails.
    """
    return _typeset(_TEMPLATE_OF[type(form)], _files(form), form.stamp.issued)


class Place(NamedTuple):
    """Where a signature may be seen: the page (from 1), and the rectangle in points from the page's lower left
    corner."""

    page: int
    left: float
    bottom: float
    width: float
    height: float


def places(form: Form) -> list[Place]:
    """The places for signatures on a form, as they follow each other on the page from the left. Raises as `render`."""
    template = _TEMPLATE_OF[type(form)]
    with _typst(template) as typst:
        found = typst.query(
            _project(template, _files(form, places=True)),
            "<signature-place>",
            field="value",
            root=TEMPLATES,
            font_paths=_fonts(),
            ignore_system_fonts=True,
        )
    read = from_json(found.encode(), list[_Metadata])
    return [
        Place(
            page=each.page,
            left=each.x + (each.width - PLACE_WIDTH) / 2,
            bottom=each.height - each.y - PLACE_HEIGHT,
            width=PLACE_WIDTH,
            height=PLACE_HEIGHT,
        )
        for each in read
    ]


class _Metadata(msgspec.Struct):
    """What the template says of a place: its upper left corner from the page's, its width, and the page's height."""

    page: int
    x: float
    y: float
    width: float
    height: float


def appearance(name: str, at: str, note: str) -> bytes:
    """How a signature is seen: a page of PDF of the size of a place, with who signed, when, and a note. Raises
    OutsideFailure."""
    said = {"name": printable(name, 80), "at": printable(at, 60), "note": printable(note, 160)}
    size = {"width": PLACE_WIDTH, "height": PLACE_HEIGHT}
    return _typeset("signature", {"data.json": msgspec.json.encode({**said, **size}).decode()}, date(2000, 1, 1))


def _files(form: Form, *, places: bool = False) -> dict[str, str]:
    """The files of a form, for its template: what it says, as JSON, and its QR code. It tells the `places` for
    signatures when they are asked for."""
    language = _language(form)
    wordy = replace(_bounded(form), letterhead=replace(form.letterhead, logo=b""))
    if isinstance(wordy, HandoverForm):
        wordy = replace(wordy, agreed=())  # as words: a picture is no text
    data = _printable_all(translated(msgspec.to_builtins(wordy), language), _NAME)
    data["words"] = {**_words(form, language), "places": places}
    if isinstance(form, InventoryForm):
        data["sections"] = [_in_rows(part) for part in data["sections"]]
    return {"data.json": msgspec.json.encode(data).decode(), "qr.svg": _qr(form.stamp.check_command)}


def _bounded(form: Form) -> Form:
    """The form with its tables and lists cut to a length that people can read."""
    if isinstance(form, HandoverForm):
        return form
    if isinstance(form, SopForm):
        if not form.actors or not form.steps:
            raise InvalidRecord(
                "sop-without-steps",
                "an SOP without actors or steps has no flow table",
                remedy="Nothing was made. Report this as an error in sopctl.",
            )
        steps = tuple(replace(step, notes=step.notes[:MAX_NOTES]) for step in form.steps)
        events = _bounded_table(form.events) if form.events else None
        return replace(form, steps=steps, events=events)
    if isinstance(form, MonthForm):
        lengths = [len(table.rows) for table in form.tables if table.rows]
        fitting = (each for each in REPORTED if sum(min(length, each) + 3 for length in lengths) <= TWO_PAGES)
        most = next(fitting, REPORTED[-1])
        tables = tuple(_bounded_table(table, most) for table in form.tables)
        return replace(form, tables=tables)
    if isinstance(form, SummaryForm):
        return replace(
            form,
            conditions=_bounded_table(form.conditions, MAX_SERVERS),
            changes=_bounded_table(form.changes, MAX_SERVERS),
            charts=tuple(map(_bounded_chart, form.charts)),
            servers=_bounded_table(form.servers, MAX_SERVERS),
            sums=tuple(map(_bounded_table, form.sums)),
        )
    sections = tuple(_bounded_table(part) if isinstance(part, Table) else part for part in form.sections)
    if isinstance(form, Paper):
        if len(form.signers) > MAX_SIGNERS:
            raise InvalidRecord(
                "too-many-signers",
                "{signers} people sign the paper; there is room for {most}",
                remedy="Nothing was made. Report this as an error in sopctl.",
                signers=len(form.signers),
                most=MAX_SIGNERS,
            )
        return replace(form, sections=sections)
    changes = form.changes
    if changes is not None and len(changes) > MAX_ROWS:
        changes = (*changes[:MAX_ROWS], _more(len(changes) - MAX_ROWS))
    return replace(form, sections=sections, changes=changes)


def _bounded_chart(chart: Chart) -> Chart:
    """The chart with its first bars only, and long names shortened: the table of sums has them in full."""
    bars = (replace(bar, label=shortened(bar.label, MAX_NAME)) for bar in chart.bars[:MAX_BARS])
    return replace(chart, bars=tuple(bars))


def _bounded_table(table: Table, most: int = MAX_ROWS) -> Table:
    width = len(table.columns)
    if not width:
        raise InvalidRecord(
            "table-without-columns",
            "the table {table!r} has no columns",
            remedy="Nothing was made. Report this as an error in sopctl.",
            table=table.title,
        )
    if any(len(row) != width for row in table.rows):
        raise InvalidRecord(
            "table-row-width",
            "a row of the table {table!r} does not have {columns} cells",
            remedy="Nothing was made. Report this as an error in sopctl.",
            table=table.title,
            columns=width,
        )
    if len(table.rows) <= most:
        return table
    rest = (_more(len(table.rows) - most), *("",) * (width - 1))
    return replace(table, rows=(*table.rows[:most], rest))


def _more(count: int) -> str:
    return f"… dan {decimal(count, 0)} lainnya"


def _printable_all(value: Any, limit: int) -> Any:
    """`value` with every string in it made printable; keys are the Structs' field names, and stay."""
    if isinstance(value, str):
        return printable(value, limit)
    if isinstance(value, dict):
        shown = {key: _printable_all(item, _LIMITS.get(key, limit)) for key, item in value.items()}
        return {**shown, "nip": wording.grouped_nip(shown["nip"])} if "nip" in shown else shown
    if isinstance(value, list | tuple):
        return [_printable_all(item, limit) for item in value]
    return value


def _language(form: Form) -> Language:
    return form.language if isinstance(form, HandoverForm | Paper) else "id"


def _words(form: Form, language: Language) -> dict[str, Any]:
    """What a template cannot compute: its own texts in another language, dates in words, and the columns' widths."""
    issued = form.stamp.issued
    day = (form.day if isinstance(form, HandoverForm) else None) or issued
    words: dict[str, Any] = {
        "language": language,
        "page-width": PAGE_WIDTH,
        "english": ENGLISH if language == "en" else {},
        "issued": wording.plain_date(issued, language),
        "weekday": wording.long_date(day, language).partition(",")[0],
        "spelled": wording.spelled_date(day) if language == "id" else wording.plain_date(day, language),
        "numeric": f"{day:%d-%m-%Y}",
        "logo": list(form.letterhead.logo),
        "agency": printable(form.letterhead.agency.upper(), _NAME),
        "office": printable(translated(form.letterhead.office, language).upper(), _NAME),
        "record": " · ".join(
            shortened(part, 36) for part in (form.stamp.deposit_id, form.stamp.document_number) if part
        ),
        "revision": shortened(form.stamp.revision, 16),
        "check": shortened(form.stamp.check_command, 80),
    }
    if isinstance(form, HandoverForm):
        words["agreed"] = [
            {"box": each.box, "name": shortened(printable(each.name, _NAME), 60), "picture": list(each.picture)}
            for each in form.agreed
        ]
    if isinstance(form, Paper):
        title = translated(form.title, language)
        words["heading"] = shortened(title, 60)
        words["short-heading"] = shortened(title, 34)
    if isinstance(form, SopForm):
        words["title"] = printable(form.title.upper(), _NAME)
        words["shares"] = _shares(form.events.columns, form.events.rows) if form.events else []
    if isinstance(form, MonthForm):
        words["month"] = wording.month_name(form.month)
        words["shares"] = [_shares(table.columns, table.rows) for table in form.tables]
    if isinstance(form, SummaryForm):
        words["month"] = wording.month_name(form.month)
    if isinstance(form, InventoryForm):
        words["month"] = wording.month_name(form.month)
        words["signs"] = SIGNS
    return words


def _in_rows(part: dict[str, Any]) -> dict[str, Any]:
    """A part of an inventory form as rows, with the columns' widths in centimetres and what is known of each row before
    it is set. Labelled values are two in a row, each with the sign of where it is from."""
    if part["type"] == "section":
        widths = [LABEL_WIDTH, PAGE_WIDTH / 2 - LABEL_WIDTH] * 2
        pairs = [(field["label"], f"{SIGNS[field['source']]} {field['value']}") for field in part.pop("fields")]
        rows = [[*left, *right] for left, right in zip_longest(pairs[::2], pairs[1::2], fillvalue=("", ""))]
        return {**part, "rows": rows, "widths": widths, "known": [_known(row, widths) for row in rows]}
    shares = _shares(part["columns"], part["rows"])
    widths = [PAGE_WIDTH * share / sum(shares) for share in shares]
    rows = [[cell or "–" for cell in row] for row in part["rows"]]
    told = [_known_marked(row, widths) if at in part["marked"] else _known(row, widths) for at, row in enumerate(rows)]
    if not rows:
        told = [Known()]  # of the one that says so
    head = _known(part["columns"], widths, bold=True)
    return {**part, "rows": rows, "widths": widths, "known": told, "head": head}


def _known(cells: Sequence[str], widths: Sequence[float], *, bold: bool = False) -> Known:
    return known(cells, widths, bold=bold) if _is_measured() else Known()


def _known_marked(row: Sequence[str], widths: Sequence[float]) -> Known:
    """How high a row is that is bold and has a sign before. Its texts are set as if nothing were known."""
    first, *others = row
    return Known(lines=_known([f"▲ {first}", *others], widths, bold=True).lines)


@cache
def _is_measured() -> bool:
    """Has this typst the fonts whose letters are known?"""
    try:
        import typst
    except ImportError:  # `_typeset` reports it
        return False
    return str(getattr(typst, "__version__", "")).startswith(TYPST)


def _shares(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[int]:
    """Each column's share of the page: by its longest cell, within bounds that keep the other columns readable."""
    most = 26 if len(columns) > 4 else 52
    return [max(6, min(most, _longest(column))) for column in zip(columns, *rows, strict=True)]


def _longest(cells: Iterable[str]) -> int:
    return max(len(cell) for cell in cells)


def _qr(command: str) -> str:
    """A QR code (ISO/IEC 18004, level M) as an SVG image."""
    import segno

    if not command:
        raise InvalidRecord(
            "check-command-missing",
            "the check command is empty, so there is nothing for the QR code",
            remedy="Nothing was made. Report this as an error in sopctl.",
        )
    try:
        # All eight masks are readable; trying each takes longer than all other Python code for a form.
        code = segno.make_qr(command.encode("utf-8", "replace"), error="m", mask=0)
    except segno.DataOverflowError:
        raise InvalidRecord(
            "check-command-too-long",
            "the check command is too long for a QR code",
            remedy="Nothing was made. Report this as an error in sopctl.",
        ) from None
    image = BytesIO()
    code.save(image, kind="svg", border=0, xmldecl=False)
    return image.getvalue().decode()


def prepare() -> None:
    """Load what typesetting needs, so that the first form takes no longer than the others."""
    with suppress(ImportError):  # `render` reports what is missing
        import segno  # noqa: F401

        _fonts()
    wording.plain_date(date.min.replace(year=2000))


@cache
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False)


def _compiler() -> Any:
    """typst as it is for all forms. It makes one form at a time, so each thread has its own."""
    import typst

    if not hasattr(_own, "compiler"):
        _own.compiler = typst.Compiler(font_paths=_fonts(), ignore_system_fonts=True)
    return _own.compiler


_own = threading.local()


def _project(template: str, files: dict[str, str]) -> dict[str, bytes]:
    """The files that typst is given, each of them text, beside those in `TEMPLATES`. What it has laid out it uses again
    for the same labels and values of the next form, as long as only files differ: with other `sys.inputs`, everything
    counts as different."""
    return {"main.typ": f'#include "{template}.typ"'.encode(), **{name: text.encode() for name, text in files.items()}}


_PANIC = "PanicException"
"""What typst raises where it fails by a fault of its own: not an Exception, and nothing that can be imported."""


def _typeset(template: str, files: dict[str, str], issued: date) -> bytes:
    with _typst(template):
        made: bytes = _compiler().compile(
            _project(template, files),
            root=TEMPLATES,
            pdf_standards=["a-2b"],
            timestamp=datetime.combine(issued, time(), UTC),
        )
    return made


@contextmanager
def _typst(template: str) -> Iterator[Any]:
    """typst, for the block that asks it about a template. Raises OutsideFailure where it is missing or fails, and
    InvalidRecord where that is for the picture of the logo."""
    try:
        import typst
    except ImportError as error:
        raise OutsideFailure(
            "typst-missing",
            "typst cannot be loaded: {reason}",
            remedy="Install it: pip install typst",
            reason=str(error),
        ) from error
    try:
        yield typst
    except BaseException as error:
        if not isinstance(error, typst.TypstError | RuntimeError | OSError) and type(error).__name__ != _PANIC:
            raise
        if "decode image" in in_words(error):  # what people drew was decoded when it came in
            raise InvalidRecord(
                "logo-not-decoded",
                "the picture of the logo is broken",
                remedy="Save the image again, as PNG or JPEG.",
            ) from error
        raise OutsideFailure(
            "form-not-typeset",
            "typst could not typeset the form: {reason}",
            where=f"{template}.typ",
            remedy="This is a bug in sopctl's template, not in the record. Please report it.",
            reason=printable(str(in_words(error)), 300),
        ) from error
