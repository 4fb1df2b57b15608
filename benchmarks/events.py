"""What an event costs, and how that grows with the journal: `python benchmarks/events.py [LINES …]`.

Each site has a journal that is so many lines long, as other deposits leave it (10,000 dossiers × 40 events are 400,000
lines), and records EVENTS durable events by turns in DOSSIERS dossiers of its own; then four processes do so at once.
"""

import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import msgspec

from sopctl.cli import terminal
from sopctl.model.sop.history import Event
from sopctl.store import dossiers
from sopctl.store.journal import Journal, Line
from sopctl.store.site import Site
from sopctl.workflow.setup import init
from sopctl.workflow.steps import letters

DOSSIERS, EVENTS, PROCESSES = 12, 240, 4
"""A dossier that has come to its first inventory form has about 20 events."""
BOUNDED = (("0", "20000"),)
"""The command lines of `make bench`."""
LINES = (0, 10_000, 100_000, 1_000_000)


def made(folder: Path, lines: int) -> tuple[Site, list[str]]:
    """A site with DOSSIERS deposits, whose journal was `lines` long before them."""
    site = init.init(folder / "site")
    prev = ""
    with (site.root / "journal.jsonl").open("wb") as file:
        for number in range(lines):
            raw = msgspec.json.encode(Line(f"PS-2020-{number // 40:04}", number % 40 + 1, "0" * 64, prev))
            file.write(raw + b"\n")
            prev = msgspec.json.encode(raw.decode())[:64].decode()  # no chain: only its length counts here
    record = folder / "request.yml"
    desk = terminal.desk(site, user="bench", clock=lambda: datetime.now(UTC)).knowing("for the benchmark alone")
    record.write_text(init.EXAMPLE_REQUEST)
    return site, [letters.request(desk, record).id for _ in range(DOSSIERS)]


def record(root: Path, deposits: list[str], count: int) -> None:
    """Record `count` events, by turns in these dossiers."""
    site = Site(root)
    for number in range(count):
        with dossiers.open_alone(site, deposits[number % len(deposits)]) as dossier:
            dossiers.append(site, dossier, Event(0, datetime.now(UTC), "penitipan", 2, "failed", "x", "x", ""))


def main() -> None:
    """Print, for each length of the journal: CPU and time of an event, the rate of one process and of four."""
    print(f"{'lines':>10}  {'CPU/event':>10}  {'one process':>14}  {f'{PROCESSES} processes':>14}  {'memory':>8}")
    for lines in map(int, sys.argv[1:]) if sys.argv[1:] else LINES:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            site, deposits = made(Path(folder), lines)
            Journal(site.root).writer()
            cpu, started = time.process_time(), time.perf_counter()
            record(site.root, deposits, EVENTS)
            cpu, seconds = time.process_time() - cpu, time.perf_counter() - started
            started = time.perf_counter()
            mine = [
                get_context("fork").Process(target=record, args=(site.root, deposits[at::PROCESSES], EVENTS))
                for at in range(PROCESSES)
            ]
            for each in mine:
                each.start()
            for each in mine:
                each.join()
            together = time.perf_counter() - started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{lines:>10,}  {cpu / EVENTS * 1000:>7.2f} ms  {EVENTS / seconds:>10.0f} ev/s  "
            f"{EVENTS * PROCESSES / together:>10.0f} ev/s  {memory:>4.0f} MiB"
        )


if __name__ == "__main__":
    main()
