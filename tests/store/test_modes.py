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
