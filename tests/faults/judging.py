"""What a site is judged by after a fault."""

from pathlib import Path

from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import journal, validation


def heads(site: Path) -> dict[str, list[str]]:
    """What is recorded: the hashes of each dossier's events."""
    here = Site(site)
    return {name: [event.hash for event in dossiers.read(here, name).events] for name in dossiers.ids(here)}


def everything(site: Path) -> dict[str, bytes]:
    """Every file of the record."""
    kept = [site / "journal.jsonl", *(site / "deposits").rglob("*")]
    return {str(path.relative_to(site)): path.read_bytes() for path in kept if path.is_file()}


def unsound(desk: Desk) -> list[str]:
    """What is wrong with a site: broken records, a journal that does not agree."""
    errors = validation.validate(desk).errors
    return [*map(str, errors), *journal.check(desk).gaps]


def litter(site: Path) -> list[str]:
    """Files that a command left half-way."""
    found = [path for path in (site / "deposits").rglob("*") if path.name.endswith(".tmp") or path.name.startswith(".")]
    return [str(path.relative_to(site)) for path in found]
