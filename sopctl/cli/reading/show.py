"""`sopctl show`: one deposit."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli import wording
from sopctl.cli.language import _, ngettext, said
from sopctl.cli.options import example, id_argument, json_option, open_desk, say
from sopctl.cli.render import console, here, lateness, place_of, put_followups, put_json, put_wrapped, waits
from sopctl.locale import gettext_noop, joined
from sopctl.model.signing.signatories import SIGNERS
from sopctl.model.sop.signing import PAPERS
from sopctl.model.text import printable

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
    out.print(_("status: {standing}: {activity}", standing=row.standing, activity=row.activity) + waits(row))
    if row.action:
        out.print(_("due {day} by {actor}{late}:", day=row.due or "–", actor=row.actor, late=lateness(row)))
        click.echo(f"  {wording.line(row.action)}")  # never wrapped: half a command line must not run when it is pasted
    if row.why:
        out.print(f"  {said(row.why)}")
    put_followups(desk, deposit_id)
    if row.application or row.description:
        out.print(_("application: {what}", what=": ".join(filter(None, (row.application, row.description)))))
    if row.place:
        out.print(_("place: {place}", place=place_of(row.place)))
    if row.valid_until:
        out.print(_("valid until {day}", day=row.valid_until))
    unsigned = [
        _(
            "lacks signatures: {kind} {number}: {boxes}",
            kind=PAPERS[paper.kind],
            number=paper.number,
            boxes=joined(", ", (SIGNERS[box] for box in paper.boxes)),
        )
        for paper in dossier.summary.unsigned
    ]
    unsigned += [
        _(
            "not clear whether {name} signed it: {number} ({box}, {provider})",
            name=asked.name,
            number=asked.number,
            box=SIGNERS.get(asked.box, asked.box),
            provider=asked.provider,
        )
        for asked in dossier.summary.unclear
    ]
    heads = {
        "administrative": gettext_noop("administrative contact: {who}"),
        "technical": gettext_noop("technical contact: {who}"),
    }
    contacts = [_(heads[kind], who=who) for kind, who in details.contacts(dossier.deposit, personal=personal)]
    remarks = map(printable, map(said, details.remarks(dossier)))
    for line in (*contacts, *remarks, *map(printable, unsigned)):
        out.print(line)
    for line in by_hand(dossier):
        out.print(_("edited by hand: {what}", what=printable(line)), style="red")
    _put_events(desk, events, {each.event: each.late_days for each in late})
    for visit in about.visits:
        who = ", ".join(visit.visit.visitors)
        out.print(
            _(
                "visit {id} {time}: {who}, {purpose}",
                id=visit.id,
                time=f"{visit.since:%Y-%m-%d %H:%M}",
                who=printable(who),
                purpose=printable(visit.visit.purpose),
            )
        )
    for each in about.maintenance:
        why = printable(each.maintenance.reason)
        out.print(_("maintenance {id} {time}: {reason}", id=each.id, time=each.when, reason=why))
    _put_documents(dossier.folder, documents)


def _put_events(desk: "Desk", events: "Sequence[Event]", days_late: "Mapping[int | None, int]") -> None:
    """What happened: a line each, and its note below it. What came late is marked."""
    from sopctl.workflow.messages.words import in_note
    from sopctl.workflow.views import details

    click.echo()
    for event in events:
        step = f"{event.procedure} {event.step}"
        by = printable(details.decided_by(event, desk.site))
        head = f"{event.seq:>3}  {event.at:%Y-%m-%d %H:%M}  {step:<15}  {said(event.outcome)} – {by}"
        days = days_late.get(event.seq, 0)
        late = "  " + ngettext("LATE by {number} day", "LATE by {number} days", days) if days else ""
        put_wrapped(head + late, " " * 24, fg="red" if days else None)
        if event.note:
            put_wrapped(f"     {printable(in_note(event.note, details=True))}", " " * 5)
    click.echo()


def _put_documents(folder: Path, documents: "Sequence[Document]") -> None:
    if documents:
        click.echo(_("in {folder}:", folder=here(folder)))
    for document in documents:
        number = f"  {document.number}" if document.number else ""
        file = Path(document.file)
        file = file.relative_to(folder) if file.is_relative_to(folder) else file
        put_wrapped(
            f"{said(document.state):<8} {file}{number}", " " * 9, fg=None if document.state == "intact" else "red"
        )
