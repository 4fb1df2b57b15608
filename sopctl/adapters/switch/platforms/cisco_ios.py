"""Cisco IOS and IOS XE on Catalyst switches.

Sources: the command references of IOS 15 (LAN Switching; Configuration Management). Ports are read from running-config,
because the tables of `show` truncate descriptions. Where `archive` is configured, a change is made under `configure
terminal revert timer`, which rolls it back unless it is confirmed. The only other timed way back is `reload in`. It
would take every server on the switch off the network, and so is not used.
"""

import re

from sopctl.adapters.switch.dialect import CISCO_LIKE, Dialect
from sopctl.adapters.switch.driver import Restore
from sopctl.adapters.switch.session import Session
from sopctl.model.ports.port import ActualPort, Learned, Neighbour, PortSetting, SwitchState, mac, vlan_list, vlans

DIALECT = Dialect("cisco_ios", CISCO_LIKE, enables=True)
SAVE = ("write memory",)

RUNNING = (
    "show running-config | include ^interface |^!|^ description|^ switchport|^ no switchport|^ shutdown|^ speed"
    "|^ channel-group"
)
"""Only the lines that describe ports: the rest of the configuration, with its secrets, is not even asked for."""

_KINDS = {
    "Fa": "FastEthernet",
    "Gi": "GigabitEthernet",
    "Tw": "TwoGigabitEthernet",
    "Fi": "FiveGigabitEthernet",
    "Te": "TenGigabitEthernet",
    "Twe": "TwentyFiveGigE",
    "Fo": "FortyGigabitEthernet",
    "Hu": "HundredGigE",
    "Et": "Ethernet",
}
_PORT = re.compile(rf"({'|'.join(_KINDS.values())})\d[\d/.]*")


def read(session: Session) -> SwitchState:
    """The whole switch, in six commands. Neighbours are seen by LLDP, which is off in IOS by default, and by CDP, which
    is on and reveals an uplink that nobody has recorded."""
    link = {_long(row["port"]): row["status"] == "connected" for row in session.table("show interfaces status")}
    ports = {
        name: ActualPort(name, setting, link.get(name), bundle)
        for name, setting, bundle in _interfaces(session.show(RUNNING))
    }
    there = frozenset(int(row["vlan_id"]) for row in session.table("show vlan brief") if row["status"] == "active")
    heard = _announced(session)
    heard += [
        Neighbour(_long(row["local_interface"]), row["neighbor_name"])
        for row in session.table("show cdp neighbors detail")
    ]
    return SwitchState(ports, there, learned(session), tuple(heard))


def learned(session: Session) -> tuple[Learned, ...]:
    """The MAC addresses learned on ports, without the switch's own."""
    return tuple(
        Learned(mac(row["destination_address"]), int(row["vlan_id"]), _long(port))
        for row in session.table("show mac address-table")
        for port in row["destination_port"].split(",")
        if row["vlan_id"].isdecimal() and _PORT.fullmatch(_long(port))
    )


def unable(before: PortSetting, _wanted: PortSetting) -> str:
    """On the command line, a question mark asks for help and a control character edits the line, wherever it is."""
    if re.search(r"[^ -~]|\?|^!", before.description):
        return "its present description could not be put back: it has a question mark or a special character"
    return ""


def lines(port: str, before: PortSetting, wanted: PortSetting) -> tuple[str, ...]:
    """Only what differs. The port is shut first, or enabled last."""
    if before == wanted:
        return ()
    made = []
    if before.enabled and not wanted.enabled:
        made.append("shutdown")
    if before.description != wanted.description:
        made.append(f"description {wanted.description}" if wanted.description else "no description")
    if (before.mode, before.vlan, before.tagged) != (wanted.mode, wanted.vlan, wanted.tagged):
        made += _switching(wanted)
    if before.speed_mbps != wanted.speed_mbps:
        made.append(f"speed {wanted.speed_mbps}" if wanted.speed_mbps else "no speed")
    if wanted.enabled and not before.enabled:
        made.append("no shutdown")
    return (f"interface {port}", *made)


def restore(session: Session, _port: str, _back: tuple[str, ...], seconds: int) -> Restore | None:
    """By the configuration archive, whose timer counts minutes."""
    if not re.search(r"next archive file|maximum archive", session.show("show archive"), re.IGNORECASE):
        return None
    minutes = max(1, -(-seconds // 60))
    return Restore(
        how=f"configure terminal revert timer {minutes}",
        entering=f"configure terminal revert timer {minutes}",
        keep=("configure confirm",),
        undo=("configure revert now",),
        drop=("configure confirm",),
    )


def _switching(wanted: PortSetting) -> list[str]:
    if wanted.mode == "trunk":
        allowed = vlan_list({wanted.vlan, *wanted.tagged})
        return [
            f"switchport trunk native vlan {wanted.vlan}",
            f"switchport trunk allowed vlan {allowed}" if wanted.tagged else "no switchport trunk allowed vlan",
            "switchport mode trunk",
        ]
    mode = "switchport mode access" if wanted.mode == "access" else "no switchport mode"
    return [mode, f"switchport access vlan {wanted.vlan}"]


def _interfaces(running: str) -> list[tuple[str, PortSetting, str]]:
    """Each port of a (filtered) running-config: its name, its setting, and the port channel that it is in."""
    found = []
    name, body = "", list[str]()
    for line in [*running.splitlines(), "!"]:
        if line.startswith(("interface ", "!")):
            if _PORT.fullmatch(name):
                found.append((name, *_setting(body)))
            name, body = line.removeprefix("interface ").strip() if line.startswith("interface ") else "", []
        elif name:
            body.append(line.strip())
    return found


def _setting(body: list[str]) -> tuple[PortSetting, str]:
    said: dict[str, str] = {}
    allowed: set[int] = set()
    for line in body:
        if match := re.fullmatch(r"switchport trunk allowed vlan (add )?([\d,-]+)", line):
            allowed.update(vlans(match[2]))
            continue
        key = next((each for each in _KEYS if line == each or line.startswith(f"{each} ")), line)
        said[key] = line.removeprefix(key).strip()
    mode = said.get("switchport mode", "dynamic").split()[0]
    vlan = int(said.get("switchport trunk native vlan" if mode == "trunk" else "switchport access vlan", "1"))
    setting = PortSetting(
        description=said.get("description", ""),
        mode="routed" if "no switchport" in said else "access" if mode == "access" else "dynamic",
        vlan=vlan,
        speed_mbps=int(said["speed"]) if said.get("speed", "").isdecimal() else None,
        enabled="shutdown" not in said,
    )
    if mode == "trunk" and setting.mode != "routed":
        tagged = tuple(sorted(allowed - {vlan})) or ((vlan,) if allowed else ())
        setting = PortSetting(setting.description, "trunk", vlan, tagged, setting.speed_mbps, setting.enabled)
    bundle = said.get("channel-group", "").split()
    return setting, f"Port-channel{bundle[0]}" if bundle else ""


_KEYS = (
    "description",
    "no switchport",
    "switchport mode",
    "switchport access vlan",
    "switchport trunk native vlan",
    "shutdown",
    "speed",
    "channel-group",
)


def _announced(session: Session) -> list[Neighbour]:
    """The neighbours that LLDP knows. Older releases leave the local port out of the details; it stands in the short
    table, beside the neighbour's own port and the first 20 characters of its name."""
    details = session.table("show lldp neighbors detail")
    if all(row["local_interface"] for row in details):
        return [_neighbour(row) for row in details]
    ports: dict[tuple[str, str], list[str]] = {}
    for row in session.table("show lldp neighbors"):
        ports.setdefault((row["neighbor_name"][:20], row["neighbor_interface"]), []).append(row["local_interface"])
    return [
        _neighbour({**row, "local_interface": local})
        for row in details
        for local in (
            [row["local_interface"]]
            if row["local_interface"]
            else ports.get((row["neighbor_name"][:20].strip(), row["neighbor_port_id"]), [])
        )
    ]


def _neighbour(row: dict[str, str]) -> Neighbour:
    macs = {mac(row[name]) for name in ("chassis_id", "neighbor_port_id", "mac_address")} - {""}
    return Neighbour(_long(row["local_interface"]), row["neighbor_name"], tuple(sorted(macs)))


def _long(name: str) -> str:
    """An interface's name as running-config spells it; tables abbreviate it."""
    kind, number = re.fullmatch(r"([A-Za-z]*)(.*)", name.strip()).groups()  # type: ignore[union-attr]  # matches all
    return f"{_KINDS.get(kind, kind)}{number}"
