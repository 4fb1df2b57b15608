"""A RouterOS 7 switch as it looks over SSH: one bridge with VLAN filtering. Strict: what it does not know raises.

What it prints is in the form of `print detail` (written from the documentation, not captured). A script of its
scheduler runs through the same machine, so that what was quoted for it must be what it understands.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.adapters.switch.fake import Terminal, Unscripted

Row = tuple[str, str, str]
"""Flags, comment, properties."""

EMPTY = '""'
_STRING = r'"(?:\\.|[^"\\])*"'


@dataclass
class Ether:
    """One Ethernet port with its bridge settings; `bridged` False: it is in no bridge. `inactive`: its bridge port is
    disabled."""

    comment: str = ""
    disabled: bool = False
    pvid: int = 999
    frames: str = "admit-only-untagged-and-priority-tagged"
    bridged: bool = True
    bridge: str = "bridge1"
    inactive: bool = False
    looped: bool = False
    """Its loop protection has stopped it."""


@dataclass
class RouterOs:
    """The switch behind its sessions."""

    ports: dict[str, Ether]
    table: list[tuple[str, str, str]]
    """The VLAN table of the first bridge: VLANs, tagged and untagged ports as someone wrote them. After a space behind
    the VLANs stands that the row is disabled, or of which other bridge it is."""
    plugged: dict[str, str] = field(default_factory=dict)
    neighbours: dict[str, str] = field(default_factory=dict)
    bonds: dict[str, str] = field(default_factory=dict)
    filtering: dict[str, bool] = field(default_factory=lambda: {"bridge1": True})
    scheduler: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """Who made an entry of the scheduler, where that is not this account."""
    safe: bool = False
    """Somebody is in safe mode: all changes are taken back if that ends badly."""
    history: list[tuple[str, str]] = field(default_factory=list)
    """Flags, and by whom: the newest first."""
    log: str = ""
    width: int = 0
    """Columns at which an entry goes on in the next line, between two properties or within a list."""

    def session(self) -> "Session":
        return Session(self, log=self.log)

    def fire(self, name: str) -> None:
        """The time of a scheduler's entry has come."""
        for line in re.findall(rf"(?:{_STRING}|[^;])+", self.scheduler[name]):
            assert Session(self).answer(line) == ""


def standard(ports: int = 4) -> RouterOs:
    """Access ports in quarantine; sfp1 is the uplink."""
    made = {f"ether{n}": Ether(disabled=True) for n in range(1, ports + 1)}
    made["sfp1"] = Ether("ke inti", pvid=1, frames="admit-all")
    return RouterOs(made, [("1", "bridge1", ""), ("110", "bridge1,sfp1", ""), ("120,999", "sfp1", "")])


def _shown(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_.,+-]+", name) else f'"{name}"'


@dataclass
class Session(Terminal):
    """One login."""

    switch: RouterOs
    ended: bool = False
    log: str = ""

    def greeting(self) -> str:
        return "\n  MikroTik RouterOS 7.16.2 (c) 1999-2024       https://www.mikrotik.com/\n\nPress F1 for help\n\n"

    def prompt(self) -> str:
        return "[sopctl@sw-b1] > "

    def answer(self, line: str) -> str:
        told = line.strip()
        if told in ("", "exit", "quit"):
            self.ended = bool(told)
            return ""
        shown = re.fullmatch(r"(/[a-z /]+) print detail without-paging", told)
        return self._print(shown[1]) if shown else self._do(told)

    def _print(self, menu: str) -> str:
        made = {
            "/interface bridge": self._bridges,
            "/interface bridge port": self._bridged,
            "/interface bridge vlan": self._table,
            "/interface bridge host": self._hosts,
            "/interface bonding": self._bonds,
            "/interface ethernet": self._ethers,
            "/ip neighbor": self._neighbours,
            "/system scheduler": self._scheduled,
            "/system history": self._history,
        }
        if menu not in made:
            raise Unscripted(menu)
        shown = "Flags: X - disabled, R - running, S - slave, D - dynamic, L - local \n"
        for number, (flags, comment, properties) in enumerate(made[menu]()):
            first = f"{number:>2} {flags:<4}"
            body = f"      {properties}" if comment else f"{first} {properties}"
            shown += f"{first} ;;; {comment}\n" if comment else ""
            while self.switch.width and len(body) > self.switch.width:
                at = max(body.rfind(mark, 8, self.switch.width) for mark in " ,") + 1
                shown, body = f"{shown}{body[:at]}\n", f"      {body[at:]}"
            shown += f"{body}\n\n"
        return shown

    def _bridges(self) -> Iterator[Row]:
        for name, filters in self.switch.filtering.items():
            yield "R", "", f'name="{name}" mtu=auto vlan-filtering={"yes" if filters else "no"} pvid=1'

    def _bridged(self) -> Iterator[Row]:
        for name, port in self.switch.ports.items():
            if port.bridged:
                flags = "X" if port.inactive else "H"
                where = f"interface={_shown(name)} bridge={_shown(port.bridge)}"
                yield flags, "", f"{where} pvid={port.pvid} frame-types={port.frames}"

    def _table(self) -> Iterator[Row]:
        for vlans, tagged, untagged in self.switch.table:
            ids, _, about = vlans.partition(" ")
            off = about == "off"
            bridge = _shown(about if about and not off else next(iter(self.switch.filtering)))
            said = f"bridge={bridge} vlan-ids={ids} tagged={_shown(tagged)} untagged={_shown(untagged)}"
            yield "X" if off else "", "", f"{said} current-tagged={_shown(tagged)} current-untagged={EMPTY}"
        known = {each for vlans, _, _ in self.switch.table for each in vlans.split(",")}
        for vlan in sorted({str(port.pvid) for port in self.switch.ports.values()} - known):
            yield "D", "added by pvid", f"bridge=bridge1 vlan-ids={vlan} tagged={EMPTY} untagged={EMPTY}"

    def _hosts(self) -> Iterator[Row]:
        yield "DL", "", "mac-address=48:A9:8A:00:00:01 vid=1 on-interface=bridge1 bridge=bridge1"
        for name, mac in self.switch.plugged.items():
            port = self.switch.ports[name]
            if not port.disabled and not port.inactive:
                yield "D", "", f"mac-address={mac.upper()} vid={port.pvid} on-interface={_shown(name)} bridge=bridge1"

    def _bonds(self) -> Iterator[Row]:
        for name, slaves in self.switch.bonds.items():
            yield " R", "", f'name="{name}" mode=802.3ad slaves={slaves}'

    def _ethers(self) -> Iterator[Row]:
        for name, port in self.switch.ports.items():
            flag = "X" if port.disabled else "R" if name in self.switch.plugged or name == "sfp1" else ""
            status = f"loop-protect=on loop-protect-status={'disable' if port.looped else 'on'}"
            yield f"{flag}S", port.comment, f'default-name="{name}" name="{name}" mtu=1500 arp=enabled {status}'

    def _neighbours(self) -> Iterator[Row]:
        for name, called in self.switch.neighbours.items():
            yield "", "", f'interface={name} mac-address=52:54:00:12:34:56 identity="{called}" age=12s'

    def _scheduled(self) -> Iterator[Row]:
        for name, script in self.switch.scheduler.items():
            quoted = script.replace("\\", "\\\\").replace('"', '\\"')
            owner = self.switch.owners.get(name, "sopctl")
            yield "", "", f'name="{name}" interval=3m on-event="{quoted}" owner="{owner}" run-count=0'

    def _history(self) -> Iterator[Row]:
        for flags, who in self.switch.history:
            yield (
                flags,
                "",
                f'redo=/x set [find] y=no undo=/x set [find] y=yes action="changed" by="{who}" policy=write',
            )

    def _do(self, told: str) -> str:
        self.switch.history.insert(0, ("F" if self.switch.safe else "U", "sopctl"))
        ports = self.switch.ports
        if match := re.fullmatch(rf"/interface ethernet set ([a-z]\w*|{_STRING}) (disabled|comment)=(.*)", told):
            port = ports[match[1].strip('"')]
            if match[2] == "disabled":
                port.disabled = {"yes": True, "no": False}[match[3]]
            else:
                port.comment = self._string(match[3])
            return ""
        pattern = r'/interface bridge port set \[find interface="([\w ]+)"\] pvid=(\d+) frame-types=([a-z-]+)'
        if match := re.fullmatch(pattern, told):
            port = ports[match[1]]
            port.pvid, port.frames = int(match[2]), match[3]
            return ""
        pattern = (
            r'/interface bridge vlan set \[find bridge="([\w ]+)" vlan-ids=([\d,]+) dynamic=no\]'
            r' untagged=([a-z][\w,]*|"[\w ,]*")'
        )
        if match := re.fullmatch(pattern, told):
            at = [vlans for vlans, _, _ in self.switch.table].index(match[2])
            vlans, tagged, _ = self.switch.table[at]
            self.switch.table[at] = (vlans, tagged, match[3].strip('"'))
            return ""
        if match := re.fullmatch(r'/system scheduler remove \[find name="([\w -]+)"\]', told):
            self.switch.scheduler.pop(match[1], None)
            return ""
        if match := re.fullmatch(rf'/system scheduler add name="([\w -]+)" interval=(\d+)s on-event=({_STRING})', told):
            if match[1] in self.switch.scheduler:
                return "failure: item with such name already exists\n"
            self.switch.scheduler[match[1]] = self._string(match[3])
            return ""
        raise Unscripted(told)

    def _string(self, value: str) -> str:
        """A quoted string as RouterOS reads it. A question mark in it would ask for help, a dollar for a value."""
        if not re.fullmatch(_STRING, value) or re.search(r"(?<!\\)[?$]", value):
            raise Unscripted(value)
        raw = re.sub(r"\\([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), value[1:-1])
        return raw.encode("latin-1").decode()
