"""Pictures that people hand in: what is kept is what is seen, in bounds, and nothing else."""

import random
from contextlib import suppress
from io import BytesIO

import pytest
from PIL import Image
from PIL.Image import Exif

from sopctl.adapters import pictures
from sopctl.errors import InvalidRecord

ORIENTATION, MODEL, GPS = 0x0112, 0x0110, 0x8825


def saved(picture: Image.Image, kind: str = "JPEG", **more: object) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **more)
    return file.getvalue()


def phone_photo(width: int = 4000, height: int = 3000) -> bytes:
    """As a phone writes it: turned, with place, device and a comment; its left half is black."""
    seen = Image.new("RGB", (width, height), "white")
    seen.paste("black", (0, 0, width // 2, height))
    said = Exif()
    said[ORIENTATION], said[MODEL] = 6, "Telepon Rahasia"
    said.get_ifd(GPS)[1] = "S"
    return saved(seen, exif=said, comment=b"di kantor kami")


def test_a_photograph_is_what_is_seen_alone() -> None:
    handed = phone_photo()
    assert b"Telepon Rahasia" in handed
    kept = pictures.photograph(handed + b"<script>alert(1)</script>", "foto.jpg")
    picture = Image.open(BytesIO(kept))
    assert picture.format == "JPEG"
    assert picture.size == (1920, 2560), "upright, and no larger than needed"
    assert not picture.getexif()
    for left_out in (b"Telepon", b"kantor", b"Exif", b"<script>"):
        assert left_out not in kept
    top, bottom = picture.getpixel((900, 300)), picture.getpixel((900, 2200))
    assert (max(top), min(bottom)) == pytest.approx((0, 255), abs=8), "its left half is on top now"  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_pictures_of_every_kind(mode: str) -> None:
    """Each is kept, or refused in a sentence; what is transparent is white."""
    kind = "JPEG" if mode == "CMYK" else "PNG"
    handed = saved(Image.new(mode, (40, 30)), kind)
    kept = Image.open(BytesIO(pictures.photograph(handed, "foto")))
    assert (kept.mode, kept.size) == ("RGB", (40, 30))
    if mode in ("LA", "RGBA"):
        assert kept.getpixel((5, 5)) == (255, 255, 255)


def test_what_is_no_picture_is_refused() -> None:
    """Any bytes, any cut, and pictures of other kinds (readers of rare formats are where the holes are)."""
    whole = phone_photo(400, 300)
    dice = random.Random(1)
    others = [saved(Image.new("RGB", (9, 9)), kind) for kind in ("GIF", "BMP", "TIFF", "WEBP")]
    for handed in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-1.4", *others):
        with pytest.raises(InvalidRecord, match="cannot be read"):
            pictures.photograph(handed, "x")
    for _ in range(60):
        at, spoiled = dice.randrange(len(whole)), bytearray(whole)
        spoiled[at] = dice.randrange(256)
        for handed in (whole[:at], bytes(spoiled)):
            with suppress(InvalidRecord):
                assert Image.open(BytesIO(pictures.photograph(handed, "x"))).format == "JPEG"


def test_pixels_are_bounded_before_they_are_read() -> None:
    """A few KiB may claim hundreds of millions of pixels."""
    bomb = saved(Image.new("1", (8000, 8000)), "PNG")
    assert len(bomb) < 200_000
    with pytest.raises(InvalidRecord, match="8000 by 8000"):
        pictures.photograph(bomb, "x")
    progressive = saved(Image.new("L", (5000, 4000)), progressive=True)
    with pytest.raises(InvalidRecord, match="5000 by 4000"):
        pictures.photograph(progressive, "x")


def test_a_signature_is_its_strokes() -> None:
    drawn = Image.new("RGBA", (1200, 600))
    drawn.paste("black", (200, 200, 500, 210))
    kept = Image.open(BytesIO(pictures.strokes(saved(drawn, "PNG"), "x")))
    assert (kept.format, kept.mode) == ("PNG", "L")
    assert kept.width / kept.height > 20, "cut to what was drawn"
    assert kept.width <= pictures.STROKES[0]


def test_nothing_drawn_is_no_signature() -> None:
    for empty in (Image.new("RGBA", (600, 200)), Image.new("L", (600, 200), 255), Image.new("L", (600, 200), 200)):
        with pytest.raises(InvalidRecord, match="shows nothing"):
            pictures.strokes(saved(empty, "PNG"), "x")
