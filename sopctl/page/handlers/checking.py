"""`/periksa`: anybody with a paper's file, or with the number that its QR code carries, learns whether it was issued,
signed, superseded, altered, or is unknown; and nothing else."""

import threading
from time import monotonic, sleep

from starlette.responses import Response

from sopctl.errors import SopctlError
from sopctl.model.principal import Principal
from sopctl.page.fields import missing
from sopctl.page.handlers.acting import status
from sopctl.page.rendering import page
from sopctl.page.visit import Visit, foreign_form
from sopctl.workflow.deciding import Deciding
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import integrity
from sopctl.workflow.papers.integrity import Numbered

_ONE_AT_A_TIME = threading.BoundedSemaphore(1)
"""A file is read whole: strangers wait for each other, and hold up nobody else."""


AT_LEAST = 0.25
"""Seconds that any answer about a number takes: how long it was looked for tells nobody whether there is one."""


def check(visit: Visit) -> Response:
    """Whoever asks; a stranger too."""
    found, numbered, number = None, None, visit.query.get("nomor", "")[:200]
    desk = Desk(visit.site, Deciding(Principal("page:periksa", "reader")), visit.clock)
    if visit.method == "GET" and number:
        numbered = _by_number(desk, number)
    if visit.method == "POST":
        try:
            if not visit.own_form:
                raise foreign_form()
            paper = visit.files.get("paper")
            if paper is None or not paper.content:
                raise missing("paper")
            with _ONE_AT_A_TIME, paper.as_file() as path:
                found = integrity.check_file(desk, path, named_alone=True)
        except SopctlError as error:
            visit.problem = error
    return page(visit, "check.html", status=status(visit.problem), found=found, numbered=numbered, number=number)


def _by_number(desk: Desk, number: str) -> Numbered:
    began = monotonic()
    with _ONE_AT_A_TIME:
        found = integrity.by_number(desk, number)
    sleep(max(0.0, began + AT_LEAST - monotonic()))
    return found
