"""The letter beside the server: which services our firewall would cut off, and which stay open past the letter.

Our table filters what comes in to the server itself. Answers to what the server asked, its own loopback, ICMP, DHCP's
answers and the office's controllers are always let in; of the rest, what the letter asks for and the ports of the SSH
server. What is sent on to another machine or a container (DNAT) does not come in to the server: the table does not see
it.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from sopctl.model import services
from sopctl.model.services import Ports, Service
from sopctl.model.survey.found import Listener, Peer, Survey, Translation
from sopctl.model.survey.wanted import Wanted

DHCP = (services.port(68, "udp"), services.port(546, "udp"))
"""The ports of DHCP's clients, which our table lets in."""


class CutOff(Struct, frozen=True):
    """A service that others can reach now, as far as the server itself shows, and could not after the configuration.

    `programs` provide it, at these `addresses` of these `interfaces` (those that are known), and the `peers` are
    connected to it. `also` are ports by which it is reached too. `reason`: the letter does not ask for it, or it asks
    for it but not for the sources of these peers.
    """

    service: Service
    reason: Literal["not-asked", "sources"]
    programs: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    peers: tuple[Peer, ...] = ()
    also: tuple[Ports, ...] = ()


class StaysOpen(Struct, frozen=True):
    """What others reach past the letter, now and after: a published port, which is sent on to `target` (an address and
    port), or whatever the server forwards between networks (`service` None); on a server that gets no firewall of ours,
    each service that the letter does not ask for."""

    reason: Literal["published", "published-to-all", "forwarding", "no-firewall"]
    service: Ports | None = None
    target: str = ""
    programs: tuple[str, ...] = ()


class Comparison(Struct, frozen=True):
    """What becomes of the server's services."""

    cut_off: tuple[CutOff, ...] = ()
    stays_open: tuple[StaysOpen, ...] = ()

    def unconsented(self, consents: Iterable[Service]) -> tuple[CutOff, ...]:
        """What would be cut off without anyone's consent."""
        given = tuple(consents)
        return tuple(each for each in self.cut_off if not services.covered(each.service, given))


def compare(found: Survey, wanted: Wanted) -> Comparison:
    """What the configuration would cut off on the server, and what stays open past the letter."""
    if found.chroot or wanted.raw:  # no firewall of ours there: in a chroot the network is another machine's
        return Comparison()
    asked = (*wanted.ports, *(services.port(number) for number in {*found.ssh_ports, wanted.port}))
    outside = [each for each in found.listeners if not _loopback(each.address)]
    published = [each for each in found.translations if each.target and not _loopback(each.target)]
    if not found.systemd:
        open_ = _grouped(each for each in outside if not services.covered(each.port, asked))
        return Comparison(
            stays_open=tuple(
                StaysOpen("no-firewall", port, programs=_programs(listeners)) for port, listeners in open_.items()
            )
        )
    here = [each for each in found.translations if each not in published]
    kept = (*asked, *DHCP)
    closing = [
        each
        for each in outside
        if not services.covered(each.port, kept)
        and not any(one.port.covers(each.port) for one in published)
        and (not found.own_rules or services.covered(each.port, found.allowed))
    ]
    cut = [
        *_not_asked(closing, found, here, wanted),
        *_inner(here, found, kept, closing, wanted),
        *_elsewhere(asked, found, wanted),
    ]
    if not found.own_rules:
        cut += [CutOff(name, "not-asked") for name in found.protocols]
    return Comparison(tuple(cut), tuple(_stays_open(published, found, wanted)))


def _not_asked(
    closing: Iterable[Listener], found: Survey, here: Sequence[Translation], wanted: Wanted
) -> Iterable[CutOff]:
    for port, listeners in _grouped(closing).items():
        yield CutOff(
            port,
            "not-asked",
            _programs(listeners),
            tuple(dict.fromkeys(each.address for each in listeners)),
            tuple(dict.fromkeys(each.interface for each in listeners if each.interface)),
            _from_outside(found, port, wanted),
            tuple(each.port for each in here if each.to == port.first and each.port.protocol == port.protocol),
        )


def _inner(
    here: Iterable[Translation], found: Survey, kept: Sequence[Ports], closing: Sequence[Listener], wanted: Wanted
) -> Iterable[CutOff]:
    """What arrives for one port and is answered on another of the server's own, which will be closed: also where that
    one listens on the loopback alone. (Those that listen to all are in `closing`.)"""
    listed = {each.port for each in closing}
    for each in here:
        inner = services.port(each.to, each.port.protocol)
        mine = [one for one in found.listeners if one.port == inner]
        if inner in listed or not mine or services.covered(inner, kept):
            continue
        if not found.own_rules or services.covered(inner, found.allowed):
            yield CutOff(each.port, "not-asked", _programs(mine), peers=_from_outside(found, inner, wanted))


def _elsewhere(asked: Sequence[Ports], found: Survey, wanted: Wanted) -> Iterable[CutOff]:
    """Who is connected now to a service of the letter, from where the letter lets nobody in."""
    if not wanted.sources or found.own_rules:
        return
    by_port: dict[Ports, list[Peer]] = {}
    for peer in found.peers:
        if services.covered(peer.port, asked) and not _within(peer.address, (*wanted.sources, *wanted.controllers)):
            by_port.setdefault(peer.port, []).append(peer)
    for port, peers in by_port.items():
        others = tuple(each for each in peers if not _own(each.address, found))
        if others:
            programs = _programs([each for each in found.listeners if each.port == port])
            yield CutOff(port, "sources", programs, peers=others)


def _stays_open(published: Iterable[Translation], found: Survey, wanted: Wanted) -> Iterable[StaysOpen]:
    seen = set()
    for each in published:
        asked = services.covered(each.port, wanted.ports)
        if (asked and not wanted.sources) or each.port in seen:
            continue
        seen.add(each.port)
        target = "" if each.target == "?" else f"[{each.target}]" if ":" in each.target else each.target
        yield StaysOpen(
            "published-to-all" if asked else "published", each.port, f"{target}:{each.to}" if target else ""
        )
    if found.forwards and not seen:
        yield StaysOpen("forwarding")


def _grouped(listeners: Iterable[Listener]) -> dict[Ports, list[Listener]]:
    found: dict[Ports, list[Listener]] = {}
    for each in listeners:
        found.setdefault(each.port, []).append(each)
    return found


def _programs(listeners: Iterable[Listener]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.program for each in listeners if each.program))


def _from_outside(found: Survey, port: Ports, wanted: Wanted) -> tuple[Peer, ...]:
    """Who is connected to a port, besides the server itself and the office, which are let in whatever is closed."""
    return tuple(
        each
        for each in found.peers
        if each.port == port and not _own(each.address, found) and not _within(each.address, wanted.controllers)
    )


def _own(address: str, found: Survey) -> bool:
    return _loopback(address) or address in found.addresses


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _within(address: str, networks: Iterable[str]) -> bool:
    for network in networks:
        try:
            if ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False):
                return True
        except (ValueError, TypeError):
            continue
    return False
