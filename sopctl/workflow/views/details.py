"""One deposit in detail, as people read it. Personal data is masked unless they ask for it (UU PDP 27/2022)."""

from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from sopctl.locale import Prose, Text, joined
from sopctl.model import masking
from sopctl.model.deposit import Contact, Deposit
from sopctl.model.intake.identity import CALLED
from sopctl.model.sop import corrections
from sopctl.model.sop.entries import AddressGiven, Amended, Decider, Despite, OnBehalfOf, Undone, from_data
from sopctl.model.sop.history import Event
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site


def contacts(deposit: Deposit, *, personal: bool) -> list[tuple[str, str]]:
    """The contact persons, a line each; phone, e-mail and NIP masked unless `personal`."""
    shown = masked(deposit, personal=personal).contacts
    return [
        (kind, ", ".join(filter(None, (who.name, who.position, who.phone, who.email, who.nip))))
        for kind, who in (("administrative", shown.administrative), ("technical", shown.technical))
    ]


def events(dossier: Dossier, *, personal: bool) -> list[Event]:
    """What happened; an event that was corrected or taken back since says so in its note. Personal data in notes and
    data masked unless `personal`."""
    since = _mended(dossier)
    told = [
        replace(event, note="; ".join(filter(None, (event.note, *since.get(event.seq, ())))))
        for event in dossier.events
    ]
    if personal:
        return told
    return [replace(event, note=masking.inside(event.note), data=masking.inside(event.data)) for event in told]


def _mended(dossier: Dossier) -> dict[int, list[str]]:
    """By the number of an event: how it was mended later."""
    found: dict[int, list[str]] = {}
    for each in corrections.remarks(dossier.procedures, dossier.events):
        said = f"[dikoreksi oleh peristiwa {each.event.seq}: {each.correction.after}]"
        found.setdefault(each.correction.event, []).append(said)
    for event, undone in dossier.established(Undone):
        found.setdefault(undone.undoes.event, []).append(f"[dibatalkan oleh peristiwa {event.seq}]")
    for event, amended in dossier.established(Amended):
        how = "diganti" if amended.kind == "replacement" else "diperbaiki dengan adendum"
        found.setdefault(amended.amends.event, []).append(f"[{how} oleh peristiwa {event.seq}]")
    return found


def decided_by(event: Event, site: Site) -> str:
    """Who decided it, and for whom (`kabid a.n. kadis`); with the name and position of that day, where sopctl.yml has
    another one now."""
    behalf, then = from_data(OnBehalfOf, event), from_data(Decider, event)
    who = f"{event.by} a.n. {behalf.on_behalf_of.person}" if behalf else event.by
    now = site.settings.people.get(event.by)
    if then and (now is None or (now.name, now.position) != (then.decider.name, then.decider.position)):
        return f"{who} ({decider(event)})"
    return who


def address_given(dossier: Dossier) -> Prose:
    """The address that the office gave the server, where its record has another; empty otherwise."""
    given = dossier.newest(AddressGiven)
    if given is None or given.address_given == dossier.deposit.access.address:
        return ""
    return Text(
        "{address} of {network}, given by the office; the record has another",
        address=f"{given.address_given}/{given.prefix}",
        network=given.network,
    )


def remarks(dossier: Dossier) -> list[Prose]:
    """What a reader of the deposit should know beside its record, a line each."""
    given = address_given(dossier)
    address = [Text("address: {what}", what=given)] if given else []
    return [*address, *(Text("shares {what}", what=each) for each in exceptions(dossier))]


def exceptions(dossier: Dossier) -> list[Text]:
    """What the deposit may have in common with others, and why, a line each reason."""
    found = []
    for _, entry in dossier.established(Despite):
        shares = [
            Text("{mark} with {others}", mark=Text(CALLED[each.kind]), others=", ".join(each.others))
            for each in entry.shares
        ]
        found.append(joined(": ", (joined("; ", shares), entry.despite)))
    return found


def decider(event: Event) -> str:
    """The name and position, as they were, of the person who decided it; empty for whom nobody noted it."""
    found = from_data(Decider, event)
    return ", ".join(filter(None, (found.decider.name, found.decider.position))) if found else ""


def record(deposit: Deposit, *, personal: bool) -> Any:
    """The record as plain data; personal data masked wherever it stands (in a key's comment, say) unless `personal`."""
    plain = to_builtins(masked(deposit, personal=personal))
    return plain if personal else masking.inside(plain)


def masked(deposit: Deposit, *, personal: bool) -> Deposit:
    """The deposit with its contacts' personal data masked unless `personal`."""
    if personal:
        return deposit
    people = deposit.contacts
    hidden = replace(people, administrative=_masked(people.administrative), technical=_masked(people.technical))
    return replace(deposit, contacts=hidden)


def _masked(who: Contact) -> Contact:
    return replace(who, nip=masking.nip(who.nip), phone=masking.phone(who.phone), email=masking.email(who.email))
