"""What the letter and the site ask of a server, as a note keeps it, and what they ask for since in words."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from sopctl.locale import Prose, Text, gettext_noop, joined

MAX_VALUE = 4000
"""Characters of a value that a note keeps; of a longer one it keeps the digest."""


class Variable(Struct, frozen=True):
    """What one variable of configure.yml asks for: in words, and the tags of the parts that it decides."""

    words: str
    tags: tuple[str, ...]


VARIABLES = {
    "hostname": Variable(gettext_noop("the host name"), ("host_name",)),
    "accounts": Variable(gettext_noop("the accounts"), ("accounts", "sshd")),
    "management_account": Variable(gettext_noop("the office's account"), ("accounts",)),
    "management_public_key": Variable(gettext_noop("the office's key"), ("accounts",)),
    "banner": Variable(gettext_noop("the legal notice"), ("sshd",)),
    "ports": Variable(gettext_noop("the ports"), ("firewall",)),
    "sources": Variable(gettext_noop("the addresses that may reach them"), ("firewall",)),
    "controllers": Variable(gettext_noop("the controllers"), ("firewall",)),
    "static_address": Variable(gettext_noop("the static address"), ("address",)),
    "resolvers": Variable(gettext_noop("the DNS servers"), ("resolvers",)),
    "time_zone": Variable(gettext_noop("the time zone"), ("time_zone",)),
    "time_servers": Variable(gettext_noop("the time servers"), ("time_sync",)),
    "journal_max": Variable(gettext_noop("the journal's size"), ("journald",)),
    "security_updates": Variable(gettext_noop("security updates"), ("security_updates",)),
    "last_cause": Variable(gettext_noop("the repair after a failed access try"), ("accounts", "sshd")),
}
"""What is asked for, by the variable's name without its prefix; others are named as they are."""

NOT_ASKED = ("id", "management_key_file", "sudo")
"""Variables that ask nothing of a server."""


class Asked(Struct, frozen=True):
    """Something that is asked for differently since the last configuration: its variable, in words, and what was asked
    for then and is now."""

    variable: str
    says: Prose
    then: str
    now: str


def asked(variables: Mapping[str, Any]) -> dict[str, str]:
    """What these variables of a host (`sopctl_…`) ask for, by name: JSON in one line of printable ASCII each."""
    found = {}
    for variable, value in sorted(variables.items()):
        name = variable.removeprefix("sopctl_")
        if name == variable or name in NOT_ASKED:
            continue
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
        if len(text) > MAX_VALUE:
            text = f'"sha256:{hashlib.sha256(text.encode()).hexdigest()}"'
        found[name] = text
    return found


def digest(asked_for: Mapping[str, str]) -> str:
    """The SHA-256 (hex) of what is asked for."""
    return hashlib.sha256(json.dumps(asked_for, sort_keys=True).encode()).hexdigest()


def since(then: Mapping[str, str], now: Mapping[str, str]) -> list[Asked]:
    """What is asked for now and was not then. What the note does not know (of an older version) is left out, and so is
    a repair that is no longer needed: nothing is undone for it."""
    found = []
    for name in now:
        if then.get(name, now[name]) == now[name] or (name == "last_cause" and now[name] == '""'):
            continue
        words = Text(VARIABLES[name].words) if name in VARIABLES else name.replace("_", " ")
        says = joined(": ", (words, _differs(name, _value(then[name]), _value(now[name]))))
        found.append(Asked(name, says, then[name], now[name]))
    return found


def wants(text: str) -> bool:
    """Does a variable, as `asked` gives it, ask for anything at all?"""
    return _any(_value(text))


def _any(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_any, value.values()))
    return bool(value)


def after_part(then: Mapping[str, str], now: Mapping[str, str], tags: Sequence[str]) -> dict[str, str]:
    """What a note says is asked for, after a run of the parts with `tags` alone: what they decide as now, the rest as
    it was."""

    def decided(name: str) -> bool:
        return name in VARIABLES and set(VARIABLES[name].tags) <= set(tags)

    return {name: now[name] if decided(name) else then.get(name, now[name]) for name in now}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _differs(name: str, before: Any, after: Any) -> Prose:
    if name == "accounts" and isinstance(before, list) and isinstance(after, list):
        return _accounts(before, after)
    if isinstance(before, list) and isinstance(after, list):
        more = [str(one) for one in after if one not in before]
        less = [str(one) for one in before if one not in after]
        said = [Text("{names} too", names=", ".join(more))] * bool(more)
        said += [Text("{names} no longer", names=", ".join(less))] * bool(less)
        return joined("; ", said) or Text("in another order")
    if name == "management_public_key":
        return Text("another")
    return joined(" → ", (_short(before), _short(after)))


def _accounts(before: list[Any], after: list[Any]) -> Prose:
    then, now = ({str(one.get("name")): one for one in side if isinstance(one, dict)} for side in (before, after))
    said = [Text("{name} is new", name=name) for name in now if name not in then]
    said += [Text("{names} no longer", names=name) for name in then if name not in now]
    for name in now:
        if name in then and now[name] != then[name]:
            said.append(Text("other keys for {name}", name=name))
    return joined("; ", said) or Text("in another order")


def _short(value: Any) -> Prose:
    if value in ("", [], {}, None):
        return Text("none")
    if isinstance(value, bool):
        return Text("on") if value else Text("off")
    if isinstance(value, dict):
        return joined(", ", (joined(" ", (key, _short(one))) for key, one in value.items()))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
