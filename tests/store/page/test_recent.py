"""What readers of a page share is what the files say, whoever changed them; and only what changed is read again."""

import os
import random
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from sopctl.store import dossiers, register
from sopctl.store.library import SHIPPED
from sopctl.store.page.recent import AGAIN_SECONDS, SWEEP_SECONDS, Recent
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import acts, letters


class Looker:
    """A reader of the page, by a clock of its own; `reads`: which dossiers that took."""

    def __init__(self, root: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.reads, self.wholes = 1000.0, list[str](), 0
        self.recent, self._root = Recent(), root.root
        monkeypatch.setattr("sopctl.store.page.recent.time.monotonic", lambda: self.now)
        real, whole = dossiers.read, register.whole

        def reading(site: Site, deposit_id: str) -> dossiers.Dossier:
            self.reads.append(deposit_id)
            return real(site, deposit_id)

        def all_of_them(site: Site, *, gathered: bool) -> tuple[register.Reading, dict[str, bytes]]:
            self.wholes += 1
            return whole(site, gathered=gathered)

        monkeypatch.setattr(dossiers, "read", reading)
        monkeypatch.setattr(register, "whole", all_of_them)

    def look(self, *, gathered: bool = False) -> register.Reading:
        site = Site(self._root)
        site.recent = self.recent
        self.reads.clear()
        self.wholes = 0
        return register.read(site, gathered=gathered)

    def settled(self) -> register.Reading:
        """A look after which nothing is waited for."""
        self.look()
        self.now += AGAIN_SECONDS
        return self.look()


@pytest.fixture
def looker(site: Site, monkeypatch: pytest.MonkeyPatch) -> Looker:
    return Looker(site, monkeypatch)


def told(reading: register.Reading) -> tuple[bytes, list[str], dict[str, object]]:
    """What a reading says, to be compared. Of what cannot be read it may know more than an index that lags."""
    assert {each.id for each in reading.last_known} <= reading.broken.keys()
    return msgspec.json.encode(reading.summaries), sorted(reading.broken), dict(reading.gathered)


def test_what_another_process_records_is_seen_at_once_and_nothing_else_is_read(
    desk: Desk, file_request: Callable[..., str], looker: Looker
) -> None:
    """The page's own site objects know nothing of `desk`, as of a command."""
    ids = [file_request() for _ in range(4)]
    before = looker.settled()
    assert looker.look() is before, "while nothing happens it is the same"
    assert (looker.reads, looker.wholes) == ([], 0)
    letters.dispose(desk, ids[2], instruction="x")
    after = looker.look()
    assert (looker.reads, looker.wholes) == ([ids[2]], 0)
    assert [each.step for each in after.summaries] == [2, 2, 3, 2]
    assert [each.step for each in before.summaries] == [2, 2, 2, 2], "who still reads the older one is not disturbed"
    assert all(one is other for one, other in zip(before.summaries, after.summaries, strict=True) if one.id != ids[2])


def test_what_was_filed_is_seen_at_once(desk: Desk, file_request: Callable[..., str], looker: Looker) -> None:
    assert looker.settled().summaries == []
    first = file_request()
    assert [each.id for each in looker.look().summaries] == [first]
    looker.settled()
    second = file_request()
    assert [each.id for each in looker.look().summaries] == [first, second]
    assert (looker.reads, looker.wholes) == ([second], 0)


def test_what_changed_within_a_tick_of_the_clock_is_read_once_more(
    desk: Desk, file_request: Callable[..., str], looker: Looker, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = file_request()
    looker.settled()
    acts.hold(desk.decided_by("staf"), deposit, reason="satu")
    looker.look()
    stamp = looker.recent._stamps[deposit]
    acts.resume(desk.decided_by("staf"), deposit, note="dua")
    looker.recent._stamps[deposit] = register.stamps_of(desk.site, [deposit], settled=False)[deposit]
    assert stamp
    assert looker.look().summaries[0].held, "by its stamp, it is what was read"
    looker.now += AGAIN_SECONDS
    assert not looker.look().summaries[0].held
    looker.now += AGAIN_SECONDS
    looker.look()
    assert looker.reads == [], "and then no more"


@pytest.mark.parametrize("harm", ["broken", "another folder's", "gone", "mended"])
def test_what_is_changed_by_hand_is_seen_within_the_time(
    desk: Desk, file_request: Callable[..., str], looker: Looker, harm: str
) -> None:
    ids = [file_request() for _ in range(5)]
    path = dossiers.read(desk.site, ids[3]).history_file
    content = path.read_bytes()
    if harm == "mended":
        path.write_bytes(b"- broken")
    looker.settled()
    match harm:
        case "broken":
            path.write_bytes(b"- broken")
        case "another folder's":
            shutil.copy(dossiers.read(desk.site, ids[0]).history_file, path)
        case "gone":
            shutil.rmtree(path.parent)
            assert ids[3] not in {each.id for each in looker.look().summaries}, "folders are seen at once"
        case "mended":
            path.write_bytes(content)
    for _ in range(5):
        looker.now += SWEEP_SECONDS / 5
        found = looker.look()
        assert len(set(looker.reads)) <= 2, "a share at each look"
    assert [each.id for each in found.summaries] == [each for each in ids if each != ids[3] or harm == "mended"]
    assert list(found.broken) == ([ids[3]] if harm in ("broken", "another folder's") else [])
    assert [each.id for each in found.last_known] == list(found.broken)


def test_another_journal_or_another_procedure_is_read_anew(
    desk: Desk, file_request: Callable[..., str], looker: Looker
) -> None:
    first = file_request()
    looker.settled()
    journal = desk.site.root / "journal.jsonl"
    content = journal.read_bytes()
    other = journal.with_name("other")
    other.write_bytes(content)
    other.replace(journal)
    looker.look()
    assert looker.wholes == 1, "another file"
    letters.dispose(desk, first, instruction="x")
    looker.settled()
    with journal.open("r+b") as file:
        file.truncate(len(content))
    looker.look()
    assert looker.wholes == 1, "a shorter one"
    looker.look()
    assert looker.wholes == 0
    looker.recent._procedures = "others"
    looker.look()
    assert looker.wholes == 1


def test_what_the_journal_lacks_is_seen_as_soon_as_it_is_told(
    desk: Desk, file_request: Callable[..., str], looker: Looker, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = file_request()
    looker.settled()
    journal = desk.site.root / "journal.jsonl"
    before = journal.read_bytes()
    letters.dispose(desk, deposit, instruction="x")
    with journal.open("r+b") as file:
        file.truncate(len(before))
    assert looker.look().summaries[0].step == 2
    looker.recent.tell([deposit, "PS-2026-9999", "house"])
    assert looker.look().summaries[0].step == 3


def test_what_is_torn_at_the_end_of_the_journal_is_not_yet_there(
    desk: Desk, file_request: Callable[..., str], looker: Looker
) -> None:
    deposit = file_request()
    looker.settled()
    journal = desk.site.root / "journal.jsonl"
    before = journal.read_bytes()
    letters.dispose(desk, deposit, instruction="x")
    content = journal.read_bytes()
    with journal.open("r+b") as file:
        file.truncate(len(before) + 20)
    assert looker.look().summaries[0].step == 2
    with journal.open("r+b") as file:
        file.write(content)
    assert looker.look().summaries[0].step == 3
    assert looker.wholes == 0


def test_whatever_happens_in_whatever_order_it_says_what_the_files_say(
    desk: Desk, file_request: Callable[..., str], looker: Looker
) -> None:
    """Acts, requests, harm by hand and its mending, looks in between: at the end of each round the reading is that of
    someone who reads all anew."""
    dice = random.Random(23)
    ids = [file_request() for _ in range(4)]
    kept: dict[str, bytes] = {}
    for _ in range(40):
        deposit = dice.choice(ids)
        path = desk.site.folder("deposits") / deposit / "history.yml"
        match dice.randrange(5):
            case 0 if deposit not in kept:
                held = dossiers.read(desk.site, deposit).summary.held
                if held:
                    acts.resume(desk.decided_by("staf"), deposit, note="x")
                else:
                    acts.hold(desk.decided_by("staf"), deposit, reason="x")
            case 1 if deposit not in kept:
                kept[deposit] = path.read_bytes()
                path.write_bytes(kept[deposit] + b"- x\n")
            case 2 if deposit in kept:
                path.write_bytes(kept.pop(deposit))
            case 3 if len(ids) < 8:
                ids.append(file_request())
            case _:
                looker.now += dice.choice((0.01, AGAIN_SECONDS, SWEEP_SECONDS))
                looker.look(gathered=dice.random() < 0.3)
        if dice.random() < 0.4:
            looker.now += SWEEP_SECONDS
            looker.look(gathered=True)
            looker.now += AGAIN_SECONDS
            assert told(looker.look(gathered=True)) == told(register.whole(desk.site, gathered=True)[0])


def test_racks_and_procedures_are_read_again_when_they_change(desk: Desk, looker: Looker) -> None:
    """And not before: each reader of a page would read all of them."""

    def site() -> Site:
        found = Site(desk.site.root)
        found.recent = looker.recent
        return found

    rack = desk.site.root / "racks" / "A1.yml"
    age(rack)
    first, again = site(), site()
    assert first.racks
    assert again.racks[0] is first.racks[0]
    assert again.library is first.library
    rack.write_text(rack.read_text().replace("units: 4", "units: 5"))
    for _ in range(2):
        assert site().racks[0].units == 5, "also while the file is so new that it may change unseen"
    rack.write_text(rack.read_text().replace("units: 5", "units: 6"))
    assert site().racks[0].units == 6
    shipped = next(SHIPPED.glob("penitipan*.yml")).read_text()
    (desk.site.root / "procedures").mkdir(exist_ok=True)
    (desk.site.root / "procedures" / "penitipan.yml").write_text(shipped)
    assert site().library is not first.library
    assert Site(desk.site.root).library is not first.library, "who acts reads them anew"


def age(path: Path) -> None:
    """A file that was written long ago."""
    os.utime(path, (1, 1))


def test_a_look_that_fails_loses_nothing(
    desk: Desk, file_request: Callable[..., str], looker: Looker, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = file_request()
    looker.settled()
    letters.dispose(desk, deposit, instruction="x")

    def full(*_: object, **__: object) -> dict[str, str]:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(register, "stamps_of", full)
        with pytest.raises(OSError, match="Too many"):
            looker.look()
    assert looker.look().summaries[0].step == 3


def test_many_readers_and_writers_at_once(desk: Desk, file_request: Callable[..., str]) -> None:
    """Each sees at least what was recorded before it looked."""
    ids, recent = [file_request() for _ in range(3)], Recent()
    recorded, wrong = dict.fromkeys(ids, 0), list[str]()  # how many acts; odd: on hold
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            before, site = dict(recorded), Site(desk.site.root)
            site.recent = recent
            held = {each.id: each.held for each in register.read(site).summaries}
            after = dict(recorded)
            wrong.extend(
                each for each in ids if 0 <= before[each] == after[each] and held[each] is not bool(before[each] % 2)
            )

    readers = [threading.Thread(target=look) for _ in range(4)]
    for reader in readers:
        reader.start()
    for round_ in range(4):
        for deposit in ids:
            writing = Desk(Site(desk.site.root), desk.decided_by("staf").deciding, desk.clock, clock_is_right=True)
            recorded[deposit] = -1  # just now it may be either
            if round_ % 2:
                acts.resume(writing, deposit)
            else:
                acts.hold(writing, deposit, reason="x")
            recorded[deposit] = round_ + 1
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
