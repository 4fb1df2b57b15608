"""Scanned papers that people hand in: letters, letters of authority, photos."""

from pathlib import Path

from sopctl.errors import InvalidRecord
from sopctl.store.durable import disk_errors

MAX_BYTES = 20 * 1024 * 1024
_MAGIC = {".pdf": b"%PDF-", ".png": b"\x89PNG", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff"}


def read_scan(path: Path) -> bytes:
    """A scanned paper: PDF, PNG or JPEG by its name and its first bytes. Raises InvalidRecord for anything else."""
    with disk_errors(path, "read"), path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InvalidRecord(
            "scan-larger-than-mib",
            "the scan is larger than {MAX_BYTES} MiB",
            where=str(path),
            MAX_BYTES=MAX_BYTES // 1024 // 1024,
        )
    magic = _MAGIC.get(path.suffix.lower())
    if magic is None or not content.startswith(magic):
        raise InvalidRecord("scan-pdf-png-jpeg-file", "a scan is a PDF, PNG or JPEG file", where=str(path))
    return content
