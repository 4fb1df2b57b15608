"""Disks: a row for each, the certificate, and no server that leaves without them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sopctl.adapters.documents.press import Press
from sopctl.errors import NotNow, UsageError
from sopctl.model.facts.parts import Disk
from sopctl.model.facts.server import ServerFacts
from sopctl.model.inspection import Inspection, Measured
from sopctl.model.sanitisation import Missing
from sopctl.model.sop.entries import ExitRecorded, from_data
from sopctl.model.sop.history import Event
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.house import sanitising
from sopctl.workflow.papers import integrity
from sopctl.workflow.steps import collecting, handover, inspecting, releasing
from sopctl.workflow.views import disks, house
from tests.conftest import NOW, give_back
from tests.workflow.papers.test_papers import indonesian_in, text_of

PURGED: dict[str, Any] = {
    "method": "purge",
    "result": "ok",
    "done_by": "Staf Pusat Data",
    "tool": "nvme format --ses=2",
}
UNMEASURED = Measured()
DISKS = (
    Disk("nvme0n1", 480_000_000_000, "Contoh NVMe", "S-AAA"),
    Disk("nvme1n1", 480_000_000_000, "Contoh NVMe", "S-BBB"),
    Disk("sdz", 1, "Virtual Floppy"),
)


@pytest.fixture
def leaving(desk: Desk, placed: Callable[..., str]) -> Callable[..., str]:
    """A server with the facts of two disks, up to where its return is handed over."""

    def go(*, wipe: bool, facts: bool = True, measured: Measured = UNMEASURED) -> str:
        deposit = placed("192.0.2.10", 22, {"type": "ssh-ed25519", "sha256": "SHA256:x", "key": "x"}, measured=measured)
        serial = dossiers.read(desk.site, deposit).summary.serial
        by_hand = {"configure": "selesai", "notify": "selesai", "verify": "bisa", "inventory": "selesai"}
        for verb in ("configure", "notify", "verify", "notify"):
            with turn(desk, deposit, verb) as mine:
                mine.record(by_hand[verb])
        with turn(desk, deposit, "inventory") as mine, Press(0) as press:
            if facts:
                found = ServerFacts(gathered_at=NOW.isoformat(), hostname="web1", disks=DISKS)
                collecting.fill(mine, found, "2026-11", press).keep()
            else:
                mine.record("selesai")
        give_back(desk, deposit, serial, wipe=wipe)
        releasing.release(desk, deposit, by_hand="server mati")
        inspecting.inspect(desk, deposit, found=Inspection(rest_ok=True))
        return deposit

    return go


def test_a_server_does_not_leave_while_a_disk_is_missing(desk: Desk, leaving: Callable[..., str]) -> None:
    deposit = leaving(wipe=True)
    with pytest.raises(NotNow, match="no row for: S-AAA, S-BBB\n") as caught:
        handover.handover(desk, deposit)
    assert f"sopctl sanitise {deposit}" in str(caught.value)
    sanitising.sanitise(desk, deposit, serials=["s-aaa"], **PURGED)
    (told,) = house.sanitised(dossiers.read(desk.site, deposit), NOW.date(), NOW.date())
    assert (told.row.disk, told.row.described) == ("S-AAA", "480 GB Contoh NVMe (S-AAA)")
    sanitising.sanitise(desk, deposit, serials=["S-BBB"], **{**PURGED, "result": "failed"})
    with pytest.raises(NotNow, match="no row for: S-BBB\n"):
        handover.handover(desk, deposit)
    sanitising.sanitise(desk, deposit, serials=["S-BBB"], **{**PURGED, "method": "destroy", "tool": "penghancur"})
    handover.handover(desk, deposit)
    done = releasing.release(desk, deposit, language="en")
    said = text_of(Path(done.documents[0]))
    for part in ("S-AAA", "S-BBB", "Purge", "Destroy", "nvme format", "480 GB Contoh NVMe", "not checked"):
        assert part in said, part
    assert indonesian_in(said) == set()
    releasing.release(desk, deposit)
    assert dossiers.read(desk.site, deposit).standing.end
    assert "S-BBB" in text_of(Path(sanitising.certify(desk, deposit).documents[0])), "an auditor asks later"


def test_the_record_of_the_exit_waits_for_them_too(desk: Desk, leaving: Callable[..., str]) -> None:
    """A deposit that an older version brought past the hand-over."""
    deposit = leaving(wipe=True)
    with turn(desk, deposit, "handover") as mine:
        mine.record("selesai")
    with pytest.raises(NotNow, match="S-AAA, S-BBB"):
        releasing.release(desk, deposit)
    sanitising.sanitise(desk, deposit, serials=["S-AAA", "S-BBB"], **{**PURGED, "method": "returned", "tool": ""})
    assert releasing.release(desk, deposit).next == "pengembalian 10"


def test_whose_owner_wants_nothing_wiped_leaves_without(desk: Desk, leaving: Callable[..., str]) -> None:
    deposit = leaving(wipe=False)
    handover.handover(desk, deposit)
    assert "tidak dihapus" in text_of(Path(releasing.release(desk, deposit).documents[0]))


def test_without_facts_as_many_as_were_counted(desk: Desk, leaving: Callable[..., str]) -> None:
    deposit = leaving(wipe=True, facts=False)
    dossier = dossiers.read(desk.site, deposit)
    assert (disks.wanted(dossier).listed, disks.left(dossier).more) == ((), 1)
    with pytest.raises(NotNow, match="no row for: 1 more"):
        handover.handover(desk, deposit)
    sanitising.sanitise(desk, deposit, serials=["apa adanya"], **PURGED)
    handover.handover(desk, deposit)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"serials": []}, "name 1 to 200 disks"),
        ({"serials": [" "]}, "name 1 to 200 disks"),
        ({"done_by": " "}, "say who"),
        ({"tool": ""}, "say with which tool"),
        ({"method": "returned", "result": "failed"}, "was given back"),
        ({"on": date(2026, 11, 24)}, "is not between"),
        ({"on": date(2025, 1, 1)}, "is not between"),
        ({"serials": ["S-CCC"]}, "list no disk 'S-CCC'"),
    ],
)
def test_a_row_that_says_too_little_is_refused(
    desk: Desk, leaving: Callable[..., str], changed: dict[str, Any], message: str
) -> None:
    deposit = leaving(wipe=True)
    before = dossiers.read(desk.site, deposit).head
    with pytest.raises(UsageError, match=message):
        sanitising.sanitise(desk, deposit, **{"serials": ["S-AAA"], **PURGED, **changed})
    assert dossiers.read(desk.site, deposit).head == before


def test_a_disk_that_the_facts_do_not_list_needs_a_reason(desk: Desk, leaving: Callable[..., str]) -> None:
    deposit = leaving(wipe=True)
    sanitising.sanitise(desk, deposit, serials=["S-CCC"], **PURGED, unlisted="disk cadangan dalam kotak")
    (row,) = disks.rows(dossiers.read(desk.site, deposit))
    assert row.unlisted == "disk cadangan dalam kotak"
    assert disks.left(dossiers.read(desk.site, deposit)).disks == ("S-AAA", "S-BBB")


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_certificate_says_what_it_covers_and_what_not(
    desk: Desk, leaving: Callable[..., str], language: Any
) -> None:
    deposit = leaving(wipe=True)
    with pytest.raises(NotNow, match="was sanitised"):
        sanitising.certify(desk, deposit)
    sanitising.sanitise(desk, deposit, serials=["S-AAA"], **PURGED, checked="10% dibaca")
    said = text_of(Path(sanitising.certify(desk, deposit, language=language).documents[0]))
    assert "S-AAA" in said
    assert ("belum ditangani, dan tidak tercakup" if language == "id" else "not covered by this") in said.casefold()
    assert said.count("S-BBB") == 1
    sanitising.sanitise(desk, deposit, serials=["S-BBB"], **PURGED)
    whole = text_of(Path(sanitising.certify(desk, deposit, language=language).documents[0]))
    assert ("Semua disk yang diketahui" if language == "id" else "has all disks that are known") in whole
    assert (indonesian_in(said) == set()) == (language == "en")
    assert {each.state for each in integrity.documents(desk, deposit)} == {"intact"}


def test_an_exit_record_of_the_first_versions_is_read() -> None:
    data = {
        "document": {"file": "documents/0030-catatan-keluar.pdf", "sha256": "0" * 64, "number": "555/1"},
        "wiped": {"by": "Staf", "on": "2026-11-22", "how": "blkdiscard"},
    }
    found = from_data(ExitRecorded, Event(30, NOW, "pengembalian", 9, "selesai", "staf", "root", "", data=data))
    assert found
    assert found.wiped
    assert (found.wiped.by, found.wiped.on) == ("Staf", date(2026, 11, 22))


def test_more_disks_were_counted_than_the_server_lists(desk: Desk, leaving: Callable[..., str]) -> None:
    deposit = leaving(wipe=True, measured=Measured(disks=4))
    assert disks.left(dossiers.read(desk.site, deposit)) == Missing(("S-AAA", "S-BBB"), 2)
