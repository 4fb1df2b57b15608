"""What differs, in words, and whose it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.fingerprint.answer import Answer
from sopctl.model.fingerprint.changes import RULES, Difference, differences
from sopctl.model.text import words
from tests.cases import rows

EVERYTHING = dict.fromkeys(("static_address", "resolvers", "time_servers", "journal_max", "security_updates"), '"1"')
NOTHING = {"resolvers": '{"search":[],"servers":[]}', "static_address": "{}", "journal_max": '""'}


def differing(then: dict[str, str], now: dict[str, str], asked: dict[str, str] = EVERYTHING) -> list[Difference]:
    return differences(Answer("0" * 64, {}, then, now), "sopctl", ["webadmin", "dbadmin"], asked)


@pytest.mark.parametrize("row", rows("differences"), ids=lambda row: row["says"])
def test_one_fact(row: dict[str, Any]) -> None:
    then, now = ({row["fact"]: row[side]} if side in row else {} for side in ("then", "now"))
    (found,) = differing(then, now, EVERYTHING if row.get("asked", True) else NOTHING)
    assert (found.part, found.says) == (row.get("part", ""), row["says"])
    assert (found.fact, found.then, found.now) == (row["fact"], row.get("then"), row.get("now"))


@pytest.mark.parametrize("row", [row for row in rows("drifts") if row.get("part")], ids=lambda row: row["name"])
def test_the_part_that_keeps_what_a_hand_changes(row: dict[str, Any]) -> None:
    """As `configure --drift` tells it on a real server (tests/lab), for each fact alone."""
    for fact in row["facts"]:
        shapes = [({fact: "file 644 0:0 aa"}, {fact: "file 600 0:0 bb"}), ({fact: "x"}, {}), ({}, {fact: "x"})]
        answers = [Answer("0" * 64, {}, then, now) for then, now in shapes]
        accounts = ["webadmin", "dbadmin", "opadmin"]
        found = [each.part for one in answers for each in differences(one, "sopctl", accounts, EVERYTHING)]
        assert row["part"] in found


@pytest.mark.parametrize("row", rows("kept"), ids=lambda row: row["part"] or "the owner's")
def test_which_part_keeps_a_fact(row: dict[str, Any]) -> None:
    """Also where it is gone; and where that is for the letter or the site to ask for, only if they do."""
    for fact in row["facts"]:
        for then, now in (({fact: "a 1 2"}, {fact: "b 1 2"}), ({fact: "x"}, {})):
            if fact.startswith("account webadmin") and now:
                continue  # of the letter's accounts only that they are there
            assert [each.part for each in differing(then, now)] == [row["part"]], fact
            assert [each.part for each in differing(then, now, NOTHING)] == ["" if row.get("asked") else row["part"]]


def test_each_rule_has_a_fact_in_the_table() -> None:
    facts = {(row["part"], fact.partition(" ")[0]) for row in rows("kept") for fact in row["facts"]}
    assert {(rule.part, rule.kind) for rule in RULES} <= facts


@pytest.mark.parametrize("kind", ["password", "group", "subuid", "subgid", "home", "keys"])
def test_what_an_account_has_is_told_with_it_when_it_comes_or_goes(kind: str) -> None:
    part = f"{kind} a /home/a" if kind in ("home", "keys") else f"{kind} a"
    for then, now in (({}, {"account a": "x", part: "1"}), ({"account a": "x", part: "1"}, {})):
        assert [each.fact for each in differing(then, now)] == ["account a"]
    both = differing({"account a": "x", part: "1"}, {"account a": "y", part: "2"})
    assert sorted(each.fact for each in both) == ["account a", part]


@pytest.mark.parametrize(
    ("file", "fact"),
    [
        ("/etc/hosts", "hosts 127.0.1.1"),
        ("/etc/hostname", "host-name running"),
        ("/etc/machine-info", "host-name pretty"),
        ("/etc/timezone", "time-zone Asia/Jakarta"),
        ("/etc/resolv.conf", "resolver nameserver"),
    ],
)
def test_a_files_content_is_told_by_what_it_says(file: str, fact: str) -> None:
    for then, now in (("file 644 0:0 aa", "file 644 0:0 bb"), (None, "file 644 0:0 bb"), ("file 644 0:0 aa", None)):
        before, after = ({f"file {file}": side} if side else {} for side in (then, now))
        assert [each.fact for each in differing(before, after | {fact: "x"})] == [fact]
    assert [each.fact for each in differing({}, {f"file {file}": "x y z", "unit a.service": "x"})] != ["unit a.service"]


def test_options_of_sshd_are_spelled_as_in_its_manual() -> None:
    options = words(
        """
        AllowGroups AllowTcpForwarding AllowUsers AuthenticationMethods AuthorizedKeysFile Banner Ciphers
        ClientAliveInterval DenyGroups DenyUsers ForceCommand HostKey HostKeyAlgorithms KbdInteractiveAuthentication
        KexAlgorithms ListenAddress LoginGraceTime MACs MaxAuthTries PasswordAuthentication PermitEmptyPasswords
        PermitRootLogin Port PubkeyAcceptedAlgorithms PubkeyAuthentication UsePAM X11Forwarding
        """
    )
    found = differing({}, {f"sshd {option.lower()}": "x" for option in options})
    assert sorted(str(each.says).removeprefix("sshd ").split()[0] for each in found) == sorted(options)


def test_what_a_part_keeps_comes_first() -> None:
    found = differing({}, {"account a": "x", "nft-rule b": "1", "sshd passwordauthentication": "yes"})
    assert [each.part for each in found] == ["firewall", "sshd", ""]


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ({}, {"account a": "x", "password a": "x", "group a": "x", "home a /home/a": "x"}, ["account a"]),
        ({"nft inet sopctl": "1 lines aa"}, {"nft inet sopctl": "2 lines bb", "nft-rule i x": "1"}, ["nft-rule i x"]),
        ({"nft inet sopctl": "1 lines aa", "nft-rule i x": "1"}, {}, ["nft inet sopctl"]),
        (
            {"unit ssh.service": "enabled active", "file /etc/systemd/system/sshd.service": "link /lib/ssh.service"},
            {"unit ssh.service": "disabled active"},
            ["unit ssh.service"],
        ),
        (
            {"file /etc/hosts": "file 644 0:0 aa"},
            {"file /etc/hosts": "file 644 0:0 bb", "hosts 127.0.1.1": "x"},
            ["hosts 127.0.1.1"],
        ),
        (
            {"file /etc/hosts": "file 600 0:0 aa"},
            {"file /etc/hosts": "file 644 0:0 bb", "hosts 127.0.1.1": "x"},
            ["file /etc/hosts", "hosts 127.0.1.1"],
        ),
        ({"look complete": "yes"}, {"look complete": "yes"}, []),
    ],
)
def test_one_change_is_told_once(then: dict[str, str], now: dict[str, str], told: list[str]) -> None:
    assert sorted(each.fact for each in differing(then, now)) == told


ascii_text = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=80)
KINDS = sorted({rule.kind for rule in RULES} | {"look", "nft-sets", "password", "group", "iptables", "other"})


@given(st.sampled_from(KINDS), ascii_text, st.none() | ascii_text, ascii_text)
def test_whatever_a_server_says_has_words(kind: str, key: str, then: str | None, now: str) -> None:
    fact = f"{kind} {key}"
    for one, other in ((then, now), (now, then)):
        before, after = ({fact: side} if side is not None else {} for side in (one, other))
        for found in differing(before, after):
            assert str(found.says).isprintable()
