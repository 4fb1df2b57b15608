"""Files that people hand in: read whole, but never more than a bound. Scanned papers are told by name and content."""

from pathlib import Path

from sopctl.errors import InvalidRecord
from sopctl.store.durable import opened

MIB = 1024 * 1024
MAX_SCAN = 20 * MIB
_MAGIC = {".pdf": b"%PDF-", ".png": b"\x89PNG", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff"}


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """The content of a file of at most `max_bytes` bytes. Raises InvalidRecord for a larger one, or for what is
    no regular file, OutsideFailure for one that cannot be read."""
    with opened(path) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise InvalidRecord(
            "file-too-large", "the file is larger than {limit}", where=str(path), limit=f"{max_bytes // MIB} MiB"
        )
    return content


def read_scan(path: Path) -> bytes:
    """A scanned paper: PDF, PNG or JPEG by its name and its first bytes. Raises InvalidRecord for anything else."""
    content = read_bounded(path, MAX_SCAN)
    magic = _MAGIC.get(path.suffix.lower())
    if magic is None or not content.startswith(magic):
        raise InvalidRecord(
            "not-a-scan",
            "a scan is a PDF, PNG or JPEG file",
            where=str(path),
            remedy="Convert it to one of these, with a name that ends in .pdf, .png, .jpg or .jpeg.",
        )
    return content
