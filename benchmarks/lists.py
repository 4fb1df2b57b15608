"""What reads all of a site, over many dossiers: cold (nothing kept), warm, and after one edit, as whole commands.

    python benchmarks/lists.py [COUNT [CHECKOUT [COMMAND …]]]

Makes a site of COUNT dossiers (10,000) at different steps in a temporary folder, by the store's own writing of records,
with its journal and three checks of each server that stands in its place. Of each command, the least of three runs: CPU
(all processes, user and system) and time from start to end; beside the same of another CHECKOUT's sopctl, by turns.
With COMMANDs (list, todo), of those alone.
"""

import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import yaml

from benchmarks.needs import as_installed, given, numbers
from sopctl.model.availability import Policy, Sight
from sopctl.model.sop import history
from sopctl.model.sop.history import Event
from sopctl.store import codec
from sopctl.store.checks import Checks
from sopctl.store.journal import Line
from sopctl.store.site import Site
from sopctl.workflow.setup.init import EXAMPLE_REQUEST, init

WAY: tuple[tuple[str, int, str, dict[str, Any]], ...] = (
    ("penitipan", 1, "selesai", {"procedures": {"penitipan": "1", "konfigurasi": "1", "pengembalian": "1"}}),
    ("penitipan", 2, "selesai", {}),
    ("penitipan", 3, "selesai", {}),
    ("penitipan", 4, "tersedia", {}),
    ("penitipan", 5, "selesai", {}),
    ("penitipan", 7, "selesai", {}),
    ("penitipan", 8, "selesai", {"serial": "SN-0001"}),
    ("penitipan", 9, "selesai", {}),
    ("penitipan", 10, "selesai", {"placed": "true"}),
    ("konfigurasi", 1, "selesai", {}),
    ("konfigurasi", 2, "selesai", {}),
    ("konfigurasi", 3, "bisa", {}),
    ("konfigurasi", 5, "selesai", {}),
    ("konfigurasi", 6, "selesai", {}),
)


COMMANDS = (
    ("list",),
    ("todo",),
    ("show", "PS-2026-00100"),
    ("list", "--state", "late"),
    ("list", "--json"),
    ("queue", "list"),
    ("rack", "list"),
    ("report", "sla", "--month", "2026-01"),
    ("document", "verify", "unknown.yml"),
    ("validate",),
    ("journal", "verify"),
)
"""Each is run once before it is measured: what it keeps for the next time is then there."""


def make(root: Path, count: int, *, in_racks: bool = False) -> Site:
    """A site with `count` dossiers; each has gone a different number of steps. Without `in_racks`, all stand in one
    place, which is of no matter to lists."""
    site = init(root)
    record = yaml.safe_load(EXAMPLE_REQUEST)
    noted: list[tuple[datetime, str, int, str]] = []
    placed: list[str] = []
    taken = 0
    start = datetime(2026, 1, 5, 8, tzinfo=ZoneInfo("Asia/Jakarta"))
    for number in range(1, count + 1):
        deposit_id = f"PS-2026-{number:05}"
        folder = root / "deposits" / deposit_id
        folder.mkdir()
        (folder / "deposit.yml").write_bytes(codec.dump({"id": deposit_id, **_of_its_own(record, number)}))
        events: list[Event] = []
        for seq, (procedure, step, outcome, data) in enumerate(WAY[: 1 + number % len(WAY)], start=1):
            if outcome == "tersedia":
                taken += in_racks
                data = {"place": place_of(root, max(0, taken - 1))}  # noqa: PLW2901
            if "serial" in data:
                data = {"serial": f"SN-{number:05}"}  # noqa: PLW2901
            at = start + timedelta(hours=number % 5000 + seq)
            events.append(
                Event(seq, at, procedure, step, outcome, "staf", "root", history.head(deposit_id, events), "", data)
            )
        (folder / "history.yml").write_bytes(codec.dump(events))
        noted += [(event.at, deposit_id, event.seq, event.hash) for event in events]
        placed += [deposit_id] if any(event.data.get("placed") for event in events) else []
    note(site, sorted(noted), placed)
    return site


def _of_its_own(record: dict[str, Any], number: int) -> dict[str, Any]:
    """The record of the `number`-th server: what identifies a server, or a letter, is its own."""
    address = str(ip_address("198.18.0.0") + number)
    return {
        **record,
        "server": {**record["server"], "name": f"s{number}.example.org", "serial": f"SN-{number:05}"},
        "access": {**record["access"], "address": address},
        "letter": {**record["letter"], "number": f"090/{number}/2026"},
    }


def place_of(root: Path, number: int) -> dict[str, str]:
    """The place of the server that takes a place as the `number`-th (from 0): twenty stand in a rack."""
    rack = f"A{1 + number // 20}"
    path = root / "racks" / f"{rack}.yml"
    if not path.exists():
        path.write_text(
            f"name: {rack}\nroom: Ruang server\nunits: 42\ndepth_mm: 1000\npower_watts: 16000\nweight_kg: 1000\n"
        )
    return {"rack": rack, "unit": str(1 + 2 * (number % 20)), "height": "2"}


def note(site: Site, noted: list[tuple[datetime, str, int, str]], placed: list[str]) -> None:
    """Write the journal of these events, and the history of checks."""
    prev = ""
    with (site.root / "journal.jsonl").open("wb") as file:
        for _at, deposit_id, seq, hash_ in noted:
            line = msgspec.json.encode(Line(deposit_id, seq, hash_, prev))
            file.write(line + b"\n")
            prev = hashlib.sha256(line).hexdigest()
    now = int(time.time())
    with Checks(site).recording(Policy()) as record:
        for deposit_id in placed:
            for minute in (3, 2, 1):
                record(deposit_id, Sight(now - 60 * minute, ok=True, seconds=0.1))


HERE = Path(__file__).parents[1]
BOUNDED = (("300",),)
"""The command lines of `make bench`."""


class Cost(NamedTuple):
    """Seconds of CPU of all processes, and from start to end."""

    cpu: float
    wall: float

    def __str__(self) -> str:
        return f"{self.cpu:6.2f} s CPU {self.wall:6.2f} s"


def command(root: Path, *words: str, code: Path = HERE) -> Cost:
    """What a command costs, with the sopctl of a checkout."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**as_installed(), "PYTHONPATH": str(code)}
    subprocess.run(
        [sys.executable, "-m", "sopctl", *words],
        cwd=root,
        check=False,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, wall)


def beside(root: Path, *words: str, codes: Sequence[Path]) -> str:
    """The least that a command costs with each of the checkouts, in turns, once it has run."""
    cold = [command(root, *words, code=code) for code in codes]
    runs = [[command(root, *words, code=code) for code in codes] for _ in range(3)]
    least = [min(each) for each in zip(*runs, strict=True)]
    return "   ".join(f"{warm}  (first {first.cpu:6.2f} s CPU)" for warm, first in zip(least, cold, strict=True))


def main() -> None:
    asked = given(__doc__)
    (count,) = numbers(asked[:1], 10_000)
    codes, only = [HERE, *map(Path, asked[1:2])], asked[2:]
    if missing := [str(code) for code in codes if not (code / "sopctl").is_dir()]:
        sys.exit(f"{missing[0]} is no checkout of sopctl\n  → see --help")
    names = sorted({each[0] for each in COMMANDS})
    if unknown := sorted(set(only) - set(names)):
        sys.exit(f"{unknown[0]} is none of {', '.join(names)}\n  → see --help")
    with tempfile.TemporaryDirectory(prefix="sopctl-lists-") as folder:
        root = Path(folder) / "site"
        begin = time.perf_counter()
        make(root, count, in_racks=True)
        (root / "unknown.yml").write_text("a file that no history has: every one of them is asked\n")
        print(f"{count} dossiers made in {time.perf_counter() - begin:.0f} s")
        print(f"{'sopctl --version':<32}  {beside(root, '--version', codes=codes)}")
        for words in [each for each in COMMANDS if not only or each[0] in only]:
            print(f"{' '.join(words):<32}  {beside(root, *words, codes=codes)}", flush=True)
        path = root / "deposits" / "PS-2026-00007" / "deposit.yml"
        path.write_text(path.read_text().replace("Dinas Contoh", "Dinas Lain"))
        print(f"{'list after one edit':<32}  {command(root, 'list')}")


if __name__ == "__main__":
    main()
