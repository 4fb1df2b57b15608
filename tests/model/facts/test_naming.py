"""By what a server's parts are known again, and what they are called."""

from collections.abc import Callable
from typing import Any

import pytest

from sopctl.model.facts import naming
from sopctl.model.facts.matching import Traits
from sopctl.model.facts.parts import (
    Accelerator,
    Controller,
    Disk,
    FibrePort,
    Listener,
    MemoryModule,
    Module,
    Mount,
    Nic,
    PowerSupply,
    RaidVolume,
)

GIB = 2**30


@pytest.mark.parametrize(
    ("traits", "part", "known_by"),
    [
        (naming.disk, Disk("sda", 7, "M", "S", wwn="W"), Traits(("S", "W"), size=7, model="M")),
        (naming.drive, Disk("0:1", 7, "M", "S", wwn="W"), Traits(("S", "W"), ("0:1",), 7, "M")),
        (naming.drive, Disk("0:1", 0), Traits((None, None), ("0:1",))),
        (naming.memory_module, MemoryModule("A1", 7, "DDR4", part="P", serial="S"), Traits(("S",), ("A1",), 7, "P")),
        (naming.module, Module("1", "M", "text", "S"), Traits(("S",), ("1",), model="M")),
        (naming.volume, RaidVolume("md0", "raid1", size="2 GiB"), Traits((), ((), "md0"), 2 * GIB, kind="raid1")),
        (naming.volume, RaidVolume("0", "raid1", controller="1"), Traits((), (("1", "0"), "0"), kind="raid1")),
        (naming.power_supply, PowerSupply("1", "M", "S", watts=750), Traits(("S",), ("1",), 750, "M")),
        (naming.fibre_port, FibrePort("host1", "W", "M"), Traits(("W",), model="M")),
        (naming.accelerator, Accelerator("0:1", "M", "S", "10de:1"), Traits(("S",), ("0:1",), model="10de:1")),
        (naming.controller, Controller("0", "M", "S"), Traits(("S",), ("0",), model="M")),
    ],
)
def test_by_what_a_part_is_known(traits: Callable[[Any], Traits], part: Any, known_by: Traits) -> None:
    assert traits(part) == known_by


@pytest.mark.parametrize(
    ("name", "part", "called"),
    [
        (naming.disk_name, Disk("sda", 480 * 10**9, "M", "S"), "480 GB M (S)"),
        (naming.disk_name, Disk("sda", 0, "M"), "M"),
        (naming.disk_key, Disk("sda", 0, serial="S"), "S"),
        (naming.disk_key, Disk("sda", 0), "sda"),
        (naming.disk_capacity, Disk("sda", 10**12), "1 TB"),
        (naming.disk_capacity, Disk("sda", 1_920_383_410_176), "1,92 TB"),
        (naming.disk_capacity, Disk("sda", 10**12 - 10**8), "999,9 GB"),
        (naming.disk_capacity, Disk("sda", 10**9), "1 GB"),
        (naming.disk_capacity, Disk("sda", 10**9 - 10**5), "999,9 MB"),
        (naming.memory_module_name, MemoryModule("A1", 16384, "DDR4", "K", "P", "S"), "16384 MiB DDR4 P S"),
        (naming.module_name, Module("1", "M", "text", "S"), "M (S)"),
        (naming.module_name, Module("1", "M"), "M 1"),
        (naming.volume_name, RaidVolume("md0", "raid1", "UU", "446.6 GiB"), "md0 raid1 480 GB"),
        (naming.volume_name, RaidVolume("md0", "raid1", "UU", "some"), "md0 raid1 some"),
        (naming.volume_key, RaidVolume("v", controller="0"), "v"),
        (naming.volume_key, RaidVolume("v", controller="1"), "v (pengendali 1)"),
        (naming.power_supply_name, PowerSupply("1", "M", "S"), "S"),
        (naming.power_supply_name, PowerSupply("1", "M"), "M"),
        (naming.power_supply_name, PowerSupply("1"), "1"),
        (naming.power_supply_key, PowerSupply("1", "M", "S"), "1"),
        (naming.fibre_port_name, FibrePort("host1", "W"), "W"),
        (naming.accelerator_name, Accelerator("0:1", "M", "S"), "M (S)"),
        (naming.accelerator_name, Accelerator("0:1", "M"), "M (0:1)"),
        (naming.controller_name, Controller("0", "M", "S"), "M (S)"),
        (naming.controller_name, Controller("0", "M"), "M 0"),
        (naming.controller_key, Controller("0", "M", "S"), "0"),
        (naming.version, "Contoh 2.8A", "2.8a"),
        (naming.version, "2.8", "2.8"),
        (naming.uuid, "4C4C4544-0042-3410-8043-C4C04F303031", "44454c4c420010348043c4c04f303031"),
        (naming.uuid, "44454c4c-4200-1034-8043-c4c04f303031", "44454c4c420010348043c4c04f303031"),
    ],
)
def test_what_a_part_is_called(name: Callable[[Any], str], part: Any, called: str) -> None:
    assert name(part) == called


def test_a_uuid_is_the_same_in_either_order_of_octets() -> None:
    assert naming.uuid("00112233-4455-6677-8899-aabbccddeeff") == naming.uuid("33221100-5544-7766-8899-AABBCCDDEEFF")


A, B, C = "00:00:5e:00:53:0a", "00:00:5e:00:53:0b", "00:00:5e:00:53:0c"


@pytest.mark.parametrize(
    ("before", "after", "gone", "come"),
    [
        ([Nic("e0", A)], [Nic("e0", A)], set(), set()),
        ([Nic("e0", A)], [Nic("e1", B)], {A}, {B}),
        ([Nic("e0", A)], [Nic("e0", B)], {A}, {B}),
        ([Nic("e0")], [Nic("e0", A)], set(), set()),
        ([Nic("e0", A)], [Nic("e0")], set(), set()),
        ([Nic("e0")], [], {"e0"}, set()),
        ([Nic("e0", A), Nic("e1", B)], [Nic("e0", A), Nic("e1", A)], set(), set()),
        ([Nic("e0", A), Nic("e1", A)], [Nic("e0", A), Nic("e1", B)], set(), set()),
        ([Nic("e0", A), Nic("e1", B)], [Nic("e0", A), Nic("e2", A)], {B}, set()),
    ],
)
def test_cards_that_are_gone_and_new(before: list[Nic], after: list[Nic], gone: set[str], come: set[str]) -> None:
    assert tuple(map(set, naming.cards_changed(before, after))) == (gone, come)


def test_addresses_that_someone_set() -> None:
    before = [
        Nic(
            "e0",
            A,
            ipv4=("192.0.2.1", "192.0.2.2", "192.0.2.3"),
            ipv6=("fe80::1", "2001:db8::1"),
            leased=("192.0.2.2",),
        )
    ]
    after = [
        Nic("e0", A, ipv4=("192.0.2.1", "192.0.2.4", "169.254.0.1"), leased=("192.0.2.4",)),
        Nic("e1", B, ipv4=("192.0.2.1",)),
    ]
    gone, come = (sorted(each) for each in naming.addresses_changed(before, after))
    assert (gone, come) == (["192.0.2.3", "2001:db8::1"], ["192.0.2.1"])


def listening(*said: str) -> list[Listener]:
    """`tcp/443 nginx`."""
    found = [each.partition(" ") for each in said]
    return [
        Listener(port.partition("/")[0], "*", int(port.partition("/")[2]), program or None)
        for port, _, program in found
    ]


@pytest.mark.parametrize(
    ("before", "after", "closed", "opened"),
    [
        (["tcp/80 nginx"], ["tcp/80 apache"], set(), set()),
        (["tcp/80 nginx"], ["tcp/443 nginx", "udp/443 nginx"], {"tcp/80"}, {"tcp/443", "udp/443"}),
        (["tcp/32768 app"], ["tcp/60999 app"], set(), set()),
        (["tcp/32768 app"], ["tcp/40000 other"], {"tcp app"}, {"tcp other"}),
        (["tcp/32767 app"], ["tcp/61000 app"], {"tcp/32767"}, {"tcp/61000"}),
        (["udp/512 rpc.statd"], ["udp/1023 rpc.statd"], set(), set()),
        (["udp/511 rpc.statd"], ["udp/1024 rpc.statd"], {"udp/511"}, {"udp/1024"}),
        (["udp/600 app"], ["udp/601 app"], {"udp/600"}, {"udp/601"}),
        (["udp/600"], ["udp/601"], {"udp/600"}, {"udp/601"}),
        (["tcp/22 sshd", "tcp/40000"], ["tcp/22 sshd"], set(), set()),
        (["tcp/22", "tcp/40000"], ["tcp/22 sshd", "tcp/40000 app"], set(), set()),
        ([], ["tcp/40000 app"], set(), {"tcp app"}),
        (["tcp/22", "tcp/23"], ["tcp/22 sshd", "tcp/40000 app"], {"tcp/23"}, set()),
    ],
)
def test_ports_that_were_closed_and_opened(
    before: list[str], after: list[str], closed: set[str], opened: set[str]
) -> None:
    """A port that the system chose counts by its program, where programs are known."""
    assert naming.ports_changed(listening(*before), listening(*after)) == (closed, opened)


def test_paths_and_plain_words() -> None:
    assert naming.paths([Mount("/", "/dev/sda1", "ext4"), Mount("/srv", "/dev/sdb1", "xfs")]) == ["/", "/srv"]
    assert naming.plain("Dell Inc.", None, "", "R-740 xd") == "dellinc r740xd"


@pytest.mark.parametrize(
    "said",
    ["CZJ-123 0", "S/N: CZJ1230", "serial number=czj1230", "No. Seri CZJ1230", "sn CZJ1230", "nomor seri : CZJ1230"],
)
def test_a_serial_number_as_people_write_it(said: str) -> None:
    assert naming.same_serial(said, None, "", "other", "CZJ1230")
    assert not naming.same_serial(said, None, "CZJ1231")


@pytest.mark.parametrize(
    ("said", "shown", "same"), [("SN-0001", "SN0001", True), ("snow", "ow", False), ("x SN 1", "1", False)]
)
def test_a_serial_number_that_begins_as_a_label(said: str, shown: str, same: bool) -> None:
    assert naming.same_serial(said, shown) is same
