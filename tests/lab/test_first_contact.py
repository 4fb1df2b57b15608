"""First contact by password, and servers without Python: on real accounts, with a real sudo."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.ansible.runner import Outcome, run_playbook
from sopctl.adapters.lab import LabServer, LabStatus
from sopctl.adapters.ssh import Password, load_key, run_as_root
from sopctl.errors import Action, OutsideFailure
from sopctl.model.access.target import Target
from sopctl.workflow.servers.playbooks import Options
from sopctl.workflow.servers.reach import reach
from sopctl.workflow.steps import collecting, configuring, notifying, verifying
from sopctl.workflow.views import inventories
from tests.cases import rows
from tests.conftest import edit
from tests.lab.test_access import daemons, listening
from tests.lab.test_servers import Placed, placed

__all__ = ["placed"]

pytestmark = pytest.mark.lab

CASES: list[dict[str, Any]] = rows("first_contact")
PASSWORD = "first-7"
"""In no other test: this one looks for it among all processes of the machine, those of other workers too."""
PLAIN_SSHD = "-o PasswordAuthentication=yes"


def test_every_way_in(lab: LabStatus, pristine: LabServer) -> None:
    assert lab.servers
    for case in CASES:
        make = "" if case["user"] == "root" else "useradd -m -s /bin/bash USER; "
        make += f"cp -r ~{pristine.user}/.ssh ~USER/; chown -R USER ~USER/.ssh; " if case.get("key") else ""
        script = f"{make}echo 'USER:{split(PASSWORD)}' | chpasswd; {case['account']}"
        servers.run(pristine, script.replace("USER", case["user"]))
    pin = next(key.pin for key in pristine.host_keys if key.type == "ssh-ed25519")
    wanted = [{**case, "sshd": case.get("sshd", PLAIN_SSHD)} for case in CASES]
    with seen_processes(PASSWORD) as seen, daemons(pristine, wanted, "sshd") as ports:
        for case in wanted:
            target = Target(pristine.address, ports[case["name"]], case["user"], pin, timeout=30.0)
            make_sure = b'echo "$(id -u) $1" >/root/was-here\n'
            key = load_key(Path(pristine.key_file)) if case.get("key") else None
            way = Password(case.get("password", PASSWORD), key)
            result = run_as_root(target, way, make_sure, [case["user"]])
            assert (result.rung, result.cause) == (case["rung"], case["cause"]), (case["name"], result)
            assert re.search(case["detail"], result.detail), (case["name"], result.detail)
            assert PASSWORD not in str(result)
            if case["cause"] is None:
                assert servers.run(pristine, "cat /root/was-here") == f"0 {case['user']}\n"
    assert seen == [], "the password stood in a process list"
    log = servers.run(pristine, "journalctl --sync; journalctl -o cat --no-pager")
    assert PASSWORD not in log
    assert "incorrect password attempts" not in log, "sudo was tried more than once"


def split(word: str) -> str:
    """The word for a shell, within single quotes: whoever logs the command does not log the word."""
    return f"{word[:3]}''{word[3:]}"


@contextmanager
def seen_processes(word: str) -> Iterator[list[str]]:
    """Every command line and environment with `word`, on this machine and so on the lab's servers, all the while."""
    found: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            for folder in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    try:
                        content = (folder / name).read_bytes()
                    except OSError:
                        continue
                    if word.encode() in content:
                        found.append(content.replace(b"\0", b" ").decode(errors="replace"))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def test_by_password_to_a_server_without_python(placed: Placed, tmp_path: Path) -> None:
    desk, server, deposit = placed.desk, placed.server, placed.id
    secret = "Rahasia-pemilik-7"
    servers.run(
        server,
        f"echo '{server.user}:{split(secret)}' | chpasswd; for file in /usr/bin/python3*; do mv $file /root/; done; "
        f"echo '{server.user} ALL=(ALL) ALL, NOPASSWD: /usr/bin/sh -c *' >/etc/sudoers.d/zz-owner; "  # servers.run
        "echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/00-owner.conf; systemctl reload ssh",
    )
    listening(server.address, server.port)
    edit(desk, deposit, "    key: owner\n", "")
    with pytest.raises(OutsideFailure, match=r"failed at login: the server refuses the password"):
        configuring.configure(desk, deposit, host_key=placed.pin, password=Password("wrong"))
    assert placed.newest()[2] == "failed"

    # Nothing but a shell is there: the look says so, and nothing is changed.
    with pytest.raises(OutsideFailure, match=r"cannot be configured as it is \(no-python\)"):
        configuring.configure(desk, deposit, host_key=placed.pin, password=Password(secret))
    assert servers.run(server, "getent passwd sopctl || echo none") == "none\n"

    # The raw way: the accounts, which let the requester in.
    raw = Options(raw=True)
    assert configuring.configure(desk, deposit, password=Password(secret), options=raw).answer
    assert reach(desk.site, placed.dossier().summary).account == "sopctl", "from now on with our own key"
    repaired = configuring.repair(desk, [deposit], options=raw).only()
    assert repaired.data["changed"] == "0"

    # Its owner installs it anew: our account is gone, and theirs makes it again.
    gone = "for user in sopctl webadmin; do userdel --force --remove $user 2>&1; done"
    servers.run(server, f"{gone}; rm -rf /etc/sudoers.d/sopctl /var/lib/sopctl")
    with pytest.raises(OutsideFailure, match="login on") as told:
        configuring.repair(desk, [deposit], options=raw).only()
    assert Action("repair", deposit, given={"ask-password": ""}) in told.value.remedy
    assert configuring.repair(desk, [deposit], password=Password(secret), options=raw).only().answer
    assert configuring.repair(desk, [deposit], options=raw).only().data["changed"] == "0", "with our own key"
    notifying.notify(desk, deposit, via="phone")
    done, found = verifying.verify(desk, deposit)
    assert done.outcome == "bisa", found
    notifying.notify(desk, deposit, via="phone")
    assert collecting.collect(desk, deposit).answer
    assert inventories.kept_facts(desk, deposit).os_name == "Debian"
    everything = [path for path in desk.site.root.rglob("*") if path.is_file()]
    assert not [path for path in everything if secret.encode() in path.read_bytes()], "the password was kept"
    assert secret not in servers.run(server, "journalctl --sync; journalctl -o cat --no-pager")

    # With Python there, the roles find the accounts as they would have made them.
    servers.run(server, "mv /root/python3* /usr/bin/")
    assert configuring.repair(desk, [deposit], options=Options(tags=("accounts",))).only().data["changed"] == "0"

    # And on return the shell takes back what it put there.
    result = run_playbook(desk.site.root, "release_raw.yml", limit=[deposit], run_dir=tmp_path / "release")
    assert result.outcome is Outcome.OK
    left = "getent passwd sopctl webadmin; ls -d /var/lib/sopctl /etc/sudoers.d/sopctl /home/sopctl 2>/dev/null; true"
    assert servers.run(server, left) == ""
    assert servers.run(server, "ls -A /home/webadmin").split() != [], "its data stays"
