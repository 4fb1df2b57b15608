"""Text from strangers, made fit for paper: characters that cannot or must not be printed become code points."""

import re
import unicodedata
from typing import Any

LONG = 2000

# Every character here has a glyph, regular and bold, in the two fonts that come with typst (a test prints them all).
# Control and format characters, bidirectional overrides, combining marks and right-to-left scripts are left out on
# purpose: they could reorder or cover the text beside them on a signed paper.
PRINTABLE = (
    "\u0020-\u007e\u00a1-\u00ac\u00ae-\u02ff"  # Latin
    "\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u045f"  # Greek, Cyrillic
    "\u1e00-\u1e9b\u1ea0-\u1ef9"  # Latin with marks composed
    "\u2010-\u2027\u2030-\u2037\u2039-\u203f"  # dashes, quotation marks, bullets
    "\u2070\u2071\u2074-\u208e\u20a0-\u20b5\u20bd\u2103\u2116\u2122\u2126"  # raised figures, currencies, signs
    "\u2190-\u2220\u2241-\u226b\u2500-\u262f\u2713-\u2718"  # arrows, mathematics, boxes, circles, ticks
)
_UNPRINTABLE = re.compile(f"[^{PRINTABLE}]")
_SPACES = re.compile("[\t\n\v\f\r\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")


def printable(text: str, limit: int) -> str:
    """`text` on one line, with every character that a form cannot show replaced by `<U+XXXX>`.

    More than `limit` characters are cut, with a note that says so. Never raises: lone surrogates, NUL and bidirectional
    overrides are replaced, too.
    """
    shown = _shown(text[:limit])
    if len(text) <= limit and len(shown) <= 2 * limit:
        return shown
    return f"{shown[:limit]}… [dipotong: {len(text)} karakter]"


def shortened(text: str, length: int) -> str:
    """Like `printable`, but never longer than `length`: for headers and footers, which repeat what is given in full
    elsewhere."""
    shown = _shown(text[: length + 1])
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def unprintable(value: Any) -> list[str]:
    """The texts in plain data, each once and as a paper shows it, that have characters which no font of the papers has.
    Control characters do not count: nobody reads them."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            lacking = _UNPRINTABLE.findall(unicodedata.normalize("NFC", _SPACES.sub(" ", each[:LONG])))
            if any(unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn") for character in lacking):
                found.append(shortened(each, 80))
        elif isinstance(each, dict):
            waiting += reversed(each.values())
        elif isinstance(each, list | tuple):
            waiting += reversed(each)
    return list(dict.fromkeys(found))


def clean(value: Any) -> Any:
    """Plain data with every text on one line, printable, and cut to LONG characters."""
    if isinstance(value, str):
        return printable(value, LONG)
    if isinstance(value, dict):
        return {key: clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value


def _shown(text: str) -> str:
    if text.isascii() and text.isprintable():  # most of what a server says
        return text
    composed = unicodedata.normalize("NFC", _SPACES.sub(" ", text))
    return _UNPRINTABLE.sub(lambda found: f"<U+{ord(found[0]):04X}>", composed)
