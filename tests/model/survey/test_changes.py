"""What a configuration changes, and what comes back."""

from pathlib import Path

import msgspec
import pytest
import yaml

from sopctl.model import services
from sopctl.model.survey import found
from sopctl.model.survey.changes import OLD_ALGORITHMS, Change, changes
from sopctl.model.survey.wanted import Wanted
from tests.model.survey.records import records

WANTED = Wanted(
    "sopctl",
    ("webadmin",),
    ports=(services.ports("443"), services.ports("53/udp")),
    host_name="web1",
    time_zone="Asia/Jakarta",
    journal_max="1G",
    security_updates=True,
    banner="Titipan",
    resolvers=("192.0.2.53",),
)


def of(survey: found.Survey, wanted: Wanted = WANTED) -> dict[str, Change]:
    return {each.what: each for each in changes(survey, wanted)}


def test_a_bare_server() -> None:
    settings = "hostname old\nzone /usr/share/zoneinfo/Etc/UTC\nresolver 192.0.2.1\nclock systemd-timesyncd\n"
    seen = of(found.read(records({"settings": settings}, {"sopctl": "passwordauthentication yes\nbanner none"})))
    assert seen["account"] == Change("added", "account", "removed", "webadmin")
    assert seen["management-account"].kind == "added"
    assert (seen["host-name"].before, seen["host-name"].after) == ("old", "web1")
    assert (seen["time-zone"].before, seen["time-zone"].after) == ("Etc/UTC", "Asia/Jakarta")
    assert seen["firewall"].after == "22, 443, 53/udp"
    assert seen["password-login"].kind == "ended"
    assert (seen["banner"].before, seen["banner"].after) == ("", "Titipan")
    assert (seen["resolvers"].before, seen["resolvers"].after) == ("192.0.2.1", "192.0.2.53")
    assert seen["records"].on_return == "stays"
    assert {"security-updates", "journal"} <= seen.keys()
    assert not {"time-servers", "static-address", "root-login"} & seen.keys()


def test_a_server_that_has_it_already() -> None:
    settings = (
        "hostname web1\nzone /usr/share/zoneinfo/Asia/Jakarta\nresolver 192.0.2.53\nclock chrony\nupgrades there\n"
        'periodic APT::Periodic::Unattended-Upgrade "1";\n'
    )
    seen = of(
        found.read(records({"settings": settings, "groups webadmin": "webadmin sudo", "keys": "webadmin 2"})),
    )
    assert (seen["account-keys"].kind, seen["account-keys"].before) == ("changed", "2")
    assert not {"host-name", "time-zone", "resolvers", "security-updates", "password-login", "account"} & seen.keys()


def test_old_algorithms_are_told_as_the_role_removes_them() -> None:
    rules = "ciphers aes128-cbc,aes256-gcm@openssh.com\nmacs hmac-sha1-etm@openssh.com,hmac-sha2-256\nkexalgorithms x"
    seen = of(found.read(records({}, {"sopctl": rules})))
    assert seen["old-algorithms"].before == "aes128-cbc, hmac-sha1-etm@openssh.com"
    role = Path(__file__).parents[3] / "playbooks/roles/sshd/defaults/main.yml"
    assert tuple(yaml.load(role.read_text(), yaml.CSafeLoader)["sshd_weak"]) == OLD_ALGORITHMS


def test_what_stays_as_the_owner_has_it_is_no_change() -> None:
    settings = "hostname web1\njournal SystemMaxUse=8G\n"
    seen = of(found.read(records({"settings": settings}, {"sopctl": "banner /etc/issue.net"})))
    assert not {"journal", "banner"} & seen.keys()
    for kib, told in (("524288", True), ("524289", False), ("x", True)):
        seen = of(found.read(records({"settings": f"hostname web1\njournal_kib {kib}\n"})))
        assert ("journal" in seen) is told, kib


def test_where_the_host_is_not_ours() -> None:
    seen = of(found.read(records({"chroot": "yes"})))
    assert not {"firewall", "host-name", "journal", "security-updates"} & seen.keys()
    assert set(of(found.read(records({})), Wanted("sopctl", ("webadmin",), raw=True))) == {
        "management-account",
        "account",
    }


def test_every_change_as_it_is_told() -> None:
    """Of a server that its owner had set up otherwise, in the order in which people ask."""
    settings = "hostname old\nresolver 192.0.2.1\nresolver 192.0.2.2\nclock ntpd\n"
    rules = "passwordauthentication yes\npermitrootlogin yes\nbanner none\nciphers 3des-cbc,aes256-gcm@openssh.com"
    there = {
        "settings": settings,
        "groups sopctl": "sopctl",
        "passwd sopctl": "sopctl:x:999:999::/home/sopctl:/bin/bash",
        "groups webadmin": "webadmin",
        "passwd webadmin": "webadmin:x:1001:1001::/home/webadmin:/bin/bash",
        "keys": "sopctl 1\nwebadmin 2",
    }
    survey = found.read(records(there, {"sopctl": rules}, ("sopctl", "webadmin", "other")))
    wanted = msgspec.structs.replace(
        WANTED,
        accounts=("webadmin", "other"),
        sources=("192.0.2.0/24", "198.51.100.7"),
        static_address="192.0.2.10/24",
        time_servers=("192.0.2.123", "192.0.2.124"),
        resolvers=("192.0.2.53", "192.0.2.54"),
    )
    assert changes(survey, wanted) == (
        Change("changed", "management-account", "restored", "sopctl", "1"),
        Change("changed", "account-keys", "restored", "webadmin", "2"),
        Change("added", "account", "removed", "other"),
        Change("ended", "password-login", "restored"),
        Change("ended", "root-login", "restored", before="yes", after="prohibit-password"),
        Change("ended", "old-algorithms", "restored", before="3des-cbc"),
        Change("changed", "banner", "restored", after="Titipan"),
        Change("changed", "host-name", "restored", before="old", after="web1"),
        Change("added", "firewall", "removed", after="22, 443, 53/udp ← 192.0.2.0/24, 198.51.100.7"),
        Change("changed", "static-address", "restored", after="192.0.2.10/24"),
        Change("changed", "resolvers", "restored", before="192.0.2.1, 192.0.2.2", after="192.0.2.53, 192.0.2.54"),
        Change("changed", "time-zone", "restored", after="Asia/Jakarta"),
        Change("changed", "time-servers", "restored", before="ntpd", after="192.0.2.123, 192.0.2.124"),
        Change("changed", "journal", "restored", after="1G"),
        Change("changed", "security-updates", "restored"),
        Change("added", "records", "stays", after="/var/lib/sopctl"),
    )


def test_nothing_is_told_that_nobody_wants() -> None:
    survey = found.read(records({"settings": "clock chrony\n"}, {"sopctl": "passwordauthentication no"}))
    seen = changes(survey, Wanted("sopctl", ()))
    assert {each.what for each in seen} == {"management-account", "firewall", "records"}
    assert [each.what for each in changes(found.read(records({})), Wanted("sopctl", ()))][2] == "time-servers"


@pytest.mark.parametrize("keyword", ["passwordauthentication", "kbdinteractiveauthentication"])
def test_each_way_to_log_in_by_password_ends(keyword: str) -> None:
    assert "password-login" in of(found.read(records({}, {"sopctl": f"{keyword} yes"})))


@pytest.mark.parametrize("keyword", ["ciphers", "macs", "kexalgorithms", "hostkeyalgorithms"])
def test_old_algorithms_of_every_kind_are_told(keyword: str) -> None:
    seen = of(found.read(records({}, {"sopctl": f"{keyword} z-sha1,new,arcfour"})))
    assert seen["old-algorithms"].before == "arcfour, z-sha1"


@pytest.mark.parametrize(
    ("limit", "most_kib"), [("2048", 1), ("2K", 1), ("2M", 1024), ("2G", 1024**2), ("2T", 1024**3)]
)
def test_a_journal_is_bounded_where_twice_of_it_has_room(limit: str, most_kib: int) -> None:
    wanted = msgspec.structs.replace(WANTED, journal_max=limit)
    for kib, fits in ((most_kib, True), (most_kib + 1, False)):
        assert ("journal" in of(found.read(records({"settings": f"journal_kib {kib}\n"})), wanted)) is fits


@pytest.mark.parametrize(
    ("said", "by_itself"),
    [
        ("enabled", True),
        ('APT::Periodic::Unattended-Upgrade "1";', True),
        ('APT::Periodic::Unattended-Upgrade "0";', False),
        ("disabled", False),
    ],
)
def test_who_updates_by_itself(said: str, by_itself: bool) -> None:
    assert (
        "security-updates" in of(found.read(records({"settings": f"periodic x\nperiodic {said}\n"})))
    ) is not by_itself
