"""Secrets that would be known again anywhere: a unique value in every place that holds one, and the search for them in
all that was said and written, in whatever it is packed and encoded."""

import base64
import io
import os
import re
import secrets
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pypdfium2

DEEPEST = 4
"""How many packings inside each other are opened."""


def canary() -> str:
    """A value that stands nowhere else: letters and digits, so that quoting leaves it as it is."""
    return f"kenari{secrets.token_hex(12)}"


def private_key(file: Path) -> str:
    """Make a private key at `file`; its canary is the part that no other key has."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "uji", "-f", str(file)], check=True)
    return of_key(file)


def of_key(file: Path) -> str:
    """The canary of an Ed25519 key as ssh-keygen writes it: the secret number, which begins at byte 161."""
    return "".join(file.read_text().splitlines()[1:-1])[216:256]


def _encoded(secret: str) -> Iterator[bytes]:
    """A secret as it is, in hexadecimal, and in Base64 wherever in a longer text it began."""
    plain = secret.encode()
    yield plain
    yield plain.hex().encode()
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + plain)
        yield whole[4 if before else 0 : len(plain) // 3 * 4 - 4]


def found(content: bytes, planted: Mapping[str, str], depth: int = 0) -> set[str]:
    """The names of the secrets that are in `content`, also inside archives, spreadsheets, PDFs, and across the line
    ends of wrapped text."""
    joined = re.sub(rb"[\s\\]+", b"", content)
    names = {
        name for name, secret in planted.items() if any(each in content or each in joined for each in _encoded(secret))
    }
    if depth < DEEPEST:
        for inner in _unpacked(content):
            names |= found(inner, planted, depth + 1)
    return names


def _unpacked(content: bytes) -> Iterator[bytes]:
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            yield from map(packed.read, packed.namelist())
    elif content.startswith(b"\x1f\x8b"):
        yield zlib.decompress(content, 31)
    elif content.startswith(b"%PDF"):
        for page in pypdfium2.PdfDocument(content):  # as it is read: a font's glyphs are no letters
            yield page.get_textpage().get_text_bounded().encode()
        for stream in re.finditer(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
            with suppress(zlib.error):
                yield zlib.decompressobj().decompress(stream[1])
    elif content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as packed_tar:
            for member in packed_tar:
                file = packed_tar.extractfile(member) if member.isfile() else None
                if file:
                    yield file.read()


def leaks(folder: Path, planted: Mapping[str, str], allowed: frozenset[Path] = frozenset()) -> list[str]:
    """What below `folder` holds a secret, in name or content, but for `allowed` files and folders."""
    told = []
    for path, folders, files in os.walk(folder):
        here = Path(path)
        folders[:] = [name for name in folders if here / name not in allowed]
        for name in (*folders, *files):
            told += [f"the name {here / name}: {each}" for each in found(os.fsencode(name), planted)]
        for name in files:
            if here / name not in allowed and (here / name).is_file():
                told += [f"{here / name}: {each}" for each in found((here / name).read_bytes(), planted)]
    return told
