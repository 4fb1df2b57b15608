"""The office's key is changed on real servers: nobody is locked out, and nothing differs afterwards."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus, Tier
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.office_key import key_state
from sopctl.workflow.servers.playbooks import Options
from sopctl.workflow.setup.init import make_key
from sopctl.workflow.steps import configuring, drift, notifying, reducing, verifying
from sopctl.workflow.steps.drift import Differs
from tests.conftest import Ran
from tests.lab.parts import LAST, NETWORK, leave_out
from tests.patience import PATIENCE

pytestmark = pytest.mark.lab

KEYS = "cat ~sopctl/.ssh/authorized_keys"
PASSWORD = "owner-7"
KILLED = """
import os, signal, sys
from sopctl.cli.main import main
from sopctl.workflow.steps.rotating import _Rotation
step, times = sys.argv[1], int(sys.argv[2])
real, calls = getattr(_Rotation, step), []
def killed(self, turns):
    calls.append(1)
    if len(calls) == times:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, turns)
setattr(_Rotation, step, killed)
sys.argv = ["sopctl", "key", "rotate"]
main()
"""
"""A `key rotate` that is killed where it begins a step for the n-th time."""


class Fleet:
    """A site whose deposits are the lab's servers, `count` of them configured: the last one without Python's help."""

    def __init__(self, desk: Desk, lab: LabStatus, count: int, placed: Callable[..., str]) -> None:
        self.root, self.desk, self.lab = desk.site.root, desk, lab.name
        self.servers: dict[str, LabServer] = {}
        leave_out(self.root, "host_name", "login_banner", "sshd", "firewall", *NETWORK, *LAST)
        rack = self.root / "racks/A1.yml"
        rack.write_text(rack.read_text().replace("units: 4", "units: 20").replace("2000", "20000"))
        (self.root / "keys/owner").write_bytes(Path(lab.servers[0].key_file).read_bytes())
        (self.root / "keys/owner").chmod(0o600)
        for server in lab.servers[:count]:
            fresh = servers.reset(lab.name, server.name)
            pin = next(key for key in fresh.host_keys if key.type == "ssh-ed25519")
            shown = {"type": pin.type, "key": pin.key, "sha256": pin.sha256}
            self.servers[placed(fresh.address, fresh.port, shown, fresh.user)] = fresh
        self.ids = list(self.servers)
        for ids, raw in ((self.ids[:-1], False), (self.ids[-1:], True)):
            done = configuring.configure_all(desk, ids, options=Options(raw=raw))
            assert not done.errors
            assert all(each.answer for each in done.done.values())

    def state(self, deposit: str) -> str:
        self.desk.site.read_settings_again()
        return key_state(self.desk.site, dossiers.read(self.desk.site, deposit).summary)

    def public(self, name: str) -> str:
        return (self.root / f"keys/{name}.pub").read_text()

    def keys(self, deposit: str) -> str:
        return servers.run(self.servers[deposit], KEYS)

    def differs(self, *ids: str) -> list[Differs]:
        return [each for each in drift.compare(self.desk, ids) if each.drifted or each.message]


@pytest.fixture
def fleet(desk: Desk, lab: LabStatus, placed: Callable[..., str]) -> Iterator[Callable[[int], Fleet]]:
    if lab.tier is not Tier.SYSTEMD:
        pytest.skip("these servers need services of their own")
    used = 0

    def take(count: int) -> Fleet:
        nonlocal used
        used = count
        return Fleet(desk, lab, count, placed)

    yield take
    for server in lab.servers[:used]:
        servers.reset(lab.name, server.name)


def test_another_key_on_every_server(fleet: Callable[[int], Fleet], sopctl: Callable[..., Ran]) -> None:
    there = fleet(3)
    plain, reduced, raw = there.ids
    notifying.notify(there.desk, reduced, via="phone")
    verifying.verify(there.desk, reduced)
    assert reducing.reduce(there.desk, [reduced]).only().answer
    old = there.public("management")
    for each in there.ids:
        assert there.keys(each) == old
    servers.run(there.servers[raw], "sed -i 's/^/from=\"*\" /' ~sopctl/.ssh/authorized_keys")
    ran = sopctl("key", "rotate", timeout=1500)
    assert ran.code == 0, ran.out + ran.err
    new = there.public("management-2")
    assert "key: management-2" in (there.root / "sopctl.yml").read_text()
    assert [there.keys(each) for each in there.ids] == [new, new, f'from="*" {new}'], "the owner's options stay"
    assert [there.state(each) for each in there.ids] == ["current"] * 3
    assert there.differs(plain) == []
    assert [each.fact.split()[0] for (found,) in [there.differs(raw)] for each in found.differences] == ["keys"]
    servers.run(there.servers[raw], f"echo '{new.strip()}' >~sopctl/.ssh/authorized_keys")
    back = sopctl("configure", reduced, "--sudo", "full")
    assert back.code == 0, back.err
    assert there.differs(reduced) == [], "what was noted before its sudo was reduced"
    repaired = configuring.repair(there.desk, [plain]).only()
    assert repaired.data["changed"] == "0", repaired
    assert sopctl("key", "retire").code == 0
    assert (there.root / "keys/retired/management").is_file()
    assert sopctl("key", "status").out.endswith("3 of 3 servers have the current key alone.\n")
    the_site_moves_to_another_controller(there, sopctl)


def the_site_moves_to_another_controller(there: Fleet, sopctl: Callable[..., Ran]) -> None:
    """Its servers are reached from there, with nothing to be trusted again, and from the old one no more."""
    away = there.root.parent
    secret, file, root = away / "passphrase", away / "site.tar.gz", away / "new-site"
    secret.write_text("kuda laut biru empat\n")
    secret.chmod(0o600)
    sealed = ("--with-secrets", "--passphrase-file", str(secret))
    assert sopctl("backup", str(file), "--moving", *sealed).code == 0
    ran = sopctl("restore", str(file), str(root), *sealed)
    assert ran.code == 0, ran.err
    there_now = ("--site", str(root))
    assert sopctl(*there_now, "doctor", "--repair").code == 0
    ran = sopctl(*there_now, "configure", "--drift", *there.ids[:2])
    assert ran.code == 0, ran.out + ran.err
    assert sopctl(*there_now, "check", *there.ids).code == 0
    assert sopctl("check", *there.ids).code != 0
    assert "another controller works on this site now" in sopctl("configure", "--drift", there.ids[0]).err


def test_what_fails_keeps_what_it_had_and_the_rest_goes_on(
    fleet: Callable[[int], Fleet], sopctl: Callable[..., Ran]
) -> None:
    there = fleet(3)
    off, refusing, _ = there.ids
    make_key(there.root / "keys/next", "next")
    old, new = there.public("management"), there.public("next")
    away = ["unreachable", f"{there.servers[off].address}/32"]
    subprocess.run(["ip", "route", "add", *away], check=True)
    servers.run(
        there.servers[refusing],
        f"echo '{new.strip()}' >/etc/ssh/revoked; echo 'RevokedKeys /etc/ssh/revoked' "
        ">/etc/ssh/sshd_config.d/01-owner.conf; systemctl reload ssh",
    )
    try:
        ran = sopctl("key", "rotate", "--to", "next", timeout=1500)
    finally:
        subprocess.run(["ip", "route", "del", *away], check=True)
    assert ran.code == 6, ran.out + ran.err
    assert "What was changed is put back." in ran.out
    assert [there.state(each) for each in there.ids] == ["before", "before", "current"]
    assert [there.keys(each) for each in there.ids] == [old, old, new]
    refused = sopctl("key", "retire")
    assert refused.code == 4
    assert f"{off}, {refusing}" in refused.err
    assert [line for line in sopctl("todo").out.splitlines() if "Kunci kantor" in line]
    assert sopctl("configure", "--drift", refusing).code == 0, "it is still opened by the key that it knows"
    servers.run(
        there.servers[refusing], "rm /etc/ssh/sshd_config.d/01-owner.conf /etc/ssh/revoked; systemctl reload ssh"
    )
    ran = sopctl("key", "rotate", timeout=1500)
    assert ran.code == 0, ran.out + ran.err
    assert [there.keys(each) for each in there.ids] == [new] * 3
    assert there.differs(off, refusing) == []


@pytest.mark.parametrize(
    ("step", "time_", "state"),
    [("_proved", 1, "before"), ("_without_old", 1, "both"), ("_proved", 2, "both")],
    ids=["beside", "recorded", "removed"],
)
def test_killed_in_the_middle(
    fleet: Callable[[int], Fleet], sopctl: Callable[..., Ran], step: str, time_: int, state: str
) -> None:
    there = fleet(1)
    (deposit,) = there.ids
    server, new = there.servers[deposit], there.root / "keys/management-2.pub"
    run = subprocess.run([sys.executable, "-c", KILLED, step, str(time_)], cwd=there.root, check=False)
    assert run.returncode == -signal.SIGKILL
    found = {"_proved 1": 2, "_without_old 1": 2, "_proved 2": 1}[f"{step} {time_}"]
    assert len(there.keys(deposit).splitlines()) == found
    assert new.read_text() in there.keys(deposit)
    assert there.state(deposit) == state
    window = "/var/lib/sopctl/window"
    servers.console(
        there.lab,
        server.name,
        f"if [ -d {window}/kept ]; then sh {window}/window.sh hold 0; fi; sleep 3; "
        f"while [ -d {window}/back ]; do sleep 1; done",
        timeout=PATIENCE,
    )
    looked = drift.compare(there.desk, [deposit])
    assert [each.message for each in looked] == [""], "the key that the history names opens it"
    ran = sopctl("key", "rotate", timeout=1500)
    assert ran.code == 0, ran.out + ran.err
    assert there.keys(deposit) == there.public("management-2")
    assert there.differs(deposit) == []


def test_a_lost_key(fleet: Callable[[int], Fleet], sopctl: Callable[..., Ran]) -> None:
    """The owners let the new one in: by the account of the first contact (its key, its password), or by hand."""
    there = fleet(3)
    by_key, by_hand, by_password = there.ids
    for name in ("management", "management.pub"):
        (there.root / f"keys/{name}").unlink()
    assert sopctl("key", "rotate").code == 6, "it is not lost unless somebody says so"
    (there.root / "keys/owner").rename(there.root / "owner")
    ran = sopctl("key", "rotate", "--lost", timeout=1500)
    assert ran.code != 0
    assert [there.state(each) for each in there.ids] == ["none"] * 3
    new = there.public("management-2")
    assert ran.out.count(new.strip()) == 3, "what its owner is asked to do"
    assert sopctl("doctor").out.count("key change") == 1

    servers.run(there.servers[by_hand], f"echo '{new.strip()}' >>~sopctl/.ssh/authorized_keys")
    ran = sopctl("key", "rotate", by_hand, timeout=1500)
    assert there.state(by_hand) == "current", ran.out + ran.err

    server = there.servers[by_password]
    servers.run(
        server,
        f"echo '{server.user}:{PASSWORD}' | chpasswd; "
        "echo PasswordAuthentication yes >/etc/ssh/sshd_config.d/00-owner.conf; systemctl reload ssh",
    )
    secret = there.root / "secret"
    secret.write_text(f"{PASSWORD}\n")
    secret.chmod(0o600)
    ran = sopctl("key", "rotate", by_password, "--password-file", str(secret), timeout=200)
    assert there.state(by_password) == "current", ran.out + ran.err

    (there.root / "owner").rename(there.root / "keys/owner")
    ran = sopctl("key", "rotate", timeout=1500)
    assert ran.code == 0, ran.out + ran.err
    assert [there.keys(each) for each in there.ids] == [new] * 3
    assert there.differs(by_key, by_hand) == []
    assert sopctl("key", "retire").code == 0
