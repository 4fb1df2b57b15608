"""The few SVG 1.1 shapes that our pictures consist of. Text is never markup."""

from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from sopctl.adapters.documents.text import shortened


def canvas(title: str, width: int, height: int) -> Element:
    """An empty white picture with its title in the upper left corner."""
    svg = Element("svg", xmlns="http://www.w3.org/2000/svg", width=str(width), height=str(height))
    svg.set("font-family", "sans-serif")
    svg.set("font-size", "11")
    SubElement(svg, "title").text = shortened(title, 80)
    SubElement(svg, "rect", width="100%", height="100%", fill="white")
    text(svg, 10, 24, shortened(title, width // 7), size=15)
    return svg


def rect(
    svg: Element,
    x: float,
    y: float,
    width: float,
    height: float,
    fill: str,
    stroke: str = "none",
    says: str = "",
    *,
    radius: int = 0,
    thick: float = 1.0,
) -> None:
    """A rectangle, with corners of this radius and lines of this thickness; `says` is its tooltip."""
    place = {"x": f"{x:g}", "y": f"{y:g}", "width": f"{width:g}", "height": f"{height:g}"}
    place |= {"rx": str(radius)} if radius else {}
    place |= {"stroke-width": f"{thick:g}"} if thick != 1.0 else {}
    drawn = SubElement(svg, "rect", {**place, "fill": fill, "stroke": stroke})
    if says:
        SubElement(drawn, "title").text = shortened(says, 200)


def polygon(svg: Element, corners: Sequence[tuple[int, int]], fill: str, stroke: str, thick: float = 1.0) -> None:
    """A closed shape."""
    points = " ".join(f"{x},{y}" for x, y in corners)
    SubElement(svg, "polygon", {"points": points, "fill": fill, "stroke": stroke, "stroke-width": f"{thick:g}"})


def arrow(svg: Element, points: Sequence[tuple[int, int]], *, dashed: bool = False) -> None:
    """A line through these points, with a tip at the last one. Its last part is straight down or to the left."""
    along = " ".join(f"{x},{y}" for x, y in points)
    drawn = SubElement(svg, "polyline", {"points": along, "fill": "none", "stroke": "#333333"})
    if dashed:
        drawn.set("stroke-dasharray", "4 3")
    (before, _), (x, y) = points[-2:]
    tip = ((x, y), (x - 4, y - 7), (x + 4, y - 7)) if before == x else ((x, y), (x + 7, y - 4), (x + 7, y + 4))
    polygon(svg, tip, "#333333", "none")


def text(svg: Element, x: int, y: int, words: str, *, size: int = 11, colour: str = "#111111") -> None:
    """A line of text that begins at `x`, on the baseline `y`."""
    SubElement(svg, "text", {"x": str(x), "y": str(y), "font-size": str(size), "fill": colour}).text = words


def write(svg: Element) -> bytes:
    """The picture as a file's content."""
    drawn: bytes = ElementTree.tostring(svg, encoding="utf-8", xml_declaration=True)
    return drawn
