"""What is found of signatures: a table of what can be done to an issued paper, and the word for each."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

from sopctl.adapters.documents import render
from sopctl.adapters.signing import making
from sopctl.adapters.signing.examining import examine
from sopctl.adapters.signing.making import Box, Look
from sopctl.model.signing.signatures import CHANGES, MEANS, Trust
from tests.adapters.documents import samples
from tests.authority import PASSPHRASE, Authority, Identity, real_now, timestamps

ROWS = yaml.load((Path(__file__).parents[2] / "cases" / "signatures.yml").read_text(), yaml.CSafeLoader)
EVIDENCE = yaml.load((Path(__file__).parents[2] / "cases" / "revocation.yml").read_text(), yaml.CSafeLoader)
ISSUED = render(samples.handover())
FREE = Box(page=1, left=60, bottom=95, width=140, height=8)
"""A place of the sample's page where nothing is written."""
WRITTEN = Box(page=1, left=40, bottom=300, width=500, height=300)


class Bench:
    """The authorities of these tests, and what can be done to a paper."""

    def __init__(self, tsa: str, authority: Authority) -> None:
        self.tsa, self.authority, self.now = tsa, authority, authority.now
        day = timedelta(days=1)
        stranger = Authority(self.now, "Lain")
        self.people: dict[str, Identity] = {
            "sign": authority.signer("Penanggung Jawab Teknis"),
            "countersign": authority.signer("Petugas Pusat Data"),
            "expired": authority.signer("Kedaluwarsa", end=self.now - day),
            "short": authority.signer("Singkat", end=self.now + day),
            "early": authority.signer("Belum", begin=self.now + day),
            "revoked": authority.signer("Dicabut"),
            "revoked-later": authority.signer("Dicabut kemudian"),
            "unknown": stranger.signer("Penanggung Jawab Teknis"),
            "server": authority.server(),
            "program": authority.program(),
            "self": authority.alone("Penanggung Jawab Teknis"),
        }
        authority.revoke(self.people["revoked"], self.now - day)
        authority.revoke(self.people["revoked-later"], self.now + 5 * day)

    def do(self, content: bytes, step: str, number: int) -> bytes:
        """The file after a step of a row."""
        changes: dict[str, Callable[[bytes], bytes]] = {
            "flip": lambda pdf: pdf[:11] + bytes([pdf[11] ^ 1]) + pdf[12:],  # a comment, which no reader shows
            "flip-signature": _flip_signature,
            "shadow": _shadow,
            "overlay": _overlay,
            "action": _action,
            "title": _title,
            "description": _description,
            "box": _box,
            "empty-box": lambda pdf: _box(pdf, drawn=b""),
            "remove": _remove,
            "reading": _reading,
            "element": _element,
            "hybrid": _hybrid,
            "nothing": _update,
            "hidden": lambda pdf: _update(pdf, (_size(pdf), b"<</Hidden true>>")),
            "table": lambda pdf: _update(pdf, (_content_of(pdf), b"<</Length 0>>stream\n\nendstream")),
            "certify": self._certified,
            "look": _look,
            "transplant": self._transplanted,
            "page": _page_more,
            "turn": _turned,
            "short": _short,
            "mangle": _mangle,
            "trail": lambda pdf: pdf + b"\n% more\n",
            "rewrite": _rewrite,
            "unknown-kind": lambda pdf: pdf.replace(b"/ETSI.CAdES.detached", b"/ETSI.XAdES.detached"),
        }
        if step in changes:
            return changes[step](content)
        how, _, who = step.partition("-")
        person = self.people[who if who in self.people else "countersign" if how == "countersign" else "sign"]
        key = making.pkcs12(self.authority.p12(person), PASSPHRASE, "x")
        boxes = {"sign-in-its-box": FREE, "sign-over-text": WRITTEN}
        look = Look(boxes[step], render(samples.paper())) if step in boxes else None
        field = f"field-{number}"
        if how == "stamped":
            return making.sign(content, key, field=field, level="b-t", tsa=self.tsa)
        if how == "archived":
            trust = self.authority.trust()
            return making.sign(content, key, field=field, level="b-lta", tsa=self.tsa, trust=trust)
        return making.sign(content, key, field=field, look=look)

    def _certified(self, content: bytes) -> bytes:
        """Signed as its author's, who lets others fill in and sign."""
        key = making.pkcs12(self.authority.p12(self.people["sign"]), PASSPHRASE, "x")
        about = PdfSignatureMetadata(
            field_name="penulis", subfilter=SigSeedSubFilter.PADES, certify=True, docmdp_permissions=MDPPerm.FILL_FORMS
        )
        out = BytesIO()
        PdfSigner(about, key.handle).sign_pdf(IncrementalPdfFileWriter(BytesIO(content)), output=out)
        return out.getvalue()

    def _transplanted(self, content: bytes) -> bytes:
        """The value of a signature over another document, by the same person."""
        other = self.do(render(samples.paper()), "sign", 0)
        (at, end), (begin, stop) = _value_of(content), _value_of(other)
        return content[:at] + other[begin:stop].rstrip(b"0").ljust(end - at, b"0") + content[end:]

    def trust(self, row: dict[str, Any]) -> Trust:
        days = row.get("list", row.get("days", 0))
        return self.authority.trust(crls=row.get("crls", True), at=self.now + timedelta(days=days))

    def at(self, row: dict[str, Any]) -> datetime:
        return max(real_now(), self.now + timedelta(days=row.get("days", 0)))


def _flip_signature(pdf: bytes) -> bytes:
    """One digit of the signature's value, at the end of what is used of its room."""
    at = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    end = at + len(pdf[at : pdf.index(b">", at)].rstrip(b"0"))
    digit = b"1" if pdf[end - 9 : end - 8] != b"1" else b"2"
    return pdf[: end - 9] + digit + pdf[end - 8 :]


def _writer(pdf: bytes) -> tuple[IncrementalPdfFileWriter, Any]:
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    while "/Kids" in page:
        page = page["/Kids"][0]
    return writer, page


def _written(writer: Any) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _shadow(pdf: bytes) -> bytes:
    """Another page content in an incremental update."""
    writer, page = _writer(pdf)
    stream = generic.StreamObject(stream_data=b"0 0 0 rg 100 400 200 50 re f")
    page[pdf_name("/Contents")] = writer.add_object(stream)
    writer.update_container(page)
    return _written(writer)


def _overlay(pdf: bytes) -> bytes:
    """A white rectangle over the text, as an annotation."""
    writer, page = _writer(pdf)
    box = generic.ArrayObject(map(generic.NumberObject, (50, 300, 540, 600)))
    drawn = generic.StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): box,
        },
        stream_data=b"1 1 1 rg 50 300 490 300 re f",
    )
    square = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/Square"),
            pdf_name("/Rect"): box,
            pdf_name("/F"): generic.NumberObject(4),
            pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): writer.add_object(drawn)}),
        }
    )
    have = list(page["/Annots"]) if "/Annots" in page else []
    page[pdf_name("/Annots")] = generic.ArrayObject([*have, writer.add_object(square)])
    writer.update_container(page)
    return _written(writer)


def _action(pdf: bytes) -> bytes:
    """A script that runs when the file is opened."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    script = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.pdf_string("app.alert(1)")}
    writer.root[pdf_name("/OpenAction")] = writer.add_object(generic.DictionaryObject(script))
    writer.update_root()
    return _written(writer)


def _title(pdf: bytes) -> bytes:
    """Another title, which viewers show above the pages."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    title = generic.DictionaryObject({pdf_name("/Title"): generic.pdf_string("Lain")})
    writer.set_info(writer.add_object(title))
    return _written(writer)


def _description(pdf: bytes) -> bytes:
    """Another title in XMP, which many viewers prefer."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    told = writer.root["/Metadata"].data.replace(b"Formulir", b"Surat")
    named = {pdf_name("/Type"): pdf_name("/Metadata"), pdf_name("/Subtype"): pdf_name("/XML")}
    writer.root[pdf_name("/Metadata")] = writer.add_object(generic.StreamObject(named, stream_data=told))
    writer.update_root()
    vars(writer)["_update_meta"] = lambda: None  # the library would write it from what it has read before
    return _written(writer)


def _box(pdf: bytes, drawn: bytes = b"0 0 1 rg 0 0 140 8 re f") -> bytes:
    """A signature's box in which nobody has signed, with a picture as if somebody had."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    append_signature_field(writer, SigFieldSpec("kosong", box=FREE.corners))
    box = writer.root["/AcroForm"]["/Fields"][-1]
    named: dict[str, object] = {pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form")}
    named[pdf_name("/BBox")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 140, 8)))
    picture = writer.add_object(generic.StreamObject(named, stream_data=drawn))
    box[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): picture})
    return _written(writer)


def _remove(pdf: bytes) -> bytes:
    """The form, and with it its signatures, is gone."""
    writer, page = _writer(pdf)
    page[pdf_name("/Annots")] = generic.ArrayObject()
    writer.update_container(page)
    writer.root[pdf_name("/AcroForm")] = generic.DictionaryObject({pdf_name("/Fields"): generic.ArrayObject()})
    writer.update_root()
    return _written(writer)


def _reading(pdf: bytes) -> bytes:
    """Another structure, which screen readers read in place of the pages."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    writer.root[pdf_name("/StructTreeRoot")] = writer.add_object(generic.DictionaryObject())
    writer.update_root()
    return _written(writer)


def _element(pdf: bytes) -> bytes:
    """The same structure, one object of which says something else."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    structure = writer.root["/StructTreeRoot"]
    structure[pdf_name("/Alt")] = generic.pdf_string("lain")
    writer.update_container(structure)
    return _written(writer)


def _hybrid(pdf: bytes) -> bytes:
    """An object that only readers of PDF 1.5 and later find (ISO 32000-1, 7.5.8.4)."""
    trailer = PdfFileReader(BytesIO(pdf), strict=False).trailer
    size, root, before = (
        trailer["/Size"],
        trailer.raw_get("/Root").idnum,
        int(pdf.rsplit(b"startxref", 1)[1].split()[0]),
    )
    pdf = pdf.rstrip() + b"\n"
    hidden = b"%d 0 obj\n<</Hidden true>>\nendobj\n" % size
    row = b"\1" + len(pdf).to_bytes(4, "big") + b"\0"
    head = b"%d 0 obj\n<</Type/XRef/Size %d/W[1 4 1]/Index[%d 1]/Root %d 0 R/Length 6>>stream\n"
    stream = head % (size + 1, size + 2, size, root) + row + b"\nendstream\nendobj\n"
    at = len(pdf + hidden)
    table = b"xref\n0 1\n0000000000 65535 f \n%d 1\n%010d 00000 n \n" % (size + 1, at)
    end = b"trailer\n<</Size %d /Root %d 0 R /Prev %d /XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n"
    return pdf + hidden + stream + table + end % (size + 2, root, before, at, at + len(stream))


def _size(pdf: bytes) -> int:
    return int(PdfFileReader(BytesIO(pdf), strict=False).trailer["/Size"])


def _content_of(pdf: bytes) -> int:
    """The number of the object that draws the first page."""
    return int(_writer(pdf)[1].raw_get("/Contents").idnum)


def _update(pdf: bytes, *objects: tuple[int, bytes]) -> bytes:
    """An incremental update by hand, with a table of these objects (ISO 32000-1, 7.5.6)."""
    root, before = (
        PdfFileReader(BytesIO(pdf), strict=False).trailer.raw_get("/Root").idnum,
        int(pdf.rsplit(b"startxref", 1)[1].split()[0]),
    )
    made, table = pdf.rstrip() + b"\n", b""
    for number, content in objects:
        table += b"%d 1\n%010d 00000 n \n" % (number, len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    size = max([_size(pdf), *(number + 1 for number, _ in objects)])
    end = b"trailer\n<</Size %d /Root %d 0 R /Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
    return made + b"xref\n" + (table or b"0 0\n") + end % (size, root, before, len(made))


def _look(pdf: bytes) -> bytes:
    """Another picture in the box of a signature."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    box = writer.root["/AcroForm"]["/Fields"][0]
    named: dict[str, object] = {pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form")}
    named[pdf_name("/BBox")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 140, 8)))
    drawn = writer.add_object(generic.StreamObject(named, stream_data=b"0 0 140 8 re f"))
    box[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): drawn})
    writer.update_container(box)
    return _written(writer)


def _page_more(pdf: bytes) -> bytes:
    writer, page = _writer(pdf)
    tree = page["/Parent"]
    more = generic.DictionaryObject(
        {pdf_name("/Type"): pdf_name("/Page"), pdf_name("/Parent"): page.raw_get("/Parent")}
    )
    more[pdf_name("/MediaBox")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 595, 842)))
    tree["/Kids"].append(writer.add_object(more))
    tree[pdf_name("/Count")] = generic.NumberObject(int(tree["/Count"]) + 1)
    writer.update_container(tree)
    return _written(writer)


def _turned(pdf: bytes) -> bytes:
    writer, page = _writer(pdf)
    page[pdf_name("/Rotate")] = generic.NumberObject(180)
    writer.update_container(page)
    return _written(writer)


def _short(pdf: bytes) -> bytes:
    """The last signature's range (ISO 32000-1, 12.8.1) leaves out the end of the file."""
    at = pdf.rindex(b"/ByteRange [") + len(b"/ByteRange [")
    end = pdf.index(b"]", at)
    *first, last = map(int, pdf[at:end].split())
    return pdf[:at] + (b"%d %d %d " % tuple(first) + b"%d" % (last - 10)).ljust(end - at) + pdf[end:]


def _value_of(pdf: bytes) -> tuple[int, int]:
    """Where the last signature's value begins and ends."""
    at = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    return at, pdf.index(b">", at)


def _mangle(pdf: bytes) -> bytes:
    """The beginning of a signature's value is gone."""
    at, _ = _value_of(pdf)
    return pdf[:at] + b"0" * 20 + pdf[at + 20 :]


def _rewrite(pdf: bytes) -> bytes:
    """The same document in other bytes, as a signing service that does not append writes it."""
    return _written(copy_into_new_writer(PdfFileReader(BytesIO(pdf))))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    authority = Authority(real_now())
    with timestamps(authority, tmp_path_factory.mktemp("tsa")) as url:
        yield Bench(url, authority)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_what_is_found(bench: Bench, row: dict[str, Any]) -> None:
    content = ISSUED
    for number, step in enumerate(row["made"]):
        content = bench.do(content, step, number)
    found = examine(content, bench.trust(row), bench.at(row), ISSUED)
    assert not found.problem
    assert [each.word for each in found.signatures] == row["words"]
    assert (found.how, list(found.changes)) == (row["how"], row["changes"])


@pytest.mark.parametrize("row", EVIDENCE, ids=lambda row: row["name"])
def test_any_evidence_of_revocation_counts_and_no_strangers_does(row: dict[str, Any]) -> None:
    """`lists`: of how many days ago, `+` with the signer in it; `answers`: by whom, `+` that it was revoked."""
    authority = Authority(real_now() - timedelta(hours=1), url="http://127.0.0.1:9")  # which nobody asks
    who, day = authority.signer("Penanggung Jawab Teknis"), timedelta(days=1)
    root, _ = authority.crl()
    strange = Authority(authority.now, "Lain")
    by = {"it": None, "responder": authority.responder(), "signer": who, "stranger": strange.responder()}
    lists, answers = [root], []
    for said in row.get("lists", ()):
        days, _, whose = said.partition(" ")
        issuer = strange if whose else authority
        authority.revoked = {who.certificate.serial_number: authority.now - 9 * day} if "+" in said else {}
        lists.append(authority.crl(authority.now - int(days.strip("+")) * day, issuer.middle.key)[1])
    for said in row.get("answers", ()):
        name, _, days = said.strip("+").partition(" ")
        on = authority.now - 9 * day if said.endswith("+") else None
        answers.append(authority.answer(who, by=by[name], revoked=on, days=-int(days or 0)))
    key = making.pkcs12(authority.p12(who), PASSPHRASE, "x")
    trust = Trust((authority.root.der,), (authority.middle.der,), tuple(lists), tuple(answers))
    (found,) = examine(making.sign(ISSUED, key, field="satu"), trust, real_now(), ISSUED).signatures
    assert found.word == row["word"]


def test_an_authority_that_has_expired_is_that(bench: Bench) -> None:
    content, authority = bench.do(ISSUED, "sign", 0), bench.authority
    at = authority.now + timedelta(days=365 * 11)
    (found,) = examine(content, authority.trust(at=at), at, ISSUED).signatures
    assert found.word == "expired"


def test_who_signed_when_and_how_well_is_said(bench: Bench) -> None:
    content = bench.do(bench.do(ISSUED, "stamped", 0), "countersign", 1)
    first, second = examine(content, bench.trust({}), real_now()).signatures
    assert first.signer
    assert (first.signer.cn, first.signer.issuer) == ("Penanggung Jawab Teknis", "Penerbit Uji")
    assert first.signer.certificate == bench.people["sign"].sha256
    assert (first.level, first.time_from, second.level, second.time_from) == ("B-T", "tsa", "B-B", "own-clock")
    assert first.time
    assert abs(first.time - real_now()) < timedelta(minutes=10)


@pytest.mark.parametrize(
    "content",
    [b"", b"no PDF", b"%PDF-1.7\n%%EOF\n", ISSUED[:20_000], ISSUED[:-40], b"%PDF-1.7\n" + b"[" * 50_000],
    ids=["empty", "text", "a head alone", "cut", "its end cut", "nested"],
)
def test_what_is_no_whole_pdf_is_a_problem_never_a_verdict(bench: Bench, content: bytes) -> None:
    found = examine(content, bench.trust({}), real_now(), ISSUED)
    assert found.problem or found.changes
    assert not found.signatures


def test_a_structure_that_goes_in_a_circle_ends(bench: Bench) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(ISSUED))
    structure = writer.root["/StructTreeRoot"]
    structure[pdf_name("/K")] = generic.ArrayObject([writer.root.raw_get("/StructTreeRoot")] * 2)
    writer.update_container(structure)
    content = bench.do(bench.do(_written(writer), "rewrite", 0), "sign", 1)
    assert examine(content, bench.trust({}), real_now(), ISSUED).changes == ("more",)


def test_every_word_has_its_meaning() -> None:
    assert {word for row in ROWS for word in row["words"]} <= set(MEANS)
    assert {change for row in ROWS for change in row["changes"]} <= set(CHANGES)
    assert set(MEANS) - {word for row in ROWS for word in row["words"]} == {"stranger", "weak"}
