"""Facts cut to a size that no real server's reach, before anything looks at them."""

MAX_DEPTH = 12
MAX_ITEMS = 4_096
MAX_TEXT = 4_096
MAX_VALUES = 100_000
MAX_DETAILS = 1_000_000
"""Characters of details.sh's output that are kept per server."""


def bound(value: object) -> object:
    """`value` truncated to a size that no real server's facts reach: depth, items per collection, text, values in all.

    Keys become strings; anything that JSON cannot express becomes None.
    """
    left = MAX_VALUES

    def cut(value: object, depth: int) -> object:
        nonlocal left
        left -= 1
        if left < 0 or depth > MAX_DEPTH:
            return None
        if isinstance(value, str):
            return value[:MAX_TEXT]
        if isinstance(value, dict):
            pairs = list(value.items())[:MAX_ITEMS]
            return {str(key)[:MAX_TEXT]: cut(entry, depth + 1) for key, entry in pairs if left > 0}
        if isinstance(value, list | tuple):
            return [cut(entry, depth + 1) for entry in value[:MAX_ITEMS] if left > 0]
        if isinstance(value, bool | int | float) and value == value:  # noqa: PLR0124 (NaN is not itself)
            return value if abs(value) < 2**63 else None
        return None

    return cut(value, 0)
