"""The steps that touch a server, through the workflow and the command line, on real servers; and when they fail."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus, Tier
from sopctl.adapters.ssh import check
from sopctl.errors import Conflict, Interrupted, OutsideFailure, UsageError
from sopctl.model.access import Cause, Rung, Target, Verdict
from sopctl.model.verification import View, Word
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.workflow import (
    acting,
    advancing,
    configuring,
    handing,
    hostkeys,
    informing,
    inspecting,
    inventories,
    inventory_view,
    inventorying,
    space,
    verifying,
)
from sopctl.workflow.desk import Desk
from sopctl.workflow.making import EXAMPLE_REQUEST, make_key
from sopctl.workflow.verifying import Vantage, Verification
from tests.conftest import Ran
from tests.lab import accepted

pytestmark = pytest.mark.lab


class Placed:
    """A deposit whose server is a lab server, brought to konfigurasi 1 by paper and hands."""

    def __init__(self, desk: Desk, server: LabServer, until_space: Callable[..., str]) -> None:
        self.desk, self.server = desk, server
        keys = desk.site.root / "keys"
        (keys / "owner").write_bytes(Path(server.key_file).read_bytes())
        (keys / "owner").chmod(0o600)
        make_key(keys / "requester", "requester")
        self.key = keys / "requester"
        example = next(line for line in EXAMPLE_REQUEST.splitlines() if "keys: [ssh-ed25519" in line)
        public = (keys / "requester.pub").read_text().strip()
        self.id = until_space(
            {
                "address: 192.0.2.10 ": f"address: {server.address} ",
                "port: 22": f"port: {server.port}",
                example.strip(): f"keys: [{public}]",
                "ports: [80, 443]": "ports: []",
            }
        )
        informing.notify(desk, self.id, via="phone")
        handing.receive(desk, self.id)
        inspecting.inspect(desk, self.id, serial="SN-0001")
        handing.handover(desk, self.id)
        space.place(desk, self.id)

    @property
    def pin(self) -> str:
        return next(key.sha256 for key in self.server.host_keys if key.type == "ssh-ed25519")

    def dossier(self) -> Dossier:
        return dossiers.read(self.desk.site, self.id)

    def newest(self) -> tuple[str, int, str]:
        event = self.dossier().events[-1]
        return event.procedure, event.step, event.outcome


ACCOUNTS_ALONE = """
- name: Make the server usable, as far as these tests need it
  hosts: deposits
  gather_facts: false
  become: true
  tasks:
    - name: Let the office in
      ansible.builtin.import_role:
        name: management_account
    - name: Let the requester in
      ansible.builtin.import_role:
        name: requester_accounts
"""
"""For tests of what surrounds a configuration: the whole one takes half a minute."""


@pytest.fixture
def placed(desk: Desk, lab: LabStatus, pristine: LabServer, until_space: Callable[..., str]) -> Placed:
    if lab.tier is not Tier.SYSTEMD:
        pytest.skip("these servers need services and power of their own")
    return Placed(desk, pristine, until_space)


def test_from_configuration_to_the_form_and_a_second_run_changes_nothing(
    placed: Placed, sopctl: Callable[..., Ran]
) -> None:
    desk, deposit = placed.desk, placed.id
    steps = advancing.advance(desk, deposit, host_key=placed.pin, via="phone")
    assert [(done.step, done.outcome) for done in steps] == [
        (1, "selesai"),
        (2, "selesai"),
        (3, "bisa"),
        (5, "selesai"),
        (6, "selesai"),
    ]
    tried = placed.dossier().last("verify")
    assert tried
    assert [(each["view"], each["who"], each["ok"]) for each in tried.data["established"]] == [
        ("management-login", "sopctl", "true"),
        ("account-examined", "webadmin", "true"),
    ], "the requester's key is not ours: the account was looked at"
    assert inventories.kept_form(desk, deposit).read_bytes().startswith(b"%PDF-")
    facts = inventories.kept_facts(desk, deposit)
    assert facts.os_name == "Debian"
    assert "openssh-server" in facts.packages, "details.sh told what setup leaves out"
    assert (22, "sshd") in {(each.port, each.program) for each in facts.listeners}, "with sudo, programs have names"
    again = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "-i", "inventory", "playbooks/configure.yml"],
        cwd=desk.site.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{deposit}" in again.stdout
    assert "changed=0" in again.stdout, again.stdout[-2000:] + again.stderr
    graph = subprocess.run(
        [Path(sys.executable).parent / "ansible-inventory", "-i", "inventory", "--graph"],
        cwd=desk.site.root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert deposit in graph.stdout
    assert "step_konfigurasi_6" in graph.stdout
    assert inventorying.collect(desk, deposit).answer, "a second gathering in a month is a new revision"
    kept = sorted(path.name for path in (placed.dossier().folder / "facts").iterdir())
    assert kept == [f"{desk.now():%Y-%m}-r2.json", f"{desk.now():%Y-%m}.json"]
    accepted.drift_is_found_and_repaired(placed, sopctl)
    accepted.sudo_for_the_inventory_alone(placed, sopctl)


def test_nothing_logs_in_before_the_host_key_is_confirmed(placed: Placed) -> None:
    with pytest.raises(UsageError, match="is not confirmed"):
        configuring.configure(placed.desk, placed.id)
    with pytest.raises(UsageError, match="is not confirmed"):
        configuring.configure(placed.desk, placed.id, confirm=lambda _key: False)
    before = placed.dossier().events
    assert placed.newest()[2] == "kunci host", "pending, and noted once"
    waiting = hostkeys.look(placed.desk, placed.id)
    assert waiting.pinned is None
    assert waiting.pending
    assert waiting.pending.key.sha256 == placed.pin
    other = "SHA256:" + "A" * 43
    with pytest.raises(OutsideFailure, match=f"expected was {other}"):
        configuring.configure(placed.desk, placed.id, host_key=other)
    assert placed.dossier().events == before
    journal = servers.run(placed.server, "journalctl --sync; journalctl --no-pager -u ssh")
    assert journal.count("Accepted publickey") == 1, "only this look at the journal logged in"


def test_a_changed_host_key_stops_access_and_configuration(placed: Placed) -> None:
    (placed.desk.site.root / "playbooks/configure.yml").write_text(ACCOUNTS_ALONE)
    configuring.configure(placed.desk, placed.id, host_key=placed.pin)
    informing.notify(placed.desk, placed.id, via="phone")
    new_keys = "rm /etc/ssh/ssh_host_*; ssh-keygen -A >/dev/null; systemctl reload ssh"
    servers.run(placed.server, new_keys)
    where = placed.dossier().deposit.access
    deadline = time.monotonic() + 20
    while check(Target(where.address, where.port, expect_key=placed.pin)).cause is not Cause.HOST_KEY_CHANGED:
        assert time.monotonic() < deadline
    done, found = verifying.verify(placed.desk, placed.id, vantage=Vantage("webadmin", placed.key))
    result = found.access
    assert (done.outcome, result.verdict, result.rung) == ("tidak bisa", Verdict.INACCESSIBLE, Rung.HOST_KEY)
    assert placed.pin in result.detail
    assert result.host_key
    before = placed.dossier().events
    with pytest.raises(OutsideFailure, match=r"host key of .* changed") as refused:
        configuring.configure(placed.desk, placed.id)
    assert placed.pin in str(refused.value)
    assert result.host_key.sha256 in str(refused.value)
    assert placed.dossier().events == before, "stopped before anything was begun"
    hostkeys.confirm(placed.desk, placed.id, fingerprint=result.host_key.sha256)
    assert not hostkeys.look(placed.desk, placed.id).changed
    assert configuring.configure(placed.desk, placed.id).answer

    # What the requester says counts, whatever is seen.
    informing.notify(placed.desk, placed.id, via="phone")
    word = Word("Administrator Sistem", yes=False, note="VPN tidak tersambung")
    done, found = verifying.verify(placed.desk, placed.id, word=word)
    assert (done.outcome, done.data["cause"]) == ("tidak bisa", "requester-says-no")
    assert [(each.view, each.ok) for each in found.established] == [
        (View.MANAGEMENT, True),
        (View.EXAMINATION, True),
        (View.WORD, False),
    ]
    assert inventory_view.last_cause(placed.dossier()) == "requester-says-no"


def test_a_server_that_dies_in_the_middle_of_a_run(placed: Placed) -> None:
    """The run ends by itself, the record says that it failed, and the step stays due."""
    killed = threading.Event()

    def kill_once(_event: object) -> None:
        if not killed.is_set():
            killed.set()
            lose_power(placed.server)

    with pytest.raises(OutsideFailure, match=f"{placed.id} could not be reached"):
        configuring.configure(placed.desk, placed.id, host_key=placed.pin, on_event=kill_once)
    assert killed.is_set()
    assert placed.newest() == ("konfigurasi", 1, "failed")


def test_a_server_that_is_not_there(placed: Placed) -> None:
    lose_power(placed.server)
    with pytest.raises(OutsideFailure, match="the server's host key cannot be read"):
        configuring.configure(placed.desk, placed.id, host_key=placed.pin)
    assert placed.newest() == ("penitipan", 10, "selesai"), "nothing was begun, nothing is recorded"


def test_two_terminals_and_an_interrupt(placed: Placed, sopctl: Callable[..., Ran]) -> None:
    """While one terminal configures, another is told who holds the dossier; Ctrl-C leaves a whole record."""
    command = [sys.executable, "-m", "sopctl", "configure", placed.id, "--host-key", placed.pin, "--json"]
    with subprocess.Popen(command, cwd=placed.desk.site.root, stdout=subprocess.PIPE, text=True) as first:
        deadline = time.monotonic() + 60
        while not any(placed.desk.site.root.glob("var/runs/*/artifacts/*/job_events/*.json")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        second = sopctl("configure", placed.id)
        assert second.code == 5
        assert f"{placed.id} is held by another sopctl (process {first.pid}: configure" in second.err
        with pytest.raises(Conflict):
            informing.notify(placed.desk, placed.id, via="phone")
        assert placed.newest() == ("konfigurasi", 1, "started")
        first.send_signal(signal.SIGINT)
        assert first.stdout
        answer = json.loads(first.stdout.read())
        assert first.wait(60) == 130
    assert answer["error"]["exit_code"] == 130
    assert placed.newest() == ("konfigurasi", 1, "interrupted")
    due = json.loads(sopctl("todo", "--json").out)["steps"]
    assert [row["command"] for row in due] == [f"sopctl configure {placed.id}"]
    assert _processes_of(placed.desk.site.root) == []


def test_a_killed_sopctl_shows_as_unfinished_and_leaves_no_process(placed: Placed, sopctl: Callable[..., Ran]) -> None:
    (placed.desk.site.root / "playbooks/configure.yml").write_text(ACCOUNTS_ALONE)
    command = [sys.executable, "-m", "sopctl", "configure", placed.id, "--host-key", placed.pin]
    with subprocess.Popen(command, cwd=placed.desk.site.root, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not any(placed.desk.site.root.glob("var/runs/*/artifacts/*/job_events/*.json")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.kill()
    assert placed.newest() == ("konfigurasi", 1, "started")
    row = json.loads(sopctl("list", "--json").out)["deposits"][0]
    assert (row["standing"], row["waiting"]) == ("konfigurasi 1", "unfinished")
    deadline = time.monotonic() + 30
    while _processes_of(placed.desk.site.root):
        assert time.monotonic() < deadline, _processes_of(placed.desk.site.root)
        time.sleep(0.2)
    assert configuring.configure(placed.desk, placed.id, host_key=placed.pin).outcome == "selesai"
    informing.notify(placed.desk, placed.id, via="phone")
    _waits_until_it_can_be_reached(placed)


def _waits_until_it_can_be_reached(placed: Placed) -> None:
    """`--until-accessible`: Ctrl-C records nothing and the dossier is free meanwhile; then the server comes back."""
    servers.run(placed.server, "systemctl stop ssh.socket ssh; (sleep 6; systemctl start ssh) >/dev/null 2>&1 &")
    someone = placed.desk.decided_by("staf")

    def interrupt(_found: Verification, _seconds: float) -> None:
        acting.hold(someone, placed.id, reason="sebentar")
        acting.resume(someone, placed.id, note="lanjut")
        raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        verifying.verify(placed.desk, placed.id, until=90, on_wait=interrupt)
    assert placed.newest()[2] == "dilanjutkan"
    done, found = verifying.verify(placed.desk, placed.id, until=90)
    assert done.outcome == "bisa"
    assert found.tries > 1, "sshd was away at first"
    assert found.established[1].view is View.EXAMINATION


def lose_power(server: LabServer) -> None:
    """Switch a server off without any farewell, and wait until it is gone."""
    servers.run(server, "(sleep 0.2; poweroff --force --force) >/dev/null 2>&1 &")
    name = server.name.rstrip("0123456789")
    deadline = time.monotonic() + 20
    while True:
        status = servers.status(name)
        assert status
        if next(each.state for each in status.servers if each.name == server.name) == "stopped":
            return
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _processes_of(site: Path) -> list[str]:
    """The processes whose command line or working folder names the site."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            where = str((folder / "cwd").readlink())
        except OSError:
            continue
        if str(site) in words or where.startswith(str(site)):
            found.append(f"{folder.name} {words}")
    return found
