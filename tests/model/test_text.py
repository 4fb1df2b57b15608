"""Nothing that a terminal acts upon, or that hides, survives; what is plainly visible does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.text import printable


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
