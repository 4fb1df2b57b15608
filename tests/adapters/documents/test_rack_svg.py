"""A rack as a picture: well-formed whatever the labels say."""

from xml.etree import ElementTree

import pytest

from sopctl.adapters.documents.rack_svg import Box, Gauge, rack_svg
from tests.cases import rows

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("row", rows("paper_payloads"), ids=lambda row: repr(row["text"])[:30])
def test_labels_are_text_and_never_markup(row: dict[str, str]) -> None:
    drawn = rack_svg(row["text"], 4, [Box(1, 2, "both", "placed", row["text"])], [Gauge(row["text"], 1, 2, "W")])
    svg = ElementTree.fromstring(drawn)
    kinds = {element.tag.removeprefix(SVG) for element in svg.iter()}
    assert kinds <= {"svg", "title", "rect", "text"}
    assert all(
        set(element.attrib) <= {"x", "y", "width", "height", "fill", "stroke", "font-size", "font-family"}
        for element in svg.iter()
    )


def test_boxes_lie_where_their_units_are() -> None:
    drawn = rack_svg("A1", 10, [Box(3, 2, "rear", "reserved", "PS-1"), Box(1, 1, "both", "blocked", "kabel")], [])
    rects = [rect.attrib for rect in ElementTree.fromstring(drawn).iter(f"{SVG}rect")]
    front, outline = (rect for rect in rects if rect["fill"] == "none")
    (rear,) = (rect for rect in rects if rect["fill"] == "#fdeebc")
    assert (rear["x"], rear["width"]) == (outline["x"], outline["width"]), "behind, not in front"
    on_both = [rect["x"] for rect in rects if rect["fill"] == "#dddddd"]
    assert on_both == [front["x"], outline["x"]]
    assert int(rear["y"]) == int(outline["y"]) + 6 * 18, "units 3 and 4 of ten, from the bottom"
    assert int(rear["height"]) == 36
