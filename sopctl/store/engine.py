"""What a site keeps of its engine: the certificates, in keys/engine/; and what is known of its last run.

```
keys/engine/authority.pem authority.key      who signs; the key never leaves this machine
keys/engine/controller/                      the controller's own
keys/engine/server/                          for the broker's machine: nats-server.conf and its certificates
keys/engine/worker-NETWORK/                  for the machine of that network's worker
var/engine.json                              the last run
```
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from sopctl.model.as_json import NotJson, from_json
from sopctl.store.durable import disk_errors, make_folder, write_atomic
from sopctl.store.site import Site

MOST_BYTES = 64 * 1024


class LastRun(Struct, frozen=True):
    """A run of checks by workers: when (seconds since 1970), and by network how many checks were `sent`, how many
    `answered`, and how many answers were `refused`."""

    began: int
    ended: int
    sent: dict[str, int]
    answered: dict[str, int]
    refused: dict[str, int] = {}


class EngineFiles:
    """The files of one site's engine."""

    def __init__(self, site: Site) -> None:
        self.folder = site.root / "keys" / "engine"
        self.controller = self.folder / "controller"
        self._run = site.root / "var" / "engine.json"

    def read(self, name: str) -> bytes | None:
        """A file below keys/engine/; None where it is not there. Raises OutsideFailure."""
        path = self.folder / name
        with disk_errors(path, "read"):
            try:
                with path.open("rb") as file:
                    return file.read(MOST_BYTES)
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes) -> Path:
        """Write a file below keys/engine/, for nobody else to read. Raises OutsideFailure."""
        path = self.folder / name
        make_folder(self.folder.parent, 0o700)
        make_folder(self.folder, 0o700)
        make_folder(path.parent, 0o700)
        write_atomic(path, content, mode=0o600)
        return path

    def workers(self) -> list[str]:
        """The networks for which there is a worker's folder."""
        return sorted(path.name.removeprefix("worker-") for path in self.folder.glob("worker-*") if path.is_dir())

    def keep(self, run: LastRun) -> None:
        """Keep what is known of a run. Raises OutsideFailure."""
        make_folder(self._run.parent)
        write_atomic(self._run, msgspec.json.encode(run))

    @property
    def last_run(self) -> LastRun | None:
        """The last run; None where there was none, or nothing can be read of it."""
        try:
            return from_json(self._run.read_bytes(), LastRun)
        except (OSError, NotJson):
            return None
