"""fingerprint.sh on this machine, whatever it is: what it prints, and what it does without its tools. What it says of
each change on a server: tests/lab/test_drift.py."""

import re
import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "playbooks/files/fingerprint.sh"
FACT = re.compile(r"[a-z][a-z-]* [ -~]*\t[ -~]*")
BASE = (
    "awk cat cut date find grep head id ls sed sh sha256sum sort timeout tr uname wc xargs".split()  # noqa: SIM905
)
"""What every system has."""


def run(text: str, *accounts: str) -> list[str]:
    ran = subprocess.run(
        ["sh", "-s", "--", *accounts], input=text, capture_output=True, text=True, check=True, timeout=120
    )
    assert ran.stderr == ""
    return ran.stdout.splitlines()


def test_what_it_prints() -> None:
    lines = run(SCRIPT.read_text(), "root", "no-such-account")
    assert lines == sorted(lines)
    assert all(FACT.fullmatch(line) for line in lines)
    keys = [line.partition("\t")[0] for line in lines]
    assert len(set(keys)) == len(keys)
    assert "look complete\tyes" in lines
    assert any(line.startswith("account root\tuid=0 ") for line in lines)
    assert [line for line in lines if not line.startswith(("nft", "iptables", "address", "route"))] == [
        line
        for line in run(SCRIPT.read_text(), "root", "no-such-account")
        if not line.startswith(("nft", "iptables", "address", "route"))  # lab servers of other tests come and go
    ]


def test_no_secret_is_printed() -> None:
    lines = "\n".join(run(SCRIPT.read_text()))
    assert not re.search(r"[$][0-9a-z]{1,2}[$]", lines), "a password's hash"
    assert not re.search(r"file /etc/(shadow|gshadow|ssh/ssh_host_\w+_key)\t.* [0-9a-f]{64}", lines)


def test_without_its_tools(tmp_path: Path) -> None:
    """As on a system that has neither systemd nor apt, nft or sshd: their lines are left out."""
    for name in BASE:
        found = shutil.which(name)
        assert found
        (tmp_path / name).symlink_to(found)
    text, path = SCRIPT.read_text(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
    assert path in text
    lines = run(text.replace(path, f"PATH={tmp_path}"), "root")
    kinds = {line.partition(" ")[0] for line in lines}
    assert kinds >= {"account", "file", "group", "home", "look", "password"}
    assert not kinds & {"sshd", "nft", "unit", "apt", "package", "journald", "address"}
    assert "look complete\tyes" in lines
