"""English within what is said in Indonesian."""

import re

from sopctl.model.text import words

LITTLE = words(
    """
    a an and are as at be been before but by can cannot does every for from had has have here how if into is it its
    kept made more must needs never newest none nobody not nothing now of on one only or other out seen server's
    since so some still than that the their then there they this those to until up was were what when where which who
    why with within without yet you your due late found missing
    """
)
"""Words that a sentence in English can hardly do without, and one in Indonesian has no use for."""
_QUOTED = re.compile(
    r"""sopctl\ .*            # a command line
    | `[^`]*` | "[^"]*" | '[^']*' | <[^>]*>
    | \S*[/=@._]\S*           # paths, addresses, settings
    | (?<!\w)--?[a-z][\w-]*   # options
    | \w+(?:-\w+)+            # ids
    | \b[0-9a-f]{12,}\b       # hashes
    | \[rincian:[^\]]*\]      # what a server said, quoted in a note
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"(?<![\w])[A-Za-z']+(?![\w])")


def english(said: str) -> list[str]:
    """The lines of an output that have English words, outside of what is quoted, of command lines, paths and ids; what
    Prometheus reads is no such line."""
    lines = (line for line in said.splitlines() if not line.startswith("# HELP "))
    return [line for line in lines if LITTLE & set(_WORD.findall(_QUOTED.sub(" ", line)))]
