"""The acts: GET shows a form, POST does it, once."""

import time
from collections.abc import Callable
from contextlib import ExitStack

from starlette.responses import RedirectResponse, Response

from sopctl.errors import Conflict, InvalidRecord, NotNow, OutsideFailure, SopctlError
from sopctl.page import acts
from sopctl.page.fields import Form, Given
from sopctl.page.guard import POLICY
from sopctl.page.rendering import page
from sopctl.page.visit import FOREIGN_FORM, Refused, Visit, foreign_form, form_too_large, new_secret
from sopctl.store import versions
from sopctl.store.page.database import Database
from sopctl.store.page.once import Once
from sopctl.workflow.views import mine
from sopctl.workflow.views.offers import offers

WAIT_SECONDS = 10.0
"""How long the same form that is sent again waits for the first one: an act takes some tenths of a second."""
NOT_THEIRS = frozenset(
    {"decider-missing", "not-a-clerk", "offices-act", "other-units-step", "reader-decides-nothing", "role-not-held"}
)
"""The errors that say: it is not for this person to do."""


def act(visit: Visit, deposit_id: str, path: str) -> Response:
    """`/berkas/ID/PATH`."""
    _, dossier = mine.find(visit.desk, visit.sight, deposit_id)  # whoever may not see it learns nothing else
    found = acts.form_at(path)
    if found is None:
        raise mine.absent(deposit_id)
    form = found.of(dossier)
    if visit.method == "GET":
        return _shown(visit, form, deposit_id)

    def do() -> str:
        with ExitStack() as stack:
            given = Given(form.fields, visit.fields, visit.files, stack)
            form.do(visit.desk.having_seen({deposit_id: visit.fields.get("head", "")}), deposit_id, given)
        return f"/berkas/{deposit_id}?selesai={form.path}"

    return once(visit, do, lambda: _shown(visit, form, deposit_id))


def once(visit: Visit, do: Callable[[], str], again: Callable[[], Response]) -> Response:
    """Do what a form asks for, and show where that led; the same form sent twice is done once. What is refused is shown
    `again`, with what was typed."""
    if not visit.own_form:
        visit.note_refusal(FOREIGN_FORM)
        visit.problem, visit.typed = foreign_form(), visit.fields
        return again()
    try:
        if visit.cut:
            raise form_too_large()
        there = do_once(visit, f"{visit.path} {visit.fields.get('key', '')[:100]}", do)
    except SopctlError as error:
        visit.problem, visit.typed = error, visit.fields
        if error.id in NOT_THEIRS:
            raise Refused(error.id) from error
        return again()
    return RedirectResponse(there, 303)


def do_once(visit: Visit, key: str, do: Callable[[], str]) -> str:
    """Do something for the one who asks, once for each of their keys: what was done already is not done again. Returns
    where it led. Raises Conflict while it is still being done, and what `do` raises."""
    book, account = Once(Database(visit.site)), visit.account.name if visit.account else ""
    own = f"{account} {key}"
    there = _reserved(book, own, account, visit.now.timestamp())
    if there:
        return there
    if there is not None:
        raise Conflict(
            "sending-twice",
            "the same form is being recorded just now",
            remedy="Wait a moment, then look whether it is recorded, before you send anything again.",
        )
    try:
        there = do()
    except BaseException:
        book.release(own)
        raise
    book.done(own, there)
    versions.commit(visit.site, "sopctl serve")
    return there


def _reserved(book: Once, key: str, account: str, now: float) -> str | None:
    """As `Once.reserve`. Whoever clicks twice waits for what the first click leads to."""
    until = time.monotonic() + WAIT_SECONDS
    while (there := book.reserve(key, account, now)) == "" and time.monotonic() < until:
        time.sleep(0.05)
    return there


def status(error: SopctlError | None) -> int:
    """The HTTP status that says what kind of error it is."""
    match error:
        case None:
            return 200
        case NotNow(id=id) if id == FOREIGN_FORM:
            return 403
        case InvalidRecord(id="form-too-large"):
            return 413
        case NotNow() | Conflict():
            return 409
        case OutsideFailure():
            return 503
        case _:
            return 422


def _shown(visit: Visit, form: Form, deposit_id: str) -> Response:
    """The form; with what was typed, after a refusal. Its head is that of now: who sends it again saw this page."""
    row, dossier = mine.find(visit.desk, visit.sight, deposit_id)
    offered = any(each.path == form.path for each in acts.offered(dossier, offers(visit.desk, dossier).mine))
    answer = page(
        visit,
        "act.html",
        status=status(visit.problem) if visit.problem or offered else 409,
        form=form,
        row=row,
        dossier=dossier,
        key=new_secret(),
        offered=offered,
        shown=form.shows(visit.desk, dossier) if offered else None,
    )
    if form.draws:
        answer.headers["Content-Security-Policy"] = f"{POLICY}; script-src 'self'"
    return answer
