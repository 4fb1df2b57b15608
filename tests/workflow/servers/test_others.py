"""Machines that take no SSH (kind: other): a whole life, and what is refused on the way."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msgspec import structs

from sopctl.cli.documents.verified import verified
from sopctl.errors import InvalidRecord, NotNow, SopctlError, UsageError
from sopctl.model.access.ladder import nothing_tried
from sopctl.model.access.verification import View, Word
from sopctl.model.inspection import Inspection
from sopctl.model.sop.entries import AccessTried, Configured
from sopctl.store import dossiers, register
from sopctl.store import facts as kept_facts
from sopctl.store.site import Site
from sopctl.workflow import actions
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import export, request_letter
from sopctl.workflow.servers import ansible_view, checking
from sopctl.workflow.setup.init import EXAMPLE_OTHER, EXAMPLE_REQUEST
from sopctl.workflow.steps import (
    adopting,
    advancing,
    collecting,
    configuring,
    handover,
    inspecting,
    letters,
    notifying,
    previewing,
    releasing,
    reservation,
    verifying,
)
from tests.conftest import NOW, Ran, give_back
from tests.workflow.papers.test_papers import text_of

WORD = Word("Administrator Sistem", yes=True, how="RDP", on=NOW.date())
SHEET = """\
id: {id}
filled_by: Staf Pusat Data
filled_on: 2026-11-23
hostname: WIN1
vendor: Contoh
product: W300
serial: SN-0003
os_name: Windows Server
os_version: '2022'
cpu_model: Contoh Xeon
cpu_logical: 16
memory_gib: 64
disks: ['Disk 0; 480 GB; Contoh SSD; S-AAA; baik', 'Disk 1; 4 TB']
nics: ['Ethernet; 52-54-00-12-34-56; 1000; 192.0.2.30, 2001:db8::30']
mounts: ['C:; NTFS; 200 GB; 80 GB']
listeners: [443; IIS, 3389/tcp]
power_supplies: [PSU 1; 500]
memory_modules: [A1; 32 GB; DDR4]
raid: [Volume C; RAID 1; Optimal; 480 GB]
gateway: ''
"""


@pytest.fixture
def port() -> Iterator[int]:
    """A TCP port that accepts."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def take_in(desk: Desk, tmp_path: Path) -> Callable[..., str]:
    """Take such a machine in, until its configuration is due."""

    def take(ports: str, text: str = EXAMPLE_OTHER) -> str:
        record = tmp_path / "request.yml"
        record.write_text(text.replace("192.0.2.30 ", "127.0.0.1 ").replace("[443, 3389]", f"[{ports}]"))
        deposit = letters.request(desk, record).id
        for _ in range(2):
            letters.dispose(desk, deposit, instruction="x")
        reservation.reserve(desk, deposit)
        notifying.notify(desk, deposit, via="phone")
        handover.receive(desk, deposit)
        inspecting.inspect(desk, deposit, serial="SN-0003")
        handover.handover(desk, deposit)
        reservation.place(desk, deposit)
        return deposit

    return take


def test_from_the_letter_to_the_return(
    desk: Desk, take_in: Callable[..., str], port: int, tmp_path: Path, sopctl: Callable[..., Ran]
) -> None:
    deposit = take_in(str(port))
    # konfigurasi 1: by hand
    assert configuring.due(desk) == [], "no timer waits for it"
    assert advancing.ready(desk) == []
    with pytest.raises(NotNow, match="needs a person"):
        advancing.advance(desk, deposit)
    with pytest.raises(UsageError, match="people configure it"):
        configuring.configure(desk, deposit)
    assert f"sopctl configure {deposit} --by-hand" in sopctl("todo").out
    done = configuring.configure(desk, deposit, by_hand="Staf Pusat Data: alamat IP lewat konsol")
    assert done.note == "dikonfigurasi dengan tangan: Staf Pusat Data: alamat IP lewat konsol"
    configured = dossiers.read(desk.site, deposit).newest(Configured)
    assert configured
    assert configured.by_hand == "Staf Pusat Data: alamat IP lewat konsol"
    summary = dossiers.read(desk.site, deposit).summary
    assert (summary.managed, summary.kind, summary.checkable) == (False, "other", True)
    assert ansible_view.hosts(desk.site.root) == [], "Ansible never sees it"
    # konfigurasi 2 and 3: its ports, and the requester's word
    notifying.notify(desk, deposit, via="phone")
    with pytest.raises(UsageError, match="only its owner can say"):
        verifying.verify(desk, deposit)
    with pytest.raises(UsageError, match="only its owner can say"):
        verifying.verify(desk, deposit, word=Word("Administrator Sistem", yes=True))
    done, found = verifying.verify(desk, deposit, word=WORD)
    assert done.outcome == "bisa"
    assert [each.view for each in found.established] == [View.PORTS, View.WORD]
    assert verified(done, found).access
    assert verified(done, structs.replace(found, access=nothing_tried("192.0.2.30"))).access is None
    tried = dossiers.read(desk.site, deposit).newest(AccessTried)
    assert tried
    said = tried.established[-1]
    assert (said.view, said.who, said.how, said.on) == (View.WORD, "Administrator Sistem", "RDP", NOW.date())
    assert "kata pemohon Administrator Sistem (RDP, 2026-11-23): bisa" in done.note
    notifying.notify(desk, deposit, via="phone")
    # konfigurasi 6: a sheet
    assert collecting.due(desk) == []
    with pytest.raises(UsageError, match="is a sheet that someone fills in"):
        collecting.collect(desk, deposit)
    sheet = tmp_path / "lembar.yml"
    sheet.write_text(SHEET.format(id=deposit))
    ran = sopctl("check", "--all")
    assert (ran.code, "accessible" in ran.out) == (0, True), ran.err
    done = collecting.collect_sheet(desk, deposit, sheet)
    assert "menurut lembar isian Staf Pusat Data" in done.note
    form = text_of(Path(next(each for each in done.documents if each.endswith("inventaris-2026-11.pdf"))))
    for part in (
        "lembar isian: Staf Pusat Data, 23-11-2026",
        "S-AAA",
        "Windows Server 2022",
        "64 GiB",
        "52:54:00:12:34:56",
    ):
        assert part in form, part
    # pengembalian
    give_back(desk, deposit, "SN-0003", wipe=True)
    with pytest.raises(UsageError, match="people take access back"):
        releasing.release(desk, deposit)
    releasing.release(desk, deposit, by_hand="dimatikan lewat konsol oleh Staf")
    inspecting.inspect(desk, deposit, found=Inspection(rest_ok=True))
    with pytest.raises(NotNow, match="no row for: S-AAA, Disk 1"):
        handover.handover(desk, deposit)
    for disk in ("S-AAA", "Disk 1"):
        words = ["--method", "purge", "--tool", "diskpart clean all", "--result", "ok", "--done-by", "Staf"]
        assert sopctl("sanitise", deposit, "--disk", disk, *words).code == 0
    handover.handover(desk, deposit)
    releasing.release(desk, deposit)
    releasing.release(desk, deposit)
    assert dossiers.read(desk.site, deposit).summary.end == "selesai"


def test_a_closed_port_is_a_no_whatever_the_owner_says(desk: Desk, take_in: Callable[..., str], port: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        shut = free.getsockname()[1]
        deposit = take_in(f"{port}, {shut}")
        configuring.configure(desk, deposit, by_hand="Staf: x")
        notifying.notify(desk, deposit, via="phone")
        done, found = verifying.verify(desk, deposit, word=WORD)
    assert (done.outcome, found.access.cause) == ("tidak bisa", "port-closed")
    assert done.next == "konfigurasi 1"


def test_without_ports_the_owner_s_word_counts_alone(desk: Desk, take_in: Callable[..., str]) -> None:
    deposit = take_in("")
    configuring.configure(desk, deposit, by_hand="Staf: x")
    notifying.notify(desk, deposit, via="phone")
    assert checking.chosen(desk.site)[0] == [], "there is nothing to check"
    done, _ = verifying.verify(
        desk, deposit, word=Word("Admin", yes=False, note="lampu merah", how="konsol", on=NOW.date())
    )
    assert done.outcome == "tidak bisa"
    configuring.configure(desk, deposit, by_hand="Staf: kabel")
    notifying.notify(desk, deposit, via="phone")
    assert verifying.verify(desk, deposit, word=WORD)[0].outcome == "bisa"


def test_an_address_where_no_deposit_may_be_is_not_tried(desk: Desk, take_in: Callable[..., str], port: int) -> None:
    """Neither by verify nor by the fleet's check, though its record was let in once."""
    deposit = take_in(str(port))
    settings = desk.site.root / "sopctl.yml"
    kept = [line for line in settings.read_text().splitlines() if not line.startswith("rehearsal_networks")]
    settings.write_text("\n".join(kept) + "\n")
    again = replace(desk, site=Site(desk.site.root))
    configuring.configure(again, deposit, by_hand="Staf: x")
    notifying.notify(again, deposit, via="phone")
    done, found = verifying.verify(again, deposit, word=WORD)
    assert (done.outcome, found.access.rung) == ("tidak bisa", "name")
    errors: list[SopctlError] = []
    (checked,) = checking.run(again, checking.chosen(again.site)[0], errors=errors)
    assert (checked.result.accessible, errors) == (False, [])


def test_it_is_not_treated_like_a_server(desk: Desk, take_in: Callable[..., str], port: int) -> None:
    deposit = take_in(str(port))
    assert previewing.untouched(desk, [deposit]) == []
    with pytest.raises(NotNow, match="takes no SSH of ours"):
        previewing.preview(desk, deposit)
    assert configuring.managed(desk) == []
    configuring.configure(desk, deposit, by_hand="Staf: x")
    answers = configuring.repair(desk, [deposit])
    assert [error.id for error in answers.errors.values()] == ["other-not-configured"]


def test_a_server_is_not_configured_by_hand(desk: Desk, placed: Callable[..., str]) -> None:
    deposit = placed("192.0.2.10", 22, {"type": "ssh-ed25519", "sha256": "SHA256:x", "key": "x"})
    with pytest.raises(UsageError, match="is configured over SSH"):
        configuring.configure(desk, deposit, by_hand="Staf: x")


@pytest.mark.parametrize(
    "wrong",
    [
        EXAMPLE_OTHER.replace("  ports:", "  first_contact: {user: a, key: owner}\n  ports:"),
        EXAMPLE_OTHER.replace("kind: other", "kind: other\nplatform: cisco_ios"),
        EXAMPLE_OTHER.replace("kind: other", "kind: lain"),
        EXAMPLE_OTHER.replace("kind: other\n", ""),
        EXAMPLE_REQUEST.replace("unit:", "kind: other\nunit:", 1),
    ],
    ids=["a way in", "a platform", "a kind that is none", "no kind", "a server's letter"],
)
def test_a_letter_that_does_not_fit_is_refused_with_its_place(desk: Desk, tmp_path: Path, wrong: str) -> None:
    record = tmp_path / "request.yml"
    record.write_text(wrong)
    with pytest.raises(InvalidRecord, match=r"request.yml:\d+:\d+"):
        request_letter.read(desk.site, record)


def test_its_letter_as_a_spreadsheet_comes_back(desk: Desk, tmp_path: Path) -> None:
    record = tmp_path / "request.yml"
    record.write_text(EXAMPLE_OTHER)
    sheet = export.letter(desk, kind="xlsx", output=tmp_path / "surat.xlsx", filled=record)
    before, after = request_letter.read(desk.site, record), request_letter.read(desk.site, sheet)
    assert (after.kind, after.server, after.access) == ("other", before.server, before.access)


def test_one_is_adopted_from_a_list(desk: Desk, tmp_path: Path) -> None:
    listed = tmp_path / "daftar.csv"
    listed.write_text(
        "unit,name,brand_model,height_units,platform,address,contact,rack,rack_unit\n"
        "Dinas C,nas1.example.org,NAS,1,lain,192.0.2.40,Admin,A1,1\n"
    )
    (adopted,) = adopting.import_list(desk, listed, dry_run=False)
    assert dossiers.read(desk.site, adopted.id).deposit.kind == "other"
    assert "access.first_contact" not in adopted.unknown
    (each,) = register.summaries(desk.site)
    assert actions.due(each).needs == ("by_hand",)  # type: ignore[union-attr]


# The sheet


def filled(desk: Desk, deposit: str, tmp_path: Path, cells: dict[str, Any], *, keys: bool = True) -> Path:
    """The spreadsheet as someone filled it in."""
    path = export.inventory_sheet(desk, deposit, kind="xlsx", output=tmp_path / "lembar.xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    rows = {cell.value: cell.row for cell in sheet["J"] if cell.value}
    for key, value in cells.items():
        sheet.cell(rows[key], 2).value = value
    if not keys:
        sheet.delete_cols(10)
    book.save(path)
    return path


GOOD = {"filled_by": "Staf", "filled_on": "2026-11-23", "hostname": "WIN1", "serial": "SN-0003", "memory_gib": 64}


@pytest.fixture
def gathering(desk: Desk, take_in: Callable[..., str], port: int) -> str:
    """One whose inventory is due."""
    deposit = take_in(str(port))
    configuring.configure(desk, deposit, by_hand="Staf: x")
    notifying.notify(desk, deposit, via="phone")
    verifying.verify(desk, deposit, word=WORD)
    notifying.notify(desk, deposit, via="phone")
    return deposit


@pytest.mark.parametrize("keys", [True, False], ids=["as made", "keys lost"])
def test_a_spreadsheet_is_read_back(desk: Desk, gathering: str, tmp_path: Path, keys: bool) -> None:
    cells = {**GOOD, "disks.1": "Disk 0; 480 GB; SSD; S-AAA", "disks.2": "Disk 1", "dns": "192.0.2.53, 192.0.2.54"}
    collecting.collect_sheet(desk, gathering, filled(desk, gathering, tmp_path, cells, keys=keys))
    dossier = dossiers.read(desk.site, gathering)
    kept = kept_facts.newest(kept_facts.months(dossier))
    assert kept
    facts = kept_facts.read(dossier.folder, kept)
    assert (facts.via, facts.hostname, facts.memory_mib, facts.dns) == (
        "sheet",
        "WIN1",
        65536,
        ("192.0.2.53", "192.0.2.54"),
    )
    assert [(disk.name, disk.size_bytes, disk.serial) for disk in facts.disks] == [
        ("Disk 0", 480_000_000_000, "S-AAA"),
        ("Disk 1", 0, None),
    ]
    assert facts.missing["nics"] == "not-available", "what nobody filled in was not looked at"


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"filled_by": None}, "nobody signed it"),
        ({"hostname": None}, "hostname: is empty"),
        ({"filled_on": "kemarin"}, r"row \d+: filled_on"),
        ({"filled_on": "2026-10-31"}, "no day of 2026-11"),
        ({"filled_on": "2026-11-24"}, "no day of 2026-11"),
        ({"memory_gib": "banyak"}, r"row \d+: memory_gib"),
        ({"memory_gib": -1}, r"row \d+: memory_gib"),
        ({"id": "PS-2026-0009"}, "the sheet of PS-2026-0009"),
        ({"disks.1": "; 480 GB"}, "disks: '; 480 GB': expected: nama"),
        ({"disks.1": "a; banyak"}, "expected a size"),
        ({"disks.1": "a;b;c;d;e;f"}, "expected: nama; ukuran"),
        ({"nics.1": "eth0; xx"}, "expected a MAC"),
        ({"nics.1": "eth0;;; 999.1.1.1"}, "expected IP addresses"),
        ({"nics.1": "eth0;; cepat"}, "expected a whole number"),
        ({"listeners.1": "http"}, "expected a port"),
        ({"listeners.1": "8000-8010"}, "expected one port"),
        ({"power_supplies.1": "PSU; banyak"}, "expected a whole number"),
        ({"hostname": "A" * 5000}, "hostname"),
        ({"hostname": "a\nb"}, "hostname"),
    ],
    ids=str,
)
def test_a_sheet_that_cannot_be_is_refused_with_its_place(
    desk: Desk, gathering: str, tmp_path: Path, cells: dict[str, Any], says: str
) -> None:
    sheet = filled(desk, gathering, tmp_path, {**GOOD, **cells})
    before = dossiers.read(desk.site, gathering).head
    with pytest.raises((InvalidRecord, UsageError), match=says):
        collecting.collect_sheet(desk, gathering, sheet)
    assert dossiers.read(desk.site, gathering).head == before


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("memory_gib: 64", "memory_gib: x", r"lembar.yml:12:1"),
        ("vendor: Contoh", "vendor: Contoh\nvendor: y", "repeated"),
        ("vendor: Contoh", "vendr: Contoh", "vendr"),
        ("vendor: Contoh", "vendor: !!python/object:x {}", "lembar.yml"),
        ("vendor: Contoh", "vendor: &a [x]", "lembar.yml"),
        ("disks: [", "disks: [[", "lembar.yml"),
        ("'Disk 1; 4 TB'", "'Disk 1; 4 kali'", "expected a size"),
    ],
)
def test_a_sheet_in_yaml_is_read_strictly(
    desk: Desk, gathering: str, tmp_path: Path, old: str, new: str, says: str
) -> None:
    sheet = tmp_path / "lembar.yml"
    text = SHEET.format(id=gathering)
    assert old in text
    sheet.write_text(text.replace(old, new))
    with pytest.raises(InvalidRecord, match=says):
        collecting.collect_sheet(desk, gathering, sheet)


def test_the_yaml_template_is_accepted_once_it_is_signed(desk: Desk, gathering: str, tmp_path: Path) -> None:
    path = export.inventory_sheet(desk, gathering, kind="yaml", output=tmp_path / "lembar.yml")
    with pytest.raises(InvalidRecord, match="filled_by"):
        collecting.collect_sheet(desk, gathering, path)
    text = path.read_text().replace("filled_by: ''", "filled_by: Staf").replace("hostname: ''", "hostname: WIN1")
    path.write_text(text.replace("filled_on: ''", "filled_on: 2026-11-23"))
    done = collecting.collect_sheet(desk, gathering, path)
    assert done.next == "konfigurasi 6"


def test_another_serial_number_than_was_handed_over_is_an_alarm(desk: Desk, gathering: str, tmp_path: Path) -> None:
    sheet = filled(desk, gathering, tmp_path, {**GOOD, "serial": "SN-LAIN"})
    assert "1 perubahan (1 peringatan)" in collecting.collect_sheet(desk, gathering, sheet).note


def test_a_sheet_is_not_for_a_server(desk: Desk, file_request: Callable[..., str], tmp_path: Path) -> None:
    sheet = tmp_path / "lembar.yml"
    deposit = file_request()
    sheet.write_text(SHEET.format(id=deposit))
    with pytest.raises(NotNow):
        collecting.collect_sheet(desk, deposit, sheet)
