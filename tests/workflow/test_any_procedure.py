"""Whatever procedures a site carries, if they are sound, no command ends in an error: random procedures from the table
of verbs, random histories by the real verbs, and every command that reads."""

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sopctl.cli import terminal
from sopctl.cli.main import cli
from sopctl.errors import Conflict, NotNow, OutsideFailure, SopctlError, UsageError
from sopctl.model.facts.script import from_script
from sopctl.model.inspection import Inspection
from sopctl.model.sop import history, soundness, verbs
from sopctl.model.sop.entries import AccessTried, Configured, Gathered, Paper
from sopctl.model.sop.procedure import REQUESTER, Begins, Outcome, Procedure, Step
from sopctl.model.sop.verbs import VERBS, Verb
from sopctl.store import codec, dossiers, register
from sopctl.store import facts as kept_facts
from sopctl.store.library import SHIPPED
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, StepDone, Turn, act, by_hand, turn
from sopctl.workflow.papers import integrity, sop_form
from sopctl.workflow.servers import ansible_view, checking
from sopctl.workflow.setup import validation
from sopctl.workflow.setup.init import EXAMPLE_REQUEST
from sopctl.workflow.steps import (
    acts,
    advancing,
    collecting,
    configuring,
    handover,
    inspecting,
    letters,
    notifying,
    releasing,
    reminding,
    reservation,
)
from sopctl.workflow.views import board, inventories, procedures, racks, sla_report
from tests.conftest import Clock, Ran, give_back

ACTORS = {REQUESTER: "Unit Kerja Pemohon", "kadis": "Kadis", "kabid": "Kabid", "pelaksana": "Pelaksana"}
REQUEST = verbs.row("request")
WORK = tuple(verb for verb in VERBS if verb.kind == "step" and not verb.opens)
ASIDES = tuple(verb for verb in VERBS if verb.kind == "outcome")
FACTS = from_script(
    (Path(__file__).parents[1] / "cases/details/rack-hardware-raid.txt").read_text(),
    gathered_at="2026-11-23T09:30:00+07:00",
)
MOST_STEPS = 200
"""Of `advance` in one call: more than any loop with its tries takes here."""


# Procedures


@st.composite
def outcomes(
    draw: st.DrawFn, following: int | None, numbers: tuple[int, ...], verb: str = "", *, tried: bool = False
) -> Outcome:
    """Where an outcome leads: mostly on to `following` (None: the end), else anywhere. `tried`: it may have tries."""
    somewhere = draw(st.sampled_from(("on",) * 8 + ("step", "step", "end", "closes", "resumes")))
    leads = {"on": following, "step": draw(st.sampled_from(numbers))}.get(somewhere)
    waits: st.SearchStrategy[verbs.Waiting] = st.sampled_from(("", "", "", "space", "month", "decision"))
    waiting = draw(waits) if leads is not None else ""
    return Outcome(
        next=leads,
        waits_for=waiting,
        tries=draw(st.sampled_from((None, None, 1, 3))) if tried and not waiting else None,
        closes=somewhere == "closes",
        resumes=somewhere == "resumes",
        verb=verb,
        actor=draw(st.sampled_from(("", "", *ACTORS))),
    )


@st.composite
def steps(draw: st.DrawFn, verb: Verb, no: int, following: int | None, numbers: tuple[int, ...]) -> Step:
    """A step of this verb with the outcomes that it must have, and some that other verbs bring."""
    own = verb.ends or tuple(f"hasil {n}" for n in range(verb.own_ends or draw(st.integers(1, 2))))
    found = {label: draw(outcomes(following, numbers, tried=verb.unattended)) for label in own}
    for aside in draw(st.lists(st.sampled_from(ASIDES), max_size=2, unique_by=lambda each: each.name)):
        found[f"lain {aside.name}"] = draw(outcomes(None, numbers, aside.name))
    actor = draw(st.sampled_from(tuple(ACTORS)))
    if verb.opens:
        actor = REQUESTER
        found |= {label: replace(found[label], actor="") for label in own}
    return Step(no, f"Langkah {no}", actor, verb.name, found, verb.task, limit_days=draw(st.integers(1, 30)))


@st.composite
def any_procedure(draw: st.DrawFn, name: str, begins: Begins) -> Procedure:
    """A procedure, sound or not: its steps numbered as a paper may have them."""
    numbers = tuple(draw(st.lists(st.integers(1, 99), min_size=2, max_size=7, unique=True)))
    chain = [*numbers[1:], draw(st.sampled_from((None, *numbers)))]
    work = [REQUEST if begins == Begins() and n == 0 else draw(st.sampled_from(WORK)) for n in range(len(numbers))]
    made = [draw(steps(verb, no, then, numbers)) for verb, no, then in zip(work, numbers, chain, strict=True)]
    deciders = st.lists(st.sampled_from(tuple(ACTORS)), max_size=3, unique=True).map(tuple)
    allowed = draw(st.dictionaries(st.sampled_from(verbs.names("act")), deciders, max_size=3))
    return Procedure(name, name, "7", "kantor lain", (), ACTORS, tuple(made), begins=begins, acts=allowed)


def sound(procedure: Procedure) -> bool:
    return not list(soundness.faults(procedure))


def mended(procedure: Procedure) -> Procedure:
    """The same with what is wrong left out, fault by fault: most of what is drawn would be refused otherwise."""
    for _ in range(30):
        fault = next(soundness.faults(procedure), None)
        if fault is None:
            break
        index, *inside = fault.path[1:]
        step = procedure.steps[int(index)]
        if fault.id == "step-unreachable":
            steps = tuple(each for each in procedure.steps if each is not step)
        else:
            found = dict(step.outcomes)
            for label in inside[1:] or step.outcomes:
                outcome = found.pop(str(label))
                if not outcome.verb:
                    then = next((each.no for each in procedure.steps[int(index) + 1 :]), None)
                    bounded = any(step.verb == verb.name and verb.unattended for verb in WORK)
                    onward = then if inside[1:] or not bounded else outcome.next
                    found[str(label)] = Outcome(next=onward, tries=2 if bounded else None)
            steps = tuple(replace(step, outcomes=found) if each is step else each for each in procedure.steps)
        procedure = replace(procedure, steps=steps)
    return procedure


@st.composite
def sites(draw: st.DrawFn) -> list[Procedure]:
    """What another office's site may carry: each procedure sound by itself, and all of them together."""
    others = ("penitipan", "konfigurasi", "pengembalian")
    begins = draw(
        st.sampled_from((Begins(during="konfigurasi"), Begins(during="pengembalian"), Begins(after="pengembalian")))
    )
    wanted = {
        "penitipan": Begins(),
        "konfigurasi": Begins(after="penitipan"),
        "pengembalian": Begins(during=draw(st.sampled_from(("konfigurasi", "penitipan")))),
        "mutasi": begins,
    }
    made = {name: draw(any_procedure(name, each).map(mended).filter(sound)) for name, each in wanted.items()}
    if list(soundness.faults_between(made)):
        made = {name: made[name] for name in others}
    return [] if list(soundness.faults_between(made)) else list(made.values())


def test_enough_procedures_are_sound_and_all_verbs_are_in_them() -> None:
    raw: list[Procedure] = []

    @settings(max_examples=400, database=None, derandomize=True)
    @given(any_procedure("mutasi", Begins(during="konfigurasi")) | any_procedure("penitipan", Begins()))
    def collect(procedure: Procedure) -> None:
        raw.append(procedure)

    collect()
    assert len(raw) / 20 < sum(map(sound, raw)) < len(raw) / 2, "most of what is drawn would be refused"
    kept = [found for each in raw if sound(found := mended(each))]
    assert len(kept) > 0.95 * len(raw)
    there = [step for each in kept for step in each.steps]
    assert {(step.verb, step.task) for step in there} == {(verb.name, verb.task) for verb in (REQUEST, *WORK)}
    leading = [outcome for step in there for outcome in step.outcomes.values()]
    assert {outcome.waits_for for outcome in leading} == {"", "space", "month", "decision"}
    assert {outcome.verb for outcome in leading} == {"", *(verb.name for verb in ASIDES)}
    assert any(outcome.resumes for outcome in leading)
    assert any(outcome.tries for outcome in leading)


# Histories

Do = Callable[[Desk, str, bool], object]


def _serial(desk: Desk, deposit: str) -> str:
    return dossiers.read(desk.site, deposit).summary.serial


DOES: dict[tuple[str, str], Do] = {
    ("dispose", ""): lambda desk, each, _: letters.dispose(desk, each, instruction="x"),
    ("reserve", ""): lambda desk, each, _: reservation.reserve(desk, each),
    **dict.fromkeys(
        [("notify", task) for task in verbs.tasks("notify")],
        lambda desk, each, _: notifying.notify(desk, each, via="phone"),
    ),
    ("receive", ""): lambda desk, each, _: handover.receive(desk, each),
    **dict.fromkeys(
        [("inspect", task) for task in verbs.tasks("inspect")],
        lambda desk, each, well: inspecting.inspect(
            desk, each, serial=_serial(desk, each) if well else f"lain {each}", found=Inspection(rest_ok=True)
        ),
    ),
    ("handover", ""): lambda desk, each, _: handover.handover(desk, each),
    ("place", ""): lambda desk, each, _: reservation.place(desk, each),
    **dict.fromkeys(
        [("release", task) for task in verbs.tasks("release")],
        lambda desk, each, _: releasing.release(desk, each, by_hand="x"),
    ),
    ("return", "letter"): lambda desk, each, _: letters.ask_back(desk, each, letter_number="090/9/2026"),
    ("return", "data-saved"): lambda desk, each, wipe: letters.confirm_data_saved(desk, each, wipe=wipe),
    ("accept", ""): lambda desk, each, _: inspecting.accept(desk, each, note="x"),
    ("refuse", ""): lambda desk, each, _: acts.refuse(desk, each, reason="x"),
    ("withdraw", ""): lambda desk, each, _: acts.withdraw(desk, each, reason="x"),
    ("expire", ""): lambda desk, _, __: reservation.expire(desk),
    ("hold", ""): lambda desk, each, _: acts.hold(desk.decided_by("staf"), each, reason="x"),
    ("resume", ""): lambda desk, each, _: acts.resume(desk.decided_by("staf"), each),
    ("extend", ""): lambda desk, each, _: acts.extend(desk.decided_by("kabid"), each, until=date(2030, 1, 1)),
    ("prioritise", ""): lambda desk, each, _: reservation.prioritise(
        desk.decided_by("kabid"), each, priority=1, reason="x"
    ),
}
"""What needs no server is done as it is done."""
BESIDE = ("hold", "extend", "prioritise", "edit", "remind", "expire")


@dataclass
class Office:
    """A site with its desk and clock, and what happens there by chance."""

    desk: Desk
    clock: Clock
    chance: Random

    def live(self, deposit: str) -> None:
        """One thing that happens to a deposit, by the verb that brings it. It may be refused, with a reason."""
        self.clock.now += timedelta(days=self.chance.choice((0, 0, 0, 1, 12, 40)), minutes=1)
        each = dossiers.read(self.desk.site, deposit).summary
        if each.closed:
            return
        beside = ("resume", "resume", *each.asides) if each.held else (*BESIDE, *each.begins, *each.asides)
        verb, task = each.verb, each.task
        if self.chance.random() < (0.7 if each.held else 0.3):
            verb = self.chance.choice(beside)
            task = each.begins.get(verb, "")
        with suppress(NotNow, UsageError, Conflict, OutsideFailure):
            self.do(deposit, verb, task)

    def do(self, deposit: str, verb: str, task: str) -> None:
        if (verb, task) in DOES:
            DOES[verb, task](self.desk, deposit, self.chance.random() < 0.7)
        elif verbs.row(verb, task).kind == "act":
            with act(self.desk, deposit, verb) as beside:
                beside.record(beside.verb.outcome, note="x")
        else:
            self.by_hand(deposit, verb)

    def by_hand(self, deposit: str, verb: str) -> StepDone:
        """What a server would be needed for: the event that ends it, or the work that does not end."""
        with turn(self.desk, deposit, verb) as mine:
            if self.chance.random() < 0.2:
                mine.start()
            if self.chance.random() < 0.2:
                return mine.record(history.FAILED, note="x", answer=False)
            label = self.chance.choice(list(mine.outcomes))
            match verb:
                case "configure":
                    return mine.record(label, Configured(changed=0))
                case "verify":
                    return mine.record(label, AccessTried(verdict="accessible" if label == "bisa" else "inaccessible"))
                case "inventory":
                    return mine.record(label, gathered(mine, f"{self.clock.now:%Y-%m}"))
            return mine.record(label)


def gathered(mine: Turn, month: str) -> Gathered:
    """A month's facts as `collect` keeps them, with a form that nobody reads here."""
    paper = mine.keep("inventaris.pdf", b"%PDF-")
    revision = kept_facts.next_revision(kept_facts.months(mine.dossier), month)
    name = kept_facts.name_of(month, revision)
    facts = dossiers.keep_document(mine.dossier, name, msgspec.json.encode(FACTS), "facts")
    return Gathered(facts=facts, month=month, document=Paper(paper.file, paper.sha256), changes=0)


@contextmanager
def office(made_site: Path, carried: list[Procedure], chance: Random) -> Iterator[Office]:
    with tempfile.TemporaryDirectory() as folder:
        root, clock = Path(folder) / "site", Clock()
        shutil.copytree(made_site, root, ignore=shutil.ignore_patterns("playbooks"))
        (root / "racks" / "A1.yml").write_text("name: A1\nroom: R\nunits: 2\ndepth_mm: 900\npower_watts: 2000\n")
        (root / "procedures").mkdir(exist_ok=True)
        for procedure in carried:
            (root / "procedures" / f"{procedure.name}.yml").write_bytes(codec.dump(procedure))
        yield Office(terminal.desk(Site(root), user="root", clock=clock).knowing(clock_is_right=True), clock, chance)


# Reading


def workflows(desk: Desk, deposit: str) -> dict[str, Callable[[], object]]:
    """What the commands that read ask the workflow for."""
    site = desk.site
    return {
        "list": lambda: [board.board(desk, board.Query(state=state)) for state in board.STATES],
        "todo": lambda: [board.todo(desk), board.todo(desk, actor="kabid", late=True)],
        "show": lambda: board.show(desk, deposit),
        "documents": lambda: integrity.documents(desk, deposit),
        "edited by hand": lambda: by_hand(dossiers.read(site, deposit)),
        "remind": lambda: reminding.remind(desk, dry_run=True),
        "report": lambda: sla_report.sla_report(desk),
        "queue": lambda: reservation.queue(site),
        "racks": lambda: [racks.rack_rows(site), racks.rack(site, "A1")],
        "inventories": lambda: inventories.summary(desk),
        "ansible": lambda: ansible_view.hosts(site.root),
        "check": lambda: checking.chosen(site),
        "what is due": lambda: [collecting.due(desk), configuring.due(desk), advancing.ready(desk)],
        "sop": lambda: [
            (sop_form.sop_form(site, way.procedure, desk.now().date(), way), sop_form.sop_form(site, found, date.min))
            for name, found in site.procedures.items()
            for way in [procedures.way(site, name, deposit)]
        ],
    }


def of_facts(desk: Desk, deposit: str) -> tuple[Callable[[], object], ...]:
    """What needs facts, and says so where there are none."""
    return (
        lambda: inventories.kept_facts(desk, deposit),
        lambda: inventories.kept_form(desk, deposit),
        lambda: inventories.over_time(desk, deposit),
        lambda: inventories.diff(desk, deposit, since_handover=True),
    )


def command_lines(deposit: str) -> tuple[tuple[str, ...], ...]:
    return (
        ("list", "--state", "all"),
        ("list", "--json"),
        ("todo",),
        ("todo", "--json"),
        ("show", deposit),
        ("show", deposit, "--json"),
        ("remind", "--dry-run"),
        ("report", "sla"),
        ("queue", "list"),
        ("rack", "show", "A1"),
        *(("sop", "show", name, "--deposit", deposit) for name in ("penitipan", "konfigurasi", "pengembalian")),
        ("document", "list", deposit),
        ("validate",),
    )


def bounded(office: Office) -> Callable[[str], Callable[..., StepDone]]:
    """The unattended steps without servers, and no more of them than a call of `advance` may take."""
    did = Counter[str]()

    def step(verb: str) -> Callable[..., StepDone]:
        def do(_desk: Desk, deposit: str, _said: object) -> StepDone:
            did[deposit] += 1
            assert did[deposit] < MOST_STEPS, "advance does not come to an end"
            return office.by_hand(deposit, verb)

        return do

    return step


@settings(
    max_examples=20,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # an example of this size shrinks for minutes
)
@given(carried=sites(), seed=st.integers(0, 2**32))
def test_nothing_that_reads_a_sound_site_ends_in_an_error(made_site: Path, carried: list[Procedure], seed: int) -> None:
    with office(made_site, carried, Random(seed)) as here:
        desk, record = here.desk, here.desk.site.root / "request.yml"
        ids = []
        for number in (1, 2):
            text = EXAMPLE_REQUEST.replace("depth_mm: 700", "depth_mm: 400").replace("web1.", f"web{number}.")
            own = text.replace("SN-0001", f"SN-{number}").replace("090/1/", f"090/{number}/")
            record.write_text(own.replace("192.0.2.10 ", f"192.0.2.1{number} "))
            ids.append(letters.request(desk, record).id)
        for _ in range(here.chance.randrange(30)):
            here.live(here.chance.choice(ids))
        count, errors, _ = validation.validate(desk)
        assert (count, errors) == (2, [])
        for deposit in ids:
            for name, read in workflows(desk, deposit).items():
                try:
                    read()
                except SopctlError as error:
                    pytest.fail(f"{name}: {error}")
            for read in of_facts(desk, deposit):
                with suppress(UsageError):  # there are none, or but one month's
                    read()
        for words in command_lines(ids[0]):
            ran = CliRunner().invoke(cli, ["--site", str(desk.site.root), *words])
            assert ran.exit_code == 0, (words, ran.output, ran.exception)
        with pytest.MonkeyPatch.context() as patch:
            step = bounded(here)
            for verb in advancing.DOES:
                patch.setitem(advancing.DOES, verb, step(verb))
            for deposit in ids:
                with suppress(NotNow):
                    advancing.advance(desk, deposit)
        assert not register.read(desk.site).errors


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("konfigurasi", "tidak bisa: {next: 1, tries: 3}", "tidak bisa: {next: 1, waits_for: decision}"),
        ("pengembalian", "tidak sesuai: {next: 8}", "tidak sesuai: {next: 8, waits_for: decision}"),
    ],
)
def test_a_decision_may_be_waited_for_at_any_step(
    desk: Desk, placed: Callable[..., str], sopctl: Callable[..., Ran], name: str, old: str, new: str
) -> None:
    """Such procedures passed `validate`, and then no command that lists deposits worked for the whole site."""
    text = (SHIPPED / f"{name}.yml").read_text()
    assert old in text
    (desk.site.root / "procedures").mkdir()
    own = text.replace('version: "1"', 'version: "1.1"').replace(old, new)
    (desk.site.root / f"procedures/{name}.yml").write_text(own)
    deposit = placed("192.0.2.7", 22, {"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:x"})
    if name == "konfigurasi":
        for verb, outcome in (("configure", "selesai"), ("notify", "selesai"), ("verify", "tidak bisa")):
            with turn(desk, deposit, verb) as mine:
                mine.record(outcome)
    else:
        give_back(desk, deposit, "SN-192.0.2.7-22")
        for verb, outcome in (("release", "selesai"), ("inspect", "tidak sesuai")):
            with turn(desk, deposit, verb) as mine:
                mine.record(outcome)
    ran = sopctl("validate")
    assert (ran.code, ran.err) == (0, "")
    for words in (("list",), ("todo",), ("show", deposit), ("show", deposit, "--json"), ("remind", "--dry-run")):
        ran = sopctl(*words)
        assert (ran.code, ran.err) == (0, ""), words
    (step,) = json.loads(sopctl("todo", "--json").out)["steps"]
    verb = {"konfigurasi": "configure", "pengembalian": "handover"}[name]
    assert (step["waiting"], step["action"]["verb"]) == ("decision", verb)
    assert step["command"] == f"sopctl {verb} {deposit}; or: sopctl hold {deposit} --reason <why>"
