"""What the site knows that decides over a letter (model/admission.py), and the refusal of one that says too much."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache

from sopctl.errors import Action, Advice, InvalidRecord, OutsideFailure, SopctlError
from sopctl.locale import Text
from sopctl.model import admission
from sopctl.model.access import public_key
from sopctl.model.access.destinations import Destinations
from sopctl.model.admission import House, Objection, Step
from sopctl.model.deposit import Adoption, AnyRequest
from sopctl.model.ports.switch import SwitchRecord
from sopctl.store import codec
from sopctl.store.durable import listed
from sopctl.store.site import Site

MAX_PUBLIC_KEY = 16 * 1024
TOLD = 20
"""How many objections are told at once."""


@lru_cache(maxsize=8)
def destinations(site: Site) -> Destinations:
    """Where this site's deposits may be."""
    settings = site.settings
    ours = dict.fromkeys(settings.controllers, "one of the office's controllers")
    for path in listed(site.folder("switches"), "*.yml"):
        with suppress(SopctlError):  # a record that cannot be read stops what needs the switch, not every deposit
            switch = codec.load(path, SwitchRecord)
            ours[switch.address] = f"the switch {switch.name}"
    if settings.mail:
        ours[settings.mail.host] = "the office's mail server"
    return Destinations(settings.networks, settings.rehearsal_networks, ours)


@lru_cache(maxsize=8)
def house(site: Site, today: date | None = None) -> House:
    """What of this site decides over a letter that comes in `today` (None: nobody asks what is plausible)."""
    settings = site.settings
    accounts = {settings.management.account, settings.management_account or settings.management.account}
    gives = bool(listed(site.folder("networks"), "*.yml"))
    return House(destinations(site), settings.for_letters, frozenset(accounts), _our_keys(site), today, gives)


def _our_keys(site: Site) -> frozenset[bytes]:
    """The office's public keys; none for the page's account, which may not look into keys/."""
    try:
        paths = listed(site.folder("keys"), "*.pub")
    except OutsideFailure as refused:
        if refused.id != "access-denied":
            raise
        paths = []
    keys = set()
    for path in paths:
        with suppress(SopctlError, UnicodeDecodeError):
            keys.add(public_key.blob(codec.read(path, MAX_PUBLIC_KEY, links=False).decode()))
    return frozenset(keys - {b""})


def objections(site: Site, record: AnyRequest | Adoption, today: date | None = None) -> list[Objection]:
    """What keeps this record from coming in."""
    return admission.objections(record, house(site, today))


Place = Callable[[Sequence[Step]], str]
"""Where in what was handed in a field of the record stands."""


def refuse(site: Site, record: AnyRequest | Adoption, place: Place, today: date | None = None) -> None:
    """Raise InvalidRecord, with all that is wrong, for a record that must not come in."""
    _raise(objections(site, record, today), place)


def refuse_edit(site: Site, before: Adoption, after: Adoption, place: Place, today: date | None = None) -> None:
    """As `refuse`, for what an edit brings in."""
    _raise(admission.added(before, after, house(site, today)), place)


def in_record(content: bytes, where: str) -> Place:
    """The places of a record in YAML: file:line:column."""
    return lambda path: codec.place(content, path, where=where)


def _parts(remedy: Advice) -> Sequence[str | Text | Action]:
    return (remedy,) if isinstance(remedy, str | Text | Action) else remedy


def _raise(found: list[Objection], place: Place) -> None:
    if not found:
        return
    first, *others = found[:TOLD]
    remedies: list[str | Text | Action] = []
    for each in found[:TOLD]:
        remedies += [part for part in _parts(each.remedy) if part not in remedies]
    raise InvalidRecord(
        "not-admitted",
        "{field}: {reason}",
        where=place(first.path),
        remedy=remedies,
        lines=[f"{place(each.path)}: {each.field}: {each.reason}" for each in others],
        field=first.field,
        reason=first.reason,
    )
