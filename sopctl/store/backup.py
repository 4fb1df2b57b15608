"""A site in one file, and a site made from one: consistent while others write, every file with its hash.

What others write meanwhile: records and the journal are read under the site's lock, within moments. Documents and facts
are never changed once they are there, so they are read afterwards; each is one that a history of the copy may name. The
history of checks is not derived from anything: SQLite copies it as of one moment. What can be made again (the index,
the folders of runs), locks and drafts are left out. Secrets (`keys/`, files of variables that hold one in plain text,
and the page's accounts) are there only sealed.
"""

import hashlib
import io
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from sopctl import __version__
from sopctl.errors import InvalidRecord, OutsideFailure, UsageError, in_words
from sopctl.locale import Prose, Text
from sopctl.model.as_json import NotJson, from_json
from sopctl.store import checks, modes, settings, staging
from sopctl.store.durable import (
    bytes_of,
    disk_errors,
    files_below,
    make_folder,
    opened,
    sync_folder,
    walk,
    write_atomic,
)
from sopctl.store.journal import Anchor, Journal
from sopctl.store.page import database as page
from sopctl.store.site import MOVED, Site

MANIFEST = "MANIFEST.json"
SECRETS = "keys.sealed"
VARIABLES = "variables.sealed"
PAGE = "page.sealed"
SEALED = (SECRETS, VARIABLES, PAGE)
LEFT_OUT = frozenset({"var", "keys", "page", ".git"})
UNDERWAY = (".", staging.PREFIX)
MAX_FILE = 256 * 1024 * 1024
MAX_FILES = 1_000_000
SECRET_BYTES = 1024 * 1024


class Manifest(Struct, frozen=True):
    """What a backup holds: by path its SHA-256 (hex), and where the journal ended. `left` names what was
    not taken: symbolic links and the like, and files with secrets where nothing seals them."""

    made: datetime
    version: str
    anchor: Anchor
    files: dict[str, str]
    left: tuple[str, ...] = ()


def write(
    site: Site,
    file: Path,
    made: datetime,
    *,
    is_secret: modes.Judge,
    secrets: Callable[[bytes], bytes] | None = None,
) -> Manifest:
    """Write a backup of the site to `file` (a gzipped tar, mode 0600); with `secrets`, what it makes of the packed
    `keys/` too. What of Ansible's files `is_secret` goes where `keys/` goes.

    Raises UsageError for a file that exists or lies in the site, InvalidRecord when the journal was altered,
    OutsideFailure.
    """
    target = file.absolute()
    if target.exists() or target.resolve().is_relative_to(site.root.resolve()):
        raise UsageError(
            "backup-in-the-way",
            "{file} exists already, or lies in the site itself",
            remedy="Name a new file, on another disk if possible.",
            file=target,
        )
    with _new(target) as raw, tarfile.open(fileobj=raw, mode="w:gz", format=tarfile.PAX_FORMAT) as packed:
        pack = _Packer(packed)
        with site.alone():
            records = {path: path.read_bytes() for path in _records(site, pack)}
            anchor = Journal(site.root).anchor()
        with disk_errors(site.root, "read"):
            variables = [path for path in records if _executed(site.root, path) and is_secret(path)]
        for path in variables:
            del records[path]
        client_secret = site.root / page.FOLDER / page.CLIENT_SECRET
        if client_secret.is_file() and not client_secret.is_symlink():
            variables.append(client_secret)
        for path, content in records.items():
            pack.add(str(path.relative_to(site.root)), content)
        for path in _documents(site, pack):
            pack.add(str(path.relative_to(site.root)), bytes_of(path, MAX_FILE, links=False))
        history = _checks(site)
        if history is not None:
            pack.add(f"var/{checks.FILE_NAME}", history)
        accounts = page.copied(site.root)
        if secrets:
            if accounts is not None:
                pack.add(PAGE, secrets(accounts))
            pack.add(SECRETS, secrets(_packed(site.folder("keys"), _keys(site))))
            pack.add(VARIABLES, secrets(_packed(site.root, variables)))
        else:
            pack.left += [str(path.relative_to(site.root)) for path in variables]
            if accounts is not None:
                pack.left.append(f"{page.FOLDER}/{page.FILE_NAME}")
        manifest = Manifest(made, __version__, anchor, dict(pack.files), tuple(pack.left))
        pack.add(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    return manifest


def read_manifest(file: Path) -> Manifest:
    """What a backup says that it holds. Raises InvalidRecord for a file that is no backup, OutsideFailure."""
    for name, content in _members(file):
        if name == MANIFEST:
            try:
                return from_json(content, Manifest)
            except NotJson as error:
                raise _no_backup(file, in_words(error)) from None
    raise _no_backup(file, Text("it has no {name}", name=MANIFEST))


def restore(file: Path, root: Path, *, unseal: Callable[[bytes], bytes] | None = None) -> Manifest:
    """Make a site in `root`, which must be new or empty, from a backup. Every file is compared with its hash before
    the folder is a site.

    Raises UsageError when the folder is not empty, InvalidRecord when the backup was altered or `unseal` refuses,
    OutsideFailure.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UsageError(
            "restore-not-empty",
            "{path} is not an empty folder",
            remedy="Name a folder that is new or empty.",
            path=root,
        )
    manifest = read_manifest(file)
    make_folder(root)
    missing = dict(manifest.files)
    last: list[tuple[Path, bytes]] = []
    for name, content in _members(file):
        if name == MANIFEST:
            continue
        if missing.pop(name, "") != hashlib.sha256(content).hexdigest():
            raise _altered(file, name)
        if name in SEALED:
            if unseal and name == PAGE:
                page.placed(root, unseal(content))
            elif unseal:
                _unpack(root / "keys" if name == SECRETS else root, unseal(content), private=name == SECRETS)
            continue
        path = root / name
        make_folder(path.parent)
        if name == settings.FILE_NAME:
            last.append((path, content))
        else:
            write_atomic(path, content)
    if missing:
        raise _altered(file, next(iter(missing)))
    for name in ("racks", "networks", "deposits"):
        make_folder(root / name)
    make_folder(root / "keys", 0o700)
    for path, content in last:  # only now is it a site
        write_atomic(path, content)
    return manifest


class _Packer:
    """Adds files to an archive, and keeps their hashes."""

    def __init__(self, packed: tarfile.TarFile) -> None:
        self._packed = packed
        self.files: dict[str, str] = {}
        self.left: list[str] = []

    def add(self, name: str, content: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content), 0o640
        self._packed.addfile(entry, io.BytesIO(content))
        self.files[name] = hashlib.sha256(content).hexdigest()


def _records(site: Site, pack: _Packer) -> Iterator[Path]:
    """Everything but the documents of dossiers and what is left out."""
    for path in _walk(site.root, pack):
        if not _is_document(path.relative_to(site.root)):
            yield path


def _documents(site: Site, pack: _Packer) -> Iterator[Path]:
    """Those of the dossiers that are in the copy: one that was opened meanwhile is in the next backup."""
    dossiers = {str(Path(name).parent) for name in pack.files}
    pack.left.clear()  # this walk names them again
    for path in _walk(site.root, pack):
        below = path.relative_to(site.root)
        if _is_document(below) and str(Path(*below.parts[:2])) in dossiers:
            yield path


def _is_document(path: Path) -> bool:
    return len(path.parts) > 3 and path.parts[0] == "deposits"


def _walk(root: Path, pack: _Packer) -> Iterator[Path]:
    for here, folders, files in walk(root):
        if here == root:
            folders[:] = [name for name in folders if name not in LEFT_OUT]
        folders[:] = sorted(name for name in folders if not name.startswith(UNDERWAY) and name != "__pycache__")
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = [name for name in folders if name not in links]
        for name in sorted(files):
            if (name.startswith(".") and name != ".gitignore") or (here == root and name == MOVED):
                continue
            if (here / name).is_symlink() or not (here / name).is_file():
                links.append(name)
            else:
                yield here / name
        pack.left += [str((here / name).relative_to(root)) for name in links]


def _checks(site: Site) -> bytes | None:
    """The history of checks as of one moment."""
    path = site.root / "var" / checks.FILE_NAME
    if not path.is_file():
        return None
    try:
        with (
            closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=checks.BUSY_SECONDS)) as source,
            closing(sqlite3.connect(":memory:")) as copy,
        ):
            source.backup(copy)
            return copy.serialize()
    except sqlite3.Error as error:
        raise OutsideFailure(
            "checks-not-copied",
            "the history of checks cannot be copied: {reason}",
            remedy=("No backup was made. See whether the disk is full or failing, and whether that file is whole."),
            where=str(path),
            reason=in_words(error),
        ) from None


def _executed(root: Path, path: Path) -> bool:
    return path.relative_to(root).parts[0] in modes.EXECUTED


def _keys(site: Site) -> list[Path]:
    """The files of `keys/` and of its folders."""
    keys = site.folder("keys")
    found = [path for path in files_below(keys) if len(path.relative_to(keys).parts) <= 2]
    return [path for path in found if not path.is_symlink()]


def _packed(root: Path, paths: list[Path]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as packed:
        for path in paths:
            entry = tarfile.TarInfo(str(path.relative_to(root)))
            content = path.read_bytes()
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def _unpack(folder: Path, content: bytes, *, private: bool) -> None:
    """Make the files of what was sealed, each its owner's alone; `private`: so are their folders, and they are one
    deep."""
    if private:
        make_folder(folder, 0o700)
    with tarfile.open(fileobj=io.BytesIO(content)) as packed:
        for entry in packed:
            parts = Path(entry.name).parts
            right = parts and ".." not in parts and not Path(entry.name).is_absolute()
            right = right and (len(parts) < 3 if private else parts[0] in (*modes.EXECUTED, page.FOLDER))
            file = packed.extractfile(entry) if entry.isreg() and right else None
            if file:
                make_folder((folder / entry.name).parent, 0o700 if private else 0o750)
                write_atomic(folder / entry.name, file.read(SECRET_BYTES), mode=0o600)


def _members(file: Path) -> Iterator[tuple[str, bytes]]:
    """The files of an archive, each with a path that stays below the folder it is unpacked to."""
    count = 0
    try:
        with opened(file) as raw, tarfile.open(fileobj=raw, mode="r:gz") as packed:
            for entry in packed:
                count += 1
                parts = Path(entry.name).parts
                if not entry.isreg() or not parts or Path(entry.name).is_absolute() or ".." in parts:
                    raise _no_backup(file, Text("{name!r} is no file of a site", name=entry.name[:100]))
                if entry.size > MAX_FILE or count > MAX_FILES:
                    raise _no_backup(file, Text("it is larger than a backup of a site can be"))
                content = packed.extractfile(entry)
                yield entry.name, content.read() if content else b""
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _no_backup(file, in_words(error)) from None


@contextmanager
def _new(target: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name only when it is complete."""
    with disk_errors(target):
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(target.parent)


def _no_backup(file: Path, reason: Prose) -> InvalidRecord:
    return InvalidRecord(
        "not-a-backup",
        "this is no backup of a site: {reason}",
        remedy=(
            "Name a file that sopctl made as a backup, or take another copy of it. A folder that was "
            "begun is no site: delete it before you restore there."
        ),
        where=str(file),
        reason=reason,
    )


def _altered(file: Path, name: str) -> InvalidRecord:
    return InvalidRecord(
        "backup-altered",
        "the backup was altered: {name} is not what its manifest says",
        where=str(file),
        remedy="Take another backup.",
        name=name,
    )
