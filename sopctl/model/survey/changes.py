"""What a configuration adds to a server, changes on it and takes from its users, and what becomes of that on return.

Each change names what it is about; the command line and the consent sheet have their own words for it. (Services that
are cut off are in comparison.py.)
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from sopctl.model.access import sshd_rules
from sopctl.model.survey.found import Survey
from sopctl.model.survey.wanted import Wanted

What = Literal[
    "management-account", "account", "account-keys", "host-name", "password-login", "root-login", "old-algorithms",
    "banner", "firewall", "static-address", "resolvers", "time-zone", "time-servers", "journal", "security-updates",
    "records",
]  # fmt: skip
Kind = Literal["added", "changed", "ended"]
OnReturn = Literal["removed", "restored", "stays"]


OLD_ALGORITHMS = (
    "*sha1", "*sha1-*", "*-md5*", "*-cbc", "arcfour*", "umac-64*", "ssh-rsa", "ssh-rsa-cert*", "ssh-dss*",
)  # fmt: skip
"""What the SSH server no longer offers afterwards: sshd_weak of roles/sshd."""
_ALGORITHMS = ("ciphers", "macs", "kexalgorithms", "hostkeyalgorithms")


class Change(Struct, frozen=True):
    """One change: what it is about (`name` which account), how that is now and how it will be (empty: a word says it),
    and what becomes of it when the server is given back."""

    kind: Kind
    what: What
    on_return: OnReturn
    name: str = ""
    before: str = ""
    after: str = ""


def changes(found: Survey, wanted: Wanted) -> tuple[Change, ...]:
    """The changes, in the order in which people ask about them."""
    if wanted.raw:
        return tuple(_accounts(found, wanted))
    parts = [*_accounts(found, wanted), *_logins(found, wanted)]
    if found.systemd and not found.chroot:
        parts += _system(found, wanted)
    else:
        parts += _zone(found, wanted)
    return (*parts, Change("added", "records", "stays", after="/var/lib/sopctl"))


def _accounts(found: Survey, wanted: Wanted) -> Iterator[Change]:
    ours = found.accounts.get(wanted.management)
    if ours is None or not ours.exists:
        yield Change("added", "management-account", "removed", wanted.management)
    else:
        yield Change("changed", "management-account", "restored", wanted.management, _keys(ours.keys))
    for name in wanted.accounts:
        account = found.accounts.get(name)
        if account is None or not account.exists:
            yield Change("added", "account", "removed", name)
        else:
            yield Change("changed", "account-keys", "restored", name, _keys(account.keys))


def _keys(count: int | None) -> str:
    return str(count or 0)


def _logins(found: Survey, wanted: Wanted) -> Iterator[Change]:
    """By the rules for the management account, which are those for everybody unless a Match block says otherwise."""
    rules = found.accounts[wanted.management].rules if wanted.management in found.accounts else {}

    def said(keyword: str) -> str:
        return sshd_rules.first(rules, keyword)

    if "yes" in (said("passwordauthentication"), said("kbdinteractiveauthentication")):
        yield Change("ended", "password-login", "restored")
    if said("permitrootlogin") == "yes":
        yield Change("ended", "root-login", "restored", before="yes", after="prohibit-password")
    offered = [each for keyword in _ALGORITHMS for each in said(keyword).split(",")]
    if old := sorted({each for each in offered if any(fnmatchcase(each, pattern) for pattern in OLD_ALGORITHMS)}):
        yield Change("ended", "old-algorithms", "restored", before=", ".join(old))
    if wanted.banner.strip() and said("banner") == "none":  # one of the owner's stays
        yield Change("changed", "banner", "restored", after=wanted.banner)


def _system(found: Survey, wanted: Wanted) -> Iterator[Change]:
    if wanted.host_name and found.setting("hostname") != wanted.host_name:
        yield Change("changed", "host-name", "restored", before=found.setting("hostname"), after=wanted.host_name)
    if not found.own_rules:
        asked = sorted({*map(str, found.ssh_ports), str(wanted.port), *map(str, wanted.ports)}, key=_natural)
        sources = f" ← {', '.join(wanted.sources)}" if wanted.sources else ""
        yield Change("added", "firewall", "removed", after=", ".join(asked) + sources)
    if wanted.static_address:
        yield Change("changed", "static-address", "restored", after=wanted.static_address)
    resolvers = found.settings.get("resolver", ())
    if wanted.resolvers and set(resolvers) != set(wanted.resolvers):
        yield Change("changed", "resolvers", "restored", before=", ".join(resolvers), after=", ".join(wanted.resolvers))
    yield from _zone(found, wanted)
    if wanted.time_servers or not found.setting("clock"):
        running = found.setting("clock")
        yield Change("changed", "time-servers", "restored", before=running, after=", ".join(wanted.time_servers))
    if wanted.journal_max and _journal_fits(found, wanted.journal_max):
        yield Change("changed", "journal", "restored", after=wanted.journal_max)
    if wanted.security_updates and not _updates_itself(found):
        yield Change("changed", "security-updates", "restored")


def _zone(found: Survey, wanted: Wanted) -> Iterator[Change]:
    before = found.setting("zone").partition("zoneinfo/")[2]
    if wanted.time_zone and before != wanted.time_zone:
        yield Change("changed", "time-zone", "restored", before=before, after=wanted.time_zone)


_KIB = {"": 1 / 1024, "K": 1, "M": 1024, "G": 1024**2, "T": 1024**3}


def _journal_fits(found: Survey, limit: str) -> bool:
    """Is there no limit of the owner's, and room for twice what is there? Else nothing is set (roles/journald)."""
    if found.setting("journal"):
        return False
    size = re.fullmatch(r"([0-9]{1,9})([KMGT]?)", limit)
    used = found.setting("journal_kib")
    if size is None or not used.isdigit():
        return True
    return int(used[:15]) * 2 <= int(size[1]) * _KIB[size[2]]


def _updates_itself(found: Survey) -> bool:
    return any('Unattended-Upgrade "1"' in each or each == "enabled" for each in found.settings.get("periodic", ()))


def _natural(text: str) -> tuple[bool, int]:
    return text.endswith("/udp"), int(text.partition("-")[0].partition("/")[0])
