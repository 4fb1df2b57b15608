"""Many servers in one run: what configure, repair, reduce and collect record of each. The test plays Ansible."""

import re
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args

import paramiko
import pytest
from msgspec.structs import replace

from sopctl.adapters.ansible import runner
from sopctl.adapters.ansible.events import CLOSE_TASK, Why
from sopctl.adapters.ansible.runner import HostResult, Outcome, RunResult
from sopctl.adapters.ssh.survey import Surveyed
from sopctl.errors import (
    Conflict,
    Interrupted,
    InvalidRecord,
    NotNow,
    OutsideFailure,
    SopctlError,
    TimedOut,
    UsageError,
)
from sopctl.model import services
from sopctl.model.access.ladder import AccessResult, Rung, Verdict
from sopctl.model.access.target import Target
from sopctl.model.sop.entries import Configured, Consented, SudoRight
from sopctl.model.survey.found import Listener, Survey
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk, StepDone, turn
from sopctl.workflow.messages import composing
from sopctl.workflow.servers import host_keys
from sopctl.workflow.servers.batch import Answers
from sopctl.workflow.steps import collecting, configuring, editing, reducing
from tests.adapters.ssh import hostile
from tests.adapters.ssh.hostile import Behaviour

HOST_KEY = {"type": "ssh-ed25519", "key": "AAAA", "sha256": f"SHA256:{'A' * 43}"}
DETAILS = (Path(__file__).parents[2] / "cases/details/virtual-machine.txt").read_text()
WELL = HostResult("", ok=3, changed=1, failed=0, unreachable=False, failed_task="", message="", facts=None)
BAD = replace(WELL, failed=1, failed_task="Install it", message="no space left on device")
AWAY = HostResult("", 0, 0, 0, unreachable=True, failed_task="Connect", message="Connection refused", facts=None)

UNNOTED = (
    "keadaan akhir tidak tercatat di server: kunci host yang dikonfirmasi bukan kunci yang dapat diperiksa oleh ssh"
)
"""These servers are not there to be looked at in the end: that is said, and the work was done all the same."""


class Office:
    """Servers in their places, and an Ansible that answers for each of them as the test says."""

    def __init__(self, desk: Desk, placed: Callable[..., str]) -> None:
        self.desk, self._placed = desk, placed
        root = desk.site.root
        (root / "racks/A1.yml").write_text("name: A1\nroom: R\nunits: 42\ndepth_mm: 900\npower_watts: 9000\n")
        (root / "keys/owner").write_bytes((root / "keys/management").read_bytes())
        (root / "keys/owner").chmod(0o600)
        self.hosts: dict[str, HostResult] = {}
        self.outcome = Outcome.FAILED
        self.error: BaseException | None = None
        self.found = Survey(root=True, clock=0, python="3.11", tools=frozenset({"nft"}), own_name_seconds=0.0)
        self.runs: list[tuple[str, list[str], dict[str, Any]]] = []

    def server(self, result: HostResult, upto: str = "configure", port: int = 0) -> str:
        """A server whose step `upto` is due, and how the run ends on it. Without a `port` nothing listens there."""
        deposit = self._placed("127.0.0.1", port or 1 + len(self.hosts), HOST_KEY)
        steps = (("configure", "selesai"), ("notify", "selesai"), ("verify", "bisa"), ("notify", "selesai"))
        for verb, outcome in steps if upto == "inventory" else ():
            with turn(self.desk, deposit, verb) as mine:
                mine.record(outcome, *([Configured(changed=0)] if verb == "configure" else []))
        self.hosts[deposit] = replace(result, host=deposit)
        return deposit

    def run_playbook(self, _site: Path, playbook: str, *, limit: Sequence[str], **given: Any) -> RunResult:
        self.runs.append((playbook, list(limit), given))
        for deposit in limit:
            with pytest.raises(Conflict), turn(self.desk, deposit, "configure"):
                pass
        if self.error:
            raise self.error
        told = given["on_facts"]
        if told:
            told([self.hosts[each] for each in limit if self.hosts[each].details])
        return RunResult(self.outcome, {each: self.hosts[each] for each in limit}, 7.2, "Ansible says why")

    def look(self, target: Target, _key: object, _accounts: object, **_given: object) -> Surveyed:
        """The look before the run, on a server where nothing is in the way."""
        access = AccessResult(target.host, target.port, Verdict.ACCESSIBLE, Rung.COMMAND, None, "", 0.1, ())
        return Surveyed(access, self.found)

    def last(self, deposit: str) -> tuple[str, str]:
        event = dossiers.read(self.desk.site, deposit).events[-1]
        return event.outcome, event.note


OTHER_KEY = replace(AWAY, cause="host-key-changed", message="Host key verification failed")


@pytest.fixture
def office(desk: Desk, placed: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office(desk, placed)
    monkeypatch.setattr(runner, "run_playbook", made.run_playbook)
    monkeypatch.setattr("sopctl.adapters.ssh.survey.survey", made.look)
    return made


def test_configure(desk: Desk, office: Office) -> None:
    good, bad, away = (office.server(each) for each in (WELL, BAD, AWAY))
    elsewhere = office.server(WELL, "inventory")
    answers = configuring.configure_all(desk, [good, bad, elsewhere, good, away, "PS-2026-9999"])
    ((playbook, limit, _),) = office.runs
    assert (playbook, limit) == ("configure.yml", [good, bad, away])
    assert list(answers.done) == [good, bad]
    assert set(answers.errors) == {elsewhere, "PS-2026-9999", away}
    assert isinstance(answers.errors[elsewhere], NotNow)
    assert isinstance(answers.errors[away], OutsideFailure)
    assert "Connection refused" in answers.errors[away].message
    assert (answers.done[good].answer, answers.done[bad].answer) == (True, False)
    assert office.last(good) == ("selesai", f"3 tugas, 1 perubahan, 7 s; {UNNOTED}")
    assert office.last(bad) == ("failed", "Install it: no space left on device")
    assert office.last(away)[0] == "failed"
    for deposit in limit:
        begun = dossiers.read(desk.site, deposit).events[-2]
        assert (begun.outcome, begun.data["run"]) == ("started", "var/runs/many-configure.1")


def test_a_key_that_is_missing_keeps_one_server_from_the_run(desk: Desk, office: Office) -> None:
    one = office.server(WELL)
    (desk.site.root / "keys/owner").unlink()
    before = dossiers.read(desk.site, one).events
    answers = configuring.configure_all(desk, [one])
    assert "there is no key 'owner'" in answers.errors[one].message
    assert office.runs == []
    assert dossiers.read(desk.site, one).events == before
    with pytest.raises(OutsideFailure, match="there is no key"):
        answers.only()


def test_repair(desk: Desk, office: Office) -> None:
    good, bad, away = (office.server(each, "inventory") for each in (WELL, BAD, AWAY))
    unmanaged = office.server(WELL)
    answers = configuring.repair(desk, [unmanaged, away, bad, good])
    ((playbook, limit, _),) = office.runs
    assert (playbook, limit) == ("configure.yml", [away, bad, good])
    assert list(answers.errors) == [unmanaged, away]
    assert "is not configured, so there is nothing to repair" in answers.errors[unmanaged].message
    assert office.last(good) == ("konfigurasi diperbaiki", f"3 tugas, 1 perubahan, 7 s; {UNNOTED}")
    assert office.last(bad) == ("konfigurasi diperbaiki", "gagal: Install it: no space left on device")
    assert office.last(away)[1].startswith("gagal: ")
    assert [answers.done[each].answer for each in (bad, good)] == [False, True]


REDIS = Listener(services.port(6379), "0.0.0.0", "", "redis-server")


def test_nothing_is_cut_off_without_consent(desk: Desk, office: Office) -> None:
    """What needs a person's consent is reported, and holds up no other."""
    office.found = replace(office.found, listeners=(REDIS,))
    asked, other = office.server(WELL), office.server(WELL)
    record = (dossiers.read(desk.site, other).folder / "deposit.yml").read_text()
    longer = desk.site.root / "longer.yml"
    longer.write_text(record.replace("ports: []", "ports: [6000-7000]"))
    editing.edit(desk, other, source=longer, note="ralat")
    before = dossiers.read(desk.site, asked).events
    answers = configuring.configure_all(desk, configuring.due(desk))
    assert (list(answers.done), list(answers.errors)) == ([other], [asked])
    error = answers.errors[asked]
    assert (error.id, error.exit_code) == ("cut-off-needs-consent", 4)
    assert "6379 (redis-server)" in error.message
    assert dossiers.read(desk.site, asked).events == before, "a timer comes again"
    assert "ditutup" not in office.last(other)[1]

    with pytest.raises(UsageError, match="a consent is for the configuration of one server"):
        configuring.configure_all(desk, [asked, other], cut_off=services.listed("6379"))
    with pytest.raises(NotNow):
        configuring.configure(desk, asked, cut_off=services.listed("6379/udp"))
    done = configuring.configure(desk, asked, cut_off=services.listed("6379"))
    assert done.note.startswith("3 tugas, 1 perubahan, 7 s; ditutup dengan persetujuan pemilik: 6379 (redis-server)")
    dossier = dossiers.read(desk.site, asked)
    assert dossier.newest(Consented) == Consented(consented=("6379",))
    kept = dossier.newest(Configured)
    assert kept
    assert kept.cut_off == ("6379 (redis-server)",)
    text = composing.content(desk.site, dossier, "try-access").text
    assert "6379 (redis-server)" in text
    assert "persetujuan" in text
    assert configuring.repair(desk, [asked]).only().answer, "the consent stays"


def test_what_the_server_says_is_recorded(desk: Desk, office: Office) -> None:
    office.found = replace(office.found, python="", python_error="/usr/bin/python3: no module named encodings")
    deposit = office.server(WELL)
    error = configuring.configure_all(desk, [deposit]).errors[deposit]
    assert error.id == "server-not-fit"
    assert office.runs == []
    assert office.last(deposit) == (
        "failed",
        "server belum dapat dikonfigurasi (tidak ada Python yang memadai) [rincian: /usr/bin/python3: no module named "
        "encodings]",
    )


def test_reduce(desk: Desk, office: Office) -> None:
    good, bad, away = (office.server(each, "inventory") for each in (WELL, BAD, AWAY))
    unaccepted = office.server(WELL)
    answers = reducing.reduce(desk, [good, unaccepted, bad, away], forks=3)
    ((playbook, limit, given),) = office.runs
    assert (playbook, limit, given["forks"]) == ("inventory_only.yml", [good, bad, away], 3)
    assert list(answers.errors) == [unaccepted, away]
    assert "is not accepted yet" in answers.errors[unaccepted].message
    assert office.last(good)[1] == "akun pengelola hanya untuk inventaris"
    assert dossiers.read(desk.site, good).newest(SudoRight) == SudoRight(sudo="inventory")
    assert office.last(bad)[1] == "gagal: Install it: no space left on device"
    assert dossiers.read(desk.site, bad).newest(SudoRight) is None
    again = reducing.reduce(desk, [good])
    assert "is already reduced to the inventory" in again.errors[good].message


def test_collect(desk: Desk, office: Office) -> None:
    good = office.server(replace(WELL, details=DETAILS, waited=12.6), "inventory")
    bad, away = (office.server(each, "inventory") for each in (BAD, AWAY))
    told: list[tuple[str, bool]] = []

    def on_end(deposit: str, answer: StepDone | SopctlError) -> None:
        told.append((deposit, isinstance(answer, StepDone) and answer.answer))

    answers = collecting.collect_all(desk, [bad, good, away, bad], on_end=on_end, with_ansible=True)
    ((playbook, limit, _),) = office.runs
    assert (playbook, limit) == ("facts.yml", [bad, good, away])
    assert told == [(good, True), (bad, False), (away, False)], "each as soon as it is known"
    assert (list(answers.done), list(answers.errors)) == ([good, bad], [away])
    outcome, note = office.last(good)
    assert outcome == "selesai"
    assert note.startswith("formulir ")
    assert note.endswith("; fakta baru terbaca setelah 13 s")
    assert office.last(bad) == ("failed", "Install it: no space left on device")
    assert office.last(away)[0] == "failed"
    assert collecting.due(desk) == [bad, away]


def test_collect_in_runs_of_a_bounded_size(desk: Desk, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "AT_ONCE", 2)
    ids = [office.server(replace(WELL, details=DETAILS), "inventory") for _ in range(3)]
    answers = collecting.collect_all(desk, ids, with_ansible=True)
    assert [limit for _, limit, _ in office.runs] == [ids[:2], ids[2:]]
    assert list(answers.done) == ids
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Interrupted):
        collecting.collect_all(desk, ids, cancel=cancel, with_ansible=True)


ENDS: dict[Outcome, tuple[type[SopctlError], str, str]] = {
    Outcome.PARSER_ERROR: (InvalidRecord, "failed", "Ansible menolak playbook: Ansible says why"),
    Outcome.TIMED_OUT: (
        TimedOut,
        "failed",
        "dihentikan setelah 7 s; yang sudah dimulai di server mungkin masih berjalan",
    ),
    Outcome.CANCELLED: (Interrupted, "interrupted", "dibatalkan"),
    Outcome.CRASHED: (OutsideFailure, "failed", "Ansible tidak sampai selesai (crashed): Ansible says why"),
}


@pytest.mark.parametrize("outcome", ENDS)
def test_a_run_that_ends_for_all(desk: Desk, office: Office, outcome: Outcome) -> None:
    """What was kept before stays kept; each of the others has it in its history."""
    kept = office.server(replace(WELL, details=DETAILS), "inventory")
    others = [office.server(replace(WELL, ok=0), "inventory") for _ in range(2)]
    office.outcome = outcome
    error, *recorded = ENDS[outcome]
    with pytest.raises(error):
        collecting.collect_all(desk, [kept, *others], with_ansible=True)
    assert office.last(kept)[0] == "selesai"
    assert {office.last(each) for each in others} == {tuple(recorded)}


ENDED_IN_A_WINDOW = {
    Outcome.TIMED_OUT: TimedOut,
    Outcome.CANCELLED: Interrupted,
    Outcome.CRASHED: OutsideFailure,
    None: Interrupted,
}
"""How a run may end while a server would put back by itself what was changed; None: with Ctrl-C."""


@pytest.mark.parametrize("outcome", ENDED_IN_A_WINDOW)
def test_a_run_that_ends_in_a_window_says_what_the_server_will_do(
    desk: Desk, office: Office, outcome: Outcome | None
) -> None:
    open_one, closed = office.server(replace(WELL, window=90.0)), office.server(WELL)
    if outcome:
        office.outcome = outcome
    else:
        office.error = Interrupted("run-interrupted", "the run was interrupted", windows={open_one: 90.0})
    with pytest.raises(ENDED_IN_A_WINDOW[outcome]) as ended:
        configuring.configure_all(desk, [open_one, closed])
    assert f"the server puts back by itself: {open_one} in 90 s." in str(ended.value.remedy[0])
    at = re.search(r"; pukul ([0-9:]{8}) \(dalam 90 s\) server itu sendiri mengembalikan", office.last(open_one)[1])
    assert at
    assert at[1] > f"{desk.now():%H:%M:%S}" or at[1] < "00:02:00"
    assert "mengembalikan" not in office.last(closed)[1]


def test_a_server_that_was_lost_in_its_window_is_noted_so(desk: Desk, office: Office) -> None:
    lost = office.server(replace(BAD, window=40.0))
    configuring.configure_all(desk, [lost])
    assert office.last(lost)[1].endswith("(dalam 40 s) server itu sendiri mengembalikan yang telah diubah")
    unknown = office.server(replace(BAD, window=40.0, failed_task=CLOSE_TASK))
    configuring.configure_all(desk, [unknown])
    assert office.last(unknown)[1].endswith("mengembalikan yang telah diubah, kecuali jendelanya sudah ditutup")


def test_what_breaks_off_a_run_is_in_every_history(desk: Desk, office: Office) -> None:
    ids = [office.server(WELL) for _ in range(2)]
    office.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        configuring.configure_all(desk, ids)
    assert {office.last(each) for each in ids} == {("interrupted", "dihentikan dengan Ctrl-C")}


@pytest.mark.parametrize("ends", [None, KeyboardInterrupt, Outcome.CRASHED])
def test_a_history_that_takes_no_event_holds_up_no_other(
    desk: Desk, office: Office, ends: type[BaseException] | Outcome | None
) -> None:
    """Someone edits a history while Ansible works: how the run ended on the other servers is in theirs."""
    first, second, third = (office.server(each) for each in (WELL, BAD, WELL))

    run = office.run_playbook

    def edited(*given: Any, **named: Any) -> RunResult:
        result = run(*given, **named)
        path = desk.site.root / "deposits" / first / "history.yml"
        path.write_bytes(path.read_bytes() + b"# theirs\n")
        if isinstance(ends, type):
            raise ends
        return result

    office.outcome = ends if isinstance(ends, Outcome) else Outcome.FAILED
    with pytest.MonkeyPatch.context() as ansible:
        ansible.setattr(runner, "run_playbook", edited)
        if ends is None:
            answers = configuring.configure_all(desk, [first, second, third])
            assert {name: error.id for name, error in answers.errors.items()} == {first: "history-changed-meanwhile"}
            assert (office.last(second)[0], office.last(third)[0]) == ("failed", "selesai")
        else:
            with pytest.raises(KeyboardInterrupt if isinstance(ends, type) else OutsideFailure) as ended:
                configuring.configure_all(desk, [first, second, third])
            assert "meanwhile" not in str(ended.value), "what ended it for all is told"
            assert [office.last(each)[0] for each in (first, second, third)] == [
                "started",
                *[("interrupted" if isinstance(ends, type) else "failed")] * 2,
            ]
            assert [each.id for each in desk.site.lagging] == ["history-changed-meanwhile"]


@pytest.mark.parametrize("cause", sorted(set(get_args(Why)) - {""}))
def test_a_message_of_our_own_is_worded_for_the_history(desk: Desk, office: Office, cause: Why) -> None:
    ours = replace(WELL, failed=1, failed_task="Do it", message="Words of ours.", cause=cause)
    deposit = office.server(ours, "inventory")
    configuring.repair(desk, [deposit])
    note = office.last(deposit)[1]
    assert note.startswith("gagal: Do it: ")
    assert "Words of ours." not in note


@pytest.mark.parametrize("verb", ["configure", "repair", "reduce", "collect"])
def test_a_host_key_that_changed_is_told_with_both_fingerprints(
    desk: Desk, office: Office, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """It changed after the look that comes before the run, so it is ssh that refuses the server."""
    monkeypatch.setattr(host_keys, "refuse_changed", lambda *_given: None)
    with hostile.listening(hostile.ssh(Behaviour(), paramiko.ECDSAKey.generate())) as host:
        deposit = office.server(OTHER_KEY, "configure" if verb == "configure" else "inventory", port=host.port)
        office.outcome = Outcome.UNREACHABLE
        work: dict[str, Callable[[Desk, list[str]], Answers]] = {
            "configure": configuring.configure_all,
            "repair": configuring.repair,
            "reduce": reducing.reduce,
            "collect": partial(collecting.collect_all, with_ansible=True),
        }
        error = work[verb](desk, [deposit]).errors[deposit]
        assert host.logins == []
    assert error.id == "host-key-changed"
    assert error.message.count("SHA256:") == 2
    assert office.last(deposit)[1].count("SHA256:") == 2
