"""Validate every record of a site, and report all errors at once."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from sopctl.errors import Action, InvalidRecord, OutsideFailure, SopctlError
from sopctl.locale import Prose, Sense, Text, joined
from sopctl.model.house import maintenance, visits
from sopctl.model.intake import addresses, identity
from sopctl.model.intake.identity import Clash, Holder, Mark
from sopctl.model.rack import (
    Need,
    Occupied,
    Wish,
    refusal,
)
from sopctl.model.sop.entries import Despite
from sopctl.model.sop.summary import Summary
from sopctl.model.text import printable
from sopctl.model.waiting_list import occupied
from sopctl.store import books, dossiers, register
from sopctl.store.across import identities
from sopctl.store.across.processes import in_processes
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import listed
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, refuse_edited
from sopctl.workflow.servers import reach
from sopctl.workflow.servers.ansible_view import refuse_unread
from sopctl.workflow.views import calendar


class Validated(NamedTuple):
    """How many dossiers there are; every error, edits by hand included; and what open deposits share, each with the
    reason that someone gave."""

    deposits: int
    errors: list[SopctlError]
    exceptions: Sequence[Prose]


def validate(desk: Desk) -> Validated:
    """Read every record of the site."""
    site = desk.site
    checks: tuple[Callable[[], object], ...] = (
        lambda: site.settings,
        lambda: refuse_unread(site),
        *(partial(site.rack, name) for name in _files(site, "racks")),
        lambda: site.racks,
        lambda: _check_switches(site),
        *(partial(site.network, name) for name in _files(site, "networks")),
        lambda: site.networks,
        lambda: site.library,
        lambda: calendar.overrides(site),
        lambda: _check_places(site),
    )
    errors: list[SopctlError] = []
    for check in checks:
        try:
            check()
        except SopctlError as error:
            errors += [error, *error.others]
    ids = dossiers.ids(site)
    seen = in_processes(partial(_seen, site), ids)
    errors += [error for each in seen for error in each.errors]
    site.tell(*(error for each in seen for error in each.told))
    holders = [each.holder for each in seen if each.holder]
    reasons = {each.holder.id: each.reasons for each in seen if each.holder}
    for name in books.names(site):
        try:
            book = books.read_named(site, name)
            _ = (visits.visits if book.kind == "visits" else maintenance.windows)(book.year, book.events)
        except SopctlError as error:
            errors.append(error)
    without, with_reason = identity.shared(holders)
    errors += [_shared(site, clash) for clash in without]
    exceptions = [joined(": ", (each.id, each.text, printable(reasons[each.id][each.mark]))) for each in with_reason]
    return Validated(len(ids), list({str(error): error for error in errors}.values()), exceptions)


def _files(site: Site, folder: str) -> list[str]:
    """The names of the records in a folder; none in one that is no folder of a site, which is told where it is read."""
    try:
        return [path.stem for path in listed(site.folder(folder), "*.yml")]
    except SopctlError:
        return []


class _Seen(NamedTuple):
    """One dossier: what is wrong with it, what only lags, and what it has that others must not have, with the reasons
    for what it shares; None for one that is closed or cannot be read."""

    errors: list[SopctlError]
    told: list[SopctlError]
    holder: Holder | None
    reasons: dict[Mark, str]


def _seen(site: Site, ids: Sequence[str]) -> list[_Seen]:
    """What is seen of these dossiers, each read once."""
    told_before, found = site.lagging, []
    try:
        for each in ids:
            site.lagging = []
            found.append(_look(site, each))
    finally:
        site.lagging = told_before
    return found


def _look(site: Site, deposit_id: str) -> _Seen:
    errors: list[SopctlError] = []
    holder, reasons = None, dict[Mark, str]()
    try:
        dossier = dossiers.read(site, deposit_id)
        if not dossier.summary.closed:  # raises unless its procedures explain it and each entry is valid
            holder = identities.of(site, dossier)
            reasons = _reasons(dossier)
            errors += [*_address(site, dossier), *_network(site, dossier.summary)]
        refuse_edited(dossier)
        if dossier.found != dossier.record:
            site.tell(_behind(dossier))
    except SopctlError as error:
        errors += [error, *error.others]
    return _Seen(errors, site.lagging, holder, reasons)


def _network(site: Site, summary: Summary) -> list[SopctlError]:
    """What is wrong with the network that a deposit's machine is said to be in."""
    try:
        reach.network(site, summary)
    except SopctlError as error:
        return [error]
    return []


def _address(site: Site, dossier: Dossier) -> list[SopctlError]:
    """What is wrong with a deposit's address by what the office gives out. A broken networks/ is told once."""
    try:
        why = addresses.doubt(site.networks, dossier.deposit.access.address)
    except SopctlError:
        return []
    if not why:
        return []
    return [
        InvalidRecord(
            "address-not-given-out",
            "{deposit}: {why}",
            where=str(dossier.folder / "deposit.yml"),
            remedy=("Correct the address, or the network's file in networks/.", Action("edit", dossier.id)),
            deposit=dossier.id,
            why=why,
        )
    ]


def _reasons(dossier: Dossier) -> dict[Mark, str]:
    """Why a deposit may have what others have; the newest reason for each."""
    found: dict[Mark, str] = {}
    for _, entry in dossier.established(Despite):
        for each in entry.shares:
            found.setdefault(Mark(each.kind, each.value), entry.despite)
    return found


def _shared(site: Site, clash: Clash) -> InvalidRecord:
    return InvalidRecord(
        "identity-shared",
        "{deposit}: {clash}",
        where=str(site.root / "deposits" / clash.id / "deposit.yml"),
        remedy=(
            "One server is one deposit: correct the one that is wrong.",
            Action("edit", clash.id, alternatives=(Action("edit", clash.others[0].id),)),
            "If both are right, say why:",
            Action("edit", clash.id, needs=("despite",)),
        ),
        deposit=clash.id,
        clash=clash.text,
    )


def _behind(dossier: Dossier) -> OutsideFailure:
    """A crash can leave deposit.yml so, and someone who removed it or put an older one back. Nothing is lost by it."""
    return OutsideFailure(
        "record-behind",
        "deposit.yml of {deposit} is {state}; what counts is the record as it was last accepted",
        where=str(dossier.folder / "deposit.yml"),
        remedy="The next command that records something of the deposit writes it.",
        deposit=dossier.id,
        state=Text("an older one") if dossier.found else Sense("record", "missing"),
    )


def _check_switches(site: Site) -> None:
    """Each switch has a valid record and a driver, and each of its ports belongs to one rack."""
    from sopctl.workflow.ports import switches  # imports the SSH code, which no list needs

    for each in site.switches.values():
        switches.driver_of(site, each)
    switches.refuse_shared_ports(site)


def _check_places(site: Site) -> None:
    """Each place that is reserved or filled exists in its rack, and no two overlap."""
    racks = {each.name: each for each in site.racks}
    taken = occupied(register.read(site).summaries)
    before_in: defaultdict[str, list[Occupied]] = defaultdict(list)
    for each in taken:
        found = racks.get(each.place.rack)
        need = Need(each.place.height, 0, 0)
        wish = Wish(face=each.place.face)
        before = before_in[each.place.rack]
        plain = replace(found, switch=None) if found else None
        absent = Text("there is no rack {name!r}", name=each.place.rack)
        why = refusal(plain, before, need, each.place.unit, wish) if plain else absent
        if why:
            raise InvalidRecord(
                "place-impossible",
                "{deposit} has {place}, which is impossible: {reason}",
                where=str(site.root / "racks" / f"{each.place.rack}.yml"),
                remedy="Correct the rack's file, or give one of them another place.",
                deposit=each.deposit,
                place=each.place,
                reason=why if isinstance(why, Text) else why.english,
            )
        before.append(Occupied(each.place, each.deposit, each.kind, 0))
