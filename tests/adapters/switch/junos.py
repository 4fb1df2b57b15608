"""An EX switch with Junos as it looks over SSH: an active and a candidate configuration, commits, a timer. Strict: what
it does not know raises. Its tables are in the forms of Juniper's guides, not captured.
"""

import re
from copy import deepcopy
from dataclasses import dataclass, field

from tests.adapters.switch.fake import Unscripted

COMMENT = "# commit confirmed will be rolled back in {} minutes\n"
SWITCHING = "unit 0 family ethernet-switching"
ONE_VALUE = ("description", f"{SWITCHING} interface-mode", "native-vlan-id")


@dataclass
class Commit:
    who: str
    note: str = ""


@dataclass
class Junos:
    """The switch behind its sessions. `active`: each interface's `set` lines; `candidate`: while somebody edits."""

    active: dict[str, list[str]]
    vlans: dict[str, int]
    plugged: dict[str, list[str]] = field(default_factory=dict)
    neighbours: dict[str, str] = field(default_factory=dict)
    candidate: dict[str, list[str]] | None = None
    exclusive: "Session | None" = None
    uncommitted: str = ""
    """Another administrator with changes in the shared candidate."""
    planned: str = ""
    """Another administrator whose commit waits for its time."""
    locked: str = ""
    """Another administrator with an exclusive lock."""
    before: dict[str, list[str]] | None = None
    """What an unconfirmed commit would go back to."""
    history: list[Commit] = field(default_factory=lambda: [Commit("root")])
    commits: int = 0
    refuse_commit: str = ""
    options: tuple[str, ...] = ()
    """Lines of `switch-options`."""
    inherited: dict[str, list[str]] = field(default_factory=dict)
    """By interface: what a group adds."""
    rows: int = 24

    def session(self) -> "Session":
        return Session(self)

    def fire(self) -> None:
        """The time of an unconfirmed commit is over."""
        if self.before is not None:
            self.active, self.before = self.before, None
            self.history.insert(0, Commit("root", "rollback since commit was not confirmed"))

    def by_another(self, who: str) -> None:
        """Another administrator's commit that waits to be confirmed."""
        self.before = deepcopy(self.active)
        self.history.insert(0, Commit(who, "commit confirmed, rollback in 9mins"))

    def members(self, name: str) -> list[str]:
        key = f"{SWITCHING} vlan members "
        return [line.removeprefix(key) for line in self.active.get(name, []) if line.startswith(key)]

    def enabled(self, name: str) -> bool:
        return "disable" not in self.active.get(name, [])


class Session:
    """One login of an administrator."""

    def __init__(self, switch: Junos) -> None:
        self.switch = switch
        self.rows = switch.rows
        self.ended = False

    @property
    def editing(self) -> bool:
        return self.switch.exclusive is self

    def greeting(self) -> str:
        return "\nLast login: Mon Nov 23 09:00:00 2026 from 192.0.2.9\n--- JUNOS 20.4R3 Kernel 64-bit\n{master:0}\n"

    def prompt(self) -> str:
        return "\n{master:0}[edit]\nsopctl@sw-ex# " if self.editing else "\n{master:0}\nsopctl@sw-ex> "

    def hang_up(self) -> None:
        """Uncommitted changes of an exclusive session are thrown away with it."""
        if self.editing:
            self.switch.exclusive = self.switch.candidate = None

    def answer(self, line: str) -> str:
        return self.configured(line) if self.editing else self.exec(line)

    def exec(self, line: str) -> str:  # noqa: PLR0911, PLR0912 (one return a command)
        switch = self.switch
        match line.split():
            case ["set", "cli", "screen-length", "0"]:
                self.rows = 0
                return "Screen length set to 0\n"
            case ["set", "cli", "screen-width", width]:
                return f"Screen width set to {width}\n"
            case ["set", "cli", "complete-on-space", "off"]:
                return "Disabling complete-on-space\n"
            case ["exit"]:
                self.ended = True
                return ""
            case ["show", "configuration", "interfaces", "|", "display", "set"]:
                made = [f"set interfaces {name} {each}" for name, lines in switch.active.items() for each in lines]
                return "\n".join([*made, "set interfaces irb unit 100 family inet address 192.0.2.20/24", ""])
            case ["show", "interfaces", "terse"]:
                return self.terse()
            case ["show", "vlans"]:
                rows = [f"default-switch          {name:<21} {tag:<12}" for name, tag in switch.vlans.items()]
                rows = [f"{row}\n{' ' * 60}ge-0/0/1.0*" for row in rows]
                return "\n".join(
                    ["", "Routing instance        VLAN name             Tag          Interfaces", *rows, ""]
                )
            case ["show", "ethernet-switching", "table"]:
                return self.learned()
            case ["show", "ethernet-switching", "table", "interface", port]:
                return self.learned(port)
            case ["show", "configuration", "switch-options", "|", "display", "set"]:
                return "".join(f"set switch-options {each}\n" for each in switch.options)
            case ["show", "configuration", "apply-groups"]:
                return "apply-groups kantor;\n" if switch.inherited else ""
            case ["show", "configuration", "interfaces", "|", "display", "inheritance", "|", "display", "set"]:
                both = {name: [*lines, *switch.inherited.get(name, [])] for name, lines in switch.active.items()}
                return "".join(f"set interfaces {name} {each}\n" for name, lines in both.items() for each in lines)
            case ["show", "lldp", "neighbors", "interface", name]:
                return self.lldp(name)
            case ["show", "system", "commit"]:
                planned = f"commit requested by {switch.planned} via cli at 2026-11-23 22:00:00 WIB\n"
                return (planned if switch.planned else "") + "".join(
                    f"{n:<3} 2026-11-23 09:3{9 - min(n, 9)}:00 WIB by {each.who} via cli"
                    + (f" {each.note}" if each.note else "")
                    + "\n"
                    for n, each in enumerate(switch.history[:10])
                )
            case ["configure", "exclusive"]:
                return self.enter()
        raise Unscripted(line)

    def enter(self) -> str:
        switch = self.switch
        if switch.locked or switch.exclusive:
            who = switch.locked or "sopctl"
            return (
                "error: configuration database locked by:\n"
                f"  {who} terminal pts/1 (pid 4711) on since 2026-11-23 09:00:00 WIB, idle 00:03:00\n"
                "      exclusive [edit]\n"
            )
        if switch.uncommitted:
            return (
                "error: configuration database modified\n"
                "Users currently editing the configuration:\n"
                f"  {switch.uncommitted} terminal pts/0 (pid 4100) on since 2026-11-23 08:00:00 WIB, idle 00:10:00\n"
                "      [edit]\n"
            )
        switch.exclusive, switch.candidate = self, deepcopy(switch.active)
        warning = "warning: uncommitted changes will be discarded on exit\n"
        return f"{warning}Entering configuration mode\n"

    def configured(self, line: str) -> str:
        switch = self.switch
        assert switch.candidate is not None
        if match := re.fullmatch(r"(set|delete) interfaces (\S+) (.+)", line):
            return self.edit(*match.groups())
        match line.split():
            case ["rollback", "0"]:
                switch.candidate = deepcopy(switch.active)
                return "load complete\n"
            case ["exit", "configuration-mode"]:
                if switch.candidate != switch.active:
                    asks = "Exit with uncommitted changes? [yes,no] (yes) "
                    return f"The configuration has been changed but not committed\n{asks}"
                switch.exclusive = switch.candidate = None
                return "Exiting configuration mode\n"
            case ["commit"]:
                return self.commit(0)
            case ["commit", "confirmed", minutes] if 1 <= int(minutes) <= 65535:
                return self.commit(int(minutes))
        raise Unscripted(line)

    def edit(self, verb: str, name: str, what: str) -> str:
        assert self.switch.candidate is not None
        body = self.switch.candidate.setdefault(name, [])
        key = next((each for each in ONE_VALUE if what == each or what.startswith(f"{each} ")), "")
        if verb == "set":
            if key:
                body[:] = [each for each in body if not each.startswith(f"{key} ")]
            if what not in body:
                body.append(what)
            return ""
        gone = [each for each in body if each == what or (key == what and each.startswith(f"{key} "))]
        if not gone:
            return "warning: statement not found\n"
        body[:] = [each for each in body if each not in gone]
        return ""

    def commit(self, minutes: int) -> str:
        switch = self.switch
        assert switch.candidate is not None
        if switch.refuse_commit:
            return switch.refuse_commit
        for name, lines in switch.candidate.items():
            for line in lines:
                member = line.removeprefix(f"{SWITCHING} vlan members ")
                known = {line, "all", *switch.vlans, *map(str, switch.vlans.values())}
                if member not in known:
                    return (
                        f"[edit interfaces {name} unit 0 family ethernet-switching]\n  'vlan'\n"
                        f"    VLAN {member} is not defined\nerror: configuration check-out failed\n"
                    )
        switch.commits += 1
        if minutes:
            switch.before = deepcopy(switch.active)
        elif switch.before is not None:
            switch.before = None
            switch.history[0].note = ""
        switch.active = {name: list(lines) for name, lines in switch.candidate.items() if lines}
        note = f"commit confirmed, rollback in {minutes}mins" if minutes else ""
        switch.history.insert(0, Commit("sopctl", note))
        if minutes:
            told = f"commit confirmed will be automatically rolled back in {minutes} minutes unless confirmed\n"
            return f"{told}configuration check succeeds\ncommit complete\n\n{COMMENT.format(minutes)}"
        return "configuration check succeeds\ncommit complete\n"

    def terse(self) -> str:
        names = [f"ge-0/0/{n}" for n in range(1, 5)] + ["xe-0/2/0"]
        rows = []
        for name in names:
            on = self.switch.enabled(name)
            up = on and bool(self.switch.plugged.get(name))
            rows.append(f"{name:<23} {'up' if on else 'down':<5} {'up' if up else 'down'}")
            rows.append(f"{name + '.0':<23} {'up' if on else 'down':<5} {'up' if up else 'down'}   eth-switch")
        rows += ["irb                     up    up", "irb.100                 up    up   inet     192.0.2.20/24"]
        return "\n".join(["Interface               Admin Link Proto    Local                 Remote", *rows, ""])

    def learned(self, of: str = "") -> str:
        switch = self.switch
        names = {**{str(tag): name for name, tag in switch.vlans.items()}, **{name: name for name in switch.vlans}}
        rows = []
        for port, macs in switch.plugged.items():
            native = [line.split()[1] for line in switch.active.get(port, []) if line.startswith("native-vlan-id ")]
            member = (native or switch.members(port) or ["default"])[0]
            if switch.enabled(port) and of in ("", port):
                rows += [
                    f"   {names[member]:<19} {mac}   D             -   {port}.0             0         0" for mac in macs
                ]
        head = (
            "\nMAC flags (S - static MAC, D - dynamic MAC, L - locally learned, P - Persistent static\n"
            "           SE - statistics enabled, NM - non configured MAC, R - remote PE MAC, O - ovsdb MAC)\n\n"
            f"\nEthernet switching table : {len(rows)} entries, {len(rows)} learned\n"
            "Routing instance : default-switch\n"
            "   Vlan                MAC                 MAC      Age    Logical                NH        RTR\n"
            "   name                address             flags           interface              Index     ID\n"
        )
        return head + "\n".join([*rows, ""])

    def lldp(self, port: str) -> str:
        name = self.switch.neighbours.get(port)
        if name is None:
            return ""
        mac = (self.switch.plugged.get(port) or ["00:00:5e:00:53:99"])[0]
        return (
            "LLDP Neighbor Information:\nLocal Information:\nIndex: 1 Time to live: 120 Age: 5 secs\n"
            f"Local Interface    : {port}\nParent Interface   : -\nLocal Port ID      : 501\nEv Interval        : -\n\n"
            "Neighbour Information:\nChassis type       : Mac address\n"
            f"Chassis ID         : {mac}\nPort type          : Mac address\nPort ID            : {mac}\n"
            f"Port description   : eth0\nSystem name        : {name}\n\nSystem Description : Port ID : 9\n"
        )


def standard() -> Junos:
    """Four ports for servers, in quarantine, and an uplink."""
    quarantined = ["disable", f"{SWITCHING} interface-mode access", f"{SWITCHING} vlan members karantina"]
    ports = {f"ge-0/0/{n}": [*quarantined, f"{SWITCHING} storm-control default"] for n in range(1, 5)}
    uplink = ['description "ke inti"', f"{SWITCHING} interface-mode trunk", f"{SWITCHING} vlan members all"]
    named = {"default": 1, "layanan": 110, "basis-data": 120, "cadangan": 130, "karantina": 999}
    return Junos({**ports, "xe-0/2/0": uplink}, named)
