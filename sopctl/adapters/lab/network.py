"""The labs' networks: each lab has its own bridge and a /24 of 198.18.0.0/15, with no way out of this machine.

198.18.0.0/15 is reserved for benchmarks (RFC 2544, RFC 6890): no real host has such an address. Lab number i has the
bridge `soplab<i>`; the bridge itself is the reservation. An unreachable route for the whole range, marked with a
protocol number of our own, keeps packets for absent servers here; it is removed with the last bridge. The service
network of lab number i, behind its switch, is 198.19.i.0/24; this machine's interface in it is `sopsvc<i>`.

A lab with a server that its owner reaches by IPv6 alone also has 2001:2:0:i::/64 on its bridge, of the range for
benchmarks (RFC 5180), with an unreachable route like the other one.

In the other tiers, lab number i has 127.18.i.0/24, which needs no set-up. A machine (tier vm) is behind it in QEMU's
own network, which forwards connections to its sshd and lets nothing out.
"""

import json
from contextlib import AbstractContextManager
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from sopctl.adapters.lab import command, lock
from sopctl.adapters.lab.state import Tier
from sopctl.errors import Action, OutsideFailure, in_words
from sopctl.locale import Text

LOOPBACK = IPv4Network("127.18.0.0/16")
RANGE = IPv4Network("198.18.0.0/15")
RANGE6 = IPv6Network("2001:2::/48")
PREFIX = "soplab"
TRIAL = "sopctl-trial"
"""The bridge that is made to see whether this machine lets us: one name, so that the next one finds what a killed run
left, and not that of a lab."""
PROTOCOL = "118"
"""Marks our route (rtnetlink(7), rtm_protocol): nobody else's route is ever deleted."""

INSIDE, INSIDE_GATEWAY = "10.0.2.15", "10.0.2.2"
"""A machine's own address, and ours as it sees us, in QEMU's user networking."""

FIRST_HOST = 10
"""Server n has the host number 10 + n, the switch 10, the controller 1."""

SERVICE_RANGE = IPv4Network("198.19.0.0/16")
SERVICE_PREFIX_LENGTH = 24
SERVICE_CARD = "svc0"
"""A server's interface in the service network, which is plugged into the switch."""


def locked() -> AbstractContextManager[lock.Lock]:
    """The lock for choosing a network number and removing the last bridge: one per machine, for all state folders."""
    return lock.held(Path("/run/lock/sopctl-lab-network"), what=Text("the lab's network"), wait=30)


def bridge(number: int) -> str:
    return f"{PREFIX}{number}"


def subnet(tier: Tier, number: int) -> IPv4Network:
    """The /24 of lab `number`."""
    if tier is Tier.SYSTEMD:
        return IPv4Network((int(RANGE.network_address) + (number << 8), 24))
    return IPv4Network((int(LOOPBACK.network_address) + (number << 8), 24))


def controller_address(tier: Tier, number: int) -> str:
    """Our address as the servers see it."""
    if tier is Tier.VM:
        return INSIDE_GATEWAY
    return "127.0.0.1" if tier is Tier.CHROOT else str(subnet(tier, number)[1])


def server_address(tier: Tier, number: int, server: int) -> tuple[str, int]:
    """Address and SSH port of server 1, 2, …; on a loopback address, an unprivileged port of its own."""
    address = str(subnet(tier, number)[FIRST_HOST + server])
    return address, 22 if tier is Tier.SYSTEMD else 2200 + server


def subnet6(number: int) -> IPv6Network:
    """The /64 of lab `number`."""
    return IPv6Network((int(RANGE6.network_address) + (number << 64), 64))


def server_address6(number: int, server: int) -> str:
    """The IPv6 address of server 1, 2, …, if it has one."""
    return str(subnet6(number)[FIRST_HOST + server])


def service_subnet(number: int) -> IPv4Network:
    """The /24 of lab `number`'s service network."""
    return IPv4Network((int(SERVICE_RANGE.network_address) + (number << 8), SERVICE_PREFIX_LENGTH))


def service_address(number: int, server: int) -> str:
    """A server's address in the service network."""
    return str(service_subnet(number)[FIRST_HOST + server])


def service_interface(number: int) -> str:
    """This machine's interface in the service network of lab `number`."""
    return f"sopsvc{number}"


def free_number(tier: Tier, taken: set[int]) -> int:
    """The lowest number that is used neither by our labs (`taken`) nor by anyone else on this machine."""
    used = taken | (_bridge_numbers() if tier is Tier.SYSTEMD else _loopback_numbers())
    for number in range(256):
        if number not in used:
            return number
    raise OutsideFailure(
        "lab-networks-exhausted", "all 256 lab networks are in use", remedy=Action("lab down", given={"all": ""})
    )


def ensure(number: int) -> None:
    """Make the bridge, its address and the unreachable route, as far as they are missing."""
    name, net = bridge(number), subnet(Tier.SYSTEMD, number)
    if number not in _bridge_numbers():
        command.run(["ip", "link", "add", name, "type", "bridge", "forward_delay", "0"])
        try:
            confine(name)
        except OutsideFailure:
            delete_link(name)  # half a network is left to nobody
            raise
    command.run(["ip", "address", "replace", f"{net[1]}/{net.prefixlen}", "dev", name])
    command.run(["ip", "route", "replace", "unreachable", str(RANGE), "proto", PROTOCOL])
    command.run(["ip", "link", "set", name, "up"])


def confine(interface: str) -> None:
    """Forward nothing that comes in on `interface`, even where this machine is a router (container hosts often are)."""
    _set(Path(f"/proc/sys/net/ipv4/conf/{interface}/forwarding"), "0")
    ipv6 = Path(f"/proc/sys/net/ipv6/conf/{interface}/disable_ipv6")
    if ipv6.exists():
        _set(ipv6, "1")


def _set(setting: Path, value: str) -> None:
    """Set a kernel setting, unless it is so already. Raises OutsideFailure where this machine does not let us, as in
    containers whose /proc/sys is read-only."""
    try:
        if setting.read_text().strip() != value:
            setting.write_text(value)
    except OSError as error:
        raise OutsideFailure(
            "kernel-setting-refused",
            "this machine does not let us set it to {value}: {reason}",
            where=str(setting),
            remedy="Run the lab outside the container, or without booted servers: SOPCTL_LAB_TIER=chroot",
            value=value,
            reason=in_words(error),
        ) from error


def trial() -> None:
    """Make a bridge as a lab has one, and take it away again. Raises OutsideFailure where this machine does not let
    us."""
    with locked():
        delete_link(TRIAL)
        command.run(["ip", "link", "add", TRIAL, "type", "bridge", "forward_delay", "0"])
        try:
            confine(TRIAL)
        finally:
            delete_link(TRIAL)


def ensure6(number: int) -> None:
    """Give the bridge its IPv6 address too. Raises OutsideFailure where this machine forwards IPv6: it could not be
    kept from forwarding what the servers send."""
    if Path("/proc/sys/net/ipv6/conf/all/forwarding").read_text().strip() != "0":
        raise OutsideFailure(
            "lab-ipv6-forwarded",
            "this machine forwards IPv6, so the lab's servers get none",
            remedy="sysctl net.ipv6.conf.all.forwarding=0, or leave out the state.",
        )
    name, net = bridge(number), subnet6(number)
    settings = Path(f"/proc/sys/net/ipv6/conf/{name}")
    _set(settings / "accept_ra", "0")
    _set(settings / "disable_ipv6", "0")
    command.run(["ip", "address", "replace", f"{net[1]}/{net.prefixlen}", "dev", name, "nodad"])
    command.run(["ip", "-6", "route", "replace", "unreachable", str(RANGE6), "proto", PROTOCOL])


def exists(number: int) -> bool:
    return number in _bridge_numbers()


def remove(number: int) -> None:
    """Delete the bridge, its ports, the interface in the service network, and with the last bridge the route; also the
    bridge of a trial that was killed. The caller holds the lock."""
    delete_link(TRIAL)
    delete_link(service_interface(number))
    if exists(number):
        name = bridge(number)
        for port in json.loads(command.run(["ip", "-json", "link", "show", "master", name])):
            delete_link(port["ifname"])
        delete_link(name)
    if _bridge_numbers():
        return
    for family, everyone in (("-4", RANGE), ("-6", RANGE6)):
        show = ["ip", family, "-json", "route", "show", "type", "unreachable", "proto", PROTOCOL]
        if json.loads(command.run(show) or "[]"):
            command.run(["ip", family, "route", "del", "unreachable", str(everyone), "proto", PROTOCOL])


def delete_link(name: str) -> None:
    """Delete a link of this machine; one that does not exist is no error."""
    if not Path(f"/sys/class/net/{name}").exists():
        return
    try:
        command.run(["ip", "link", "delete", name])
    except OutsideFailure:
        if Path(f"/sys/class/net/{name}").exists():  # else the kernel was faster: the server's end is gone
            raise


def _bridge_numbers() -> set[int]:
    links = json.loads(command.run(["ip", "-json", "link", "show", "type", "bridge"]))
    endings = (link["ifname"].removeprefix(PREFIX) for link in links if link["ifname"].startswith(PREFIX))
    return {int(ending) for ending in endings if ending.isdecimal()}


def _loopback_numbers() -> set[int]:
    """The i of every 127.18.i.x that has a TCP socket (proc(5): /proc/net/tcp, addresses as little-endian hex)."""
    numbers = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        octets = bytes.fromhex(line.split()[1].partition(":")[0])[::-1]
        if octets[:2] == bytes((127, 18)):
            numbers.add(octets[2])
    return numbers
