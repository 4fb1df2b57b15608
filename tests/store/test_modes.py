"""Modes are ours: under any umask, for one login or for a group of them."""

import grp
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sopctl.errors import InvalidRecord, OutsideFailure, UsageError
from sopctl.store import modes
from sopctl.store.site import Site
from sopctl.workflow.setup import init
from sopctl.workflow.setup.secrets import has_secret
from tests.cases import rows
from tests.conftest import Ran

GROUP = grp.getgrgid(65534).gr_name
"""Of nobody: a group that every system has, and that root is not in."""


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_new_site_is_closed_under_any_umask(tmp_path: Path, mask: int, sopctl: Callable[..., Ran]) -> None:
    root = tmp_path / "other"
    with umask(mask):
        init.init(root)
        (tmp_path / "request.yml").write_text(init.EXAMPLE_REQUEST)
        for words in (["request", str(tmp_path / "request.yml")], ["list"], ["check", "--all"]):
            sopctl("--site", str(root), *words)
    assert [str(each) for each in modes.loose(root)] == []
    assert (mode(root), mode(root / "ansible.cfg"), mode(root / "keys/management")) == (0o750, 0o640, 0o600)
    databases = list((root / "var").glob("*.sqlite3*"))
    assert databases
    assert {mode(path) for path in databases} == {0o640}


def test_what_is_loose_is_named_and_repaired(tmp_path: Path, sopctl: Callable[..., Ran]) -> None:
    root = init.init(tmp_path / "other").root
    harm = {"racks/A1.yml": 0o666, "keys/management": 0o644, "playbooks": 0o777, "deposits": 0o755}
    for name, wrong in harm.items():
        (root / name).chmod(wrong)
    assert {str(each.path.relative_to(root)) for each in modes.loose(root)} == set(harm)
    assert sopctl("--site", str(root), "doctor", "--repair").err.count("set: ") == len(harm)
    assert list(modes.loose(root)) == []


def test_a_plain_secret_stays_closed(tmp_path: Path, sopctl: Callable[..., Ran]) -> None:
    """`doctor --repair` opened such a file to the group that `doctor` then warned of."""
    root = init.init(tmp_path / "other").root
    secret, plain = root / "inventory/group_vars/mine.yml", root / "inventory/group_vars/yours.yml"
    secret.parent.mkdir()
    secret.write_text("db_password: rahasia\n")
    plain.write_text("ntp_server: ntp.example.org\n")
    for before in (0o600, 0o640):
        secret.chmod(before)
        plain.chmod(0o600)
        sopctl("--site", str(root), "doctor", "--repair")
        assert (mode(secret), mode(plain)) == (0o600, 0o640)


def test_a_private_key_beside_the_records_stays_closed(tmp_path: Path, sopctl: Callable[..., Ran]) -> None:
    """As the demo's letters/requester1: `doctor --repair` opened it to the group, and ssh refused it from then on."""
    root = init.init(tmp_path / "other").root
    key, letter = root / "letters/requester1", root / "letters/request1.yml"
    key.parent.mkdir(0o750)
    init.make_key(key, "pemohon")
    key.with_name("requester1.pub").chmod(0o640)
    letter.write_text("unit: Dinas Contoh\n")
    letter.chmod(0o600)
    assert sopctl("--site", str(root), "doctor", "--repair").err.count("set: ") == 1
    assert (mode(key), mode(letter)) == (0o600, 0o640)


def test_what_people_put_beside_the_settings_is_theirs(tmp_path: Path, sopctl: Callable[..., Ran]) -> None:
    """The tutorial's `sopctl request --example > request.yml` was named by `doctor` from then on."""
    root = init.init(tmp_path / "other").root
    for name, was in {"request.yml": 0o644, "list.csv": 0o664, "open.yml": 0o666}.items():
        (root / name).write_text("unit: Dinas Contoh\n")
        (root / name).chmod(was)
    init.make_key(root / "owner_key", "pemilik")
    (root / "owner_key").chmod(0o640)
    init.make_key(root / "keys/another", "pemilik")  # ssh-keygen makes the public one 0644
    (root / "keys/another.pub").chmod(0o644)
    named = {each.path.name: each.right for each in modes.loose(root, is_secret=has_secret)}
    assert named == {"open.yml": 0o640, "owner_key": 0o600}
    assert {path.name for path in root.iterdir() if path.is_file()} - modes.OURS == {
        *("request.yml", "list.csv", "open.yml", "owner_key", "owner_key.pub")
    }


@pytest.mark.parametrize("name", [".", "ansible.cfg", "playbooks/roles/sshd/tasks", "inventory/deposits.sopctl.yml"])
def test_what_others_could_change_is_not_executed(tmp_path: Path, name: str) -> None:
    site = init.init(tmp_path / "site")
    site.new_run("x")
    (site.root / name).chmod(0o777)
    with pytest.raises(InvalidRecord, match="every login of this machine can change what would be executed"):
        site.new_run("x")


RIGHT = {
    "": (0o750, 0o2770),
    "deposits": (0o750, 0o2770),
    "deposits/deposit.yml": (0o640, 0o660),
    "sopctl.yml": (0o640, 0o660),
    "calendar.yml": (0o640, 0o660),
    "journal.jsonl": (0o640, 0o660),
    "moved.yml": (0o640, 0o660),
    "origin.yml": (0o640, 0o660),
    ".gitignore": (0o640, 0o660),
    "ansible.cfg": (0o640, 0o640),
    "inventory": (0o750, 0o750),
    "inventory/hosts.yml": (0o640, 0o640),
    "playbooks": (0o750, 0o750),
    "playbooks/site.yml": (0o640, 0o640),
    "roles": (0o750, 0o750),
    "roles/main.yml": (0o640, 0o640),
    "keys": (0o700, 0o700),
    "keys/owner": (0o600, 0o600),
    "keys/owner.pub": (0o600, 0o600),
    "keys/engine": (0o700, 0o700),
    "keys/engine/x.pub": (0o600, 0o600),
    "var": (0o750, 0o2770),
    "var/runs": (0o750, 0o2770),
    "var/drafts": (0o750, 0o2770),
    "var/checks.sqlite3": (0o640, 0o660),
    "letter.pdf": (0o640, 0o660),
}
"""What each path of a site may be read and written by: alone, and shared with a group."""


@pytest.mark.parametrize("shared", [False, True])
def test_what_every_login_may_do_is_loose_everywhere(tmp_path: Path, shared: bool) -> None:
    """But in what others made for themselves, in version control, and behind a link."""
    ours = [*RIGHT, "var/runs/ps-1", "var/runs/ps-1/x.yml", "var/drafts/ps-1", ".git", ".git/config.yml"]
    for name in ours:
        path = tmp_path / name
        if path.suffix or name in ("keys/owner", ".gitignore"):
            path.write_bytes(b"")
        else:
            path.mkdir(exist_ok=True)
        path.chmod(0o777)
    (tmp_path / "linked").symlink_to("deposits")
    group = grp.getgrgid(os.getgid()).gr_name if shared else ""
    found = {str(each.path.relative_to(tmp_path)): each.right for each in modes.loose(tmp_path, group)}
    assert found == {name or ".": right[shared] for name, right in RIGHT.items()}
    assert {each.mode for each in modes.loose(tmp_path, group)} == {0o777}
    modes.repair(tmp_path, group)
    assert [str(each) for each in modes.loose(tmp_path, group)] == []
    assert mode(tmp_path / ".git/config.yml") == mode(tmp_path / "var/runs/ps-1") == 0o777


@pytest.mark.parametrize(
    ("name", "before", "secret", "right"),
    [
        ("letter.pdf", 0o644, False, None),
        ("letter.pdf", 0o600, False, None),
        ("letter.pdf", 0o644, True, 0o600),
        ("letter.pdf", 0o600, True, None),
        ("letter.pdf", 0o646, False, 0o640),
        ("keys/owner.pub", 0o644, False, None),
        ("keys/owner.pub", 0o644, True, 0o600),
        ("deposits/a.pub", 0o644, False, 0o640),
        ("deposits/key", 0o600, True, None),
        ("deposits/key", 0o600, False, 0o640),
        ("deposits/key", 0o640, True, None),
        ("inventory/hosts.yml", 0o640, True, 0o600),
        ("inventory/hosts.yml", 0o640, False, None),
    ],
)
def test_where_a_secret_is_looked_for(
    tmp_path: Path, name: str, before: int, *, secret: bool, right: int | None
) -> None:
    """In what others may read of what people put there, in what Ansible reads, and in what its owner alone reads."""
    tmp_path.chmod(0o750)
    path = tmp_path / name
    if path.parent != tmp_path:
        path.parent.mkdir()
        path.parent.chmod(0o700 if name.startswith("keys/") else 0o750)
    path.write_bytes(b"x")
    path.chmod(before)
    found = list(modes.loose(tmp_path, is_secret=lambda each: secret and each == path))
    assert found == ([] if right is None else [modes.Loose(path, before, right)])
    if right is not None:
        assert str(found[0]) == f"{path} has mode {before:04o}, {right:04o} is right"


def test_a_group_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutsideFailure, match="no group"):
        init.init(tmp_path / "site", group="no-such-group")
    assert not (tmp_path / "site" / "sopctl.yml").exists()


def colleague(uid: int, root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as another login that is in the group, with a strict umask. It may read everything (the
    interpreter may lie in root's home), and write only what its modes allow."""
    login = ["setpriv", f"--reuid={uid}", f"--regid={uid}", f"--groups={grp.getgrnam(GROUP).gr_gid}"]
    reads = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"]
    return subprocess.run(
        [*login, *(reads if uid else []), sys.executable, "-m", "sopctl", "--site", str(root), *words],
        capture_output=True,
        text=True,
        check=False,
        umask=0o077,
        env={**os.environ, "NO_COLOR": "1", "HOME": "/nonexistent"},
    )


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that other logins reach: pytest's own are closed to them."""
    with tempfile.TemporaryDirectory(prefix="sopctl-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_two_colleagues_share_a_site(public: Path) -> None:
    """Three logins, root among them, take turns on one deposit: nobody locks the others out."""
    root = init.init(public / "site", group=GROUP).root
    request = public / "request.yml"
    request.write_text(init.EXAMPLE_REQUEST)
    request.chmod(0o644)
    deposit = f"PS-{datetime.now(ZoneInfo('Asia/Jakarta')).year}-0001"
    steps = [
        ("request", str(request)),
        ("dispose", deposit, "--by", "kadis", "--instruction", "x"),
        ("dispose", deposit, "--by", "kabid", "--instruction", "x"),
        ("reserve", deposit),
        ("notify", deposit, "--via", "phone"),
        ("receive", deposit),
        ("list",),
        ("check", "--all"),
        ("validate",),
        ("journal", "verify"),
    ]
    for number, words in enumerate(steps):
        ran = colleague((4001, 4002, 0)[number % 3], root, *words)
        assert ran.returncode == 0, (words, ran.stderr)
    assert [str(each) for each in modes.loose(root, Site(root).settings.site.group)] == []


ME, ANOTHER, SHARED = 12_345, 12_346, 12_347


@pytest.mark.parametrize("case", rows("found_sites"), ids=str)
def test_a_site_that_is_anothers_has_to_be_named(
    case: dict[str, Any], public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = {"me": ME, "another": ANOTHER, "root": 0}
    below = public / "site" / "below"
    below.mkdir(parents=True)
    (public / "site/sopctl.yml").write_bytes(b"x: y\n")
    for path, whose in ((public / "site", case["folder"]), (public / "site/sopctl.yml", case["record"])):
        os.chown(path, accounts[whose], SHARED if case.get("shared") else accounts[whose])
        path.chmod(0o770)
    monkeypatch.setattr(os, "geteuid", lambda: ME if case["who"] == "me" else 0)
    monkeypatch.setattr(os, "getegid", lambda: ME if case["who"] == "me" else 0)
    monkeypatch.setattr(os, "getgroups", lambda: [SHARED])
    monkeypatch.setenv("SUDO_UID", str(ME) if case["who"] == "sudo" else "")
    monkeypatch.chdir(below)
    with nullcontext() if case["works"] else pytest.raises(UsageError, match="belongs to the account"):
        assert Site.find(None).root == public / "site"
    assert Site.find("..").root.name == ".."


def test_what_a_link_leads_to_counts(tmp_path: Path) -> None:
    """`sopctl.yml` may be a link into a folder of settings; what is read is what is there."""
    site = init.init(tmp_path / "site")
    outside = tmp_path / "settings.yml"
    (site.root / "ansible.cfg").rename(outside)
    (site.root / "ansible.cfg").symlink_to(outside)
    site.new_run("x")
    outside.chmod(0o666)
    with pytest.raises(InvalidRecord) as refused:
        site.new_run("x")
    assert refused.value.where == str(outside)
    assert f"chmod o-w {outside}" in str(refused.value.remedy)
