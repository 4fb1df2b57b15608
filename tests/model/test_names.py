"""Names as people write them: short forms of ids, what was nearly said, and addresses."""

import re
from typing import Annotated

import msgspec
import pytest

from sopctl.locale import Text
from sopctl.model import names

GRAMMARS = {
    names.ID: (["PS-2026-0001", "A", "0", "A" * 41], ["ps-1", "-A", "A_", "A" * 42, "A/", "A."]),
    names.SHORT_ID: (["3", "0003", "26-3", "2026-0003"], ["00003", "202-3", "-3", "3-", "٣"]),
    names.HOST_NAME: (
        ["a", "web1.example.org", "a-b.c", "a" * 63],
        ["A", "-a", "a-", "a..b", ".a", "a_b", "a" * 64, ""],
    ),
    names.ACCOUNT: (["a", "_x", "web-admin_1", "a" * 31], ["A", "1a", "-a", "a b", "a" * 32, "a$", ""]),
    names.ROLE: (["kadis", "a-1", "a" * 31], ["_a", "1a", "A", "a_b", "a" * 32, ""]),
    names.FILE_NAME: (["a", "Key-1.pub", "0", "a" * 81], [".a", "-a", "a/b", "a b", "a" * 82, "..", ""]),
    names.PAGE_URL: (
        ["https://a", "http://titipan.example.org:8443"],
        ["ftp://a", "https://", "https://a/", "https://a:0", "https://A", "https://a.", "https://a:123456"],
    ),
    names.BROKER_URL: (
        ["tls://a:1", "tls://broker.example.org:4222", "tls://[2001:db8::1]:4222"],
        ["nats://a:1", "tls://a", "tls://a:0", "tls://[x]:1", "tls://a:123456", "tls://a:1/"],
    ),
    names.LINE: (["", "a b", "é ü"], ["a\tb", "a\x7f", "a\x9f"]),
    names.EMAIL: (["a@b", "a.b+c%d_e-f@example.org"], ["a", "@b", "a@", "a b@c", "a@b@c", "a@b_c"]),
    names.NIP: (["", "1" * 18], ["1" * 17, "1" * 19, "x" * 18]),
    names.MAC: (
        ["52:54:00:12:34:56"],
        ["52:54:00:12:34", "52:54:00:12:34:56:78", "AA:54:00:12:34:56", "52-54-00-12-34-56"],
    ),
    names.INTERFACE: (
        ["e", "GigabitEthernet1/0/3", "ge-0/0/1.0", "a" * 41],
        ["1e", "a b", "a;b", "a" * 42, "a{n}", ""],
    ),
    names.INTERFACES: (["GigabitEthernet1/0/{n}", "a{n}"], ["{n}", "a", "a{n}b", "a{m}", "a{n}{n}"]),
    names.FINGERPRINT: (["SHA256:" + "A" * 43], ["SHA256:" + "A" * 42, "SHA256:" + "A" * 44, "MD5:" + "A" * 43]),
    names.PORTS: (
        [
            "1",
            "9",
            "9999",
            "59999",
            "64999",
            "65499",
            "65529",
            "65535",
            "1-65535",
            "53/udp",
            "1-2/tcp",
            "25/smtp",
            "443/tls",
        ],
        ["0", "65536", "70000", "1-", "-1", "1-2/http", "1/sctp", "01", "1/", "1,2", ""],
    ),
    names.one_of(["anvil", "hammer_2"]): (["anvil", "hammer_2"], ["anvilx", "hammer", "xanvil", "anvil|hammer_2", ""]),
}


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_a_grammar(grammar: str) -> None:
    """All of a text fits, and nothing more than that: no line behind it."""
    good, bad = GRAMMARS[grammar]
    assert [each for each in good if not re.match(grammar, each)] == []
    assert [each for each in [*bad, *(f"{each}\n" for each in good)] if re.match(grammar, each)] == []


@pytest.mark.parametrize("grammar", names.EXPLAINED)
def test_a_grammar_in_words(grammar: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert("\n", Annotated[str, msgspec.Meta(pattern=grammar)])
    words = names.explain(str(refused.value))
    assert words == f"Expected {names.EXPLAINED[grammar]}"
    assert isinstance(words, Text)


def test_what_else_is_explained() -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert("hamer", Annotated[str, msgspec.Meta(pattern=names.one_of(["anvil", "hammer"]))])
    assert names.explain(str(refused.value), "hamer") == (
        "'hamer' is none of those known: anvil, hammer; did you mean hammer?"
    )
    assert names.told("zzz", ["anvil"]) == "anvil"
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert("ssh-dss AAAA", Annotated[str, msgspec.Meta(pattern=names.PUBLIC_KEY)])
    assert names.explain(str(refused.value), "ssh-dss AAAA") != names.explain(str(refused.value))
    ours = names.explain("A letter cannot ask for the system account root")
    assert isinstance(ours, Text)
    assert ours.values == {"name": "root"}
    assert names.explain("something else") == "something else"


def test_system_accounts_that_no_letter_may_ask_for() -> None:
    assert {"root", "daemon", "bin", "sys", "sync", "nobody", "sshd", "messagebus"} == names.FORBIDDEN_ACCOUNTS


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
