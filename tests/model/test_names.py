"""Names as people write them: short forms of ids, what was nearly said, and addresses."""

import pytest

from sopctl.model import names

IDS = ["PS-2025-0003", "PS-2026-0003", "PS-2026-0030", "ADO-2026-0004", "lepas", "X-0003", "PS-2026-000A"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("3", ["PS-2025-0003", "PS-2026-0003"]),
        ("26-3", ["PS-2026-0003"]),
        ("2025-3", ["PS-2025-0003"]),
        ("2024-3", []),
        ("0030", ["PS-2026-0030"]),
        ("4", ["ADO-2026-0004"]),
        ("00003", ["00003"]),
        ("ps-2026-0003", ["PS-2026-0003"]),
        ("no such id", ["no such id"]),
    ],
)
def test_an_id_that_was_shortened(said: str, meant: list[str]) -> None:
    assert names.meant(said, IDS) == meant


@pytest.mark.parametrize(
    ("said", "near"),
    [
        ("serial", ["serial_number", "serials", "serial_port"]),
        ("erial", ["serial_number", "serials", "serial_port"]),
        ("port", ["serial_port"]),
        (" PEMBUAT-SERVER ", ["pembuat_server"]),
        ("adress", ["address"]),
        ("ad", []),
        ("zzz", []),
    ],
)
def test_what_may_be_meant(said: str, near: list[str]) -> None:
    """What holds it first, and three at most."""
    known = ["address", "serial_number", "serials", "serial_port", "serially", "pembuat_server"]
    assert names.nearest(said, known) == near


@pytest.mark.parametrize(
    ("text", "address", "ip", "network", "host"),
    [
        ("192.0.2.1", True, True, True, False),
        ("2001:db8::1", True, True, True, False),
        ("192.0.2.0/24", False, False, True, False),
        ("192.0.2.1/24", False, False, False, False),
        ("fe80::1%eth0", True, False, False, False),
        ("fe80::1%", False, False, False, False),
        ("fe80::1%eth0/64", False, False, False, False),
        ("192.0.2.1%eth0", False, False, False, False),
        ("web1.example.org", True, False, False, True),
        ("web1.example.org%eth0", False, False, False, False),
        ("localhost", False, False, False, False),
        ("127.1", False, False, False, False),
        ("1234", False, False, False, False),
        ("-x", False, False, False, False),
        ("x*", False, False, False, False),
        ("", False, False, False, False),
    ],
)
def test_addresses_networks_and_host_names(text: str, address: bool, ip: bool, network: bool, host: bool) -> None:
    found = (names.is_address(text), names.is_ip(text), names.is_network(text), names.is_host_name(text))
    assert found == (address, ip, network, host)
