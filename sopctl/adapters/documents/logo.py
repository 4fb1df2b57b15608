"""The office's emblem (lambang) for the letterhead: a PNG or JPEG image, small enough for every paper to hold."""

import struct
from typing import NamedTuple

from sopctl.errors import InvalidRecord
from sopctl.locale import Text

MAX_BYTES = 64 * 1024
"""Every paper holds a copy, and so does its data: a signed form stays below 200 KB."""
SIDES = (50, 1200)
"""The fewest and the most pixels of a side: 2 cm in print are 240 at 300 dpi."""
_REMEDY = Text(
    "Give a PNG or JPEG image of at most {kib} KiB, {least} to {most} pixels wide and high, in colour (RGB) or grey.",
    kib=MAX_BYTES // 1024,
    least=SIDES[0],
    most=SIDES[1],
)
_PNG = b"\x89PNG\r\n\x1a\n"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers that begin a frame (ITU-T T.81, table B.1)."""


class _Found(NamedTuple):
    """What an image's head says: its size in pixels, and how many components a JPEG has (0: does not matter)."""

    width: int
    height: int
    components: int = 0


def refuse(content: bytes, where: str) -> None:
    """Raise InvalidRecord unless `content` can be printed as an emblem, by its size, kind and what its head says."""
    found = None
    if content.startswith(_PNG):
        found = _png(content)
    elif content.startswith(b"\xff\xd8\xff"):
        found = _jpeg(content)
    if found is None:
        raise InvalidRecord("logo-not-an-image", "the logo is no PNG or JPEG image", where=where, remedy=_REMEDY)
    least, most = SIDES
    if len(content) > MAX_BYTES or not (least <= found.width <= most and least <= found.height <= most):
        raise InvalidRecord(
            "logo-size",
            "the logo has {width} by {height} pixels and {bytes} bytes",
            where=where,
            remedy=_REMEDY,
            width=found.width,
            height=found.height,
            bytes=len(content),
        )
    if found.components not in (0, 1, 3):
        raise InvalidRecord(
            "logo-colours", "the logo's colours are those of a press (CMYK)", where=where, remedy=_REMEDY
        )


def _png(content: bytes) -> _Found | None:
    """The header chunk comes first (ISO/IEC 15948, 11.2.2), the end chunk last."""
    if len(content) < 45 or content[12:16] != b"IHDR" or b"IEND" not in content[-64:]:
        return None
    return _Found(*struct.unpack(">II", content[16:24]))


def _jpeg(content: bytes) -> _Found | None:
    """The first frame header, found from marker to marker."""
    at = 2
    while at + 10 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return _Found(width, height, content[at + 9])
        if length < 2:
            return None
        at += 2 + length
    return None
