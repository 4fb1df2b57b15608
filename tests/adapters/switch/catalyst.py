"""A Catalyst with IOS 15 as it looks over SSH: one running-config, many sessions. Strict: what it does not know raises.

Its tables are in the forms that IOS prints them in (written from their documentation, not captured).
"""

import re
from copy import deepcopy
from dataclasses import dataclass, field

from tests.adapters.switch.fake import Unscripted

INVALID = "                ^\n% Invalid input detected at '^' marker.\n\n"
LOCKED = "Configuration mode is locked by process '412' user 'jaringan' from terminal 'vty1'. Please try later.\n"


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
    sending: dict[str, str] = field(default_factory=dict)
    """By interface: the port from which the neighbour says so."""
    by_cdp: dict[str, str] = field(default_factory=dict)
    archive: bool = False
    locked: bool = False
    lldp: bool = True
    portless: bool = False
    """Do the details of LLDP leave out the local port, as older releases do?"""
    startup: dict[str, Interface] = field(default_factory=dict)
    pending: dict[str, Interface] | None = None
    """What the revert timer would bring back."""
    saves: int = 0

    def session(self) -> "Session":
        return Session(self)

    def fire(self) -> None:
        """The revert timer is over."""
        if self.pending is not None:
            self.running, self.pending = self.pending, None

    def config(self) -> str:
        """The whole running-config, with lines that nobody should ask for."""
        lines = ["!", "version 15.2", "hostname sw-a1", "!", "enable secret 9 $9$nHEmWD7kKQ", "!"]
        for name, interface in self.running.items():
            lines += [f"interface {name}", *interface.text(), "!"]
        lines += ["interface Vlan1", " ip address 192.0.2.2 255.255.255.0", "!"]
        lines += ["policy-map BATAS", " description pembatas", "!", "snmp-server community rahasia RO", "!", "end"]
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
    "switchport trunk native vlan",
    "switchport trunk allowed vlan",
    "speed",
    "shutdown",
)


@dataclass
class Session:
    """One login."""

    switch: Catalyst
    ended: bool = False
    mode: str = ""
    interface: str = ""

    def greeting(self) -> str:
        return "\n"

    def prompt(self) -> str:
        return f"sw-a1{self.mode}#"

    def answer(self, line: str) -> str:
        told = line.strip()
        if told in ("", "terminal width 511", "terminal length 0"):
            return ""
        if told == "exit":
            self.ended = True
            return ""
        return self._configure(told) if self.mode else self._execute(told)

    def _execute(self, told: str) -> str:  # noqa: PLR0911 (one return a command)
        if told.startswith("show "):
            return self._show(told.removeprefix("show "))
        if told == "write memory":
            self.switch.startup, self.switch.saves = deepcopy(self.switch.running), self.switch.saves + 1
            return "Building configuration...\n[OK]\n"
        if told.startswith("configure terminal"):
            return self._enter(told)
        if told == "configure confirm":
            if self.switch.pending is None:
                return "%No Rollback Confirmed Change pending\n"
            self.switch.pending = None
            return ""
        if told == "configure revert now":
            if self.switch.pending is None:
                return "%No Rollback Confirmed Change pending\n"
            self.switch.fire()
            return "Rollback Confirmed Change: rolling to: flash:backup-1\n\nTotal number of passes: 1\nRollback Done\n"
        raise Unscripted(told)

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
            self.switch.pending = deepcopy(self.switch.running)
            said = (
                f"Rollback Confirmed Change: Backing up current running config to flash:backup-1\n\nin {timer[2]} min\n"
            )
        self.mode = "(config)"
        return said + "Enter configuration commands, one per line.  End with CNTL/Z.\n"

    def _configure(self, told: str) -> str:
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
        if not key:
            raise Unscripted(told)
        if told.startswith("no "):
            lines.pop(key, None)
        else:
            lines[key] = off.removeprefix(key).strip()
        return ""

    def _show(self, what: str) -> str:  # noqa: PLR0911 (one return a command)
        switch = self.switch
        command, _, pattern = what.partition(" | include ")
        if command == "running-config" and pattern:
            return "".join(f"{line}\n" for line in switch.config().splitlines() if re.search(pattern, line))
        match command:
            case "interfaces status":
                return self._status()
            case "vlan brief":
                return self._vlans()
            case "mac address-table":
                return self._macs()
            case "lldp neighbors detail":
                return self._lldp()
            case "lldp neighbors" if self.switch.portless:
                return self._lldp_table()
            case "cdp neighbors detail":
                return self._cdp()
            case "archive" if switch.archive:
                return (
                    "The maximum archive configurations allowed is 10.\n"
                    "There are currently 1 archive configurations saved.\n"
                    "The next archive file will be named flash:backup-<timestamp>-1\n Archive #  Name\n   1\n"
                )
            case "archive":
                return "Archive feature not enabled\n"
        raise Unscripted(f"show {what}")

    def _up(self, name: str) -> bool:
        lines = self.switch.running[name].lines
        there = bool(self.switch.plugged.get(name)) or name.endswith("/24")
        return "shutdown" not in lines and there

    def _status(self) -> str:
        shown = ["", "Port      Name               Status       Vlan       Duplex  Speed Type"]
        for name, interface in self.switch.running.items():
            lines = interface.lines
            status = "connected" if self._up(name) else "disabled" if "shutdown" in lines else "notconnect"
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

    def _macs(self) -> str:
        rows = [" All    0100.0ccc.cccc    STATIC      CPU"]
        for name, macs in self.switch.plugged.items():
            lines = self.switch.running[name].lines
            if self._up(name):
                vlan = int(lines.get("switchport access vlan", "1"))
                if lines.get("switchport mode") == "trunk":
                    vlan = int(lines.get("switchport trunk native vlan", "1"))
                rows += [f"{vlan:>4}    {mac}    DYNAMIC     {name.replace('GigabitEthernet', 'Gi')}" for mac in macs]
        rows += [f"{vlan:>4}    {mac}    DYNAMIC     Gi1/0/24" for vlan, mac in self.switch.uplinked]
        head = ["          Mac Address Table", "-" * 43, "", "Vlan    Mac Address       Type        Ports"]
        total = f"Total Mac Addresses for this criterion: {len(rows)}"
        return "\n".join([*head, "----    -----------       --------    -----", *rows, total]) + "\n"

    def _cdp(self) -> str:
        shown = ""
        for name, called in self.switch.by_cdp.items():
            shown += (
                f"-------------------------\nDevice ID: {called}\nEntry address(es): \n  IP address: 192.0.2.9\n"
                "Platform: cisco WS-C2960-24TT-L,  Capabilities: Switch IGMP \n"
                f"Interface: {name},  Port ID (outgoing port): GigabitEthernet0/24\nHoldtime : 155 sec\n\n"
                "Version :\nCisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE11\n\n"
                "advertisement version: 2\nDuplex: full\n\n"
            )
        return shown + f"\nTotal cdp entries displayed : {len(self.switch.by_cdp)}\n"

    def _lldp(self) -> str:
        if not self.switch.lldp:
            return "% LLDP is not enabled\n"
        shown = []
        for name, called in self.switch.neighbours.items():
            if self._up(name):
                shown += [
                    "------------------------------------------------",
                    *([] if self.switch.portless else [f"Local Intf: {name.replace('GigabitEthernet', 'Gi')}"]),
                    "Chassis id: 5254.0012.3456",
                    f"Port id: {self.switch.sending.get(name, '5254.0012.3457')}",
                    "Port Description: eno1",
                    f"System Name: {called}",
                    "",
                    "System Description: ",
                    "Debian GNU/Linux 12 (bookworm) Linux 6.1.0",
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
        return "\n".join([*shown, "", f"Total entries displayed: {len(self.switch.neighbours)}", ""])

    def _lldp_table(self) -> str:
        rows = [
            f"{called[:20]:<20}{name.replace('GigabitEthernet', 'Gi'):<15}120        B,W,R,S         "
            f"{self.switch.sending.get(name, '5254.0012.3457')}"
            for name, called in self.switch.neighbours.items()
            if self._up(name)
        ]
        head = [
            "Capability codes:",
            "    (R) Router, (B) Bridge, (T) Telephone, (C) DOCSIS Cable Device",
            "    (W) WLAN Access Point, (P) Repeater, (S) Station, (O) Other",
            "",
            "Device ID           Local Intf     Hold-time  Capability      Port ID",
        ]
        return "\n".join([*head, *rows, "", f"Total entries displayed: {len(rows)}", ""])
