"""Who acts and who decides: the table of rules, and the same through the site's own settings."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from sopctl.cli import terminal
from sopctl.errors import Conflict, NotNow, SopctlError, UsageError
from sopctl.model.principal import Principal
from sopctl.store import dossiers
from sopctl.store.settings import Person
from sopctl.store.site import Site
from sopctl.workflow.deciding import Behalf, Deciding, themselves
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import acts, letters, reservation
from tests.cases import rows
from tests.conftest import Clock, Ran

PEOPLE = {
    "kadis": Person("kadis", "Kepala Dinas"),
    "kabid": Person("kabid", "Kepala Bidang"),
    "staf": Person("pelaksana", "Staf", login="siti"),
    "staf2": Person("pelaksana", "Staf"),
}


@pytest.mark.parametrize("row", rows("deciders"), ids=lambda row: str(row["name"]))
def test_who_decides(row: dict[str, Any]) -> None:
    who = Principal(
        "siti", row["who"], tuple(row.get("people", ())), row.get("is", ""), clerk=bool(row.get("clerk", False))
    )
    behalf = Behalf(row["behalf"], Path("surat.pdf")) if "behalf" in row else None
    choose = terminal.only_one if row.get("default") == "only-one" else themselves
    deciding = Deciding(who, row.get("by"), behalf, choose)
    try:
        found = deciding.decider(
            PEOPLE, row["actors"], "it", unit=row.get("unit", ""), unattended=bool(row.get("unattended", False))
        )
    except SopctlError as error:
        found = error.id
    assert found == row.get("decides", row.get("refused"))


def with_settings(desk: Desk, text: str) -> Site:
    """The site with other clerks or units in its settings."""
    file = desk.site.root / "sopctl.yml"
    file.write_text(file.read_text().replace("clerks: everyone\n", "") + text)
    return Site(desk.site.root)


def test_a_site_without_clerks_of_its_own_goes_on_as_ever(desk: Desk, file_request: Callable[..., str]) -> None:
    site = with_settings(desk, "")
    deposit = file_request()
    letters.dispose(terminal.desk(site, user="siapa", clock=desk.clock), deposit, instruction="x")
    event = dossiers.read(site, deposit).events[-1]
    assert (event.by, event.typed) == ("kadis", "siapa")


def test_a_site_says_who_records_for_others(desk: Desk, file_request: Callable[..., str]) -> None:
    site = with_settings(desk, "clerks: [siti]\n")
    deposit = file_request()
    stranger, clerk = (terminal.desk(site, user=name, clock=desk.clock) for name in ("siapa", "siti"))
    with pytest.raises(NotNow, match="siapa may not record what kadis decides"):
        letters.dispose(stranger, deposit, instruction="x")
    with pytest.raises(NotNow, match="siapa may not record what kadis decides"):
        letters.dispose(stranger.decided_by("kadis"), deposit, instruction="x")
    letters.dispose(clerk, deposit, instruction="x")
    assert dossiers.read(site, deposit).events[-1].typed == "siti"


def test_only_a_clerk_or_the_unit_files_its_letter(desk: Desk, tmp_path: Path) -> None:
    from sopctl.workflow.setup.init import EXAMPLE_REQUEST

    site = with_settings(desk, "clerks: [siti]\nunits: {contoh: {name: Dinas Contoh}, lain: {name: Dinas Lain}}\n")
    record = tmp_path / "request.yml"
    record.write_text(EXAMPLE_REQUEST.replace("unit: Dinas Contoh", "unit: DINAS  CONTOH"))
    own, other = (Desk(site, Deciding(Principal("umum", "unit", unit=key)), desk.clock) for key in ("contoh", "lain"))
    with pytest.raises(NotNow, match="may not record what the requesting unit decides"):
        letters.request(terminal.desk(site, user="siapa", clock=desk.clock), record)
    with pytest.raises(NotNow, match="is not lain's to do"):
        letters.request(other, record)
    assert dossiers.ids(site) == []
    assert letters.request(own, record).by == "pemohon"
    with pytest.raises(UsageError, match="say who decided"):
        letters.dispose(own, "PS-2026-0001", instruction="x")


def test_the_environment_does_not_prove_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    before = terminal.login()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "kadis")
    assert terminal.login() == before


def test_a_turn_against_a_head_that_moved_is_a_conflict(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    seen = dossiers.read(desk.site, deposit).head
    looked = desk.having_seen({deposit: seen})
    done = letters.dispose(looked, deposit, instruction="x")
    assert done.head == dossiers.read(desk.site, deposit).head != seen
    with pytest.raises(Conflict, match="has moved since you looked") as moved:
        letters.dispose(looked, deposit, instruction="y")
    assert moved.value.id == "history-moved"
    assert len(dossiers.read(desk.site, deposit).events) == 2, "nothing was recorded"
    letters.dispose(desk.having_seen({deposit: done.head}), deposit, instruction="y")
    reservation.reserve(desk.having_seen({"PS-2026-0099": seen}), deposit)


def test_a_script_says_what_it_saw(sopctl: Callable[..., Ran], file_request: Callable[..., str]) -> None:
    import json

    deposit = file_request()
    seen = json.loads(sopctl("show", deposit, "--json").out)["head"]
    words = ("dispose", deposit, "--instruction", "x", "--seen", seen)
    assert sopctl(*words).code == 0
    again = sopctl(*words)
    assert (again.code, "has moved since you looked" in again.err) == (5, True)


@pytest.mark.parametrize("seen", ["", "bogus"])
@pytest.mark.parametrize("verb", ["dispose", "withdraw", "hold", "receive"])
def test_what_was_seen_may_not_be_left_empty(
    sopctl: Callable[..., Ran], desk: Desk, file_request: Callable[..., str], verb: str, seen: str
) -> None:
    deposit = file_request()
    words = {"dispose": ("--instruction", "x"), "withdraw": ("--reason", "x"), "hold": ("--reason", "x")}
    ran = sopctl(verb, deposit, *words.get(verb, ()), "--seen", seen)
    assert (ran.code, "has moved since you looked" in ran.err) == (5, True)
    assert len(dossiers.read(desk.site, deposit).events) == 1


def test_a_head_that_moved_stops_what_is_done_before_the_turn_too(
    desk: Desk, clock: Clock, until_space: Callable[..., str], file_request: Callable[..., str]
) -> None:
    offered, late = until_space(), file_request()
    clock.now += timedelta(days=60)
    before = len(dossiers.read(desk.site, offered).events)
    with pytest.raises(Conflict):
        reservation.reserve(desk.having_seen({late: "bogus"}), late)
    assert len(dossiers.read(desk.site, offered).events) == before, "no place was let go"


def test_what_helps_can_be_pasted_without_deciding_anything(desk: Desk, file_request: Callable[..., str]) -> None:
    site = with_settings(desk, "")
    with pytest.raises(UsageError, match="say who decided") as missing:
        acts.extend(terminal.desk(site, clock=desk.clock), file_request(), until=date(2030, 1, 1))
    assert not set("|;&<>") & set("".join(map(str, missing.value.remedy)))
