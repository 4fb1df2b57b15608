"""The record that a PDF names in its metadata. It may lie: only its hash in a history proves that it was issued."""

import re
from typing import NamedTuple

_RECORD = re.compile(rb"sopctl-record=([A-Z0-9][A-Z0-9-]{0,40})")
_NUMBER = re.compile(rb"sopctl-number=([A-Za-z0-9./-]{1,80})")
_BYTES = 20 * 1024 * 1024
_HEADER = 1024
"""Readers look for the header in the first 1,024 bytes (ISO 32000-1, Annex H, implementation note 13)."""


class Named(NamedTuple):
    """The deposit and the document number that a file names; `number` may be empty."""

    deposit: str
    number: str


def named_record(content: bytes) -> Named | None:
    """What one of our PDFs has in its metadata (ISO 32000-1, 14.3); None for any other file.

    Readers tolerate bytes before the header. With such bytes a file still counts as ours: as an altered one.
    """
    if b"%PDF-" not in content[:_HEADER]:
        return None
    content = content[:_BYTES]
    record, number = _RECORD.search(content), _NUMBER.search(content)
    return Named(record[1].decode(), number[1].decode() if number else "") if record else None
