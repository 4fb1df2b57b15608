"""Which block devices are disks, and which file systems are the server's own."""

import pytest

from sopctl.model.facts.linux.devices import is_disk, is_mount, without_twins
from sopctl.model.facts.parts import Disk


@pytest.mark.parametrize(
    ("name", "kind", "disk"),
    [
        ("sda", "disk", True),
        ("sda", None, True),
        ("sda", "part", False),
        ("dasda", "dasd", True),
        ("nvme0n1", "disk", True),
        ("nvme0c0n1", "disk", False),
        ("mmcblk0", "disk", True),
        ("mmcblk0boot0", "disk", False),
        ("mmcblk0rpmb", "disk", False),
        ("pmem0", "disk", True),
        ("pmem0s", "disk", False),
        ("fdisk", "disk", True),
        *(
            (f"{made}0", "disk", False)
            for made in ("loop", "ram", "zram", "dm-", "md", "sr", "scd", "fd", "nbd", "rbd")
        ),
        *((f"{made}0", "disk", False) for made in ("drbd", "zd", "bcache", "zvol", "device-mapper", "nullb")),
    ],
)
def test_what_is_a_disk(name: str, kind: str | None, *, disk: bool) -> None:
    assert is_disk(name, kind) is disk


@pytest.mark.parametrize(
    ("path", "device", "fstype", "own"),
    [
        ("/", "/dev/sda1", "ext4", True),
        ("/srv", "tank/srv", "zfs", True),
        ("/srv", "nas:/srv", "nfs4", True),
        ("/srv", "nas:/srv", "unheard-of", True),
        ("/srv", "//nas/srv", "unheard-of", True),
        ("/srv", "srv", "unheard-of", False),
        ("/srv", "srv", "fuse.sshfs", True),
        ("/srv", "srv", "fuse.lxcfs", False),
        ("/tmp", "/dev/x", "tmpfs", False),
        ("/snap/core", "/dev/loop0", "ext4", False),
        ("/mnt/iso", "/dev/loop0", "ext4", False),
        ("/var/lib/docker", "/dev/sdb1", "ext4", True),
        ("/var/lib/docker/x", "/dev/sdb1", "ext4", False),
        ("/var/lib/dockers/x", "/dev/sdb1", "ext4", True),
        ("/run/x", "/dev/sdb1", "ext4", False),
        ("/running/x", "/dev/sdb1", "ext4", True),
        ("/pool/subvol-100-disk-0", "pool/subvol-100-disk-0", "zfs", False),
        ("/pool/subvol-100-disk-0/x", "pool/x", "zfs", True),
    ],
)
def test_what_is_the_servers_own_file_system(path: str, device: str, fstype: str, *, own: bool) -> None:
    assert is_mount(path, device, fstype) is own


def test_two_paths_to_one_disk_are_one() -> None:
    """By its identity and size; a disk without either is known by its name."""
    found = [
        Disk("sda", 7, serial="S1", wwn="W1"),
        Disk("sdb", 7, serial="S2", wwn="W1"),
        Disk("sdc", 8, serial="S3", wwn="W1"),
        Disk("sdd", 7, serial="W1"),
        Disk("sde", 7, serial="S4"),
        Disk("sdf", 7, serial="S4"),
        Disk("sdg", 7),
        Disk("sdh", 7),
        Disk("sdg", 7),
    ]
    assert [each.name for each in without_twins(found)] == ["sda", "sdc", "sde", "sdg", "sdh"]
