"""The request letter as a form: a draft is kept, and it comes in by the same gate as a letter on paper."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Literal

from starlette.responses import Response

from sopctl.errors import NotNow, UsageError
from sopctl.model.principal import Principal
from sopctl.page.handlers.acting import once, status
from sopctl.page.handlers.entrance import packed, unpacked
from sopctl.page.rendering import page
from sopctl.page.visit import Refused, Visit, new_secret
from sopctl.store.page.database import Database
from sopctl.store.page.once import Once
from sopctl.workflow.papers import request_letter
from sopctl.workflow.steps import letters

DRAFT = "permohonan"

DATES = ("letter.date", "valid_until")
NUMBERS = (
    "server.cores",
    "server.memory_gib",
    "server.power_watts",
    "server.height_units",
    "server.depth_mm",
    "server.weight_kg",
    "access.port",
)
AREAS = ("server.disks", "server.description", "access.accounts")
NEEDED = (
    "letter.number",
    "letter.date",
    "unit",
    "contacts.administrative.name",
    "contacts.technical.name",
    "server.name",
    "server.brand_model",
    "server.serial",
    "server.power_watts",
    "server.height_units",
    "server.depth_mm",
    "access.address",
)
"""What every letter says, whatever is deposited; the rest is refused by the letter's own rules where it is missing."""
HINTS = {
    "server.disks": "satu per baris",
    "access.accounts": "satu per baris: nama: ssh-ed25519 AAAA…",
    "access.ports": "seperti 80, 443, 53/udp",
    "access.sources": "seperti 192.0.2.0/24; kosong: dari mana saja",
    "platform": "hanya untuk perangkat jaringan, atau: lain",
}


def request(visit: Visit) -> Response:
    """`/permohonan`."""
    _ = visit.sight
    if not may_file(visit):
        raise Refused("may-not-file")
    book, account = Once(Database(visit.site)), visit.account.name if visit.account else ""
    if visit.method == "GET":
        visit.typed = visit.typed or unpacked(book.draft(account, DRAFT))
        return _shown(visit)
    if visit.own_form and "draft" in visit.fields:
        book.keep_draft(account, DRAFT, packed(visit.fields), visit.now.timestamp())
        visit.typed = visit.fields
        return _shown(visit, kept=True)

    def do() -> str:
        deposit_id = filed(visit, visit.fields)
        book.forget_draft(account, DRAFT)
        return f"/berkas/{deposit_id}?selesai=permohonan"

    return once(visit, do, lambda: _shown(visit))


def filed(visit: Visit, said: Mapping[str, str]) -> str:
    """File what the letter's fields say, by their paths, with the scan that was handed in; a unit's account files for
    its own unit, whatever it says. Returns the new deposit's id. Raises what the letter's rules raise."""
    unit = own_unit(visit)
    values = {**said, "unit": unit} if unit else said
    wanted = request_letter.typed(visit.site, values, visit.now.date())
    with ExitStack() as stack:
        scan = visit.files.get("scan")
        letter = stack.enter_context(scan.as_file()) if scan and scan.name else None
        return letters.file_request(visit.desk, wanted, letter=letter).id


def kind_of(path: str) -> Literal["date", "number", "area", "text"]:
    """What is typed into a field of the letter."""
    if path in DATES:
        return "date"
    if path in NUMBERS:
        return "number"
    return "area" if path in AREAS else "text"


def may_file(visit: Visit) -> bool:
    """May the one who asks file a request?"""
    try:
        visit.desk.decider(("pemohon",), "request", own_unit(visit))
    except (NotNow, UsageError):
        return False
    return True


def own_unit(visit: Visit) -> str:
    """The name of the unit whose account this is; empty for a person's."""
    who: Principal | None = visit.who
    return visit.site.settings.units[who.unit].name if who and who.kind == "unit" else ""


def _shown(visit: Visit, *, kept: bool = False) -> Response:
    return page(
        visit,
        "request.html",
        status=status(visit.problem),
        sections=request_letter.form(visit.language),
        kind_of=kind_of,
        needed=NEEDED,
        hints=HINTS,
        unit=own_unit(visit),
        key=new_secret(),
        kept=kept,
    )
