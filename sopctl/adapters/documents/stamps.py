"""Which record a PDF says that it belongs to. It may lie: only its hash in a history proves that it was issued."""

import re

_RECORD = re.compile(rb"sopctl-record=([A-Z0-9][A-Z0-9-]{0,40})")
_BYTES = 20 * 1024 * 1024


def named_record(content: bytes) -> str | None:
    """The deposit's id that a PDF of ours carries in its metadata (ISO 32000-1, 14.3); None for any other file."""
    if not content.startswith(b"%PDF-"):
        return None
    found = _RECORD.search(content[:_BYTES])
    return found[1].decode() if found else None
