"""Do two PDFs show the same? Their pages are compared as text and as pixels; annotations are counted apart."""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

from sopctl.errors import missing_extra
from sopctl.model.signing.signatures import Change

MAX_PAGES = 400
MAX_SIDE = 2_000.0
"""Points; an A0 sheet is 3,370 high, and no paper of an office is."""

_SCALE = 1.0
_RGB = 2
"""PDFium's number for three bytes a pixel (FPDFBitmap_BGR)."""
_LONGEST_NAME = 402
"""Bytes of a field's name that is read, and its end."""
_SMALL = 5.0
"""Points²: a signature's box that is smaller shows nothing."""


class Unreadable(Exception):
    """A file that is no PDF that can be shown."""


def compare(issued: bytes, found: bytes) -> tuple[Change, ...]:
    """How `found` differs from `issued` in what its pages show, but for signature boxes that hide nothing. Raises
    Unreadable."""
    one, other = _opened(issued), _opened(found)
    try:
        if len(one) != len(other):
            return ("shadow-content",)
        changes: dict[Change, None] = {}
        for number in range(len(one)):
            for change in _compare(one[number], other[number]):
                changes[change] = None
        return tuple(changes)
    finally:
        one.close()
        other.close()


def text(content: bytes) -> str:
    """What the pages say, without blanks. Raises Unreadable, OutsideFailure where the extra is missing."""
    try:
        document = _opened(content)
    except ImportError:
        raise missing_extra("sign") from None
    try:
        return "".join("".join(page.get_textpage().get_text_range().split()) for page in document)
    finally:
        document.close()


def boxes(content: bytes) -> dict[str, str]:
    """What the boxes of signatures that are seen show, as text, by the names of their fields; empty for a picture.
    Raises Unreadable."""
    document = _opened(content)
    try:
        document.init_forms()  # a signature's box is a field of a form
        found: dict[str, str] = {}
        for number in range(len(document)):
            page = document[number]
            seen = [each for each in _annotations(page, named=True) if each[0].startswith("signature ")]
            if not seen:
                continue
            under = page.get_textpage()
            before = [under.get_text_bounded(*corners).split() for _, corners in seen]
            page.flatten()  # what boxes show becomes a part of the page
            shown = document[number].get_textpage()  # read again
            for (kind, corners), below in zip(seen, before, strict=True):
                words = shown.get_text_bounded(*corners).split()
                if (corners[2] - corners[0]) * (corners[3] - corners[1]) > _SMALL:
                    found[kind.partition(" ")[2]] = " ".join(words if words != below else ())
        return found
    finally:
        document.close()


def picture(content: bytes, page: int) -> bytes:
    """A page (from 1) as a picture (PNG, ISO/IEC 15948), with its signatures. Raises Unreadable."""
    document = _opened(content)
    try:
        document.init_forms()  # a signature's box is a field of a form
        shown = document[page - 1].render(scale=2.0, rev_byteorder=True, force_bitmap_format=_RGB)
        width, height, stride = shown.width, shown.height, shown.stride
        buffer = bytes(shown.buffer)
        rows = b"".join(b"\0" + buffer[at : at + 3 * width] for at in range(0, stride * height, stride))
    finally:
        document.close()
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def height(content: bytes, page: int) -> float:
    """How high a page (from 1) is, in points. Raises Unreadable."""
    document = _opened(content)
    try:
        return float(document[page - 1].get_height())
    finally:
        document.close()


def _opened(content: bytes) -> Any:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise Unreadable(str(error)) from None
    if not 0 < len(document) <= MAX_PAGES:
        raise Unreadable(f"it has {len(document)} pages")
    return document


def _compare(one: Any, other: Any) -> Iterator[Change]:
    if one.get_size() != other.get_size() or max(other.get_size()) > MAX_SIDE:
        yield "shadow-content"
        return
    said, says = one.get_textpage(), other.get_textpage()
    if said.get_text_range() != says.get_text_range() or _pixels(one) != _pixels(other):
        yield "shadow-content"
    known = sorted(_annotations(one))
    for annotation in _annotations(other):
        if annotation in known:
            known.remove(annotation)
            continue
        kind, (left, bottom, right, top) = annotation
        seen = (right - left) * (top - bottom) > _SMALL
        if kind != "signature" or (seen and said.get_text_bounded(left, bottom, right, top).strip()):
            yield "overlay"
    if known:  # one that was there is gone
        yield "more"


def _pixels(page: Any) -> bytes:
    return bytes(page.render(scale=_SCALE, may_draw_forms=False, draw_annots=False).buffer)


def _annotations(page: Any, *, named: bool = False) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    """Each annotation of a page: `signature` (with its field's name, where it is to be `named`) or its PDFium number,
    and its rectangle."""
    from ctypes import byref

    import pypdfium2.raw as pdfium

    for number in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            subtype = pdfium.FPDFAnnot_GetSubtype(annotation)
            box = pdfium.FS_RECTF()
            pdfium.FPDFAnnot_GetRect(annotation, byref(box))
            kind = str(subtype)
            if subtype == pdfium.FPDF_ANNOT_WIDGET and _text_of(annotation, b"FT") == "Sig":
                kind = f"signature {_text_of(annotation, b'T')}" if named else "signature"
            rectangle = (
                min(box.left, box.right),
                min(box.bottom, box.top),
                max(box.left, box.right),
                max(box.bottom, box.top),
            )
            yield kind, rectangle
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)


def _text_of(annotation: Any, key: bytes) -> str:
    """A text of a widget, such as its field's type, as written on it; a field's widget of ours and of other signing
    tools is the field itself."""
    from ctypes import c_ushort

    import pypdfium2.raw as pdfium

    length = pdfium.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if not 2 < length <= _LONGEST_NAME:
        return ""
    buffer = (c_ushort * (length // 2))()
    pdfium.FPDFAnnot_GetStringValue(annotation, key, buffer, length)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")
