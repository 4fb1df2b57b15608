"""The written procedures (SOP) of a site, and the way that a deposit went through them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from sopctl.errors import UsageError
from sopctl.locale import Text
from sopctl.model.sop import record
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedure, Standing, walk
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site


class Visit(Struct, frozen=True):
    """The passes through one step that were not taken back: when each ended, with which outcome, and who decided it."""

    days: tuple[date, ...]
    outcomes: tuple[str, ...]
    by: tuple[str, ...]


class Way(Struct, frozen=True):
    """A procedure as it went for one deposit: the version it is pinned to, the visits by step, and where it stands."""

    deposit: str
    procedure: Procedure
    visits: dict[int, Visit]
    standing: Standing
    events: tuple[Event, ...] = ()
    """All that happened during this procedure."""


def find(site: Site, name: str, version: str | None = None) -> Procedure:
    """A procedure by name: the version in force, or the one that is asked for. Raises UsageError when there is none."""
    if name not in site.procedures:
        raise _no_such(name, site.procedures)
    if version is None:
        return site.procedures[name]
    versions = site.library.versions(name)
    found = next((each for each in versions if each.version == version), None)
    if found is None:
        there = ", ".join(each.version for each in versions)
        raise UsageError(
            "no-such-version",
            "{procedure} has no version {version!r}",
            remedy=Text("There are: {there}", there=there),
            procedure=name,
            version=version,
        )
    return found


def way(site: Site, name: str, deposit_id: str) -> Way:
    """The way that a deposit went through a procedure. Raises UsageError when there is no such procedure."""
    dossier = dossiers.read(site, deposit_id)
    if name not in dossier.procedures:
        raise _no_such(name, dossier.procedures)
    events = tuple(event for event in dossier.events if event.procedure == name)
    return Way(deposit_id, dossier.procedures[name], _visits(dossier, name), dossier.standing, events)


def _no_such(name: str, known: Iterable[str]) -> UsageError:
    return UsageError(
        "no-such-procedure",
        "there is no procedure {procedure!r}",
        remedy=Text("There are: {names}", names=", ".join(known)),
        procedure=name,
    )


def _visits(dossier: Dossier, name: str) -> dict[int, Visit]:
    ended, undone = defaultdict(list), record.undone(dossier.events)
    for event, _ in walk(dossier.procedures, dossier.events):
        if event.seq in undone:
            continue
        if event.procedure == name and event.outcome in dossier.procedures[name].step(event.step).outcomes:
            ended[event.step].append(event)
    return {
        step: Visit(
            days=tuple(event.at.date() for event in events),
            outcomes=tuple(event.outcome for event in events),
            by=tuple(event.by for event in events),
        )
        for step, events in ended.items()
    }
