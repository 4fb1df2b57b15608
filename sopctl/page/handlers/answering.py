"""The link in a message: a contact person answers once, without an account. GET asks and uses nothing up, because mail
scanners follow links; POST answers."""

from contextlib import ExitStack

from starlette.responses import Response

from sopctl.errors import SopctlError
from sopctl.page import acts
from sopctl.page.fields import Given
from sopctl.page.handlers.acting import status
from sopctl.page.rendering import page
from sopctl.page.visit import Visit, foreign_form
from sopctl.store import dossiers, versions
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
    deposit_id = book.linked(link, visit.now.timestamp())
    if deposit_id is None:
        visit.problem = accounts.link_spent()
        return page(visit, "message.html", status=410, title="Tautan")
    dossier = dossiers.read(visit.site, deposit_id)
    if visit.method == "GET":
        return _asked(visit, dossier)
    try:
        if not visit.own_form:
            raise foreign_form()
        desk = Desk(visit.site, Deciding(accounts.contact(visit.site, dossier)), visit.clock)
        with ExitStack() as stack:
            given = Given(FORM.fields, visit.fields, visit.files, stack)
            if given.text("answer") and not book.use_link(link):
                raise accounts.link_spent()
            try:
                acts.say_access(desk, deposit_id, given)
            except BaseException:
                book.link(link, deposit_id, (visit.now + accounts.LINK).timestamp())
                raise
    except SopctlError as error:
        visit.problem, visit.typed = error, visit.fields
        return _asked(visit, dossier)
    versions.commit(visit.site, "sopctl serve")
    return page(visit, "answered.html")


def _asked(visit: Visit, dossier: Dossier) -> Response:
    return page(visit, "answer.html", status=status(visit.problem), form=FORM, dossier=dossier)
