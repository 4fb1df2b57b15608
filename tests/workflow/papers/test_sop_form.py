"""The SOP on paper, and a deposit's way through it: the office's own names and laws, and no word of the program."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from sopctl.adapters.documents.forms import SopForm
from sopctl.model.principal import AUTOMATIC
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.messages import words
from sopctl.workflow.papers.sop_form import sop_form
from sopctl.workflow.views import procedures

OLDER = Path(__file__).parents[2] / "cases" / "older_site"
TODAY = date(2026, 12, 31)
IDENTIFIERS = {value for each, _ in words.TABLES for value in words.values_of(each) if "-" in value} | {
    "started",
    "failed",
    "interrupted",
    "phone",
}


def form_of(site: Site, name: str, deposit: str = "") -> SopForm:
    way = procedures.way(site, name, deposit) if deposit else None
    return sop_form(site, procedures.find(site, name), TODAY, way)


@pytest.mark.parametrize("deposit", ["PS-2026-0001", "PS-2026-0002", "PS-2026-0003"])
@pytest.mark.parametrize("name", ["penitipan", "konfigurasi", "pengembalian"])
def test_the_way_of_an_older_site_says_everything_in_words(tmp_path: Path, name: str, deposit: str) -> None:
    site = Site(Path(shutil.copytree(OLDER, tmp_path / "site")))
    form = form_of(site, name, deposit)
    said = [*(note for step in form.steps for note in step.notes)]
    assert form.events
    said += [cell for row in form.events.rows for cell in row]
    found = {word for text in said for word in re.findall(r"(?<![\w./@-])[a-z-]+(?![\w/@-])", text)} & IDENTIFIERS
    assert found == set()
    assert not [text for text in said if re.search(r"\brack \S+ U\d", text)]
    keys = {event.by for event in dossiers.read(site, deposit).events} & set(site.settings.people)
    assert not keys & {row[4] for row in form.events.rows}, "people have names"
    assert AUTOMATIC not in {row[4] for row in form.events.rows}


def test_the_older_histories_have_such_words() -> None:
    """Else the test above would show nothing."""
    text = "".join(path.read_text() for path in OLDER.glob("deposits/*/history.yml"))
    assert {"started", "requester-login", "phone"} <= set(re.findall(r"[a-z-]+", text))


@pytest.mark.parametrize("name", ["penitipan", "konfigurasi", "pengembalian"])
def test_no_other_regions_law_and_the_heads_name(desk: Desk, name: str) -> None:
    path = desk.site.root / "sopctl.yml"
    own = "Peraturan Bupati Contoh Nomor 1 Tahun 2026 tentang SPBE"
    path.write_text(path.read_text() + f"papers: {{legal_basis: [{own}]}}\n")
    site = Site(desk.site.root)
    form = form_of(site, name)
    basis = next(block.items for block in form.blocks if block.title == "Dasar hukum")
    assert basis[-1] == own
    assert all("Bupati" not in item for item in basis[:-1])
    head = site.settings.people["kadis"]
    assert (form.approver.name, form.approver.position) == (head.name, head.position)


def test_both_parties_stand_where_both_act(desk: Desk) -> None:
    both = {
        (name, step.no)
        for name in ("penitipan", "konfigurasi", "pengembalian")
        for step in form_of(desk.site, name).steps
        if step.also
    }
    assert both == {("penitipan", 9), ("pengembalian", 7), ("pengembalian", 8)}
