"""What differs, in words that a system administrator reads."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from sopctl.locale import Prose, Text, joined

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


def say(part: str, kind: str, key: str, then: str | None, now: str | None) -> Prose:
    """One difference of a fact as a phrase. `part` is the role that keeps it: its name is shown before the phrase, so
    the phrase itself names the subject only where there is none."""
    if kind in ("sshd", "sshd-for") and not part:
        return joined(" ", ("sshd", _PHRASES[kind](key, then, now)))
    return _PHRASES[kind](key, then, now) if kind in _PHRASES else joined(" ", (kind, key, _arrow(then, now)))


def without_content(value: str | None) -> str | None:
    """What a file is, without the digest of its content; a link is its target."""
    return value if value is None or value.startswith("link ") else " ".join(value.split(" ")[:3])


Phrase = Callable[[str, str | None, str | None], Prose]


def _spelled(option: str) -> str:
    return _SPELLED.get(option, option)


def _arrow(then: str | None, now: str | None) -> Prose:
    if then and now and "," in then + now and len(then) + len(now) > 60:
        before, after = ({*re.split(", ?", side)} for side in (then, now))
        said = [Text("{names} too", names=", ".join(sorted(after - before)))] * bool(after - before)
        said += [Text("{names} no longer", names=", ".join(sorted(before - after)))] * bool(before - after)
        return joined("; ", said) or Text("in another order")
    return joined(" → ", (then or Text("none"), now or Text("none")))


def _there(then: str | None, now: str | None) -> Prose:
    return Text("is new") if then is None else Text("is gone") if now is None else ""


def _file(then: str | None, now: str | None) -> Prose:
    if then is None or now is None:
        return _there(then, now)
    before, after = then.split(" "), now.split(" ")
    if before[0] == "link" or before[0] != after[0]:
        return Text("was {before}, and is {after}", before=_what(before), after=_what(after))
    said = [
        joined(" ", (what, one, "→", other))
        for what, one, other in zip((Text("mode"), Text("owner")), before[1:3], after[1:3], strict=False)
        if one != other
    ]
    said += [Text("has other content")] * (before[3:] != after[3:])
    return joined(", ", said)


def _what(value: list[str]) -> Prose:
    if value[0] == "link":
        return Text("a link to {target}", target=" ".join(value[1:]))
    return Text("a {kind}", kind=value[0])


def _keys(account: str, path: str, then: str | None, now: str | None) -> Prose:
    values = {"account": account, "path": path}
    if then is None:
        return Text("the keys of {account} are new ({path})", **values)
    if now is None:
        return Text("the keys of {account} are gone ({path})", **values)
    before, after = then.split(" ")[0], now.split(" ")[0]
    if before == after:
        return Text("the keys of {account} have changed ({path})", **values)
    return Text("the keys of {account} have changed: {before} → {after} ({path})", before=before, after=after, **values)


def _unit(then: str | None, now: str | None) -> Prose:
    if then is None or now is None:
        return _there(then, now)
    before, after = then.split(" "), now.split(" ")
    said: list[Prose] = [f"{one} → {other}" for one, other in zip(before[:2], after[:2], strict=False) if one != other]
    said += [Text("{word} now", word=word) for word in after[2:] if word not in before]
    said += [Text("{names} no longer", names=word) for word in before[2:] if word not in after]
    return joined(", ", said) or _arrow(then, now)


_FIELDS = {
    "account": ("uid", "gid", "home", "shell", "name"),
    "group": ("gid", "members"),
    "password": ("state", "changed", "min", "max", "warn", "inactive", "expire"),
}
"""The fields of values `name=value name=value …`, in their order."""


def _fields(kind: str, then: str | None, now: str | None) -> Prose:
    if then is None or now is None:
        return _there(then, now)
    before, after = _split(kind, then), _split(kind, now)
    said = [
        joined(" ", (name, _shown(name, before[name]), "→", _shown(name, after[name])))
        for name in _FIELDS[kind]
        if before[name] != after[name]
    ]
    return joined(", ", said) or _arrow(then, now)


def _split(kind: str, value: str) -> dict[str, str]:
    found, rest = {}, f" {value}"
    for name in reversed(_FIELDS[kind]):
        rest, _, found[name] = rest.rpartition(f" {name}=")
    return found


def _shown(name: str, value: str) -> Prose:
    if name in ("expire", "changed") and re.fullmatch("[0-9]{1,6}", value):
        return str(date(1970, 1, 1) + timedelta(days=int(value)))
    return value or Text("none")


def _of_account(key: str) -> tuple[str, str]:
    account, _, rest = key.partition(" ")
    return account, rest


def _keys_of(key: str, then: str | None, now: str | None) -> Prose:
    return _keys(*_of_account(key), then, now)


def _option_for(key: str, then: str | None, now: str | None) -> Prose:
    account, option = _of_account(key)
    return Text("for {account}: {option} {change}", account=account, option=_spelled(option), change=_arrow(then, now))


def _host_name(key: str, then: str | None, now: str | None) -> Prose:
    if key == "pretty":
        return Text("host name for people {change}", change=_arrow(then, now))
    return Text("host name {change}", change=_arrow(then, now))


_PHRASES: dict[str, Phrase] = {
    "sshd": lambda key, then, now: joined(" ", (_spelled(key), _arrow(then, now))),
    "sshd-for": _option_for,
    "file": lambda key, then, now: joined(" ", (key, _file(then, now))),
    "record": lambda key, then, now: joined(" ", (key, _file(then, now))),
    "home": lambda key, then, now: joined(" ", (_of_account(key)[1], _file(then, now))),
    "keys": _keys_of,
    "account": lambda key, then, now: Text("account {name} {change}", name=key, change=_fields("account", then, now)),
    "group": lambda key, then, now: Text("group {name} {change}", name=key, change=_fields("group", then, now)),
    "password": lambda key, then, now: Text(
        "the password of {name}: {change}", name=key, change=_fields("password", then, now)
    ),
    "unit": lambda key, then, now: joined(" " if None in (then, now) else ": ", (key, _unit(then, now))),
    "nft-rule": lambda key, then, now: Text(
        "rule {name} {change}", name=key, change=_there(then, now) or Text("is there in another number")
    ),
    "nft": lambda key, then, now: Text(
        "nft table {name} {change}", name=key, change=_there(then, now) or Text("has changed")
    ),
    "iptables": lambda key, then, now: Text(
        "iptables table {name} {change}", name=key, change=_there(then, now) or Text("has changed")
    ),
    "hosts": lambda key, then, now: joined(" ", ("/etc/hosts:", key, _arrow(then, now))),
    "resolver": lambda key, then, now: joined(" ", ("/etc/resolv.conf:", key, _arrow(then, now))),
    "host-name": _host_name,
}
