"""The rules of pam_access (access.conf(5)), where sshd asks it who may log in: `PERMISSION : USERS : ORIGINS`."""

import ipaddress
from collections.abc import Callable, Collection, Iterable, Sequence

MAX_RULES = 500
MAX_WORDS = 500


def refusal(rules: Iterable[str], user: str, groups: Collection[str], address: str) -> str:
    """The rule that keeps `user` out; empty when none does, or when that depends on what is unknown here: netgroups and
    names of machines. The first rule that matches decides; without any, the login is allowed."""
    for line in list(rules)[:MAX_RULES]:
        parts = [part.strip() for part in line.split(":", 2)]
        if len(parts) != 3 or parts[0] not in ("+", "-"):
            continue
        users, origins = (part.replace(",", " ").split()[:MAX_WORDS] for part in parts[1:])
        applies = _both(
            _listed(users, lambda word: _is_user(word, user, groups)),
            _listed(origins, lambda word: _is_origin(word, address)),
        )
        if applies is None:
            return ""
        if applies:
            return line.strip() if parts[0] == "-" else ""
    return ""


def _both(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _listed(words: Sequence[str], is_it: Callable[[str], bool | None]) -> bool | None:
    """Is it in this list, of which the words behind EXCEPT are taken away? None: unknown."""
    if "EXCEPT" in words:
        at = words.index("EXCEPT")
        but = _listed(words[at + 1 :], is_it)
        return _both(_listed(words[:at], is_it), None if but is None else not but)
    found = [is_it(word) for word in words]
    return True if True in found else None if None in found else False


def _is_user(word: str, user: str, groups: Collection[str]) -> bool | None:
    if word.startswith("@") or "@" in word[1:]:
        return None  # a netgroup, or an account at a machine
    if word.startswith("(") and word.endswith(")"):
        return word[1:-1] in groups
    return word in ("ALL", user) or word in groups


def _is_origin(word: str, address: str) -> bool | None:
    if word == "ALL":
        return True
    if word in ("LOCAL", "cron") or word.startswith(("tty", "pts", ":")):
        return False
    if word.endswith(".") and word[:-1].replace(".", "").isdigit():
        return address.startswith(word)
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(word, strict=False)
    except ValueError:
        return None  # the name of a machine or of a network
