"""Layers over the image: packages that servers in an owner's state need, installed once and kept beside the images.

A layer holds what installing these packages changed in the image. The image's own apt sources and this machine's apt
are used, as mmdebstrap does; nothing of either is left in the layer.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from sopctl.adapters.lab import files, image, lock, state
from sopctl.locale import Text

# In a mount namespace of its own, so that no mount is left, however it ends. Services are enabled, not started.
INSTALL = """
set -eu
base=$1; shift
for building in "$@"; do :; done
names=${*%"$building"}
mkdir -p "$building/work" "$building/changed" "$building/root"
root=$building/root
mount -t overlay -o "lowerdir=$base,upperdir=$building/changed,workdir=$building/work" sopctl-layer "$root"
for place in run var/lib/apt/lists var/cache/apt; do mount -t tmpfs sopctl-layer "$root/$place"; done
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
printf '#!/bin/sh\\nexit 101\\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
export DEBIAN_FRONTEND=noninteractive
apt() {
    apt-get -qq -o Dir="$root/" -o DPkg::Chroot-Directory="$root" -o Dpkg::Options::=--force-unsafe-io \
        -o Dpkg::Options::=--path-exclude=/usr/share/man/* -o Dpkg::Options::=--path-exclude=/usr/share/locale/* \
        -o Dpkg::Options::=--path-exclude=/usr/share/doc/* -o APT::Install-Recommends=false "$@" </dev/null
}
apt update
apt install -y $names
rm "$root/usr/sbin/policy-rc.d"
"""


def path(base: Path, packages: Sequence[str]) -> Path:
    """The folder of the layer with these packages over the image `base`, once it is built."""
    digest = hashlib.sha256("\0".join((INSTALL, *packages)).encode()).hexdigest()
    return _of(base) / digest[: image.DIGEST_LENGTH]


def lower(base: Path, packages: Sequence[str]) -> list[Path]:
    """The read-only layers of a server with these packages, the uppermost first."""
    return [*([path(base, packages) / "changed"] if packages else []), base]


def ensure(base: Path, packages: Sequence[str], progress: Callable[[str], None]) -> None:
    """Build the layer if it is missing (some seconds; needs this machine's package mirror).

    Raises OutsideFailure when it cannot be built.
    """
    layer = path(base, packages)
    if not packages or layer.is_dir():
        return
    layer.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    progress(f"installing {', '.join(packages)} (once)")
    with lock.held(
        layer.with_suffix(".lock"), what=Text("the layer {name}", name=layer.name), wait=image.BUILD_SECONDS
    ) as ours:
        try:
            if not layer.is_dir():
                building = layer.with_suffix(".building")
                files.remove_tree(building)
                install = ["unshare", "--mount", "--", "sh", "-c", INSTALL, "layer", str(base), *packages]
                image.build(install, building, layer, ours.fd)
                _prune(base.parent)
        finally:
            ours.remove()


def _of(base: Path) -> Path:
    """Where the layers over an image are."""
    return state.cache_folder() / "layers" / base.name


def _prune(images: Path) -> None:
    """Delete the layers over images that are gone, except those that a server uses."""
    mounts = Path("/proc/self/mountinfo").read_text()
    for layers in (images / "layers").iterdir():
        if not (images / layers.name).exists() and str(layers) not in mounts:
            files.remove_tree(layers)
