"""Whether a new deposit has what another has, over many dossiers: one request, a long list, all with each other.

    python benchmarks/identities.py [COUNT …]

Imports COUNT servers (1,000, then 5,000) into a site in a temporary folder; seconds of CPU time.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.needs import given, size
from sopctl.adapters.listings import csv_text
from sopctl.cli import terminal
from sopctl.model.intake import identity
from sopctl.model.intake.identity import Holder, Mark
from sopctl.store import dossiers
from sopctl.store.across import identities
from sopctl.store.site import Site
from sopctl.workflow.setup.init import init
from sopctl.workflow.steps import adopting

RACK = "name: {name}\nroom: R\nunits: 42\ndepth_mm: 900\npower_watts: 20000\n"
COLUMNS = tuple(adopting.COLUMNS)
NOTE = "x" * 3_500
"""So that a dossier's files are as large as after a year."""


def make(root: Path, count: int) -> Site:
    """A site with `count` adopted servers."""
    init(root)
    for number in range(count // 20 + 1):
        (root / "racks" / f"R{number}.yml").write_text(RACK.format(name=f"R{number}"))
    rows = [
        {
            **dict.fromkeys(COLUMNS, ""),
            "unit": "Dinas Contoh",
            "name": f"old{n}.example.org",
            "brand_model": "Contoh R200",
            "serial": f"XQ-{n:05}7",
            "height_units": "2",
            "address": f"198.18.{n // 250}.{n % 250 + 1}",
            "contact": "Administrator Sistem",
            "rack": f"R{n // 20}",
            "rack_unit": str(n % 20 * 2 + 1),
            "note": NOTE,
            "letter_number": f"090/{n}/2025",
            "letter_date": "2025-01-02",
        }
        for n in range(count)
    ]
    for first in range(0, count, 1_000):
        (root / "list.csv").write_text(csv_text(COLUMNS, [row.values() for row in rows[first : first + 1_000]]))
        adopting.import_list(terminal.desk(Site(root), user="root"), root / "list.csv", dry_run=False)
    return Site(root)


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def measure(site: Site) -> str:
    """Seconds of CPU for each."""
    one = Holder("new", {Mark("serial", "zz1"): "ZZ-1", Mark("address", "203.0.113.9 22"): "203.0.113.9:22"})
    many = Holder("list", {Mark("serial", f"zz{n}"): f"ZZ-{n}" for n in range(500)})
    all_ = [identities.of(site, dossiers.read(site, each)) for each in dossiers.ids(site)]
    return (
        f"one request {seconds(lambda: identities.clashes(site, [one])):.2f} s, "
        f"a list {seconds(lambda: identities.clashes(site, [many])):.2f} s, "
        f"all with each other {seconds(lambda: identity.shared(all_)):.3f} s"
    )


BOUNDED = (("200",),)
"""The command lines of `make bench`."""

for count in [size(word) for word in given(__doc__)] or [1000, 5000]:
    with tempfile.TemporaryDirectory() as folder:
        print(f"{count} deposits: {measure(make(Path(folder) / 'site', count))}")
