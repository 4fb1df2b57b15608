"""Make a site as large as one likes: dossiers, journal, checks and facts, over many networks.

    python -m benchmarks.fleet FOLDER [SERVERS] [NETWORKS] [DAYS] [MONTHS]

SERVERS (10,000) configured servers in racks of NETWORKS (30), each with the journal's lines of its events, a check
every five minutes for DAYS (1), and facts of MONTHS (1, at most 2). Then the sizes of what was made. Commands are timed
on it with `time`; nothing of it is anybody's. FOLDER `-` is a temporary one.
"""

import base64
import hashlib
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import yaml
from msgspec.structs import replace

from benchmarks.inventory import SAMPLE
from benchmarks.lists import WAY
from benchmarks.needs import given, numbers
from sopctl.model.access.target import fingerprint
from sopctl.model.availability import Policy, Sight, State, Status
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from sopctl.model.sop import history
from sopctl.model.sop.history import Event
from sopctl.store import codec, dossiers
from sopctl.store.checks import FILE_NAME, Checks
from sopctl.store.journal import Journal, Line
from sopctl.store.site import Site
from sopctl.workflow.setup import init

BOUNDED = (("-", "500"),)
EVERY = 300
"""Seconds between two checks of a server."""
IN_A_RACK = 24
START = datetime(2026, 1, 5, 8, tzinfo=ZoneInfo("Asia/Jakarta"))


def make(root: Path, servers: int, networks: int, days: int, months: int) -> Site:
    """The whole site. Prints what each part took."""
    site = init.init(root)
    for number in range(networks):
        (root / "networks" / f"net-{number:02}.yml").write_text(
            f"name: net-{number:02}\nnetwork: 10.{number + 1}.0.0/16\n"
        )
    racks = -(-servers // IN_A_RACK)
    for number in range(racks):
        (root / "racks" / f"{rack(number)}.yml").write_text(
            f"name: {rack(number)}\nroom: R\nunits: 48\ndepth_mm: 900\npower_watts: 20000\n"
            f"network: net-{number % networks:02}\n"
        )
    began = time.perf_counter()
    record = yaml.safe_load(init.EXAMPLE_REQUEST)
    facts = from_script(SAMPLE.read_text(), gathered_at="2026-10-01T02:00:00+07:00")
    for number in range(1, servers + 1):
        network = number % racks % networks
        address = f"10.{network + 1}.{number // 250 % 250}.{number % 250 + 1}"
        place = {"rack": rack(number % racks), "unit": str(1 + number // racks % IN_A_RACK * 2), "height": "2"}
        dossier(site, number, record, address, place, facts, ("2026-10", "2026-11")[:months])
    told("dossiers", began)
    began = time.perf_counter()
    journal(site)
    told("journal", began)
    began = time.perf_counter()
    checks(site, servers, days)
    told("checks", began)
    return Site(root)


def rack(number: int) -> str:
    return f"R{number:04}"


def dossier(
    site: Site,
    number: int,
    record: dict[str, Any],
    address: str,
    place: dict[str, str],
    facts: ServerFacts,
    months: Sequence[str],
) -> None:
    """One server that was configured, with the facts of these months."""
    deposit_id = f"PS-2026-{number:05}"
    folder = site.root / "deposits" / deposit_id
    (folder / "facts").mkdir(parents=True)
    server = record["server"] | {"name": f"s{number}.example.org", "serial": f"SN-{number:05}"}
    accounts = [{"name": "webadmin", "keys": ["ssh-ed25519 " + key_of(f"webadmin {number}")["key"]]}]
    access = record["access"] | {"address": address, "accounts": accounts}
    letter = record["letter"] | {"number": f"090/{number}/2026"}
    made = record | {"server": server, "access": access, "unit": f"Dinas Contoh {number % 40}", "letter": letter}
    (folder / "deposit.yml").write_bytes(codec.dump({"id": deposit_id, **made}))
    steps = [*WAY[:13]]
    for month in months:
        content = msgspec.json.format(msgspec.json.encode(replace(facts, serial=f"SN-{number:05}")), indent=2) + b"\n"
        (folder / f"facts/{month}.json").write_bytes(content)
        kept = {"file": f"facts/{month}.json", "sha256": hashlib.sha256(content).hexdigest()}
        paper = {"file": f"documents/{month}.pdf", "sha256": "0" * 64}
        steps.append(("konfigurasi", 6, "selesai", {"month": month, "facts": kept, "document": paper, "changes": "0"}))
    events: list[Event] = []
    for seq, (procedure, step, outcome, said) in enumerate(steps, start=1):
        data: dict[str, object] = dict(said)
        if outcome == "tersedia":
            data = {"place": place}
        if (procedure, step) == ("konfigurasi", 1):
            data = {"host_key": key_of(f"host {number}"), "changed": "1"}
        if "serial" in data:
            data["serial"] = f"SN-{number:05}"
        at = START + timedelta(hours=number % 5000 + seq)
        prev = history.head(deposit_id, events)
        events.append(Event(seq, at, procedure, step, outcome, "staf", "root", prev, "", data))
    (folder / "history.yml").write_bytes(codec.dump(events))


def key_of(name: str) -> dict[str, str]:
    """A public key of its own, which nobody has."""
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0 " + hashlib.sha256(name.encode()).digest()
    return {"type": "ssh-ed25519", "key": base64.b64encode(blob).decode(), "sha256": fingerprint(blob)}


def told(what: str, began: float) -> None:
    print(f"{what} made in {time.perf_counter() - began:.0f} s", flush=True)


def journal(site: Site) -> None:
    """A line for each event, in a chain, as recording them would have left it."""
    path, prev = Journal(site.root).path, ""
    with path.open("wb") as file:
        for name in dossiers.ids(site):
            for event in dossiers.read(site, name).events:
                raw = msgspec.json.encode(Line(name, event.seq, event.hash, prev))
                file.write(raw + b"\n")
                prev = hashlib.sha256(raw).hexdigest()


def checks(site: Site, servers: int, days: int) -> None:
    """A check of each server every five minutes until now, all of them good."""
    now = int(datetime.now(UTC).timestamp()) // EVERY * EVERY
    first = now - 86400 * days
    with Checks(site).recording(Policy()) as record:
        record("PS-2026-00001", Sight(first - EVERY, True))  # makes the database
    state = msgspec.json.encode(State(first, now, Status.UP, first, recent="+" * 12))
    names = [f"PS-2026-{number:05}" for number in range(1, servers + 1)]
    with closing(sqlite3.connect(site.root / "var" / FILE_NAME, isolation_level=None)) as database:
        for at in range(first, now, EVERY):
            database.execute("BEGIN")
            database.executemany(
                "INSERT OR IGNORE INTO checks VALUES (?, ?, 1, '', 0.2)", [(name, at) for name in names]
            )
            database.execute("COMMIT")
        database.execute("BEGIN")
        database.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", [(name, state) for name in names])
        database.executemany("INSERT OR IGNORE INTO watched VALUES (?, ?, ?)", [(name, first, now) for name in names])
        database.execute("COMMIT")


def size(path: Path) -> float:
    """MB of a file, or of all that is in a folder."""
    files = [path] if path.is_file() else [Path(folder, name) for folder, _, names in os.walk(path) for name in names]
    return sum(each.stat().st_size for each in files) / 1e6


def main() -> None:
    words = given(__doc__)
    if not words:
        sys.exit(__doc__)
    sizes = numbers(words[1:], 10_000, 30, 1, 1)
    if words[0] != "-":
        folder = Path(words[0])
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            sys.exit(f"{folder} is not an empty folder\n  → see --help")
        put(folder, sizes)
        return
    with tempfile.TemporaryDirectory(prefix="sopctl-fleet-") as made:
        put(Path(made) / "site", sizes)


def put(root: Path, sizes: list[int]) -> None:
    """Make the site, and say how large it is."""
    servers = sizes[0]
    site = make(root, *sizes)
    lines = sum(1 for _ in Journal(site.root).path.open("rb"))
    print(f"{servers} servers, {lines} lines of the journal")
    for name in ("deposits", "journal.jsonl", f"var/{FILE_NAME}"):
        whole = size(root / name)
        print(f"  {name:<20} {whole:9.1f} MB  {1e3 * whole / servers:8.2f} KB a server")


if __name__ == "__main__":
    main()
