"""The inventory over months and over servers, on facts as details.sh gives them (no server is needed for that)."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import openpyxl
import pytest
from msgspec.structs import replace

from sopctl.adapters.ansible.events import HostResult
from sopctl.adapters.documents import Section
from sopctl.adapters.documents.press import Press
from sopctl.adapters.listings import NETBOX
from sopctl.errors import InvalidRecord, NotNow, OutsideFailure, UsageError
from sopctl.model.access.verification import Established, View
from sopctl.model.availability import Policy, Sight
from sopctl.model.facts.changes import Weight
from sopctl.model.facts.parts import Listener
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import Missing, ServerFacts
from sopctl.model.inspection import Inspection
from sopctl.model.principal import Sight as Seen
from sopctl.model.sop import history
from sopctl.model.sop.entries import AccessTried
from sopctl.store import dossiers
from sopctl.store.checks import Checks
from sopctl.store.facts import months
from sopctl.store.facts import read as read_facts
from sopctl.workflow.desk import Desk, StepDone, turn
from sopctl.workflow.papers.monthly.summary_form import summary_form
from sopctl.workflow.servers import checking
from sopctl.workflow.servers.batch import Answers
from sopctl.workflow.steps import collecting, handover, inspecting, letters, releasing
from sopctl.workflow.views import inventories
from sopctl.workflow.views.month_changes import month_changes
from tests.conftest import Clock, Ran, give_back

RACK = (Path(__file__).parents[2] / "cases/details/rack-hardware-raid.txt").read_text()


def gather(desk: Desk, deposit: str, facts: ServerFacts, month: str = "") -> None:
    """What `collect` keeps after a run of facts.yml."""
    with turn(desk, deposit, "inventory") as mine:
        collecting.fill(mine, facts, month or f"{desk.now():%Y-%m}", Press()).keep()


@pytest.fixture
def first_facts(clock: Clock) -> ServerFacts:
    return replace(from_script(RACK, gathered_at=clock.now.isoformat()), serial="SN-192.0.2.7-22")


@pytest.fixture
def deposit(desk: Desk, placed: Callable[..., str]) -> str:
    """A server whose inventory is due."""
    found = placed("192.0.2.7", 22, {"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:x"})
    for verb, outcome in (("configure", "selesai"), ("notify", "selesai"), ("verify", "bisa"), ("notify", "selesai")):
        with turn(desk, found, verb) as mine:
            mine.record(outcome)
    return found


@pytest.fixture
def two_months(desk: Desk, deposit: str, first_facts: ServerFacts, clock: Clock) -> str:
    """November, and December with a module and a disk less, a package and an open port more."""
    gather(desk, deposit, first_facts)
    clock.now += timedelta(days=10)
    second = replace(
        first_facts,
        uptime_seconds=5,
        memory_modules=first_facts.memory_modules[:1],
        disks=first_facts.disks[:1],
        packages={**first_facts.packages, "nginx": "1.22"},
        listeners=(*first_facts.listeners, Listener("tcp", "*", 80, "nginx")),
    )
    gather(desk, deposit, second)
    return deposit


EXACTLY = (
    "Modul memori tidak ada lagi: 32768 MiB DDR4 MW32G-3200 33CC44DD",
    "Disk tidak ada lagi: 479,6 GB RAID-CARD H7 (6003ab)",
    "Port terbuka baru: tcp/80",
    "Paket baru: nginx",
)


def test_the_second_month_shows_exactly_what_changed(desk: Desk, two_months: str) -> None:
    found = inventories.diff(desk, two_months)
    assert (found.before, found.after) == ("2026-11", "2026-12")
    assert tuple(map(str, found.changes)) == EXACTLY
    same = inventories.diff(desk, two_months, ("2026-11", "2026-11"))
    assert same.changes == ()
    (row,) = inventories.summary(desk).servers
    assert tuple(map(str, row.changes)) == EXACTLY
    assert [(each.month, each.memory_gib, each.disk_gb) for each in inventories.over_time(desk, two_months)] == [
        ("2026-11", 64.0, 2399.9),
        ("2026-12", 32.0, 1920.4),
    ]


def test_a_second_gathering_in_a_month_is_the_one_that_counts(
    desk: Desk, deposit: str, first_facts: ServerFacts
) -> None:
    gather(desk, deposit, first_facts)
    gather(desk, deposit, replace(first_facts, kernel="6.0"))
    assert inventories.kept_facts(desk, deposit).kernel == "6.0"
    (month,) = inventories.over_time(desk, deposit)
    assert (month.revision, month.kernel) == (2, "6.0")


def test_another_serial_number_than_at_the_hand_over_is_an_alarm(
    desk: Desk, deposit: str, first_facts: ServerFacts
) -> None:
    gather(desk, deposit, replace(first_facts, serial="OTHER"))
    (change,) = inventories.diff(desk, deposit, since_handover=True).changes
    assert change.weight is Weight.ALARM
    assert (change.before, change.after) == ("SN-192.0.2.7-22", "OTHER")


def test_declared_beside_found(desk: Desk, deposit: str, first_facts: ServerFacts) -> None:
    gather(desk, deposit, first_facts)
    lines = {each.subject: each for each in inventories.diff(desk, deposit, since_handover=True).declared}
    assert lines["Nomor seri"].agrees
    assert lines["Sistem operasi"].agrees is False, "the letter says Debian, the machine Rocky"
    assert lines["Memori"].found == "64 GiB"


@pytest.mark.parametrize(
    ("noted", "answer"), [("", "selesai"), ("{deposit}", "selesai"), ("PS-2026-0099", "server-of-another-deposit")]
)
def test_no_form_is_made_of_the_server_of_another_deposit(desk: Desk, deposit: str, noted: str, answer: str) -> None:
    """An address that is another server's now: what it says must not become this deposit's inventory."""
    note = noted.format(deposit=deposit)
    details = RACK + (f"=noted ok\n {note}\n" if note else "")
    host = HostResult(deposit, 1, 0, 0, False, "", "", None, details)
    gathering = collecting._Gathering(f"{desk.now():%Y-%m}", Answers(), Press(), {})
    with turn(desk, deposit, "inventory") as mine:
        mine.start()
        ((_, found),) = gathering._keep_servers([(mine, host)])
    newest = dossiers.read(desk.site, deposit).events[-1]
    if answer == "selesai":
        assert isinstance(found, StepDone)
        assert newest.outcome == "selesai"
        return
    assert isinstance(found, OutsideFailure)
    assert (found.id, found.values["noted"], bool(found.remedy)) == (answer, note, True)
    assert (newest.outcome, newest.note) == ("failed", f"menurut catatan di sana ini server {note}, bukan {deposit}")
    with pytest.raises(UsageError, match="no facts"):
        inventories.kept_facts(desk, deposit)


@pytest.mark.parametrize(
    "time", ["", "yesterday", "2026-11-23", "2026-11-23T10:00:00", "9" * 4000, "2026-13-01T00:00:00Z"]
)
def test_a_time_that_is_none_is_refused_at_the_gate(
    desk: Desk, deposit: str, first_facts: ServerFacts, time: str
) -> None:
    """Whoever reads facts compares their time and writes it as one: conditions, summaries, metrics."""
    gather(desk, deposit, first_facts)
    dossier = dossiers.read(desk.site, deposit)
    (kept,) = months(dossier).values()
    path = dossier.folder / kept.file
    path.write_bytes(msgspec.json.encode(replace(first_facts, gathered_at=time)))
    named = replace(kept, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(InvalidRecord, match="no time with an offset") as error:
        read_facts(dossier.folder, named)
    assert error.value.where == str(path)
    assert len(error.value.message) < 300


def test_a_server_that_was_not_gathered_is_named(desk: Desk, two_months: str, clock: Clock) -> None:
    clock.now += timedelta(days=31)
    found = inventories.summary(desk)
    assert (found.month, found.servers, found.not_gathered) == ("2027-01", (), (two_months,))
    assert len(inventories.summary(desk, "2026-12").servers) == 1
    with pytest.raises(UsageError, match=r"no facts of .* for 2027-01"):
        inventories.kept_facts(desk, two_months, "2027-01")


def test_only_what_the_history_names_was_gathered_and_only_as_it_was(
    desk: Desk, deposit: str, first_facts: ServerFacts
) -> None:
    gather(desk, deposit, first_facts)
    folder = dossiers.read(desk.site, deposit).folder / "facts"
    (folder / "2026-12.json").write_bytes((folder / "2026-11.json").read_bytes())  # as a crash leaves one
    assert [each.month for each in inventories.over_time(desk, deposit)] == ["2026-11"]
    kept = (folder / "2026-11.json").read_bytes()
    for altered in (kept.replace(b"db01", b"db02"), b"{}", b"[" * 10**6):
        (folder / "2026-11.json").write_bytes(altered)
        with pytest.raises(InvalidRecord, match="changed since they were kept"):
            inventories.kept_facts(desk, deposit)
        (wrong,) = inventories.summary(desk).broken.values()
        assert "changed since they were kept" in str(wrong)
    (folder / "2026-11.json").unlink()
    with pytest.raises(InvalidRecord, match="the facts file is missing"):
        inventories.kept_facts(desk, deposit)


def test_the_month_before_may_be_done_late_and_this_one_is_due_all_the_same(
    desk: Desk, deposit: str, first_facts: ServerFacts, clock: Clock
) -> None:
    clock.now += timedelta(days=9)  # the second of December
    assert (collecting.due(desk), collecting.due(desk, "2026-11")) == ([deposit], [deposit])
    gather(desk, deposit, first_facts, "2026-11")
    assert (collecting.due(desk), collecting.due(desk, "2026-11")) == ([deposit], [])
    gather(desk, deposit, first_facts, "2026-12")
    assert collecting.due(desk) == []
    assert collecting.everyone(desk) == [deposit]
    late = collecting.collect_all(desk, [deposit], month="2026-11")
    assert isinstance(late.errors[deposit], NotNow), "a month that another followed has passed"
    for month in ("2026-10", "2027-01", "2026-13", "x"):
        with pytest.raises(UsageError):
            collecting.due(desk, month)


def test_a_failed_gathering_keeps_nothing_and_stays_due(desk: Desk, deposit: str) -> None:
    with turn(desk, deposit, "inventory") as mine:
        mine.start()
        mine.record(history.FAILED, note="x", answer=False)
    assert collecting.due(desk) == [deposit]
    with pytest.raises(UsageError, match="no facts"):
        inventories.over_time(desk, deposit)


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


REQUIRED = {
    "devices": {"role", "manufacturer", "device_type", "status", "site"},
    "interfaces": {"device", "name", "type"},
    "mac-addresses": {"mac_address"},
    "inventory-items": {"device", "name", "status"},
}
KNOWN = {
    "devices": REQUIRED["devices"]
    | {"name", "rack", "position", "face", "tenant", "serial", "description", "comments", "location", "platform"},
    "interfaces": REQUIRED["interfaces"] | {"label", "lag", "speed", "duplex", "enabled", "mtu", "description"},
    "mac-addresses": REQUIRED["mac-addresses"] | {"device", "interface", "is_primary", "description"},
    "inventory-items": REQUIRED["inventory-items"]
    | {"label", "role", "manufacturer", "parent", "part_id", "serial", "discovered", "description"},
}
"""What the import forms of NetBox 4.2 to 4.5 take: another column is refused, and a row without a required one."""


def test_lists_for_other_programs(desk: Desk, deposit: str, first_facts: ServerFacts) -> None:
    twice = (*first_facts.memory_modules, replace(first_facts.memory_modules[0], serial="OTHER"))
    said = replace(first_facts, hostname="=cmd()", vendor="-x", product=None, memory_modules=twice)
    gather(desk, deposit, said)
    found = inventories.summary(desk)
    (line,) = read_csv(inventories.as_csv(found))
    assert (line["server"], line["vendor"], line["memory_gib"]) == ("'=cmd()", "'-x", "96.0")
    lists = {kind: read_csv(inventories.for_netbox(desk, found.servers, kind)) for kind in NETBOX}
    assert lists.keys() == REQUIRED.keys()
    for kind, lines in lists.items():
        assert set(lines[0]) <= KNOWN[kind]
        assert all(line[name] for line in lines for name in REQUIRED[kind])
    (device,) = lists["devices"]
    assert (device["name"], device["serial"]) == (f"'=cmd() ({deposit})", "SN-192.0.2.7-22")
    assert device["device_type"] == "Tidak diketahui", "a device without a type is refused"
    assert (device["rack"], device["position"], device["face"]) == ("A1", "1", "front")
    assert [(each["name"], each["type"], each["speed"]) for each in lists["interfaces"]] == [
        ("eno1", "10gbase-t", "10000000"),
        ("eno2", "other", ""),
    ]
    assert [(each["mac_address"], each["interface"]) for each in lists["mac-addresses"]] == [
        ("aa:bb:cc:00:00:02", "eno1"),
        ("aa:bb:cc:00:00:03", "eno2"),
    ]
    drives = ["Disk c0/e32/s0", "Disk c0/e32/s2"]
    modules = ["DIMM A1", "DIMM B1", "DIMM A1 2"]
    assert [each["name"] for each in lists["inventory-items"]] == [
        *("Disk nvme0n1", "Disk sda", *drives, *modules, "PSU PSU.Slot.1")
    ], "no name twice on a device"


def test_a_list_of_nothing_has_its_columns(desk: Desk) -> None:
    """What reads it as a table finds the same one on every day."""
    nothing = inventories.summary(desk)
    assert inventories.as_csv(nothing).startswith("id,unit,server,address,rack,rack_unit,")
    for kind, columns in KNOWN.items():
        (header,) = inventories.for_netbox(desk, nothing.servers, kind).splitlines()
        assert REQUIRED[kind] <= set(header.split(",")) <= columns


def test_due_means_one_thing(desk: Desk, deposit: str) -> None:
    """What the summary misses is what is collected, and what needs a person."""

    def named() -> tuple[list[str], list[str]]:
        due, others = collecting.due(desk), [each.id for each in collecting.left_to_people(desk)]
        assert sorted(inventories.summary(desk).not_gathered) == sorted([*due, *others])
        return due, others

    assert named() == ([deposit], [])
    letters.ask_back(desk, deposit, letter_number="090/9/2026")
    assert named() == ([], [deposit]), "it went on without it"


def test_a_server_that_was_returned_is_active_in_no_rack(
    desk: Desk, clock: Clock, deposit: str, first_facts: ServerFacts, sopctl: Callable[..., Ran]
) -> None:
    """NetBox is told how it is now; a month that is asked for, as it was then."""
    gather(desk, deposit, first_facts)

    def told(month: str | None = None) -> tuple[str, str, str]:
        servers = inventories.summary(desk, month).servers if month else inventories.present(desk)[0]
        (device,) = read_csv(inventories.for_netbox(desk, servers, "devices"))
        return device["status"], device["rack"], device["position"]

    assert told() == ("active", "A1", "1")
    clock.now += timedelta(days=40)
    assert told() == ("active", "A1", "1"), "its facts are of an earlier month"
    give_back(desk, deposit, "SN-192.0.2.7-22")
    releasing.release(desk, deposit, by_hand="server mati")
    assert told() == ("offline", "A1", "1"), "switched off, and still there"
    inspecting.inspect(desk, deposit, found=Inspection(rest_ok=True))
    handover.handover(desk, deposit)
    for _ in range(2):
        releasing.release(desk, deposit)
    assert told() == ("offline", "", "")
    assert told("2026-11") == ("active", "A1", "1"), "as it was then"
    (device,) = read_csv(sopctl("inventory", "summary", "--netbox", "devices").out)
    assert device["status"] == "offline"


def test_copies_of_a_form_say_what_was_issued(
    desk: Desk, deposit: str, first_facts: ServerFacts, sopctl: Callable[..., Ran]
) -> None:
    hidden = replace(first_facts, bios_version=None, bios_date=None, missing={"bios_version": Missing.NEEDS_ROOT})
    gather(desk, deposit, hidden)
    path = sopctl("inventory", "form", deposit).out.strip()
    assert path.endswith("-inventaris-2026-11.pdf")
    assert sopctl("document", "verify", path).code == 0
    record = desk.site.root / f"deposits/{deposit}/deposit.yml"
    record.write_text(record.read_text().replace("Dinas Contoh", "Dinas Lain"))  # later, by hand
    for kind in ("pdf", "xlsx", "html"):
        ran = sopctl("inventory", "form", deposit, "--month", "2026-11", "--format", kind)
        assert ran.out == f"inventaris-{deposit}-2026-11.{kind}\n", ran.err
    page = (desk.site.root / f"inventaris-{deposit}-2026-11.html").read_text()
    assert "Dinas Lain" not in page
    for said in (
        "○ Dinas Contoh",
        "● Example Inc. R2U",
        "△ perlu akses root",
        "33CC44DD",
        "Formulir pertama",
        "salinan",
    ):
        assert said in page
    book = openpyxl.load_workbook(desk.site.root / f"inventaris-{deposit}-2026-11.xlsx")
    cells = [cell for row in book["Formulir"].iter_rows() for cell in row if cell.value]
    assert {"Disk pada pengendali RAID ●", "SSD00001", "Onln"} <= {cell.value for cell in cells}
    assert {cell.data_type for cell in cells} == {"s"}
    copy = sopctl("document", "verify", f"inventaris-{deposit}-2026-11.pdf")
    assert (copy.code, "unknown" in copy.out) == (1, True), "a copy is no document that was issued"
    (kept,) = (desk.site.root / f"deposits/{deposit}/documents").glob("*-inventaris-2026-11.json")
    kept.write_bytes(kept.read_bytes().replace(b"33CC44DD", b"33CC44DE"))
    assert sopctl("inventory", "form", deposit, "--format", "html").code == 3


def test_the_form_names_the_newest_access_try(desk: Desk, placed: Callable[..., str], first_facts: ServerFacts) -> None:
    """As `verify` records it; no automated check was ever made."""
    deposit = placed("192.0.2.7", 22, {"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:x"})
    seen = Established(View.MANAGEMENT, "sopctl", True)
    for verb, outcome in (("configure", "selesai"), ("notify", "selesai"), ("verify", "bisa"), ("notify", "selesai")):
        with turn(desk, deposit, verb) as mine:
            mine.record(outcome, *([AccessTried(established=(seen,))] if verb == "verify" else []))
    with turn(desk, deposit, "inventory") as mine:
        form = collecting.fill(mine, first_facts, "2026-11", Press()).form
    fields = {field.label: field for part in form.sections if isinstance(part, Section) for field in part.fields}
    assert fields["Pemeriksaan akses terakhir"].value == "23 November 2026: bisa diakses"


def test_the_form_knows_what_the_checks_saw(desk: Desk, deposit: str, first_facts: ServerFacts, clock: Clock) -> None:
    rack = desk.site.root / "racks/A1.yml"
    rack.write_text(rack.read_text() + "switch: {name: sw-a1, ports: 24}\n")
    assert checking.watched(desk, "2026-11") == {}
    start = int(clock.now.timestamp())
    with Checks(desk.site).recording(Policy()) as record:
        for minute in range(0, 600, 5):
            record(deposit, Sight(start + 60 * minute, minute % 300 > 30, "" if minute % 300 > 30 else "tcp-refused"))
    clock.now += timedelta(hours=12)
    with turn(desk, deposit, "inventory") as mine:
        watched = checking.watched(desk, "2026-11")[deposit]
        form = collecting.fill(mine, first_facts, "2026-11", Press(), watched).form
    fields = {field.label: field for part in form.sections if isinstance(part, Section) for field in part.fields}
    seen = fields["Ketersediaan bulan ini"]
    assert (seen.source, seen.value.endswith("% dari 9 jam yang diamati")) == ("declared", True), seen.value
    assert fields["Pemeriksaan akses terakhir"].value == "23 November 2026: bisa diakses"


def test_the_summary_as_a_paper(two_months: str, desk: Desk, first_facts: ServerFacts) -> None:
    form = summary_form(desk, inventories.summary(desk))
    assert form.stamp.document_number == "555/R12/KOMINFO/2026"
    head = desk.site.settings.people["kadis"]
    assert (form.acknowledged.name, form.acknowledged.position) == (head.name, head.position)
    assert (form.officer.name, form.officer.position) == ("", "Pejabat Fungsional/Pelaksana"), "root is nobody here"
    staff = summary_form(desk.decided_by("staf"), inventories.summary(desk)).officer
    assert staff.name == desk.site.settings.people["staf"].name
    assert [row[2] for row in form.changes.rows] == list(EXACTLY)
    assert [(bar.label, bar.value, bar.of) for bar in form.charts[1].bars] == [("A1", 2, 4)]
    assert [(bar.label, bar.value) for bar in form.charts[2].bars] == [("November 2026", 0), ("Desember 2026", 4)]
    assert form.servers.rows[0][1:5] == (two_months, "db01 (Portal Contoh)", "Dinas Contoh", "A1 U1–2")
    assert form.sums[3].rows[0][0] == "2025", "the firmware's year"
    gather(desk, two_months, replace(first_facts, serial="OTHER"))
    again = summary_form(desk, inventories.summary(desk))
    assert again.changes.rows[0][2].startswith("! Nomor seri"), "alarms first"
    assert again.stamp.revision != form.stamp.revision, "made from other gatherings"
    gather(desk, two_months, replace(first_facts, memory_modules=(), missing={"memory_modules": Missing.NEEDS_ROOT}))
    unread = summary_form(desk, inventories.summary(desk))
    assert [row[2] for row in unread.changes.rows] == ["Modul memori: tidak terbaca kali ini (sebelumnya 2 modul)"]
    assert unread.figures[2].value == "0", "what could not be read is no change"
    assert unread.charts[2].bars[-1].value == 0


def test_the_commands(desk: Desk, two_months: str, sopctl: Callable[..., Ran]) -> None:
    changed = sopctl("inventory", "diff", two_months, "2026-11", "2026-12", "--exit-code")
    assert changed.code == 1
    assert "Paket baru: nginx" in changed.out
    assert sopctl("inventory", "diff", two_months, "2026-11", "2026-11", "--exit-code").code == 0
    assert sopctl("inventory", "diff", two_months, "2026-11").code == 2
    answer = json.loads(sopctl("inventory", "diff", two_months, "--since", "handover", "--json").out)
    assert [change["text"] for change in answer["changes"]] == list(EXACTLY)
    shown = json.loads(sopctl("inventory", "show", two_months, "--over-time", "--json").out)
    assert [month["month"] for month in shown["months"]] == ["2026-11", "2026-12"]
    summary = sopctl("inventory", "summary", "--month", "2026-12")
    assert summary.out.index("Paket baru: nginx") < summary.out.index("system")
    found = json.loads(sopctl("inventory", "summary", "--month", "2026-12", "--json").out)
    total = {"by": "rack", "name": "A1", "servers": 1, "memory_gib": 32.0, "disk_gb": 1920.4}
    assert total in found["totals"]
    assert sopctl("inventory", "summary", "--month", "2026-12", "--csv").out.startswith("id,unit,server,")
    assert sopctl("inventory", "summary", "--csv", "--json").code == 2
    for kind, start in (("pdf", b"%PDF-"), ("xlsx", b"PK")):
        made = sopctl("document", "make", "inventory", "--month", "2026-12", "--format", kind)
        assert made.out == f"rekap-inventaris-2026-12.{kind}\n"
        assert (desk.site.root / made.out.strip()).read_bytes().startswith(start)


# What is not as it should be: RACK has an array without a disk, and a drive that failed

BROKEN = [
    "Disk RAID c0/e32/s2 (HDD00002): tidak sehat (Failed SMART alert)",
    "RAID 1/1: tidak utuh (Dgrd)",
]


def test_a_condition_is_told_every_month_that_it_lasts(
    desk: Desk, two_months: str, sopctl: Callable[..., Ran], clock: Clock
) -> None:
    for month in ("2026-11", "2026-12"):
        found = inventories.summary(desk, month)
        assert [str(each) for each in found.servers[0].conditions] == BROKEN
        paper = summary_form(desk, found)
        assert [row[2:] for row in paper.conditions.rows] == [
            ("Disk RAID c0/e32/s2 (HDD00002)", "tidak sehat (Failed SMART alert)", "kritis"),
            ("RAID 1/1", "tidak utuh (Dgrd)", "kritis"),
        ]
        assert {field.label: field.value for field in paper.figures}["Keadaan yang perlu ditangani"] == "2"
        form = sopctl("inventory", "form", two_months, "--month", month, "--format", "html", "-o", "form.html")
        assert form.code == 0, form.err
        written = (desk.site.root / "form.html").read_text()
        assert "Keadaan yang perlu ditangani" in written
        assert "tidak utuh (Dgrd)" in written
        (desk.site.root / "form.html").unlink()
    notes = [
        event.note
        for event in dossiers.read(desk.site, two_months).events
        if "formulir" in event.note and "bulan" in event.note
    ]
    assert all("2 keadaan perlu ditangani" in note for note in notes)


def test_conditions_in_json_and_for_monitoring(desk: Desk, two_months: str, sopctl: Callable[..., Ran]) -> None:
    for words in (("show", two_months), ("diff", two_months)):
        answer = json.loads(sopctl("inventory", *words, "--json").out)
        assert [each["subject"] for each in answer["conditions"]] == [line.partition(":")[0] for line in BROKEN]
    answer = json.loads(sopctl("inventory", "summary", "--month", "2026-12", "--json").out)
    assert [each["text"] for each in answer["servers"][0]["conditions"]] == BROKEN
    listed = sopctl("inventory", "conditions")
    assert listed.code == 1
    assert all(f"critical: {line}" in listed.out for line in BROKEN)
    plugin = sopctl("inventory", "conditions", "--format", "nagios")
    assert plugin.code == 2
    assert plugin.out.startswith("CONDITIONS CRITICAL - 0 of 1 servers are as they should be: ")
    assert plugin.out.endswith(" | critical=2;;0;0; warning=0;0;;0;\n")
    metrics = sopctl("inventory", "conditions", "--format", "prometheus")
    assert f'sopctl_conditions{{deposit="{two_months}",severity="critical"}} 2.0' in metrics.out
    assert sopctl("inventory", "conditions", "--format", "json", "--output", "conditions.json").code == 1
    kept = json.loads((desk.site.root / "conditions.json").read_text())
    assert kept["servers"][0]["conditions"][1]["severity"] == "critical"
    assert sopctl("inventory", "conditions", "--output", "x").code == 2
    assert sopctl("inventory", "conditions", "PS-2026-0099", "--format", "nagios").code == 3


def test_a_server_without_conditions_and_a_site_without_facts(
    desk: Desk, deposit: str, first_facts: ServerFacts, sopctl: Callable[..., Ran]
) -> None:
    assert sopctl("inventory", "conditions", "--format", "nagios").code == 3, "nothing is known"
    assert sopctl("inventory", "conditions").code == 0
    assert sopctl("inventory", "conditions", deposit).code == 2
    gather(desk, deposit, replace(first_facts, raid=(), drives=()))
    assert sopctl("inventory", "conditions", deposit).code == 0
    plugin = sopctl("inventory", "conditions", "--format", "nagios")
    assert (plugin.code, plugin.out.partition(" -")[0]) == (0, "CONDITIONS OK")
    assert inventories.standing(desk)[0][0].conditions == ()


def test_what_a_month_found_changed_alarms_first(
    desk: Desk, two_months: str, first_facts: ServerFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the page shows it: of those who may be seen; what cannot be read stands first; and what was compared once is
    remembered."""
    found = month_changes(desk, Seen(house=True))
    (row,) = found.rows
    assert (found.month, row.deposit.id, found.same, found.left, found.missing) == ("2026-12", two_months, 0, 0, [])
    assert row.found is not None
    assert any("tidak sehat" in each for each in row.found.alarms), "of the month before, too: it still is"
    assert any("nginx" in each for each in row.found.changes)
    before = month_changes(desk, Seen(house=True), "2026-11")
    assert [each.found.changes for each in before.rows if each.found] in ([], [()])
    assert month_changes(desk, Seen(unit="lain")).rows == []
    monkeypatch.setattr("sopctl.store.facts.read", lambda *_: pytest.fail("read once more"))
    assert month_changes(desk, Seen(house=True)).rows == found.rows
    with pytest.raises(UsageError):
        month_changes(desk, Seen(house=True), "2026-13")


def test_a_month_whose_facts_cannot_be_read(desk: Desk, two_months: str) -> None:
    for path in (desk.site.root / "deposits" / two_months / "facts").glob("2026-12*.json"):
        path.write_text("{")
    (row,) = month_changes(desk, Seen(house=True)).rows
    assert row.found is None
