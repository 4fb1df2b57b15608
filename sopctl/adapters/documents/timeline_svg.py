"""A month of access checks as a picture (SVG 1.1): a row per server shows when it was up, down, or not monitored."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from msgspec import Struct

from sopctl.adapters.documents import svg as draw
from sopctl.adapters.documents.text import shortened

_ROW = 22
_LEFT = 250
_WIDTH = 744
_RIGHT = 70
_TOP = 76
_UP, _DOWN, _UNKNOWN = "#8fc9a3", "#c8372d", "#eeeeee"
_THINNEST = 1.5
"""Pixels: even a short outage in a long month must be visible."""


class Bar(Struct, frozen=True):
    """A part of a server's row, from `begin` to `end` (0 to 1 of the period); `says` is its tooltip."""

    begin: float
    end: float
    says: str = ""


class Lane(Struct, frozen=True):
    """A server's row: its name, the `figure` at the row's end, the monitored times, and the outages in them."""

    label: str
    figure: str
    watched: Sequence[Bar]
    down: Sequence[Bar]


class Legend(Struct, frozen=True):
    """The names of the three colours."""

    up: str
    down: str
    unknown: str


def timeline_svg(title: str, marks: Sequence[tuple[float, str]], lanes: Sequence[Lane], legend: Legend) -> bytes:
    """The picture with a row per server, in the given order; `marks` are the positions (0 to 1) and labels of the
    axis."""
    height = _TOP + _ROW * max(1, len(lanes)) + 16
    svg = draw.canvas(title, _LEFT + _WIDTH + _RIGHT, height)
    _draw_legend(svg, legend)
    for number, lane in enumerate(lanes):
        y = _TOP + _ROW * number
        draw.text(svg, 10, y + 15, shortened(lane.label, 38))
        draw.rect(svg, _LEFT, y + 3, _WIDTH, _ROW - 6, _UNKNOWN)
        for bar in lane.watched:
            _draw_bar(svg, bar, y, _UP)
        for bar in lane.down:
            _draw_bar(svg, bar, y, _DOWN)
        draw.text(svg, _LEFT + _WIDTH + 8, y + 15, shortened(lane.figure, 9))
    for place, label in marks:
        x = round(_LEFT + place * _WIDTH)
        draw.rect(svg, x, _TOP - 4, 1, height - _TOP - 8, "#999999")
        draw.text(svg, x + 3, _TOP - 6, shortened(label, 10), size=10, colour="#666666")
    return draw.write(svg)


def _draw_bar(svg: Element, bar: Bar, y: int, colour: str) -> None:
    begin = max(0.0, min(1.0, bar.begin)) * _WIDTH
    width = max(_THINNEST, min(1.0, bar.end) * _WIDTH - begin)
    draw.rect(
        svg, round(_LEFT + min(begin, _WIDTH - _THINNEST), 2), y + 3, round(width, 2), _ROW - 6, colour, says=bar.says
    )


def _draw_legend(svg: Element, legend: Legend) -> None:
    x = 10
    for colour, words in ((_UP, legend.up), (_DOWN, legend.down), (_UNKNOWN, legend.unknown)):
        draw.rect(svg, x, 36, 14, 14, colour, "#999999")
        draw.text(svg, x + 20, 47, shortened(words, 40))
        x += 44 + 7 * len(words)
