"""What a site is judged by after a fault."""

from pathlib import Path

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


def unsound(desk: Desk) -> list[str]:
    """What is wrong with a site: broken records, a journal that does not agree."""
    errors = validation.validate(desk).errors
    return [*map(str, errors), *journal.check(desk).gaps]


def litter(site: Path) -> list[str]:
    """Files that a command left half-way."""
    there = (path for folder in RECORD for path in (site / folder).rglob("*"))
    found = [path for path in there if path.name.endswith(".tmp") or path.name.startswith(".")]
    return [str(path.relative_to(site)) for path in found]
