"""sshd's own rules about who may log in, as `sshd -T` prints them: patterns, users and groups, methods, key lines."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct

from sopctl.model.access.causes import Cause

Rules = Mapping[str, tuple[str, ...]]
"""Keyword in lower case → its values, one for each line that `sshd -T` prints."""

MAX_LINES = 2000
MAX_PATTERNS = 500
"""The limit for one list: a server may send long ones, which must not keep us busy."""

_KEY_TYPE = re.compile(r"(?:ssh-|ecdsa-|sk-)[a-z0-9@.-]{1,60}")


def read_rules(text: str) -> Rules:
    """Read what `sshd -T` prints."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines()[:MAX_LINES]:
        keyword, _, value = line.strip().partition(" ")
        found[keyword.lower()] = (*found.get(keyword.lower(), ()), value.strip())
    return found


def first(rules: Rules, keyword: str, default: str = "") -> str:
    """The first value of a keyword, or `default`."""
    return (rules.get(keyword) or (default,))[0]


def matches(text: str, pattern: str) -> bool:
    """Does `text` match `pattern`, with * and ? (ssh_config(5), PATTERNS)?"""
    return fnmatchcase(text, pattern[:256].replace("[", "[[]"))


def address_matches(address: str, patterns: str) -> bool:
    """Does an address match a comma-separated list of patterns and networks? A match with "!" overrides all others."""
    found = False
    for pattern in patterns.lower().split(",")[:MAX_PATTERNS]:
        negated, wanted = pattern.startswith("!"), pattern.removeprefix("!")
        if _in_network(address, wanted) or matches(address, wanted):
            if negated:
                return False
            found = True
    return found


def _in_network(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _user_matches(user: str, address: str, patterns: Iterable[str]) -> bool:
    for pattern in patterns:
        name, at, place = pattern.rpartition("@")
        if matches(user, name if at else place) and (not at or address_matches(address, place)):
            return True
    return False


def refusal(rules: Rules, user: str, groups: Iterable[str], address: str) -> str:
    """The rule that keeps `user` out, in sshd's order (sshd_config(5), AllowUsers); empty when none does."""
    named = {
        word: [one for line in rules.get(word, ()) for one in line.split()][:MAX_PATTERNS] for word in _USERS_AND_GROUPS
    }
    groups = list(groups)[:MAX_PATTERNS]
    if _user_matches(user, address, named["denyusers"]):
        return f"DenyUsers {' '.join(named['denyusers'])}"
    if named["allowusers"] and not _user_matches(user, address, named["allowusers"]):
        return f"AllowUsers {' '.join(named['allowusers'])}"
    if any(matches(group, pattern) for pattern in named["denygroups"] for group in groups):
        return f"DenyGroups {' '.join(named['denygroups'])}"
    if named["allowgroups"] and not any(matches(group, one) for one in named["allowgroups"] for group in groups):
        return f"AllowGroups {' '.join(named['allowgroups'])}"
    return ""


_USERS_AND_GROUPS = ("denyusers", "allowusers", "denygroups", "allowgroups")


def method_cause(rules: Rules) -> Cause | None:
    """Why a public key alone does not open a session; None when it does."""
    if first(rules, "pubkeyauthentication", "yes") != "yes":
        return Cause.METHOD_NOT_ALLOWED
    ways = [way.split(",") for way in first(rules, "authenticationmethods", "any").split()]
    if ways == [["any"]] or ["publickey"] in ways:
        return None
    return Cause.SECOND_FACTOR if any("publickey" in way for way in ways) else Cause.METHOD_NOT_ALLOWED


def takes_key_type(rules: Rules, kind: str) -> bool:
    """Does sshd accept signatures by keys of this type (RFC 8332: RSA keys sign with SHA-2)?"""
    taken = first(rules, "pubkeyacceptedalgorithms") or first(rules, "pubkeyacceptedkeytypes")
    algorithms = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")}.get(kind, (kind,))
    return not taken or any(name in taken.split(",") for name in algorithms)


class AuthorizedKey(Struct, frozen=True):
    """One line of authorized_keys (sshd(8)): its options, the key's type and its blob in base64."""

    type: str
    blob: str
    options: Mapping[str, str]


def read_authorized_keys(text: str) -> list[AuthorizedKey]:
    """The keys of an authorized_keys file. Lines that sshd would not understand are left out, as sshd leaves them."""
    return [key for line in text.splitlines()[:MAX_LINES] if (key := _read_line(line.strip()))]


def _read_line(line: str) -> AuthorizedKey | None:
    if not line or line.startswith("#"):
        return None
    options: dict[str, str] = {}
    words = line.split(None, 2)
    if not _KEY_TYPE.fullmatch(words[0]):
        end = _end_of_options(line)
        options = _read_options(line[:end])
        words = line[end:].split(None, 2)
    if len(words) < 2 or not _KEY_TYPE.fullmatch(words[0]):
        return None
    return AuthorizedKey(words[0], words[1], options)


def _end_of_options(line: str) -> int:
    """Where the options end: at the first blank outside of quotes."""
    quoted = False
    for at, character in enumerate(line):
        if character == '"' and (at == 0 or line[at - 1] != "\\"):
            quoted = not quoted
        elif character in " \t" and not quoted:
            return at
    return len(line)


def _read_options(text: str) -> dict[str, str]:
    found = re.findall(r'([A-Za-z-]{1,40})(?:="((?:[^"\\]|\\.)*)")?(?:,|$)', text)
    return {name.lower(): value.replace('\\"', '"') for name, value in found}


_OF_LOGINS = re.compile(
    "(allow|deny)(users|groups)|authenticationmethods|authorizedkeys(file|command)|forcecommand|maxsessions|usepam|"
    "(kbdinteractive|challengeresponse|password|pubkey)authentication|permitemptypasswords|permitrootlogin"
)
_WITH_A_VALUE = "CEbcfghkoptu"
"""The options of sshd(8) that have a value."""


def started_with(line: str) -> list[str]:
    """What of a command line of sshd's takes the place of /etc/ssh/sshd_config: another file (-f), or settings of who
    may log in and how (-o). Other settings, such as a port or the ciphers of a system-wide policy, do not count."""
    words = line.split()[:200]
    found = []
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            continue
        for at, letter in enumerate(word[1:], 2):
            if letter not in _WITH_A_VALUE:
                continue
            value = word[at:] or (words.pop(0) if words else "")
            name = re.split("[= ]", value)[0].lower()
            if letter == "f" and value != "/etc/ssh/sshd_config":
                found.append(f"-f {value}")
            elif letter == "o" and _OF_LOGINS.fullmatch(name):
                found.append(f"-o {value}")
            break
    return found
