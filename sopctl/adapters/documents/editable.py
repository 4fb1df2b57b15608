"""Papers that an office edits: the same content as the PDF, as a spreadsheet (XLSX) or a page (HTML).

What strangers wrote is text in both: a cell is never a formula, a page never markup, and neither loads anything.
"""

from io import BytesIO
from typing import Any

import msgspec

from sopctl.adapters.documents import wording
from sopctl.adapters.documents.forms import Field, HandoverForm, Paper, Section, Signer, Table
from sopctl.adapters.documents.text import printable

_LONG = 2000


def as_paper(form: HandoverForm) -> Paper:
    """A hand-over form as a paper of plain parts."""
    day = wording.long_date(form.stamp.issued)
    verb = "mengembalikan" if form.returning else "menyerahkan"
    parties = tuple(
        Section(
            title,
            (
                Field("Nama", party.name, "declared"),
                Field("NIP", party.nip, "declared"),
                Field("Jabatan", party.position, "declared"),
                Field("Instansi", party.office, "declared"),
            ),
        )
        for title, party in (("PIHAK PERTAMA", form.first), ("PIHAK KEDUA", form.second))
    )
    items = Table(
        "Barang",
        ("No", "Nama barang", "Merk/tipe", "Nomor seri", "Jml", "Satuan", "Kondisi", "Kelengkapan", "Keterangan"),
        tuple(
            (
                str(no),
                i.description,
                i.brand_model,
                i.serial,
                str(i.quantity),
                i.unit,
                i.condition,
                i.completeness,
                i.note,
            )
            for no, i in enumerate(form.items, start=1)
        ),
        "declared",
    )
    checklist = Table(
        "Hasil pemeriksaan",
        ("No", "Yang diperiksa", "Hasil", "Keterangan"),
        tuple((str(no), row.item, row.result, row.note) for no, row in enumerate(form.checklist, start=1)),
        "declared",
    )
    return Paper(
        letterhead=form.letterhead,
        stamp=form.stamp,
        title="Formulir Serah Terima " + ("Pengembalian Barang" if form.returning else "Barang"),
        opening=(
            f"Pada hari {day}, bertempat di {form.place}, PIHAK PERTAMA {verb} barang berikut kepada PIHAK KEDUA.",
        ),
        sections=(*parties, items, checklist),
        closing=("Dibuat dalam rangkap 2 (dua) untuk dipergunakan sebagaimana mestinya.",),
        signers=(
            Signer("PIHAK KEDUA", form.second),
            Signer("Mengetahui", form.acknowledged),
            Signer("PIHAK PERTAMA", form.first),
        ),
    )


def to_html(paper: Paper) -> bytes:
    """The paper as one HTML page that needs nothing else."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from sopctl.adapters.documents.pdf import TEMPLATES

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    data = _clean(msgspec.to_builtins(paper))
    return environment.get_template("paper.html").render(paper=data).encode()


def to_xlsx(paper: Paper) -> bytes:
    """The paper as a spreadsheet of one sheet; every cell is text."""
    import xlsxwriter

    data = _clean(msgspec.to_builtins(paper))
    file = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(file, options)
    book.set_properties({"title": data["title"], "keywords": f"sopctl-record={paper.stamp.deposit_id}"})
    sheet = book.add_worksheet("Formulir")
    bold = book.add_format({"bold": True})
    title = book.add_format({"bold": True, "font_size": 14})
    cell = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#EEEEEE"})
    row = 0

    def line(text: str, style: object = None) -> None:
        nonlocal row
        sheet.write_string(row, 0, text, style)
        row += 1

    line(data["letterhead"]["agency"])
    line(data["letterhead"]["office"], bold)
    line(data["letterhead"]["address"])
    row += 1
    line(data["title"], title)
    line(f"Nomor: {data['stamp']['document_number']}")
    for text in data["opening"]:
        line(text)
    for part in data["sections"]:
        row += 1
        line(part["title"], bold)
        rows = [[f["label"], f["value"]] for f in part["fields"]] if part["type"] == "section" else part["rows"]
        for column, name in enumerate(part.get("columns", ())):
            sheet.write_string(row, column, name, head)
        row += bool(part.get("columns"))
        for values in rows:
            for column, value in enumerate(values):
                sheet.write_string(row, column, value, cell)
            row += 1
    row += 1
    for text in data["closing"]:
        line(text)
    for signer in data["signers"]:
        row += 1
        line(signer["role"], bold)
        row += 2
        line(signer["party"]["name"] or "(………………………………)")
        line(f"NIP {signer['party']['nip']}" if signer["party"]["nip"] else "")
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 8, 22)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    book.close()
    return file.getvalue()


def _clean(value: object) -> Any:
    if isinstance(value, str):
        return printable(value, _LONG)
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
