"""Opening dossiers: id, folder, record, documents, first event and its line in the journal, together or not at all."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import convert, structs, to_builtins

from sopctl.errors import OutsideFailure, SopctlError
from sopctl.model.deposit import Adoption, AnyRequest, Deposit
from sopctl.model.intake.identity import Clash
from sopctl.model.sop import procedure
from sopctl.model.sop.entries import Entry, Filed, LetterScan, to_data
from sopctl.model.sop.history import Event
from sopctl.store import codec, dossiers, staging
from sopctl.store.across import identities
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import disk_errors, make_folder, make_temporary_folder, undisturbed, write_atomic
from sopctl.store.journal import Journal
from sopctl.store.site import Site


class New(NamedTuple):
    """A dossier to open: its record, its first event (not chained yet), the letter's scan (file name and content), what
    it is called until it has an id, and why it may have marks that other deposits have."""

    record: AnyRequest | Adoption
    first: Event
    letter: tuple[str, bytes] | None = None
    name: str = "the letter"
    despite: str = ""


def create(site: Site, new: New, today: date) -> Dossier:
    """Open a new dossier: id, folder, record, documents and first event appear together or not at all."""
    return create_all(site, [new], today)[0]


def create_all(site: Site, new: Sequence[New], today: date) -> list[Dossier]:
    """Open several dossiers: all of them or none, even when a crash comes in between.

    They are made in a folder of their own, which is marked ready with their list. The first that is moved to its place
    commits them all: what fails after that is finished by the next command, and told (`Site.lagging`). The record as
    filed is kept as a document, so that later edits can be shown.

    Raises InvalidRecord where one has what another deposit has (`identities`), and does not say why it may.
    """
    with identities.alone(site):
        return _create_all(site, [each._replace(first=first) for each, first in _apart(site, new)], today)


def _apart(site: Site, new: Sequence[New]) -> Iterator[tuple[New, Event]]:
    """Each with its first event, which says why it may have what others have, if it does."""
    holders = [identities.of_new(site, each.name, each.record) for each in new]
    found: dict[str, list[Clash]] = {}
    for clash in identities.clashes(site, holders):
        found.setdefault(clash.id, []).append(clash)
    without = [clash for each in new if not each.despite for clash in found.get(each.name, ())]
    identities.refuse(without, rows=len(new) > 1)
    for each in new:
        why = [identities.despite(found[each.name], each.despite)] if each.name in found else []
        yield each, structs.replace(each.first, data={**each.first.data, **to_data(why)})


def _create_all(site: Site, new: Sequence[New], today: date) -> list[Dossier]:
    with site.alone():
        site.refuse_moved()
        deposits = site.folder("deposits")
        make_folder(deposits)
        staging.finish(site)
        folder = make_temporary_folder(deposits, staging.PREFIX)
        try:
            number = _next_number(site, today)
            prefix = _id_prefix(site, today)
            made = [_stage(site, folder, f"{prefix}{number + n:04}", each) for n, each in enumerate(new)]
            list_ = [(dossier.id, dossier.events[0].hash) for dossier in made]
            write_atomic(folder / staging.READY, json.dumps(list_).encode())
            with undisturbed():
                _open(site, folder)
        except BaseException:
            _undo(folder)
            raise
        site.committed += [(dossier.id, 1) for dossier in made]
    return made


def _open(site: Site, made: Path) -> None:
    """Move new dossiers to their places. Raises OutsideFailure only while none is there yet."""
    deposits, first = site.folder("deposits"), True
    try:
        for folder in staging.made_in(made):
            with disk_errors(folder, "move"):
                os.rename(folder, deposits / folder.name)
            first = False
        staging.note(site, made)
    except (OSError, SopctlError) as error:
        if first:
            raise
        site.lagging.append(_unfinished(made, error))


def _undo(made: Path) -> None:
    """Take back what was made, of which nothing is in its place."""
    with suppress(OSError):
        (made / staging.READY).unlink(missing_ok=True)
        shutil.rmtree(made)


def _unfinished(made: Path, error: Exception) -> OutsideFailure:
    return OutsideFailure(
        "opening-lags",
        "the new dossiers are recorded; the rest is done by the next command: {reason}",
        remedy="Do not request them again. See whether the disk is full or failing.",
        where=str(made),
        reason=error.text if isinstance(error, SopctlError) else str(error),
    )


def _stage(site: Site, made: Path, deposit_id: str, new: New) -> Dossier:
    folder = made / deposit_id
    for each in (folder, folder / "documents"):
        make_folder(each)  # colleagues in the site's group read it, nobody else
    deposit = convert({**to_builtins(new.record), "id": deposit_id}, Deposit)
    content = record_of(deposit)
    codec.parse(content, Deposit, where=deposit_id)  # what would be refused for ever is refused now
    entries: list[Entry] = [Filed(filed=dossiers.written_in(folder, "documents/0001-permohonan.yml", content))]
    if new.letter:
        name, scan = new.letter
        entries.append(LetterScan(document=dossiers.written_in(folder, f"documents/0001-{name}", scan)))
    event = dossiers.bind(deposit_id, (), structs.replace(new.first, data={**new.first.data, **to_data(entries)}))
    written = dossiers.readable(event)
    write_atomic(folder / "deposit.yml", content)
    write_atomic(folder / "history.yml", written)
    place = site.folder("deposits") / deposit_id
    return Dossier(place, deposit, (event,), written, site.library.pinned(procedure.pins((event,))), content, content)


def _id_prefix(site: Site, today: date) -> str:
    return f"{site.settings.deposit_prefix}-{today.year}-"


def _next_number(site: Site, today: date) -> int:
    """The number after all that were ever given this year: also those of dossiers that are gone, as the journal names
    them."""
    prefix = _id_prefix(site, today)
    names_there = [entry.name for entry in os.scandir(site.folder("deposits"))]
    there = [int(name.removeprefix(prefix)) for name in names_there if re.match(rf"^{prefix}\d{{1,9}}\Z", name)]
    return max([Journal(site.root).given(prefix), *there]) + 1


def record_of(deposit: Deposit) -> bytes:
    """A record as people like to read it: the id on top, fields that say nothing left out. An empty list stays: it says
    that there are none."""
    record = _said(to_builtins(deposit, builtin_types=(date,)))
    return codec.dump({"id": record.pop("id"), **record})


def _said(record: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _said(value) if isinstance(value, dict) else value
        for key, value in record.items()
        if value not in (None, "")
    }
