"""What tools print, each tool's reader by itself (tests/cases/tool_output.yml; whole answers: test_sections.py)."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from sopctl.model.facts import tool_output
from sopctl.model.facts.tool_output import dmi_records
from tests.cases import rows
from tests.model.facts.captures import known

LINE = "2: eno1: <BROADCAST,SLAVE,UP> mtu 1500\\    link/ether 00:00:5e:00:53:0a brd ff:ff:ff:ff:ff:ff permaddr {}"
READERS: dict[str, Callable[[Any], Any]] = {
    "memory": lambda said: tool_output.memory_modules(dmi_records(said).get(17, [])),
    "supplies": lambda said: tool_output.power_supplies(dmi_records(said).get(39, [])),
    "bays": lambda said: tool_output.empty_bays(dmi_records(said).get(39, [])),
    "disks": tool_output.disks,
    "lsblk": tool_output.lsblk_document,
    "volumes": tool_output.raid_controller,
    "drives": tool_output.drives,
    "arrays": tool_output.software_raid,
    "addresses": tool_output.addresses,
    "listeners": tool_output.listeners,
    "packages": tool_output.packages,
    "permanent": lambda said: tool_output.permanent_addresses(None, said),
    "dnf": lambda said: range(tool_output.updates(None, said) or 0),
    "fields": tool_output.colon_fields,
    "structures": lambda said: dmi_records(said)[17],
    "mounted": lambda said: tool_output.mounts(said, []),
}
"""Those that read the lines of one answer."""
ROWS = rows("tool_output")


def read(row: dict[str, Any]) -> object:
    if row["reads"] == "mounts":
        return tool_output.mounts(row["said"], row["sizes"])
    if row["reads"] == "updates":
        return tool_output.updates(row.get("apt"), row.get("dnf"))
    if row["reads"] == "clock":
        return tool_output.time_synchronised(row.get("chrony"), row.get("timedatectl"))
    return READERS[row["reads"]](row["said"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['reads']}: {row['name']}")
def test_what_is_read_of_an_answer(row: dict[str, Any]) -> None:
    found = read(row)
    assert known(msgspec.to_builtins(list(found) if isinstance(found, Iterator) else found)) == row["found"]


@pytest.mark.parametrize("said", [{}, {"blockdevices": {}}, [], "x", None])
def test_what_is_no_answer_of_lsblk(said: object) -> None:
    assert tool_output.lsblk_document(said) is None


def test_a_cards_own_address_below_a_bond() -> None:
    """As JSON, or as a line of an older ip."""
    document = [{"ifname": "eno1", "permaddr": "00:00:5e:00:53:0b"}, 7]
    assert list(tool_output.permanent_addresses(document, [])) == [("eno1", "00:00:5e:00:53:0b"), ("None", None)]
    lines = [LINE.format("00:00:5e:00:53:0b"), "3: eno2: <UP> link/ether 00:00:5e:00:53:0c", ""]
    assert list(tool_output.permanent_addresses(None, lines)) == [("eno1", "00:00:5e:00:53:0b")]


def test_addresses_and_which_of_them_are_lent() -> None:
    said = [
        {"ifname": "eno1", "addr_info": [{"local": "192.0.2.1", "dynamic": True}, {"local": "x"}, {"local": "::2"}]}
    ]
    found = tool_output.address_document(said)
    assert found is not None
    assert list(found) == [("eno1", "192.0.2.1", True), ("eno1", "::2", False)]
    assert tool_output.address_document({}) is None


@pytest.mark.parametrize("length", [40, 41])
def test_the_name_of_a_card_as_json_has_its_bound(length: int) -> None:
    said: list[object] = [
        {"ifname": "e" * length, "permaddr": "00:00:5e:00:53:0b", "addr_info": [{"local": "192.0.2.1"}]}
    ]
    ((own, _),) = tool_output.permanent_addresses(said, [])
    found = tool_output.address_document(said)
    assert found is not None
    ((name, _, _),) = found
    assert own == name == "e" * 40


@pytest.mark.parametrize("row", rows("taken"), ids=lambda row: row["reads"])
def test_how_many_are_taken(row: dict[str, Any]) -> None:
    found = []
    for many in (row["most"], row["most"] + 1):
        every = [row["first"]] if "first" in row else []
        every += [row["said"].replace("{n}", str(number)) for number in range(1, many + 1)]
        lines = "\n".join(every).split("\n")
        found.append(len(list(READERS[row["reads"]](lines))))
    assert found == [row["most"]] * 2


@pytest.mark.parametrize("row", rows("widths"), ids=lambda row: f"{row['reads']}: {row['said']}")
def test_how_long_a_text_is_taken(row: dict[str, Any]) -> None:
    whole = []
    for length in (row["most"], row["most"] + 1):
        long = ("K7m3Q" * length)[:length]
        found = READERS[row["reads"]](row["said"].replace("{long}", long).split("\n"))
        whole.append(long in str(msgspec.to_builtins(list(found) if isinstance(found, Iterator) else found)))
    assert whole == [True, False]


def test_of_how_many_file_systems_the_size_is_taken() -> None:
    others = [f"/dev/sd{number} 10 1 9 10% /srv/{number}" for number in range(2048)]
    for many, size in ((2047, 10240), (2048, None)):
        (found,) = tool_output.mounts(["/dev/sda / ext4 rw 0 0"], [*others[:many], "/dev/sda 10 1 9 10% /"])
        assert found.size_bytes == size
