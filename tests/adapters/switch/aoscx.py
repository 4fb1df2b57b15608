"""An AOS-CX switch as it looks over SSH: one running configuration, checkpoints, a pager. Strict: what it does not know
raises. Its tables are in the forms of HPE Aruba's guides, not captured.
"""

from copy import deepcopy
from dataclasses import dataclass, field

from sopctl.model.ports.port import vlan_list, vlans
from tests.adapters.switch.fake import Unscripted

INVALID = "Invalid input: {}\n"


@dataclass
class Cx:
    """The switch behind its sessions. `running`: each port's lines, by their first words."""

    running: dict[str, dict[str, str]]
    vlans: set[int]
    plugged: dict[str, list[str]] = field(default_factory=dict)
    """By port: the MAC addresses behind its cable."""
    neighbours: dict[str, str] = field(default_factory=dict)
    startup: dict[str, dict[str, str]] = field(default_factory=dict)
    checkpoint: dict[str, dict[str, str]] | None = None
    """What the automatic checkpoint would bring back; `of`: who began it."""
    of: str = ""
    saves: int = 0
    save_answer: str = "Copying configuration: [Success]\n"
    reasons: dict[str, str] = field(default_factory=dict)
    per_port: bool = False
    """`show running-config interface` wants a port's name."""
    begun: str = "Auto checkpoint mode expires in {} minute(s)\n"
    """What it says to an automatic checkpoint."""
    reminds: bool = False
    """Behind each prompt stands that a checkpoint is about to end."""
    rows: int = 24

    def session(self) -> "Session":
        return Session(self)

    def fire(self) -> None:
        """The checkpoint's time is over."""
        if self.checkpoint is not None:
            self.running, self.checkpoint, self.of = self.checkpoint, None, ""

    def text(self, config: dict[str, dict[str, str]]) -> str:
        made = []
        for name, lines in config.items():
            made.append(f"interface {name}")
            made += [f"    {key} {value}".rstrip() for key, value in sorted(lines.items())]
            made.append("    exit")
        return "\n".join([*made, "interface vlan 1", "    ip dhcp", "    exit", ""])

    def enabled(self, name: str) -> bool:
        return "no shutdown" in self.running[name]

    def vlan(self, name: str) -> int:
        lines = self.running[name]
        return int(lines.get("vlan access", lines.get("vlan trunk native", "1")).split()[0])


class Session:
    """One login of an administrator."""

    def __init__(self, switch: Cx) -> None:
        self.switch = switch
        self.rows = switch.rows
        self.ended = False
        self.mode = ""
        self.port = ""

    def greeting(self) -> str:
        return (
            "\n(C) Copyright 2017-2022 Hewlett Packard Enterprise Development LP\n\nLast login: today from 192.0.2.9\n"
        )

    def prompt(self) -> str:
        reminder = 'WARNING  Please "checkpoint auto confirm" within 2 minutes'
        return f"sw-cx{self.mode}# {reminder if self.switch.reminds else ''}"

    def hang_up(self) -> None: ...

    def answer(self, line: str) -> str:
        if line == "end" and self.mode:
            self.mode = self.port = ""
            return ""
        return self.configured(line) if self.mode else self.exec(line)

    def exec(self, line: str) -> str:  # noqa: PLR0911, PLR0912 (one return a command)
        switch = self.switch
        match line.split():
            case ["no", "page"]:
                self.rows = 0
                return ""
            case ["exit"]:
                self.ended = True
                return ""
            case ["configure", "terminal"]:
                self.mode = "(config)"
                return ""
            case ["show", "running-config", "interface"]:
                return INVALID.format("<cr>") if switch.per_port else switch.text(switch.running)
            case ["show", "running-config", "|", "begin", "interface"]:
                return switch.text(switch.running)
            case ["show", "startup-config", "|", "begin", "interface"]:
                return switch.text(switch.startup)
            case ["show", "interface", "brief"]:
                return self.brief()
            case ["show", "vlan"]:
                rows = [
                    f"{n:<5} VLAN{n:<29} up      ok                      static      1/1/1"
                    for n in sorted(switch.vlans)
                ]
                return "\n".join(["-" * 60, "VLAN  Name       Status  Reason   Type   Interfaces", "-" * 60, *rows, ""])
            case ["show", "mac-address-table"]:
                return self.learned()
            case ["show", "mac-address-table", "port", port]:
                return self.learned(port)
            case ["show", "lldp", "neighbor-info", port]:
                return self.lldp(port)
            case ["checkpoint", "auto", minutes] if minutes.isdecimal() and 1 <= int(minutes) <= 60:
                if switch.checkpoint is not None:
                    return "Error: an auto checkpoint is already in progress.\n"
                switch.checkpoint, switch.of = deepcopy(switch.running), "sopctl"
                return switch.begun.format(minutes)
            case ["checkpoint", "auto", "confirm"]:
                if switch.checkpoint is None:
                    return "Error: no auto checkpoint is in progress.\n"
                switch.checkpoint, switch.of = None, ""
                return "checkpoint AUTO20261123093000 created\n"
            case ["write", "memory"]:
                if "[Success]" in switch.save_answer:
                    switch.startup, switch.saves = deepcopy(switch.running), switch.saves + 1
                return switch.save_answer
        raise Unscripted(line)

    def configured(self, line: str) -> str:  # noqa: PLR0912
        switch = self.switch
        match line.split():
            case ["interface", name] if name in switch.running:
                self.mode, self.port = "(config-if)", name
                return ""
            case ["interface", _]:
                return INVALID.format(line.split()[1])
        if not self.port:
            raise Unscripted(line)
        lines = switch.running[self.port]
        match line.split():
            case ["description", *words]:
                lines["description"] = " ".join(words)
            case ["no", "description"]:
                lines.pop("description", None)
            case ["shutdown"]:
                lines.pop("no shutdown", None)
            case ["no", "shutdown"]:
                lines["no shutdown"] = ""
            case ["vlan", "access", number]:
                if int(number) not in switch.vlans:
                    return f"VLAN {number} should be created first.\n"
                for key in ("vlan trunk native", "vlan trunk allowed"):
                    lines.pop(key, None)
                lines["vlan access"] = number
            case ["no", "vlan", "access"]:
                lines.pop("vlan access", None)
            case ["vlan", "trunk", "native", number]:
                if int(number) not in switch.vlans:
                    return f"VLAN {number} should be created first.\n"
                lines.pop("vlan access", None)
                lines["vlan trunk native"] = number
                lines.setdefault("vlan trunk allowed", "all")
            case ["vlan", "trunk", "allowed", which]:
                lines.pop("vlan access", None)
                had = lines.get("vlan trunk allowed", "all")
                new = set(vlans(which)) if which != "all" else set()
                old = set(vlans(had)) if had != "all" else set()
                lines["vlan trunk allowed"] = "all" if which == "all" else vlan_list(new | old)
                lines.setdefault("vlan trunk native", "1")
            case ["loop-protect"]:
                lines["loop-protect"] = ""
            case _:
                raise Unscripted(line)
        return ""

    def brief(self) -> str:
        rows = []
        for name, lines in self.switch.running.items():
            on = self.switch.enabled(name)
            up = on and bool(self.switch.plugged.get(name)) and name not in self.switch.reasons
            reason = "" if up else self.switch.reasons.get(name, "Waiting for link" if on else "Administratively down")
            mode = "trunk" if "vlan trunk native" in lines else "access"
            state, speed = ("up", "1000") if up else ("down", "--")
            rows.append(
                f"{name:<9} {self.switch.vlan(name):<7} {mode:<6} {'1GbT':<14} {'yes' if on else 'no':<7} {state:<7} "
                f"{reason:<23} {speed:<7} {lines.get('description', '--')}"
            )
        head = "Port      Native  Mode   Type           Enabled Status  Reason                  Speed   Description"
        return "\n".join(["-" * 100, head, "          VLAN" + " " * 60 + "(Mb/s)", "-" * 100, *rows, ""])

    def learned(self, of: str = "") -> str:
        rows = [
            f"{mac:<20} {self.switch.vlan(name):<8} {'dynamic':<25} {name}"
            for name, macs in self.switch.plugged.items()
            for mac in macs
            if self.switch.enabled(name) and name not in self.switch.reasons and of in ("", name)
        ]
        head = ["MAC age-time            : 300 seconds", f"Number of MAC addresses : {len(rows)}", ""]
        return "\n".join([*head, "MAC Address          VLAN     Type                      Port", "-" * 62, *rows, ""])

    def lldp(self, port: str) -> str:
        name = self.switch.neighbours.get(port)
        if name is None:
            return f"Port                           : {port}\nNeighbor Entries               : 0\n"
        macs = self.switch.plugged.get(port) or ["00:00:5e:00:53:99"]
        return (
            f"Port                           : {port}\nNeighbor Entries               : 1\n"
            "Neighbor Entries Deleted       : 0\n\n"
            f"Neighbor Chassis-Name          : {name}\n"
            "Neighbor Chassis-Description   : Port : 9/9/9\n"
            f"Neighbor Chassis-ID            : {macs[0]}\n"
            f"Neighbor Port-ID               : {macs[0]}\n"
            "TTL                            : 120\n"
        )


def standard() -> Cx:
    """Four ports for servers, in quarantine, and an uplink."""
    ports = {f"1/1/{n}": {"vlan access": "999", "no routing": "", "loop-protect": ""} for n in range(1, 5)}
    uplink = {"description": "ke inti", "no shutdown": "", "vlan trunk native": "1", "vlan trunk allowed": "all"}
    switch = Cx({**ports, "1/1/28": uplink}, {1, 110, 120, 130, 999})
    switch.startup = deepcopy(switch.running)
    return switch
