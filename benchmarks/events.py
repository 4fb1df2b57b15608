"""What an event costs, and how that grows with the journal: `python benchmarks/events.py [LINES …]`.

Each site has a journal that is so many lines long, as other deposits leave it (10,000 dossiers × 40 events are 400,000
lines), and records EVENTS durable events by turns in DOSSIERS dossiers of its own; then four processes do so at once.
Beside each, what the disk gives: the same writes and the three synchronisations of an event, and nothing else.
"""

import fcntl
import os
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import msgspec

from benchmarks.needs import given, size
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


def write(folder: Path, name: str, count: int) -> None:
    """What an event writes, `count` times: a file and its folder, and, one process at a time, a line."""
    mine = folder / name
    mine.mkdir()
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    lines = os.open(folder / "lines", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    inside = os.open(mine, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(count):
        new = os.open(mine / "new", os.O_WRONLY | os.O_CREAT)
        os.write(new, b"-" * 3000)
        os.fsync(new)
        os.close(new)
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.rename(mine / "new", mine / "history")
        os.fsync(inside)
        os.write(lines, b"-" * 183)
        os.fdatasync(lines)
        fcntl.flock(lock, fcntl.LOCK_UN)
    for descriptor in (lock, lines, inside):
        os.close(descriptor)


def rate(work: Callable[..., None], each: Sequence[tuple[object, ...]]) -> tuple[float, float]:
    """Run the same work in a process for each of these arguments: times EVENTS, how many a second; and the CPU of
    one, in milliseconds."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    processes = [get_context("fork").Process(target=work, args=arguments) for arguments in each]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return EVENTS * len(each) / seconds, 1000 * cpu / EVENTS / len(each)


def main() -> None:
    """Print, for each length of the journal: CPU of an event, the rate of one process and of four, and the disk's."""
    lengths = [size(word) for word in given(__doc__)] or LINES
    print(
        f"{'lines':>10}  {'one process':>22}  {'disk':>8}  {f'{PROCESSES} processes':>22}  {'disk':>8}  {'memory':>8}"
    )
    for lines in lengths:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            site, deposits = made(Path(folder), lines)
            with Journal(site.root).adding():
                pass  # the marks
            record(site.root, deposits, 2 * DOSSIERS)  # what is read once
            print(f"{lines:>10,}", end="", flush=True)
            for count in (1, PROCESSES):
                events, cpu = rate(record, [(site.root, deposits[at::count], EVENTS) for at in range(count)])
                disk, _ = rate(write, [(Path(folder), f"{count}-{at}", EVENTS) for at in range(count)])
                print(f"  {cpu:>7.2f} ms  {events:>7.0f} ev/s  {disk:>6.0f}/s", end="", flush=True)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"  {memory:>4.0f} MiB")


if __name__ == "__main__":
    main()
