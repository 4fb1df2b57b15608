"""What Ansible's `setup` says of each part (a whole server is in test_server.py)."""

from typing import Any

import pytest

from sopctl.model.facts.parts import Cpu, Disk, Mount, Nic
from sopctl.model.facts.server import Missing, ServerFacts
from sopctl.model.facts.setup import from_setup


def read(**said: Any) -> ServerFacts:
    return from_setup({f"ansible_{key}": value for key, value in said.items()}, gathered_at="2026-11-23T09:30:00+07:00")


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ({"hostname": "web1", "nodename": "other"}, "hostname", "web1"),
        ({"nodename": "web1"}, "hostname", "web1"),
        ({}, "hostname", ""),
        ({"fqdn": "web1.example.org"}, "fqdn", "web1.example.org"),
        ({"kernel": "6.1"}, "kernel", "6.1"),
        ({"architecture": "x86_64"}, "architecture", "x86_64"),
        ({"uptime_seconds": 7}, "uptime_seconds", 7),
        ({"memtotal_mb": 7, "swaptotal_mb": 9}, "memory_mib", 7),
        ({"memtotal_mb": 7, "swaptotal_mb": 9}, "swap_mib", 9),
        ({"default_ipv4": {"gateway": "192.0.2.1"}, "default_ipv6": {"gateway": "fe80::1"}}, "gateway", "192.0.2.1"),
        ({"default_ipv4": {}, "default_ipv6": {"gateway": "fe80::1"}}, "gateway", "fe80::1"),
        ({"dns": {"nameservers": ["192.0.2.53", "x"]}}, "dns", ("192.0.2.53",)),
        ({"virtualization_role": "host", "virtualization_type": "kvm"}, "virtualization", "none"),
        ({"virtualization_role": "guest", "virtualization_type": "kvm"}, "virtualization", "kvm"),
        ({"virtualization_type": "kvm"}, "virtualization", None),
        ({"system_vendor": "A"}, "vendor", "A"),
        ({"product_name": "A"}, "product", "A"),
        ({"product_serial": "A1"}, "serial", "A1"),
        ({"board_serial": "A1"}, "board_serial", "A1"),
        ({"chassis_serial": "A1"}, "chassis_serial", "A1"),
        ({"chassis_asset_tag": "A1"}, "asset_tag", "A1"),
        ({"bios_version": "A1"}, "bios_version", "A1"),
        ({"bios_date": "01/02/2024"}, "bios_date", "01/02/2024"),
    ],
)
def test_what_is_said_of_a_machine(said: dict[str, Any], field: str, value: object) -> None:
    found = read(**said)
    assert getattr(found, field) == value
    often_empty = ("board_serial", "chassis_serial", "asset_tag")
    assert (field in found.missing) == (not value and field not in often_empty)


def test_what_only_root_reads_is_told_where_other_fields_were_read() -> None:
    assert {read(system_vendor="A").missing[field] for field in ("serial", "uuid")} == {Missing.NEEDS_ROOT}
    assert {read(product_serial="A1").missing[field] for field in ("vendor", "uuid")} == {Missing.NOT_AVAILABLE}
    assert not read().missing.keys() & {"board_serial", "chassis_serial", "asset_tag", "empty_bays"}


COUNTED = {
    "processor": ["0", "GenuineIntel", "Example CPU"],
    "processor_count": 2,
    "processor_cores": 8,
    "processor_threads_per_core": 2,
    "processor_vcpus": 32,
}


@pytest.mark.parametrize(
    ("said", "cpu"),
    [
        (COUNTED, Cpu("Example CPU", 2, 8, 2, 32)),
        ({**COUNTED, "architecture": "i686"}, Cpu("Example CPU", 2, 8, 2, 32)),
        ({**COUNTED, "architecture": "amd64"}, Cpu("Example CPU", 2, 8, 2, 32)),
        ({**COUNTED, "architecture": "aarch64"}, Cpu("Example CPU", logical=32)),
        (dict.fromkeys(COUNTED, 0), Cpu()),
        (
            {
                "processor_count": 4096,
                "processor_cores": 65536,
                "processor_threads_per_core": 64,
                "processor_vcpus": 65536,
            },
            Cpu(None, 4096, 65536, 64, 65536),
        ),
        (
            {
                "processor_count": 4097,
                "processor_cores": 65537,
                "processor_threads_per_core": 65,
                "processor_vcpus": 65537,
            },
            Cpu(),
        ),
    ],
)
def test_processors(said: dict[str, Any], cpu: Cpu) -> None:
    assert read(**said).cpu == cpu


@pytest.mark.parametrize(
    ("device", "disk"),
    [
        ({"sectors": 8, "model": "M", "serial": "S1", "rotational": "0"}, Disk("sda", 4096, "M", "S1", False)),
        ({"sectors": "8", "rotational": 1}, Disk("sda", 4096, rotational=True)),
        ({"size": "1.00 GB", "sectors": 0}, Disk("sda", 1024**3)),
        ({"sectors": 0, "size": "0"}, None),
        ({"model": "M"}, None),
        ({"sectors": 8, "links": {"ids": ["ata-M_S2-part1", "ata-M_S2"]}}, Disk("sda", 4096, serial="S2")),
        ({"sectors": 8, "serial": "S1", "links": {"ids": ["ata-M_S2"]}}, Disk("sda", 4096, serial="S1")),
        ({"sectors": 8, "links": {"ids": ["scsi-SVENDOR_M_S2"]}}, Disk("sda", 4096, serial="S2")),
        ({"sectors": 8, "links": {"ids": ["scsi-35000"]}}, Disk("sda", 4096)),
        ({"sectors": 8, "links": {"ids": ["nvme-eui.0025", "nvme-M_S2"]}}, Disk("sda", 4096, serial="S2")),
        ({"sectors": 8, "links": {"ids": ["virtio-S2"]}}, Disk("sda", 4096, serial="S2")),
        ({"sectors": 8, "links": {"ids": [7, "wwn-0x5000-part1", "wwn-0x5000"]}}, Disk("sda", 4096, wwn="5000")),
    ],
)
def test_a_disk(device: dict[str, Any], disk: Disk | None) -> None:
    assert read(devices={"sda": device, "loop0": {"sectors": 8}, "sr0": {"sectors": 8}}).disks == (
        (disk,) if disk else ()
    )


CARD = {
    "macaddress": "00:00:5E:00:53:0A",
    "module": "e1000e",
    "pciid": "0000:00:1f.6",
    "type": "ether",
    "active": True,
    "speed": 1000,
}


@pytest.mark.parametrize(
    ("changed", "nic"),
    [
        ({}, Nic("en-o.1", "00:00:5e:00:53:0a", 1000, up=True)),
        ({"active": False, "speed": 0}, Nic("en-o.1", "00:00:5e:00:53:0a")),
        ({"active": "yes", "speed": -1}, Nic("en-o.1", "00:00:5e:00:53:0a")),
        ({"perm_macaddress": "00:00:5E:00:53:0B"}, Nic("en-o.1", "00:00:5e:00:53:0b", 1000, up=True)),
        (
            {
                "ipv4": {"address": "192.0.2.1"},
                "ipv4_secondaries": [{"address": "192.0.2.2"}],
                "ipv6": [{"address": "2001:db8::1"}],
            },
            Nic("en-o.1", "00:00:5e:00:53:0a", 1000, ("192.0.2.1", "192.0.2.2"), ("2001:db8::1",), up=True),
        ),
        ({"type": "loopback"}, None),
    ],
)
def test_a_card(changed: dict[str, Any], nic: Nic | None) -> None:
    """Ansible writes the marks of its name otherwise in the key."""
    assert read(interfaces=["en-o.1", 7, "gone"], en_o_1={**CARD, **changed}).nics == ((nic,) if nic else ())


def test_cards_of_a_bond_and_what_is_made_for_guests() -> None:
    bond = {"type": "bonding", "macaddress": CARD["macaddress"], "slaves": ["eno1"], "ipv4": {"address": "192.0.2.1"}}
    virtual = {"type": "ether", "macaddress": "00:00:5E:00:53:0C"}
    found = read(interfaces=["veth0", "eno1", "bond0"], bond0=bond, eno1=CARD, veth0=virtual).nics
    assert [each.name for each in found] == ["bond0", "eno1"]


@pytest.mark.parametrize(
    ("changed", "mount"),
    [
        ({}, Mount("/", "/dev/sda1", "ext4", 1000, 600)),
        ({"size_available": 2000}, Mount("/", "/dev/sda1", "ext4", 1000, 0)),
        ({"size_available": None}, Mount("/", "/dev/sda1", "ext4", 1000)),
        ({"size_total": None}, Mount("/", "/dev/sda1", "ext4")),
        ({"fstype": None}, None),
        ({"device": None}, None),
        ({"mount": None}, None),
        ({"fstype": "proc", "device": "proc"}, None),
    ],
)
def test_a_file_system(changed: dict[str, Any], mount: Mount | None) -> None:
    said = {"mount": "/", "device": "/dev/sda1", "fstype": "ext4", "size_total": 1000, "size_available": 400}
    other = {"mount": "/srv", "device": "/dev/sdb1", "fstype": "xfs"}
    assert read(mounts=[{**said, **changed}, other]).mounts == (
        *([mount] if mount else []),
        Mount("/srv", "/dev/sdb1", "xfs"),
    )
