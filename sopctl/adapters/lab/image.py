"""The image that all servers of a release share: built once by mmdebstrap, then read-only. Machines have another."""

import hashlib
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from sopctl.adapters.lab import command, files, lock, state
from sopctl.adapters.lab.state import Tier
from sopctl.errors import OutsideFailure, in_words
from sopctl.locale import Text

PACKAGES = (
    "dbus", "iproute2", "iputils-ping", "nftables", "openssh-server", "openvswitch-switch", "passwd", "procps",
    "python3", "python3-apt", "sudo", "systemd", "systemd-sysv", "systemd-timesyncd", "tzdata", "unattended-upgrades",
    "util-linux",
)  # fmt: skip
"""What the playbooks need: the servers have no network to install it from. Servers and switch share one image: Open
vSwitch adds 29 MB to its 211, while a second image would take another build and 240 MB."""

NETWORK_PACKAGES = ("dnsmasq-base", "ifupdown", "netplan.io", "network-manager", "systemd-resolved")
"""The other network managers, and a DHCP and DNS server: disabled until someone rehearses with them."""

MACHINE_PACKAGES = ("dmidecode", "ethtool", "kmod", "linux-image-cloud-amd64", "smartmontools", "udev")
"""What a machine needs besides: a kernel with the boot drivers built in, and the tools that inspect hardware."""

BUILD_SECONDS = 900.0
DIGEST_LENGTH = 16

# sshd starts only once logins are allowed (else pam_nologin refuses them for a moment after `up` has returned). What a
# server without a network and a console does not need is masked, so that it boots quickly.
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

# Emulated, each of these adds a second or more to a boot, for hardware that a lab machine does not have.
CUSTOMIZE_MACHINE = """
chroot "$1" systemctl --quiet mask e2scrub_reap.service systemd-binfmt.service systemd-network-generator.service \
    systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-random-seed.service serial-getty@.service \
    modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service \
    modprobe@fuse.service modprobe@loop.service dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount \
    sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount
"""

# Run by sh, which inherits the lock: when sopctl is killed, the build continues to its end, and the next run waits.
BUILD = """
set -eu
building=$1 image=$2; shift 2
"$@" "$building"
sync -f "$building"
mv -T "$building" "$image"
"""


def recipe(release: str, tier: Tier) -> list[str]:
    """The command that builds the image, without the target folder."""
    machine = tier is Tier.VM
    packages = [*PACKAGES, *(MACHINE_PACKAGES if machine else NETWORK_PACKAGES)]
    if release == "bullseye" and "systemd-resolved" in packages:
        packages.remove("systemd-resolved")  # there it is a part of systemd
    hooks = (CUSTOMIZE, CUSTOMIZE_MACHINE if machine else CUSTOMIZE_NETWORK)
    return [
        *(("env", "INITRD=No") if machine else ()),  # its kernel needs none, and it takes a third of the time
        "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}",
        "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        *(f"--customize-hook={hook}" for hook in hooks),
        release,
    ]  # fmt: skip


def path(release: str, tier: Tier) -> Path:
    """The folder of this recipe's image, once it is built: another recipe has another folder."""
    digest = hashlib.sha256("\0".join(recipe(release, tier)).encode()).hexdigest()
    return state.cache_folder() / f"{_kind(release, tier)}-{digest[:DIGEST_LENGTH]}"


def ensure(release: str, tier: Tier, progress: Callable[[str], None]) -> Path:
    """The image's folder, built first if necessary (a minute at most; needs this machine's package mirror).

    Raises OutsideFailure when the build fails.
    """
    image = path(release, tier)
    if image.is_dir():
        return image
    image.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    progress(f"waiting for the image {image.name}, or building it (once, a minute at most)")
    with lock.held(
        image.with_suffix(".lock"), what=Text("the image {name}", name=image.name), wait=BUILD_SECONDS
    ) as ours:
        try:
            if not image.is_dir():
                building = image.with_suffix(".building")
                files.remove_tree(building)
                build(recipe(release, tier), building, image, ours.fd)
                _prune(_kind(release, tier), image)
        finally:
            ours.remove()
    return image


def _kind(release: str, tier: Tier) -> str:
    return f"{release}-{tier}" if tier is Tier.VM else release


def _prune(kind: str, image: Path) -> None:
    """Delete the kind's images of earlier recipes, except those that are the lower layer of a server's overlay."""
    mounts = Path("/proc/self/mountinfo").read_text()
    for old in image.parent.glob(f"{kind}-" + "?" * DIGEST_LENGTH):
        if old != image and str(old) not in mounts:
            files.remove_tree(old)


def build(recipe: Sequence[str], building: Path, image: Path, lock_fd: int) -> None:
    """Run the command `recipe` with the new folder `building` as its last argument, then call that folder `image`. The
    command holds the lock `lock_fd` as long as it runs.

    Raises OutsideFailure when it cannot be started, fails, or takes too long; `building` is deleted then.
    """
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
            "image-build-not-started",
            "the build of the image could not be started: {reason}",
            remedy="See whether mmdebstrap is installed here, and whether memory and disk are free.",
            reason=in_words(error),
        ) from error
    try:
        _, messages = build.communicate(timeout=BUILD_SECONDS)
    except subprocess.TimeoutExpired:
        _end(build)
        raise OutsideFailure(
            "image-build-timed-out",
            "the image was not built within {seconds:g} s",
            remedy="See how fast the mirror of Debian answers, then bring the lab up again.",
            seconds=BUILD_SECONDS,
        ) from None
    except BaseException:  # Ctrl-C does not reach the build, which has a session of its own
        _end(build)
        files.remove_tree(building)
        raise
    if build.returncode != 0:
        files.remove_tree(building)
        raise OutsideFailure(
            "image-build-failed",
            "the image {image} could not be built: {reason}",
            remedy="See that apt update reaches this machine's Debian mirror, and that the disk has 600 MB free.",
            image=image.name,
            reason=command.last_lines(messages),
        )


def _end(build: "subprocess.Popen[bytes]") -> None:
    """End the build and everything it started; mmdebstrap cleans up on SIGTERM."""
    os.killpg(build.pid, signal.SIGTERM)
    try:
        build.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(build.pid, signal.SIGKILL)
        build.communicate()
