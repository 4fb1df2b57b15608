"""Which tiers of servers this machine can run, and what is missing for the others."""

import os
import re
from pathlib import Path

from sopctl.adapters.lab import command, network
from sopctl.adapters.lab.state import Tier
from sopctl.errors import OutsideFailure, UsageError
from sopctl.locale import Prose, Text, joined

CAPABILITIES = {"CAP_CHOWN": 0, "CAP_SETGID": 6, "CAP_SETUID": 7, "CAP_SYS_CHROOT": 18}
"""What the chroot tier needs (linux/capability.h): files of several owners, and logins in a chroot."""

MORE_CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21}
"""What booted servers need besides, for a bridge, mounts and namespaces."""

TOOLS = ("chroot", "cp", "mmdebstrap", "setsid", "ssh", "ssh-keygen")
MORE_TOOLS = ("ip", "mount", "systemd-nspawn", "umount")

SWITCH_TOOLS = ("ethtool", "nsenter")
"""What a switch needs besides the tools of booted servers."""

MACHINE_CAPABILITIES = {"CAP_SYS_ADMIN": 21}
"""What machines need besides, for mounts and control groups."""

MACHINE_TOOLS = ("mkfs.ext4", "mount", "qemu-system-x86_64", "umount")


def find_tier() -> tuple[Tier | None, list[Prose]]:
    """The best tier that this machine can run (None: no lab), and what is missing for more, each with its remedy."""
    if os.geteuid() != 0:
        return None, [Text("the lab needs root: run it with sudo")]
    if lacking := _lacking(CAPABILITIES):
        return None, [
            Text("the lab needs {names}: run it outside the container, or give it these", names=", ".join(lacking))
        ]
    if packages := command.missing(TOOLS):
        return None, [Text("the lab needs more tools: apt install {names}", names=" ".join(packages))]
    missing = list[Prose]()
    if lacking := _lacking(MORE_CAPABILITIES):
        missing.append(
            Text("booted servers need {names}: run outside the container, or give it these", names=", ".join(lacking))
        )
    if packages := command.missing(MORE_TOOLS):
        missing.append(Text("booted servers need more tools: apt install {names}", names=" ".join(packages)))
    if not missing and not re.fullmatch(r"[0-9a-f]{32}\s*", _machine_id()):
        missing.append(
            Text("booted servers need this machine to have an id (/etc/machine-id): systemd-machine-id-setup")
        )
    if not missing:
        try:
            network.trial()
        except OutsideFailure as error:
            why = joined(" ", filter(None, (error.where, error.text)))
            missing.append(Text("booted servers need a network of their own: {reason}", reason=why))
    return (Tier.CHROOT if missing else Tier.SYSTEMD), missing


def _machine_id() -> str:
    try:
        return Path("/etc/machine-id").read_text()
    except OSError:
        return ""


def refuse_impossible() -> None:
    """Raise OutsideFailure, with what is missing, where this machine cannot run any lab."""
    choose()


def choose() -> Tier:
    """The tier to use; SOPCTL_LAB_TIER selects one. Raises UsageError for an unknown tier, OutsideFailure when this
    machine cannot run it."""
    possible, missing = find_tier()
    asked = os.environ.get("SOPCTL_LAB_TIER") or possible
    if asked is not None and asked not in tuple(Tier):
        raise UsageError(
            "lab-tier-unknown",
            "SOPCTL_LAB_TIER={tier} is not a tier",
            remedy=Text("Use one of: {names}.", names=", ".join(Tier)),
            tier=asked,
        )
    if asked is None or possible is None or (asked == Tier.SYSTEMD and possible is Tier.CHROOT):
        raise OutsideFailure("lab-not-possible", "this machine cannot run the lab", remedy=missing)
    return Tier(asked)


def choose_booted(what: Prose) -> Tier:
    """The tier of booted servers, which `what` needs. Raises OutsideFailure when this machine cannot run them."""
    chosen = choose()
    if chosen is not Tier.SYSTEMD:
        remedy = find_tier()[1] or Text("unset SOPCTL_LAB_TIER")
        raise OutsideFailure("needs-booted-servers", "{what} needs booted servers", remedy=remedy, what=what)
    return chosen


def choose_switched() -> Tier:
    """The tier of servers that are plugged into a switch. Raises OutsideFailure when this machine cannot run them."""
    chosen = choose_booted(Text("a switch"))
    if packages := command.missing(SWITCH_TOOLS):
        raise OutsideFailure(
            "switch-tools-missing",
            "a switch needs more tools",
            remedy=Text("apt install {names}", names=" ".join(packages)),
        )
    return chosen


def choose_machine() -> Tier:
    """The tier of emulated machines. Raises OutsideFailure with what is missing when this machine cannot run one."""
    possible, missing = find_tier()
    if possible is not None:
        missing = []
        if os.uname().machine != "x86_64":
            missing.append(Text("machines boot Debian for this machine's own architecture: it must be amd64"))
        if lacking := _lacking(MACHINE_CAPABILITIES):
            missing.append(
                Text("machines need {names}: run outside the container, or give it these", names=", ".join(lacking))
            )
        if packages := command.missing(MACHINE_TOOLS):
            missing.append(Text("apt install --no-install-recommends {names}", names=" ".join(packages)))
    if missing:
        raise OutsideFailure("lab-machine-not-possible", "this machine cannot run an emulated one", remedy=missing)
    return Tier.VM


def _lacking(wanted: dict[str, int]) -> list[str]:
    """Those of the capabilities that are not in our effective set (proc(5), CapEff)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    effective = int(next(line.split()[1] for line in lines if line.startswith("CapEff:")), 16)
    return [name for name, bit in wanted.items() if not effective >> bit & 1]
