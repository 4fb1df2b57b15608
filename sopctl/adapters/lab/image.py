"""The image that all servers of a release share: built once by mmdebstrap, then only read. Machines have one more."""

import hashlib
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from sopctl.adapters.lab import command, files, lock, state
from sopctl.adapters.lab.state import Tier
from sopctl.errors import OutsideFailure

PACKAGES = (
    "dbus", "iproute2", "iputils-ping", "nftables", "openssh-server", "openvswitch-switch", "passwd", "procps",
    "python3", "python3-apt", "sudo", "systemd", "systemd-sysv", "systemd-timesyncd", "tzdata", "unattended-upgrades",
    "util-linux",
)  # fmt: skip
"""What the playbooks need: the servers have no network to install it from. One image for servers and for the switch:
Open vSwitch adds 29 MB to its 211, a second image would be another whole build and 240 MB."""

NETWORK_PACKAGES = ("dnsmasq-base", "ifupdown", "netplan.io", "network-manager", "systemd-resolved")
"""The other ways to run a server's network, and what gives addresses and names: asleep until someone rehearses one."""

MACHINE_PACKAGES = ("dmidecode", "ethtool", "kmod", "linux-image-cloud-amd64", "smartmontools", "udev")
"""What a machine needs besides: a kernel with all that it boots from built in, and the tools that know its parts."""

BUILD_SECONDS = 900.0
DIGEST_LENGTH = 16

# Two things keep `up` honest and quick: sshd answers only once logins are allowed (else pam_nologin refuses them
# for a moment), and nothing runs that a server without network, console and calendar does not need.
CUSTOMIZE = f"""
set -eu
root=$1
chroot "$root" useradd --create-home --shell /bin/bash --password '*' {state.OWNER}
chroot "$root" passwd --lock root >/dev/null
echo '{state.OWNER} ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/owner"
chmod 0440 "$root/etc/sudoers.d/owner"
mkdir -p "$root/etc/ssh/sshd_config.d" "$root/etc/systemd/system/ssh.service.d"
printf 'PasswordAuthentication no\\nKbdInteractiveAuthentication no\\nPermitRootLogin no\\n' \
    >"$root/etc/ssh/sshd_config.d/10-owner.conf"
printf '[Unit]\\nAfter=systemd-user-sessions.service\\n' >"$root/etc/systemd/system/ssh.service.d/logins-first.conf"
chroot "$root" systemctl --quiet enable systemd-networkd.service ssh.service
chroot "$root" systemctl --quiet mask systemd-networkd-wait-online.service console-getty.service getty@.service \
    dpkg-db-backup.timer e2scrub_all.timer fstrim.timer systemd-firstboot.service unattended-upgrades.service
chroot "$root" systemctl --quiet disable apt-daily.timer apt-daily-upgrade.timer {state.SWITCH_UNIT} \
    ovs-record-hostname.service
rm -f "$root"/etc/ssh/ssh_host_*_key "$root"/etc/ssh/ssh_host_*_key.pub
: >"$root/etc/machine-id"
rm -f "$root/etc/resolv.conf"; : >"$root/etc/resolv.conf"
"""

CUSTOMIZE_NETWORK = """
chroot "$1" systemctl --quiet disable NetworkManager.service NetworkManager-dispatcher.service \
    NetworkManager-wait-online.service networking.service systemd-resolved.service
"""

# Emulated, each of these takes a second or more of a boot, for nothing that a machine in the lab has.
CUSTOMIZE_MACHINE = """
chroot "$1" systemctl --quiet mask e2scrub_reap.service systemd-binfmt.service systemd-network-generator.service \
    systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-random-seed.service serial-getty@.service \
    modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service \
    modprobe@fuse.service modprobe@loop.service dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount \
    sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount
"""

# Run by sh, which inherits the lock: a build whose sopctl was killed goes on and completes, and the next run waits.
BUILD = """
set -eu
building=$1 image=$2; shift 2
"$@" "$building"
sync -f "$building"
mv -T "$building" "$image"
"""


def recipe(release: str, tier: Tier) -> list[str]:
    """The command that builds the image; the folder is still to be added."""
    machine = tier is Tier.VM
    packages = [*PACKAGES, *(MACHINE_PACKAGES if machine else NETWORK_PACKAGES)]
    if release == "bullseye" and "systemd-resolved" in packages:
        packages.remove("systemd-resolved")  # there it is a part of systemd
    hooks = (CUSTOMIZE, CUSTOMIZE_MACHINE if machine else CUSTOMIZE_NETWORK)
    return [
        *(("env", "INITRD=No") if machine else ()),  # which its kernel does without; it takes a third of the time
        "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}",
        "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        *(f"--customize-hook={hook}" for hook in hooks),
        release,
    ]  # fmt: skip


def path(release: str, tier: Tier) -> Path:
    """Where the image of this recipe is, once built: another recipe is another folder."""
    digest = hashlib.sha256("\0".join(recipe(release, tier)).encode()).hexdigest()
    return state.cache_folder() / f"{_kind(release, tier)}-{digest[:DIGEST_LENGTH]}"


def ensure(release: str, tier: Tier, progress: Callable[[str], None]) -> Path:
    """The image's folder, built first if need be (a minute at most; needs the package mirror of this machine).

    Raises OutsideFailure when the build fails.
    """
    image = path(release, tier)
    if image.is_dir():
        return image
    if release not in state.RELEASES:
        raise OutsideFailure(
            "lab-knows-no-release",
            "the lab knows no release {release!r}",
            remedy=f"one of: {', '.join(state.RELEASES)}",
            release=release,
        )
    image.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    progress(f"waiting for the image {image.name}, or building it (once, a minute at most)")
    with lock.held(image.with_suffix(".lock"), what=f"the image {image.name}", wait=BUILD_SECONDS) as ours:
        try:
            if not image.is_dir():
                building = image.with_suffix(".building")
                files.remove_tree(building)
                _build(recipe(release, tier), building, image, ours.fd)
                _prune(_kind(release, tier), image)
        finally:
            ours.remove()
    return image


def _kind(release: str, tier: Tier) -> str:
    return f"{release}-{tier}" if tier is Tier.VM else release


def _prune(kind: str, image: Path) -> None:
    """Delete the kind's images of earlier recipes, unless a server lies on them (as its overlay's lower layer)."""
    mounts = Path("/proc/self/mountinfo").read_text()
    for old in image.parent.glob(f"{kind}-" + "?" * DIGEST_LENGTH):
        if old != image and str(old) not in mounts:
            files.remove_tree(old)


def _build(recipe: Sequence[str], building: Path, image: Path, lock_fd: int) -> None:
    arguments = ["sh", "-c", BUILD, "build", str(building), str(image), *recipe]
    try:
        build = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(lock_fd,),
            env=command.ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise OutsideFailure(
            "image-build-could-not-started", "the image build could not be started: {error}", error=error
        ) from error
    try:
        _, messages = build.communicate(timeout=BUILD_SECONDS)
    except subprocess.TimeoutExpired:
        _end(build)
        raise OutsideFailure(
            "image-was-not-built-within",
            "the image was not built within {BUILD_SECONDS:g} s",
            BUILD_SECONDS=BUILD_SECONDS,
        ) from None
    except BaseException:  # Ctrl-C: the build has a session of its own and would go on
        _end(build)
        files.remove_tree(building)
        raise
    if build.returncode != 0:
        files.remove_tree(building)
        raise OutsideFailure(
            "image-could-not-built",
            "the image {image} could not be built: {last_lines}",
            remedy="mmdebstrap must reach this machine's Debian mirror (apt update), and the disk needs 600 MB",
            image=image.name,
            last_lines=command.last_lines(messages),
        )


def _end(build: "subprocess.Popen[bytes]") -> None:
    """End the build and all it started; mmdebstrap tidies up on SIGTERM."""
    os.killpg(build.pid, signal.SIGTERM)
    try:
        build.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(build.pid, signal.SIGKILL)
        build.communicate()
