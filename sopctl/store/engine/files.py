"""The engine's certificates and the broker's configuration, in keys/engine/.

```
keys/engine/authority.pem authority.key      who signs; the key never leaves this machine
keys/engine/controller/                      the controller's own
keys/engine/server/                          for the broker's machine: nats-server.conf and its certificates
keys/engine/worker-NETWORK/                  for the machine of that network's worker
```
"""

from pathlib import Path

from sopctl.store.durable import disk_errors, listed, make_folder, write_atomic
from sopctl.store.site import Site

MOST_BYTES = 64 * 1024


class EngineFiles:
    """The files of one site's engine."""

    def __init__(self, site: Site) -> None:
        self.folder = site.root / "keys" / "engine"
        self.controller = self.folder / "controller"

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
        make_folder(path.parent, 0o700)
        write_atomic(path, content, mode=0o600)
        return path

    def workers(self) -> list[str]:
        """The networks for which there is a worker's folder."""
        return sorted(path.name.removeprefix("worker-") for path in listed(self.folder, "worker-*") if path.is_dir())
