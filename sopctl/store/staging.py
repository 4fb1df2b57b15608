"""Where dossiers are made before they are in their places: a folder `deposits/.new-…`, with a list once it is ready.

Whoever finds a folder that is ready finishes it; one that is not is litter of a killed command.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from sopctl.model.as_json import NotJson, from_json
from sopctl.store.durable import disk_errors, listed, sync_folder
from sopctl.store.journal import Journal
from sopctl.store.site import Site

PREFIX = ".new-"
READY = ".ready"
"""The list, as JSON: of each dossier its id and the hash of its first event."""


def unfinished(entries: Iterable[os.DirEntry[str]]) -> bool:
    """Is one of these folders ready, and not finished?"""
    return any(entry.name.startswith(PREFIX) and Path(entry, READY).is_file() for entry in entries)


def finish(site: Site) -> None:
    """Give dossiers that a crash left ready their places and their lines in the journal; sweep away what was half made.

    Call when alone. Raises OutsideFailure, InvalidRecord as the journal does.
    """
    deposits = site.folder("deposits")
    with disk_errors(deposits, "make"):
        for folder in listed(deposits, f"{PREFIX}*"):
            if (folder / READY).is_file():
                for each in made_in(folder):
                    os.rename(each, deposits / each.name)
                note(site, folder)
            else:
                shutil.rmtree(folder)


def made_in(folder: Path) -> Sequence[Path]:
    """The dossiers that are still in a folder of new ones."""
    return sorted(path for path in folder.iterdir() if path.is_dir())


def _listed(folder: Path) -> list[tuple[str, str]]:
    """The new dossiers and the hash of each one's first event. One whose list was damaged is told by the journal's
    check, which misses that event."""
    try:
        return from_json((folder / READY).read_bytes() or b"[]", list[tuple[str, str]])
    except NotJson:
        return []


def note(site: Site, folder: Path) -> None:
    """Note new dossiers that are in their places in the journal; only then is forgotten that they were new."""
    sync_folder(site.folder("deposits"))
    listed = _listed(folder)
    journal = Journal(site.root)
    with journal.adding() as writer:
        for deposit_id, hash_ in listed:
            if not journal.has(deposit_id):
                writer.add_hash(deposit_id, 1, hash_)
    shutil.rmtree(folder)
