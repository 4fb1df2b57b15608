"""Nothing that a terminal acts upon, or that hides, survives; what is plainly visible does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.text import counted, printable, visible, visible_lines, words


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("plain text, ünïcode, 服务器", "plain text, ünïcode, 服务器"),
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("two\r\nlines\tand a tab", "two\\r\\nlines\\tand a tab"),
        ("\x9b31m one byte CSI", "\\x9b31m one byte CSI"),
        ("a\u202eb\u2066c\u200bd\ufeff", "a\\u202eb\\u2066c\\u200bd\\ufeff"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("blank \u3164 \u2800", "blank \\u3164 \\u2800"),
        ("\u2028line\u2029", "\\u2028line\\u2029"),
        ("lone \ud800", "lone \\ud800"),
        (b"bytes \xff\xfe ok \xc3\xa9", "bytes \\xff\\xfe ok é"),
        (b"overlong \xc0\xaf", "overlong \\xc0\\xaf"),
        ("C:\\dir", "C:\\dir"),
        ("nul\0", "nul\\x00"),
    ],
)
def test_shown(foreign: str | bytes, shown: str) -> None:
    assert printable(foreign) == shown


HIDDEN = (
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0),
    *(0xFE00, 0xFE0F, 0xE0100, 0xE01EF, 0xFFFF, 0x10FFFF),
)


@pytest.mark.parametrize("code", HIDDEN, ids=hex)
def test_what_counts_as_printable_and_is_not_seen(code: int) -> None:
    """Default_Ignorable_Code_Point of the Unicode Character Database, and the first and last of each range."""
    escape = f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    assert visible(f"a{chr(code)}é") == printable(f"a{chr(code)}é") == f"a{escape}é"


def test_all_of_a_long_text_is_shown() -> None:
    assert visible("x" * 9000 + "\x1b") == "x" * 9000 + "\\x1b"
    assert visible("plain") == "plain"
    assert visible("\ufdff︐") == "\ufdff︐", "beside the selectors"


def test_lines_stay_lines() -> None:
    assert visible_lines("satu\ndua\r\n\x1b[2J") == "satu\ndua\\r\n\\x1b[2J"


def test_words_and_what_is_counted() -> None:
    assert words(" one two\n three ") == {"one", "two", "three"}
    assert [counted(number, "day") for number in (0, 1, 2)] == ["0 days", "1 day", "2 days"]


def test_cut_off_at_the_limit() -> None:
    assert printable("x" * 500) == "x" * 500
    assert printable("x" * 501) == "x" * 499 + "…"
    assert printable("abc", 2) == "a…"
    assert printable("abc", 1) == "…"
    assert printable("abc", 0) == ""
    assert len(printable(b"\xff" * 10_000_000)) == 500


@given(st.text() | st.binary(), st.integers(0, 200))
def test_safe_bounded_and_stable(foreign: str | bytes, limit: int) -> None:
    shown = printable(foreign, limit)
    assert shown.isprintable()
    assert len(shown) <= limit
    assert printable(shown, limit) == shown
    shown.encode()


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_ascii_stays(text: str) -> None:
    assert printable(text, len(text)) == text
