"""What is read: the board, lists, a dossier, its documents."""

from pathlib import PurePath
from urllib.parse import urlencode

from starlette.responses import Response

from sopctl.errors import Action
from sopctl.page import acts
from sopctl.page.handlers import requesting
from sopctl.page.rendering import page
from sopctl.page.visit import Refused, Visit
from sopctl.workflow.papers import integrity
from sopctl.workflow.steps import reservation
from sopctl.workflow.views import details, mine
from sopctl.workflow.views.board import STATES, Query, State
from sopctl.workflow.views.offers import Offers, offers

A_PAGE = 50
"""Rows of a list on one page."""
ON_BOARD = 20
"""Rows of each part of the board; the rest is in the list."""
RACKS_SAID = 3
"""Of how many racks the waiting list says why there is no place in them."""
TYPES = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Papers that may be taken away. Everything else in a dossier is the tool's own."""


def board(visit: Visit) -> Response:
    """`/`."""
    found = mine.mine(visit.desk, visit.sight)
    return page(
        visit,
        "board.html",
        found=found,
        form=lambda row: acts.first_of(mine.due_to(visit.desk, row)),
        most=ON_BOARD,
        filing=requesting.may_file(visit),
    )


def listed(visit: Visit) -> Response:
    """`/berkas`."""
    asked = visit.query
    state: State = next((each for each in STATES if each == asked.get("keadaan")), "open")
    turn = next((each for each in mine.TURNS if each == asked.get("giliran")), None)
    at = visit.number
    query = Query(state=state, search=asked.get("cari", "")[:100], unit=asked.get("unit", "")[:100])
    found = mine.listed(visit.desk, visit.sight, query, (at - 1) * A_PAGE, A_PAGE, turn=turn)
    kept = {"giliran": turn or "", "keadaan": state, "cari": query.search, "unit": query.unit}
    return page(
        visit,
        "list.html",
        found=found,
        query=query,
        states=STATES,
        turn=turn,
        at=at,
        pages=max(1, -(-found.total // A_PAGE)),
        to=lambda n: "/berkas?" + urlencode({**kept, "halaman": n}),
    )


def dossier(visit: Visit, deposit_id: str) -> Response:
    """`/berkas/ID`."""
    row, found = mine.find(visit.desk, visit.sight, deposit_id)
    offer = offers(visit.desk, found)
    personal = visit.sight.personal
    papers = [each for each in integrity.documents(visit.desk, deposit_id) if is_paper(each.file)]
    return page(
        visit,
        "dossier.html",
        row=row,
        dossier=found,
        deposit=details.masked(found.deposit, personal=personal),
        contacts=details.contacts(found.deposit, personal=personal),
        events=list(reversed(details.events(found, personal=personal))),
        decided_by=lambda event: details.decided_by(event, visit.site),
        procedure=found.procedures[row.procedure],
        forms=acts.offered(found, offer.mine),
        primary=_primary(offer.due),
        command=_command(visit, offer),
        papers=[(each, PurePath(each.file).name) for each in papers],
        done=visit.query.get("selesai", ""),
    )


def document(visit: Visit, deposit_id: str, sha256: str) -> Response:
    """`/berkas/ID/dokumen/SHA256`: a document that the history names by its hash, and only as long as it has it."""
    mine.find(visit.desk, visit.sight, deposit_id)
    if not visit.sight.papers:
        raise Refused("papers-not-for-readers")
    found = integrity.content(visit.desk, deposit_id, sha256)
    kind = TYPES.get(_ending(found.file)) if found else None
    if found is None or kind is None:
        raise mine.absent(deposit_id)
    name = PurePath(found.file).name
    return Response(
        found.content,
        media_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{deposit_id}-{name}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def queue(visit: Visit) -> Response:
    """`/antrean`."""
    sight, units = visit.sight, visit.site.settings.units
    line = reservation.line(visit.site)
    found = [(number, each) for number, each in line if sight.sees(units, each.unit)]
    at = visit.number
    shown = reservation.queue(visit.site, found[(at - 1) * A_PAGE : at * A_PAGE], most=RACKS_SAID)
    return page(
        visit,
        "queue.html",
        queue=shown,
        all=len(line),
        at=at,
        pages=max(1, -(-len(found) // A_PAGE)),
        to=lambda n: f"/antrean?halaman={n}",
    )


def _primary(due: Action | None) -> set[str]:
    """The verbs that end what is due, rather than put it off."""
    if due is None:
        return set()
    return {due.verb} | {each.verb for each in due.alternatives if each.verb in mine.DECISIONS[:1]}


def _command(visit: Visit, offer: Offers) -> str:
    """The command line of what is due, for those who do it at the terminal; empty where the page does it, or others."""
    if offer.due is None or offer.due.verb not in offer.mine or acts.first_of([offer.due]):
        return ""
    return visit.command(offer.due)


def is_paper(file: str) -> bool:
    """May it be taken away?"""
    return _ending(file) in TYPES


def _ending(file: str) -> str:
    return PurePath(file).suffix.lower()
