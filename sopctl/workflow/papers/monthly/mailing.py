"""The month's report by e-mail, to those whom sopctl.yml names (`report_to`), once to each.

That a report was sent is part of the register of the office's papers, and is recorded before the message is sent: no
crash sends it twice. A message that surely did not arrive is recorded too, and sent by the next run.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from sopctl.errors import SopctlError, UsageError
from sopctl.locale import Prose, Text
from sopctl.store import issued, locks
from sopctl.store.issued import Issued, SentTo
from sopctl.workflow.desk import Desk
from sopctl.workflow.messages import composing, sending
from sopctl.workflow.messages.sending import MayHaveArrived
from sopctl.workflow.papers.monthly import month_report
from sopctl.workflow.papers.monthly.month_report import IssuedReport

WAIT_SECONDS = 60.0


class Mailed(Struct, frozen=True):
    """One addressee: whether the message was sent now, or had been sent before (`already`); otherwise, why it was not,
    or may not have been."""

    name: str
    email: str
    sent: bool = False
    already: bool = False
    problem: Prose = ""


def mail_report(desk: Desk, month: str | None = None) -> tuple[IssuedReport, list[Mailed]]:
    """Issue the report of a month, by default the last one, and send it to each whom `report_to` names and who does not
    have it. What one addressee's server says does not stop the others.

    Raises UsageError where nobody is named, Conflict while another process sends it, and as `month_report.issue`.
    """
    to = desk.site.settings.report_to
    if not to:
        raise UsageError(
            "nobody-to-mail",
            "sopctl.yml names nobody to whom the month's report is sent",
            remedy="Name people with an e-mail address in report_to: [kadis, kabid].",
        )
    with locks.hold(desk.site.locks / "report-mail", Text("sending the report"), wait=WAIT_SECONDS):
        made = month_report.issue(desk, month or _last_month(desk.now()))
        return made, [_send(desk, made, name) for name in dict.fromkeys(to)]


def _last_month(now: datetime) -> str:
    year, month = (now.year, now.month - 1) if now.month > 1 else (now.year - 1, 12)
    return f"{year}-{month:02}"


def _send(desk: Desk, made: IssuedReport, name: str) -> Mailed:
    person = desk.site.settings.people[name]
    email = person.email or ""  # the settings have refused one without
    if _has_it(issued.read(desk.site), made.number, email):
        return Mailed(name, email, already=True)
    files = [Path(each) for each in made.files]
    values = {"month": made.month, "number": made.number, "figures": month_report.figures_of(desk, made.number)}
    try:
        message = composing.to_person(
            desk.site, person.name, email, desk.site.settings.language, "month-report", values
        )
        message_id = sending.new_id(desk.site, f"laporan.{made.month}.{name}", len(issued.read(desk.site)))
        ready = sending.by_email(desk.site, message, message_id, attached=files)
        _note(desk, made, SentTo(to=email, message_id=message_id))
        try:
            ready.send()
        except MayHaveArrived as error:
            return Mailed(name, email, problem=error.text)
        except SopctlError as error:
            _note(desk, made, SentTo(to=email, message_id=message_id, problem=error.message[:500]))
            raise
    except SopctlError as error:
        return Mailed(name, email, problem=error.text)
    return Mailed(name, email, sent=True)


def _has_it(every: Sequence[Issued], number: str, email: str) -> bool:
    """Was the report sent to this address, as far as its newest record says?"""
    newest: SentTo | None = None
    for each in every:
        if each.number == number and isinstance(each.sent, SentTo) and each.sent.to == email:
            newest = each.sent
    return newest is not None and not newest.problem


def _note(desk: Desk, made: IssuedReport, sent: SentTo) -> None:
    before = issued.read(desk.site)
    by = desk.deciding.anyone(desk.site.settings.people)
    new = Issued(len(before) + 1, f"LAPORAN-{made.month}", made.number, desk.now(), by, desk.typed, files=(), sent=sent)
    issued.issue(desk.site, before, new, {})
