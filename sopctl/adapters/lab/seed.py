"""The seed of a server: a small file tree over the shared image that makes it one particular server.

It has the name, address, machine id, host keys, and the owner's authorized key. A reset server gets the same seed.
"""

import base64
import hashlib
import os
import secrets
from pathlib import Path

from sopctl.adapters.lab import command, files, network
from sopctl.adapters.lab.state import OWNER, SWITCH_UNIT, Folder, Place, Record, Tier
from sopctl.errors import OutsideFailure
from sopctl.model.access.target import HostKey


def make_key(folder: Folder) -> None:
    """Make the owner's key pair of this lab, if it is missing."""
    if folder.key.with_suffix(".pub").exists():
        return
    folder.key.unlink(missing_ok=True)
    comment = f"{OWNER}@{folder.name}"
    command.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", folder.key])


def make(folder: Folder, record: Record, place: Place) -> None:
    """Make the seed of a server if it is missing, complete or not at all."""
    if place.seed.exists():
        return
    place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tree = place.folder / "seed.new"
    files.remove_tree(tree)
    address, port = network.server_address(record.tier, record.network, place.number)
    gateway = network.controller_address(record.tier, record.network)
    if record.tier is Tier.VM:
        address = network.INSIDE
    names = f"{place.name}.example.org {place.name}"
    if record.tier is Tier.CHROOT:
        names += f" {os.uname().nodename}"  # shared with this machine; if it does not resolve, sudo waits 10 s
    _write(tree, "etc/hostname", f"{place.name}\n")
    _write(tree, "etc/hosts", f"127.0.0.1 localhost\n::1 localhost\n{address} {names}\n")
    if record.tier is not Tier.CHROOT:
        _write(tree, "etc/machine-id", f"{secrets.token_hex(16)}\n")
        card = "Name=host0" if record.tier is Tier.SYSTEMD else "Type=ether"
        local = "ipv6" if record.has_ipv6(place.number) else "no"
        unit = f"[Match]\n{card}\n[Network]\nAddress={address}/24\nGateway={gateway}\nLinkLocalAddressing={local}\n"
        if record.has_ipv6(place.number):
            unit += f"Address={network.server_address6(record.network, place.number)}/64\nIPv6AcceptRA=no\n"
        _write(tree, "etc/systemd/network/10-lab.network", unit)
    if record.tier is Tier.SYSTEMD:
        _add_switch(tree) if place.number == 0 else _add_service_card(tree, record, place)
    if record.tier is Tier.VM:  # the same port inside and outside, so that its firewall opens the right one
        _write(tree, "etc/ssh/sshd_config.d/20-port.conf", f"Port {port}\n")
    _make_folder(tree, "etc/ssh")
    _make_host_keys(tree, place.name)
    _authorise(tree, Path(record.image), folder.key.with_suffix(".pub").read_text())
    tree.rename(place.seed)


def host_keys(place: Place) -> tuple[HostKey, ...]:
    """The public host keys in the seed; the server's own copy could have been changed."""
    keys = []
    for path in sorted((place.seed / "etc/ssh").glob("ssh_host_*_key.pub")):
        kind, key = path.read_text().split()[:2]
        digest = hashlib.sha256(base64.b64decode(key)).digest()
        keys.append(HostKey(kind, key, "SHA256:" + base64.b64encode(digest).decode().rstrip("=")))
    return tuple(keys)


def _make_host_keys(tree: Path, name: str) -> None:
    """One of each kind that a Debian server has. The RSA key has 2,048 bits, not 3,072: the server is thrown away, and
    the longer one takes most of the time in which a server is made."""
    rsa = tree / "etc/ssh/ssh_host_rsa_key"
    command.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-C", f"root@{name}", "-f", rsa])
    command.run(["ssh-keygen", "-A", "-f", tree])  # the kinds that are missing


def _add_service_card(tree: Path, record: Record, place: Place) -> None:
    """The address in the service network, for the interface that appears when the server is plugged into a switch."""
    address, length = network.service_address(record.network, place.number), network.SERVICE_PREFIX_LENGTH
    unit = f"[Match]\nName={network.SERVICE_CARD}\n[Network]\nAddress={address}/{length}\n"
    _write(tree, "etc/systemd/network/20-service.network", unit)


def _add_switch(tree: Path) -> None:
    """Enable Open vSwitch."""
    wanted = "etc/systemd/system/multi-user.target.wants"
    _make_folder(tree, wanted)
    (tree / wanted / SWITCH_UNIT).symlink_to(Path("/lib/systemd/system") / SWITCH_UNIT)


def _authorise(tree: Path, image: Path, public_key: str) -> None:
    _write(tree, f"home/{OWNER}/.ssh/authorized_keys", public_key)
    user, group = _owner_ids(image)
    home = tree / "home" / OWNER
    for path, mode in ((home, 0o755), (home / ".ssh", 0o700), (home / ".ssh/authorized_keys", 0o600)):
        os.chown(path, user, group)
        path.chmod(mode)


def _owner_ids(image: Path) -> tuple[int, int]:
    for line in (image / "etc/passwd").read_text().splitlines():
        name, _, user, group, *_ = line.split(":")
        if name == OWNER:
            return int(user), int(group)
    raise OutsideFailure(
        "image-without-account",
        "the image has no account {account}",
        where=str(image),
        remedy="Delete that folder: the next start builds the image again.",
        account=OWNER,
    )


def _write(tree: Path, name: str, text: str) -> None:
    """Write a file. It and its folders are readable by all, whatever our umask: they become part of the server."""
    path = tree / name
    _make_folder(tree, str(Path(name).parent))
    path.write_text(text)
    path.chmod(0o644)


def _make_folder(tree: Path, name: str) -> None:
    for folder in [*reversed(Path(name).parents), Path(name)]:
        (tree / folder).mkdir(parents=True, exist_ok=True)
        (tree / folder).chmod(0o755)
