"""The finished papers: what stands on every page, and what hostile text cannot do to them."""

import ctypes
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
import segno
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from sopctl.adapters.documents import (
    ChecklistRow,
    Field,
    Form,
    HandoverForm,
    InventoryForm,
    Paper,
    Party,
    Section,
    Table,
    pdf,
    places,
    render,
)
from sopctl.adapters.documents.forms import (
    Bar,
    Chart,
    Letter,
    MonthForm,
    Shape,
    Signer,
    SopArrow,
    SopForm,
    SopStep,
    State,
    SummaryForm,
)
from sopctl.adapters.documents.pdf import MAX_NAME
from sopctl.adapters.documents.text import printable, shortened
from sopctl.adapters.documents.wording import grouped_nip
from sopctl.errors import InvalidRecord, OutsideFailure
from tests.adapters.documents import samples
from tests.adapters.documents.samples import CM, pages, squeezed, text

PAYLOADS = yaml.load((Path(__file__).parents[2] / "cases" / "paper_payloads.yml").read_text(), yaml.CSafeLoader)
FORMS: dict[str, Form] = {
    "handover": samples.handover(),
    "return": samples.handover(returning=True),
    "inventory": samples.inventory(),
    "paper": samples.paper(),
    "sop": samples.sop(),
    "way": samples.sop(legend=True),
    "summary": samples.summary(),
    "month": samples.month(),
}
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
each_template = pytest.mark.parametrize(
    "form",
    [samples.handover(), samples.inventory(), samples.paper(), samples.sop(), samples.summary(3), samples.month()],
    ids=["handover", "inventory", "paper", "sop", "summary", "month"],
)


@each_form
def test_every_page_carries_what_ties_it_to_the_record(form: Form) -> None:
    long = structs.replace(form, stamp=samples.stamp("027/0031/2026"))
    if isinstance(long, InventoryForm):
        long = structs.replace(long, sections=long.sections * 2)
    elif isinstance(long, HandoverForm):
        long = structs.replace(long, items=long.items * 60)
    elif isinstance(long, Paper):
        long = structs.replace(long, sections=long.sections * 12)
    elif isinstance(long, MonthForm):
        long = structs.replace(long, tables=long.tables * 6)
    found = pages(render(long))
    assert len(found) > 1
    for number, page in enumerate(found, start=1):
        words = squeezed(page.get_text_range())
        assert f"Halaman{number}dari{len(found)}" in words
        assert "Keaslian" in words
        assert "Periksa:" in words
        assert "elektronik" not in words  # whether it was signed, and by what, only its signatures can say
        assert "PS-2026-0001·027/0031/2026·revisi3f9a2c1e77" in words
        assert squeezed(samples.CHECK) in words
    assert "DINASKOMUNIKASIDANINFORMATIKA" in squeezed(found[0].get_text_range())


@pytest.fixture(scope="module")
def made_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each form, as another process makes it."""
    folder = tmp_path_factory.mktemp("elsewhere")
    script = (
        "import sys; from pathlib import Path; from tests.adapters.documents.test_pdf import FORMS, render\n"
        "for name, form in FORMS.items(): Path(sys.argv[1], name).write_bytes(render(form))"
    )
    subprocess.run([sys.executable, "-c", script, folder], check=True, cwd=Path(__file__).parents[3])
    return folder


@pytest.mark.parametrize("name", FORMS)
def test_the_same_form_is_the_same_bytes_also_in_another_process(name: str, made_elsewhere: Path) -> None:
    here = render(FORMS[name])
    assert render(FORMS[name]) == here
    assert (made_elsewhere / name).read_bytes() == here


def test_another_form_is_other_bytes() -> None:
    assert render(samples.handover()) != render(samples.handover(returning=True))


@each_form
def test_it_is_pdf_a_2b_with_the_packages_fonts_only(form: Form) -> None:
    made = render(form)
    metadata = made[made.index(b"<x:xmpmeta") : made.index(b"</x:xmpmeta>") + len(b"</x:xmpmeta>")]
    values = {element.tag.rpartition("}")[2]: element.text for element in ET.fromstring(metadata).iter()}
    assert (values["part"], values["conformance"]) == ("2", "B")
    assert {font.partition("+")[2].partition("-")[0] for font in fonts(made)} <= {"LibertinusSerif", "DejaVuSansMono"}


def fonts(made: bytes) -> set[str]:
    texts = (
        part
        for page in pypdfium2.PdfDocument(made)
        for part in page.get_objects([pdfium.FPDF_PAGEOBJ_TEXT])
        if isinstance(part, pypdfium2.PdfTextObj)
    )
    return {part.get_font().get_base_name() for part in texts}


def test_a_small_handover_is_one_page_with_room_to_sign() -> None:
    (page,) = pages(render(samples.handover()))
    _, bottom, _, _ = last(page, samples.HEAD.position)
    _, _, _, top = last(page, samples.HEAD.name)
    assert bottom - top >= 2.2 * CM


def last(page: pypdfium2.PdfTextPage, words: str) -> tuple[float, float, float, float]:
    """Where the first letter of `words` stands the last time: left, bottom, right, top, in points from below left."""
    found = page.search(words, match_whole_word=True)
    at = -1
    while (hit := found.get_next()) is not None:
        at = hit[0]
    assert at >= 0, words
    box: tuple[float, float, float, float] = page.get_charbox(at)
    return box


def test_a_return_says_that_it_is_one() -> None:
    returned, taken = text(render(FORMS["return"])), text(render(FORMS["handover"]))
    assert "FORMULIRSERAHTERIMAPENGEMBALIANBARANG" in returned
    assert "telahmengembalikan" in returned
    assert "telahmengembalikan" not in taken
    assert "Padahariini,Senin,tanggalduapuluhtigabulanNovembertahunduaribuduapuluhenam(23-11-2026)" in taken


def test_a_long_table_repeats_its_head_and_signatures_never_stand_alone() -> None:
    spread = 0
    for items in range(8, 40, 3):
        found = [squeezed(page.get_text_range()) for page in pages(render(samples.handover(items)))]
        with_items = ["CN000" in page for page in found]
        assert ["Kelengkapan" in page for page in found] == with_items
        assert "PIHAKKEDUA," in found[-1]
        assert "Yangdiperiksa" in found[-1], "the head of what was looked at is repeated over its last rows"
        spread = max(spread, sum(with_items))
    assert spread > 1


def ended(kind: str, rows: int) -> Form:  # noqa: PLR0911  # one a kind
    """A form whose last part has so many rows, `BARIS 0` and on."""
    cells = tuple((f"BARIS {no}", "1", "64", "1,9") for no in range(rows))
    table = Table("Menurut rak", ("Rak", "Jumlah", "Memori (GiB)", "Disk (GB)"), cells, "gathered")
    match kind:
        case "summary":
            return structs.replace(samples.summary(8), sums=(table,))
        case "month":
            twelve = tuple(structs.replace(table, rows=cells[at : at + 12]) for at in range(0, rows, 12))
            return structs.replace(samples.month(2), tables=twelve)
        case "paper":
            return structs.replace(samples.paper(), sections=(*samples.paper().sections, table))
        case "fields":
            fields = tuple(Field(name, "nilai", "declared") for name, *_ in cells)
            return structs.replace(samples.paper(), sections=(Section("Isian", fields),))
        case "letter":
            letter = structs.replace(samples.paper(), opening=tuple(name for name, *_ in cells))
            return structs.replace(letter, sections=())
        case "inventory":
            return samples.inventory(changes=tuple(name for name, *_ in cells))
        case _:
            checks = tuple(ChecklistRow(name, "ok", "") for name, *_ in cells)
            return structs.replace(samples.handover(), checklist=checks)


@pytest.mark.parametrize("kind", ["summary", "month", "paper", "fields", "letter", "inventory", "handover"])
def test_nobody_signs_a_page_without_content(kind: str) -> None:
    signs = {"summary": samples.HEAD, "month": samples.HEAD, "handover": samples.HEAD}.get(kind, samples.OFFICER)
    spread = set()
    for rows in (1, 9, 17, 24, 31, 38, 45, *((60, 75) if kind == "summary" else ())):
        found = [squeezed(page.get_text_range()) for page in pages(render(ended(kind, rows)))]
        signed = [at for at, words in enumerate(found) if squeezed(grouped_nip(signs.nip)) in words]
        assert f"BARIS{rows - 1}" in found[signed[-1]], (kind, rows)
        assert sum(f"BARIS{rows - 1}" in words for words in found) == 1, "every row once"
        if head := {"summary": "Memori(GiB)", "month": "Memori(GiB)", "paper": "Memori(GiB)"}.get(kind):
            assert [head in words for words in found if "BARIS" in words] == [True] * sum("BARIS" in w for w in found)
        spread.add(len(found))
    assert len(spread) > 1


@pytest.mark.parametrize("sheet", ["a4", "f4"])
@each_form
def test_the_offices_sheet_and_emblem(form: Form, sheet: Literal["a4", "f4"]) -> None:
    plain = structs.replace(form, letterhead=structs.replace(form.letterhead, sheet=sheet))
    made = render(structs.replace(plain, letterhead=structs.replace(plain.letterhead, logo=samples.LOGO)))
    sizes = {tuple(sorted(round(side / CM, 1) for side in page.get_size())) for page in pypdfium2.PdfDocument(made)}
    assert sizes == {{"a4": (21.0, 29.7), "f4": (21.5, 33.0)}[sheet]}
    images = [sum(1 for _ in page.get_objects([pdfium.FPDF_PAGEOBJ_IMAGE])) for page in pypdfium2.PdfDocument(made)]
    assert images == [1, *([0] * (len(images) - 1))], "on the first page"
    assert_inside(made)


def test_numbers_stand_as_on_cards_and_what_is_missing_is_a_line() -> None:
    (page,) = pages(render(samples.handover()))
    assert page.get_text_range().count("NIP 19850202 201001 2 002") == 1, "below the signature"
    nobody = structs.replace(samples.OWNER, name="", nip="", position="")
    (empty,) = pypdfium2.PdfDocument(render(structs.replace(samples.handover(), first=nobody)))
    assert "NIP 19850202" not in empty.get_textpage().get_text_range()
    assert dotted(empty) == dotted(pypdfium2.PdfDocument(render(samples.handover()))[0]) + 5, "three above, two below"


def shapes(page: pypdfium2.PdfPage) -> list[tuple[tuple[float, float, float, float], tuple[int, int, int]]]:
    """The filled shapes of a page: where they are, and in which colour (RGB)."""
    found = []
    for each in page.get_objects([pdfium.FPDF_PAGEOBJ_PATH]):
        red, green, blue, _ = (ctypes.c_uint() for _ in range(4))
        mode, stroked = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDFPath_GetDrawMode(each.raw, mode, stroked)
        if mode.value != pdfium.FPDF_FILLMODE_NONE:
            pdfium.FPDFPageObj_GetFillColor(each.raw, red, green, blue, _)
            found.append((each.get_bounds(), (red.value, green.value, blue.value)))
    return found


def procedure_of(states: tuple[State, ...] = ("", "", ""), also: tuple[int, ...] = ()) -> SopForm:
    """Three steps: one of all actors in `also` too, a decision with long labels, an end."""
    names: tuple[Shape, ...] = ("terminal", "decision", "terminal")
    steps = tuple(
        SopStep(no, "Kegiatan", 0, shape, "", "1 hari", "", state=state, also=also if no == 1 else ())
        for no, (shape, state) in enumerate(zip(names, states, strict=True), start=1)
    )
    arrows = (SopArrow(1, 2), SopArrow(2, 3, "tersedia"), SopArrow(2, 1, "tidak tersedia"))
    actors = ("Unit Kerja Pemohon", "Kadis Kominfo", "Pelaksana")
    return structs.replace(samples.sop(), actors=actors, steps=steps, arrows=arrows)


def symbols(page: pypdfium2.PdfPage) -> list[tuple[tuple[float, float, float, float], tuple[int, int, int]]]:
    """The flowchart's symbols: what is filled, neither as ink nor as a head of a column, and as large as they are."""
    return [
        (box, colour)
        for box, colour in shapes(page)
        if 1.2 * CM < box[2] - box[0] < 1.9 * CM
        and 0.5 * CM < box[3] - box[1] < 1.4 * CM
        and colour not in ((0, 0, 0), (0xEE, 0xEE, 0xEE))
    ]


def test_both_parties_have_a_symbol_where_both_act() -> None:
    alone, both = (pypdfium2.PdfDocument(render(procedure_of(also=also)))[1] for also in ((), (2,)))
    assert len(symbols(both)) == len(symbols(alone)) + 1
    first, second = sorted(box for box, _ in symbols(both))[0], sorted(box for box, _ in symbols(both))[-1]
    assert second[0] > first[2], "in another column"
    assert any(box[1] == pytest.approx(second[1], abs=1) for box, _ in symbols(both) if box[0] < second[0]), "one row"


def test_the_labels_of_a_decision_are_clear_of_every_symbol() -> None:
    page = pypdfium2.PdfDocument(render(procedure_of()))[1]
    words, drawn = page.get_textpage(), [box for box, _ in symbols(page)]
    for label in ("tersedia", "tidak"):
        found = words.search(label)
        while (hit := found.get_next()) is not None:
            left, bottom, right, top = words.get_charbox(hit[0])
            _, _, right, _ = words.get_charbox(hit[0] + hit[1] - 1)
            assert not [box for box in drawn if left < box[2] and right > box[0] and bottom < box[3] and top > box[1]]


def test_the_states_of_steps_differ_in_grey_and_by_a_mark() -> None:
    page = pypdfium2.PdfDocument(render(procedure_of(states=("visited", "current", ""))))[1]
    greys = sorted(0.3 * red + 0.59 * green + 0.11 * blue for _, (red, green, blue) in symbols(page))
    assert all(lighter - darker > 20 for darker, lighter in pairwise(dict.fromkeys(greys))), greys
    assert len(dict.fromkeys(greys)) == 3
    assert {"✓", "●"} <= set(page.get_textpage().get_text_range())


def test_who_approves_an_sop_is_named_or_has_lines() -> None:
    cover = render(structs.replace(samples.sop(), approver=samples.HEAD))
    assert squeezed(f"{samples.HEAD.position}{samples.HEAD.name}NIP 19800101 200501 1 001") in text(cover)
    empty = pypdfium2.PdfDocument(render(structs.replace(samples.sop(), approver=Party("", "", "Kepala", ""))))[0]
    assert dotted(empty) == 2


def test_a_failed_disk_stands_out_in_grey_too() -> None:
    sound = samples.facts(6)
    disks = tuple(
        structs.replace(disk, health="FAILED!" if at == 3 else "PASSED") for at, disk in enumerate(sound.disks)
    )
    made = render(samples.inventory(structs.replace(sound, disks=disks)))
    grounds = [box for page in pypdfium2.PdfDocument(made) for box, (red, *_) in shapes(page) if 200 < red < 235]
    assert len(grounds) == 6, "one row of six cells"
    assert text(made).count("▲nvme3n1") == 1
    assert "▲nvme" not in text(render(samples.inventory(sound)))


def dotted(page: pypdfium2.PdfPage) -> int:
    """How many dotted lines a page has."""
    shapes = page.get_objects([pdfium.FPDF_PAGEOBJ_PATH])
    return sum(pdfium.FPDFPageObj_GetDashCount(shape.raw) > 0 for shape in shapes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [(None, "Formulirpertama"), ((), "Tidakadaperubahan"), (("RAM: 64 GiB → 32 GiB",), "RAM:64GiB→32GiB")],
)
def test_the_changes_since_last_month(changes: tuple[str, ...] | None, expected: str) -> None:
    assert expected in text(render(samples.inventory(changes=changes)))


def test_twelve_disks_and_eight_networks_fit_two_pages() -> None:
    found = pages(render(samples.inventory(samples.facts(12, 8))))
    assert len(found) == 2
    assert "S64G0011" in text(render(samples.inventory(samples.facts(12, 8))))


@pytest.mark.parametrize("turn", range(0, len(PAYLOADS), 6))
@each_template
def test_hostile_text_is_only_text(form: Form, turn: int) -> None:
    used: list[str] = []
    payloads = [case["text"] for case in PAYLOADS[turn:] + PAYLOADS[:turn]]
    hostile = samples.filled(form, payloads, used)
    made = render(hostile)
    words = text(made).replace("Keterangan", "")  # a head as high as two others stands between their lines
    assert len(used) > 30
    assert [value for value in used if value not in not_on_paper(hostile) and not shown(value, words)] == []
    assert_inside(made)


def not_on_paper(form: Form) -> tuple[str, ...]:
    """Who countersigns, or fills in the inventory, does so with a position but no office."""
    match form:
        case InventoryForm():
            return (form.officer.office,)
        case MonthForm():
            empty = (name for table in form.tables if not table.rows for name in table.columns)  # named under Nihil
            return form.officer.office, form.head.office, *empty
        case SummaryForm():
            return form.officer.office, form.acknowledged.office
        case HandoverForm():
            return (form.acknowledged.office,)
        case Paper():
            return (form.signers[0].party.office,)
        case SopForm():
            return (form.letterhead.contact, form.approver.office)


def shown(value: str, words: str) -> bool:
    """Whether the paper shows `value`: as it is, in the letterhead's capitals, or cut where room is short."""
    forms = (
        *(printable(value, limit) for limit in (120, 60, 20)),
        printable(value.upper(), 120),
        *(shortened(value, length) for length in (MAX_NAME, 36, 16)),
    )
    return any(squeezed(each) in words for each in forms)


@pytest.mark.parametrize("long", ["W" * 10_000, "kata " * 2_000, "😀" * 10_000, "a-/" * 3_000, " " * 10_000])
@each_template
def test_long_text_stays_on_its_page_and_ends(form: Form, long: str) -> None:
    made = render(samples.filled(form, [long], []))
    assert_inside(made)
    assert len(pages(made)) < 40


def assert_inside(made: bytes) -> None:
    """No character reaches into the outer centimetre of a page, where it would be cut off."""
    for page in pypdfium2.PdfDocument(made):
        width, height = page.get_size()
        words = page.get_textpage()
        for left, bottom, right, top in boxes(words):
            assert CM < left <= right < width - CM
            assert 0.5 * CM < bottom <= top < height - 0.5 * CM


def boxes(words: pypdfium2.PdfTextPage) -> Iterator[tuple[float, float, float, float]]:
    for at in range(words.count_rects()):
        yield words.get_rect(at)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=60), min_size=1, max_size=8), st.sampled_from(sorted(FORMS)))
def test_any_text_makes_a_paper(texts: list[str], name: str) -> None:
    assert render(samples.filled(FORMS[name], texts, [])).startswith(b"%PDF-")


def test_more_rows_than_anyone_reads_are_counted() -> None:
    form = samples.inventory(samples.facts(disks=5_000), changes=("x",) * 300)
    words = text(render(form))
    assert "…dan4.900lainnya" in words
    assert "…dan200lainnya" in words


def test_the_qr_code_on_every_page_is_the_check_command() -> None:
    expected = [list(row) for row in segno.make_qr(samples.CHECK.encode(), error="m", mask=0).matrix]
    for page in pypdfium2.PdfDocument(render(samples.inventory())):
        assert modules(page, len(expected)) == expected


def modules(page: pypdfium2.PdfPage, count: int) -> list[list[int]]:
    """The QR code's modules, read off the page's picture: 1.6 cm wide, at the left margin, below the foot's rule."""
    scale = 8.0
    bitmap = page.render(scale=scale, grayscale=True)
    pixels, stride = bytes(bitmap.buffer), bitmap.stride
    left = 2 * CM * scale
    size = 1.6 * CM * scale
    dark = [y for y in range(bitmap.height) if pixels[y * stride + int(left + size / count / 2)] < 128]
    bottom = max(dark) + 1
    centres = [(at + 0.5) * size / count for at in range(count)]
    return [[int(pixels[int(bottom - size + y) * stride + int(left + x)] < 128) for x in centres] for y in centres]


@pytest.mark.parametrize("rows", [(("1", "2"), ("3",)), (("1", "2", "3"),)])
def test_a_table_of_uneven_rows_is_refused(rows: tuple[tuple[str, ...], ...]) -> None:
    form = structs.replace(samples.inventory(), sections=(Table("Disk", ("a", "b"), rows, "gathered"),))
    with pytest.raises(InvalidRecord, match="2 cells"):
        render(form)


def test_a_table_without_columns_is_refused() -> None:
    with pytest.raises(InvalidRecord, match="no columns"):
        render(structs.replace(samples.inventory(), sections=(Table("Disk", (), (), "gathered"),)))


def test_no_month_is_refused() -> None:
    with pytest.raises(InvalidRecord, match="not a month"):
        render(structs.replace(samples.inventory(), month="2026-13"))


def test_an_sop_without_actors_and_a_paper_that_four_sign_are_refused() -> None:
    with pytest.raises(InvalidRecord, match="without actors"):
        render(structs.replace(samples.sop(), actors=()))
    paper = samples.paper()
    with pytest.raises(InvalidRecord, match="4 people sign"):
        render(structs.replace(paper, signers=paper.signers * 4))


def test_a_dossiers_way_ends_with_all_that_happened() -> None:
    rows = tuple((f"{n} November 2026", "08.30", "4", "tidak tersedia", "staf", f"percobaan {n}") for n in range(1, 30))
    events = Table("Riwayat", ("Tanggal", "Pukul", "Langkah", "Hasil", "Oleh", "Catatan"), rows, "declared")
    said = text(render(structs.replace(samples.sop(legend=True), events=events)))
    assert all(f"percobaan{n}" in said for n in range(1, 30))
    assert "Pelaksana" in said
    assert "MutuBaku" in said


@pytest.mark.parametrize("command", ["", "x" * 5_000])
def test_a_command_that_no_qr_code_holds_is_refused(command: str) -> None:
    form = samples.handover()
    with pytest.raises(InvalidRecord, match="QR"):
        render(structs.replace(form, stamp=structs.replace(form.stamp, check_command=command)))


def test_empty_parts_make_a_form_to_fill_by_hand() -> None:
    form = samples.handover()
    nobody = structs.replace(samples.HEAD, name="", nip="", position="", office="")
    made = render(structs.replace(form, first=nobody, second=nobody, acknowledged=nobody, items=(), checklist=()))
    assert "Tidakadapemeriksaanyangdicatat." in text(made)


def test_templates_fetch_no_packages() -> None:
    for template in pdf.TEMPLATES.glob("*.typ"):
        assert '"@' not in template.read_text()


ASKED = pytest.mark.parametrize("ask", [render, places], ids=["the form", "its places for signatures"])
"""What typst is asked about a form."""


@pytest.mark.parametrize(("ask", "begins"), [(render, ""), (places, "failed to compile document: ")])
def test_a_template_that_fails_is_a_clear_error(
    ask: Callable[[Form], object], begins: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "handover.typ").write_text("#unknown()")
    monkeypatch.setattr(pdf, "TEMPLATES", tmp_path)
    said = rf"handover\.typ: typst could not typeset the form: {begins}unknown variable"
    with pytest.raises(OutsideFailure, match=said):
        ask(samples.handover())


@ASKED
def test_a_fault_of_typst_itself_is_a_clear_error_and_the_next_form_is_made(ask: Callable[[Form], object]) -> None:
    """It is no Exception, and would end a worker, and then the command."""
    form = samples.summary()
    chart = Chart("Kapasitas rak", (Bar("A1", -1e308, -1e308, ""),))
    with pytest.raises(OutsideFailure, match=r"summary\.typ: typst could not typeset the form: assertion failed"):
        ask(structs.replace(form, charts=(chart,)))
    assert render(form)


@pytest.mark.parametrize(
    "name", ["../secret.txt", "secret.txt", "/secret.txt", "{folder}/secret.txt", "inside/../../secret.txt"]
)
def test_a_template_reads_nothing_outside_its_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.txt").write_text("rahasia")
    (inside / "handover.typ").write_text(f'#read("{name.format(folder=tmp_path)}")')
    monkeypatch.setattr(pdf, "TEMPLATES", inside)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutsideFailure, match=r"could not typeset the form: (file not found|path .* would escape)"):
        render(samples.handover())


@ASKED
def test_a_missing_typst_says_how_to_get_it(ask: Callable[[Form], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(OutsideFailure, match="pip install typst"):
        ask(samples.handover())


def test_importing_the_package_loads_no_heavy_library() -> None:
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, sopctl.adapters.documents;print(sorted({'typst', 'segno', 'babel'} & set(sys.modules)))",
        ],
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert loaded.stdout == "[]\n"


@pytest.mark.parametrize("rows", [2, 9, 16])
def test_rows_stay_on_the_page_that_has_room_for_them(rows: int) -> None:
    """Where the signatures go on to the next page, they take three rows along and leave no page half empty."""
    named = tuple((f"hal-{number:02}", "semula", "menjadi") for number in range(rows))
    part = Section("Server", tuple(Field(f"Label {number}", "nilai", "declared") for number in range(24)))
    table = Table("Koreksi", ("Hal", "Semula", "Menjadi"), named, "declared")
    signers = tuple(Signer(role, samples.OFFICER) for role in ("Pemilik", "Mengetahui", "Petugas"))
    form = structs.replace(samples.paper(), sections=(part, table), signers=signers)
    found = [page.get_text_range().count("hal-") for page in pages(render(form))]
    assert found == ([2] if rows == 2 else [rows - 3, 3])
    assert {place.page for place in places(form)} == {len(found)}


@pytest.mark.parametrize("servers", range(1, 9, 2))
def test_no_row_is_cut_between_pages(servers: int) -> None:
    """Of a row that was, neither half says whose it is; the second may be a head with nothing below it."""
    summary = samples.summary(servers)
    name = "simperencanaan-penganggaran-pelaporan.bappeda.contoh.example.org (Sistem Informasi Manajemen Terpadu "
    rows = tuple((*row[:2], f"{name}akhir-{row[0]})", *row[3:]) for row in summary.servers.rows)
    form = structs.replace(summary, servers=structs.replace(summary.servers, rows=rows))
    for page in map(samples.squeezed, (page.get_text_range() for page in pages(render(form)))):
        begun = {number for number in range(1, servers + 1) if f"PS-2026-{number:04}simper" in page}
        assert begun == {number for number in range(1, servers + 1) if f"akhir-{number})" in page}


@pytest.mark.parametrize("rows", [30, 60, 62, 90])
def test_a_table_has_one_head_a_page(rows: int) -> None:
    """Where the last rows go on to a page that has others already, they go on below those."""
    checklist = tuple(ChecklistRow(f"hal-{number:02}", "ok", "") for number in range(rows))
    found = [
        (page.get_text_range().count("Yang diperiksa"), re.findall(r"hal-\d\d", page.get_text_range()))
        for page in pages(render(structs.replace(samples.handover(), checklist=checklist)))
    ]
    assert [heads for heads, _ in found] == [1] * len(found)
    assert [name for _, names in found for name in names] == [f"hal-{number:02}" for number in range(rows)]
    assert all(names for _, names in found)


def test_a_row_that_failed_stands_out_in_black_and_white() -> None:
    rows = (("1", "berhasil"), ("2", "gagal"), ("3", "berhasil"))
    for marked in ((1,), (0, 2)):
        table = Table("Media penyimpanan", ("No", "Hasil"), rows, "declared", marked=marked)
        made = text(render(structs.replace(samples.paper(), sections=(table,))))
        assert [("▲" + "".join(row) in made) for row in rows] == [number in marked for number in range(3)]


def test_who_gets_a_copy_of_a_letter_is_named_in_full() -> None:
    letter = Letter("Contoh, 2 November 2026", "Hal", ("Kepala",))
    copies = (f"{'Kepala Subbagian Umum pada ' * 4}Sekretariat, {'Badan Perencanaan Daerah ' * 5}akhir",)
    made = text(render(structs.replace(samples.paper(), sections=(), letter=letter, copies=copies)))
    assert "Daerahakhir" in made
    assert "dipotong" not in made


def test_no_label_of_a_letter_to_fill_in_runs_into_the_next() -> None:
    """The labels of the densest paper each have a line."""
    labels = ("Alamat BMC (iLO, iDRAC; boleh kosong)", "Port layanan")
    parts = tuple(Section(f"Bagian {n}", tuple(Field(each, "", "declared") for each in labels)) for n in range(5))
    page = pages(render(structs.replace(samples.paper(), sections=parts)))[0]
    assert page.get_text_range().replace("\r", "").count(f"{labels[0]}\n") + page.get_text_range().count(
        f"{labels[0]} :"
    ) == len(parts)
