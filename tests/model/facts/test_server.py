"""Facts of servers, from good ones to hostile ones."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sopctl.model.facts.server import Missing, ServerFacts
from sopctl.model.facts.setup import from_setup
from tests.faults.scale import times

AT = "2026-11-23T09:30:00+07:00"

REAL: dict[str, Any] = {
    "ansible_hostname": "portal",
    "ansible_fqdn": "portal.example.org",
    "ansible_system_vendor": "Example Systems",
    "ansible_product_name": "Rack 2U",
    "ansible_product_serial": "SN-0042",
    "ansible_product_uuid": "4C4C4544-0042-3410-8043-C4C04F303031",
    "ansible_bios_version": "1.2",
    "ansible_bios_date": "01/02/2024",
    "ansible_form_factor": "Rack Mount Chassis",
    "ansible_virtualization_role": "host",
    "ansible_virtualization_type": "kvm",
    "ansible_distribution": "Debian",
    "ansible_distribution_version": "12.15",
    "ansible_distribution_release": "bookworm",
    "ansible_kernel": "6.1.0-18-amd64",
    "ansible_architecture": "x86_64",
    "ansible_uptime_seconds": 86400,
    "ansible_processor": ["0", "GenuineExample", "Example CPU 3.0 GHz", "1", "GenuineExample", "Example CPU 3.0 GHz"],
    "ansible_processor_count": 2,
    "ansible_processor_cores": 8,
    "ansible_processor_threads_per_core": 2,
    "ansible_processor_vcpus": 32,
    "ansible_memtotal_mb": 64221,
    "ansible_swaptotal_mb": 8191,
    "ansible_devices": {
        "sda": {
            "model": "EXAMPLE SSD",
            "rotational": "0",
            "sectors": "937703088",
            "sectorsize": "4096",
            "size": "447.13 GB",
            "links": {"ids": ["ata-EXAMPLE_SSD_S4CNNX0N", "wwn-0x5000"]},
        },
        "nvme0n1": {"model": "NVME", "serial": "NV1", "rotational": "0", "sectors": 2000409264},
        "sdb": {"model": "DISK", "rotational": "1", "size": "1.82 TB"},
        "sdc": {"model": "card reader without card", "sectors": "0", "size": "0.00 Bytes"},
        "loop0": {"sectors": "100"},
        "dm-0": {"sectors": "100"},
        "sr0": {"sectors": "100"},
        "zram0": {"sectors": "100"},
    },
    "ansible_interfaces": ["lo", "eno1", "bond0", "eno2", "veth12ab", "docker0", "br-lan", "usb0", "lan1"],
    "ansible_eno1": {
        "active": True,
        "macaddress": "AA:BB:CC:00:00:01",
        "pciid": "0000:18:00.0",
        "perm_macaddress": "aa:bb:cc:00:00:02",
        "speed": 10000,
        "ipv4": {"address": "198.51.100.7"},
        "ipv4_secondaries": [{"address": "198.51.100.8"}],
        "ipv6": [{"address": "fe80::1%eno1"}, {"address": "no address"}],
    },
    "ansible_eno2": {"active": False, "macaddress": "aa:bb:cc:00:00:03", "speed": -1},
    "ansible_bond0": {"active": True, "macaddress": "aa:bb:cc:00:00:01", "type": "bonding"},
    "ansible_veth12ab": {"active": True},
    "ansible_lan1": {"active": False, "macaddress": "aa:bb:cc:00:00:04", "pciid": "0000:19:00.0"},
    "ansible_usb0": {"macaddress": "02:00:00:00:00:09", "pciid": "usb-0000:00:14.0-1", "module": "cdc_ether"},
    "ansible_mounts": [
        {"mount": "/", "device": "/dev/sda2", "fstype": "ext4", "size_total": 1000, "size_available": 400},
        {"mount": "/snap/x", "device": "/dev/loop3", "fstype": "squashfs"},
        {"mount": "/gone", "device": "files:/export", "fstype": "nfs4"},
    ],
    "ansible_default_ipv4": {"gateway": "198.51.100.1"},
    "ansible_dns": {"nameservers": ["198.51.100.53", "2001:db8::53", "x"]},
}


LEFT_OUT = (
    "memory_modules",
    "raid",
    "drives",
    "controllers",
    "power_supplies",
    "bmc_address",
    "bmc_firmware",
    "bmc_mac",
    "power_redundancy",
    "memory_errors",
    "height_units",
    "fibre_ports",
    "accelerators",
    "tpm",
    "guests",
    "listeners",
    "packages",
    "updates",
    "time_synchronised",
)


def test_a_real_server() -> None:
    facts = from_setup(REAL, gathered_at=AT)
    assert (facts.hostname, facts.fqdn, facts.gathered_at) == ("portal", "portal.example.org", AT)
    assert (facts.vendor, facts.product, facts.serial) == ("Example Systems", "Rack 2U", "SN-0042")
    assert (facts.virtualization, facts.os_name, facts.os_version) == ("none", "Debian", "12.15")
    cpu = facts.cpu
    assert (cpu.model, cpu.sockets, cpu.cores, cpu.threads, cpu.logical) == ("Example CPU 3.0 GHz", 2, 8, 2, 32)
    assert (facts.memory_mib, facts.swap_mib, facts.uptime_seconds) == (64221, 8191, 86400)
    assert [(disk.name, disk.size_bytes, disk.serial, disk.rotational) for disk in facts.disks] == [
        ("nvme0n1", 2000409264 * 512, "NV1", False),
        ("sda", 937703088 * 512, "S4CNNX0N", False),
        ("sdb", int(1.82 * 1024**4), None, True),
    ]
    assert [(nic.name, nic.mac, nic.speed_mbps, nic.up) for nic in facts.nics] == [
        ("bond0", "aa:bb:cc:00:00:01", None, True),
        ("eno1", "aa:bb:cc:00:00:02", 10000, True),
        ("eno2", "aa:bb:cc:00:00:03", None, False),
        ("lan1", "aa:bb:cc:00:00:04", None, False),
    ]
    assert facts.nics[1].ipv4 == ("198.51.100.7", "198.51.100.8")
    assert facts.nics[1].ipv6 == ("fe80::1",)
    assert [(mount.path, mount.size_bytes, mount.used_bytes) for mount in facts.mounts] == [
        ("/", 1000, 600),
        ("/gone", None, None),
    ]
    assert (facts.gateway, facts.dns) == ("198.51.100.1", ("198.51.100.53", "2001:db8::53"))
    assert facts.missing == dict.fromkeys(LEFT_OUT, Missing.NOT_AVAILABLE)


def leaves(said: object, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where each single thing is that a document says."""
    if not isinstance(said, dict | list):
        yield way
    else:
        for key, each in said.items() if isinstance(said, dict) else enumerate(said):
            yield from leaves(each, (*way, key))


def without(said: Any, way: tuple[str | int, ...]) -> Any:
    made = said.copy()
    if way[1:]:
        made[way[0]] = without(said[way[0]], way[1:])
    else:
        del made[way[0]]
    return made


UNUSED = frozenset(
    {
        *("virtualization_type", "distribution_release"),  # of a guest; where the version is not said
        *(f"processor.{number}" for number in (0, 1, 3, 4, 5)),  # the first one's name says it
        *("devices.sda.size", "devices.sda.sectorsize"),  # its sectors say it
        *("devices.sdc.model", "devices.sdc.sectors", "devices.sdc.size"),  # a reader without a card is no disk
        *(f"devices.{name}.sectors" for name in ("loop0", "dm-0", "sr0", "zram0")),
        *(f"interfaces.{number}" for number in (0, 4, 5, 6, 7)),  # none of them is the server's own
        *("veth12ab.active", "eno2.active", "eno2.speed", "bond0.type", "eno1.ipv6.1.address"),
        *("eno1.pciid", "usb0.pciid", "lan1.active"),  # a card by its name, or its driver
        *("mounts.1.mount", "mounts.1.device", "mounts.1.fstype", "dns.nameservers.2"),
    }
)
"""What changes nothing when it is not said."""


def test_each_thing_that_a_server_says_is_looked_at() -> None:
    """Under the name by which it is said."""
    facts = from_setup(REAL, gathered_at=AT)
    unused = {
        ".".join(map(str, way)).removeprefix("ansible_")
        for way in leaves(REAL)
        if from_setup(without(REAL, way), gathered_at=AT) == facts
    }
    assert unused == UNUSED


def test_without_root_the_serial_number_is_not_gone_but_unreadable() -> None:
    facts = from_setup({**REAL, "ansible_product_serial": "NA"}, gathered_at=AT)
    assert facts.serial is None
    assert facts.missing == {"serial": Missing.NEEDS_ROOT} | dict.fromkeys(LEFT_OUT, Missing.NOT_AVAILABLE)


def test_a_change_root_gives_little_and_says_so() -> None:
    poor = {"ansible_hostname": "vm", "ansible_distribution": "Debian", "ansible_product_serial": "NA"}
    poor |= {"ansible_system_vendor": "NA", "ansible_virtualization_role": "NA", "ansible_virtualization_type": "NA"}
    facts = from_setup({**poor, "ansible_devices": {}, "ansible_interfaces": [], "ansible_mounts": []}, gathered_at=AT)
    assert (facts.hostname, facts.os_name, facts.virtualization) == ("vm", "Debian", None)
    assert facts.missing["serial"] is Missing.NOT_AVAILABLE
    assert {"vendor", "cpu", "disks", "nics", "memory_mib", "virtualization"} <= facts.missing.keys()
    assert "os_name" not in facts.missing


@pytest.mark.parametrize(
    ("key", "value", "field", "expected"),
    [
        ("product_serial", "SN\x1b]0;owned\x07", "serial", "SN\\x1b]0;owned\\x07"),
        ("product_serial", "SN\u202e24", "serial", "SN\\u202e24"),
        ("product_serial", "  A \n B\t ", "serial", "A B"),
        ("product_serial", 42, "serial", None),
        ("product_uuid", "4C4C4544-0042-3410-8043-C4C04F303031", "uuid", "4c4c4544-0042-3410-8043-c4c04f303031"),
        ("product_uuid", "Not Settable", "uuid", None),
        ("product_uuid", ["x"], "uuid", None),
        ("product_serial", "To Be Filled By O.E.M.", "serial", None),
        ("memtotal_mb", "64221", "memory_mib", 64221),
        ("memtotal_mb", -1, "memory_mib", None),
        ("memtotal_mb", True, "memory_mib", None),
        ("memtotal_mb", float("nan"), "memory_mib", None),
        ("memtotal_mb", float("inf"), "memory_mib", None),
        ("memtotal_mb", 10**400, "memory_mib", None),
        ("memtotal_mb", "٣", "memory_mib", None),
        ("default_ipv4", {"gateway": "198.51.100.1; reboot"}, "gateway", None),
        ("devices", [1], "disks", ()),
        ("interfaces", {"eno1": 1}, "nics", ()),
        ("mounts", {"/": 1}, "mounts", ()),
    ],
)
def test_what_a_server_says_is_cleaned(key: str, value: object, field: str, expected: object) -> None:
    facts = from_setup({**REAL, f"ansible_{key}": value}, gathered_at=AT)
    assert getattr(facts, field) == expected


def test_what_is_too_much_is_cut() -> None:
    many = {f"sd{number}": {"sectors": 1} for number in range(5000)}
    facts = from_setup({**REAL, "ansible_devices": many, "ansible_hostname": "x" * 10**6}, gathered_at=AT)
    assert len(facts.disks) <= 512
    assert len(facts.hostname) <= 64


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.just("NA")
NAMES = st.sampled_from([*REAL, "ansible_eno1", "sda", "gateway", "links", "ids", "size", "ipv4", "address", "mount"])
JSON: st.SearchStrategy[object] = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10) | NAMES, inner, max_size=8),
    max_leaves=30,
)
ANSWERS = st.dictionaries(NAMES | st.text(max_size=12), JSON, max_size=20)


@pytest.mark.scaled
@settings(max_examples=times(400, 100), deadline=None)
@given(ANSWERS)
def test_nothing_a_server_says_raises(raw: dict[str, object]) -> None:
    facts = from_setup(raw, gathered_at=AT)
    assert msgspec.json.decode(msgspec.json.encode(facts), type=ServerFacts) == facts
    assert all(character.isprintable() for character in repr(msgspec.to_builtins(facts)))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(REAL)), JSON)
def test_one_hostile_value_does_not_hide_the_others(key: str, value: object) -> None:
    facts = from_setup({**REAL, key: value}, gathered_at=AT)
    assert facts.kernel == REAL["ansible_kernel"] or key == "ansible_kernel"
    assert facts.memory_mib == 64221 or key == "ansible_memtotal_mb"
