"""details.sh itself, run here with tools that answer as a server's may."""

import shutil
import subprocess
from pathlib import Path

import pytest

from sopctl.model.facts.script import from_script
from tests.model.facts.captures import AT

SCRIPT = Path(__file__).parents[3] / "playbooks/files/details.sh"
NEEDED = ("awk", "cat", "grep", "id", "sh", "timeout", "uname")
DF = "#!/bin/sh\ncase $* in *l*) echo '/dev/sdz1 1000 400 600 40% /srv' ;; *) exit 124 ;; esac\n"
"""A df that a dead share holds up: it is ended by the clock, and has said nothing."""


def test_a_dead_share_does_not_cost_the_sizes_of_the_others(tmp_path: Path) -> None:
    for name in NEEDED:
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    (tmp_path / "df").write_text(DF)
    (tmp_path / "df").chmod(0o755)
    words = ["/bin/sh", str(SCRIPT)]
    said = subprocess.run(words, env={"PATH": str(tmp_path)}, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    assert b"\n=df ok\n /dev/sdz1 1000 400 600 40% /srv\n=" in said.stdout
    assert said.stdout.endswith(b"\n=end ok\n")


HOST = r"""
set -e
mount -t tmpfs tmpfs "$1"
mkdir -p "$1/upper" "$1/work" "$1/home/.local/share/containers/storage/overlay-containers"
mount -t overlay overlay -o "lowerdir=/var/lib,upperdir=$1/upper,workdir=$1/work" /var/lib
mkdir -p /var/lib/incus/containers/web-1 /var/lib/incus/virtual-machines/kasir /var/lib/lxc/arsip
mkdir -p /var/lib/systemd/linger
touch /var/lib/systemd/linger/nobody
echo '[{"id": "0a", "names": ["surat"]}]' >"$1/home/.local/share/containers/storage/overlay-containers/containers.json"
sed "s|^nobody:.*|nobody:x:65534:65534::$1/home:/usr/sbin/nologin|" /etc/passwd >"$1/passwd"
mount --bind "$1/passwd" /etc/passwd
exec sh "$2"
"""
"""A host with guests of Incus and LXC, and a user whose own Podman has one, in a mount namespace of its own."""


@pytest.mark.lab
def test_guests_that_no_tool_need_be_asked_for(tmp_path: Path) -> None:
    words = ["unshare", "--mount", "sh", "-c", HOST, "sh", str(tmp_path), str(SCRIPT)]
    said = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    found = {(each.kind, each.name) for each in from_script(said.stdout, gathered_at=AT).guests}
    assert {("container", "web-1"), ("vm", "kasir"), ("container", "arsip"), ("container", "surat")} <= found
