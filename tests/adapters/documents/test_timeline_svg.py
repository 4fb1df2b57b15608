"""A month of access checks as a picture: well-formed whatever the labels say, every outage in its place."""

from xml.etree import ElementTree

import pytest

from sopctl.adapters.documents.timeline_svg import Bar, Lane, Legend, timeline_svg
from tests.cases import rows

SVG = "{http://www.w3.org/2000/svg}"
LEGEND = Legend("up", "down", "unknown")


@pytest.mark.parametrize("row", rows("paper_payloads"), ids=lambda row: repr(row["text"])[:30])
def test_labels_are_text_and_never_markup(row: dict[str, str]) -> None:
    text = row["text"]
    bars = [Bar(0.0, 1.0, text)]
    drawn = timeline_svg(text, [(0.5, text)], [Lane(text, text, bars, bars)], Legend(text, text, text))
    svg = ElementTree.fromstring(drawn)
    assert {element.tag.removeprefix(SVG) for element in svg.iter()} <= {"svg", "title", "rect", "text"}
    allowed = {"x", "y", "width", "height", "fill", "stroke", "font-size", "font-family"}
    assert all(set(element.attrib) <= allowed for element in svg.iter())


def test_bars_lie_where_their_times_are() -> None:
    watched = [Bar(0.0, 0.25), Bar(0.5, 1.0)]
    lanes = [Lane("one", "99%", watched, [Bar(0.5, 0.75, "refused")]), Lane("two", "–", [], [Bar(1.0, 1.0, "short")])]
    root = ElementTree.fromstring(timeline_svg("A month", [(0.0, "1")], lanes, LEGEND))
    rects = list(root.iter(f"{SVG}rect"))
    whole, first, second, down = rects[4:8]  # after the paper and the legend
    assert {whole.get("fill"), first.get("fill"), down.get("fill")} == {"#eeeeee", "#8fc9a3", "#c8372d"}
    width = float(whole.attrib["width"])
    assert [float(one.attrib["width"]) / width for one in (first, second, down)] == [0.25, 0.5, 0.25]
    assert down.attrib["x"] == second.attrib["x"]
    assert [title.text for title in down] == ["refused"]
    short = rects[9]
    right = float(whole.attrib["x"]) + width
    assert float(short.attrib["width"]) >= 1, "what was short is seen all the same"
    assert float(short.attrib["x"]) + float(short.attrib["width"]) <= right, "within the month"
