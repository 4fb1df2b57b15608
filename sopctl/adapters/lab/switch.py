"""The rack's switch: Open vSwitch on a lab server of its own, into whose ports the other servers are plugged.

Its datapath runs in user space (datapath type netdev), so no kernel module is needed. A cable is a veth pair with one
end in the server (`svc0`) and the other in the switch (`p3`). No part of it is in this machine's own network namespace,
and it disappears with the server or the switch. A port without a cable is a tap device that nobody has opened, so it
has no carrier. The uplink leads to this machine, untagged in the service VLAN. The servers' other interface stays on
the lab's bridge, whatever the switch does, as on a separate management network.

The configuration of the ports (VLANs, shut or not) is the switch's own. Nothing here touches it after the first start:
a cable that is plugged into a shut port has no link.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sopctl.adapters.lab import command, network, nspawn, owner
from sopctl.adapters.lab.state import LabPort, LabServer, LabSwitch, Place, Record

BRIDGE = "br0"
UPLINK = "uplink"
PORTS = 12
PORT_NAMES = "p{n}"
"""The name of port number {n}, as in a site's record of a switch."""


def port_name(number: int) -> str:
    return PORT_NAMES.replace("{n}", str(number))


ALL_PORTS = tuple(port_name(number) for number in range(1, PORTS + 1))

SERVICE_VLAN = 120
QUARANTINE_VLAN = 999

# Only once: from then on, the configuration is the switch's own. All ports start in the quarantine VLAN.
FIRST_START = f"""
set -eu
systemctl start openvswitch-switch
ovs-vsctl br-exists {BRIDGE} || ovs-vsctl add-br {BRIDGE} -- set bridge {BRIDGE} datapath_type=netdev \\
    -- add-port {BRIDGE} {UPLINK} vlan_mode=native-untagged tag={SERVICE_VLAN} trunks={SERVICE_VLAN} \\
    {" ".join(f"-- add-port {BRIDGE} {port} tag={QUARANTINE_VLAN}" for port in ALL_PORTS)}
"""

# Open vSwitch keeps a device open, even when another one of that name has replaced it. It has to close the old one, and
# looks at its ports again only after some change to its database.
REOPEN = """
for port in {ports}; do ovs-appctl dpctl/del-if netdev@ovs-netdev "$port" 2>/dev/null || true; done
ovs-vsctl remove bridge {bridge} external_ids cabled -- set bridge {bridge} "external_ids:cabled=$(date +%s.%N)"
"""

# The kernel of the switch's server also receives what its ports receive, and must not answer.
QUIET = (
    "echo 8 >/proc/sys/net/ipv4/conf/default/arp_ignore; "
    "test ! -e /proc/sys/net/ipv6 || echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"
)

IN_USE = "in use"
"""Alias (ip-link(8)) of each device that is complete and that the switch was told to open. A device without it was left
by a killed run."""

Link = Mapping[str, Any]
"""A link as `ip -json link` shows it: ifindex, ifname, flags; and link_index, the index of a cable's other end."""


class Namespace:
    """The network namespace of a running server, used from outside."""

    def __init__(self, place: Place) -> None:
        self._pid = nspawn.init(place)

    @property
    def netns(self) -> str:
        """Its name for ip(8)."""
        return str(self._pid)

    def run(self, *arguments: str) -> str:
        """Run one of this machine's tools in it."""
        return command.run(["nsenter", f"--net=/proc/{self._pid}/ns/net", "--", *arguments])

    def links(self) -> dict[str, Link]:
        return {link["ifname"]: link for link in json.loads(self.run("ip", "-json", "link", "show"))}


def plug(plugs: Mapping[int, int], servers: int) -> dict[int, int]:
    """The ports of servers 1 to `servers`: those in `plugs` stay where they are, each other one gets the first free
    port."""
    free = iter([port for port in range(1, PORTS + 1) if port not in plugs.values()])
    return {number: plugs.get(number) or next(free) for number in range(1, servers + 1)}


def mac(record: Record, server: int) -> str:
    """The MAC address of a server's service interface: locally administered, and the same as long as the lab exists."""
    return f"02:18:13:{record.network:02x}:00:{server:02x}"


def wire(record: Record, place: Place, manager: LabServer, servers: Iterable[Place]) -> None:
    """Bring all cables into the recorded state, and make the switch use them; what is right already is left alone.

    `place` and `manager` are the switch, `servers` those that are running. Raises OutsideFailure when a tool or the
    switch fails.
    """
    inside = Namespace(place)
    before = inside.links()
    if not _in_use(before, UPLINK):
        _lay_uplink(record, inside, there=UPLINK in before)
    plugs = record.plugs or {}
    cards = {port_name(plugs[server.number]): (server, Namespace(server)) for server in servers}
    plugged = {port for port, (_, namespace) in cards.items() if _is_plugged(namespace, before.get(port))}
    links = inside.links()
    for port in ALL_PORTS:
        right = port in (plugged if port in cards else links)
        if right and _in_use(before, port):
            continue
        if not right and port in links:
            inside.run("ip", "link", "delete", port)
        if port in cards:
            _lay_cable(record, *cards[port], inside, port, there=right)
        elif not right:
            inside.run("ip", "tuntap", "add", "dev", port, "mode", "tap")
        if not _in_use(before, port) or "UP" in before[port]["flags"]:  # else the port is shut, and stays shut
            inside.run("ip", "link", "set", port, "up")
    _put_in_use(inside, manager)


def describe(record: Record, server: LabServer, servers: Iterable[Place]) -> LabSwitch:
    """The switch, and what is plugged into it according to the record."""
    plugs = record.plugs or {}
    plugged = {port_name(plugs[place.number]): place for place in servers}
    ports = []
    for name in ALL_PORTS:
        place = plugged.get(name)
        if place is None:
            ports.append(LabPort(name))
        else:
            address = network.service_address(record.network, place.number)
            ports.append(LabPort(name, place.name, mac(record, place.number), address))
    subnet = network.service_subnet(record.network)
    return LabSwitch(
        server=server,
        bridge=BRIDGE,
        uplink=UPLINK,
        service_vlan=SERVICE_VLAN,
        quarantine_vlan=QUARANTINE_VLAN,
        network=str(subnet),
        controller=str(subnet[1]),
        ports=tuple(ports),
    )


def _is_plugged(namespace: Namespace, port: Link | None) -> bool:
    """Whether the server is plugged into `port`. A cable to another port is removed."""
    card = namespace.links().get(network.SERVICE_CARD)
    if card is None:
        return False
    if port and card.get("link_index") == port["ifindex"]:
        return True
    namespace.run("ip", "link", "delete", network.SERVICE_CARD)
    return False


def _in_use(links: Mapping[str, Link], port: str) -> bool:
    """Whether the port's device is complete, and opened by the switch."""
    return links.get(port, {}).get("ifalias") == IN_USE


def _put_in_use(inside: Namespace, manager: LabServer) -> None:
    """Make the switch open the devices that it has not opened yet."""
    links = inside.links()
    fresh = [port for port in (UPLINK, *ALL_PORTS) if not _in_use(links, port)]
    if fresh:
        owner.run(manager, FIRST_START + REOPEN.format(bridge=BRIDGE, ports=" ".join(fresh)))
        for port in fresh:
            inside.run("ip", "link", "set", "dev", port, "alias", IN_USE)


def _lay_cable(
    record: Record, server: Place, namespace: Namespace, inside: Namespace, port: str, *, there: bool
) -> None:
    if not there:
        command.run([
            "ip", "link", "add", network.SERVICE_CARD, "address", mac(record, server.number),
            "netns", namespace.netns, "type", "veth", "peer", "name", port, "netns", inside.netns,
        ])  # fmt: skip
    namespace.run(*_without_offload(network.SERVICE_CARD))


def _lay_uplink(record: Record, inside: Namespace, *, there: bool) -> None:
    interface, subnet = network.service_interface(record.network), network.service_subnet(record.network)
    if not there:
        network.delete_link(interface)  # left by a switch that is gone
        inside.run("sh", "-c", QUIET)
        command.run(["ip", "link", "add", interface, "type", "veth", "peer", "name", UPLINK, "netns", inside.netns])
    network.confine(interface)
    command.run(_without_offload(interface))
    command.run(["ip", "address", "replace", f"{subnet[1]}/{subnet.prefixlen}", "dev", interface])
    command.run(["ip", "link", "set", interface, "up"])
    inside.run("ip", "link", "set", UPLINK, "up")


def _without_offload(interface: str) -> list[str]:
    """The command that makes the kernel compute checksums itself: the switch reads packets from a socket and forwards
    them unchanged, and there is no network card that would fill them in."""
    return ["ethtool", "--offload", interface, "tx", "off"]
