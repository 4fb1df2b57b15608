"""Whose a MAC address is. A server reports addresses of itself, and may report or forge those of others. So it counts
how an address is known, and nobody's word takes an address from whom the office knows to have it."""

from collections import defaultdict
from collections.abc import Mapping
from enum import IntEnum


class Known(IntEnum):
    """How an address of a server is known, the better way last: the server reported it, it was heard on the server's
    port when it was nobody else's, or the letter names it."""

    REPORTED = 1
    HEARD = 2
    NAMED = 3


def settled(claims: Mapping[str, Mapping[str, Known]]) -> dict[str, tuple[str, ...]]:
    """Each deposit's own addresses, sorted, from what is known of each: those that are of no other deposit in a better
    way. Known equally well of two (a card that was moved, a machine that was cloned), an address is of both."""
    best: dict[str, Known] = defaultdict(lambda: Known.REPORTED)
    for known in claims.values():
        for mac, how in known.items():
            best[mac] = max(best[mac], how)
    return {
        deposit: tuple(sorted(mac for mac, how in known.items() if how == best[mac]))
        for deposit, known in claims.items()
    }


def of_others(owned: Mapping[str, tuple[str, ...]], deposit: str) -> dict[str, str]:
    """The addresses that are not this deposit's, and a deposit that has each."""
    mine = set(owned.get(deposit, ()))
    return {mac: other for other, macs in owned.items() if other != deposit for mac in macs if mac not in mine}
