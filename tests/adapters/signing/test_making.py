"""Signing with a PKCS#12 file and with a token (SoftHSM2): what comes out holds, stays PDF/A and small; what goes wrong
is said."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.stamp import TextStampStyle
from pypdfium2 import raw as pdfium

from sopctl.adapters.documents import appearance, places, render
from sopctl.adapters.signing import making, pages
from sopctl.adapters.signing.examining import examine
from sopctl.errors import InvalidRecord, OutsideFailure, UsageError
from tests.adapters.documents import samples
from tests.authority import MODULE, PASSPHRASE, PIN, Authority, a_token, real_now, timestamps

FORM = samples.handover()
ISSUED = render(FORM)
NOW = real_now()
AUTHORITY = Authority(NOW)
WHO = AUTHORITY.signer("Petugas Pusat Data")


def look(number: int = 0) -> making.Look:
    place = places(FORM)[number]
    box = making.Box(place.page, place.left, place.bottom, place.width, place.height)
    return making.Look(box, appearance("Petugas Pusat Data", "26-11-2026 10.00 WIB", "Diterbitkan oleh Penerbit Uji"))


def key() -> making.Key:
    return making.pkcs12(AUTHORITY.p12(WHO), PASSPHRASE, "petugas.p12")


def test_a_signature_is_seen_in_the_forms_own_box_and_both_fit_200_kb() -> None:
    content = ISSUED
    for number, field in enumerate(("satu", "dua")):
        content = making.sign(content, key(), field=field, look=look(number))
    found = examine(content, AUTHORITY.trust(), real_now(), ISSUED)
    assert [each.word for each in found.signatures] == ["good", "good"]
    assert not found.changes, "no box hides text"
    assert len(content) <= 200_000
    page = pypdfium2.PdfDocument(content)[0]
    boxes = []
    for number in range(pdfium.FPDFPage_GetAnnotCount(page)):
        rectangle = pdfium.FS_RECTF()
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        pdfium.FPDFAnnot_GetRect(annotation, rectangle)
        pdfium.FPDFPage_CloseAnnot(annotation)
        boxes.append((rectangle.left, rectangle.right))
    assert len(boxes) == 2
    first, second = places(FORM)[:2]
    assert first.left <= boxes[0][0] <= boxes[0][1] <= first.left + first.width
    assert second.left <= boxes[1][0] <= boxes[1][1] <= second.left + second.width


def _objects(reader: PdfFileReader) -> Iterator[Any]:
    """Every object of a file, and those that stand in others."""
    refs = {
        ref for number in range(reader.xrefs.total_revisions) for ref in reader.xrefs.explicit_refs_in_revision(number)
    }
    for ref in sorted(refs, key=lambda each: each.idnum):
        left = [reader.get_object(ref)]
        while left:
            found = left.pop()
            yield found
            if isinstance(found, generic.DictionaryObject):
                left += [found.raw_get(key) for key in found if not _refers(found.raw_get(key))]
            elif isinstance(found, generic.ArrayObject):
                left += [each for each in map(found.raw_get, range(len(found))) if not _refers(each)]


def _refers(thing: Any) -> bool:
    return isinstance(thing, generic.IndirectObject)


def not_pdf_a(content: bytes) -> Iterator[str]:
    """What of a file's structure is not as PDF/A-2b has it (ISO 19005-2), as far as signing could break it. No
    validator of the standard is in the package registries for Python, Node or Debian; veraPDF is a program in Java."""
    reader = PdfFileReader(BytesIO(content))
    root, trailer = reader.root, reader.trailer
    metadata = root["/Metadata"].data.decode()
    said = dict(re.findall(r"pdfaid:(part|conformance)(?:>|=\")([^<\"]+)", metadata))  # as elements, or as attributes
    if said != {"part": "2", "conformance": "B"}:
        yield "6.6.4: the metadata do not say PDF/A-2b"
    if root["/OutputIntents"][0]["/S"] != "/GTS_PDFA1" or "/DestOutputProfile" not in root["/OutputIntents"][0]:
        yield "6.2.3: no output intent"
    if "/Encrypt" in trailer or "/ID" not in trailer:
        yield "6.1.3: encrypted, or without an ID"
    if "/AcroForm" in root and ("/XFA" in root["/AcroForm"] or "/NeedAppearances" in root["/AcroForm"]):
        yield "6.4: a form that viewers draw"
    for each in _objects(reader):
        if isinstance(each, generic.DictionaryObject):
            yield from _wrong(each)


def _wrong(each: Any) -> Iterator[str]:
    kind, sub = each.get("/Type"), each.get("/Subtype")
    if kind == "/Font" and sub not in ("/Type0", "/Type3"):
        files = {"/FontFile", "/FontFile2", "/FontFile3"}
        if "/FontDescriptor" not in each or not files & set(each["/FontDescriptor"]):
            yield f"6.2.11.4: the font {each.get('/BaseFont')} is not embedded"
    if each.get("/SMask", "/None") != "/None" or {each.get("/ca", 1), each.get("/CA", 1)} - {1}:
        yield "6.2.10: transparency"
    if each.get("/S") in ("/JavaScript", "/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData") or "/AA" in each:
        yield f"6.5.1: an action, {each.get('/S')}"
    if sub == "/Widget":
        left, bottom, right, top = map(float, each["/Rect"])
        if int(each.get("/F", 0)) & 0b100111 != 0b100:
            yield f"6.3.2: an annotation that is not printed, {each.get('/F')}"
        if (right - left) * (top - bottom) > 0 and "/N" not in each.get("/AP", {}):
            yield "6.3.3: an annotation without an appearance"
    if each.get("/Filter") == "/LZWDecode" or (isinstance(each, generic.StreamObject) and "/F" in each):
        yield "6.1.7: a stream that is kept elsewhere, or by LZW"


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("level", ["b-b", "b-lta"])
def test_a_signed_paper_keeps_what_makes_it_pdf_a(tmp_path: Path, level: making.Wanted, *, seen: bool) -> None:
    assert list(not_pdf_a(ISSUED)) == []
    content = ISSUED
    with timestamps(AUTHORITY, tmp_path) as url:
        for number, field in enumerate(("satu", "dua")):
            shown = look(number) if seen else None
            trust = AUTHORITY.trust()
            content = making.sign(content, key(), field=field, look=shown, level=level, tsa=url, trust=trust)
    assert content.startswith(ISSUED)
    assert list(not_pdf_a(content)) == []


def test_what_would_break_pdf_a_is_found() -> None:
    writer = IncrementalPdfFileWriter(BytesIO(ISSUED))
    spec = SigFieldSpec("teks", on_page=0, box=(60, 95, 200, 140))
    style = TextStampStyle(stamp_text="%(signer)s", background_opacity=0.5)
    out = BytesIO()
    metadata = signers.PdfSignatureMetadata(field_name="teks")
    signers.PdfSigner(metadata, key().handle, stamp_style=style, new_field_spec=spec).sign_pdf(writer, output=out)
    assert any("is not embedded" in each for each in not_pdf_a(out.getvalue()))


def test_a_preview_is_a_picture_of_the_page() -> None:
    signed = making.sign(ISSUED, making.trial("Nama"), field="contoh", look=look())
    picture = pages.picture(signed, 1)
    assert picture.startswith(b"\x89PNG")
    assert picture != pages.picture(ISSUED, 1)


def test_levels_need_an_authority_of_time() -> None:
    with pytest.raises(UsageError, match="timestamp authority"):
        making.sign(ISSUED, key(), field="satu", level="b-t")


def test_an_authority_of_time_that_gives_none_signs_nothing(tmp_path: Path) -> None:
    with timestamps(AUTHORITY, tmp_path) as url:
        pass
    with pytest.raises(OutsideFailure, match="gave no answer"):
        making.sign(ISSUED, key(), field="satu", level="b-t", tsa=url)


def test_for_the_archive_nothing_may_be_unknown(tmp_path: Path) -> None:
    with timestamps(AUTHORITY, tmp_path) as url, pytest.raises(OutsideFailure, match="could not be signed"):
        making.sign(ISSUED, key(), field="satu", level="b-lta", tsa=url, trust=AUTHORITY.trust(crls=False))


@pytest.mark.parametrize(
    "content", [AUTHORITY.p12(WHO, "lain"), b"", b"\x30\x03\x02\x01\x00"], ids=["other", "empty", "no"]
)
def test_another_passphrase_and_no_key_are_the_same_to_say(content: bytes) -> None:
    with pytest.raises(InvalidRecord, match="does not open") as refused:
        making.pkcs12(content, PASSPHRASE, "petugas.p12")
    assert PASSPHRASE not in str(refused.value)


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A token with the key and its certificate."""
    with a_token(WHO, tmp_path_factory.mktemp("softhsm")) as label:
        yield label


def test_a_token_signs(token: str) -> None:
    with making.pkcs11(MODULE, token, "kunci", PIN) as mine:
        assert mine.signer.certificate == WHO.sha256
        content = making.sign(ISSUED, mine, field="satu")
    found = examine(content, AUTHORITY.trust(), real_now(), ISSUED)
    assert [each.word for each in found.signatures] == ["good"]


def test_tokens_of_one_holder_are_told_apart(token: str, tmp_path: Path) -> None:
    with a_token(WHO, tmp_path) as other:
        assert other != token
        for label in (token, other):
            with making.pkcs11(MODULE, label, "kunci", PIN) as mine:
                assert mine.signer.certificate == WHO.sha256


@pytest.mark.parametrize(
    ("module", "label", "pin", "says"),
    [
        (MODULE, "kunci", "9999", "refuses the PIN"),
        (MODULE, "bukan", PIN, "no key with a certificate"),
        ("/nonexistent/module.so", "kunci", PIN, "cannot be opened"),
    ],
)
def test_what_a_token_refuses_is_said_without_the_pin(token: str, module: str, label: str, pin: str, says: str) -> None:
    with (
        pytest.raises((InvalidRecord, OutsideFailure), match=says) as refused,
        making.pkcs11(module, token, label, pin),
    ):
        pass
    assert pin not in str(refused.value)
