"""Space: which places are taken, who waits, and the verbs that reserve and fill a place.

A reservation holds its place from step 4 of penitipan. Until the server is brought it expires after
`space.offer_days`: an offer that is not taken up goes to the next on the waiting list. Once the server is in the
office's hands, the reservation holds until the server is placed.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import date, datetime
from functools import cache

from msgspec import Struct, structs

from sopctl.errors import Action, Conflict, InvalidRecord, NotNow, UsageError
from sopctl.locale import Prose, Text, joined
from sopctl.model import rack
from sopctl.model.deposit import Deposit
from sopctl.model.intake.addresses import Network
from sopctl.model.rack import ANYWHERE, Need, Obstacle, Occupied, Wish
from sopctl.model.sop.entries import AddressGiven, OfferedUntil, PassedOver, Placed, Prioritised, Reserved
from sopctl.model.sop.summary import Summary
from sopctl.model.waiting_list import occupied, stands_in_line, turn_of, waiting_list
from sopctl.store import codec, dossiers, filing, locks, register
from sopctl.store.across import identities
from sopctl.store.site import SITE_LOCK_SECONDS, Site
from sopctl.workflow.desk import Desk, StepDone, Turn, act, refuse_moved, turn
from sopctl.workflow.steps import editing, required
from sopctl.workflow.views import racks
from sopctl.workflow.views.calendar import calendar

NO_RACKS = Obstacle(Text("the site has no racks"), "belum ada rak")


class Waiting(Struct, frozen=True):
    """One entry of the waiting list, and why there is no space for it now (empty: there is)."""

    number: int
    id: str
    unit: str
    server: str
    height: int
    priority: int
    since: datetime
    why: Prose


def reserve(desk: Desk, deposit_id: str, *, wish: Wish = ANYWHERE, network: str = "") -> StepDone:
    """penitipan 4: find a place (the best fit, or as `wish` says) and hold it for this deposit; with the next free
    address of a `network`, if one is named. A letter without an address gets one in any case, of the only network.

    Waiting requests are served in order: raises NotNow while an earlier one fits. For a request that is already waiting
    and still has no place, nothing is recorded and the answer is no.
    """
    refuse_moved(desk, deposit_id)
    named = _network(desk.site, network) if network else None
    expire(desk, but=deposit_id)
    with turn(desk, deposit_id, "reserve") as mine, racks_alone(desk.site):
        others = others_than(desk.site, mine.dossier.summary, wish)
        _refuse_queue_jump(desk.site, mine.dossier.summary, others)
        if wish.rack or wish.unit or wish.port:
            _refuse_wish(desk.site, mine.dossier.summary, others, wish)
        return _reserve(mine, others, wish, _from(mine, named))


def _from(mine: Turn, named: Network | None) -> Network | None:
    """The network that gives the deposit its address: the one that was named, or the only one; None for a deposit that
    has an address. Raises UsageError where one is named all the same, or none, and there are several."""
    has, networks = mine.dossier.deposit.access.address, mine.desk.site.networks
    if has and named:
        raise UsageError(
            "address-in-the-letter",
            "the letter of {deposit} has an address: {address}",
            remedy=(
                Text(
                    "If {name} shall give it another one, take that out of the record first (access.address).",
                    name=named.name,
                ),
                Action("edit", mine.dossier.id),
            ),
            deposit=mine.dossier.id,
            address=has,
        )
    if has or named:
        return named
    if len(networks) != 1:
        raise UsageError(
            "network-not-named",
            "the letter of {deposit} has no address, and nobody named the network that gives it one",
            remedy=(
                Text(
                    "Those in networks/ are: {names}.", names=", ".join(each.name for each in networks) or Text("none")
                ),
                Action("reserve", mine.dossier.id, needs=("network",)),
            ),
            deposit=mine.dossier.id,
        )
    return networks[0]


def _network(site: Site, name: str) -> Network:
    found = next((each for each in site.networks if each.name == name), None)
    if found is None:
        raise UsageError(
            "no-such-network",
            "there is no network {network!r}",
            remedy=Text(
                "Those in networks/ are: {names}.", names=", ".join(each.name for each in site.networks) or Text("none")
            ),
            network=name,
        )
    return found


def _address(site: Site, of: Network) -> AddressGiven:
    """The next free address of a network. The racks are held: nobody else gives one away. Raises NotNow where there is
    none."""
    free = of.free(identities.hosts(site))
    if not free:
        raise NotNow(
            "network-full",
            "{network} has no free address: {given}",
            remedy=Text("Add a range to networks/{name}.yml, or name another network.", name=of.name),
            network=of.name,
            given=", ".join(of.ranges) or of.network,
        )
    return AddressGiven(address_given=free, network=of.name, prefix=of.prefix, gateway=of.gateway, address_vlan=of.vlan)


def place(desk: Desk, deposit_id: str, *, on: date | None = None) -> StepDone:
    """penitipan 10: the server is in its reserved place, since today or `on` a day that is recorded late."""
    with turn(desk, deposit_id, "place") as mine:
        required.signatures(mine)
        happened = required.happened(mine, "placed", on)
        note = f"ditempatkan: {mine.dossier.summary.place or 'tempat tidak dipesan'}{required.dated(on)}"
        return mine.record("selesai", Placed(placed=True), *happened, note=note)


def prioritise(desk: Desk, deposit_id: str, *, priority: int, reason: str) -> StepDone:
    """Let a request be served before those of lower priority (the default is 0). The reason is recorded."""
    said = required.reason(reason, Text("a priority"), Action("prioritise", deposit_id, needs=("reason",)))
    with act(desk, deposit_id, "prioritise") as mine:
        if mine.dossier.summary.place:
            raise NotNow(
                "has-a-place",
                "{deposit} already has its place: {place}",
                remedy=Action("show", deposit_id),
                deposit=deposit_id,
                place=mine.dossier.summary.place.text,
            )
        note = f"prioritas {priority}: {said}"
        return mine.record(mine.verb.outcome, Prioritised(priority=priority, reason=said), note=note)


def line(site: Site) -> list[tuple[int, Summary]]:
    """Who waits for space, numbered in the order in which they are served."""
    return _numbered(register.summaries(site))


def queue(site: Site, wanted: Iterable[tuple[int, Summary]] | None = None, most: int | None = None) -> list[Waiting]:
    """The waiting list, in the order in which it is served; by default all of it. Why there is no space says each rack,
    or at most so many of them, and how many more there are."""
    reading = register.read(site)
    site.tell(*reading.errors)
    why = _obstacles(site, occupied([*reading.summaries, *reading.last_known]))

    @cache
    def said(need: Need) -> Prose:
        found = [each.english for each in why(need)]
        left = len(found) - len(found[:most])
        return joined("; ", (*found[:most], *([f"+{left}"] if left else []))) if found else ""

    return [
        Waiting(
            number=number,
            id=each.id,
            unit=each.unit,
            server=each.server,
            height=each.need.height,
            priority=each.priority,
            since=each.queued,
            why=said(each.need),
        )
        for number, each in (_numbered(reading.summaries) if wanted is None else wanted)
    ]


def _numbered(everyone: Iterable[Summary]) -> list[tuple[int, Summary]]:
    return list(enumerate(waiting_list(everyone), start=1))


def expire(desk: Desk, *, but: str = "") -> list[StepDone]:
    """Release the places whose offer was not taken up in time, and serve the waiting list with them. None while the
    clock is doubtful.

    A deposit that another process holds is left for the next time.
    """
    if not desk.sure_of_the_clock():
        return []
    today = desk.now().date()
    released = []
    for each in register.summaries(desk.site):
        if each.id == but or each.held or each.place_until is None or each.place_until >= today:
            continue
        try:
            with turn(desk.automatic(), each.id, "expire") as mine:
                until = mine.dossier.summary.place_until
                if until and until < today:
                    note = f"tempat dilepas: {mine.dossier.summary.place}, ditawarkan sampai {until}"
                    released.append(mine.record(next(iter(mine.outcomes)), note=note))
        except (Conflict, NotNow):
            continue
    ids = {done.id for done in released}
    return [*released, *(serve_waiting_list(desk, but=ids) if ids else [])]


def run_queue(desk: Desk) -> list[StepDone]:
    """What a timer does about space: `expire`, then `serve_waiting_list`. Raises OutsideFailure for a doubtful
    clock."""
    desk.site.refuse_moved()
    desk.refuse_doubtful_clock()
    return [*expire(desk), *serve_waiting_list(desk)]


def serve_waiting_list(desk: Desk, *, but: Iterable[str] = ()) -> list[StepDone]:
    """Step 4 again for those who wait, in order, for as long as there is space: called when space has become free.

    Ends early when another process holds the one whose turn it is, so that the order is kept.
    """
    served: list[StepDone] = []
    passed_by = set(but)
    while True:
        everyone = [each for each in register.summaries(desk.site) if each.id not in passed_by]
        first = first_that_fits(desk.site, everyone)
        if first is None:
            return served
        try:
            with turn(desk.automatic(), first.id, "reserve") as mine, racks_alone(desk.site):
                done = _reserve(mine, others_than(desk.site, first), Wish(), _left_by(mine))
        except (Conflict, NotNow):
            return served
        if not done.answer:
            return served
        served.append(done)


def _left_by(mine: Turn) -> Network | None:
    """The network of which a deposit gets its address that is served by itself: the only one, while it has any."""
    site, networks = mine.desk.site, mine.desk.site.networks
    needs = not mine.dossier.deposit.access.address and len(networks) == 1
    return networks[0] if needs and networks[0].free(identities.hosts(site)) else None


def place_until(desk: Desk) -> date:
    """Until when a place that is offered today is held."""
    return calendar(desk.site).add(desk.now().date(), desk.site.settings.space.offer_days)


def others_than(site: Site, mine: Summary, wish: Wish = ANYWHERE) -> list[Summary]:
    """The summaries of all other deposits. Those in the rack where a place is found for this one are read from their
    histories: an index decides nothing."""
    sure: set[str] = set()
    while True:
        others = [each for each in register.standing(site, sure) if each.id != mine.id]
        spot, _ = rack.find_place(site.racks, occupied(others), mine.need, wish)
        if spot is None or spot.rack in sure:
            return others
        sure.add(spot.rack)


def first_that_fits(site: Site, everyone: Sequence[Summary]) -> Summary | None:
    """The first of the waiting list for which there is a place now."""
    why = _obstacles(site, occupied(everyone))
    return next((each for each in waiting_list(everyone) if not why(each.need)), None)


def _reserve(mine: Turn, others: Sequence[Summary], wish: Wish, network: Network | None = None) -> StepDone:
    site, me = mine.desk.site, mine.dossier.summary
    taken = occupied(others)
    spot, obstacles = rack.find_place(site.racks, taken, me.need, wish)
    if spot:
        why = _obstacles(site, taken)
        passed_over = [
            PassedOver(each.id, _in_the_record(why(each.need)))
            for each in waiting_list(others)
            if turn_of(each) < turn_of(me)
        ]
        until = place_until(mine.desk)
        note = f"tempat: {spot}, ditawarkan sampai {until}"
        if passed_over:
            note += "; dilewati: " + ", ".join(f"{each.id} ({each.why})" for each in passed_over)
        reserved = Reserved(place=spot, passed_over=tuple(passed_over) or None)
        offered = OfferedUntil(place_until=until)
        if network is None:
            return mine.record("tersedia", reserved, offered, note=note[:1000])
        given, before = _address(site, network), mine.dossier.record
        note += f"; alamat {given.address_given}/{given.prefix} ({given.network})"
        note += f", gerbang {given.gateway}" if given.gateway else ""
        after = _with_address(before, mine.dossier.deposit, given.address_given)
        entries = editing.changed(mine, before, after)
        done = mine.record("tersedia", reserved, offered, given, *entries, note=note[:1000])
        dossiers.write_record(site, mine.dossier, after)
        return done
    if mine.standing.waiting == "space":
        return mine.done(mine.dossier.events[-1], answer=False)
    return mine.record("tidak tersedia", note=_in_the_record(obstacles or [NO_RACKS]), answer=False)


def _with_address(record: bytes, deposit: Deposit, address: str) -> bytes:
    """The record with this address: as a line more, so that whatever people wrote stays, where that does it."""
    wanted = structs.replace(deposit, access=structs.replace(deposit.access, address=address))
    line = re.sub(rb"(?m)^(access:[^\n]*\n)( +)", rb"\1\2address: '%b'\n\2" % address.encode(), record, count=1)
    with suppress(InvalidRecord):
        if codec.parse(line, Deposit, where="") == wanted:
            return line
    return filing.record_of(wanted)


def _obstacles(site: Site, taken: Sequence[Occupied]) -> Callable[[Need], list[Obstacle]]:
    """What says why there is no place for a server of some size; nothing when there is one. Many are of one size."""

    @cache
    def why(need: Need) -> list[Obstacle]:
        spot, obstacles = rack.find_place(site.racks, taken, need)
        return [] if spot else (obstacles or [NO_RACKS])

    return why


def _in_the_record(obstacles: Iterable[Obstacle]) -> str:
    return "; ".join(each.indonesian for each in obstacles)


def _refuse_queue_jump(site: Site, mine: Summary, others: Sequence[Summary]) -> None:
    why = _obstacles(site, occupied(others))
    earlier = [each for each in others if stands_in_line(each) and turn_of(each) < turn_of(mine)]
    for first in sorted(earlier, key=turn_of):
        if not why(first.need):
            tell = () if first.waiting == "space" else (Action("notify", first.id, task="place-full"),)
            raise NotNow(
                "earlier-request-first",
                "{deposit} asked earlier, waits for space and fits now",
                remedy=("Serve it first.", *tell, Action("reserve", first.id)),
                deposit=first.id,
            )


def _refuse_wish(site: Site, mine: Summary, others: Sequence[Summary], wish: Wish) -> None:
    if wish.rack:
        racks.find(site, wish.rack)
    spot, obstacles = rack.find_place(site.racks, occupied(others), mine.need, wish)
    if spot is None:
        raise UsageError(
            "place-refused",
            "the server cannot stand there: {reasons}",
            remedy=("See what is free.", Action("rack show", wish.rack) if wish.rack else Action("rack list")),
            reasons=joined("; ", (each.english for each in obstacles)),
        )


def racks_alone(site: Site) -> AbstractContextManager[None]:
    """Hold the racks: nobody else reserves or fills a place meanwhile."""
    return locks.hold(site.locks / "racks", Text("the racks"), wait=SITE_LOCK_SECONDS)
