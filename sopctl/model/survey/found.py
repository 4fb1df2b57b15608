"""What a look at a server found: the records of survey.sh, read by a strict grammar.

The text comes from a machine that is not ours. What does not fit the grammar is left out; names are escaped where they
are read, so that everything in here is safe to print.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from sopctl.model import sanitise, services
from sopctl.model.access import sshd_rules
from sopctl.model.services import Ports, Protocol
from sopctl.model.text import printable

MAX_SOCKETS = 1_000
MAX_LINES = 2_000


class Listener(Struct, frozen=True):
    """A socket that receives: its port, the address that it is bound to (0.0.0.0 or :: for all), the interface that has
    this address (empty: several, or unknown), and the program (empty: unknown, or the kernel)."""

    port: Ports
    address: str
    interface: str = ""
    program: str = ""


class Peer(Struct, frozen=True):
    """Another machine with open connections to a TCP port of the server."""

    port: Ports
    address: str
    connections: int


class Translation(Struct, frozen=True):
    """A rule by which what arrives for `port` goes to `target` instead: an address (empty: this server), and a port."""

    port: Ports
    target: str
    to: int


class Account(Struct, frozen=True):
    """An account as sshd judges it: whether it exists, its groups and shell, and the rules for a login from here."""

    name: str
    exists: bool
    home: str = ""
    shell: str = ""
    groups: tuple[str, ...] = ()
    rules: sshd_rules.Rules = {}
    rules_error: str = ""
    keys: int | None = None
    """How many keys are in its authorized_keys; None where it has no such file."""


class Space(Struct, frozen=True):
    """The file system that holds `folder`: what is free (KiB, inodes), and what its mount forbids (ro, noexec)."""

    folder: str
    free_kib: int
    free_inodes: int | None
    mode: Literal["", "ro", "noexec"] = ""


class Survey(Struct, frozen=True):
    """What was found. `root`: could the look read everything? `seen_from` is our address, as the server sees it."""

    root: bool
    clock: int
    """Seconds since 1970 by the server's clock; 0 if unknown."""
    seen_from: str = ""
    through: str = ""
    """What we become root by: sudo, doas; empty where we are root."""
    made_here: bool = False
    """Was the account with the office's name made by an earlier run of ours?"""
    deposit: str = ""
    """The deposit whose server it is, by the note that a configuration left there."""
    os: str = ""
    family: str = ""
    """The distribution's id, such as debian."""
    systemd: bool = True
    chroot: bool = False
    nologin: bool = False
    """Is it closed to all but root (/etc/nologin)?"""
    own_name_seconds: float | None = None
    """How long the server took to find its own name; None where it did not find it."""
    own_name_waited: float = 0.0
    python: str = ""
    """Its version; empty where there is none that works."""
    python_error: str = ""
    tools: frozenset[str] = frozenset()
    nft_error: str = ""
    listeners: tuple[Listener, ...] = ()
    peers: tuple[Peer, ...] = ()
    protocols: tuple[str, ...] = ()
    """Protocols besides TCP and UDP that it receives."""
    addresses: tuple[str, ...] = ()
    forwards: bool = False
    translations: tuple[Translation, ...] = ()
    own_rules: bool = False
    """Is our own table loaded?"""
    allowed: tuple[Ports, ...] = ()
    """The ports that our own table lets in now."""
    ssh_ports: tuple[int, ...] = ()
    """The ports on which its SSH server takes logins."""
    spaces: tuple[Space, ...] = ()
    over_quota: tuple[str, ...] = ()
    """Accounts that may write no more, each with the file system: `NAME DEVICE`."""
    writers: tuple[str, ...] = ()
    """What of the owner's writes, by itself, where a configuration writes: units, and files run by a clock."""
    immutable: tuple[str, ...] = ()
    access_rules: tuple[str, ...] = ()
    """The rules of pam_access, where sshd asks it."""
    sudoers_unread: str = ""
    """Why sudo does not read /etc/sudoers.d; empty where it does."""
    started: tuple[str, ...] = ()
    """The command lines of the sshd that takes our logins."""
    taken: tuple[str, ...] = ()
    """What is of the owner's in the places of our own files."""
    half_installed: tuple[str, ...] = ()
    packages_locked: str = ""
    """Which program holds the package manager's lock; empty when none does."""
    packages_interrupted: bool = False
    apt: bool = False
    """Does it take its packages by apt?"""
    accounts: Mapping[str, Account] = {}
    settings: Mapping[str, tuple[str, ...]] = {}
    """Other settings by their names in survey.sh, each with its values."""

    def setting(self, name: str) -> str:
        """The first value of a setting; empty where there is none."""
        return (self.settings.get(name) or ("",))[0]


Records = Sequence[tuple[str, str]]
"""The script's records in order: name and text."""


def read(records: Records) -> Survey:
    """The survey that the records describe. Never raises: what makes no sense is left out."""
    said = {name: text for name, text in records if name not in _OF_ACCOUNTS}
    lines = {name: text.splitlines()[:MAX_LINES] for name, text in said.items()}
    bound, addresses = _addresses(lines.get("addresses", []))
    listeners = _listeners(lines.get("sockets", []), _programs(lines.get("owners", [])), bound)
    settings = _settings(lines.get("settings", []))
    accounts = _accounts(records, _counts(lines.get("keys", [])))
    release = dict(re.findall(r'^([A-Z_]{1,20})="?([^"\n]{0,80})"?$', said.get("os", ""), re.M))
    python = _line(said, "python").split(None, 2)
    interpreted = python[:1] == ["ok"] and bool(re.fullmatch(r"[0-9]{1,2}\.[0-9]{1,3}", python[-1]))
    elapsed = re.fullmatch(r"([0-9]{1,3}) ([0-9]{1,6})", _line(said, "own_name"))
    tables = lines.get("tables", [])
    tools = frozenset(path.rpartition("/")[2] for path in lines.get("tools", []))
    packages = [line.split(" ", 2) for line in lines.get("packages", [])]
    ours = said.get("ours", "")
    return Survey(
        root=_line(said, "user") == "0",
        clock=_number(_line(said, "now"), 2**40) or 0,
        seen_from=sanitise.address(_line(said, "seen_from")) or "",
        nologin=_line(said, "nologin") == "yes",
        made_here=_line(said, "made_here") == "yes",
        deposit=printable(_line(said, "deposit"), 60),
        os=printable(release.get("PRETTY_NAME") or release.get("ID", ""), 80),
        family=printable(release.get("ID", ""), 40),
        systemd=_line(said, "init") in ("systemd", ""),
        chroot=_line(said, "chroot") == "yes",
        own_name_seconds=int(elapsed[2]) / 100 if elapsed and elapsed[1] == "0" else None,
        own_name_waited=int(elapsed[2]) / 100 if elapsed else 0.0,
        python=python[-1] if interpreted else "",
        python_error="" if interpreted or len(python) < 2 else printable(f"{python[1]}: {' '.join(python[2:])}", 200),
        tools=tools,
        nft_error="" if all(line.startswith("table ") for line in tables) else printable(" ".join(tables[:3]), 200),
        listeners=listeners,
        peers=_peers(lines.get("connected", [])),
        protocols=_protocols(lines.get("raw", []), _tunnels(lines.get("interfaces", []))),
        addresses=addresses,
        forwards="1" in lines.get("forwarding", []),
        translations=_translations(lines.get("translations", []), addresses),
        own_rules=ours.startswith("table inet sopctl"),
        allowed=_allowed(ours),
        ssh_ports=_ssh_ports(accounts.values(), listeners, lines.get("ssh_sockets", [])),
        spaces=_spaces(lines),
        over_quota=tuple(printable(line, 120) for line in lines.get("over_quota", []))[:20],
        writers=tuple(printable(line, 120) for line in lines.get("writers", []))[:20],
        immutable=tuple(printable(line.partition(" ")[2], 200) for line in lines.get("immutable", []))[:20],
        access_rules=tuple(lines.get("pam_access", [])),
        sudoers_unread=printable(_line(said, "sudoers").partition("unread: ")[2], 120),
        started=tuple(lines.get("started", [])[:10]),
        taken=tuple(printable(line, 200) for line in lines.get("taken", []))[:20],
        half_installed=tuple(printable(words[1], 80) for words in packages if words[0] == "half" and len(words) > 1),
        packages_locked=next(
            (printable(words[2], 80) for words in packages if words[0] == "locked" and len(words) > 2), ""
        ),
        packages_interrupted=any(words[0] == "interrupted" for words in packages),
        apt="apt-get" in tools,
        accounts=accounts,
        settings=settings,
    )


_OF_ACCOUNTS = frozenset({"passwd", "groups", "sshd_status", "sshd"})


def _line(said: Mapping[str, str], name: str) -> str:
    return said.get(name, "").strip()


def _number(text: str, most: int = 2**31) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) and int(text) <= most else None


def _hex_address(text: str) -> str:
    """An address as the kernel prints it in /proc/net: 32-bit words in the machine's byte order (little endian)."""
    words = bytes.fromhex(text)
    turned = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
    found = ipaddress.ip_address(turned)
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


_SOCKET = re.compile(r"(tcp|udp)6? ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})")
_PEER = re.compile(r"([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}) ([0-9]{1,9})")
_OWNER = re.compile(r'(tcp|udp) (\S{1,120}):([0-9]{1,5}) users:\(\("((?:[^"\\]|\\.){1,64})"')


def _programs(lines: Iterable[str]) -> Mapping[tuple[str, int], str]:
    """The program behind each port, as ss(8) names it: the first where several share one."""
    found: dict[tuple[str, int], str] = {}
    for line in lines:
        if owner := _OWNER.match(line):
            found.setdefault((owner[1], int(owner[3])), printable(owner[4], 40))
    return found


def _listeners(
    lines: Iterable[str], programs: Mapping[tuple[str, int], str], bound: Mapping[str, str]
) -> tuple[Listener, ...]:
    found = []
    for line in lines:
        if (socket := _SOCKET.fullmatch(line)) is None or (number := int(socket[3], 16)) == 0:
            continue
        protocol: Protocol = "tcp" if socket[1] == "tcp" else "udp"
        address = _hex_address(socket[2])
        program = programs.get((protocol, number), "")
        found.append(Listener(services.port(number, protocol), address, bound.get(address, ""), program))
    return tuple(sorted(set(found), key=lambda each: (each.port, each.address)))[:MAX_SOCKETS]


def _peers(lines: Iterable[str]) -> tuple[Peer, ...]:
    count: Counter[tuple[Ports, str]] = Counter()
    for line in lines:
        if peer := _PEER.fullmatch(line):
            count[services.port(int(peer[1], 16)), _hex_address(peer[2])] += min(int(peer[3]), 10**6)
    return tuple(Peer(port, address, number) for (port, address), number in sorted(count.items()))


def _addresses(lines: Iterable[str]) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """The interface of each address, and all addresses."""
    found: dict[str, str] = {}
    for line in lines:
        name, _, network = line.partition(" ")
        try:
            address = str(ipaddress.ip_interface(network.strip()).ip)
        except ValueError:
            continue
        found.setdefault(address, printable(name, 40))
    return found, tuple(found)


_TUNNELS = {"768": "ipip", "776": "sit", "778": "gre", "823": "gre"}
"""The hardware types (linux/if_arp.h) of tunnels, with the protocol in which each comes in."""
_IDLE = frozenset({"tunl0", "ip_vti0", "sit0", "gre0", "ip6gre0"})
"""The kernel has these of those types wherever the module is loaded."""


def _tunnels(lines: Iterable[str]) -> set[str]:
    """The protocols of the server's tunnels."""
    words = [line.split(" ") for line in lines]
    return {_TUNNELS[each[1]] for each in words if len(each) == 2 and each[1] in _TUNNELS and each[0] not in _IDLE}


def _protocols(lines: Iterable[str], tunnels: Iterable[str]) -> tuple[str, ...]:
    """Protocols that programs or the kernel receive themselves, besides those whose ports are known and ICMP, which is
    let in."""
    numbers = {int(line, 16) for line in lines if re.fullmatch(r"[0-9A-F]{4}", line)}
    named = {services.protocol(number) for number in numbers - {0, 1, 6, 17, 58, 255} if number < 256}
    return tuple(sorted(named | set(tunnels)))


def _port_sets(text: str) -> list[tuple[int, int]]:
    """The ports and ranges of a rule: `443`, `8000-8010`, `{ 80, 443 }`; of a map, its keys (`{ 80 : … }`)."""
    found = []
    for first, last in re.findall(r"(?:^|[{,])\s*([0-9]{1,5})(?:-([0-9]{1,5}))?(?=\s*(?:[:,}]|$))", text):
        low, high = int(first), int(last or first)
        if 0 < low <= high <= 65535:
            found.append((low, high))
    return found


_NFT_PORTS = re.compile(r"\b(tcp|udp|th) dport (?:map )?(\{[^{}]{0,2000}\}|[0-9]{1,5}(?:-[0-9]{1,5})?)")
_NFT_TARGET = re.compile(r"\b(?:dnat(?: ip6?)? to|redirect to) (\S{1,80})")
_IPT_PORTS = re.compile(r"-p (tcp|udp)\b[^\n]{0,200}?--dports? ([0-9:,]{1,200})")
_IPT_TARGET = re.compile(r"--to-(?:destination|ports) (\S{1,80})")
_LOOPBACK_ONLY = re.compile(r"(?:-d|daddr) (?:127\.|::1)")


def _translations(lines: Iterable[str], own: Sequence[str]) -> tuple[Translation, ...]:
    """What arrives for a port and is sent elsewhere. A rule without a port (one that serves a whole network) is left
    out: that is forwarded traffic, which `Survey.forwards` says."""
    found: list[Translation] = []
    for line in lines:
        kind, _, rule = line.partition(" ")
        if _LOOPBACK_ONLY.search(rule) or not re.search(r"\b(dnat|redirect|DNAT|REDIRECT)\b", rule):
            continue
        if kind == "ipt":
            ports, target = _IPT_PORTS.search(rule), _IPT_TARGET.search(rule)
            spans = _port_sets("{" + ports[2].replace(":", "-") + "}") if ports else []
        else:
            ports, target = _NFT_PORTS.search(rule), _NFT_TARGET.search(rule)
            spans = _port_sets(ports[2]) if ports else []
        if ports is None:
            continue
        address, to = _target(target[1], own) if target else ("", None)
        for name in ("tcp", "udp") if ports[1] == "th" else (ports[1],):
            protocol: Protocol = "udp" if name == "udp" else "tcp"
            found += [Translation(Ports(protocol, low, high), address, to or low) for low, high in spans]
    return tuple(dict.fromkeys(found))[:300]


def _target(text: str, own: Sequence[str]) -> tuple[str, int | None]:
    """Where a rule sends to: an address (empty: this server; "?" for one that cannot be read, as from a map), and a
    port: `10.0.0.2:80`, `[fd00::2]:80`, `:53`, `53`, `10.0.0.2`."""
    if re.fullmatch(r"[0-9]{1,5}(-[0-9]{1,5})?", text):
        return "", int(text.partition("-")[0])
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    else:
        address, port = text, ""
    number = _number(port.lstrip(":").partition("-")[0], 65535)
    try:
        address = str(ipaddress.ip_address(address)) if address else ""
    except ValueError:
        return "?", number
    return ("" if address in own else address), number


def _allowed(rules: str) -> tuple[Ports, ...]:
    """The ports that our own table lets in, as `nft -n list` prints it."""
    found = []
    for protocol, listed in re.findall(r"\b(tcp|udp) dport (\{[^{}]{0,4000}\}|[0-9-]{1,11}) accept", rules):
        found += [Ports("udp" if protocol == "udp" else "tcp", low, high) for low, high in _port_sets(listed)]
    return tuple(found)


def _ssh_ports(accounts: Iterable[Account], listeners: Iterable[Listener], sockets: Iterable[str]) -> tuple[int, ...]:
    """By sshd's own settings, by what it has open, and by what systemd listens on for it."""
    found = {int(one) for each in accounts for one in each.rules.get("port", ()) if _number(one, 65535)}
    found |= {each.port.first for each in listeners if each.program == "sshd"}
    for line in sockets:
        found |= {int(one) for one in re.findall(r":([0-9]{1,5}) \(Stream\)", line) if 0 < int(one) <= 65535}
    return tuple(sorted(found))


def _spaces(lines: Mapping[str, list[str]]) -> tuple[Space, ...]:
    """The file systems of the folders that the script asked for, in its order."""
    inodes = {}
    for line in lines.get("inodes", [])[1:]:
        words = line.split(None, 5)
        if len(words) == 6 and words[1] != "0":
            inodes[words[5]] = _number(words[3])
    modes = dict(line.rsplit(" ", 1) for line in lines.get("mounts", []) if " " in line)
    found: dict[str, Space] = {}
    for line in lines.get("space", [])[1:]:
        words = line.split(None, 5)
        if len(words) == 6 and (free := _number(words[3], 2**60)) is not None:
            folder, mode = words[5], modes.get(words[5], "")
            place = printable(folder, 80)
            found.setdefault(
                folder, Space(place, free, inodes.get(folder), "ro" if mode == "ro" else "noexec" if mode else "")
            )
    return tuple(found.values())


_SETTINGS = frozenset(
    {"hostname", "zone", "pretty", "resolver", "journal", "journal_kib", "upgrades", "periodic", "clock", "active"}
)


def _settings(lines: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        name, _, value = line.partition(" ")
        if name in _SETTINGS and value:
            found[name] = (*found.get(name, ()), printable(value, 120))
    return found


def _counts(lines: Iterable[str]) -> Mapping[str, int]:
    return {
        words[0]: int(words[1])
        for line in lines
        if len(words := line.split()) == 2 and _number(words[1], 10**6) is not None
    }


def _accounts(records: Records, keys: Mapping[str, int]) -> Mapping[str, Account]:
    """The accounts: each record "account" begins one, and the records after it describe it."""
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for name, text in records:
        if name == "account":
            current = found.setdefault(text.strip(), {})
        elif name in _OF_ACCOUNTS:
            current[name] = text
    return {name: _account(name, said, keys.get(name)) for name, said in found.items()}


def _account(name: str, said: Mapping[str, str], keys: int | None) -> Account:
    passwd = said.get("passwd", "").strip().split(":")
    exists = len(passwd) == 7 and passwd[0] == name
    text = said.get("sshd", "")
    failed = said.get("sshd_status", "").strip() != "0"
    return Account(
        name,
        exists=exists,
        home=printable(passwd[5], 200) if exists else "",
        shell=printable(passwd[6], 80) if exists else "",
        groups=tuple(said.get("groups", "").split())[:200] if exists else (name,),
        rules={} if failed else sshd_rules.read_rules(text),
        rules_error=(printable(text.strip(), 200) or "no answer") if failed else "",
        keys=keys,
    )
