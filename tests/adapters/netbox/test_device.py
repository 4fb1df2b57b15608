"""A device is brought in line: made, changed as far as it differs, left alone where it does not, never deleted."""

import pytest
from msgspec import structs

from sopctl.adapters.netbox.device import Outcome, bring_in_line
from sopctl.adapters.netbox.faults import NetBoxFault, Server
from sopctl.adapters.netbox.session import NetBox
from sopctl.model.house.netbox import Device, Interface, Part
from tests.adapters.netbox.fake_netbox import TOKEN, FakeNetBox, Next, netbox

SITE = "Pusat Data"
WEB = Device(
    deposit="PS-2026-0001",
    name="web-1 (PS-2026-0001)",
    status="active",
    role="Server",
    manufacturer="Contoh",
    model="R-100",
    height=2,
    serial="SN-0001",
    tenant="Dinas Contoh",
    rack="A1",
    position=10,
    face="front",
    primary="198.18.0.5",
    interfaces=(
        Interface("eno1", "1000base-t", 1_000_000, "02:00:00:00:00:01", ("198.18.0.5/24", "2001:db8::5/64")),
        Interface("eno2", "other", None, "02:00:00:00:00:02", ("198.18.0.6/24",), ("198.18.0.6/24",)),
        Interface("bond0", "lag", None, "02:00:00:00:00:01", ()),
        Interface("eno3", "10gbase-t", 10_000_000, None, ()),
    ),
    parts=(
        Part("Disk sda", "", "SSD-480", "D-1"),
        Part("Disk sdb", "", "SSD-480", "D-2"),
        Part("DIMM A1", "Contoh", "M-16", "M-1"),
        Part("DIMM A2", "Contoh", "M-16", ""),
    ),
    known=True,
)


FOLLOWS = {
    ("update", "interface", "eno1", ("primary_mac_address",)),
    ("update", "interface", "eno2", ("primary_mac_address",)),
    ("update", "interface", "bond0", ("primary_mac_address",)),
    ("update", "device", WEB.name, ("primary_ip4",)),
}
"""What is changed of an object in the run that makes it, and for which another object has to be there."""


def sync(fake: FakeNetBox, *devices: Device, dry_run: bool = False) -> list[Outcome]:
    made = []
    session = NetBox(Server(fake.url, TOKEN), dry_run=dry_run)
    fake.asked.clear()
    for each in devices:
        made.append(Outcome(each.deposit, [], []))
        bring_in_line(session, each, SITE, {"A1": 45}, made[-1])
    return made


def said(made: list[Outcome]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [
        (each.action, each.kind, each.name, tuple(sorted(each.fields))) for outcome in made for each in outcome.changes
    ]


def test_a_device_is_made_whole_and_a_second_run_writes_nothing() -> None:
    with netbox() as fake:
        sync(fake, WEB)
        device = fake.only("dcim/devices", asset_tag=WEB.deposit)
        assert (device["name"], device["status"], device["serial"]) == (WEB.name, "active", "SN-0001")
        assert fake.objects["dcim/racks"][device["rack"]] | {"site": 0} == {
            "name": "A1", "site": 0, "u_height": 45, "status": "active",
        }  # fmt: skip
        assert (device["position"], device["face"]) == (10, "front")
        assert fake.objects["dcim/device-types"][device["device_type"]]["u_height"] == 2
        assert fake.objects["tenancy/tenants"][device["tenant"]]["name"] == "Dinas Contoh"
        assert fake.objects["ipam/ip-addresses"][device["primary_ip4"]]["address"] == "198.18.0.5/24"
        assert fake.only("ipam/ip-addresses", address="198.18.0.6/24")["status"] == "dhcp"
        assert len(fake.objects["dcim/interfaces"]) == 4
        eno1 = fake.only("dcim/interfaces", name="eno1")
        assert fake.objects["dcim/mac-addresses"][eno1["primary_mac_address"]]["mac_address"] == "02:00:00:00:00:01"
        assert len(fake.objects["dcim/mac-addresses"]) == 3, "two interfaces may have one address"
        assert len(fake.objects["dcim/inventory-items"]) == 4
        again = sync(fake, WEB)
        assert (said(again), again[0].left, fake.writes) == ([], [], [])


def test_a_dry_run_says_what_a_run_does_and_writes_nothing() -> None:
    with netbox() as fake:
        for wanted in (WEB, structs.replace(WEB, name="web-2 (PS-2026-0001)", parts=WEB.parts[1:])):
            would = sync(fake, wanted, dry_run=True)
            assert fake.writes == []
            done = sync(fake, wanted)
            assert set(said(would)) == {each for each in said(done) if each not in FOLLOWS}
            assert would[0].left == done[0].left


def test_a_dry_run_names_what_two_devices_share_once() -> None:
    bare = structs.replace(WEB, interfaces=(), primary="", parts=())
    other = structs.replace(bare, deposit="PS-2026-0002", name="db (PS-2026-0002)", position=20)
    with netbox() as fake:
        would, done = said(sync(fake, WEB, other, dry_run=True)), said(sync(fake, WEB, other))
        assert would == [each for each in done if each not in FOLLOWS]


def test_only_what_differs_is_changed_and_what_the_office_decided_stays() -> None:
    with netbox() as fake:
        sync(fake, WEB)
        device = fake.only("dcim/devices", asset_tag=WEB.deposit)
        mine = fake.add("dcim/device-roles", name="Hypervisor", slug="hypervisor", color="ff0000")
        device["role"] = mine
        fake.only("dcim/interfaces", name="eno3")["type"] = "10gbase-t"
        fake.only("ipam/ip-addresses", address="198.18.0.5/24")["address"] = "198.18.0.5/16"
        moved = structs.replace(
            WEB, position=20, serial="SN-0002", parts=(*WEB.parts[:3], Part("DIMM A2", "Contoh", "M-32", ""))
        )
        done = sync(fake, moved)
        assert said(done) == [
            ("update", "device", WEB.name, ("position", "serial")),
            ("update", "inventory-item", "DIMM A2", ("part_id",)),
        ]
        assert done[0].changes[0].fields["serial"] == ("SN-0001", "SN-0002")
        device = fake.only("dcim/devices", asset_tag=WEB.deposit)
        assert (device["role"], device["position"]) == (mine, 20)
        assert fake.only("ipam/ip-addresses", address="198.18.0.5/16")


def test_who_was_given_back_is_offline_and_out_of_the_rack_and_nothing_is_deleted() -> None:
    gone = structs.replace(WEB, status="offline", rack="", position=None, face="", interfaces=(), parts=(), known=False)
    with netbox() as fake:
        assert said(sync(fake, gone)) == [], "it was never there"
        sync(fake, WEB)
        before = {kind: len(each) for kind, each in fake.objects.items()}
        assert said(sync(fake, gone)) == [("update", "device", WEB.name, ("face", "position", "rack", "status"))]
        device = fake.only("dcim/devices", asset_tag=WEB.deposit)
        assert (device["status"], device["rack"], device["position"]) == ("offline", None, None)
        assert {kind: len(each) for kind, each in fake.objects.items()} == before
        assert said(sync(fake, gone)) == []
        assert not [each for each in fake.asked if each.startswith("DELETE")]


def test_a_device_of_an_imported_list_is_known_by_its_name() -> None:
    with netbox() as fake:
        sync(fake, WEB)
        fake.only("dcim/devices", asset_tag=WEB.deposit)["asset_tag"] = None
        assert said(sync(fake, WEB)) == [("update", "device", WEB.name, ("asset_tag",))]


def test_what_others_made_under_these_names_is_used_and_not_changed() -> None:
    with netbox() as fake:
        fake.add("dcim/manufacturers", name="CONTOH", slug="contoh")
        fake.add("dcim/sites", name=SITE, slug="pd", status="planned")
        sync(fake, WEB)
        assert len(fake.objects["dcim/manufacturers"]) == 1
        assert fake.only("dcim/sites", slug="pd")["status"] == "planned"


def test_an_address_of_another_device_is_left_and_a_free_one_is_taken() -> None:
    other = structs.replace(
        WEB, deposit="PS-2026-0002", name="web-2 (PS-2026-0002)", position=20, primary="198.18.0.9", parts=(),
        interfaces=(Interface("eno1", "other", None, None, ("198.18.0.5/24", "198.18.0.9/24")),),
    )  # fmt: skip
    with netbox() as fake:
        fake.add("ipam/ip-addresses", address="198.18.0.9/23", assigned_object_type=None, assigned_object_id=None)
        made = sync(fake, WEB, other)
        assert [(each.kind, each.name) for each in made[1].left] == [("ip-address", "198.18.0.5")]
        theirs = fake.only("ipam/ip-addresses", address="198.18.0.5/24")
        assert fake.objects["dcim/interfaces"][theirs["assigned_object_id"]]["type"] == "1000base-t"
        free = fake.only("ipam/ip-addresses", address="198.18.0.9/23")
        assert fake.objects["dcim/interfaces"][free["assigned_object_id"]]["type"] == "other"
        assert said(sync(fake, WEB, other)) == []


def test_what_was_not_seen_any_more_is_told_and_stays() -> None:
    with netbox() as fake:
        sync(fake, WEB)
        less = structs.replace(WEB, parts=WEB.parts[1:], interfaces=WEB.interfaces[:3])
        made = sync(fake, less)
        assert [(each.kind, each.name) for each in made[0].left] == [
            ("interface", "eno3"),
            ("inventory-item", "Disk sda"),
        ]
        assert fake.writes == []


def test_a_place_that_is_taken_in_netbox_is_refused_with_its_reason() -> None:
    with netbox() as fake:
        sync(fake, WEB)
        other = structs.replace(WEB, deposit="PS-2026-0002", name="web-2 (PS-2026-0002)", position=11)
        with pytest.raises(NetBoxFault, match="already occupied") as raised:
            sync(fake, other)
        assert raised.value.id == "netbox-refuses"


def test_where_netbox_ignores_a_filter_nobody_elses_device_is_taken_for_ours() -> None:
    bare = structs.replace(WEB, interfaces=(), primary="", parts=())
    other = structs.replace(bare, deposit="PS-2026-0002", name="db (PS-2026-0002)", position=20)
    with netbox() as fake:
        sync(fake, WEB)
        before = dict(fake.only("dcim/devices", asset_tag=WEB.deposit))
        fake.ignores_filters = True
        sync(fake, other)
        assert fake.only("dcim/devices", asset_tag=WEB.deposit) == before
        assert fake.only("dcim/devices", asset_tag=other.deposit)


NESTED = "[" * 5000 + "]" * 5000
HOSTILE = [
    "null",
    "3",
    "[3]",
    NESTED,
    '{"count": 1, "next": null, "results": null}',
    '{"count": 1, "next": null, "results": 3}',
    '{"count": "x", "next": 3, "results": [{"id": 1}]}',
    '{"count": 1, "next": null, "results": [null]}',
    '{"count": 1, "next": null, "results": [{}]}',
    '{"count": 1, "next": null, "results": [{"id": null, "name": null, "url": null}]}',
    '{"count": 1, "next": null, "results": [{"id": "1/../../users", "name": {"a": []}, "display": "\\u001b[2J"}]}',
    '{"count": 1, "next": null, "results": [{"id": -1e400, "asset_tag": "PS-2026-0001", "name": "web-1"}]}',
]
ASKED = [
    "dcim/devices", "dcim/sites", "dcim/racks", "dcim/manufacturers", "dcim/device-types", "dcim/device-roles",
    "tenancy/tenants", "dcim/interfaces", "dcim/mac-addresses", "ipam/ip-addresses", "dcim/inventory-items",
]  # fmt: skip


def test_what_it_answers_is_an_error_or_is_read() -> None:
    """Whatever it answers when it is asked for whatever kind of objects, or makes or changes one."""
    with netbox() as fake:
        asked = [("POST", "dcim/sites"), ("PATCH", "dcim/devices"), *(("GET", each) for each in ASKED)]
        said = [_said_of(fake, method, path, body) for method, path in asked for body in HOSTILE]
        fake.script.clear()
        fake.faults.clear()  # what it made up itself was asked for
        assert {each.partition(" ")[0] for each in fake.asked} <= {"GET", "POST", "PATCH"}
    assert sum(map(bool, said)) > 50
    assert all(each.isprintable() for each in said if each)


def _said_of(fake: FakeNetBox, method: str, path: str, body: str) -> str:
    fake.script[:] = [Next(method, path, 200, body=body.encode())]
    try:
        sync(fake, WEB)
    except NetBoxFault as error:
        return error.message
    return ""
