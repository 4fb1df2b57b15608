"""What the letter and the site ask for, and what they ask for since."""

import json
from typing import Any

import pytest

from sopctl.model.fingerprint.asked import after_part, asked, digest, since, wants

WEB = {"name": "webadmin", "keys": ["ssh-ed25519 AAAA web"]}
DB = {"name": "dbadmin", "keys": ["ssh-ed25519 BBBB db"]}


def text(**variables: Any) -> dict[str, str]:
    return asked({f"sopctl_{name}": value for name, value in variables.items()})


@pytest.mark.parametrize(
    ("name", "then", "now", "says"),
    [
        ("hostname", "web1", "web2", "the host name: web1 → web2"),
        ("accounts", [WEB], [WEB, DB], "the accounts: dbadmin is new"),
        ("accounts", [WEB, DB], [DB], "the accounts: webadmin no longer"),
        ("accounts", [WEB], [{**WEB, "keys": []}], "the accounts: other keys for webadmin"),
        ("accounts", [WEB, DB], [DB, WEB], "the accounts: in another order"),
        ("ports", [80, 443], [80, 8443], "the ports: 8443 too; 443 no longer"),
        ("sources", [], ["192.0.2.0/24"], "the addresses that may reach them: 192.0.2.0/24 too"),
        ("static_address", {}, {"address": "192.0.2.10"}, "the static address: none → address 192.0.2.10"),
        ("security_updates", True, False, "security updates: on → off"),
        ("journal_max", "", "1G", "the journal's size: none → 1G"),
        ("management_public_key", "ssh-ed25519 A", "ssh-ed25519 B", "the office's key: another"),
        ("banner", "Halo", "Selamat datang \u2013", "the legal notice: Halo → Selamat datang \u2013"),
        ("udp_ports", ["53"], [], "udp ports: 53 no longer"),
        ("last_cause", "", "denied", "the repair after a failed access try: none → denied"),
    ],
)
def test_words(name: str, then: Any, now: Any, says: str) -> None:
    (found,) = since(text(**{name: then}), text(**{name: now}))
    assert (found.variable, found.says) == (name, says)
    assert since(text(**{name: now}), text(**{name: now})) == []
    assert digest(text(**{name: then})) != digest(text(**{name: now}))


def test_what_is_nothing_new() -> None:
    assert since({}, text(ports=[80])) == [], "a note of an older version does not know of it"
    assert since(text(last_cause="denied"), text(last_cause="")) == [], "what was repaired is not undone"


def test_what_asks_for_nothing_of_a_server() -> None:
    assert asked({"ansible_host": "192.0.2.10", "sopctl_id": "PS-1", "sopctl_sudo": "full"}) == {}


def test_a_note_has_one_short_line_of_ascii() -> None:
    found = text(banner="é\n\u202e" * 10_000, hostname="é\n")
    assert all(one.isascii() and one.isprintable() and len(one) <= 4000 for one in found.values())
    assert json.loads(found["hostname"]) == "é\n"


@pytest.mark.parametrize(
    ("value", "any_at_all"),
    [
        ("", False),
        ([], False),
        ({"search": [], "servers": []}, False),
        ({"servers": ["192.0.2.53"]}, True),
        ("1G", True),
    ],
)
def test_wants(value: Any, any_at_all: bool) -> None:
    assert wants(text(resolvers=value)["resolvers"]) is any_at_all


def test_after_a_run_of_some_parts() -> None:
    then = text(hostname="web1", ports=[80], banner="a", accounts=[WEB], other=1)
    now = text(hostname="web2", ports=[443], banner="b", accounts=[DB], other=2)
    kept = after_part(then, now, ["firewall", "sshd"])
    changed = {name for name in now if kept[name] == now[name]}
    assert changed == {"ports", "banner"}, (
        "accounts are decided by another part too, and nobody knows what decides `other`"
    )
    assert after_part({}, now, []) == now
