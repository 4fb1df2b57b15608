"""What a person wrote down about a machine, as facts: a list's entries, their sizes and numbers."""

from datetime import date
from typing import Any

import pytest

from sopctl.errors import InvalidRecord
from sopctl.model.facts.parts import Cpu, Disk, Listener, MemoryModule, Mount, Nic, PowerSupply, RaidVolume
from sopctl.model.facts.server import RULES, Missing, ServerFacts
from sopctl.model.facts.sheet import LISTS, Sheet, facts_of

AT = "2026-11-23T09:30:00+07:00"


def sheet(**said: Any) -> Sheet:
    return Sheet(
        **{
            "id": "PS-2026-0001",
            "filled_by": "Administrator",
            "filled_on": date(2026, 11, 3),
            "hostname": "win1",
            **said,
        }
    )


def test_all_of_a_sheet() -> None:
    lines: dict[str, Any] = {
        "hostname": "win1",
        "vendor": "Contoh",
        "product": "R200",
        "serial": "CZJ1",
        "asset_tag": "BMN-7",
        "os_name": "Windows Server 2022",
        "os_version": "21H2",
        "virtualization": "vmware",
        "bios_version": "2.8",
        "bios_date": "2024-03-01",
        "bmc_address": "192.0.2.110",
        "gateway": "192.0.2.1",
    }
    said = sheet(
        **lines,
        cpu_model="Xeon Silver",
        cpu_sockets=2,
        cpu_logical=32,
        memory_gib=64,
        dns=("192.0.2.53", "192.0.2.54"),
        time_synchronised="ya",
        updates=7,
        disks=("C:; 480 GB; MZ7; S1; baik",),
        memory_modules=("A1; 16 GB; DDR4; M1",),
        raid=("0; RAID1; baik; 480 GB",),
        power_supplies=("1; 750; DPS; P1; baik",),
        nics=("Ethernet; 52-54-00-12-34-56; 1000; 192.0.2.10/24, 2001:db8::10",),
        mounts=("C:; NTFS; 480 GB; 120 GB",),
        listeners=("443; iis",),
    )
    found = facts_of(said, gathered_at=AT)
    assert found == ServerFacts(
        gathered_at=AT,
        via="sheet",
        filled_by="Administrator, 03-11-2026",
        rules=RULES,
        missing=found.missing,
        **lines,
        cpu=Cpu(model="Xeon Silver", sockets=2, logical=32),
        memory_mib=65536,
        dns=("192.0.2.53", "192.0.2.54"),
        time_synchronised=True,
        updates=7,
        disks=(Disk("C:", 480 * 10**9, "MZ7", "S1", health="baik"),),
        memory_modules=(MemoryModule("A1", 16384, "DDR4", serial="M1"),),
        raid=(RaidVolume("0", "RAID1", "baik", "480 GB"),),
        power_supplies=(PowerSupply("1", "DPS", "P1", "baik", 750),),
        nics=(Nic("Ethernet", "52:54:00:12:34:56", 1000, ("192.0.2.10",), ("2001:db8::10",), up=True),),
        mounts=(Mount("C:", "C:", "NTFS", 480 * 10**9, 120 * 10**9),),
        listeners=(Listener("tcp", "*", 443, "iis"),),
    )
    assert not found.missing.keys() & {*lines, *LISTS, "cpu", "memory_mib", "dns", "time_synchronised", "updates"}
    assert not found.missing.keys() & {
        "gathered_at",
        "missing",
        "rules",
        "via",
        "power_state",
        "health",
        "filled_by",
        "modules",
    }


def test_what_stays_empty_was_not_looked_at() -> None:
    """Of an entry only the first part is needed."""
    first = {
        "disks": "C:",
        "memory_modules": "A1",
        "raid": "0",
        "power_supplies": "1",
        "nics": "Ethernet",
        "mounts": "C:",
        "listeners": "53/udp",
    }
    found = facts_of(sheet(**{name: (entry,) for name, entry in first.items()}), gathered_at=AT)
    assert found == ServerFacts(
        gathered_at=AT,
        via="sheet",
        filled_by="Administrator, 03-11-2026",
        rules=RULES,
        missing=found.missing,
        hostname="win1",
        disks=(Disk("C:", 0),),
        memory_modules=(MemoryModule("A1", 0),),
        raid=(RaidVolume("0"),),
        power_supplies=(PowerSupply("1"),),
        nics=(Nic("Ethernet"),),
        mounts=(Mount("C:", "C:", ""),),
        listeners=(Listener("udp", "*", 53),),
    )
    assert set(found.missing.values()) == {Missing.NOT_AVAILABLE}
    assert {"vendor", "cpu", "memory_mib", "time_synchronised", "updates", "dns", "packages"} <= found.missing.keys()
    assert not found.missing.keys() & {"hostname", *LISTS}


@pytest.mark.parametrize(("said", "known"), [("ya", True), ("tidak", False), ("", None)])
def test_is_its_time_right(said: str, known: bool | None) -> None:
    found = facts_of(sheet(time_synchronised=said, updates=0), gathered_at=AT)
    assert (found.time_synchronised, found.updates) == (known, 0)


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ("480 GB", 480 * 10**9),
        ("480gb", 480 * 10**9),
        ("1,5 TB", 15 * 10**11),
        ("1.25 TiB", 5 * 2**38),
        ("7 kB", 7000),
        ("7 KiB", 7168),
        ("7 MB", 7 * 10**6),
        ("1 PB", 10**15),
        ("999999 GB", 999999 * 10**9),
    ],
)
def test_a_size(said: str, size: int) -> None:
    assert facts_of(sheet(mounts=(f"C:; NTFS; {said}",)), gathered_at=AT).mounts[0].size_bytes == size


@pytest.mark.parametrize(
    ("list_", "entry", "expected"),
    [
        ("disks", "; 480 GB", "expected: nama; ukuran; model; nomor seri; kesehatan"),
        ("listeners", "443; iis; more", "expected: port; program"),
        ("disks", "C:; 480", "expected a size such as 480 GB"),
        ("disks", "C:; 1000000 GB", "expected a size such as 480 GB"),
        ("mounts", "C:; NTFS; 480 GB; much", "expected a size such as 480 GB"),
        ("power_supplies", "1; 750 W", "expected a whole number"),
        ("power_supplies", "1; 12345678", "expected a whole number"),
        ("power_supplies", "1; ²", "expected a whole number"),
        ("nics", "Ethernet; 52:54", "expected a MAC address such as 52:54:00:12:34:56"),
        ("nics", "Ethernet; ; ; 192.0.2.10, there", "expected IP addresses, separated by commas"),
        ("listeners", "web", "expected a port such as 443 or 53/udp"),
        ("listeners", "80-90", "expected one port"),
        ("disks", "C:; " + "9" * 100, "expected a size such as 480 GB"),
    ],
)
def test_an_entry_that_cannot_be_read_is_named(list_: str, entry: str, expected: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        facts_of(sheet(**{list_: (entry,)}), gathered_at=AT)
    assert refused.value.message == f"{list_}: {entry[:80]!r}: {expected}"
    assert refused.value.id == "sheet-entry-invalid"
    assert refused.value.remedy


def test_a_number_of_seven_digits_is_one() -> None:
    assert facts_of(sheet(power_supplies=("1; 1234567",)), gathered_at=AT).power_supplies[0].watts == 1234567
