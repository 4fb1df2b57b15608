"""A dossier for the archive: a page that tells its history in plain words, and all of it packed into one ZIP file.

The same content always gives the same bytes, with the same version of zlib. Text of strangers is never markup, and the
page loads nothing.
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from sopctl.adapters.documents.forms import Letterhead, Section
from sopctl.adapters.documents.text import clean

SUMS = "SHA256SUMS"
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The only time that every ZIP file can have; the times that count are in the history."""


class Told(Struct, frozen=True):
    """An event in plain words: when, where in the procedure, what was to be done, how it ended, who decided, what was
    remarked, and the papers that it made."""

    number: int
    when: str
    place: str
    activity: str
    outcome: str
    who: str
    note: str = ""
    papers: tuple[str, ...] = ()


class Page(Struct, frozen=True):
    """The page of a dossier."""

    letterhead: Letterhead
    deposit: str
    opening: tuple[str, ...]
    sections: tuple[Section, ...]
    events: tuple[Told, ...]
    head: str


def to_page(page: Page) -> bytes:
    """The page as HTML, whole in itself."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from sopctl.adapters.documents.pdf import TEMPLATES

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("archive.html").render(page=clean(msgspec.to_builtins(page))).encode()


def packed(files: Mapping[str, bytes]) -> bytes:
    """A ZIP file with these files, and with their SHA-256 as sha256sum(1) reads them."""
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted({**files, SUMS: sums.encode()}.items()):
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # a file of Unix, whatever made it
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
    return made.getvalue()
