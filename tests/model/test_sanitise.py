"""Values from foreign programs, made short, safe and typed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.sanitise import address, addresses, entries, mac, mapping, number, pairs, raw_size, size, text
from tests.cases import rows


@pytest.mark.parametrize("row", rows("sizes"), ids=lambda row: str(row["said"]))
def test_there_is_one_way_to_read_a_size(row: dict[str, Any]) -> None:
    assert size(row["said"], row.get("base", 1024)) == row["bytes"]


@given(st.text(max_size=100), st.sampled_from([1000, 1024]))
def test_any_text_is_a_size_or_none(said: str, base: int) -> None:
    found = size(said, base)
    assert found is None or 0 <= found <= 2**60


def test_what_is_of_another_kind_is_empty() -> None:
    assert [mapping(each) for each in ({"a": 1}, [1], None)] == [{"a": 1}, {}, {}]
    assert [entries(each) for each in ([1], {"a": 1}, "a", None)] == [[1], [], [], []]
    assert [pairs(each) for each in ({"a": 1, 2: 3}, [("a", 1)], None)] == [[("a", 1)], [], []]


def test_lists_have_a_bound() -> None:
    assert len(entries([0] * 1000)) == 512
    assert len(pairs(dict.fromkeys(map(str, range(5000))))) == 4096
    assert len(list(addresses([f"192.0.2.{n}" for n in range(200)]))) == 64


@pytest.mark.parametrize(
    "nothing", ["", " ", "NA", "N/A", "None", "unknown", "Not Specified", "Not Available", 5, None]
)
def test_what_tools_say_for_nothing(nothing: object) -> None:
    assert text(nothing) is None


def test_a_line_is_short_and_printable() -> None:
    assert text(" a\n\tb  c ") == "a b c"
    assert text("NAS") == "NAS"
    assert text("x" * 5000) == "x" * 119 + "…"
    assert text("ab" + " " * 5000 + "c", 5) == "ab", "what is read of it has a bound too"
    assert text("\x1b[2J") == "\\x1b[2J"


@pytest.mark.parametrize(
    ("said", "count"),
    [
        (0, 0),
        (5, 5),
        (2.9, 2),
        ("0012", 12),
        ("9" * 15, 10**15 - 1),
        (2**53, 2**53),
        (2**53 + 1, None),
        ("9" * 17, None),
        (-1, None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        (True, None),
        (float("nan"), None),
        (None, None),
        ([1], None),
    ],
)
def test_a_count(said: object, count: int | None) -> None:
    assert number(said) == count
    assert number(said, 4) == (count if count is not None and count <= 4 else None)


def test_the_size_of_a_drive_follows_from_its_sectors() -> None:
    assert raw_size("10.914 TB [0xaea00000 Sectors]") == 0xAEA00000 * 4096
    assert raw_size("1.364 TB [0xaea87ab0 Sectors]") == 0xAEA87AB0 * 512
    assert [raw_size(said) for said in ("10.914 TB", "10.914 TB [0xxyz Sectors]", "", None, 5)] == [None] * 5


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("192.0.2.1/24", None),
        ("web1", None),
        ("", None),
        ("fe80::1%" + "x" * 60, None),
        (None, None),
        (3232235777, None),
    ],
)
def test_an_address(said: object, found: str | None) -> None:
    assert address(said) == found
    assert list(addresses([said])) == ([found] if found else [])
    assert list(addresses(said)) == []


def test_hardware_addresses() -> None:
    assert mac(" AA:BB:CC:00:00:01\n") == "aa:bb:cc:00:00:01"
    infiniband = "80:00:02:08:fe:80:00:00:00:00:00:00:0c:42:a1:03:00:7d:2b:1e"
    assert mac(infiniband) == infiniband
    assert [mac(said) for said in ("00:00:00:00:00:00", "aa:bb", "", None, "00:" * 19 + "00")] == [None] * 5
