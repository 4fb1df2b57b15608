"""From a form to a PDF: the form's text goes to typst as data, the layout is a template of the package.

Typst reads nothing but the `templates` folder, and no template fetches a package. The fonts are the ones inside
the typst wheel, so a form looks the same on every machine. The PDF is PDF/A-2b (ISO 19005-2).
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, time
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from sopctl.adapters.documents import wording
from sopctl.adapters.documents.english import ENGLISH, Language, translated
from sopctl.adapters.documents.forms import Chart, Form, HandoverForm, InventoryForm, Paper, SopForm, SummaryForm, Table
from sopctl.adapters.documents.text import printable, shortened
from sopctl.errors import InvalidRecord, OutsideFailure
from sopctl.model.quantity import decimal

MAX_NOTES = 5
MAX_SIGNERS = 3
MAX_ROWS = 100
"""Rows of one table, or changes; of more, the form says how many there are."""
MAX_SERVERS = 2_000
"""Rows of the tables of a summary of all servers."""
MAX_BARS = 24
"""Of one chart. The table of sums has all."""
MAX_NAME = 44
"""Characters of a bar's name: three lines."""

# Characters of one value, by the part of the form it stands in; more are cut, visibly. What people write may be
# longer than what a machine sends: a server with a hundred disks of hostile names still makes a form to read.
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
    "role": _LABEL,
    "checklist": _WRITTEN,
    "changes": _READ,
    "sections": _READ,
    "rows": _CELL,
    "label": _LABEL,
    "columns": _LABEL,
    "recipient": _NAME,
    "shown": 20,
}

TEMPLATES = Path(__file__).parent / "templates"
_TEMPLATE_OF = {
    HandoverForm: "handover",
    InventoryForm: "inventory",
    Paper: "paper",
    SopForm: "sop",
    SummaryForm: "summary",
}


def render(form: Form) -> bytes:
    """The form as a PDF/A-2b file; the same form gives the same bytes with the same version of typst.

    Text that the fonts cannot show is replaced by its code point, over-long text and tables are cut, visibly.
    Raises InvalidRecord for a month that is none, a table without columns or whose rows do not fit them, an SOP without
    actors or steps, more signers than there is room for, or a check command that is empty or too long for a QR code,
    and OutsideFailure when typst is missing or fails.
    """
    name = _TEMPLATE_OF[type(form)]
    language = _language(form)
    data = _printable_all(translated(msgspec.to_builtins(_bounded(form)), language), _NAME)
    data["words"] = _words(form, language)
    return _typeset(name, msgspec.json.encode(data).decode(), _qr(form.stamp.check_command), form.stamp.issued)


def _bounded(form: Form) -> Form:
    """The form with tables and lists of a length that someone would read."""
    if isinstance(form, HandoverForm):
        return form
    if isinstance(form, SopForm):
        if not form.actors or not form.steps:
            raise InvalidRecord("sop-without-actors-steps-no", "an SOP without actors or steps has no flow table")
        steps = tuple(msgspec.structs.replace(step, notes=step.notes[:MAX_NOTES]) for step in form.steps)
        events = _bounded_table(form.events) if form.events else None
        return msgspec.structs.replace(form, steps=steps, events=events)
    if isinstance(form, SummaryForm):
        return msgspec.structs.replace(
            form,
            changes=_bounded_table(form.changes, MAX_SERVERS),
            charts=tuple(map(_bounded_chart, form.charts)),
            servers=_bounded_table(form.servers, MAX_SERVERS),
            sums=tuple(map(_bounded_table, form.sums)),
        )
    sections = tuple(_bounded_table(part) if isinstance(part, Table) else part for part in form.sections)
    if isinstance(form, Paper):
        if len(form.signers) > MAX_SIGNERS:
            raise InvalidRecord(
                "people-sign-paper",
                "{signers} people sign the paper; there is room for {MAX_SIGNERS}",
                signers=len(form.signers),
                MAX_SIGNERS=MAX_SIGNERS,
            )
        return msgspec.structs.replace(form, sections=sections)
    changes = form.changes
    if changes is not None and len(changes) > MAX_ROWS:
        changes = (*changes[:MAX_ROWS], _more(len(changes) - MAX_ROWS))
    return msgspec.structs.replace(form, sections=sections, changes=changes)


def _bounded_chart(chart: Chart) -> Chart:
    """Its first bars; a long name is cut short, as the table of sums has it in full."""
    bars = (msgspec.structs.replace(bar, label=shortened(bar.label, MAX_NAME)) for bar in chart.bars[:MAX_BARS])
    return msgspec.structs.replace(chart, bars=tuple(bars))


def _bounded_table(table: Table, most: int = MAX_ROWS) -> Table:
    width = len(table.columns)
    if not width:
        raise InvalidRecord("table-no-columns", "the table {title!r} has no columns", title=table.title)
    if any(len(row) != width for row in table.rows):
        raise InvalidRecord(
            "row-table-does-not-cells",
            "a row of the table {title!r} does not have {width} cells",
            title=table.title,
            width=width,
        )
    if len(table.rows) <= most:
        return table
    rest = (_more(len(table.rows) - most), *("",) * (width - 1))
    return msgspec.structs.replace(table, rows=(*table.rows[:most], rest))


def _more(count: int) -> str:
    return f"… dan {decimal(count, 0)} lainnya"


def _printable_all(value: Any, limit: int) -> Any:
    """Every string below `value` made printable; keys are the Structs' own field names."""
    if isinstance(value, str):
        return printable(value, limit)
    if isinstance(value, dict):
        return {key: _printable_all(item, _LIMITS.get(key, limit)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable_all(item, limit) for item in value]
    return value


def _language(form: Form) -> Language:
    return form.language if isinstance(form, HandoverForm | Paper) else "id"


def _words(form: Form, language: Language) -> dict[str, Any]:
    """What a template cannot know: its own words in another language, dates in words, and how wide a table's columns
    want to be."""
    issued = form.stamp.issued
    words: dict[str, Any] = {
        "language": language,
        "english": ENGLISH if language == "en" else {},
        "issued": wording.plain_date(issued, language),
        "weekday": wording.long_date(issued, language).partition(",")[0],
        "spelled": wording.spelled_date(issued) if language == "id" else wording.plain_date(issued, language),
        "numeric": f"{issued:%d-%m-%Y}",
        "agency": printable(form.letterhead.agency.upper(), _NAME),
        "office": printable(translated(form.letterhead.office, language).upper(), _NAME),
        "record": " · ".join(
            shortened(part, 36) for part in (form.stamp.deposit_id, form.stamp.document_number) if part
        ),
        "revision": shortened(form.stamp.revision, 16),
        "check": shortened(form.stamp.check_command, 80),
    }
    if isinstance(form, Paper):
        title = translated(form.title, language)
        words["heading"] = shortened(title, 60)
        words["short-heading"] = shortened(title, 34)
    if isinstance(form, SopForm):
        words["title"] = printable(form.title.upper(), _NAME)
        words["shares"] = _shares(form.events) if form.events else []
    if isinstance(form, SummaryForm):
        words["month"] = wording.month_name(form.month)
    if isinstance(form, InventoryForm):
        words["month"] = wording.month_name(form.month)
        words["shares"] = [_shares(part) if isinstance(part, Table) else [] for part in form.sections]
    return words


def _shares(table: Table) -> list[int]:
    """Each column's share of the page, by its longest cell within bounds that keep the others readable."""
    return [max(6, min(26, _longest(column))) for column in zip(table.columns, *table.rows, strict=True)]


def _longest(cells: Iterable[str]) -> int:
    return max(len(cell) for cell in cells)


def _qr(command: str) -> str:
    """A QR code (ISO/IEC 18004, level M) as an SVG image."""
    import segno

    if not command:
        raise InvalidRecord("check-command-empty", "the check command is empty: the QR code would lead nowhere")
    try:
        # Any of the eight masks can be read; to try them all takes longer than the rest of the form's Python.
        code = segno.make_qr(command.encode("utf-8", "replace"), error="m", mask=0)
    except segno.DataOverflowError:
        raise InvalidRecord("check-command-too-long-qr", "the check command is too long for a QR code") from None
    image = BytesIO()
    code.save(image, kind="svg", border=0, xmldecl=False)
    return image.getvalue().decode()


def prepare() -> None:
    """Load what typesetting needs, so that the first form takes no longer than the others."""
    with suppress(ImportError):  # `render` says what is missing
        import segno  # noqa: F401

        _fonts()
    wording.plain_date(date.min.replace(year=2000))


@cache
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False)


def _typeset(template: str, data: str, qr: str, issued: date) -> bytes:
    try:
        import typst
    except ImportError as error:
        raise OutsideFailure(
            "typst-cannot-loaded",
            "typst cannot be loaded: {error}",
            remedy="Install it: pip install typst",
            error=error,
        ) from error
    try:
        return typst.compile(
            TEMPLATES / f"{template}.typ",
            root=TEMPLATES,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"form": data, "qr": qr},
            pdf_standards=["a-2b"],
            timestamp=datetime.combine(issued, time(), UTC),
        )
    except (typst.TypstError, RuntimeError, OSError) as error:
        raise OutsideFailure(
            "typst-could-not-typeset-form",
            "typst could not typeset the form: {error}",
            where=f"{template}.typ",
            remedy="This is a fault in sopctl's template, not in the record; please report it.",
            error=printable(str(error), 300),
        ) from error
