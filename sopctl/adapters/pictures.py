"""Pictures that people hand in: read by Pillow within bounds, and rewritten, so that only what is seen is kept.

A phone's photograph says where and when it was taken, by which device; what is kept has none of that. Nothing else
that a file may carry (a thumbnail, a comment, another file behind the picture) outlives being rewritten.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

from sopctl.errors import InvalidRecord, OutsideFailure, with_extra
from sopctl.locale import Prose, Text

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST_SIDE = 2560
"""Pixels of a photograph that is kept: a serial number on a label can be read on it."""
MOST_PIXELS = 170_000_000
"""Of a JPEG: it is read at a fraction of its size (its blocks are scaled as they are decoded), so memory is bounded."""
MOST_PIXELS_WHOLE = 16_000_000
"""Of a PNG or a progressive JPEG, which can only be read whole."""
QUALITY = 85

STROKES = (720, 240)
"""Pixels of a drawn signature that is kept: 6 by 2 cm at 300 dpi."""
DARK = 160
"""A grey below which a pixel is ink (0 is black)."""
LEAST_INK = 60
"""Pixels of ink below which nobody has drawn anything."""


_ONE_AT_A_TIME = threading.BoundedSemaphore(1)
"""Whoever hands in many large pictures waits for each other, and takes no more memory than one."""


def photograph(content: bytes, where: str) -> bytes:
    """A photograph as JPEG: upright, at most `LONGEST_SIDE` pixels wide and high, and nothing but what is seen.

    Raises InvalidRecord for what is no JPEG or PNG, is broken, or has too many pixels.
    """
    with _opened(content, where, (LONGEST_SIDE, LONGEST_SIDE)) as picture:
        return _written(_flat(_upright(picture, (LONGEST_SIDE, LONGEST_SIDE)), "RGB"), "JPEG")


def strokes(content: bytes, where: str) -> bytes:
    """A signature that was drawn, or photographed, as a grey PNG of at most `STROKES` pixels: what paper shows of it.

    Raises InvalidRecord for what is no JPEG or PNG, is broken, or shows nothing.
    """
    with _opened(content, where, STROKES) as picture:
        grey = _flat(_upright(picture, STROKES), "L")
        ink = grey.point([255 if shade < DARK else 0 for shade in range(256)])
        bounds = ink.getbbox()
        if bounds is None or ink.histogram()[255] < LEAST_INK:
            raise InvalidRecord(
                "nothing-drawn",
                "the picture of the signature shows nothing",
                remedy="Sign again with dark ink on a light ground.",
                where=where,
            )
        return _written(grey.crop(bounds), "PNG")


def refuse_broken(content: bytes, where: str) -> None:
    """Raise InvalidRecord unless the content is a JPEG or PNG that can be read to its end."""
    with _opened(content, where, (LONGEST_SIDE, LONGEST_SIDE)):
        pass


@contextmanager
def _opened(content: bytes, where: str, wanted: tuple[int, int]) -> "Iterator[Image]":
    """The picture, read; a JPEG at no more than twice the size that is wanted."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise OutsideFailure(
            "pillow-missing",
            "pictures cannot be read: {reason}",
            remedy=with_extra("page"),
            reason=error,
        ) from error
    try:
        with _ONE_AT_A_TIME, Image.open(BytesIO(content), formats=("JPEG", "PNG")) as picture:
            scaled = picture.format == "JPEG" and "progressive" not in picture.info
            if picture.width * picture.height > (MOST_PIXELS if scaled else MOST_PIXELS_WHOLE):
                raise _unreadable(where, Text("{width} by {height} pixels", width=picture.width, height=picture.height))
            picture.draft(None, wanted)
            picture.load()
            yield picture
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _unreadable(where, Text("no JPEG or PNG, or a broken one")) from error


def _unreadable(where: str, why: Prose) -> InvalidRecord:
    return InvalidRecord(
        "not-a-picture",
        "the picture cannot be read: {why}",
        where=where,
        remedy="Take it again, or save it again as JPEG.",
        why=why,
    )


def _upright(picture: "Image", most: tuple[int, int]) -> "Image":
    """As its camera was held, and no larger than that."""
    from PIL import ImageOps

    found = ImageOps.exif_transpose(picture)
    found.thumbnail(most)
    return found


def _flat(picture: "Image", mode: str) -> "Image":
    """On white: what is transparent would be black elsewhere."""
    from PIL import Image

    clear = picture.convert("RGBA") if "transparency" in picture.info or picture.mode in ("LA", "PA", "RGBA") else None
    if clear is None:
        return picture.convert(mode)
    ground = Image.new("RGBA", clear.size, "white")
    ground.alpha_composite(clear)
    return ground.convert(mode)


def _written(picture: "Image", kind: str) -> bytes:
    """A file of what is seen alone: Pillow would hand on some of what came with the picture."""
    file, clean = BytesIO(), picture.copy()
    clean.info = {}
    clean.save(file, kind, optimize=True, **({"quality": QUALITY} if kind == "JPEG" else {}))
    return file.getvalue()
