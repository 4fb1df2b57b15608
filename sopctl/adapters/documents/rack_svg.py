"""A rack's elevation as a picture (SVG 1.1), for a wall or a report."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from msgspec import Struct

from sopctl.adapters.documents import svg as draw
from sopctl.adapters.documents.text import shortened

_UNIT = 18
_WIDTH = 300
_LEFT = 34
_REAR = _LEFT + _WIDTH + 24
_TOP = 58
_COLOURS = {"placed": "#cfe8d5", "reserved": "#fdeebc", "blocked": "#dddddd"}


class Box(Struct, frozen=True):
    """What occupies rack units: `kind` is placed, reserved or blocked; `face` is both, front or rear."""

    unit: int
    height: int
    face: str
    kind: str
    label: str


class Gauge(Struct, frozen=True):
    """A budget of the rack, and how much of it is used."""

    label: str
    used: int
    limit: int
    unit: str


def rack_svg(title: str, units: int, boxes: Sequence[Box], gauges: Sequence[Gauge]) -> bytes:
    """The rack from the front and from the rear, with unit 1 at the bottom, and its budgets as bars below. Text is
    never markup."""
    height = _TOP + units * _UNIT + 26 + 26 * len(gauges)
    svg = draw.canvas(title, _REAR + _WIDTH + 20, height)
    for unit in range(1, units + 1):
        y = _TOP + (units - unit) * _UNIT
        draw.text(svg, 8, y + 13, f"U{unit}", colour="#666666")
    for face, x in (("front", _LEFT), ("rear", _REAR)):
        draw.text(svg, x, _TOP - 5, "Depan" if face == "front" else "Belakang", colour="#333333")
        for unit in range(1, units + 1):
            draw.rect(svg, x, _TOP + (units - unit) * _UNIT, _WIDTH, _UNIT, "#fafafa", "#dddddd")
        for box in boxes:
            if box.face in ("both", face):
                _box(svg, box, units, x)
        draw.rect(svg, x, _TOP, _WIDTH, units * _UNIT, "none", "#333333")
    for number, gauge in enumerate(gauges):
        _gauge(svg, gauge, _TOP + units * _UNIT + 16 + 26 * number)
    return draw.write(svg)


def _box(svg: Element, box: Box, units: int, x: int) -> None:
    y = _TOP + (units - box.unit - box.height + 1) * _UNIT
    draw.rect(svg, x, y, _WIDTH, box.height * _UNIT, _COLOURS[box.kind], "#333333")
    draw.text(svg, x + 8, y + box.height * _UNIT // 2 + 4, shortened(box.label, 46))


def _gauge(svg: Element, gauge: Gauge, y: int) -> None:
    share = min(1.0, gauge.used / gauge.limit) if gauge.limit else 1.0
    draw.rect(svg, _LEFT, y, _WIDTH, 18, "#fafafa", "#999999")
    draw.rect(svg, _LEFT, y, round(_WIDTH * share), 18, "#c5d9f1" if share < 0.9 else "#f4c7c3", "none")
    label = shortened(gauge.label, 24)
    draw.text(svg, _LEFT + 8, y + 13, f"{label}: {gauge.used} / {gauge.limit} {gauge.unit}")
