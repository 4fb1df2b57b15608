"""What differs, in words, and whose it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.fingerprint.answer import Answer
from sopctl.model.fingerprint.changes import RULES, Difference, differences
from sopctl.model.text import words
from tests.cases import rows

EVERYTHING = {rule.asked: '"1"' for rule in RULES if rule.asked}
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
