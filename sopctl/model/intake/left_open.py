"""What stands in examples and templates where a person is to say something.

Every command line is looked through for it, also that of a command that reads no record: so this imports little.
"""

import re

_LEFT_OPEN = re.compile(
    r"(?:SHA256:)?(?:…|\.{3,}|\[(?:…|\.{3,})\])|<[^<>]*>|\{[^{}]*\}|\$\{?[A-Za-z_]\w*\}?|(?:TODO|TBD|FIXME|XXX+)[.:!]?"
)
"""What stands where a person is to say something: `…`, `<why>`, `{serial}`, `$WHY`, `TODO`."""


def left_open(said: str) -> bool:
    """Is this what stands where somebody is to say something, and nobody did? Longer texts say something."""
    return len(said) <= 200 and _LEFT_OPEN.fullmatch(said.strip()) is not None
