"""What NetBox is to have of a deposit, from its record and its facts."""

from datetime import date
from typing import Any

import pytest

from sopctl.model.facts.parts import Disk, Nic
from sopctl.model.facts.server import ServerFacts
from sopctl.model.house import netbox
from sopctl.model.rack import Need, Place
from tests.model.sop.test_deadline import summary

DAY = date(2026, 11, 2)
HERE: dict[str, Any] = {"place": Place("A1", 10, 2), "placed": True}


@pytest.mark.parametrize(
    ("changes", "known", "status"),
    [
        ({"place": Place("A1", 10, 2)}, False, "planned"),
        ({**HERE, "procedure": "konfigurasi"}, False, "staged"),
        ({**HERE, "procedure": "konfigurasi", "managed": True}, False, "active"),
        ({**HERE, "procedure": "konfigurasi", "kind": "other"}, True, "active"),
        ({**HERE, "procedure": "pengembalian", "managed": True}, True, "decommissioning"),
        ({**HERE, "procedure": "pengembalian", "managed": True, "switched_off": True}, True, "offline"),
        ({**HERE, "procedure": "pengembalian", "step": None, "managed": True}, True, "offline"),
        ({"step": None}, False, "offline"),
    ],
)
def test_where_it_stands_in_netboxs_words(changes: dict[str, Any], known: bool, status: str) -> None:
    deposit = summary(DAY, **changes)
    assert netbox.status(deposit, known=known) == status
    if deposit.closed:
        device = netbox.device(deposit, None, "Dinas Contoh")
        assert (device.rack, device.position, device.face) == ("", None, "")


def test_what_its_facts_say_goes_before_what_its_letter_says() -> None:
    facts = ServerFacts(
        gathered_at="2026-11-02T10:00:00+07:00",
        hostname="web-9",
        vendor="Contoh",
        serial="SN-9",
        nics=(
            Nic(
                "eno1",
                "aa:bb:cc:00:00:01",
                1000,
                ("192.0.2.1", "127.0.0.1"),
                ("fe80::1", "2001:db8::1", "x"),
                leased=("192.0.2.1",),
            ),
            Nic("eno1", "aa:bb:cc:00:00:02"),
            Nic("n" * 80),
        ),
        disks=(Disk("sda", 1), Disk("sda", 1)),
    )
    made = netbox.device(
        summary(DAY, **HERE, need=Need(2, 500, 100)),
        facts,
        "Dinas Contoh",
        ["192.0.2.0/24", "192.0.0.0/16", "10.0.0.0/8"],
    )
    assert (made.name, made.serial, made.manufacturer, made.model) == (
        "web-9 (PS-2026-0001)", "SN-9", "Contoh", "Tidak diketahui",
    )  # fmt: skip
    assert (made.height, made.rack, made.position, made.face) == (2, "A1", 10, "front")
    first, second = made.interfaces
    assert (first.mac, first.speed, first.type) == ("AA:BB:CC:00:00:01", 1_000_000, "1000base-t")
    assert (first.addresses, first.leased) == (("192.0.2.1/24", "2001:db8::1/128"), ("192.0.2.1/24",))
    assert len(second.name) == 64
    assert [each.name for each in made.parts] == ["Disk sda", "Disk sda 2"]


@pytest.mark.parametrize("name", ["Dell Inc.", "Dinas Komunikasi & Informatika", "---", "宏碁", "", "A" * 300, "é"])
def test_a_slug_is_one_that_netbox_takes(name: str) -> None:
    made = netbox.slug(name)
    assert 0 < len(made) <= 100
    assert made.isascii()
    assert made.replace("-", "").isalnum()


def test_a_name_has_room_in_netbox() -> None:
    assert len(netbox.name("n" * 200, "PS-2026-0001")) == 64
