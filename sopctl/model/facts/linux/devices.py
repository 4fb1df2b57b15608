"""Which block devices are disks, and which mounted file systems are the server's own."""

import re
from collections.abc import Iterable

from sopctl.model.facts.parts import Disk
from sopctl.model.text import words

_NO_DISK = re.compile(
    r"(?:loop|ram|zram|dm-|md|sr|scd|fd|nbd|rbd|drbd|zd|bcache|zvol|device-mapper)\d|nvme\d{1,5}c\d{1,5}n\d"
    r"|mmcblk\d{1,5}(?:boot\d|rpmb|gp\d)|mtdblock|nullb|pmem\d{1,5}s"
)
"""Devices made of other devices or of memory; hidden paths of NVMe multipath (nvme0c0n1); partitions that a flash card
boots from."""

_MEDIA = frozenset({"disk", "dasd"})

_NO_FILE_SYSTEM = words(
    """
    squashfs iso9660 udf tmpfs devtmpfs ramfs overlay aufs proc sysfs autofs cgroup cgroup2 devpts mqueue
    hugetlbfs debugfs tracefs securityfs pstore bpf configfs fusectl binfmt_misc efivarfs rpc_pipefs nsfs
    selinuxfs nfsd fuse.lxcfs fuse.gvfsd-fuse fuse.portal fuse.snapfuse fuse.pmxcfs fuse.fuse-overlayfs erofs
    """
)
_SHARED = words(
    """
    zfs cifs smb3 smbfs nfs nfs4 ceph glusterfs fuse.glusterfs lustre gpfs beegfs virtiofs 9p ocfs2 gfs2 vboxsf
    afs
    """
)
"""File systems whose device is no path: a dataset, a share, a tag."""

_OF_CONTAINERS = re.compile(
    r"/(?:run|proc|sys|dev|snap)/"
    r"|/var/lib/(?:docker|containers|containerd|kubelet|kubelet-plugins|rancher|k0s|lxd|lxc|lxcfs|incus|cni|crio|nomad"
    r"|machines|longhorn|portworx)/"
    r"|/var/snap/|/opt/cni/|/mnt/(?:docker|k8s)/"
)
"""Below these, mounts come and go with containers and sessions."""

_OF_A_GUEST = re.compile(r"/(?:subvol|basevol)-\d{1,9}-disk-\d{1,4}$")
"""What Proxmox calls the file system of a container."""


def is_disk(name: str, kind: str | None = None) -> bool:
    """Whether the kernel's name is that of a disk; `kind` is lsblk's TYPE, where it is known."""
    return (kind is None or kind in _MEDIA) and not _NO_DISK.match(name[:64])


def is_mount(path: str, device: str, fstype: str) -> bool:
    """Whether a mounted file system is one of the server's own, local or from a share."""
    if fstype in _NO_FILE_SYSTEM or device.startswith("/dev/loop") or _OF_CONTAINERS.match(path[:64]):
        return False
    if _OF_A_GUEST.search(path[-40:]):
        return False
    return fstype in _SHARED or fstype.startswith("fuse.") or device.startswith(("/dev/", "//")) or ":" in device


def without_twins(disks: Iterable[Disk]) -> list[Disk]:
    """Each disk once: several paths to one (multipath) show the same identity and size. In the order of names."""
    found: dict[tuple[str, int], Disk] = {}
    for disk in disks:
        identity = disk.wwn or disk.serial
        found.setdefault((identity or f"name {disk.name}", disk.size_bytes), disk)
    return list(found.values())
