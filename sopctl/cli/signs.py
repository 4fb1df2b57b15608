"""What is written for a sign that the terminal's encoding does not have."""

IN_ASCII = {
    **dict.fromkeys("–—─━", "-"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼", "+"),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”«»", '"'),
    "│": "|",
    "…": "...",
    "→": "->",
    "←": "<-",
    "×": "x",
    "·": "*",
    "•": "*",
    "✓": "+",
    "✗": "x",
    "⁹": "^9",
}
"""The signs that sopctl itself prints, and what they look most like in ASCII."""


def in_ascii(error: UnicodeError) -> tuple[str, int]:
    """An error handler for `codecs`: a sign of ours is replaced by what it looks like, anything else by an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    refused = error.object[error.start : error.end]
    like = [IN_ASCII.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in refused]
    return "".join(like), error.end
