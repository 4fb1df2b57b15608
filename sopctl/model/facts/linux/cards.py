"""Which network interfaces are the server's own, and which come and go with containers and virtual machines.

A card hangs on a bus: the kernel shows a `device` for it. What is made of cards (bond, bridge, VLAN) is the server's
own too. All others, under whatever names, are made for a guest: veth, tap, bridges without a card, overlays. A machine
without any card is a guest itself; its interfaces are judged by their names.
"""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

_GUESTS = re.compile(
    r"lo$|lo:|veth|docker|virbr|lxcbr|lxdbr|incusbr|tun\d|tap|vnet|macvtap|dummy|sit\d|ip6tnl|tunl\d|gre\d|gretap|erspan"
    r"|ip_vti|ip6_vti|ip6gre|cni|cbr\d|flannel|cali|cilium|lxc|vxlan|geneve|genev_|kube-|nodelocaldns|weave|datapath"
    r"|vethwe|antrea|ovs-|ovn|br-int|br-tun|fwbr|fwpr|fwln|ifb|wg|wgcf|tailscale|zt[a-z0-9]{8}|nerdctl|podman|azv|eni[a-f0-9]{8,}"
    r"|gke|cbr|vmnet|hassio|qbr|qvo|qvb|teql|bonding_masters|usb_rndis"
)
_DOCKER = re.compile(r"br-[0-9a-f]{12}$")
_CARD = re.compile(r"en(?:[osx]|P?\d{0,5}p|ahisic)[0-9a-f]|eth\d|em\d|p\d{1,3}p\d|ib[ps]?\d")
"""Names that udev and the kernel give to cards alone."""

_MADE_OF_CARDS = frozenset({"", "bridge", "bond", "bonding", "team", "vlan"})
"""What the kernel calls an interface that stands for others (DEVTYPE), or nothing where nobody said."""

PERMANENT = 20
"""Octets of an InfiniBand address (RFC 4391); the first 12 change with any start, the last 8 are the port's GUID."""


class Interface(Struct, frozen=True):
    """What is known of an interface. `device`: it hangs on a bus; `function`: it is one of the virtual functions that a
    card lends to guests; `below`: the interfaces that it is made of; `kind`: DEVTYPE; `driver`: the kernel's module."""

    name: str
    mac: str | None = None
    permanent: str | None = None
    device: bool = False
    function: bool = False
    kind: str = ""
    below: tuple[str, ...] = ()
    addressed: bool = False
    driver: str = ""


def own(found: Sequence[Interface]) -> set[str]:
    """The names of those that are the server's own."""
    found = [each for each in found if not _of_the_bmc(each)]
    if not any(each.device for each in found):
        return _own_by_name(found)
    cards = [each for each in found if not _lent(each) and (each.device or (not each.kind and _CARD.match(each.name)))]
    macs, names = _macs(cards), {each.name for each in cards}
    for _ in range(3):  # a VLAN on a bond of cards
        names |= {
            each.name
            for each in found
            if each.kind in _MADE_OF_CARDS
            and not _lent(each)
            and (names.intersection(each.below) or (each.mac in macs and each.name != "lo"))
        }
    return names


def _own_by_name(found: Sequence[Interface]) -> set[str]:
    """A bridge counts if it has the address of another interface."""
    named = [each for each in found if not is_guest(each.name)]
    macs = _macs(each for each in named if not each.name.startswith("br-"))
    return {each.name for each in named if not each.name.startswith("br-") or each.mac in macs}


def identity(name: str, mac: str | None) -> str:
    """By which two months' interfaces are compared."""
    return mac.lower()[-23:] if mac and mac.count(":") == PERMANENT - 1 else mac or name


def is_guest(name: str) -> bool:
    """Whether the name alone says that it is made for a guest. For facts of an older version, which know no devices."""
    return bool(_GUESTS.match(name) or _DOCKER.match(name))


def _of_the_bmc(each: Interface) -> bool:
    """A BMC's own network over USB, which has another address after each start: one that nobody was assigned."""
    made_up = bool(each.mac) and int((each.mac or "00")[:2], 16) & 2 == 2
    return each.driver in _OVER_USB and made_up and not each.addressed


_OVER_USB = frozenset({"cdc_ether", "cdc_eem", "cdc_ncm", "cdc_subset", "rndis_host"})


def _lent(each: Interface) -> bool:
    """A virtual function without an address of the server's is for a guest."""
    return each.function and not each.addressed


def _macs(interfaces: Iterable[Interface]) -> set[str]:
    return {mac for each in interfaces for mac in (each.mac, each.permanent) if mac}
