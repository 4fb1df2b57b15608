"""The pinned host key reaches ssh as it is, and nothing else gets in with it."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from sopctl.adapters.ansible.connection import ALGORITHMS, key_file, refuse_path, ssh_common_args
from sopctl.errors import InvalidRecord
from sopctl.model.access.target import HostKey, Jump

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAICE6h+tijUO4sus97xy/bqxX3wPgabxK3MyJpFz+8lv0"


def ssh_settings(arguments: str) -> dict[str, str]:
    """What ssh itself understands of the arguments, split as Ansible splits them."""
    words = ["ssh", "-G", "-F", "none", *shlex.split(arguments), "-p", "2222", "server.example.org"]
    out = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return dict(line.split(" ", 1) for line in out.splitlines() if " " in line)


def key_read(*words: str) -> str:
    """The private key that ssh looks for, once it has replaced what it replaces in a path."""
    words = ("ssh", "-v", "-F", "none", *words, "-o", "ProxyCommand=false", "server.example.org")
    told = subprocess.run(words, capture_output=True, text=True, check=False).stderr
    found = re.search(r"^debug1: identity file (.*) type -?\d+\s*$", told, re.MULTILINE)
    assert found, told
    return found[1]


PATHS = ("/srv/pusat data/k", "/srv/100%/k", "/srv/%h/%d/k", "/srv/it's/k", "/srv/a;b&c|d/k", "/srv/-o/k", "/srv/#1/k")


@pytest.mark.parametrize("path", PATHS)
def test_ssh_reads_the_key_that_was_meant(path: str) -> None:
    """As Ansible's ssh plugin writes the option."""
    refuse_path(Path(path))
    assert key_read("-o", f'IdentityFile="{key_file(path)}"') == path


@pytest.mark.parametrize("character", ['"', "\\", "$", "{", "}", ":", ",", "\n", "\x1b", "\u202e", "\udcff"])
def test_a_path_that_would_be_taken_for_another_is_refused(character: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        refuse_path(Path(f"/srv/a{character}b"))
    assert refused.value.id == "path-not-for-ansible"
    assert refused.value.where.isprintable()


@pytest.mark.parametrize("kind", ALGORITHMS)
def test_ssh_reads_the_pin(kind: str) -> None:
    settings = ssh_settings(ssh_common_args(HostKey(kind, KEY, "")))
    assert settings["knownhostscommand"] == f"/bin/echo %H {kind} {KEY}"
    assert settings["hostkeyalgorithms"] == ALGORITHMS[kind]


@pytest.mark.parametrize("key", [None, HostKey("ssh-ed25519", KEY, "")])
def test_no_other_key_counts_and_nothing_is_forwarded(key: HostKey | None) -> None:
    settings = ssh_settings(ssh_common_args(key))
    assert settings["stricthostkeychecking"] == "true"
    assert settings["userknownhostsfile"] == settings["globalknownhostsfile"] == "/dev/null"
    assert settings["verifyhostkeydns"] == "false"
    assert settings["forwardagent"] == "no"
    assert settings["identitiesonly"] == "yes"
    assert ("knownhostscommand" in settings and settings["knownhostscommand"] != "none") == (key is not None)


def test_ssh_goes_through_the_jump_host_which_must_show_its_own_key(tmp_path: Path) -> None:
    """What ssh makes of its ProxyCommand: the words that a shell starts, with a pin of their own."""
    file = tmp_path / "keys of ours" / "50%k"
    pinned = HostKey("ssh-ed25519", KEY, "")
    way = Jump("198.18.0.9", 2022, "hop", pinned.pin, pinned, str(file))
    settings = ssh_settings(ssh_common_args(pinned, way))
    assert settings["knownhostscommand"] == f"/bin/echo %H ssh-ed25519 {KEY}"
    assert settings["userknownhostsfile"] == "/dev/null"
    said = settings["proxycommand"].replace("%%", "\0").replace("%h", "198.18.3.4").replace("%p", "22")
    ssh, *words = shlex.split(said.replace("\0", "%"))
    assert (ssh, words[-3:]) == ("ssh", ["-W", "[198.18.3.4]:22", "198.18.0.9"])
    out = subprocess.run(["ssh", "-G", *words], capture_output=True, text=True, check=True).stdout
    inner = dict(line.split(" ", 1) for line in out.splitlines() if " " in line)
    assert inner["knownhostscommand"] == f"/bin/echo %H ssh-ed25519 {KEY}"
    assert (inner["user"], inner["port"]) == ("hop", "2022")
    assert key_read(*words[:-3]) == str(file)
    assert (inner["stricthostkeychecking"], inner["batchmode"], inner["identitiesonly"]) == ("true", "yes", "yes")


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("ssh-dss", KEY),
        ("ssh-ed25519 x", KEY),
        ("ssh-ed25519", ""),
        ("ssh-ed25519", KEY + '" -o ProxyCommand="touch /x'),
        ("ssh-ed25519", KEY + "\n"),
        ("ssh-ed25519", KEY + "{{ 1 }}"),
        ("ssh-ed25519", KEY + "%h"),
    ],
)
def test_what_is_no_host_key_is_refused(kind: str, key: str) -> None:
    with pytest.raises(InvalidRecord):
        ssh_common_args(HostKey(kind, key, ""))
