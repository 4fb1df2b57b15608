"""Which record a PDF says that it belongs to. It may lie: only its hash in a history proves that it was issued."""

import re
from typing import NamedTuple

_RECORD = re.compile(rb"sopctl-record=([A-Z0-9][A-Z0-9-]{0,40})")
_NUMBER = re.compile(rb"sopctl-number=([A-Za-z0-9./-]{1,80})")
_BYTES = 20 * 1024 * 1024
_HEADER = 1024
"""Readers look for the header within so many bytes (ISO 32000-1, Annex H, implementation note 13)."""


class Named(NamedTuple):
    """The deposit and the document number that a file names; `number` may be empty."""

    deposit: str
    number: str


def named_record(content: bytes) -> Named | None:
    """What a PDF of ours carries in its metadata (ISO 32000-1, 14.3); None for any other file. Bytes before its header,
    which readers forgive, make it no stranger: they make it an altered one."""
    if b"%PDF-" not in content[:_HEADER]:
        return None
    content = content[:_BYTES]
    record, number = _RECORD.search(content), _NUMBER.search(content)
    return Named(record[1].decode(), number[1].decode() if number else "") if record else None
