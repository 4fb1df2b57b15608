"""`sopctl show`: one deposit."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli import wording
from sopctl.cli.options import example, id_argument, json_option, open_desk, say
from sopctl.cli.render import console, here, lateness, put_followups, put_json, put_wrapped, waits
from sopctl.model.text import counted, printable

if TYPE_CHECKING:
    from sopctl.model.sop.history import Event
    from sopctl.workflow.desk import Desk
    from sopctl.workflow.papers.integrity import Document


@click.command("show", epilog=example("sopctl show PS-2026-0001", "sopctl show PS-2026-0001 --json --personal"))
@id_argument
@click.option("--personal", is_flag=True, help="Show phone numbers, e-mail addresses and NIP too.")
@json_option
@click.pass_context
def command(ctx: click.Context, deposit_id: str, *, personal: bool, as_json: bool) -> None:
    """One deposit: the request, where it stands, what happened, and its documents."""
    from sopctl.workflow.desk import by_hand
    from sopctl.workflow.papers import integrity
    from sopctl.workflow.views import board, details, house
    from sopctl.workflow.views.sla_report import late_steps

    desk = open_desk(ctx)
    row, dossier = board.show(desk, deposit_id)
    documents, events = integrity.documents(desk, deposit_id), details.events(dossier, personal=personal)
    about, late = house.about(desk, deposit_id), late_steps(desk, dossier)
    if as_json:
        from sopctl.cli.documents import board as board_document
        from sopctl.cli.documents.dossier import shown
        from sopctl.workflow.views import availability

        states, unread = availability.seen(desk.site)
        standing = board_document.deposit(row, states.get(deposit_id), desk.now().tzinfo)
        put_json(shown(standing, dossier, events, late, documents, about, unread, personal=personal))
        say(unread)
        return
    server, out = dossier.deposit.server, console()
    made_of = ", ".join(filter(None, (server.brand_model, dossier.summary.serial, row.platform)))
    out.print(f"{row.id}  {row.unit}: {server.name} ({made_of})", style="bold")
    out.print(f"status: {row.standing}: {row.activity}{waits(row)}")
    if row.action:
        out.print(f"due {row.due or '–'} by {row.actor}{lateness(row)}:")
        click.echo(f"  {wording.line(row.action)}")  # never wrapped: half a command line must not run when it is pasted
    if row.why:
        out.print(f"  {row.why}")
    put_followups(desk, deposit_id)
    if row.application or row.description:
        out.print(f"application: {': '.join(filter(None, (row.application, row.description)))}")
    if row.place:
        out.print(f"place: {row.place}")
    if row.valid_until:
        out.print(f"valid until {row.valid_until}")
    unsigned = [
        f"lacks signatures: {paper.kind} {paper.number}: {', '.join(paper.boxes)}" for paper in dossier.summary.unsigned
    ]
    unsigned += [
        f"not clear whether {asked.name} signed it: {asked.number} ({asked.box}, {asked.provider})"
        for asked in dossier.summary.unclear
    ]
    contacts = [f"{name} contact: {contact}" for name, contact in details.contacts(dossier.deposit, personal=personal)]
    for line in (*contacts, *map(printable, details.remarks(dossier)), *map(printable, unsigned)):
        out.print(line)
    for line in by_hand(dossier):
        out.print(f"edited by hand: {printable(line)}", style="red")
    _put_events(desk, events, {each.event: each.late_days for each in late})
    for visit in about.visits:
        who = ", ".join(visit.visit.visitors)
        out.print(f"visit {visit.id} {visit.since:%Y-%m-%d %H:%M}: {printable(who)}, {printable(visit.visit.purpose)}")
    for each in about.maintenance:
        out.print(f"maintenance {each.id} {each.when}: {printable(each.maintenance.reason)}")
    _put_documents(dossier.folder, documents)


def _put_events(desk: "Desk", events: "Sequence[Event]", days_late: "Mapping[int | None, int]") -> None:
    """What happened: a line each, and its note below it. What came late is marked."""
    from sopctl.workflow.views import details

    click.echo()
    for event in events:
        step = f"{event.procedure} {event.step}"
        by = printable(details.decided_by(event, desk.site))
        head = f"{event.seq:>3}  {event.at:%Y-%m-%d %H:%M}  {step:<15}  {event.outcome} – {by}"
        days = days_late.get(event.seq, 0)
        put_wrapped(head + (f"  LATE by {counted(days, 'day')}" if days else ""), " " * 24, fg="red" if days else None)
        if event.note:
            put_wrapped(f"     {printable(event.note)}", " " * 5)
    click.echo()


def _put_documents(folder: Path, documents: "Sequence[Document]") -> None:
    if documents:
        click.echo(f"in {here(folder)}:")
    for document in documents:
        number = f"  {document.number}" if document.number else ""
        file = Path(document.file)
        file = file.relative_to(folder) if file.is_relative_to(folder) else file
        put_wrapped(f"{document.state:<8} {file}{number}", " " * 9, fg=None if document.state == "intact" else "red")
