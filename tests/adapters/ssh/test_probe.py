"""The access check against real sockets: each way to fail is told by its rung and cause, and ends in time."""

import contextlib
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import paramiko
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sopctl.adapters.ssh import Key, check, tcp
from sopctl.errors import Interrupted, InvalidRecord
from sopctl.model.access.causes import Cause
from sopctl.model.access.destinations import EVERYWHERE
from sopctl.model.access.ladder import AccessResult, Rung, Verdict, remedy
from sopctl.model.access.target import Jump, Pin, Target, fingerprint, pin
from sopctl.model.text import printable
from tests.adapters.ssh import hostile
from tests.adapters.ssh.hostile import Behaviour, Host, Script
from tests.cases import rows
from tests.patience import LATE, PATIENCE, eventually

TABLES = Path(__file__).parents[2] / "cases"
CASES = yaml.load((TABLES / "causes.yml").read_text(), yaml.CSafeLoader)
ACCOUNTS = yaml.load((TABLES / "accounts.yml").read_text(), yaml.CSafeLoader)
ROOMY = 20.0
"""Seconds for checks that must end by themselves, long before."""


def pin_of(key: paramiko.PKey) -> Pin:
    return pin(f"{key.get_name()} {key.get_base64()}")


def script_of(kind: str, options: dict[str, Any], key: Key, host_key: paramiko.PKey) -> Script:
    """The server that a row of causes.yml describes."""
    first = options.get("first", "").encode("latin-1")
    text = options.get("text", "").encode()
    servers: dict[str, Callable[[], Script]] = {
        "silent": lambda: hostile.silent,
        "http": lambda: hostile.http,
        "saying": lambda: hostile.saying(text, options.get("then", "close")),
        "repeating": lambda: hostile.repeating(text, first, options.get("every", 0.0)),
        "packets": lambda: hostile.packets(options["payload"].encode("latin-1"), options.get("forever", False)),
        "offering": lambda: hostile.offering(**options),
        "ssh": lambda: hostile.ssh(
            Behaviour(keys=(key.pkey,), **{**options, "output": options.get("output", "").encode()}), host_key
        ),
    }
    return servers[kind]()


def threads_left() -> list[str]:
    """Threads that a check has started and that still run. (The servers' own are not meant.)"""
    ours = [thread for thread in threading.enumerate() if type(thread).__module__.startswith("sopctl.")]
    return [thread.name for thread in ours]


@contextlib.contextmanager
def provoked(meet: str | dict[str, Any], key: Key, host_key: paramiko.PKey) -> Iterator[Host]:
    if meet == "closed":
        with hostile.closed_port() as port:
            yield Host(port)
    elif meet == "full":
        with hostile.full_port() as port:
            yield Host(port)
    else:
        kind, options = (meet, {}) if isinstance(meet, str) else next(iter(meet.items()))
        with hostile.listening(script_of(kind, dict(options), key, host_key)) as host:
            yield host


def assert_told(case: dict[str, Any], result: AccessResult) -> None:
    assert (result.rung, result.cause) == (case["rung"], case["cause"]), result
    assert re.search(case["detail"], result.detail), result.detail
    assert result.detail == printable(result.detail, 2000)
    assert result.verdict is Verdict.INACCESSIBLE
    assert [one.ok for one in result.rungs] == [True] * (len(result.rungs) - 1) + [False]
    assert remedy(result)
    assert "{" not in remedy(result)


@pytest.mark.parametrize("case", [pytest.param(one, id=one["name"]) for one in CASES if "meet" in one])
def test_cause(
    case: dict[str, Any], key: Key, host_key: paramiko.PKey, other_host_key: paramiko.PKey, other_key_file: Path
) -> None:
    pins = {
        "none": None,
        "right": pin_of(host_key),
        "other": pin_of(other_host_key),
        "other-type": pin(other_key_file.with_suffix(".pub").read_text()),
    }
    timeout = case.get("timeout", ROOMY)
    with (
        provoked(case["meet"], key, host_key) as host,
        provoked(case.get("service", "closed"), key, host_key) as service,
    ):
        target = Target(
            case.get("host", "127.0.0.1"),
            host.port,
            user="deposit",
            expect_key=pins[case.get("pin", "right")],
            command=case.get("command", "true"),
            services=(service.port,) if "service" in case else (),
            timeout=timeout,
            destinations=EVERYWHERE if case.get("record") else None,
        )
        began = time.monotonic()
        result = check(target, key)
        took = time.monotonic() - began
        eventually(lambda: not threads_left(), "its thread runs on")
    assert_told(case, result)
    assert took <= timeout + LATE
    if "timeout" in case:
        assert took >= timeout
    assert host.connections <= 1
    assert len(host.logins) == case.get("logins", 0)


def namespaces() -> bool:
    tried = subprocess.run(["unshare", "-Urmn", "true"], capture_output=True, check=False)
    return tried.returncode == 0


@pytest.mark.skipif(not namespaces(), reason="this machine lets nobody make namespaces (unshare -Urmn)")
@pytest.mark.parametrize("case", [pytest.param(one, id=one["name"]) for one in CASES if "isolated" in one])
def test_cause_in_a_broken_network(case: dict[str, Any], tmp_path: Path) -> None:
    command = ["unshare", "-Urmn", sys.executable, "-m", "tests.adapters.ssh.isolated", case["isolated"], tmp_path]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr.decode()
    assert_told(case, msgspec.json.decode(done.stdout, type=AccessResult))


def test_every_cause_is_provoked() -> None:
    """A cause without a provocation is a sentence that nobody has seen come true."""
    elsewhere = {case.get("cause") for name in ("first_contact", "survey_obstacles") for case in rows(name)}
    told = {case.get("cause") for case in CASES + ACCOUNTS} | {case["login"] for case in ACCOUNTS} | elsewhere
    assert told - {None} == {str(cause) for cause in Cause} - {"sudo-asks"}  # tests/lab/test_survey.py: sudo and a key


def test_what_openssh_can_be_made_to_do_is_done_by_openssh() -> None:
    """The rest is what no sshd decides: what a web server answers, or shows as its certificate."""
    real = [case for case in CASES if {"sshd", "firewall", "jump"} & case.keys()] + ACCOUNTS
    told = {case.get("cause") for case in real} | {case["login"] for case in ACCOUNTS} | {"sudo-asks"}
    told |= {case.get("cause") for name in ("first_contact", "survey_obstacles") for case in rows(name)}
    assert {str(cause) for cause in Cause} - told == {
        "address-refused",
        "certificate-expired",
        "certificate-untrusted",
        "certificate-wrong-name",
        "http-status",
        "not-ssh",
    }


def test_accessible(key: Key, host_key: paramiko.PKey) -> None:
    behaviour = Behaviour(keys=(key.pkey,), output=b"hello\n")
    with hostile.listening(hostile.ssh(behaviour, host_key)) as host:
        target = Target("127.0.0.1", host.port, "deposit", pin_of(host_key), services=(host.port,), timeout=ROOMY)
        result = check(target, key)
    assert result.verdict is Verdict.ACCESSIBLE, result
    assert [one.rung for one in result.rungs] == [rung for rung in Rung if rung not in ("jump", "tls", "http")]
    assert result.host_key is not None
    assert result.host_key.sha256 == fingerprint(host_key.asbytes())
    assert result.algorithms.keys() == {"kex", "host_key", "cipher", "mac"}
    assert host.logins == [("deposit", "publickey")]
    assert remedy(result) == ""


def test_a_jump_host_is_asked_for_addresses_that_were_judged(
    key: Key, host_key: paramiko.PKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a name leads to there is for whoever owns the name to say: it is looked up and judged here."""

    def entries(*addresses: str) -> list[Any]:
        return [(socket.AF_INET, 1, 6, "", (address, 22)) for address in addresses]

    behaviour = Behaviour(keys=(key.pkey,), leads_to=("192.0.2.7",))
    told = {}
    for found, destinations in (
        (("192.0.2.6", "192.0.2.7"), EVERYWHERE),
        (("192.0.2.7", "127.0.0.1"), EVERYWHERE),
        (("192.0.2.7",), None),
    ):
        with hostile.listening(hostile.ssh(behaviour, host_key)) as host:
            through = Jump("127.0.0.1", host.port, "deposit", pin_of(host_key))
            where = Target("web.example.org", 22, timeout=10.0, jump=through, destinations=destinations)
            with monkeypatch.context() as patched:
                patched.setattr(tcp, "_ask_resolver", lambda *_, found=found: entries(*found))
                result = check(where, jump_key=key)
        told[found, destinations is None] = (str(result.rung), list(host.forwards))
    assert told == {
        (("192.0.2.6", "192.0.2.7"), False): ("banner", ["192.0.2.6", "192.0.2.7"]),
        (("192.0.2.7", "127.0.0.1"), False): ("name", []),
        (("192.0.2.7",), True): ("tcp", ["web.example.org"]),  # an operator named it, who may go anywhere
    }


def test_without_a_user_nobody_logs_in(host_key: paramiko.PKey) -> None:
    with hostile.listening(hostile.ssh(Behaviour(), host_key)) as host:
        result = check(Target("127.0.0.1", host.port, timeout=ROOMY))
    assert (result.verdict, result.rung) == (Verdict.ACCESSIBLE, Rung.HOST_KEY)
    assert fingerprint(host_key.asbytes()) in result.detail
    assert host.logins == []


def test_ipv6(host_key: paramiko.PKey) -> None:
    try:
        with hostile.listening(hostile.ssh(Behaviour(), host_key), "::1") as host:
            result = check(Target("::1", host.port, timeout=ROOMY))
    except OSError:
        pytest.skip("this machine has no IPv6 on loopback")
    assert result.verdict is Verdict.ACCESSIBLE, result


def test_a_pinned_type_is_asked_for_first(key: Key, host_key: paramiko.PKey) -> None:
    """A server with several keys must not look changed because it would rather show another one."""
    rsa = paramiko.RSAKey.generate(2048)
    with hostile.listening(hostile.ssh(Behaviour(keys=(key.pkey,)), host_key, rsa)) as host:
        for pinned in (host_key, rsa):
            result = check(Target("127.0.0.1", host.port, "deposit", pin_of(pinned), timeout=ROOMY), key)
            assert result.verdict is Verdict.ACCESSIBLE, result
        typeless = check(Target("127.0.0.1", host.port, "deposit", Pin(fingerprint(rsa.asbytes())), timeout=ROOMY), key)
    assert typeless.cause is Cause.HOST_KEY_CHANGED
    assert "also has keys of the types ssh-rsa" in typeless.detail
    assert len(host.logins) == 2


def test_canary_a_changed_host_never_sees_a_credential(
    key: Key, host_key: paramiko.PKey, other_host_key: paramiko.PKey
) -> None:
    """The server would let anybody in; it must not even learn who wanted to."""
    seen = hostile.ssh(Behaviour(keys=(key.pkey,)), host_key)
    with hostile.listening(seen) as host:
        for expected in (pin_of(other_host_key), Pin(fingerprint(other_host_key.asbytes())), None):
            result = check(Target("127.0.0.1", host.port, "deposit", expected, timeout=ROOMY), key)
            assert result.rung is Rung.HOST_KEY
            assert not result.rungs[-1].ok
        assert host.logins == []
        # The canary can sing: with the right pin the same server does see the login.
        check(Target("127.0.0.1", host.port, "deposit", pin_of(host_key), timeout=ROOMY), key)
        assert host.logins == [("deposit", "publickey")]


@pytest.mark.parametrize("after", [1, 30, 200, 700, 900, 1100, 1300, 1500, 1700, 1900])
def test_cut_off_anywhere(after: int, key: Key, host_key: paramiko.PKey) -> None:
    """The stream ends, or stalls, after any number of bytes: an answer in time, and never "accessible"."""
    endless = Behaviour(keys=(key.pkey,), never_ends=True)
    with hostile.listening(hostile.ssh(endless, host_key)) as inner:
        for then, timeout in (("close", 1.5), ("hang", 0.5)):
            with hostile.listening(hostile.cut(inner, after, then)) as host:
                target = Target("127.0.0.1", host.port, "deposit", pin_of(host_key), timeout=timeout)
                result = check(target, key)
            assert result.verdict is Verdict.INACCESSIBLE
            assert result.cause in (Cause.CLOSED, Cause.TIMEOUT, Cause.NOT_SSH), result
            assert result.seconds <= timeout + LATE


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.binary(min_size=1, max_size=200).map(hostile.packet),
            st.just(hostile.kex_init()),
            st.binary(max_size=60).map(lambda rest: hostile.packet(b"\x1f" + rest)),
        ),
        max_size=4,
    )
)
def test_any_bytes_after_the_banner_end_in_an_answer(parts: list[bytes]) -> None:
    with hostile.listening(hostile.saying(hostile.IDENT + b"".join(parts))) as host:
        result = check(Target("127.0.0.1", host.port, timeout=5))
    assert result.verdict is Verdict.INACCESSIBLE
    assert result.seconds < 5 + LATE
    assert result.detail == printable(result.detail, 2000)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400))
def test_any_greeting_ends_in_an_answer(greeting: bytes) -> None:
    with hostile.listening(hostile.saying(greeting)) as host:
        result = check(Target("127.0.0.1", host.port, timeout=5))
    assert result.verdict is Verdict.INACCESSIBLE
    assert result.seconds < 5 + LATE
    assert all(one.detail == printable(one.detail, 2000) for one in result.rungs)


@pytest.mark.parametrize("hang_at", ["", "login", "exec"])
def test_cancel_ends_it_soon(hang_at: str, key: Key, host_key: paramiko.PKey) -> None:
    script = hostile.ssh(Behaviour(keys=(key.pkey,), hang_at=hang_at), host_key) if hang_at else hostile.silent
    cancel = threading.Event()
    with hostile.listening(script) as host:
        timer = threading.Timer(0.3, cancel.set)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Interrupted):
            check(Target("127.0.0.1", host.port, "deposit", pin_of(host_key), timeout=PATIENCE), key, cancel=cancel)
        assert time.monotonic() - began < LATE
        timer.join()
    eventually(lambda: not threads_left(), "its thread runs on")


def test_refuses_what_makes_no_sense() -> None:
    with pytest.raises(InvalidRecord, match="needs a private key"):
        check(Target("127.0.0.1", 1, user="deposit"))
