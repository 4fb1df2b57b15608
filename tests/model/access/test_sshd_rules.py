"""sshd's rules as `sshd -T` prints them. That real sshd judges the same: tests/lab/test_access.py with accounts.yml."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.access import sshd_rules
from sopctl.model.access.causes import Cause
from sopctl.model.access.sshd_rules import (
    AuthorizedKey,
    address_matches,
    matches,
    read_authorized_keys,
    read_rules,
    refusal,
)


@pytest.mark.parametrize(
    ("text", "pattern", "does"),
    [
        ("web", "web", True),
        ("web", "w?b", True),
        ("web", "w*", True),
        ("web", "*e*", True),
        ("web", "W*", False),
        ("web", "w", False),
        ("w[e]b", "w[e]b", True),
        ("web", "w[e]b", False),
        ("", "*", True),
        ("", "?", False),
    ],
)
def test_pattern(text: str, pattern: str, does: bool) -> None:
    assert matches(text, pattern) is does


@pytest.mark.parametrize(
    ("address", "patterns", "does"),
    [
        ("192.0.2.7", "192.0.2.0/24", True),
        ("192.0.2.7", "192.0.2.*", True),
        ("192.0.2.7", "192.0.2.0/24,!192.0.2.7", False),
        ("192.0.2.7", "!192.0.2.7,*", False),
        ("192.0.2.8", "!192.0.2.7", False),
        ("2001:db8::7", "2001:DB8::/32", True),
        ("2001:db8::7", "192.0.2.0/24", False),
        ("", "*", True),
        ("192.0.2.7", "", False),
    ],
)
def test_address(address: str, patterns: str, does: bool) -> None:
    assert address_matches(address, patterns) is does


@pytest.mark.parametrize(
    ("rules", "refused"),
    [
        ("", ""),
        ("allowusers web", ""),
        ("allowusers other\nallowusers web", ""),
        ("allowusers other web@192.0.2.*", ""),
        ("allowusers web@203.0.113.*", "AllowUsers web@203.0.113.*"),
        ("denyusers w*\nallowusers web", "DenyUsers w*"),
        ("denyusers web@203.0.113.0/24", ""),
        ("denygroups staff", "DenyGroups staff"),
        ("allowgroups admin", "AllowGroups admin"),
        ("allowgroups admin web", ""),
    ],
)
def test_refusal(rules: str, refused: str) -> None:
    assert refusal(read_rules(rules), "web", ["web", "staff"], "192.0.2.7") == refused


@pytest.mark.parametrize(
    ("rules", "cause"),
    [
        ("", None),
        ("authenticationmethods any", None),
        ("authenticationmethods password publickey", None),
        ("authenticationmethods publickey,password", Cause.SECOND_FACTOR),
        ("authenticationmethods password", Cause.METHOD_NOT_ALLOWED),
        ("pubkeyauthentication no", Cause.METHOD_NOT_ALLOWED),
    ],
)
def test_methods(rules: str, cause: Cause | None) -> None:
    assert sshd_rules.method_cause(read_rules(rules)) is cause


def test_rsa_keys_sign_with_sha_2() -> None:
    rules = read_rules("pubkeyacceptedalgorithms ssh-ed25519,rsa-sha2-256")
    assert sshd_rules.takes_key_type(rules, "ssh-rsa")
    assert not sshd_rules.takes_key_type(rules, "ecdsa-sha2-nistp256")


def test_authorized_keys() -> None:
    text = (
        "# ssh-ed25519 AAAA comment\n\n  ssh-ed25519 AAAB me@here\nnonsense\nssh-rsa\n"
        'command="echo \\"ssh-rsa x\\", y",from="192.0.2.0/24",no-pty ssh-rsa AAAC\nno-pty\tssh-rsa\tAAAD x y\n"open'
    )
    assert read_authorized_keys(text) == [
        AuthorizedKey("ssh-ed25519", "AAAB", {}),
        AuthorizedKey("ssh-rsa", "AAAC", {"command": 'echo "ssh-rsa x", y', "from": "192.0.2.0/24", "no-pty": ""}),
        AuthorizedKey("ssh-rsa", "AAAD", {"no-pty": ""}),
    ]


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("", []),
        ("/usr/sbin/sshd -D", []),
        ("sshd -D -f /etc/ssh/sshd_config", []),
        ("sshd -f /srv/config", ["-f /srv/config"]),
        ("sshd -Df/srv/config -e", ["-f /srv/config"]),
        ("sshd -De -f /srv/config", ["-f /srv/config"]),
        ("sshd -pf -o UsePAM=no", ["-o UsePAM=no"]),
        ("sshd -p 22 -oPermitRootLogin=yes -o Ciphers=x", ["-o PermitRootLogin=yes"]),
        ("sshd x f -o allowusers=web y", ["-o allowusers=web"]),
        ("sshd -o PubkeyAuthentication -f a -f b", ["-o PubkeyAuthentication", "-f a", "-f b"]),
        ("sshd -o", []),
    ],
)
def test_what_a_command_line_says_instead_of_the_configuration(line: str, instead: list[str]) -> None:
    assert sshd_rules.started_with(line) == instead


@given(st.text(max_size=300))
def test_whatever_a_server_says_is_read(text: str) -> None:
    read_authorized_keys(text)
    rules = read_rules(text + "\nallowusers " + text)
    refusal(rules, "web", text.split(), text)
    sshd_rules.method_cause(rules)


def test_what_is_long_ends_soon() -> None:
    began = time.process_time()
    many = " ".join(["*a" * 127] * 20_000)
    refusal(read_rules(f"allowusers {many}\nallowgroups {many}"), "a" * 31, ["a" * 40] * 20_000, "192.0.2.7")
    read_authorized_keys('a="' * 16_000)
    read_authorized_keys("a" * 48_000 + " ssh-rsa x")
    assert time.process_time() - began < 5, "a pattern that is not linear"
