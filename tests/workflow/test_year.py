"""A year in the office: 110 dossiers through 2026, with its holidays, waiting, failures, holds, mistakes and returns;
and visits, work for the owners, and maintenance. `make test` ends it in July, `make battery` does not.

Everything on paper and by hand is done by the real verbs in a real site. Only the four steps that log in to a server
(and so need one each) record what they would have recorded. At the end of every day the invariants hold; they are
checked by code of their own, from the files and from the procedures' text.
"""

import random
import shutil
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import holidays
import msgspec
import pytest
import yaml

from sopctl.cli import terminal
from sopctl.errors import InvalidRecord, NotNow, UsageError
from sopctl.model.access.verification import Established, View
from sopctl.model.facts.setup import from_setup
from sopctl.model.house.visits import Visit
from sopctl.model.inspection import Inspection
from sopctl.model.sop import history, verbs
from sopctl.model.sop.entries import AccessTried, AnsibleRun, Configured, DiskWish, Gathered, Paper
from sopctl.model.sop.summary import Summary
from sopctl.store import books, codec, dossiers, register
from sopctl.store import facts as kept_facts
from sopctl.store.library import SHIPPED
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.house import maintenance, sanitising, tasks, visits
from sopctl.workflow.papers import integrity
from sopctl.workflow.papers.monthly import month_report
from sopctl.workflow.setup import journal, validation
from sopctl.workflow.setup.init import EXAMPLE_REQUEST
from sopctl.workflow.steps import acts, correcting, handover, inspecting, letters, notifying, releasing, reservation
from sopctl.workflow.steps.mending import leaving, moving
from sopctl.workflow.views import board, disks, house, months
from sopctl.workflow.views.sla_report import sla_report
from tests.conftest import Clock
from tests.faults.scale import WHOLE
from tests.keys import public_key

DOSSIERS = 110
LAST_DAY = date(2026, 12, 31) if WHOLE else date(2026, 7, 3)
"""A bounded run has one half, in which not everything happens."""
FACTS = msgspec.json.encode(from_setup({}, gathered_at="2026-01-01T00:00:00+07:00"))
RACKS: dict[str, dict[str, Any]] = {
    "A1": {"units": 42, "depth_mm": 900, "power_watts": 9000, "weight_kg": 900, "blocked": {21: "panel kabel"}},
    "B1": {"units": 24, "depth_mm": 700, "power_watts": 6000, "switch": {"name": "sw-b1", "ports": 10}},
}
PROCEDURES = {path.stem: yaml.load(path.read_bytes(), yaml.CBaseLoader) for path in SHIPPED.glob("*.yml")}
"""Read as text: YAML 1.1 would take the key `no` for false."""
CLOSED = frozenset(
    day
    for category in ("public", "government")
    for day in holidays.country_holidays("ID", years=(2026, 2027), categories=(category,))
)


@pytest.fixture
def office(made_site: Path, tmp_path: Path) -> Site:
    root = tmp_path / "site"
    shutil.copytree(made_site, root)
    for name, rack in RACKS.items():
        (root / "racks" / f"{name}.yml").write_text(yaml.safe_dump({"name": name, "room": "Ruang Server", **rack}))
    return Site(root)


class Year:
    """The people of the office and of the units, with dice."""

    def __init__(self, site: Site, clock: Clock) -> None:
        self.clock = clock
        self.dice = random.Random(2026)
        self.desk = terminal.desk(site, user="petugas", clock=clock)
        self.filed = 0
        self.happened: Counter[str] = Counter()
        self.elsewhere = random.Random(1945)
        """Dice of their own for what happens beside the dossiers."""
        self.visitors: dict[str, list[str]] = {}
        self.minutes: Counter[str] = Counter()
        """By month: who came in, and how long the owners' work took."""
        self.planned: dict[str, bool] = {}
        """The maintenance, and whether it was called off."""

    def chance(self, of: float) -> bool:
        return self.dice.random() < of

    def day(self, today: date) -> None:
        """One working day: letters come in the morning, then everyone does some of what is due."""
        self.clock.now = datetime.combine(today, datetime.min.time(), self.clock.now.tzinfo) + timedelta(hours=8)
        for _ in range(self.dice.choice((0, 1, 1, 2))):
            if self.filed < DOSSIERS:
                self.file_letter(today)
        reservation.expire(self.desk)
        open_ones = [each for each in register.summaries(self.desk.site) if not each.closed]
        self.dice.shuffle(open_ones)
        for each in open_ones:
            self.clock.now += timedelta(minutes=self.dice.randint(0, 2))
            if each.waiting == "space":  # it may have been served since the morning
                each = dossiers.read(self.desk.site, each.id).summary  # noqa: PLW2901
            if not self.aside(each, today):
                self.work(each, today)
        self.house(today)

    def house(self, today: date) -> None:
        """Visitors come and go, owners ask for work on their servers, racks and servers are maintained."""
        dice, month, staff = self.elsewhere, f"{today:%Y-%m}", self.desk.decided_by("staf")
        here = [each.id for each in register.summaries(self.desk.site) if each.in_our_hands]
        if not here:
            return
        concerned = tuple(dice.sample(here, k=min(len(here), dice.choice((0, 1, 2)))))
        if dice.random() < 0.3:
            who = f"Tamu {len(self.visitors.get(month, ()))} bulan {month}"
            visit = Visit(visitors=(who,), purpose="memasang disk", organisation="Dinas 1", deposits=concerned)
            if dice.random() < 0.5:
                announced = visits.announce(staff, visit)
                inside = visits.come_in(staff, identity="KTP", escort="staf", carried=("disk",), announced=announced.id)
            else:
                inside = visits.come_in(staff, identity="KTP", escort="staf", carried=None, visit=visit)
            self.visitors.setdefault(month, []).append(who)
            if dice.random() < 0.9:
                self.clock.now += timedelta(minutes=30)
                visits.go_out(staff, inside.id, carried=())
            with pytest.raises(NotNow):
                visits.come_in(staff, identity="KTP", escort="staf", carried=None, announced=inside.id)
        for deposit in concerned if dice.random() < 0.2 else ():
            minutes = dice.randint(5, 90)
            tasks.done(staff, deposit, what="kabel diganti", asked_by="pemilik", minutes=minutes)
            self.minutes[month] += minutes
        if dice.random() < 0.05:
            begin = self.clock.now + timedelta(days=dice.randint(1, 20))
            racks = [dice.choice(sorted(RACKS))] if dice.random() < 0.5 else []
            ids = () if racks else concerned or here[:1]
            end = begin + timedelta(hours=4)
            made = maintenance.plan(staff, racks=racks, ids=ids, begin=begin, end=end, reason="ganti UPS")
            assert made.everyone_told
            assert set(ids) <= set(made.window.maintenance.deposits) <= set(here)
            self.planned[made.window.id] = dice.random() < 0.3
            if self.planned[made.window.id]:
                maintenance.cancel(staff, made.window.id, reason="ditunda")

    def file_letter(self, today: date) -> None:
        self.filed += 1
        record = yaml.load(EXAMPLE_REQUEST, yaml.CSafeLoader)
        record["letter"] = {"number": f"090/{(self.filed + 1) // 2}/2026", "date": today}
        record["unit"] = f"Dinas {self.filed % 17}"
        record["access"]["accounts"][0]["keys"] = [public_key(record["unit"])]
        record["access"]["address"] = f"198.18.{self.filed // 250}.{self.filed % 250 + 1}"
        record["server"] |= {
            "name": f"s{self.filed}.example.org",
            "serial": f"SN-{self.filed:04}",
            "height_units": self.dice.choice((1, 1, 2, 2, 2, 4)),
            "depth_mm": self.dice.choice((500, 700, 850)),
            "power_watts": self.dice.choice((150, 300, 500)),
            "weight_kg": self.dice.randint(8, 40),
        }
        record["valid_until"] = today + timedelta(days=self.dice.choice((90, 200, 700)))
        path = self.desk.site.root / "surat.yml"
        path.write_bytes(codec.dump(record))
        letters.request(self.desk, path)
        if self.filed % 25 == 0:
            with pytest.raises(InvalidRecord, match="the serial number"):
                letters.request(self.desk, path)
            self.happened["filed twice"] += 1

    def aside(self, each: Summary, today: date) -> bool:  # noqa: PLR0911 (one return a thing that may happen)
        """What happens beside the paper; True when it used up the day for this deposit."""
        if each.held:
            if self.chance(0.3):
                acts.resume(self.desk.decided_by("kabid"), each.id)
            return True
        if self.mend(each):
            return True
        if self.chance(0.01):
            acts.hold(self.desk.decided_by("staf"), each.id, reason="menunggu pemilik")
            self.happened["held"] += 1
            return True
        step = next(s for s in PROCEDURES[each.procedure]["steps"] if s["no"] == str(each.step))
        verbs = {outcome.get("verb") for outcome in step["outcomes"].values()}
        if "withdraw" in verbs and self.chance(0.004):
            acts.withdraw(self.desk, each.id, reason="tidak jadi")
            self.happened["withdrawn"] += 1
            return True
        if each.verb == "dispose" and "refuse" in verbs and self.chance(0.02):
            acts.refuse(self.desk, each.id, reason="di luar kewenangan")
            self.happened["refused"] += 1
            return True
        if each.in_our_hands and each.valid_until and each.valid_until < today and self.chance(0.2):
            acts.extend(self.desk.decided_by("kabid"), each.id, until=today + timedelta(days=60))
            self.happened["extended"] += 1
            return True
        if each.waiting == "space" and each.priority == 0 and self.chance(0.01):
            reservation.prioritise(self.desk.decided_by("kadis"), each.id, priority=1, reason="layanan darurat")
            self.happened["prioritised"] += 1
            return True
        return False

    def mend(self, each: Summary) -> bool:
        """What was recorded wrongly is corrected, servers are moved, and a few are gone; True when something was."""
        what = self.dice.choices(
            ("", "serial", "day", "undo", "move", "forged", "gone", "void"), (2000, 12, 6, 12, 60, 2, 4, 2)
        )[0]
        staff, head = self.desk.decided_by("staf"), self.desk.decided_by("kabid")
        try:
            match what:
                case "serial":
                    new = f"{each.serial.partition('/')[0]}/{self.happened['serial'] + 1}"
                    correcting.serial(staff, each.id, serial=new, reason="salah baca")
                case "day" if each.received_on:
                    earlier = each.received_on - timedelta(days=1)
                    correcting.day(staff, each.id, what="received", day=earlier, reason="dicatat terlambat")
                case "undo":
                    newest = dossiers.read(self.desk.site, each.id).standing.came_by
                    correcting.undo(staff, each.id, number=newest, reason="salah berkas")
                case "move":
                    rack = self.dice.choice(sorted(RACKS))
                    to = moving.To(rack, self.dice.randint(1, RACKS[rack]["units"] - 3))
                    if each.place and each.place.port and self.chance(0.5):
                        to = moving.To(port=self.dice.randint(1, 10))
                    moving.relocate(staff, each.id, to=to, told=moving.Told("panas", mistaken=self.chance(0.2)))
                case "forged":
                    leaving.forged(head, each.id, reason="dinas tidak pernah bersurat")
                case "gone":
                    leaving.write_off(head, each.id, lost="rusak", reason="papan induk terbakar")
                case "void":
                    leaving.void(head, each.id, other="PS-2026-0001", reason="diajukan dua kali")
                case _:
                    return False
        except (NotNow, UsageError):  # it has no place or no such step, or there is no room
            self.happened["not mended"] += 1
            return False
        self.happened[what] += 1
        return True

    def wipe(self, deposit: str) -> None:
        """What the owner asked for is done to each disk."""
        dossier = dossiers.read(self.desk.site, deposit)
        wish = dossier.newest(DiskWish)
        if not (wish and wish.wipe_disks):
            return
        left = disks.left(dossier)
        serials = [*left.disks, *(f"D-{deposit}-{number}" for number in range(left.more))]
        if serials:
            sanitising.sanitise(
                self.desk.decided_by("staf"),
                deposit,
                serials=serials,
                method="purge",
                result="ok",
                done_by="staf",
                tool="nvme format",
                unlisted="tidak terbaca",
            )

    def work(self, each: Summary, today: date) -> None:  # noqa: PLR0912 (one case a verb)
        """Do what is due, most of the time."""
        if each.month_due and today < each.month_due:
            if each.verb == "inventory" and self.chance(0.035):
                letters.ask_back(self.desk, each.id, letter_number=f"090/K/{each.id}")
                self.happened["asked back"] += 1
            return
        if each.waiting == "space" or self.chance(0.25):
            return
        desk, deposit = self.desk, each.id
        if each.waiting == "decision" and each.task == "condition" and self.chance(0.5):
            if self.chance(0.3):
                acts.refuse(desk.decided_by("kabid"), deposit, reason="bukan server yang dimohonkan")
                self.happened["sent home"] += 1
            else:
                inspecting.accept(desk.decided_by("kabid"), deposit, note="surat ralat menyusul")
                self.happened["accepted with a note"] += 1
            return
        match each.verb, each.task:
            case "dispose", _:
                letters.dispose(desk, deposit, instruction="Mohon ditindaklanjuti")
            case "reserve", _:
                self.reserve(deposit)
            case "notify", _:
                notifying.notify(desk, deposit, via="phone")
            case "receive", _:
                slow = int(deposit[-4:]) % 12 == 0  # some units let their offer pass
                if self.chance(0.02 if slow else 0.7):
                    handover.receive(desk, deposit)
            case "inspect", "condition":
                serial = each.serial if self.chance(0.9) else f"LAIN-{each.id}"
                done = inspecting.inspect(desk, deposit, serial=serial, found=Inspection(accessories=("rel", "kabel")))
                self.happened["failed inspection"] += not done.answer
            case "inspect", "serial":
                inspecting.inspect(desk, deposit, serial=each.serial if self.chance(0.9) else f"LAIN-{each.id}")
            case "inspect", _:
                inspecting.inspect(
                    desk, deposit, found=Inspection(rest_ok=True), missing=("rel",) if self.chance(0.1) else ()
                )
            case "handover", _:
                self.wipe(deposit)
                handover.handover(desk, deposit)
            case "place", _:
                reservation.place(desk, deposit)
            case "return", _:
                letters.confirm_data_saved(desk, deposit, wipe=self.chance(0.5))
            case "release", _:
                done = releasing.release(desk, deposit, by_hand="tanpa Ansible" if each.task == "access" else "")
                self.happened["served by itself"] += len(done.also)
                self.happened["given back"] += each.task == "space"
            case _:
                self.log_in(each, today)

    def reserve(self, deposit: str) -> None:
        try:
            done = reservation.reserve(self.desk, deposit)
        except NotNow:
            self.happened["kept in the queue"] += 1
            return
        self.happened["waits"] += not done.answer

    def log_in(self, each: Summary, today: date) -> None:
        """The steps that need a server: what they record, without one."""
        with turn(self.desk, each.id, each.verb) as mine:
            if each.verb == "verify":
                good = self.chance(0.8)
                self.happened["not accessible"] += not good
                seen = Established(View.MANAGEMENT, "sopctl", good, "" if good else "filtered")
                tried = AccessTried(established=(seen,), cause=seen.cause or None)
                mine.record("bisa" if good else "tidak bisa", tried, answer=good)
                return
            mine.start(AnsibleRun(run="var/runs/x"))
            if self.chance(0.1):
                mine.record(history.FAILED, note="unreachable", answer=False)
                self.happened["failed on the server"] += 1
                return
            if each.verb == "inventory":
                paper = mine.keep("inventaris.pdf", b"%PDF-")
                revision = kept_facts.next_revision(kept_facts.months(mine.dossier), f"{today:%Y-%m}")
                name = kept_facts.name_of(f"{today:%Y-%m}", revision)
                facts = dossiers.keep_document(mine.dossier, name, FACTS, "facts")
                form = Paper(paper.file, paper.sha256)
                mine.record("selesai", Gathered(facts=facts, month=f"{today:%Y-%m}", document=form))
            else:
                mine.record("selesai", Configured(changed=3))


def check_space(site: Site, everyone: list[Summary]) -> None:
    """No two servers in one unit, nothing beyond a rack's budgets, no reservation without a dossier that needs it."""
    held = [each for each in everyone if each.place and not each.closed]
    for name, rack in RACKS.items():
        here = [each for each in held if each.place and each.place.rack == name]
        units = [unit for each in here if each.place for unit in range(each.place.unit, each.place.top + 1)]
        assert len(units) == len(set(units)), f"two servers in one unit of {name}"
        assert set(units) <= set(range(1, rack["units"] + 1)) - set(rack.get("blocked", {}))
        assert sum(each.need.power_watts for each in here) <= rack["power_watts"]
        assert sum(each.need.weight_kg or 0 for each in here) <= rack.get("weight_kg", 10**6)
        assert all(each.need.depth_mm <= rack["depth_mm"] for each in here)
        ports = [each.place.port for each in here if each.place and each.place.port]
        assert len(ports) == len(set(ports)) == (len(here) if "switch" in rack else 0)
    for each in held:
        stages = {("penitipan", no) for no in (5, 7, 8, 9, 10)}
        assert each.placed or (each.procedure, each.step) in stages, f"{each.id} holds a place at {each.stands}"
    for each in everyone:
        if each.procedure == "konfigurasi" or (each.procedure, each.step) in {("penitipan", 8), ("penitipan", 10)}:
            assert each.place, f"{each.id} at {each.stands} has no place"


def check_identities(site: Site, everyone: list[Summary]) -> None:
    """No two open deposits with one address, serial number, name or letter, as their records have them."""
    files = [site.root / "deposits" / each.id / "deposit.yml" for each in everyone if not each.closed]
    records = [yaml.load(file.read_bytes(), yaml.CBaseLoader) for file in files]
    for told in ("{access[address]} {access[port]}", "{server[serial]}", "{server[name]}", "{unit} {letter[number]}"):
        marks = Counter(told.format(**record) for record in records)
        assert [mark for mark, number in marks.items() if number > 1] == []


def check_history(events: list[Any]) -> None:
    """Every event follows from the one before by the procedures' text: no step is skipped, nothing happens on hold."""
    where, on_hold, back = ("penitipan", 1), False, None
    stood: dict[str, Any] = {}
    acts = verbs.NEUTRAL - history.WORK
    for event in events:
        here, stood[event["seq"]] = (event["procedure"], int(event["step"])), where
        if here[0] == "pengembalian" and where[0] == "konfigurasi":
            back, where = where, ("pengembalian", 1)
        assert here == where, f"event {event['seq']} at {here}, the deposit stood at {where}"
        outcome = event["outcome"]
        if outcome == "langkah dibatalkan":
            where = stood[event["data"]["undoes"]["event"]]
            continue
        if outcome in ("duplikat", "keluar tanpa pengembalian"):
            where = ("closed", 0)
            continue
        if outcome in acts or outcome in ("started", "failed", "interrupted"):
            assert outcome != "ditahan" or not on_hold
            on_hold = outcome in ("ditahan", "surat palsu") or (on_hold and outcome != "dilanjutkan")
            continue
        step = next(s for s in PROCEDURES[here[0]]["steps"] if s["no"] == str(here[1]))
        leads = step["outcomes"][outcome]
        assert not on_hold or outcome in ("dicabut", "ditolak")
        on_hold = False
        if leads.get("closes"):
            where = ("closed", 0)
        elif leads.get("resumes"):
            assert back
            where = back
        elif "next" in leads:
            where = (here[0], int(leads["next"]))
        else:
            where = ("konfigurasi", 1) if here[0] == "penitipan" else ("closed", 0)


def check_deadlines(desk: Desk, today: date) -> None:
    """Each deadline is the first day that the calendar leaves, counted day by day, and says which days it left out."""
    summaries = {each.id: each for each in register.summaries(desk.site)}
    for row in board.board(desk).rows:
        each = summaries[row.id]
        if row.due is None:
            assert each.held or each.waiting == "space" or (each.month_due and today < each.month_due)
            continue
        assert each.since
        day = each.month_due or each.since.date()
        left = each.limit_days
        while left:
            day += timedelta(days=1)
            on_hold = any(p.since.date() <= day < (p.until.date() if p.until else day) for p in each.pauses)
            left -= day.weekday() < 5 and day not in CLOSED and not on_hold
            if day in CLOSED and day <= row.due:
                assert f"{day}" in row.why, "a holiday that was left out is named"
        assert (row.due, row.late) == (day, row.late_days > 0)
        assert row.late is (any(_counts(day + timedelta(days=n), each) for n in range(1, (today - day).days + 1)))


def _counts(day: date, each: Summary) -> bool:
    on_hold = any(p.since.date() <= day and (p.until is None or day < p.until.date()) for p in each.pauses)
    return day.weekday() < 5 and day not in CLOSED and not on_hold


def check_papers(desk: Desk) -> int:
    """Every document that was issued is there as it was; the journal and the histories agree."""
    filed = [each for deposit in dossiers.ids(desk.site) for each in integrity.documents(desk, deposit)]
    assert {each.state for each in filed} <= {"intact"}
    assert journal.check(desk).gaps == []
    return len(filed)


def check_house(year: Year) -> None:
    """The books and the reports say who came and what was done, and nothing else."""
    for month, who in year.visitors.items():
        _, visited = house.guest_book(year.desk, month)
        new = [each for each in visited if each.arrival and f"{each.arrival.at:%Y-%m}" == month]
        assert [each.visit.visitors for each in new] == [(name,) for name in who]
    for month, minutes in year.minutes.items():
        first, last = months.month_of(year.desk, month).first, months.month_of(year.desk, month).last
        dossiers_ = [dossiers.read(year.desk.site, each) for each in dossiers.ids(year.desk.site)]
        found = [line.task.minutes for each in dossiers_ for line in house.tasks(each, first, last)]
        assert sum(found) == minutes
    windows = books.all_windows(year.desk.site)
    assert {each.id: each.ended is not None for each in windows} == year.planned


def of_month(desk: Desk, name: str) -> tuple[object, ...]:
    """What is reported of a month: time limits, who was here and what was due, the head's report, the guest book."""
    month = months.month_of(desk, name)
    everyone = months.then(desk, month, register.read(desk.site).summaries)
    form, broken = month_report.report_form(desk, month, number="1", by="staf")
    assert broken == []
    return (
        sla_report(desk, name).found,
        [(each.deposit, each.presence) for each in everyone],
        {part.title: part.fields for part in form.figures},
        {table.title: table.rows for table in form.tables},
        house.guest_book(desk, name),
    )


def everything_happened(year: Year) -> None:
    """Within a year nothing is left out that can happen in an office."""
    assert year.filed == DOSSIERS
    wanted = {
        "held",
        "withdrawn",
        "refused",
        "extended",
        "prioritised",
        "waits",
        "failed inspection",
    }
    wanted |= {
        "accepted with a note",
        "sent home",
        "not accessible",
        "failed on the server",
        "asked back",
        "given back",
    }
    wanted |= {"serial", "day", "undo", "move", "forged", "gone", "void"}
    assert len(year.visitors) > 6
    assert len(year.minutes) > 6
    assert set(year.planned.values()) == {True, False}
    missing = {what for what in wanted | {"served by itself"} if not year.happened[what]}
    assert missing == set(), year.happened


@pytest.mark.scaled
@pytest.mark.timeout(7200)
def test_a_year_in_the_office(office: Site) -> None:
    clock = Clock()
    year = Year(office, clock)
    today = date(2026, 1, 1)
    asked: dict[str, tuple[object, ...]] = {}
    while today <= LAST_DAY:
        if today.day == 1 and today.month in (3, 7, 11):
            clock.now = datetime.combine(today, datetime.min.time(), clock.now.tzinfo)
            last = f"{today - timedelta(days=1):%Y-%m}"
            asked[last] = of_month(year.desk, last)
        if today.weekday() < 5 and today not in CLOSED:
            before = {each.id: each for each in register.read(office).summaries}
            year.day(today)
            everyone = register.summaries(office)
            check_space(office, everyone)
            check_deadlines(year.desk, today)
            for each in everyone:
                if before.get(each.id) != each:
                    check_history(
                        yaml.load((office.root / "deposits" / each.id / "history.yml").read_bytes(), yaml.CBaseLoader)
                    )
            if today == date(2026, 7, 1):
                check_papers(year.desk)
        today += timedelta(days=1)
    for name, before_ in asked.items():
        now = of_month(year.desk, name)
        for was, is_ in zip(before_, now, strict=True):
            assert is_ == was, f"{name} was another month when it had just passed"
    assert check_papers(year.desk) > 2 * year.filed
    if WHOLE:
        everything_happened(year)
    check_house(year)
    events = [event for deposit in dossiers.ids(office) for event in dossiers.read(office, deposit).events]
    let_go = sum(event.outcome == "tempat dilepas" for event in events)
    assert let_go, "an offer was not taken up in time"
    sample = next(each for each in integrity.documents(year.desk, "PS-2026-0003") if each.number)
    assert integrity.check_file(year.desk, Path(sample.file)).verdict == "issued"
    total = sla_report(year.desk, "2026-06").found.total
    assert total.done > 100
    assert 0 < total.in_time < total.done
    check_identities(office, register.summaries(office))
    assert validation.validate(year.desk).errors == []
