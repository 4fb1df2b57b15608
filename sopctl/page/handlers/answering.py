"""The link in a message: a contact person answers once, without an account. GET asks and uses nothing up, because mail
scanners follow links; POST answers."""

from contextlib import ExitStack

from starlette.responses import Response

from sopctl.errors import SopctlError
from sopctl.page import acts
from sopctl.page.fields import Given
from sopctl.page.handlers.acting import do_once, status
from sopctl.page.rendering import page
from sopctl.page.visit import Visit, foreign_form, new_secret
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.page.database import Database
from sopctl.store.page.once import Once
from sopctl.workflow import accounts
from sopctl.workflow.deciding import Deciding
from sopctl.workflow.desk import Desk

FORM = acts.ACCESS


def answer(visit: Visit, link: str) -> Response:
    """`/tautan/LINK`."""
    book = Once(Database(visit.site))
    if visit.method == "POST":
        try:
            if not visit.own_form:
                raise foreign_form()
            key = visit.fields.get("key", "")[:100] or new_secret()
            do_once(visit, f"{visit.path} {key}", lambda: _said(visit, book, link))
            return page(visit, "answered.html")
        except SopctlError as error:
            visit.problem, visit.typed = error, visit.fields
    deposit_id = book.linked(link, visit.now.timestamp())
    if deposit_id is None:
        visit.problem = accounts.link_spent()
        return page(visit, "message.html", status=410, title="Tautan")
    return _asked(visit, dossiers.read(visit.site, deposit_id))


def _said(visit: Visit, book: Once, link: str) -> str:
    """Use the link up, and record what was answered by it. What cannot be recorded leaves the link as it was."""
    deposit_id = book.linked(link, visit.now.timestamp())
    if deposit_id is None:
        raise accounts.link_spent()
    contact = accounts.contact(visit.site, dossiers.read(visit.site, deposit_id))
    desk = Desk(visit.site, Deciding(contact), visit.clock)
    with ExitStack() as stack:
        given = Given(FORM.fields, visit.fields, visit.files, stack)
        if given.text("answer") and not book.use_link(link):
            raise accounts.link_spent()
        try:
            acts.say_access(desk, deposit_id, given)
        except BaseException:
            book.link(link, deposit_id, (visit.now + accounts.LINK).timestamp())
            raise
    return deposit_id


def _asked(visit: Visit, dossier: Dossier) -> Response:
    return page(visit, "answer.html", status=status(visit.problem), form=FORM, dossier=dossier, key=new_secret())
