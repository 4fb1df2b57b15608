"""`/periksa`: anybody with a paper's file learns whether it was issued, altered, or is unknown; and nothing else."""

import threading

from starlette.responses import Response

from sopctl.errors import SopctlError, UsageError
from sopctl.model.principal import Principal
from sopctl.page.handlers.acting import status
from sopctl.page.rendering import page
from sopctl.page.visit import Visit, foreign_form
from sopctl.workflow.deciding import Deciding
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import integrity

_ONE_AT_A_TIME = threading.BoundedSemaphore(1)
"""A file is read whole: strangers wait for each other, and hold up nobody else."""


def check(visit: Visit) -> Response:
    """Whoever asks; a stranger too."""
    found = None
    if visit.method == "POST":
        try:
            if not visit.own_form:
                raise foreign_form()
            paper = visit.files.get("paper")
            if paper is None or not paper.content:
                raise UsageError("field-missing", "{field} is missing", field="paper")
            desk = Desk(visit.site, Deciding(Principal("page:periksa", "reader")), visit.clock)
            with _ONE_AT_A_TIME, paper.as_file() as path:
                found = integrity.check_file(desk, path, named_alone=True)
        except SopctlError as error:
            visit.problem = error
    return page(visit, "check.html", status=status(visit.problem), found=found)
