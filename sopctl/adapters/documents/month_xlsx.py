"""A month's report as a spreadsheet (XLSX): its figures, and each table with all of its rows."""

from sopctl.adapters.documents.forms import MonthForm, Table
from sopctl.adapters.documents.sheets import Workbook, fit_page, put_value, shown
from sopctl.adapters.documents.wording import month_name

_SHEET_NAME = 31
"""How long a sheet's name may be (Excel)."""


def month_xlsx(form: MonthForm) -> bytes:
    """The first sheet has the figures; then a sheet for each table, also for those without rows."""
    book = Workbook(f"Laporan Bulanan Penitipan Server {form.month}")
    sheet, styles = book.book.add_worksheet("Ringkasan"), book.styles
    lines = (form.letterhead.office, f"Laporan Bulanan Penitipan Server, {month_name(form.month)}")
    row = 0
    for text, style in ((lines[0], "bold"), (lines[1], "title"), (f"Nomor: {form.stamp.document_number}", "")):
        sheet.write_string(row, 0, shown(text), styles.get(style))
        row += 1
    for section in form.figures:
        row += 1
        sheet.write_string(row, 0, shown(section.title), styles["bold"])
        for field in section.fields:
            row += 1
            sheet.write_string(row, 0, shown(field.label), styles["cell"])
            put_value(sheet, styles, row, 1, field.value, counted=True)
        row += 1
    for note in form.notes:
        row += 1
        sheet.write_string(row, 0, shown(note))
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 18)
    fit_page(sheet)
    for table in form.tables:
        book.table(_name(table), table)
    return book.close()


def _name(table: Table) -> str:
    return table.title[:_SHEET_NAME].strip()
