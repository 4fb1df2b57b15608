"""The fleet's checks on real OpenSSH servers: what the documentation prints; then one goes down and comes back."""

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus
from sopctl.workflow.desk import Desk
from tests.conftest import Ran
from tests.patience import PATIENCE
from tests.printed import DOCS, play, printed

pytestmark = pytest.mark.lab


def test_the_fleet(
    desk: Desk, placed: Callable[..., str], sopctl: Callable[..., Ran], lab: LabStatus, pristine: LabServer
) -> None:
    root, key = desk.site.root, desk.site.root / "keys" / "owner"
    key.write_bytes(Path(pristine.key_file).read_bytes())
    key.chmod(0o600)
    account = shlex.quote(pristine.user)  # its keys let in one more, which may be broken: the lab itself uses this one
    servers.run(
        pristine,
        "useradd --create-home --shell /bin/sh --password '*' pengelola &&"
        f" cp -r ~{account}/.ssh ~pengelola/ && chown -R pengelola: ~pengelola/.ssh",
    )
    good, other = stand(placed, lab.servers[0], lab.servers[0].user), stand(placed, pristine, "pengelola")

    results = {one["id"]: one for one in json.loads(sopctl("check", "--all", "--json").out)["results"]}
    assert {one["verdict"] for one in results.values()} == {"accessible"}, results
    assert {one["rung"] for one in results.values()} == {"command"}, "logged in, and the shell answered"
    assert results[other]["banner"].startswith("SSH-2.0-OpenSSH_")

    lines = [line.replace("PS-2026-0001", good) for line in printed(DOCS / "howto/checks.md")]
    assert sum("sopctl check" in line for line in lines) >= 8
    play([f"cd {root}", *lines], root.parent)  # a home that is no site
    assert b"<svg" in (root / "month.svg").read_bytes()

    servers.run(pristine, "usermod --expiredate 1 pengelola")
    with watching(root) as rounds:
        told = [next(one for one in rounds if one["id"] == other) for _ in range(3)]
        assert [(one["verdict"], one["cause"]) for one in told] == [("inaccessible", "account-expired")] * 3
        assert [one["status"] for one in told] == ["up", "up", "down"]
    ran = sopctl("check", "--all", "--format", "nagios")
    assert (ran.code, f"1 of 2 servers accessible: {other} login account-expired" in ran.out) == (2, True), ran
    assert sopctl("check", good).code == 0
    servers.run(pristine, "usermod --expiredate '' pengelola")
    ran = sopctl("check", "--all", "--format", "nagios")
    assert (ran.code, f"{other} unsteady" in ran.out) == (1, True), ran
    with watching(root) as rounds:
        assert next(one for one in rounds if one["id"] == other and one["status"] == "up")["cause"] is None
    (outage,) = json.loads(sopctl("checks", "history", other, "--json").out)["outages"]
    assert (outage["cause"], outage["ended"] > outage["began"]) == ("account-expired", True)
    figures = {one["id"]: one for one in json.loads(sopctl("checks", "report", "--json").out)["servers"]}
    assert figures[good]["percent"] == 100
    assert 0 < figures[other]["percent"] < 100


def stand(placed: Callable[..., str], server: LabServer, user: str) -> str:
    """The lab's server, as if its owner had brought it."""
    pinned = next(one for one in server.host_keys if one.type == "ssh-ed25519")
    return placed(server.address, server.port, msgspec.to_builtins(pinned), user)


@contextmanager
def watching(root: Path) -> Iterator[Iterator[dict[str, Any]]]:
    """The results of `check --all --watch 1`, as they come; ended by Ctrl-C."""
    command = [sys.executable, "-m", "sopctl", "check", "--all", "--format", "ndjson", "--watch", "1"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield (json.loads(line) for line in process.stdout)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
