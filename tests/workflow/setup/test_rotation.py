"""A new key of the office's is named beside the old one, and the old one is put aside once no server knows it."""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sopctl.adapters.ssh.sweep import ScriptJob
from sopctl.errors import InvalidRecord, NotNow, OutsideFailure, SopctlError, UsageError
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, Rung, Verdict
from sopctl.model.sop.entries import Configured, OfficeKey
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.settings import FILE_NAME
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, act, turn
from sopctl.workflow.office_key import fingerprint, key_state
from sopctl.workflow.setup import doctor, rotation
from sopctl.workflow.setup.init import make_key
from sopctl.workflow.steps import rotating
from sopctl.workflow.views.board import todo
from tests.conftest import Ran
from tests.faults.judging import files


@pytest.fixture
def server(desk: Desk, placed: Callable[..., str]) -> str:
    """A configured server at an address where nobody is; its history does not say which key it knows."""
    deposit = placed("127.0.0.1", 9, {"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:" + "x" * 43})
    with turn(desk, deposit, "configure") as mine:
        mine.record("selesai", Configured(changed=1))
    return deposit


def test_both_are_named_until_no_server_knows_the_old_one(desk: Desk, server: str) -> None:
    (was,) = rotation.status(desk).servers
    assert (was.state, rotation.status(desk).key) == ("current", "management")
    assert rotation.begin(desk) == "management-2"
    assert rotation.begin(desk) == "management-2", "a change under way goes on"
    made = desk.site.root / "keys/management-2"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    found = rotation.status(desk)
    assert (found.key, found.before, found.left[0].state) == ("management-2", "management", "before")
    assert rotating.due(desk) == [server]
    with pytest.raises(NotNow, match=server):
        rotation.retire(desk)
    with pytest.raises(NotNow, match="from management to management-2 is not over"):
        rotation.begin(desk, "owner")
    assert [row.activity for row in todo(desk).rows if row.kind == "followup"] == [
        "Kunci kantor di server belum diganti"
    ]
    (told,) = [each for each in doctor.diagnose(str(desk.site.root)) if each.what == "key change"]
    assert server in told.detail

    answers = rotating.rotate(desk, [server])
    assert answers.errors[server].id == "key-not-changed", "a server that does not answer stays on the old key"
    assert rotation.status(desk).left[0].state == "before"

    with act(desk, server, "rotate") as mine:
        mine.record(mine.verb.outcome, OfficeKey(office_key=fingerprint(desk.site, "management-2") or ""))
    assert rotation.status(desk).left == ()
    with pytest.raises(NotNow, match="has the current key, and no other"):
        rotating.rotate(desk, [server]).only()
    (told,) = [each for each in doctor.diagnose(str(desk.site.root)) if each.what == "key change"]
    assert "no server knows the key management any more" in told.detail
    moved = rotation.retire(desk)
    assert [name.rpartition("/keys/")[2] for name in moved] == ["retired/management", "retired/management.pub"]
    assert not (desk.site.root / "keys/management").exists()
    with pytest.raises(NotNow, match="no key before"):
        rotation.retire(desk)
    assert rotation.begin(desk) == "management-3"


def test_two_at_once_change_a_key_once(desk: Desk, server: str) -> None:
    """Whoever comes second finds the change begun, and the server held."""
    rotation.begin(desk)
    other = Desk(Site(desk.site.root), desk.deciding, desk.clock)
    assert rotation.begin(other) == "management-2"
    with act(desk, server, "rotate"):
        answers = rotating.rotate(other, [server])
    assert answers.errors[server].id == "held-by-another"
    assert sorted(path.name for path in (desk.site.root / "keys").glob("management*.pub")) == [
        "management-2.pub",
        "management.pub",
    ]


@pytest.mark.parametrize("name", ["management-2", "management"])
def test_a_key_that_others_can_read_stops_all_before_anything_is_sent(desk: Desk, server: str, name: str) -> None:
    rotation.begin(desk)
    (desk.site.root / "keys" / name).chmod(0o644)
    with pytest.raises(OutsideFailure, match="can be read by others"):
        rotating.rotate(desk, [server])
    assert rotation.status(desk).left[0].state == "before"


def test_a_key_that_cannot_be_used_is_not_named(desk: Desk) -> None:
    keys, settings = desk.site.root / "keys", desk.site.root / FILE_NAME
    before = settings.read_bytes()
    make_key(keys / "next", "next")
    make_key(keys / "other", "other")
    (keys / "mixed").write_bytes((keys / "next").read_bytes())
    (keys / "mixed").chmod(0o600)
    (keys / "mixed.pub").write_bytes((keys / "other.pub").read_bytes())
    (keys / "open").write_bytes((keys / "next").read_bytes())
    (keys / "open").chmod(0o644)
    for name, error, reason in (
        ("nobody", OutsideFailure, "no key"),
        ("open", OutsideFailure, "read by others"),
        ("mixed", InvalidRecord, "another key"),
        ("owner", UsageError, "something else"),
        ("management", UsageError, "current key already"),
    ):
        with pytest.raises(error, match=reason):
            rotation.begin(desk, name)
    with pytest.raises(UsageError, match="is in keys/"):
        rotation.begin(desk, lost=True)
    assert settings.read_bytes() == before
    assert rotation.begin(desk, "next") == "next"


@pytest.mark.parametrize("full", ["before the key", "before its name"])
def test_a_full_disk_leaves_no_key_that_nothing_names(desk: Desk, monkeypatch: pytest.MonkeyPatch, full: str) -> None:
    original = os.replace

    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def replace(old: str, new: Path) -> None:
        if Path(new).name == FILE_NAME:
            refuse(0)
        original(old, new)

    before = files(desk.site.root)
    with monkeypatch.context() as disk:
        disk.setattr("os.fsync", refuse) if full == "before the key" else disk.setattr("os.replace", replace)
        with pytest.raises(OutsideFailure, match="No space left"):
            rotation.begin(desk)
    assert files(desk.site.root) == before
    assert rotation.begin(desk) == "management-2"


class Servers:
    """What answers a rotation's scripts: which keys each server knows, and in which order it was asked what."""

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new
        self.known: dict[str, set[str]] = {}
        self.refuses_new: set[str] = set()

    def run(self, jobs: Sequence[ScriptJob], **_: object) -> Iterator[tuple[str, AccessResult, bytes]]:
        for job in jobs:
            known = self.known.setdefault(job.name, {self.old})
            opens = job.key.fingerprint in known
            opens = opens and not (job.key.fingerprint == self.new and job.name in self.refuses_new)
            if opens:
                then = {"add": {*known, self.new}, "remove": {self.new}, "back": {self.old}}
                self.known[job.name] = then.get(job.arguments[0], known)
            cause, rung = (None, Rung.COMMAND) if opens else (Cause.DENIED, Rung.LOGIN)
            verdict = Verdict.ACCESSIBLE if opens else Verdict.INACCESSIBLE
            yield job.name, AccessResult("127.0.0.1", 9, verdict, rung, cause, "", 0.1, ()), b""


@pytest.mark.parametrize(("records", "refuses"), [(0, True), (1, False), (2, False), (3, False)])
def test_a_full_disk_between_two_servers_is_told_of_each_and_the_change_goes_on(
    desk: Desk, placed: Callable[..., str], monkeypatch: pytest.MonkeyPatch, records: int, refuses: bool
) -> None:
    """After so many events there is no room any more: what was recorded is so, no server is without a key that its
    history names, and the next run ends it."""
    shown = {"type": "ssh-ed25519", "key": "AAAA"}
    ids = [placed("127.0.0.1", port, {**shown, "sha256": f"SHA256:{port:043}"}) for port in (9, 10)]
    for deposit in ids:
        with turn(desk, deposit, "configure") as mine:
            mine.record("selesai", Configured(changed=1))
    old, new = (str(fingerprint(desk.site, name)) for name in ("management", rotation.begin(desk)))
    there = Servers(old, new)
    monkeypatch.setattr(rotating, "run_scripts", there.run)
    monkeypatch.setattr(rotating, "note_key", lambda *_: {})
    original, recorded = dossiers.append, list[Dossier]()

    def append(*given: Any, **how: Any) -> Dossier:
        if len(recorded) >= records:
            raise OutsideFailure("disk", "No space left on device")
        recorded.append(original(*given, **how))
        return recorded[-1]

    there.refuses_new = {ids[0]} if refuses else set()
    with monkeypatch.context() as disk:
        disk.setattr("sopctl.store.dossiers.append", append)
        answers = rotating.rotate(desk, ids)
    assert set(ids) == {*answers.errors, *answers.done}, "each has its answer"
    named = {"before": {old}, "both": {old, new}, "current": {new}}
    for deposit in ids:
        state = key_state(desk.site, dossiers.read(desk.site, deposit).summary)
        assert named[state] & there.known[deposit], (deposit, state, there.known)
    there.refuses_new = set()
    again = rotating.rotate(desk, rotating.due(desk))
    assert not again.errors
    assert [there.known[deposit] for deposit in ids] == [{new}, {new}]
    assert rotation.status(desk).left == ()


def test_a_new_key_survives_a_power_cut_before_a_server_knows_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """ssh-keygen does not synchronise what it writes."""
    synchronised, original = set(), os.fsync

    def fsync(descriptor: int) -> None:
        synchronised.add(os.readlink(f"/proc/self/fd/{descriptor}"))
        original(descriptor)

    monkeypatch.setattr("os.fsync", fsync)
    keys = desk.site.root / "keys"
    name = rotation.begin(desk)
    assert {str(keys), str(keys / name), str(keys / f"{name}.pub")} <= synchronised


def test_a_server_without_an_account_of_ours_names_no_new_key(
    desk: Desk, file_request: Callable[..., str], sopctl: Callable[..., Ran]
) -> None:
    ran = sopctl("key", "rotate", file_request())
    assert (ran.code, "has no account of the office's" in ran.err) == (4, True)
    assert (rotation.status(desk).before, sorted((desk.site.root / "keys").glob("management-*"))) == (None, [])


def test_a_lost_key_is_lost_only_if_somebody_says_so(desk: Desk, server: str) -> None:
    (desk.site.root / "keys/management").unlink()
    with pytest.raises(SopctlError, match="no key 'management'"):
        rotation.begin(desk)
    assert rotation.begin(desk, lost=True) == "management-2"
    assert rotation.status(desk).left[0].state == "none"


def test_settings_that_are_written_in_an_unusual_way_are_left_to_a_person(desk: Desk) -> None:
    path = desk.site.root / FILE_NAME
    path.write_text(path.read_text().replace("management: {account: sopctl, key: management}", "management: {}"))
    desk.site.read_settings_again()
    before = path.read_bytes()
    with pytest.raises(InvalidRecord, match="without changing more") as told:
        rotation.begin(desk)
    assert "management: {key: management-2, before: management}" in str(told.value.remedy)
    assert path.read_bytes() == before


def test_at_the_command_line(sopctl: Callable[..., Ran], desk: Desk) -> None:
    assert sopctl("key", "status").code == 0
    ran = sopctl("key", "rotate")
    assert (ran.code, ran.out.endswith("may be put aside: sopctl key retire\nNothing is due.\n")) == (0, True), ran
    ran = sopctl("key", "retire")
    assert (ran.code, "keys/retired/management.pub" in ran.out, "delete it" in ran.out) == (0, True, True), ran
    for lost in (desk.site.root / "keys").glob("management*"):
        lost.unlink()
    assert sopctl("key", "rotate", "--lost").code == 0
    ran = sopctl("key", "retire")
    assert (ran.code, ran.out) == (0, "No server knows it, and keys/ has no file of it.\n"), "nothing to delete"
    assert sopctl("key", "rotate", "--ask-password").code == 2
    assert sopctl("key", "status", "--json").out.count('"management-3"') == 1
