"""How many events a second one process records, durably: `python benchmarks/events.py`."""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sopctl.cli import terminal
from sopctl.model.sop.history import Event
from sopctl.store import dossiers
from sopctl.workflow.setup import init
from sopctl.workflow.steps import letters

DOSSIERS, EVENTS = 10, 25
"""A dossier that has come to its first inventory form has about 20 events."""


def main() -> None:
    """Record EVENTS events in each of DOSSIERS dossiers of a fresh site, by turns, and print the rate."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        site = init.init(Path(folder) / "site")
        record = Path(folder) / "request.yml"
        desk = terminal.desk(site, user="bench", clock=lambda: datetime.now(UTC)).knowing("for the benchmark alone")
        record.write_text(init.EXAMPLE_REQUEST)
        deposits = [letters.request(desk, record).id for _ in range(DOSSIERS)]
        started = time.perf_counter()
        for _ in range(EVENTS):
            for deposit in deposits:
                with dossiers.open_alone(site, deposit) as dossier:
                    event = Event(0, datetime.now(UTC), "penitipan", 2, "failed", "x", "x", "")
                    dossiers.append(site, dossier, event)
        print(f"{DOSSIERS * EVENTS / (time.perf_counter() - started):.0f} events/s")


if __name__ == "__main__":
    main()
