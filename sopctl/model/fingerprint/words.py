"""What differs, in words that a system administrator reads."""

import re
from collections.abc import Callable
from datetime import date, timedelta

_SPELLED = {
    name.lower(): name
    for name in [
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
    ]
}
"""Options of sshd as its manual spells them; `sshd -T` has them in lower case."""


def say(part: str, kind: str, key: str, then: str | None, now: str | None) -> str:
    """One difference of a fact as a phrase. `part` is the role that keeps it: its name is shown before the phrase, so
    the phrase itself names the subject only where there is none."""
    if kind in ("sshd", "sshd-for") and not part:
        return f"sshd {_PHRASES[kind](key, then, now)}"
    return _PHRASES[kind](key, then, now) if kind in _PHRASES else f"{kind} {key} {_arrow(then, now)}"


def without_content(value: str | None) -> str | None:
    """What a file is, without the digest of its content; a link is its target."""
    return value if value is None or value.startswith("link ") else " ".join(value.split(" ")[:3])


Phrase = Callable[[str, str | None, str | None], str]


def _spelled(option: str) -> str:
    return _SPELLED.get(option, option)


def _arrow(then: str | None, now: str | None) -> str:
    if then and now and (", " in then or "," in now) and len(then) + len(now) > 60:
        before, after = ({*re.split(", |,", side)} for side in (then, now))
        return (
            "; ".join(
                [f"{', '.join(sorted(after - before))} too"] * bool(after - before)
                + [f"{', '.join(sorted(before - after))} no longer"] * bool(before - after)
            )
            or "in another order"
        )
    return f"{then if then else 'none'} → {now if now else 'none'}"


def _there(then: str | None, now: str | None) -> str:
    return "is new" if then is None else "is gone" if now is None else ""


def _file(then: str | None, now: str | None) -> str:
    if then is None or now is None:
        return _there(then, now)
    before, after = then.split(" "), now.split(" ")
    if before[0] == "link" or before[0] != after[0]:
        return f"was {_what(before)}, and is {_what(after)}"
    said = [
        f"{what} {one} → {other}"
        for what, one, other in zip(("mode", "owner"), before[1:3], after[1:3], strict=False)
        if one != other
    ]
    said += ["has other content"] * (before[3:] != after[3:])
    return ", ".join(said)


def _what(value: list[str]) -> str:
    return f"a link to {' '.join(value[1:])}" if value[0] == "link" else f"a {value[0]}"


def _keys(then: str | None, now: str | None) -> str:
    if then is None or now is None:
        return _there(then, now).replace("is ", "are ")
    before, after = then.split(" ")[0], now.split(" ")[0]
    return f"have changed: {before} → {after}" if before != after else "have changed"


def _unit(then: str | None, now: str | None) -> str:
    if then is None or now is None:
        return _there(then, now)
    before, after = then.split(" "), now.split(" ")
    said = [f"{one} → {other}" for one, other in zip(before[:2], after[:2], strict=False) if one != other]
    said += [f"{word} now" for word in after[2:] if word not in before] + [
        f"{word} no longer" for word in before[2:] if word not in after
    ]
    return ", ".join(said) or _arrow(then, now)


_FIELDS = {
    "account": ("uid", "gid", "home", "shell", "name"),
    "group": ("gid", "members"),
    "password": ("state", "changed", "min", "max", "warn", "inactive", "expire"),
}
"""The fields of values `name=value name=value …`, in their order."""


def _fields(kind: str, then: str | None, now: str | None) -> str:
    if then is None or now is None:
        return _there(then, now)
    before, after = _split(kind, then), _split(kind, now)
    said = [
        f"{name} {_shown(name, before[name])} → {_shown(name, after[name])}"
        for name in _FIELDS[kind]
        if before[name] != after[name]
    ]
    return ", ".join(said) or _arrow(then, now)


def _split(kind: str, value: str) -> dict[str, str]:
    found, rest = {}, f" {value}"
    for name in reversed(_FIELDS[kind]):
        rest, _, found[name] = rest.rpartition(f" {name}=")
    return found


def _shown(name: str, value: str) -> str:
    if name in ("expire", "changed") and re.fullmatch("[0-9]{1,6}", value):
        return str(date(1970, 1, 1) + timedelta(days=int(value)))
    return value or "none"


def _of_account(key: str) -> tuple[str, str]:
    account, _, rest = key.partition(" ")
    return account, rest


def _keys_of(key: str, then: str | None, now: str | None) -> str:
    account, path = _of_account(key)
    return f"the keys of {account} {_keys(then, now)} ({path})"


def _option_for(key: str, then: str | None, now: str | None) -> str:
    account, option = _of_account(key)
    return f"for {account}: {_spelled(option)} {_arrow(then, now)}"


_PHRASES: dict[str, Phrase] = {
    "sshd": lambda key, then, now: f"{_spelled(key)} {_arrow(then, now)}",
    "sshd-for": _option_for,
    "file": lambda key, then, now: f"{key} {_file(then, now)}",
    "record": lambda key, then, now: f"{key} {_file(then, now)}",
    "home": lambda key, then, now: f"{_of_account(key)[1]} {_file(then, now)}",
    "keys": _keys_of,
    "account": lambda key, then, now: f"account {key} {_fields('account', then, now)}",
    "group": lambda key, then, now: f"group {key} {_fields('group', then, now)}",
    "password": lambda key, then, now: f"the password of {key}: {_fields('password', then, now)}",
    "unit": lambda key, then, now: f"{key}{' ' if None in (then, now) else ': '}{_unit(then, now)}",
    "nft-rule": lambda key, then, now: f"rule {key} {_there(then, now) or 'is there in another number'}",
    "nft": lambda key, then, now: f"nft table {key} {_there(then, now) or 'has changed'}",
    "iptables": lambda key, then, now: f"iptables table {key} {_there(then, now) or 'has changed'}",
    "hosts": lambda key, then, now: f"/etc/hosts: {key} {_arrow(then, now)}",
    "resolver": lambda key, then, now: f"/etc/resolv.conf: {key} {_arrow(then, now)}",
    "host-name": lambda key, then, now: f"host name{' for people' * (key == 'pretty')} {_arrow(then, now)}",
}
