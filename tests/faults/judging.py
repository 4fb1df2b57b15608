"""What a site is judged by after a fault."""

from collections.abc import Collection
from pathlib import Path

from sopctl.model.sop import history
from sopctl.store import books, dossiers, issued
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import journal, validation

RECORD = ("deposits", "house", "reports")
"""The folders of what is recorded."""


def heads(site: Path) -> dict[str, list[str]]:
    """What is recorded: the hashes of the events of each dossier and book, and of the reports."""
    here = Site(site)
    found = {name: [event.hash for event in dossiers.read(here, name).events] for name in dossiers.ids(here)}
    found |= {name: [event.hash for event in books.read_named(here, name).events] for name in books.names(here)}
    return {**found, issued.NAME: [each.hash for each in issued.read(here)]}


def everything(site: Path) -> dict[str, bytes]:
    """Every file of the record."""
    kept = [site / "journal.jsonl", *(each for folder in RECORD for each in (site / folder).rglob("*"))]
    return {str(path.relative_to(site)): path.read_bytes() for path in kept if path.is_file()}


def files(site: Path) -> dict[str, tuple[bytes, int]]:
    """Every file of a site with its mode, but what is derived or only for a while (`var/`)."""
    found = (path for path in site.rglob("*") if path.is_file() and path.relative_to(site).parts[0] != "var")
    return {str(path.relative_to(site)): (path.read_bytes(), path.stat().st_mode) for path in found}


def unsound(desk: Desk) -> list[str]:
    """What is wrong with a site: broken records, a journal that does not agree."""
    errors = validation.validate(desk).errors
    return [*map(str, errors), *map(str, journal.check(desk).gaps)]


def litter(site: Path) -> list[str]:
    """Files that a command left half-way: those that it was writing, and papers that nothing recorded names."""
    there = (path for folder in RECORD for path in (site / folder).rglob("*"))
    found = [path for path in there if path.name.endswith(".tmp") or path.name.startswith(".")]
    here = Site(site)
    records = {site / "deposits" / name: dossiers.read(here, name).events for name in dossiers.ids(here)}
    for folder, events in records.items():
        for kind in ("documents", "facts"):
            found += _unnamed(folder / kind, history.named(events, kind))
    for name in books.names(here):
        found += _unnamed(site / books.FOLDER / name, history.named(books.read_named(here, name).events, name))
    issues = {Path(kept.file).name for each in issued.read(here) for kept in each.files}
    found += [path for path in _unnamed(site / issued.NAME, issues) if not path.stem.isdecimal()]
    return sorted({str(path.relative_to(site)) for path in found})


def _unnamed(folder: Path, named: Collection[str]) -> list[Path]:
    return [path for path in folder.glob("*") if path.is_file() and path.name not in named]
