"""Files that people hand in: read whole, but never more than a bound. Scanned papers are told by name and content."""

from base64 import b64decode
from pathlib import Path

from sopctl.adapters import pictures
from sopctl.errors import InvalidRecord
from sopctl.store.durable import bytes_of

MIB = 1024 * 1024
MAX_SCAN = 20 * MIB
_MAGIC = {".pdf": b"%PDF-", ".png": b"\x89PNG", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff"}
PICTURES = frozenset({".png", ".jpg", ".jpeg"})


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """The content of a file of at most `max_bytes` bytes. Raises InvalidRecord for a larger one, or for what is
    no regular file, OutsideFailure for one that cannot be read."""
    content = bytes_of(path, max_bytes + 1)
    if len(content) > max_bytes:
        raise _too_large(str(path), max_bytes)
    return content


def _too_large(where: str, most: int) -> InvalidRecord:
    return InvalidRecord(
        "file-too-large",
        "the file is larger than {limit}",
        remedy="Give a smaller file; a scan is smaller in grey and with fewer dots per inch.",
        where=where,
        limit=f"{most // MIB} MiB",
    )


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


def refuse_broken_picture(path: Path) -> None:
    """Raise InvalidRecord for a scan that is named as a picture and cannot be read as one."""
    if path.suffix.lower() in PICTURES:
        pictures.refuse_broken(read_scan(path), path.name)


def photograph(content: bytes, name: str) -> bytes:
    """A photograph that was handed in, as it is kept: a JPEG of what is seen, with nothing of place, time and device.
    Raises InvalidRecord."""
    return pictures.photograph(_within(content, name), name)


def strokes(content: bytes, name: str) -> bytes:
    """A picture of a signature, as it is kept. Raises InvalidRecord."""
    return pictures.strokes(_within(content, name), name)


def drawn(address: str) -> bytes:
    """A signature that was drawn on a page (a `data:` address, RFC 2397), as it is kept; empty for none. Raises
    InvalidRecord."""
    if not address:
        return b""
    head, _, data = address.partition(",")
    try:
        content = b64decode(data, validate=True) if head == "data:image/png;base64" else b""
    except ValueError:
        content = b""
    return pictures.strokes(content, "tanda tangan")


def _within(content: bytes, name: str) -> bytes:
    if len(content) > MAX_SCAN:
        raise _too_large(name, MAX_SCAN)
    return content
