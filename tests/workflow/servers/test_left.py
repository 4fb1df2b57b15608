"""What a look for drift makes of a server's answer: of one that lies, or does not answer, too. What it finds on a real
one: tests/lab/test_drift.py."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import paramiko
import pytest

from sopctl.adapters.ssh import load_key
from sopctl.model.access.target import pin
from sopctl.model.sop.entries import Configured, Left
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.servers import left
from sopctl.workflow.steps import drift
from sopctl.workflow.steps.drift import Differs
from tests.adapters.ssh import hostile
from tests.adapters.ssh.hostile import Behaviour
from tests.conftest import Ran

NOTE = hashlib.sha256(b"note").hexdigest()
WHOLE = "-look complete\tyes\n-look version\t1\n+look complete\tyes\n+look version\t1\n"


def answer(body: str, note: str = NOTE) -> bytes:
    return f"=begin mark\n=note {note}\n{body}=end mark\n".encode()


Look = Callable[..., Differs]


@pytest.fixture
def looked_at(desk: Desk, placed: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Look:
    """Look at a configured server that behaves so."""
    monkeypatch.setattr("secrets.token_hex", lambda _bytes: "mark")
    host_key = paramiko.ECDSAKey.generate()
    line = f"{host_key.get_name()} {host_key.get_base64()}"
    known = load_key(desk.site.key_file("management"))

    def look(noted: Left | None, **behaviour: Any) -> Differs:
        served = hostile.ssh(Behaviour(user="sopctl", keys=(known.pkey,), **behaviour), host_key)
        with hostile.listening(served) as host:
            key = {"type": host_key.get_name(), "key": host_key.get_base64(), "sha256": pin(line).sha256}
            deposit = placed("127.0.0.1", host.port, key)
            with turn(desk, deposit, "configure") as mine:
                mine.record("selesai", Configured(changed=0), *([noted] if noted else []))
            (found,) = drift.compare(desk, [deposit])
        return found

    return look


def noted(desk: Desk, **changes: str) -> Left:
    look = left.Look(desk.site)
    digests = {"left": NOTE, "asked": "0" * 64, "playbooks": look.playbooks, "tasks": look.tasks}
    return Left(**{**digests, **changes})


def test_what_differs(desk: Desk, looked_at: Look) -> None:
    body = (
        WHOLE
        + '?asked hostname\t"older.example.org"\n-sshd permitrootlogin\tno\n+sshd permitrootlogin\tyes\n+account x\ty\n'
    )
    found = looked_at(noted(desk), output=b"Welcome\n" + answer(body))
    assert found.drifted
    assert [(each.part, each.says) for each in found.differences] == [
        ("sshd", "PermitRootLogin no → yes"),
        ("", "account x is new"),
    ]
    assert [each.says for each in found.asked] == ["the host name: older.example.org → web1.example.org"]


def test_what_is_only_the_owners_is_no_drift(desk: Desk, looked_at: Look) -> None:
    found = looked_at(noted(desk), output=answer(WHOLE + "+account x\ty\n"))
    assert not found.drifted
    assert len(found.differences) == 1


def test_other_playbooks_and_tasks(desk: Desk, looked_at: Look) -> None:
    found = looked_at(noted(desk, playbooks="1" * 64), output=answer(WHOLE))
    assert not found.drifted, "what they would change is not known"
    assert "playbooks are others" in found.notices[0]


def test_the_sites_own_tasks_ask_for_something_else(desk: Desk, looked_at: Look) -> None:
    before = noted(desk)
    folder = desk.site.root / "inventory/group_vars"
    folder.mkdir()
    (folder / "deposits.yml").write_text("sshd_weak: []\n")
    look = left.Look(desk.site)
    assert look.tasks != before.tasks
    assert look.playbooks == before.playbooks
    found = looked_at(before, output=answer(WHOLE))
    assert found.drifted
    assert [each.variable for each in found.asked] == ["tasks"]


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        ({"output": answer("", "absent")}, "not there, or not the one"),
        ({"output": answer(WHOLE, "a" * 64)}, "not there, or not the one"),
        ({"output": answer(WHOLE.replace("+look complete\tyes", "+look complete\tno"))}, "not all of it"),
        ({"output": answer(WHOLE.replace("version\t1", "version\t0"))}, "by another version"),
        ({"output": answer(WHOLE + "+account \x1b[2J\tx\n")}, "the server's answer is not complete"),
        ({"output": b"sudo: \x1b[2J a password is required\n", "status": 1}, "may not use sudo"),
        ({"output": b"sh: not found\n", "status": 127}, "the script failed: sh: not found"),
        ({"endless": True}, "without end"),
        ({"refuse": "exec"}, "refuses to run a command"),
        ({"methods": "password"}, "login"),
    ],
)
def test_one_that_could_not_be_compared(behaviour: dict[str, Any], says: str, desk: Desk, looked_at: Look) -> None:
    found = looked_at(noted(desk), **behaviour)
    assert says in str(found.message)
    assert (found.differences, found.asked, found.drifted) == ((), (), False)
    assert str(found.message).isprintable()


def test_one_that_an_older_version_configured(desk: Desk, looked_at: Look, sopctl: Callable[..., Ran]) -> None:
    """Nobody asks the server; what is said helps, and monitoring sees it."""
    found = looked_at(None, refuse="session")
    assert "noted nothing of what it left" in found.message
    file = desk.site.root.parent / "drift.prom"
    ran = sopctl("configure", "--drift", "--all", "--metrics", str(file))
    assert (ran.code, ran.out) == (6, f"{found.id}  not compared\n")
    assert "--repair" in ran.err
    assert f'sopctl_drift_compared{{deposit="{found.id}"}} 0.0' in file.read_text()
    ran = sopctl("configure", "--drift", found.id, "--json")
    assert ran.code == 6
    assert json.loads(ran.out)["servers"][0]["message"] == found.message


def test_an_older_site_has_no_fingerprint(desk: Desk, looked_at: Look) -> None:
    before = noted(desk)
    (desk.site.root / left.FINGERPRINT).unlink()
    assert "no fingerprint.sh" in looked_at(before, output=answer(WHOLE)).message


def test_what_anyone_could_change_is_not_run_as_root(desk: Desk, looked_at: Look) -> None:
    before = noted(desk)
    (desk.site.root / left.FINGERPRINT).chmod(0o666)
    assert "can change what would be executed" in looked_at(before, output=answer(WHOLE)).message
