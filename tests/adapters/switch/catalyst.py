"""A Catalyst with IOS 15 as it looks over SSH: a running and a startup configuration, and many sessions.

Strict: what it does not know raises.

Its tables are in the forms that IOS prints them in (written from their documentation, not captured).
"""

import re
from copy import deepcopy
from dataclasses import dataclass, field

from tests.adapters.switch.fake import Terminal, Unscripted

INVALID = "                ^\n% Invalid input detected at '^' marker.\n\n"
LOCKED = "Configuration mode is locked by process '412' user 'jaringan' from terminal 'vty1'. Please try later.\n"
OVERWRITE = (
    "Warning: Attempting to overwrite an NVRAM configuration previously written\nby a different version of the system "
    "image.\nOverwrite the previous NVRAM configuration?[confirm]"
)
NOTHING_PENDING = "%No Rollback Confirmed Change pending\n\n"
LINK = "*Nov 25 08:00:01.123: %LINK-3-UPDOWN: Interface GigabitEthernet1/0/1, changed state to down\n"
FLAPPING = "001234: Nov 25 08:00:01: %SW_MATM-4-MACFLAP_NOTIF: Host 5254.0012.3456 in vlan 110 is flapping\n"


@dataclass
class Interface:
    """One interface's lines of configuration, by their first words."""

    lines: dict[str, str] = field(default_factory=dict)

    def text(self) -> list[str]:
        return [f" {key} {value}".rstrip() for key, value in self.lines.items()]


@dataclass
class Catalyst:
    """The switch behind its sessions."""

    running: dict[str, Interface]
    vlans: dict[int, str]
    plugged: dict[str, list[str]] = field(default_factory=dict)
    """By interface: the MAC addresses (as IOS writes them) behind its cable."""
    uplinked: list[tuple[int, str]] = field(default_factory=list)
    """What is learned on the uplink Gi1/0/24: VLAN and MAC address."""
    neighbours: dict[str, str] = field(default_factory=dict)
    """By interface: who says a name there, by LLDP; `by_cdp`: by CDP."""
    by_cdp: dict[str, str] = field(default_factory=dict)
    chassis: str = "5254.0012.3456"
    """The address that LLDP neighbours give."""
    described: str = "Debian GNU/Linux 12 (bookworm) Linux 6.1.0"
    """How they describe themselves."""
    archive: bool = False
    reload: str = ""
    """A restart that someone has scheduled, as `show reload` says it."""
    locked: bool = False
    lldp: bool = True
    startup: dict[str, Interface] = field(default_factory=dict)
    pending: dict[str, Interface] | None = None
    """What the revert timer would bring back, and who began it."""
    pending_by: str = ""
    saves: int = 0
    save_says: str = "Building configuration...\n[OK]\n"
    """What it says to `write memory`; it saves only with this."""
    asks_to_overwrite: bool = False
    old: bool = False
    """It knows no `section`, no neighbours of one port, and does not say who began a timer."""
    isl: bool = False
    pages: bool = False
    """Its accounts may not turn off the pager."""
    stopped: set[str] = field(default_factory=set)
    """Interfaces that are err-disabled."""
    sticky: bool = False
    """It binds the addresses that it hears on ports with `port-security mac-address sticky`."""
    keeps: frozenset[str] = frozenset()
    """Keys whose lines it does not take back though it says nothing."""
    log: str = ""
    late_log: str = ""

    def session(self) -> "Session":
        return Session(self, log=self.log, late_log=self.late_log, length=24 if self.pages else 0)

    def fire(self) -> None:
        """The revert timer is over."""
        if self.pending is not None:
            self.running, self.pending = self.pending, None

    def admin_begins(self, interface: str, user: str = "jaringan") -> None:
        """An administrator changes something under a timer of their own."""
        self.pending, self.pending_by = deepcopy(self.running), user
        self.running[interface].lines["description"] = "kerja admin"

    def config(self, interfaces: dict[str, Interface]) -> str:
        """A whole configuration, with lines that nobody should ask for."""
        lines = ["!", "version 15.2", "hostname sw-a1", "!", "enable secret 9 $9$nHEmWD7kKQ", "!"]
        for name, interface in interfaces.items():
            lines += [f"interface {name}", *interface.text(), "!"]
        lines += ["interface Vlan1", " ip address 192.0.2.2 255.255.255.0", "!"]
        lines += ["policy-map BATAS", " description pembatas", "!", "snmp-server community rahasia RO", "!"]
        lines += ["line vty 0 4", " password 7 0822455D0A16", "!", "end"]
        return "\n".join(lines) + "\n"


def standard(ports: int = 4) -> Catalyst:
    """Access ports in quarantine, shut; an uplink on 24; VLANs 110, 120 and 999."""
    quarantine = {"switchport access vlan": "999", "switchport mode": "access", "shutdown": ""}
    running = {f"GigabitEthernet1/0/{n}": Interface(dict(quarantine)) for n in range(1, ports + 1)}
    running["GigabitEthernet1/0/24"] = Interface({"description": "ke inti", "switchport mode": "trunk"})
    vlans = {1: "default", 110: "layanan", 120: "basis-data", 999: "karantina"}
    return Catalyst(running, vlans, startup=deepcopy(running))


_KEYS = (
    "description",
    "switchport access vlan",
    "switchport mode",
    "switchport trunk encapsulation",
    "switchport trunk native vlan",
    "switchport trunk allowed vlan",
    "switchport voice vlan",
    "speed",
    "shutdown",
)


@dataclass
class Session(Terminal):
    """One login."""

    switch: Catalyst
    ended: bool = False
    mode: str = ""
    interface: str = ""
    length: int = 0
    asking: str = ""
    log: str = ""
    late_log: str = ""

    def greeting(self) -> str:
        return "\n"

    def prompt(self) -> str:
        return f"sw-a1{self.mode}#"

    def answer(self, line: str) -> str:
        told = line.strip()
        if told in ("", "terminal width 511"):
            return ""
        if told == "terminal length 0":
            return "Command authorization failed.\n\n" if self.switch.pages else ""
        if told == "exit":
            self.ended = True
            return ""
        return self._configure(told) if self.mode else self._execute(told)

    def key(self, key: str) -> str:
        self.asking = ""
        return "\n" + self._save() if key in "\nyY" else "\n"

    def _execute(self, told: str) -> str:
        if told.startswith("show "):
            return self._show(told.removeprefix("show "))
        if told == "write memory":
            if self.switch.asks_to_overwrite:
                self.asking = OVERWRITE
                return ""
            return self._save()
        if told.startswith("configure terminal"):
            return self._enter(told)
        if told == "configure confirm":
            if self.switch.pending is None:
                return NOTHING_PENDING
            self.switch.pending = None
            return ""
        raise Unscripted(told)

    def _save(self) -> str:
        if "[OK]" in self.switch.save_says:
            self.switch.startup, self.switch.saves = deepcopy(self.switch.running), self.switch.saves + 1
            self.switch.asks_to_overwrite = False
        return self.switch.save_says

    def _enter(self, told: str) -> str:
        timer = re.fullmatch(r"configure terminal( revert timer (\d+))?", told)
        if not timer:
            raise Unscripted(told)
        if self.switch.locked:
            return LOCKED
        said = ""
        if timer[1]:
            if not self.switch.archive:
                return "%Archive configuration is required for this operation\n"
            if self.switch.pending is not None:
                return "%Rollback Confirmed Change is already in progress: cannot be started again\n"
            self.switch.pending, self.switch.pending_by = deepcopy(self.switch.running), "sopctl"
            said = (
                f"Rollback Confirmed Change: Backing up current running config to flash:backup-1\n\nin {timer[2]} min\n"
            )
        self.mode = "(config)"
        return said + "Enter configuration commands, one per line.  End with CNTL/Z.\n"

    def _configure(self, told: str) -> str:  # noqa: PLR0911 (one return a refusal)
        if told == "end":
            self.mode = self.interface = ""
            return ""
        if told.startswith("interface "):
            name = told.removeprefix("interface ")
            if name not in self.switch.running:
                return INVALID
            self.mode, self.interface = "(config-if)", name
            return ""
        if not self.interface:
            raise Unscripted(told)
        lines = self.switch.running[self.interface].lines
        off = told.removeprefix("no ")
        key = next((each for each in _KEYS if off == each or off.startswith(f"{each} ")), "")
        if key == "switchport trunk encapsulation" and not self.switch.isl:
            return INVALID
        wants_trunk = told == "switchport mode trunk" and self.switch.isl
        if wants_trunk and lines.get("switchport trunk encapsulation") != "dot1q":
            return (
                'Command rejected: An interface whose trunk encapsulation is "Auto" can not be configured to "trunk".\n'
            )
        if not key:
            raise Unscripted(told)
        if key in self.switch.keeps and key in lines:
            return ""
        if told.startswith("no "):
            lines.pop(key, None)
        else:
            lines[key] = off.removeprefix(key).strip()
        return ""

    def _show(self, what: str) -> str:  # noqa: PLR0911, PLR0912 (one return a command)
        switch = self.switch
        command, _, by = what.partition(" | ")
        if command in ("running-config", "startup-config") and by:
            running = command == "running-config"
            text = switch.config(switch.running if running else switch.startup)
            head = "Building configuration...\n\n" if running else f"Using {len(text)} out of 524288 bytes\n"
            return INVALID if by.startswith("section") and switch.old else head + self._filtered(text, by)
        if found := re.fullmatch(r"(lldp|cdp) neighbors ?(\S*) detail", command):
            if found[2] and switch.old:
                return INVALID
            return self._lldp(found[2]) if found[1] == "lldp" else self._cdp(found[2])
        match command:
            case "interfaces status":
                return self._status()
            case "vlan brief":
                return self._vlans()
            case "mac address-table":
                return self._macs()
            case _ if command.startswith("mac address-table interface ") and not switch.old:
                return self._macs(command.rpartition(" ")[2])
            case _ if command.startswith("mac address-table interface "):
                return INVALID
            case "reload" if switch.reload:
                return switch.reload
            case "reload":
                return "No reload is scheduled.\n"
            case "archive" if switch.archive:
                return (
                    "The maximum archive configurations allowed is 10.\n"
                    "There are currently 1 archive configurations saved.\n"
                    "The next archive file will be named flash:backup-<timestamp>-1\n Archive #  Name\n   1\n"
                )
            case "archive":
                return "Archive feature not enabled\n"
            case "archive config rollback timer" if switch.old:
                return INVALID
            case "archive config rollback timer" if switch.pending is None:
                return NOTHING_PENDING
            case "archive config rollback timer":
                return (
                    "Time configured(or reconfigured): 08:00:00 WIB Wed Nov 25 2026\n Timer type: absolute timer\n"
                    f" Timer value: 3 min\n User: {switch.pending_by}\n\n"
                )
        raise Unscripted(f"show {what}")

    def _filtered(self, text: str, by: str) -> str:
        how, _, pattern = by.partition(" ")
        shown, inside = "", False
        for line in text.splitlines():
            found = bool(re.search(pattern, line))
            inside = found or (inside and line.startswith(" "))
            if inside if how == "section" else found:
                shown += f"{line}\n"
        return shown

    def _up(self, name: str) -> bool:
        lines = self.switch.running[name].lines
        there = bool(self.switch.plugged.get(name)) or name.endswith("/24")
        return "shutdown" not in lines and name not in self.switch.stopped and there

    def _status(self) -> str:
        shown = ["", "Port      Name               Status       Vlan       Duplex  Speed Type"]
        for name, interface in self.switch.running.items():
            lines = interface.lines
            status = "connected" if self._up(name) else "disabled" if "shutdown" in lines else "notconnect"
            status = "err-disabled" if name in self.switch.stopped else status
            vlan = "trunk" if lines.get("switchport mode") == "trunk" else lines.get("switchport access vlan", "1")
            speed = "a-full a-1000" if status == "connected" else "  auto   auto"
            short, said = name.replace("GigabitEthernet", "Gi"), lines.get("description", "")[:18]
            shown.append(f"{short:<9} {said:<18} {status:<12} {vlan:<10} {speed} 10/100/1000BaseTX")
        return "\n".join(shown) + "\n"

    def _vlans(self) -> str:
        rows = [f"{number:<4} {name:<32} active    " for number, name in self.switch.vlans.items()]
        head = [
            "",
            "VLAN Name                             Status    Ports",
            f"{'-' * 4} {'-' * 32} {'-' * 9} {'-' * 31}",
        ]
        return "\n".join([*head, *rows, "1002 fddi-default                     act/unsup "]) + "\n"

    def _macs(self, of: str = "") -> str:
        rows = [" All    0100.0ccc.cccc    STATIC      CPU"]
        for name, macs in self.switch.plugged.items():
            lines = self.switch.running[name].lines
            if self._up(name) and of in ("", name):
                vlan = int(lines.get("switchport access vlan", "1"))
                if lines.get("switchport mode") == "trunk":
                    vlan = int(lines.get("switchport trunk native vlan", "1"))
                secured = "switchport port-security" in lines
                kind = "STATIC " if secured else "DYNAMIC"
                if secured and self.switch.sticky:
                    lines.update({f"switchport port-security mac-address sticky {mac}": "" for mac in macs})
                rows += [f"{vlan:>4}    {mac}    {kind}     {name.replace('GigabitEthernet', 'Gi')}" for mac in macs]
        uplinked = [] if of else self.switch.uplinked
        rows += [f"{vlan:>4}    {mac}    DYNAMIC     Gi1/0/24" for vlan, mac in uplinked]
        head = ["          Mac Address Table", "-" * 43, "", "Vlan    Mac Address       Type        Ports"]
        total = f"Total Mac Addresses for this criterion: {len(rows)}"
        return "\n".join([*head, "----    -----------       --------    -----", *rows, total]) + "\n"

    def _cdp(self, of: str) -> str:
        shown, count = "", 0
        for name, called in self.switch.by_cdp.items():
            if of in ("", name):
                count += 1
                shown += (
                    f"-------------------------\nDevice ID: {called}\nEntry address(es): \n  IP address: 192.0.2.9\n"
                    "Platform: cisco WS-C2960-24TT-L,  Capabilities: Switch IGMP \n"
                    f"Interface: {name},  Port ID (outgoing port): GigabitEthernet0/24\nHoldtime : 155 sec\n\n"
                    "Version :\nCisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE11\n\n"
                    "advertisement version: 2\nDuplex: full\n\n"
                )
        return shown + f"\nTotal cdp entries displayed : {count}\n"

    def _lldp(self, of: str) -> str:
        if not self.switch.lldp:
            return "% LLDP is not enabled\n"
        shown, count = [], 0
        for name, called in self.switch.neighbours.items():
            if self._up(name) and of in ("", name):
                count += 1
                shown += [
                    "------------------------------------------------",
                    f"Local Intf: {name.replace('GigabitEthernet', 'Gi')}",
                    f"Chassis id: {self.switch.chassis}",
                    f"Port id: {self.switch.chassis}",
                    "Port Description: eno1",
                    f"System Name: {called}",
                    "",
                    "System Description: ",
                    self.switch.described,
                    "",
                    "Time remaining: 102 seconds",
                    "System Capabilities: B,W,R,S",
                    "Enabled Capabilities: S",
                    "Management Addresses:",
                    "    IP: 192.0.2.10",
                    "Auto Negotiation - supported, enabled",
                    "Vlan ID: - not advertised",
                    "",
                ]
        return "\n".join([*shown, "", f"Total entries displayed: {count}", ""])
