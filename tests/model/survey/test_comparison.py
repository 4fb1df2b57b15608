"""Letters beside what listens: what is cut off, and what stays open (tests/cases/survey_services.yml)."""

from typing import Any

import pytest

from sopctl.model import services
from sopctl.model.survey import found
from sopctl.model.survey.comparison import Comparison, compare
from sopctl.model.survey.wanted import Wanted
from tests.cases import rows
from tests.model.survey.records import hexed, records


def seen(row: dict[str, Any]) -> found.Survey:
    sockets, owners = [], []
    for line in row.get("listens", ()):
        protocol, address, port, *program = line.split()
        sockets.append(f"{protocol}{'6' if ':' in address else ''} {hexed(address)}:{int(port):04X}")
        shown = f"[{address}]" if ":" in address else address
        if program:
            owners.append(f'{protocol} {shown}:{port} users:(("{program[0]}",pid=1,fd=3))')
    connected = [line.split() for line in row.get("connected", ())]
    says = {
        "sockets": "\n".join(sockets),
        "owners": "\n".join(owners),
        "connected": "\n".join(f"{int(port):04X} {hexed(address)} {count}" for port, address, count in connected),
        "addresses": "\n".join(row.get("addresses", ())),
        "interfaces": "\n".join(row.get("links", ())),
        "translations": "\n".join(row.get("rules", ())),
        "raw": "\n".join(row.get("raw", ())),
        "forwarding": "1\n0\n" if row.get("forwards") else "0\n0\n",
        "ssh_sockets": "\n".join(row.get("sockets", ())),
        "init": "init" if row.get("system") == "no-systemd" else "systemd",
        "chroot": "yes" if row.get("system") == "chroot" else "no",
    }
    if "ours" in row:
        says["ours"] = f"table inet sopctl {{\n chain input {{\n  tcp dport {{ {row['ours']} }} accept\n }}\n}}\n"
    return found.read(records(says))


def compared(row: dict[str, Any]) -> Comparison:
    wanted = Wanted(
        "sopctl",
        ports=tuple(map(services.ports, row["ports"])),
        sources=tuple(row.get("sources", ())),
        controllers=("192.0.2.250",),
    )
    return compare(seen(row), wanted)


@pytest.mark.parametrize("row", rows("survey_services"), ids=lambda row: row["name"])
def test_what_becomes_of_services(row: dict[str, Any]) -> None:
    result = compared(row)
    cut = [
        f"{each.service}" + (f" < {', '.join(peer.address for peer in each.peers)}" if each.peers else "")
        for each in result.cut_off
    ]
    assert sorted(cut) == sorted(row["cut"])
    stays = [f"{each.reason} {each.service or ''} {each.target}" for each in result.stays_open]
    assert sorted(stays) == sorted(row["open"])


def test_programs_and_places_are_named() -> None:
    (each,) = compared(
        {
            "listens": ["tcp 10.88.0.1 6379 redis-server", "tcp 192.0.2.7 6379 redis-server"],
            "addresses": ["eth0 192.0.2.7/24", "podman0 10.88.0.1/16"],
            "ports": [],
        }
    ).cut_off
    assert each.programs == ("redis-server",)
    assert set(each.addresses) == {"10.88.0.1", "192.0.2.7"}
    assert set(each.interfaces) == {"podman0", "eth0"}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ("", ["6379", "161/udp", "gre"]),
        ("6379", ["161/udp", "gre"]),
        ("6379/udp,161", ["6379", "161/udp", "gre"]),
        ("6000-7000 100-200/udp", ["gre"]),
        ("6379,161/udp,gre", []),
    ],
)
def test_consent_is_for_what_it_names(given: str, missing: list[str]) -> None:
    found = compared({"listens": ["tcp 0.0.0.0 6379 r", "udp 0.0.0.0 161 s"], "raw": ["002F"], "ports": []})
    assert [str(each.service) for each in found.unconsented(services.listed(given))] == missing
