"""What a server answers to the look (tests/cases/survey_found.yml) is hostile: bounded, read by a strict grammar, and
safe to print."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from sopctl.model.services import Ports
from sopctl.model.survey import found
from sopctl.model.survey.changes import changes
from sopctl.model.survey.comparison import compare
from sopctl.model.survey.obstacles import obstacles
from sopctl.model.survey.wanted import Wanted
from tests.cases import rows
from tests.model.survey.records import CLOCK, WELL, records

NAMES = [
    *WELL, "account", "passwd", "groups", "sshd", "sshd_status", "sockets", "owners", "connected", "raw", "addresses",
    "interfaces", "forwarding", "translations", "ssh_sockets", "mounts", "immutable", "packages", "settings", "keys",
    "tables", "ours", "nologin",
]  # fmt: skip
WORDS = st.sampled_from([
    "tcp 00000000:0050", "tcp6 0:0", "0016 0A000001 99999999999", "ipt -p tcp --dport 1:99999999 -j DNAT", "\x1b[2J",
    "nft tcp dport { 1, 2-1, 70000 } dnat to x", "ok /p 3.11", "i \x07/etc", "half", "locked", "F\n/d 1 1 1 1% /",
    "table table table", "port 99999999", "-1", "allowusers " + "*" * 300,
])  # fmt: skip
TEXT = st.one_of(WORDS, st.text(max_size=200), st.lists(WORDS, max_size=5).map("\n".join))


@settings(max_examples=400)
@given(st.lists(st.tuples(st.sampled_from(NAMES), TEXT), max_size=40))
def test_any_answer_is_read(said: list[tuple[str, str]]) -> None:
    survey = found.read([*said, ("end", "")])
    wanted = Wanted("sopctl", ("webadmin",), banner="x", journal_max="1G", resolvers=("192.0.2.53",))
    shown = [str(obstacles(survey, wanted, CLOCK)), str(compare(survey, wanted)), str(changes(survey, wanted))]
    assert not any("\x1b" in each or "\x07" in each for each in shown)


def test_lines_that_stop_short() -> None:
    survey = found.read(records({"packages": "locked\nlocked x\nhalf\n", "python": "ok", "connected": "0016"}))
    assert (survey.packages_locked, survey.half_installed, survey.python) == ("", (), "")


def test_an_answer_without_end_stays_small() -> None:
    sockets = "\n".join(f"tcp 00000000:{port:04X}" for port in range(1, 60_000))
    rules = "\n".join(f"nft tcp dport {port} dnat to 10.0.0.2:80" for port in range(1, 60_000))
    survey = found.read(records({"sockets": sockets, "translations": rules, "groups webadmin": "g " * 100_000}))
    assert len(survey.listeners) == found.MAX_SOCKETS
    assert len(survey.translations) <= found.MAX_LINES
    assert len(survey.accounts["webadmin"].groups) <= 200


def test_what_it_says_of_itself() -> None:
    survey = found.read(records({"own_name": "0 800", "keys": "webadmin 3"}))
    assert (survey.root, survey.clock, survey.family, survey.python) == (True, CLOCK, "debian", "3.11")
    assert survey.os == "Debian GNU/Linux 12 (bookworm)"
    assert found.read(records({"os": "ID=alpine\n"})).os == "alpine", "the short name where there is no other"
    assert survey.own_name_seconds == 8.0
    assert survey.accounts["webadmin"].keys == 3
    assert survey.ssh_ports == (22,)


def test_a_tunnel_comes_in_by_its_protocol_unless_the_kernel_made_it() -> None:
    kinds = [("ipip", 768, "tunl0"), ("ipip", 768, "ip_vti0"), ("sit", 776, "sit0"), ("gre", 778, "gre0")]
    for protocol, number, idle in [*kinds, ("gre", 823, "ip6gre0")]:
        there = found.read(records({"interfaces": f"eth0 1\nlo 772\nmine {number}\nhalf"}))
        assert there.protocols == (protocol,)
        assert found.read(records({"interfaces": f"{idle} {number}"})).protocols == ()


def test_protocols_that_programs_receive_themselves() -> None:
    there = found.read(records({"raw": "0001\n0006\n0011\n003A\n00FF\n0000\n0059\n0100\nx"}))
    assert there.protocols == ("ospf",)


def plain(value: Any) -> Any:
    """As the table has it: ports in short, records without what is empty in them."""
    if isinstance(value, Ports):
        return str(value)
    if isinstance(value, Struct):
        said = {name: plain(getattr(value, name)) for name in value.__struct_fields__ if name != "rules"}
        return {name: each for name, each in said.items() if each not in (None, "", [])}
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return [plain(each) for each in value] if isinstance(value, tuple) else value


@pytest.mark.parametrize("row", rows("survey_found"), ids=lambda row: row["name"])
def test_what_becomes_of_a_record(row: dict[str, Any]) -> None:
    survey = found.read(records(row["says"]))
    said: dict[str, Any] = {name: plain(getattr(survey, name)) for name in survey.__struct_fields__}
    said |= {f"accounts.{name}": plain(each) for name, each in survey.accounts.items()}
    assert {field: said[field] for field in row["gives"]} == row["gives"]


LONG = "k" * 500


@pytest.mark.parametrize(
    ("field", "record", "text", "longest"),
    [
        ("writers", "writers", LONG, 120),
        ("over_quota", "over_quota", LONG, 120),
        ("immutable", "immutable", f"i {LONG}", 200),
        ("taken", "taken", LONG, 200),
        ("half_installed", "packages", f"half {LONG}", 80),
        ("packages_locked", "packages", f"locked 1 {LONG}", 80),
        ("deposit", "deposit", LONG, 60),
        ("os", "os", "PRETTY_NAME=" + "k" * 80, 80),
        ("family", "os", "ID=" + "k" * 80, 40),
        ("python_error", "python", f"broken {LONG}", 200),
        ("nft_error", "tables", LONG, 200),
        ("sudoers_unread", "sudoers", f"unread: {LONG}", 120),
        ("settings", "settings", f"zone {LONG}", 120),
    ],
)
def test_how_long_a_text_is_taken(field: str, record: str, text: str, longest: int) -> None:
    said = getattr(found.read(records({record: text})), field)
    (said,) = said if isinstance(said, tuple) else said["zone"] if isinstance(said, dict) else (said,)
    assert len(said) == longest


@pytest.mark.parametrize(
    ("field", "record", "line", "most"),
    [
        ("writers", "writers", "x{}", 20),
        ("over_quota", "over_quota", "x{}", 20),
        ("immutable", "immutable", "i x{}", 20),
        ("taken", "taken", "x{}", 20),
        ("started", "started", "x{}", 10),
        ("access_rules", "pam_access", "x{}", 2000),
        ("translations", "translations", "nft tcp dport {} dnat to 10.0.0.2", 300),
    ],
)
def test_how_many_are_taken(field: str, record: str, line: str, most: int) -> None:
    for many in (most, most + 1):
        text = "\n".join(line.format(number) for number in range(1, many + 1))
        assert len(getattr(found.read(records({record: text})), field)) == most


def test_how_much_of_an_account_is_taken() -> None:
    says = {"passwd webadmin": f"webadmin:x:1:1::{LONG}:{LONG}", "sshd_status webadmin": "1", "sshd webadmin": LONG}
    account = found.read(records({**says, "groups webadmin": "g " * 201})).accounts["webadmin"]
    assert [len(each) for each in (account.home, account.shell, account.rules_error)] == [200, 80, 200]
    assert len(account.groups) == 200
