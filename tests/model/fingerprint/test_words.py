"""A difference in words, by its kind. Whose it is, and rows of real servers, are in tests/cases/differences.yml."""

import pytest

from sopctl.model.fingerprint.words import say, without_content

ACCOUNT = "uid=1001 gid=1001 home=/home/a shell=/bin/bash name=Ayu B"
PASSWORD = "state=P changed=20000 min=0 max=99999 warn=7 inactive= expire="


@pytest.mark.parametrize(
    ("kind", "key", "then", "now", "said"),
    [
        ("account", "a", None, ACCOUNT, "account a is new"),
        ("account", "a", ACCOUNT, None, "account a is gone"),
        ("account", "a", ACCOUNT, ACCOUNT.replace("uid=1001", "uid=0"), "account a uid 1001 → 0"),
        ("account", "a", ACCOUNT, ACCOUNT.replace(" gid=1001", " gid=27"), "account a gid 1001 → 27"),
        ("account", "a", ACCOUNT, ACCOUNT.replace("/home/a", "/srv"), "account a home /home/a → /srv"),
        ("account", "a", ACCOUNT, ACCOUNT.replace("/bin/bash", ""), "account a shell /bin/bash → none"),
        ("account", "a", ACCOUNT, ACCOUNT.replace("Ayu B", "C"), "account a name Ayu B → C"),
        ("group", "a", "gid=1 members=a,b", "gid=2 members=", "group a gid 1 → 2, members a,b → none"),
        ("password", "a", PASSWORD, PASSWORD.replace("state=P", "state=L"), "the password of a: state P → L"),
        (
            "password",
            "a",
            PASSWORD,
            PASSWORD.replace("20000", "20001"),
            "the password of a: changed 2024-10-04 → 2024-10-05",
        ),
        ("password", "a", PASSWORD, PASSWORD.replace("min=0", "min=1"), "the password of a: min 0 → 1"),
        ("password", "a", PASSWORD, PASSWORD.replace("99999", "90"), "the password of a: max 99999 → 90"),
        ("password", "a", PASSWORD, PASSWORD.replace("warn=7", "warn=9"), "the password of a: warn 7 → 9"),
        (
            "password",
            "a",
            PASSWORD,
            PASSWORD.replace("inactive=", "inactive=3"),
            "the password of a: inactive none → 3",
        ),
        ("password", "a", PASSWORD, f"{PASSWORD}0", "the password of a: expire none → 1970-01-01"),
        ("sshd-for", "a maxsessions", "10", "0", "sshd for a: maxsessions 10 → 0"),
        ("host-name", "pretty", "a", "b", "host name for people a → b"),
        ("host-name", "static", "a", "b", "host name a → b"),
        ("hosts", "127.0.0.1", "a", "b", "/etc/hosts: 127.0.0.1 a → b"),
        ("resolver", "nameserver", "a", "b", "/etc/resolv.conf: nameserver a → b"),
        ("nft", "inet f", "a", "b", "nft table inet f has changed"),
        ("nft", "inet f", None, "b", "nft table inet f is new"),
        ("nft-rule", "r", "1", "2", "rule r is there in another number"),
        ("iptables", "filter", "a", "b", "iptables table filter has changed"),
        ("other", "x", "a", "b", "other x a → b"),
        ("other", "x", None, "b", "other x none → b"),
        ("other", "x", "a", "", "other x a → none"),
        ("file", "/f", None, "file 644 0:0 a", "/f is new"),
        ("file", "/f", "file 644 0:0 a", None, "/f is gone"),
        ("file", "/f", "file 644 0:0 a", "file 600 1:1 b", "/f mode 644 → 600, owner 0:0 → 1:1, has other content"),
        ("file", "/f", "file 644 0:0 a", "file 644 0:0 b", "/f has other content"),
        ("record", "/f", "file 644 0:0 a", "folder 755 0:0", "/f was a file, and is a folder"),
        ("file", "/f", "link a b", "link c", "/f was a link to a b, and is a link to c"),
        ("home", "a /home/a", "folder 700 1:1", "folder 755 1:1", "/home/a mode 700 → 755"),
        ("keys", "a /k", None, "1 x", "the keys of a are new (/k)"),
        ("keys", "a /k", "1 x", None, "the keys of a are gone (/k)"),
        ("keys", "a /k", "1 x", "1 y", "the keys of a have changed (/k)"),
        ("keys", "a /k", "1 x", "2 y", "the keys of a have changed: 1 → 2 (/k)"),
        ("unit", "ssh", None, "enabled active", "ssh is new"),
        ("unit", "ssh", "enabled active", "disabled active", "ssh: enabled → disabled"),
        ("unit", "ssh", "enabled active", "enabled failed x", "ssh: active → failed, x now"),
        ("unit", "ssh", "enabled active x", "enabled active", "ssh: x no longer"),
        (
            "sshd",
            "ciphers",
            f"{'a' * 30},{'b' * 30}",
            f"{'b' * 30}, {'c' * 30}",
            f"sshd Ciphers {'c' * 30} too; {'a' * 30} no longer",
        ),
        ("sshd", "ciphers", f"{'a' * 30},{'b' * 30}", f"{'b' * 30},{'a' * 30}", "sshd Ciphers in another order"),
        (
            "sshd",
            "ciphers",
            f"{'a' * 15},{'b' * 14}",
            f"{'b' * 14},{'a' * 15}",
            f"sshd Ciphers {'a' * 15},{'b' * 14} → {'b' * 14},{'a' * 15}",
        ),
    ],
)
def test_a_difference(kind: str, key: str, then: str | None, now: str | None, said: str) -> None:
    assert str(say("", kind, key, then, now)) == said


@pytest.mark.parametrize(
    "option",
    [
        "AllowGroups",
        "AllowTcpForwarding",
        "AllowUsers",
        "AuthenticationMethods",
        "AuthorizedKeysFile",
        "Banner",
        "Ciphers",
        "ClientAliveInterval",
        "DenyGroups",
        "DenyUsers",
        "ForceCommand",
        "HostKey",
        "HostKeyAlgorithms",
        "KbdInteractiveAuthentication",
        "KexAlgorithms",
        "ListenAddress",
        "LoginGraceTime",
        "MACs",
        "MaxAuthTries",
        "PasswordAuthentication",
        "PermitEmptyPasswords",
        "PermitRootLogin",
        "Port",
        "PubkeyAcceptedAlgorithms",
        "PubkeyAuthentication",
        "UsePAM",
        "X11Forwarding",
    ],
)
def test_an_option_of_sshd_as_its_manual_spells_it(option: str) -> None:
    assert str(say("", "sshd", option.lower(), "a", "b")) == f"sshd {option} a → b"
    assert str(say("sshd", "sshd", option.lower(), "a", "b")) == f"{option} a → b"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("file 644 0:0 abc", "file 644 0:0"),
        ("link ../x y z", "link ../x y z"),
        ("folder 755 0:0", "folder 755 0:0"),
        (None, None),
    ],
)
def test_what_a_file_is_without_its_content(value: str | None, shown: str | None) -> None:
    assert without_content(value) == shown
