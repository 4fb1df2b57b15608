"""Papers for an office to edit: a form as a paper of plain parts, and as an HTML page (as a spreadsheet: xlsx.py).

Text of strangers is never markup, and the page loads nothing.
"""

from base64 import b64encode
from collections.abc import Iterator
from itertools import groupby

import msgspec
from msgspec.structs import replace

from sopctl.adapters.documents import wording
from sopctl.adapters.documents.english import say, translated
from sopctl.adapters.documents.forms import Field, HandoverForm, InventoryForm, Paper, Section, Signer, Table
from sopctl.adapters.documents.text import clean

CLOSING = "Demikian berita acara serah terima ini dibuat dalam rangkap 2 (dua) untuk dipergunakan sebagaimana mestinya."


def as_paper(form: HandoverForm) -> Paper:
    """A hand-over form as a paper of plain parts."""
    verb = "mengembalikan" if form.returning else "menyerahkan"
    sentence = f"Pada hari {{day}}, bertempat di {{place}}, PIHAK PERTAMA {verb} barang berikut kepada PIHAK KEDUA."
    day = wording.long_date(form.day or form.stamp.issued, form.language)
    parties = tuple(
        Section(
            title,
            (
                Field("Nama", party.name, "declared"),
                Field("NIP", wording.grouped_nip(party.nip), "declared"),
                *((Field("Pangkat", party.rank, "declared"),) if party.rank else ()),
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
    remarks = (Table("Catatan", ("Keterangan",), tuple((each,) for each in form.remarks), "declared"),)
    return Paper(
        letterhead=form.letterhead,
        stamp=form.stamp,
        title="Formulir Serah Terima " + ("Pengembalian Barang" if form.returning else "Barang"),
        opening=(say(sentence, form.language, day=day, place=form.place),),
        sections=(*parties, items, *(remarks if form.remarks else ()), *_checklists(form)),
        closing=(CLOSING,),
        signers=(
            Signer("PIHAK KEDUA", form.second),
            Signer("Mengetahui", form.acknowledged),
            Signer("PIHAK PERTAMA", form.first),
        ),
        language=form.language,
    )


SIGNS = {"gathered": "●", "declared": "○", "needs-root": "△", "not-available": "–"}
"""The signs that tell where a value is from, as on the PDF (templates/inventory.typ)."""


def inventory_paper(form: InventoryForm) -> Paper:
    """An inventory form as a paper of plain parts; each value has the sign that tells where it is from."""
    legend = "● dibaca dari server · ○ dinyatakan dalam surat atau berkas · △ perlu akses root · – tidak tersedia"
    changes = "Perubahan sejak bulan lalu"
    listed = form.changes
    if not listed:
        listed = ("Formulir pertama; belum ada pembanding." if listed is None else "Tidak ada perubahan.",)
    return Paper(
        letterhead=form.letterhead,
        stamp=form.stamp,
        title="Formulir Data Inventarisasi Server",
        opening=(f"Bulan: {wording.month_name(form.month)}", f"Server: {form.server_name}", f"Asal data: {legend}"),
        sections=(
            *(_signed(part) for part in form.sections),
            Table(changes, ("No", changes), tuple((str(no), line) for no, line in enumerate(listed, 1)), "gathered"),
        ),
        closing=(f"Data di atas dicatat menurut keadaan pada {wording.plain_date(form.stamp.issued)}.",),
        signers=(Signer("Petugas inventarisasi", form.officer),),
    )


def _signed(part: Section | Table) -> Section | Table:
    if isinstance(part, Section):
        fields = (replace(each, value=f"{SIGNS[each.source]} {each.value}") for each in part.fields)
        return replace(part, fields=tuple(fields))
    absent = {"needs-root": "perlu akses root", "not-available": "tidak tersedia"}.get(part.source, "tidak ada")
    rows = part.rows or ((absent, *("",) * (len(part.columns) - 1)),)
    return replace(part, title=f"{part.title} {SIGNS[part.source]}", rows=rows)


def _checklists(form: HandoverForm) -> Iterator[Table]:
    """The results of the inspection, one table per server."""
    for server, rows in groupby(form.checklist, key=lambda row: row.server):
        title = say("Hasil pemeriksaan", form.language) + (f": {server}" if server else "")
        columns = ("No", "Yang diperiksa", "Hasil", "Keterangan")
        cells = tuple((str(no), row.item, row.result, row.note) for no, row in enumerate(rows, start=1))
        yield Table(title, columns, cells, "declared")


def to_html(paper: Paper) -> bytes:
    """The paper as a self-contained HTML page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from sopctl.adapters.documents.pdf import TEMPLATES

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    image = paper.letterhead.logo
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    logo = f"data:image/{kind};base64,{b64encode(image).decode()}" if image else ""
    plain = replace(paper, letterhead=replace(paper.letterhead, logo=b""))
    data = clean(translated(msgspec.to_builtins(plain), paper.language))
    page = environment.get_template("paper.html")
    words = {"say": lambda text: say(text, paper.language), "nip": wording.grouped_nip}
    return page.render(paper=data, logo=logo, **words).encode()
