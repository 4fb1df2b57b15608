"""Looking at an account on a server that lies. (On honest ones: tests/lab/test_access.py.)"""

import base64
import time

import paramiko
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sopctl.adapters.ssh import Key, examine_accounts
from sopctl.adapters.ssh.examine import MAX_RECORDS, read_records, read_seen
from sopctl.errors import InvalidRecord
from sopctl.model.access.account import findings
from sopctl.model.access.target import Pin, Target
from sopctl.model.text import printable
from tests.adapters.ssh import hostile
from tests.adapters.ssh.hostile import Behaviour
from tests.adapters.ssh.test_probe import pin_of
from tests.patience import LATE

LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJrcqLDJcLBoqAXNXMA9VpXvmPqQoIINRUQjkR8sUlGh"
NAMES = ("today", "passwd", "shadow", "groups", "nologin", "address", "sshd_status", "sshd", "file", "content",
         "readable", "entry", "shell", "end")  # fmt: skip


def record(name: str, text: str) -> bytes:
    return f"={name} {base64.b64encode(text.encode()).decode()}\n".encode()


def test_records() -> None:
    noise = b"Welcome!\n=Bad AAAA\n=bad A*\n=bad AAA\n\xff\xfe\n"
    assert read_records(noise + record("today", "20000") + b"= \n" + record("end", "")) == [
        ("today", "20000"),
        ("end", ""),
    ]
    assert len(read_records(record("entry", "x") * 5000)) <= MAX_RECORDS + 1


hostile_text = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["web:x:1000:1000::/home/web:/bin/sh", "web:x:-1:::\x1b[2J:", "locked 1 2 3 4", "none 9 999999999 0 0"]
    ),
    st.sampled_from(["1000 600 own /home", "9999999999 77777 - /\n", "yes -", "no 999999999", "0", "20000", "-99999"]),
    st.just(f'from="!*",expiry-time="x" {LINE}\nallowusers \u202e\nforcecommand \x1b[2J'),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), hostile_text), max_size=25))
def test_whatever_is_said_is_judged_and_safe_to_print(said: list[tuple[str, str]]) -> None:
    records = [("passwd", "web:x:1000:1000::/home/web:/bin/sh"), ("sshd_status", "0"), *said]
    found = findings(read_seen("web", records), [LINE])
    assert found
    assert all(one.detail == printable(one.detail, 2000) for one in found)
    assert all((one.cause is None) == one.ok for one in found)


def examined(
    behaviour: Behaviour, host_key: paramiko.PKey, key: Key, timeout: float = 20.0
) -> tuple[str, str | None, str]:
    with hostile.listening(hostile.ssh(behaviour, host_key)) as host:
        target = Target("127.0.0.1", host.port, "deposit", pin_of(host_key), timeout=timeout)
        began = time.monotonic()
        found = examine_accounts(target, key, {"web": [LINE]})
        assert time.monotonic() - began < timeout + LATE
    assert not found.ok
    return found.access.rung, found.access.cause, found.access.detail


@pytest.mark.parametrize(
    ("behaviour", "cause", "words"),
    [
        ({"output": b"sudo: \x1b[2J a password is required\n", "status": 1}, "sudo-refused", "\\x1b[2J a password"),
        ({"output": b"sh: not found\n", "status": 127}, "command-failed", "not found"),
        ({"output": b"", "status": 0}, "command-failed", "exit status 0"),
        ({"output": record("today", "1"), "status": 0}, "command-failed", "could not be examined"),
        ({"endless": True}, "flooded", "without end"),
        ({"refuse": "exec"}, "command-refused", "refuses to run"),
    ],
)
def test_no_answer(behaviour: dict[str, object], cause: str, words: str, key: Key, host_key: paramiko.PKey) -> None:
    rung, told, detail = examined(Behaviour(keys=(key.pkey,), **behaviour), host_key, key)  # type: ignore[arg-type]
    assert (rung, told) == ("command", cause)
    assert words in detail


def test_one_that_never_ends(key: Key, host_key: paramiko.PKey) -> None:
    assert examined(Behaviour(keys=(key.pkey,), never_ends=True), host_key, key, 1.0)[1] == "timeout"


def test_refuses_what_must_not_reach_a_command_line(key: Key) -> None:
    there = Target("127.0.0.1", 1, "deposit", Pin("SHA256:" + "A" * 43))
    for account, keys, address in (
        ("web; reboot", [LINE], None),
        ("-rf", [LINE], None),
        ("web", [], None),
        ("web", ["ssh-ed25519 $(reboot)"], None),
        ("web", [LINE], "192.0.2.7,user=root"),
    ):
        with pytest.raises(InvalidRecord):
            examine_accounts(there, key, {account: keys}, address=address)
    with pytest.raises(InvalidRecord, match="management account"):
        examine_accounts(Target("127.0.0.1", 1), key, {"web": [LINE]})
