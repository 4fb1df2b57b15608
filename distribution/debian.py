"""A Debian of another release on this machine, for its Python: the lab's image, with packages in a layer over it.

Commands run in it as root, in namespaces of their own. What they change outside the checkout, what they mount and what
they leave running is gone with them, however they end: also when whoever started them is killed.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from sopctl.adapters.lab import image, layer
from sopctl.adapters.lab.state import Tier
from sopctl.errors import SopctlError

CHECKOUT = Path(__file__).parents[1]


class Release(NamedTuple):
    """What a release of Debian has."""

    python: str
    promtool: str
    """The package that has the program."""


RELEASES = {"bookworm": Release("3.11", "prometheus"), "trixie": Release("3.13", "promtool")}
PACKAGES = (
    "ca-certificates", "caddy", "e2fsprogs", "ethtool", "git", "iproute2", "libcap2-bin", "make", "nats-server",
    "nginx", "openssh-client", "python3-venv",
)  # fmt: skip
"""What `make setup-dev` gives tests, besides its DEV_PACKAGES and promtool; the lab's own tools are left out."""
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

# The changes are in memory. The shell stays: a first process has to bury what others leave behind, and `unshare` takes
# all others with it.
ENTER = """
set -eu
lower=$1 place=$2 checkout=$3; shift 3
root=$place/root
mkdir -p "$place"
mount -t tmpfs sopctl-debian "$place"
mkdir "$place/work" "$place/changed" "$root"
mount -t overlay -o "lowerdir=$lower,upperdir=$place/changed,workdir=$place/work" sopctl-debian "$root"
mount -t proc proc "$root/proc"
for each in dev sys; do mount --rbind "/$each" "$root/$each"; done
mkdir -p "$root$checkout"
mount --bind "$checkout" "$root$checkout"
chroot "$root" env -C "$checkout" -u TMPDIR -u VIRTUAL_ENV HOME=/root LANG=C.UTF-8 "$@"
exit
"""


def of(version: str) -> str | None:
    """The release that has this Python, or that is called so."""
    return next((release for release, has in RELEASES.items() if version in (release, has.python)), None)


def packages(release: str) -> list[str]:
    """What is installed in the layer."""
    (named,) = re.findall(r"(?m)^DEV_PACKAGES := (.*)$", (CHECKOUT / "Makefile").read_text())
    return sorted({*PACKAGES, *named.split(), RELEASES[release].promtool})


def entering(release: str) -> tuple[str, ...]:
    """The words before a command that run it in this release, in the checkout. Both are built first if they are not
    there (minutes, the first time).

    Raises SopctlError when they cannot be built, and OSError or CalledProcessError when nothing can be run in it.
    """
    base = image.ensure(release, Tier.SYSTEMD, print)
    layer.ensure(base, packages(release), print)
    lower = ":".join(map(str, layer.lower(base, packages(release))))
    words = (
        "setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER,
        "debian", lower, str(CHECKOUT / f".cache/{release}"), str(CHECKOUT),
    )  # fmt: skip
    subprocess.run([*words, "true"], capture_output=True, check=True)
    return words


def given(release: str) -> tuple[str, ...] | str:
    """What enters this release; or why it cannot be entered here."""
    if os.geteuid() != 0:
        return f"Debian's {release} has it, which only root can enter"
    try:
        return entering(release)
    except subprocess.CalledProcessError as error:
        return f"Debian's {release} cannot be entered: {error.stderr.decode(errors='replace').strip()}"
    except (SopctlError, OSError) as error:
        return f"Debian's {release} cannot be had: {error}"
