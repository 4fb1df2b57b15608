"""A procedure as a swim-lane picture (SVG 1.1): a lane per actor, a row per step, and where a deposit stands."""

from itertools import pairwise
from typing import NamedTuple
from xml.etree.ElementTree import Element

from sopctl.adapters.documents import svg as draw
from sopctl.adapters.documents.forms import SopArrow, SopForm, SopStep
from sopctl.adapters.documents.text import shortened

_LANE, _ROW = 216, 74
_BOX, _HEIGHT = 188, 46
_LEFT, _TOP = 12, 74
_BAND = 16
"""Pixels between two arrows that run beside the lanes."""
_COLOURS = {"": "#ffffff", "visited": "#d3e9da", "current": "#fbd38a"}
_LETTERS = 28
"""Letters of a line within a box."""


class _Box(NamedTuple):
    """Where a step's box is."""

    x: int
    y: int

    @property
    def middle(self) -> int:
        return self.x + _BOX // 2


def lanes_svg(title: str, form: SopForm) -> bytes:
    """The picture of a form's flow. Text is never markup; long texts are cut, as the table beside has them whole."""
    around = [each for each in form.arrows if not _is_next(form, each)]
    lanes = _LANE * len(form.actors)
    width, height = _LEFT + lanes + _BAND * (len(around) + 2) + 70, _TOP + _ROW * len(form.steps) + 12
    svg = draw.canvas(title, width, height)
    for number, actor in enumerate(form.actors):
        x = _LEFT + _LANE * number
        draw.rect(svg, x, 36, _LANE, height - 44, "#f4f6f8" if number % 2 else "#fbfcfd", "#c9d0d8")
        draw.text(svg, x + 8, 55, shortened(actor, 32), size=12)
    boxes = {step.no: _box(step.actor, row) for row, step in enumerate(form.steps)}
    for each in form.arrows:
        if each.source in boxes and each.target in boxes and _is_next(form, each):
            _down(svg, boxes[each.source], boxes[each.target], each)
    for number, each in enumerate(around):
        if each.source in boxes and each.target in boxes:
            _beside(svg, boxes[each.source], boxes[each.target], each, _LEFT + lanes + 10 + _BAND * number)
    for row, step in enumerate(form.steps):
        for other in step.also:
            _also(svg, _box(other, row), step)
        _step(svg, boxes[step.no], step)
    return draw.write(svg)


def _box(actor: int, row: int) -> _Box:
    return _Box(_LEFT + _LANE * actor + (_LANE - _BOX) // 2, _TOP + _ROW * row)


def _is_next(form: SopForm, arrow: SopArrow) -> bool:
    """Does an arrow lead to the row below?"""
    order = [step.no for step in form.steps]
    return (arrow.source, arrow.target) in pairwise(order)


def _step(svg: Element, box: _Box, step: SopStep) -> None:
    fill, stroke = _COLOURS[step.state], "#111111" if step.state == "current" else "#555555"
    x, y, thick = box.x, box.y, 2.5 if step.state == "current" else 1.0
    if step.shape == "decision":
        middle, right, low = y + _HEIGHT // 2, x + _BOX, y + _HEIGHT
        corners = ((x - 8, middle), (x + 6, y), (right - 6, y), (right + 8, middle), (right - 6, low), (x + 6, low))
        draw.polygon(svg, corners, fill, stroke, thick)
    else:
        radius = _HEIGHT // 2 if step.shape == "terminal" else 2
        draw.rect(svg, x, y, _BOX, _HEIGHT, fill, stroke, step.activity, radius=radius, thick=thick)
    mark = {"visited": " ✓", "current": " ●"}.get(step.state, "")
    lines = _wrapped(f"{step.no}. {step.activity}")
    lines[-1] += mark
    for number, line in enumerate(lines):
        draw.text(svg, x + 12, y + 27 - 7 * (len(lines) - 1) + 14 * number, line)


def _also(svg: Element, box: _Box, step: SopStep) -> None:
    """The same step in the lane of another who acts in it."""
    draw.rect(svg, box.x, box.y, _BOX, _HEIGHT, "none", "#999999", radius=2)
    draw.text(svg, box.x + 12, box.y + 27, f"{step.no}. bersama", colour="#4d5661")


def _wrapped(said: str) -> list[str]:
    """At most two lines."""
    lines = [""]
    for word in said.split():
        if len(lines[-1]) + len(word) + 1 > _LETTERS and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > 2:
        lines = [lines[0], shortened(" ".join(lines[1:]), _LETTERS)]
    return [shortened(line, _LETTERS) for line in lines]


def _down(svg: Element, source: _Box, target: _Box, arrow: SopArrow) -> None:
    start, end = source.y + _HEIGHT, target.y
    half = (start + end) // 2
    points = ((source.middle, start), (source.middle, half), (target.middle, half), (target.middle, end))
    draw.arrow(svg, points, dashed=arrow.dashed)
    if arrow.label:
        draw.text(svg, source.middle + 5, start + 11, shortened(arrow.label, 24), colour="#4d5661")


def _beside(svg: Element, source: _Box, target: _Box, arrow: SopArrow, x: int) -> None:
    """An arrow that goes back or leaves steps out: beside the lanes."""
    out, into = source.y + _HEIGHT - 12, target.y + 12
    points = ((source.x + _BOX + 4, out), (x, out), (x, into), (target.x + _BOX + 4, into))
    draw.arrow(svg, points, dashed=arrow.dashed)
    if arrow.label:
        draw.text(svg, source.x + _BOX + 12, out - 3, shortened(arrow.label, 18), colour="#4d5661")
