"""The grammars of names that reach a path, a command line or a configuration.

A name that does not fit is refused where it enters (a record, a flag), so that no later code has to quote, strip or
distrust it. Sources: RFC 1123 section 2.1 (host names), useradd(8) on Debian (accounts), sshd(8) (authorized keys).
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence

from sopctl.locale import Prose, Text, either, gettext_noop
from sopctl.locale.recognising import Recogniser

ID = r"^[A-Z0-9][A-Z0-9-]{0,40}\Z"
"""A deposit's id; also the name of its folder."""

SHORT_ID = r"^(?:(?P<year>[0-9]{2}(?:[0-9]{2})?)-)?(?P<number>[0-9]{1,4})\Z"
"""How people shorten an id: its number, `3`, or year and number, `26-3`."""

HOST_NAME = r"^(?=.{1,253}$)(?!.*-$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z"
ACCOUNT = r"^[a-z_][a-z0-9_-]{0,30}\Z"
ROLE = r"^[a-z][a-z0-9-]{0,30}\Z"
"""An actor of a procedure, which is the role of people in sopctl.yml."""
FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}\Z"
"""A file that a record may name (a key in keys/, a rack): one path component, never hidden."""

PUBLIC_KEY = (
    r"^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
    r" [A-Za-z0-9+/]{40,1400}={0,2}( [A-Za-z0-9@._+-]{1,100})?\Z"
)
"""One line of authorized_keys without options: an option such as command= would ask for more than access."""

PAGE_URL = r"^https?://[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[1-9][0-9]{0,4})?\Z"
"""Where a page is: scheme, host and port, nothing behind."""

BROKER_URL = r"^tls://([a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?|\[[0-9a-f:]{2,45}\]):[1-9][0-9]{0,4}\Z"
"""Where the engine's broker is: always over TLS."""

LINE = r"^[^\x00-\x1f\x7f-\x9f]*\Z"
EMAIL = r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\Z"
NIP = r"^([0-9]{18})?\Z"

MAC = r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z"
"""A MAC address as sopctl writes it (IEEE 802)."""

INTERFACE = r"^[A-Za-z][A-Za-z0-9/._:-]{0,40}\Z"
"""An interface of a network device: nothing that a command line could read as more than a name."""
INTERFACES = r"^[A-Za-z][A-Za-z0-9/._:-]{0,40}\{n\}\Z"

FINGERPRINT = r"^SHA256:[A-Za-z0-9+/]{43}\Z"

_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
PORTS = rf"^{_PORT}(-{_PORT}(/(tcp|udp))?|/(tcp|udp|tls|http|https|smtp))?\Z"
"""A port or a range of ports, with its protocol (TCP where none is named); of a single TCP port, what must answer
there."""

EXPLAINED = {
    ID: Text("an id such as PS-2026-0001"),
    HOST_NAME: Text("a host name such as web1.example.org (lower case)"),
    ACCOUNT: Text("an account name such as webadmin (lower case)"),
    FILE_NAME: Text("a plain file name"),
    PUBLIC_KEY: Text("one public key, as in a .pub file (ssh-ed25519 AAAA… comment), without options"),
    LINE: Text("one line of text without control characters"),
    EMAIL: Text("an e-mail address"),
    NIP: Text("a NIP of 18 digits"),
    INTERFACE: Text("an interface's name such as GigabitEthernet1/0/3"),
    INTERFACES: Text("interfaces' names with {n} for the number, such as GigabitEthernet1/0/{n}"),
    PORTS: Text("a port such as 443, 443/https, 53/udp or 8000-8010"),
    PAGE_URL: Text("an address such as https://titipan.example.org, without a path"),
    MAC: Text("a MAC address such as 52:54:00:12:34:56 (lower case)"),
}
"""The grammars in words, for the error that a person reads."""


_ONE_OF = re.compile(r"Expected `str` matching regex '\^\(([a-z0-9_|]*)\)\\\\Z'")


def one_of(known: Iterable[str]) -> str:
    """The pattern of a name that is one of those known here (lower case letters, digits, `_`)."""
    return rf"^({'|'.join(known)})\Z"


def explain(message: str, value: object = None, known: Sequence[str] = ()) -> Prose:
    """A message of msgspec about `value`, with the grammars in words; `known` are the values that there are, if not any
    will do."""
    if choice := _ONE_OF.fullmatch(message):
        known = choice[1].split("|")
    if choice or (known and message.startswith("Invalid enum value")):
        return Text("{value!r} is none of those known: {names}", value=value, names=told(value, known))
    if f"`str` matching regex {PUBLIC_KEY!r}" in message and isinstance(value, str):
        from sopctl.model.access.public_key import why_not

        return why_not(value)
    for pattern, words in EXPLAINED.items():
        if message == f"Expected `str` matching regex {pattern!r}":
            return Text("Expected {what}", what=words)
    said = _SAID.text(message)
    return said if isinstance(said, Text) else Text(message)  # what a record of ours says of itself is in the catalog


_SAID = Recogniser(
    gettext_noop("Expected `{wanted}`, got `{found}`"),
    gettext_noop("Expected `{kind}` of length {limit}"),
    gettext_noop("Expected `{kind}` {limit}"),
    gettext_noop("Object missing required field `{field}`"),
    gettext_noop("Object contains unknown field `{field}`"),
    gettext_noop("Invalid enum value {value}"),
    gettext_noop("Invalid value {value}"),
    gettext_noop("Invalid RFC3339 encoded date"),
    gettext_noop("Invalid RFC3339 encoded datetime"),
    gettext_noop("A letter cannot ask for the system account {name}"),
    gettext_noop("Expected the range {range} to begin with its lower port in `ports`"),
    gettext_noop("Expected the range {range} to begin with its lower port"),
    gettext_noop("Expected in `static_address.gateway` another machine of the server's network, {network}"),
    gettext_noop("Expected an address of {network} in `gateway`"),
    gettext_noop("Expected addresses of {network} in `ranges` and `reserved`, not {written}"),
    gettext_noop("Expected an address, or a range such as 10.20.30.10-10.20.30.99, not {written}"),
    gettext_noop("Expected addresses of one kind in {written}"),
    gettext_noop("Expected `platform` ({platforms}) for an appliance, and only for one"),
    gettext_noop("Expected each name in `units` once; `{name}` is of {other} too"),
    gettext_noop("Expected a mail server (`mail`) where `checks.notify` names a person, `{name}`"),
    gettext_noop("Expected a mail server (`mail`) where `report_to` names a person, `{name}`"),
    gettext_noop("Expected names of `people` with an `email` in `report_to`, not `{name}`"),
    gettext_noop("Expected networks such as 10.20.0.0/16 in `{name}`"),
    gettext_noop("Expected in `first_contact_keys` keys that are for nothing else, not `{key}`"),
)
"""What msgspec says in its own words, and what our records say of themselves."""


def told(said: object, known: Sequence[str]) -> Prose:
    """The names that are known, and which of them may be meant by what was `said`."""
    near = nearest(str(said), known)
    names = ", ".join(known)
    return Text("{names}; did you mean {near}?", names=names, near=either(near)) if near else names


def nearest(said: str, known: Sequence[str]) -> list[str]:
    """The known names that `said` is part of or resembles, the nearest first; three at most."""
    import difflib

    word = said.strip().lower().replace("-", "_")[:80]
    holding = [name for name in known if len(word) > 2 and word in name]
    return list(dict.fromkeys([*holding, *difflib.get_close_matches(word, known, n=3, cutoff=0.55)]))[:3]


def meant(said: str, ids: Iterable[str]) -> list[str]:
    """The ids that a person may mean: those of this number (and year), or the one that was only written in small
    letters. What is no short form means itself."""
    short = re.match(SHORT_ID, said)
    if short is None:
        return [said.upper() if re.match(ID, said.upper()) else said]
    found = [(name, name.rsplit("-", 2)) for name in ids]
    return [
        name
        for name, parts in found
        if len(parts) == 3
        and parts[2].isdigit()
        and int(parts[2]) == int(short["number"])
        and parts[1].endswith(short["year"] or "")
    ]


FORBIDDEN_ACCOUNTS = frozenset({"root", "daemon", "bin", "sys", "sync", "nobody", "sshd", "messagebus"})
"""System accounts that no letter may ask for: their keys would be keys to the whole server."""


ZONE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}"
"""The zone of a link-local address (RFC 4007, fe80::1%eth0). Python's `ipaddress` accepts any text as one."""


def is_address(text: str) -> bool:
    """Is `text` an IPv4 or IPv6 address, or an RFC 1123 host name that no tool reads as a pattern or an option?"""
    address, zoned, zone = text.partition("%")
    if zoned:
        return ":" in address and is_ip(address) and bool(re.fullmatch(ZONE, zone))
    return is_ip(text) or is_host_name(text)


def is_ip(text: str) -> bool:
    """Is `text` an IPv4 or IPv6 address that means the same on every machine: without a zone?"""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def is_network(text: str) -> bool:
    """Is `text` an IPv4 or IPv6 address, or a network (RFC 4632) with no host bits set?"""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return "%" not in text


def is_host_name(text: str) -> bool:
    """Is `text` an RFC 1123 host name that nothing reads as an address, a pattern or the controller itself?"""
    return bool(re.match(HOST_NAME, text)) and not text.replace(".", "").isdigit() and text != "localhost"
