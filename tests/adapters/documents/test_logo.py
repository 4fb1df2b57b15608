"""Which images may be the emblem in the letterhead."""

from collections.abc import Callable

import pytest
from msgspec import structs

from sopctl.adapters.documents import Form, logo, places, render
from sopctl.errors import InvalidRecord
from tests.adapters.documents import samples
from tests.adapters.documents.samples import BROKEN_LOGO, LOGO, png


def jpeg(width: int, height: int, components: int = 3, before: bytes = b"\xff\xe0\x00\x04ab") -> bytes:
    """The head of a JPEG image (ITU-T T.81), without its picture."""
    frame = bytes((8, *height.to_bytes(2), *width.to_bytes(2), components)) + bytes(3 * components)
    return b"\xff\xd8" + before + b"\xff\xc0" + (len(frame) + 2).to_bytes(2) + frame + b"\xff\xd9"


@pytest.mark.parametrize("content", [LOGO, png(50, 1200), png(60, 60, colours=0), jpeg(200, 240), jpeg(99, 99, 1)])
def test_an_emblem_is_taken(content: bytes) -> None:
    logo.refuse(content, "lambang.png")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "logo-not-an-image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo-not-an-image"),
        (b"GIF89a" + bytes(100), "logo-not-an-image"),
        (LOGO[:40], "logo-not-an-image"),
        (LOGO[:-20], "logo-not-an-image"),
        (jpeg(200, 200)[:12], "logo-not-an-image"),
        (jpeg(200, 200, before=b"\xff\xe0\x00\x00"), "logo-not-an-image"),
        (b"\xff\xd8" + b"\xff\xe0\x00\x02" * 16_000, "logo-not-an-image"),
        (png(49, 200), "logo-size"),
        (png(200, 1201), "logo-size"),
        (jpeg(65535, 65535), "logo-size"),
        (LOGO[:-12] + bytes(logo.MAX_BYTES) + LOGO[-12:], "logo-size"),
        (jpeg(200, 200, 4), "logo-colours"),
    ],
)
def test_what_no_paper_can_hold_is_refused(content: bytes, error: str) -> None:
    with pytest.raises(InvalidRecord) as caught:
        logo.refuse(content, "lambang.png")
    assert (caught.value.id, caught.value.where) == (error, "lambang.png")
    assert caught.value.remedy


@pytest.mark.parametrize("ask", [render, places])
@pytest.mark.parametrize("content", [BROKEN_LOGO, jpeg(200, 200)])
def test_an_image_that_cannot_be_decoded_is_named(content: bytes, ask: Callable[[Form], object]) -> None:
    """Its head says that all is well; its picture is broken."""
    logo.refuse(content, "lambang.png")
    form = samples.paper()
    with pytest.raises(InvalidRecord) as caught:
        ask(structs.replace(form, letterhead=structs.replace(form.letterhead, logo=content)))
    assert caught.value.id == "logo-not-decoded"
