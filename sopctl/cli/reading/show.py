"""`sopctl show`: one deposit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sopctl.cli import wording
from sopctl.cli.options import example, id_argument, json_option, open_desk
from sopctl.cli.render import console, lateness, put_json, table, waits
from sopctl.model.text import printable

if TYPE_CHECKING:
    from rich.console import Console

    from sopctl.workflow.views.board import Row


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
        deposit = details.record(dossier.deposit, personal=personal)
        said = {"deposit": deposit, "events": events, "late_steps": late, "documents": documents}
        beside = {"visits": about.visits, "maintenance": about.maintenance}
        papers = {"unsigned": dossier.summary.unsigned, "unclear": dossier.summary.unclear}
        put_json({"head": dossier.head, "standing": row, **said, **beside, **papers})
        return
    server, out = dossier.deposit.server, console()
    made_of = ", ".join(filter(None, (server.brand_model, dossier.summary.serial, row.platform)))
    out.print(f"{row.id}  {row.unit}: {server.name} ({made_of})", style="bold")
    out.print(f"stands at {row.standing}: {row.activity}{waits(row)}")
    if row.action:
        out.print(f"due {row.due or '–'} by {row.actor}{lateness(row)}:")
        click.echo(f"  {wording.line(row.action)}")  # never wrapped: half a command line must not run when it is pasted
    if row.why:
        out.print(f"  {row.why}")
    _put_followups(out, board.followups(desk, dossier.summary))
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
    made = table("no", "at", "step", "outcome", "by", "note")
    made.columns[1].no_wrap = made.columns[2].no_wrap = True
    days_late = {each.event: each.late_days for each in late}
    for event in events:
        mark = f" ({days_late[event.seq]} d late)" if event.seq in days_late else ""
        at = f"{event.at:%Y-%m-%d %H:%M}"
        made.add_row(
            str(event.seq),
            at,
            f"{event.procedure} {event.step}",
            event.outcome + mark,
            printable(details.decided_by(event, desk.site)),
            printable(event.note),
            style="red" if mark else None,
        )
    out.print(made)
    for visit in about.visits:
        who = ", ".join(visit.visit.visitors)
        out.print(f"visit {visit.id} {visit.since:%Y-%m-%d %H:%M}: {printable(who)}, {printable(visit.visit.purpose)}")
    for each in about.maintenance:
        out.print(f"maintenance {each.id} {each.when}: {printable(each.maintenance.reason)}")
    for document in documents:
        number = f"  {document.number}" if document.number else ""
        out.print(f"{document.state:<8} {document.file}{number}", style=None if document.state == "intact" else "red")


def _put_followups(out: "Console", rows: "Sequence[Row]") -> None:
    """What remains to be done after a correction or a move, with its command."""
    for each in rows:
        out.print(f"also to be done: {each.activity}")
        if each.action:
            click.echo(f"  {wording.line(each.action)}")
