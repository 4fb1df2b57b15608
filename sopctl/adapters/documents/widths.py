"""How wide a text is, and how many lines it has, without asking typst: to measure it costs as much as setting it."""

from collections.abc import Sequence
from functools import lru_cache
from math import ceil

from msgspec import Struct

TYPST = "0.15."
"""How the versions of typst begin whose fonts these are. With another, nothing is known."""

_LETTERS = {
    21: "'",
    23: "|",
    24: ",.",
    26: ":;",
    27: " ·",
    29: "ijl°",
    30: "}",
    31: "!\\",
    32: ")",
    34: "IJt",
    35: "/{",
    36: '"-',
    38: "(]",
    39: "*r",
    40: "f",
    41: "`s",
    43: "[",
    45: "cz",
    46: "?",
    47: "e~",
    48: "a",
    49: "#$0123456789",
    51: "S_x",
    52: "bgv",
    53: "dkoq",
    54: "F^py",
    55: "Lu",
    56: "hn△▲",
    57: "+<=>×–",
    58: "E",
    59: "P●○",
    60: "Y",
    61: "BR",
    63: "Z",
    66: "%T",
    67: "CK",
    68: "V",
    69: "X",
    70: "U",
    71: "G",
    72: "A",
    73: "&",
    74: "DNOQ",
    76: "—",
    77: "Hw…",
    81: "m",
    86: "M",
    94: "@",
    98: "W",
}
"""Letters of the forms' regular font by how wide each is at most, in hundredths of the text's size, with what it may
keep from the next one; a test holds them to the font. How wide others are is not known."""
_WIDTHS = {letter: width for width, letters in _LETTERS.items() for letter in letters}
_UNKNOWN = 10_000
"""Wider than any page."""
_NARROWER = {9: "IxgkNH'*~—\"-rebopL–DOQ@vyKXw", 12: "?YU{P([F", 16: "TVA,.·_…Wf"}
"""Letters by how much less they may take, since others come so near to them."""
_LESS = {letter: less for less, letters in _NARROWER.items() for letter in letters}
_OTHERS_LESS = 3
_SIZE, _INSET = 9.5, 4.0
"""Points: of text in a table, and between it and the left and right edge of its cell."""
_POINTS = 72 / 2.54
"""In a centimetre."""
_BOLD = 1.21
"""So much wider a letter is in bold, at most."""


class Known(Struct, frozen=True):
    """What is known of a row before it is set: `fits` says that each word has room in its cell, `lines` how many its
    highest cell has. Where that is not known, they are false and 0."""

    fits: bool = False
    lines: int = 0


def known(cells: Sequence[str], widths: Sequence[float], *, bold: bool = False) -> Known:
    """What is known of a row of these texts in columns of these widths (centimetres). In bold, of one line alone."""
    least = most = 1
    for cell, width in zip(cells, widths, strict=True):
        room = 100 * (width * _POINTS - 2 * _INSET) / _SIZE / (_BOLD if bold else 1)
        if widest(cell) <= room:
            continue
        if any(widest(word) > room for word in cell.split(" ")):
            return Known()
        least, most = max(least, _lines_at_least(cell, room)), max(most, _lines_at_most(cell, room))
    return Known(fits=True, lines=most if most == (1 if bold else least) else 0)


@lru_cache(2_000)
def widest(text: str) -> int:
    """How wide a text in regular weight is at most: hundredths of its size."""
    return sum([_WIDTHS.get(letter, _UNKNOWN) for letter in text])


def narrowest(text: str) -> int:
    """How wide it is at least, the spaces left out: a line does not end with one."""
    return sum([_WIDTHS.get(letter, 0) - _LESS.get(letter, _OTHERS_LESS) for letter in text if letter != " "])


def _lines_at_most(text: str, room: float) -> int:
    """As many as there are if it is broken at spaces alone, and is as wide as it can be. Each word has room."""
    lines, filled = 1, 0
    for word in text.split(" "):
        more = _WIDTHS[" "] + widest(word) if filled else widest(word)
        if filled + more > room:
            lines, filled, more = lines + 1, 0, widest(word)
        filled += more
    return lines


def _lines_at_least(text: str, room: float) -> int:
    """As many as there are if it is broken wherever a line is full, and is as narrow as it can be."""
    return max(1, ceil(narrowest(text) / room))
