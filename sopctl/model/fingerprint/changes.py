"""What differs from what a configuration left, in words, and whose it is: of the parts that configure.yml sets, or the
owner's.

The table of rules says which facts configure.yml keeps. What is in no row is the owner's: it is told, and is no drift.
"""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from sopctl.locale import Prose
from sopctl.model.fingerprint.answer import Answer
from sopctl.model.fingerprint.asked import wants
from sopctl.model.fingerprint.words import say, without_content


class Difference(Struct, frozen=True):
    """A fact that differs from what the configuration left: `fact` is its kind and key, `part` the role that keeps it
    (empty: it is the owner's), `then` and `now` its values, empty if it did not exist."""

    fact: str
    part: str
    says: Prose
    then: str | None
    now: str | None


class Rule(Struct, frozen=True):
    """Facts that a role keeps: of this kind, with a key that `key` matches whole (`@M` is the management account, `@A`
    each account of the letter).

    `asked`: only where the letter or the site asks for this (a variable's name). `content`: a file's too, not only its
    mode and owner. `there`: only that it is there.
    """

    part: str
    kind: str
    key: str
    asked: str = ""
    content: bool = True
    there: bool = False


_OPTIONS = (
    "error|pubkeyauthentication|passwordauthentication|kbdinteractiveauthentication|challengeresponseauthentication|"
    "permitemptypasswords|permitrootlogin|banner|kexalgorithms|ciphers|macs|hostkeyalgorithms|"
    "pubkeyacceptedalgorithms|pubkeyacceptedkeytypes"
)
_NETWORK = (
    r"/etc/systemd/network/[^/]+[.]network[.]d(/90-sopctl[.]conf)?|/etc/netplan/90-sopctl[.]yaml|/etc/network/interfaces[.]d/sopctl|"
    r"/etc/network/sopctl-mapping|/etc/NetworkManager/system-connections/sopctl[.]nmconnection"
)
_TIME_UNITS = r"(chrony|chronyd|systemd-timesyncd|ntpsec|ntpd|ntp|openntpd)[.]service"
_APT = "APT::Periodic::(Update-Package-Lists|Unattended-Upgrade)|Unattended-Upgrade::Automatic-Reboot"

RULES = (
    Rule("host_name", "host-name", "running|pretty"),
    Rule("host_name", "hosts", r"127[.]0[.]1[.]1"),
    Rule("host_name", "file", "/etc/hostname"),
    Rule("host_name", "file", "/etc/hosts", content=False),
    Rule("management_account", "account", "@M"),
    Rule("management_account", "password", "@M"),
    Rule("management_account", "home", "@M .*"),
    Rule("management_account", "keys", "@M .*"),
    Rule("management_account", "file", "/etc/sudoers[.]d/sopctl|/usr/local/lib/sopctl(/.*)?"),
    Rule("requester_accounts", "account", "@A", there=True),
    Rule("requester_accounts", "home", "@A .*"),
    Rule("requester_accounts", "keys", "@A .*"),
    Rule("login_banner", "file", "/etc/ssh/sopctl-banner"),
    Rule("sshd", "file", "/etc/ssh/sshd_config[.]d/00-sopctl[^/]*"),
    Rule("sshd", "sshd", _OPTIONS),
    Rule("sshd", "sshd-for", f"[^ ]+ ({_OPTIONS})"),
    Rule("sshd", "unit", r"sshd?[.](service|socket)"),
    Rule("firewall", "nft", "inet sopctl"),
    Rule("firewall", "nft-rule", ".*"),
    Rule("firewall", "file", r"/etc/sopctl(/.*)?|/etc/systemd/system/(.*/)?sopctl-firewall[.]service"),
    Rule("firewall", "unit", r"sopctl-firewall[.]service"),
    Rule("static_address", "file", _NETWORK),
    Rule("static_address", "address", ".*", asked="static_address"),
    Rule("static_address", "route", "default", asked="static_address"),
    Rule("resolvers", "file", r"/etc/systemd/resolved[.]conf[.]d(/90-sopctl[.]conf)?", asked="resolvers"),
    Rule("resolvers", "file", r"/etc/NetworkManager/conf[.]d/90-sopctl[.]conf"),
    Rule("resolvers", "file", "/etc/resolv[.]conf|/etc/dhcp/dhclient-enter-hooks[.]d/sopctl", asked="resolvers"),
    Rule("resolvers", "resolver", "nameserver|search", asked="resolvers"),
    Rule("resolvers", "resolved", "DNS|Domains", asked="resolvers"),
    Rule("time_zone", "file", "/etc/(localtime|timezone)"),
    Rule("time_zone", "time-zone", ".*"),
    Rule("time_sync", "file", r"/etc/chrony/sources[.]d/sopctl[.]sources"),
    Rule("time_sync", "file", r"/etc/systemd/timesyncd[.]conf[.]d(/sopctl[.]conf)?", asked="time_servers"),
    Rule("time_sync", "timesyncd", "NTP", asked="time_servers"),
    Rule("time_sync", "unit", _TIME_UNITS),
    Rule("journald", "file", r"/etc/systemd/journald[.]conf[.]d(/sopctl[.]conf)?", asked="journal_max"),
    Rule("journald", "journald", "SystemMaxUse|RuntimeMaxUse", asked="journal_max"),
    Rule(
        "security_updates",
        "file",
        "/etc/apt/apt[.]conf[.]d/(zz-|52)sopctl-security-updates",
        asked="security_updates",
    ),
    Rule("security_updates", "file", r"/etc/systemd/system/(.*/)?sopctl-security-updates[.](service|timer)"),
    Rule("security_updates", "apt", _APT, asked="security_updates"),
    Rule("security_updates", "package", "unattended-upgrades", asked="security_updates"),
    Rule(
        "security_updates",
        "unit",
        r"(apt-daily|apt-daily-upgrade|sopctl-security-updates)[.]timer",
        asked="security_updates",
    ),
    Rule("records", "record", ".*"),
)
"""What configure.yml keeps, and what only it changes. The first row that fits counts."""


def differences(answer: Answer, management: str, accounts: Sequence[str], asked: Mapping[str, str]) -> list[Difference]:
    """What differs, what the parts keep first. `asked` is what the letter and the site asked for (see `asked`)."""
    found = []
    for fact in sorted({*answer.then, *answer.now}):
        then, now = answer.then.get(fact), answer.now.get(fact)
        kind, _, key = fact.partition(" ")
        if kind != "look" and not _told_by_another(kind, key, answer):
            part = _part(kind, key, then, now, management, accounts, asked)
            found.append(Difference(fact, part, say(part, kind, key, then, now), then, now))
    return sorted(found, key=lambda each: (not each.part, each.part))


def _part(
    kind: str,
    key: str,
    then: str | None,
    now: str | None,
    management: str,
    accounts: Sequence[str],
    asked: Mapping[str, str],
) -> str:
    names = {"@M": re.escape(management), "@A": f"(?:{'|'.join(map(re.escape, accounts)) or '(?!)'})"}
    for rule in RULES:
        pattern = re.sub("@[MA]", lambda sign: names[sign[0]], rule.key)
        if rule.kind != kind or not re.fullmatch(pattern, key):
            continue
        if (
            (rule.asked and not wants(asked.get(rule.asked, '""')))
            or (rule.there and then is not None and now is not None)
            or (not rule.content and without_content(then) == without_content(now))
        ):
            return ""
        return rule.part
    return ""


def _told_by_another(kind: str, key: str, answer: Answer) -> bool:
    """Is there another difference of which this one is a part?"""

    def differs(fact: str) -> bool:
        return fact in answer.then or fact in answer.now

    def made_or_gone(fact: str) -> bool:
        return (fact in answer.then) != (fact in answer.now)

    def any_of(*starts: str) -> bool:
        return any(fact.startswith(starts) for side in (answer.then, answer.now) for fact in side)

    match kind:
        case "password" | "group" | "subuid" | "subgid":
            return made_or_gone(f"account {key}")
        case "home" | "keys":
            return made_or_gone(f"account {key.partition(' ')[0]}")
        case "nft-rule":
            return made_or_gone(_OUR_TABLE)
        case "nft":
            return f"nft {key}" == _OUR_TABLE and any_of("nft-rule ") and not made_or_gone(_OUR_TABLE)
        case "file":
            then, now = (without_content(side.get(f"file {key}")) for side in (answer.then, answer.now))
            return ((then == now or None in (then, now)) and key in _SAID_BY and any_of(_SAID_BY[key])) or (
                key.startswith("/etc/systemd/system/") and any(differs(f"unit {_linked(side)}") for side in (then, now))
            )
    return False


def _linked(value: str | None) -> str:
    """The name of the file that a link leads to, by which systemd knows what is enabled."""
    return value.rpartition("/")[2] if value and value.startswith("link ") else ""


_OUR_TABLE = "nft inet sopctl"

_SAID_BY = {
    "/etc/hosts": "hosts ",
    "/etc/hostname": "host-name running",
    "/etc/machine-info": "host-name pretty",
    "/etc/timezone": "time-zone ",
    "/etc/resolv.conf": "resolver ",
}
"""Files whose content other facts tell."""
