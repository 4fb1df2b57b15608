"""The few SVG 1.1 shapes that our pictures consist of. Text is never markup."""

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
    svg: Element, x: float, y: float, width: float, height: float, fill: str, stroke: str = "none", says: str = ""
) -> None:
    """A rectangle; `says` is its tooltip."""
    place = {"x": f"{x:g}", "y": f"{y:g}", "width": f"{width:g}", "height": f"{height:g}"}
    drawn = SubElement(svg, "rect", {**place, "fill": fill, "stroke": stroke})
    if says:
        SubElement(drawn, "title").text = shortened(says, 200)


def text(svg: Element, x: int, y: int, words: str, *, size: int = 11, colour: str = "#111111") -> None:
    """A line of text that begins at `x`, on the baseline `y`."""
    SubElement(svg, "text", {"x": str(x), "y": str(y), "font-size": str(size), "fill": colour}).text = words


def write(svg: Element) -> bytes:
    """The picture as a file's content."""
    drawn: bytes = ElementTree.tostring(svg, encoding="utf-8", xml_declaration=True)
    return drawn
