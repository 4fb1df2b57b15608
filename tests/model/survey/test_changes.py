"""What a configuration changes, and what comes back."""

from pathlib import Path

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
