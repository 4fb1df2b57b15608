"""Every act in any order: the real workflow beside a simple model of a site, a dictionary of where each deposit stands.

What the model allows is done, what it refuses is refused and changes nothing; after each step the site is whole: the
journal agrees, no two servers stand in one unit, no two open deposits are one server, and an index recreated says the
same as the one that was kept.
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from sopctl.cli import terminal
from sopctl.errors import SopctlError
from sopctl.model.access.verification import Word
from sopctl.model.inspection import Inspection
from sopctl.model.rack import Wish
from sopctl.store import dossiers, register
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.setup import journal, validation
from sopctl.workflow.setup.init import EXAMPLE_OTHER
from sopctl.workflow.steps import (
    acts,
    configuring,
    editing,
    handover,
    inspecting,
    letters,
    notifying,
    releasing,
    reservation,
    verifying,
)
from sopctl.workflow.steps.mending import leaving, moving
from tests.cases import rows
from tests.conftest import Clock
from tests.faults.judging import everything
from tests.faults.scale import WHOLE, figure, times
from tests.guards import take_out
from tests.workflow.test_any_procedure import gathered

HISTORIES, LENGTH = times(300, 3), times(60, 40)
FEW = 20
"""In so many histories a guard that is not there is found out."""
WAY: dict[str, dict[str, Any]] = {row["at"]: row for row in rows("way")}
UNITS = 6
"""Of the only rack: three servers of two units, if they stand well."""
HEIGHT = 2
HERE = [name for name in WAY if name not in ("kadis", "kabid", "space", "told", "waiting", "offered", "awaited")]
"""Where the server itself is in the house."""


@dataclass
class Known:
    """What the model knows of one deposit."""

    at: str = "kadis"
    held: bool = False
    unit: int | None = None
    before: str = ""
    """Where it stood when it was asked back."""
    marks: dict[str, str] = field(default_factory=dict)
    """What tells it from all others: address, serial number, name, letter."""

    @property
    def closed(self) -> bool:
        return self.at == "closed"

    @property
    def units(self) -> set[int]:
        return set() if self.unit is None or self.closed else set(range(self.unit, self.unit + HEIGHT))

    @property
    def in_line(self) -> bool:
        return self.at in ("waiting", "told") and not self.held


class Beside(RuleBasedStateMachine):
    """The real site and the model, side by side."""

    made: Path
    """A site as `init` makes it."""
    tried: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name) / "site"
        shutil.copytree(self.made, root, ignore=shutil.ignore_patterns("playbooks"))
        (root / "racks" / "A1.yml").write_text(
            f"name: A1\nroom: R\nunits: {UNITS}\ndepth_mm: 900\npower_watts: 20000\n"
        )
        self.clock = Clock()
        self.desk = terminal.desk(Site(root), user="root", clock=self.clock).knowing(clock_is_right=True)
        self.known: dict[str, Known] = {}
        self.number = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    # what the model says

    def free(self, unit: int, but: str = "") -> bool:
        """Are a server's units free from `unit` on?"""
        taken = {each for name, known in self.known.items() if name != but for each in known.units}
        return unit >= 1 and unit + HEIGHT - 1 <= UNITS and not taken & set(range(unit, unit + HEIGHT))

    def any_free(self) -> bool:
        return any(self.free(unit) for unit in range(1, UNITS + 1))

    def open(self, number: int) -> str:
        """One of the deposits, closed ones now and then included."""
        return sorted(self.known)[number % len(self.known)]

    def left(self, known: Known) -> None:
        known.unit = None
        self.serve()

    def serve(self) -> None:
        """Who waits gets the place that became free, in order; and only they."""
        for name, known in sorted(self.known.items()):
            now = dossiers.read(self.desk.site, name).summary
            if known.at == "waiting" and not known.held and now.place and self.any_free():
                assert self.free(now.place.unit)
                known.at, known.unit = "offered", now.place.unit
        if self.any_free():
            assert not [name for name, known in self.known.items() if known.at == "waiting" and not known.held]

    # what is done, and compared

    def attempt(self, what: str, allowed: bool, do: Callable[[Desk], object], by: str | None = None) -> bool:
        """Do it in the real site; it must go as the model says, and a refusal changes nothing."""
        self.clock.now += timedelta(minutes=1)
        before = everything(self.desk.site.root)
        try:
            do(self.desk.decided_by(by))
            done = True
        except SopctlError as error:
            done, said = False, str(error)
        where = {name: (each.at, each.held) for name, each in self.known.items()}
        assert done == allowed, f"{what}: {'done' if done else said}, with {where}"
        if not done:
            assert everything(self.desk.site.root) == before, f"{what} was refused, and changed something"
        self.tried[f"{what} {'done' if done else 'refused'}"] += 1
        return done

    def step(self, number: int, act: str, verb: str, do: Callable[[Desk, str], object]) -> None:
        """A step of the way: `act` as the table calls it."""
        name = self.open(number)
        known = self.known[name]
        then = {} if known.closed or known.held else WAY[known.at]
        if self.attempt(f"{act} {verb}".strip(), act in then, lambda desk: do(desk, name)):
            if act == "back":
                known.before = known.at
            known.at = then[act]
            if known.closed:
                self.left(known)

    @rule(same=st.sampled_from(("", "", "", "address", "serial", "name", "letter")), other=st.integers(0, 99))
    def file(self, same: str, other: int) -> None:
        """A letter comes in; `same`: it is about a server that another one is about."""
        self.number += 1
        number = self.number
        marks = {
            "address": f"192.0.2.{number}",
            "serial": f"SN-{number:04}",
            "name": f"win{number}.example.org",
            "letter": f"090/{number}/2026",
        }
        if same and self.known:
            marks[same] = self.known[self.open(other)].marks[same]
        text = EXAMPLE_OTHER.replace("[443, 3389]", "[]")
        for old, mark in (("192.0.2.30", "address"), ("SN-0003", "serial"), ("win1.example.org", "name")):
            text = text.replace(old, marks[mark])
        record = Path(self.folder.name) / "request.yml"
        record.write_text(text.replace("090/3/2026", marks["letter"]))
        others = [known.marks for known in self.known.values() if not known.closed]
        clash = any(marks[mark] == held[mark] for mark in marks for held in others if mark != "letter")
        clash = clash or (same == "letter" and any(marks["letter"] == held["letter"] for held in others))
        if self.attempt(f"file {same}", not clash, lambda desk: letters.request(desk, record)):
            (new,) = set(dossiers.ids(self.desk.site)) - set(self.known)
            self.known[new] = Known(marks=marks)

    def some(self) -> bool:
        return bool(self.known)

    @precondition(some)
    @rule(number=st.integers(0, 99), far=st.integers(1, 12), back=st.booleans())
    def go_on(self, number: int, far: int, back: bool) -> None:
        """What is due happens to a deposit, several steps of it: single acts alone would seldom get far."""
        steps: dict[str, Callable[[], None]] = {
            "dispose": lambda: self.dispose(number),
            "reserve": lambda: self.reserve(number, 0),
            "notify": lambda: self.notify(number),
            "receive": lambda: self.receive(number),
            "inspect": lambda: self.inspect(number, True),
            "handover": lambda: self.hand_over(number),
            "place_it": lambda: self.place(number),
            "configure": lambda: self.configure(number),
            "verify": lambda: self.verify(number, True),
            "collect": lambda: self.ask_back(number) if back else self.collect(number),
            "saved": lambda: self.data_saved(number),
            "release": lambda: self.release(number),
        }
        for _ in range(far):
            known = self.known[self.open(number)]
            if known.closed or known.held:
                return
            steps[next(act for act in WAY[known.at] if act in steps)]()

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def go_on_until_a_place(self, number: int) -> None:
        self.go_on(number, 4, False)

    @rule(other=st.integers(0, 99))
    def file_and_go_on(self, other: int) -> None:
        self.file("", other)
        self.go_on(len(self.known) - 1, 3, False)

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def dispose(self, number: int) -> None:
        self.step(number, "dispose", "", lambda desk, name: letters.dispose(desk, name, instruction="x"))

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def dispose_without_the_role(self, number: int) -> None:
        name = self.open(number)
        self.attempt("dispose as staff", False, lambda desk: letters.dispose(desk, name, instruction="x"), by="staf")

    @precondition(some)
    @rule(number=st.integers(0, 99), unit=st.sampled_from((0, 0, 1, 2, 3, 5, 6)))
    def reserve(self, number: int, unit: int) -> None:
        name = self.open(number)
        known = self.known[name]
        line = sorted(each for each, other in self.known.items() if other.in_line and each < name)
        allowed = known.at in ("space", "waiting") and not known.held
        allowed = allowed and not (line and self.any_free()) and (not unit or self.free(unit))
        wish = Wish(rack="A1", unit=unit) if unit else Wish()
        room = self.any_free()
        if self.attempt(
            f"reserve {'there' if unit else ''}", allowed, lambda desk: reservation.reserve(desk, name, wish=wish)
        ):
            known.at = WAY[known.at]["reserve" if room else "full"]
            place = dossiers.read(self.desk.site, name).summary.place
            assert bool(place) == room
            if place:
                assert self.free(place.unit)
                assert unit in (0, place.unit)
                known.unit = place.unit

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def notify(self, number: int) -> None:
        self.step(number, "notify", "", lambda desk, name: notifying.notify(desk, name, via="phone"))

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def receive(self, number: int) -> None:
        self.step(number, "receive", "", handover.receive)

    @precondition(some)
    @rule(number=st.integers(0, 99), well=st.booleans())
    def inspect(self, number: int, well: bool) -> None:
        own = self.known[self.open(number)].marks["serial"]
        complete = self.known[self.open(number)].at == "complete"
        found = Inspection(rest_ok=True)
        self.step(
            number,
            "inspect" if well or complete else "differs",
            "",
            lambda desk, name: inspecting.inspect(desk, name, serial=own if well else f"X{own}", found=found),
        )

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def accept(self, number: int) -> None:
        self.step(number, "accept", "", lambda desk, name: inspecting.accept(desk, name, note="x"))

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def hand_over(self, number: int) -> None:
        self.step(number, "handover", "", handover.handover)

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def place(self, number: int) -> None:
        self.step(number, "place_it", "", reservation.place)

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def configure(self, number: int) -> None:
        self.step(number, "configure", "", lambda desk, name: configuring.configure(desk, name, by_hand="staf: x"))

    @precondition(some)
    @rule(number=st.integers(0, 99), yes=st.booleans())
    def verify(self, number: int, yes: bool) -> None:
        word = Word("Admin", yes, note="x", how="RDP")
        self.step(number, "verify" if yes else "denied", "", lambda desk, name: verifying.verify(desk, name, word=word))

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def collect(self, number: int) -> None:
        def keep(desk: Desk, name: str) -> None:
            with turn(desk, name, "inventory") as mine:
                mine.record("selesai", gathered(mine, f"{self.clock.now:%Y-%m}"))

        self.step(number, "collect", "", keep)

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def ask_back(self, number: int) -> None:
        self.step(number, "back", "", lambda desk, name: letters.ask_back(desk, name, letter_number="090/99/2026"))

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def data_saved(self, number: int) -> None:
        self.step(number, "saved", "", lambda desk, name: letters.confirm_data_saved(desk, name, wipe=False))

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def release(self, number: int) -> None:
        self.step(number, "release", "", lambda desk, name: releasing.release(desk, name, by_hand="x"))

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def hold(self, number: int) -> None:
        name = self.open(number)
        known = self.known[name]
        allowed = not known.closed and not known.held
        if self.attempt("hold", allowed, lambda desk: acts.hold(desk, name, reason="x"), by="staf"):
            known.held = True

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def resume(self, number: int) -> None:
        name = self.open(number)
        known = self.known[name]
        if self.attempt("resume", known.held, lambda desk: acts.resume(desk, name), by="staf"):
            known.held = False

    @precondition(some)
    @rule(number=st.integers(0, 99), verb=st.sampled_from(("refuse", "withdraw")))
    def end(self, number: int, verb: str) -> None:
        name = self.open(number)
        known = self.known[name]
        row = {} if known.closed else WAY[known.at]
        goes_on = row.get("goes_on") == verb
        do = acts.refuse if verb == "refuse" else acts.withdraw
        if self.attempt(verb, verb in row.get("ends", ()) or goes_on, lambda desk: do(desk, name, reason="x")):
            known.at, known.held = (known.before, False) if goes_on else ("closed", False)
            if known.closed:
                self.left(known)

    @precondition(some)
    @rule(number=st.integers(0, 99))
    def write_off(self, number: int) -> None:
        name = self.open(number)
        known = self.known[name]
        allowed = known.at in HERE
        if self.attempt(
            "write off", allowed, lambda desk: leaving.write_off(desk, name, lost="dicuri", reason="x"), by="kadis"
        ):
            known.at, known.held = "closed", False
            self.left(known)

    @precondition(some)
    @rule(number=st.integers(0, 99), unit=st.integers(1, UNITS))
    def move(self, number: int, unit: int) -> None:
        name = self.open(number)
        known = self.known[name]
        gone = known.at in ("complete", "form", "exit", "free", "closed")
        allowed = known.unit not in (None, unit) and not gone and self.free(unit, name)
        told = moving.Told(reason="x", mistaken=True)
        to = moving.To(unit=unit)
        if self.attempt("move", allowed, lambda desk: moving.relocate(desk, name, to=to, told=told), by="staf"):
            known.unit = unit
            self.serve()

    @precondition(some)
    @rule(number=st.integers(0, 99), other=st.integers(0, 99), mark=st.sampled_from(("address", "name")))
    def edit_to_another(self, number: int, other: int, mark: str) -> None:
        """An edit gives a server another one's address or name."""
        name, theirs = self.open(number), self.open(other)
        if name == theirs:
            return
        known = self.known[name]
        new = self.known[theirs].marks[mark]
        path = self.desk.site.root / "deposits" / name / "deposit.yml"
        edited = Path(self.folder.name) / "edited.yml"
        edited.write_text(path.read_text().replace(known.marks[mark], new))
        clash = any(each.marks[mark] == new for key, each in self.known.items() if key != name and not each.closed)
        allowed = not known.closed and not clash and known.marks[mark] != new
        if self.attempt(
            f"edit {mark}", allowed, lambda desk: editing.edit(desk, name, source=edited, note="x"), by="staf"
        ):
            known.marks[mark] = new

    # what always holds

    @invariant()
    def the_journal_agrees(self) -> None:
        found = journal.check(self.desk)
        assert (found.gaps, list(found.lagging)) == ([], [])
        assert validation.validate(self.desk).errors == []

    @invariant()
    def each_stands_where_the_model_says(self) -> None:
        for name, known in self.known.items():
            now = dossiers.read(self.desk.site, name)
            where = now.standing.place if now.standing.step else "closed"
            assert where == (WAY[known.at]["place"] if not known.closed else "closed"), name
            assert bool(now.standing.held) == known.held, name
            assert (now.summary.place.unit if now.summary.place and not known.closed else None) == known.unit, name

    @invariant()
    def no_unit_has_two_and_no_server_is_two(self) -> None:
        open_now = [dossiers.read(self.desk.site, name) for name, known in self.known.items() if not known.closed]
        units = Counter(
            unit
            for each in open_now
            if each.summary.place
            for unit in range(each.summary.place.unit, each.summary.place.unit + HEIGHT)
        )
        assert [unit for unit, count in units.items() if count > 1] == []
        for values in (
            [str(each.deposit.access.address) for each in open_now],
            [each.deposit.server.name for each in open_now],
            [each.deposit.server.serial for each in open_now],
        ):
            assert len(values) == len(set(values))

    @invariant()
    def an_index_made_anew_says_the_same(self) -> None:
        kept = register.read(self.desk.site)
        index = self.desk.site.root / "var" / register.FILE_NAME
        aside = index.with_name("aside")
        if index.exists():
            index.rename(aside)
        anew = register.read(self.desk.site)
        assert (kept.summaries, kept.errors) == (anew.summaries, anew.errors)
        if aside.exists():
            aside.replace(index)


def go(made_site: Path, histories: int, *, always_alike: bool) -> Counter[str]:
    """Try so many histories of acts; how often each was done and refused. Raises what the first one that goes wrong
    does."""

    class Tried(Beside):
        made, tried = made_site, Counter[str]()

    run_state_machine_as_test(
        Tried,
        settings=settings(
            max_examples=histories,
            stateful_step_count=LENGTH,
            deadline=None,
            derandomize=always_alike,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
        ),
    )
    return Tried.tried


@pytest.mark.scaled
@pytest.mark.timeout(14400)
def test_every_act_in_any_order_goes_as_a_simple_model_says(made_site: Path) -> None:
    # what runs at each change fails for the change alone; the battery searches
    tried = go(made_site, HISTORIES, always_alike=not WHOLE)
    done = sum(count for what, count in tried.items() if what.endswith("done"))
    refused = sum(tried.values()) - done
    assert done > HISTORIES
    assert refused > HISTORIES
    figure("model of a site", f"{HISTORIES} histories: {done} acts done and {refused} refused, each as the model says")


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("row", rows("model_guards"), ids=lambda row: row["line"])
def test_a_site_without_one_of_its_guards_is_found_out(
    row: dict[str, str], made_site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail: it does, and says what is wrong, when a guard of the code is taken out."""
    take_out(row, monkeypatch, {"os": os})
    with pytest.raises(AssertionError, match=row["says"]):
        go(made_site, FEW, always_alike=True)
