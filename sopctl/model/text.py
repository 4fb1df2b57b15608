"""The one way in which foreign text is made safe to print.

Banners, login messages, facts and file names come from machines and people that we do not trust. On a terminal they
could move the cursor, set colours or the window's title (ECMA-48 control sequences), or show other letters than they
contain (bidirectional and invisible marks: Unicode TR36, "Trojan Source"). Such characters are shown as escapes
instead. Markup is another matter: the writers of it (rich, HTML, typst) quote it themselves.
"""

_INVISIBLE = frozenset((0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0))
"""Letters and marks that are invisible, yet count as printable; variation selectors are two more ranges of them
(Default_Ignorable_Code_Point in the UCD)."""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str | bytes, limit: int = 500) -> str:
    """`text` in at most `limit` characters, with everything that is not plainly visible written as an escape.

    Escapes are written as in Python (`\\n`, `\\x1b`, `\\u202e`); bytes that are not UTF-8 are shown as `\\xff`. Visible
    characters, the backslash included, stay as they are, so that doing it twice changes nothing. A longer text ends
    in "…".
    """
    if isinstance(text, str) and len(text) <= limit and text.isascii() and text.isprintable():
        return text
    if isinstance(text, bytes):
        text = text[: 4 * limit + 4].decode("utf-8", "backslashreplace")
    shown = "".join(_visible(character) for character in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: max(limit - 1, 0)] + "…"[:limit]


def visible(text: str) -> str:
    """`text` in full, with everything that is not plainly visible written as an escape (as `printable` does)."""
    return text if text.isascii() and text.isprintable() else "".join(map(_visible, text))


def visible_lines(text: str) -> str:
    """`text` as `visible` has it, but of as many lines as it is."""
    return "\n".join(map(visible, text.split("\n")))


def words(table: str) -> frozenset[str]:
    """The words of a table that is written as running text."""
    return frozenset(table.split())


def _visible(character: str) -> str:
    code = ord(character)
    selector = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
    if character.isprintable() and code not in _INVISIBLE and not selector:
        return character
    if character in _SHORT:
        return _SHORT[character]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def counted(number: int, what: str) -> str:
    """`1 day`, `2 days`: a number of things that are called `what`, a regular English noun."""
    return f"{number:d} {what}" if number == 1 else f"{number:d} {what}s"
