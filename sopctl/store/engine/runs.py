"""What is known of the last run of checks by workers: `var/engine.json`, which may be lost."""

import msgspec
from msgspec import Struct

from sopctl.model.as_json import NotJson, from_json
from sopctl.store.durable import make_folder, write_atomic
from sopctl.store.site import Site

FILE_NAME = "engine.json"


class LastRun(Struct, frozen=True):
    """A run of checks by workers: when (seconds since 1970), and by network how many checks were `sent`, how many
    `answered`, and how many answers were `refused`."""

    began: int
    ended: int
    sent: dict[str, int]
    answered: dict[str, int]
    refused: dict[str, int] = {}


def keep(site: Site, run: LastRun) -> None:
    """Keep what is known of a run. Raises OutsideFailure."""
    make_folder(site.root / "var")
    write_atomic(site.root / "var" / FILE_NAME, msgspec.json.encode(run))


def last(site: Site) -> LastRun | None:
    """The last run; None where there was none, or nothing can be read of it."""
    try:
        return from_json((site.root / "var" / FILE_NAME).read_bytes(), LastRun)
    except (OSError, NotJson):
        return None
