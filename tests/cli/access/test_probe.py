"""`sopctl probe` as a person and as a script meet it: a process, its output and its exit code."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import paramiko
import pytest

from sopctl.model.access.causes import Cause
from sopctl.model.access.target import fingerprint
from tests.adapters.ssh import hostile
from tests.adapters.ssh.hostile import Behaviour
from tests.patience import LATE, PATIENCE, eventually

ROOT = Path(__file__).parents[3]
SOPCTL = [sys.executable, "-m", "sopctl", "probe"]


def probe(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SOPCTL, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "deposit"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


def test_json_of_a_login_and_of_a_failure(key_file: Path) -> None:
    host_key = paramiko.ECDSAKey.generate()
    ours = paramiko.Ed25519Key.from_private_key_file(str(key_file))
    with hostile.listening(hostile.ssh(Behaviour(keys=(ours,)), host_key)) as host:
        pinned = fingerprint(host_key.asbytes())
        login = ["--user", "deposit", "--key", key_file, "--json", "--service", host.port]
        good = probe(f"127.0.0.1:{host.port}", "--expect-key", pinned, *login)
        bad = probe(f"127.0.0.1:{host.port}", "--expect-key", f"SHA256:{'A' * 43}", *login)
    assert (good.returncode, good.stderr) == (0, "")
    (result,) = json.loads(good.stdout)["results"]
    assert " ".join(result) == (
        "host port verdict rung cause detail remedy seconds rungs host_key banner algorithms user services jump"
    )
    assert result["verdict"] == "accessible"
    assert result["host_key"]["sha256"] == pinned
    assert (bad.returncode, bad.stderr) == (1, "")
    (result,) = json.loads(bad.stdout)["results"]
    assert (result["rung"], result["cause"]) == ("host-key", "host-key-changed")
    assert "do not log in" in result["remedy"]
    assert len(host.logins) == 1


def test_json_says_from_which_jump_host_it_looked(key_file: Path) -> None:
    pinned = f"SHA256:{'A' * 43}"
    with hostile.closed_port() as port:
        gate = ["--jump", f"hop@127.0.0.1:{port}", "--jump-key", key_file, "--jump-expect-key", pinned]
        done = probe("198.18.0.1", *gate, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    (result,) = json.loads(done.stdout)["results"]
    assert (result["rung"], result["cause"]) == ("jump", "refused")
    assert result["jump"] == {"host": "127.0.0.1", "port": port, "user": "hop", "expect_key": pinned}


def test_ladder_for_people() -> None:
    with (
        hostile.listening(hostile.ssh(Behaviour(), paramiko.ECDSAKey.generate())) as host,
        hostile.closed_port() as closed,
        hostile.listening(hostile.saying(b"\x1b[31mred\n")) as red,
    ):
        shown = probe(f"127.0.0.1:{host.port}", f"127.0.0.1:{closed}", f"127.0.0.1:{red.port}")
    assert shown.returncode == 1
    assert "\x1b" not in shown.stdout
    first, second, third = (part for part in shown.stdout.split("\n127.0.0.1") if part)
    assert re.search(r"✓ host key +\d+ ms  ecdsa-sha2-nistp256 SHA256:", first)
    assert re.search(r"✗ TCP +\d+ ms  127.0.0.1: connection refused\n +refused: start sshd", second)
    assert "\\x1b[31mred" in third


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--", "-oProxyCommand=x"],
        ["bad_name"],
        ["web:0"],
        ["web.example.org", "--user", "deposit"],
        ["a.example.org", "b.example.org", "--expect-key", f"SHA256:{'A' * 43}"],
        ["a.example.org", "--expect-key", "nonsense"],
        ["a.example.org", "--timeout", "0"],
        ["a.example.org", "--service", "70000"],
        ["a.example.org", "--service", "443/udp"],
        ["a.example.org", "--server-name", "a b"],
        ["a.example.org", "--jump", "hop@gate.example.org"],
        ["a.example.org", "--jump", "gate.example.org", "--jump-key", "hop"],
        ["a.example.org", "--jump-expect-key", f"SHA256:{'A' * 43}"],
    ],
)
def test_usage(arguments: list[str]) -> None:
    refused = probe(*arguments)
    assert refused.returncode == 2, refused.stdout
    assert "Traceback" not in refused.stderr


def test_dead_hosts_do_not_add_up() -> None:
    with ExitStack() as listening:
        hosts = [listening.enter_context(hostile.listening(hostile.silent)) for _ in range(20)]
        began = time.monotonic()
        done = probe("--timeout", "3", *(f"127.0.0.1:{host.port}" for host in hosts))
        took = time.monotonic() - began
    assert done.returncode == 1
    assert [host.connections for host in hosts] == [1] * 20
    assert took < 3 + LATE


def test_ctrl_c_ends_it_at_once() -> None:
    with hostile.listening(hostile.silent) as host:
        words = [*SOPCTL, "--timeout", "60", f"127.0.0.1:{host.port}"]
        process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with process:
            eventually(lambda: host.connections, "it does not connect")
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            _, said = process.communicate(timeout=PATIENCE)
            assert time.monotonic() - began < LATE
    assert process.returncode == 130
    assert b"Traceback" not in said


def test_the_documentation_has_every_cause_and_what_helps() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \| .* \| (.*) \|$", (ROOT / "docs/reference/causes.md").read_text(), re.MULTILINE
    )
    documented = {cause: helps.replace("\\*", "*") for cause, helps in rows if cause in list(Cause)}
    assert documented == {str(cause): cause.remedy(user="USER", port="PORT") for cause in Cause}
