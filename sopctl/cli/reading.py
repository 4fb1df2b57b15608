"""Reading a site: list, show, todo."""

from typing import TYPE_CHECKING, Any

import click

from sopctl.cli.options import end_with, example, id_argument, json_option, open_desk
from sopctl.cli.render import console, put_json, table
from sopctl.errors import UsageError
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.views.board import Row

COLUMNS = (
    "id",
    "unit",
    "server",
    "place",
    "standing",
    "activity",
    "actor",
    "due",
    "waiting",
    "valid_until",
    "platform",
)
"""The columns that `list --columns` knows."""


@click.command("list", epilog=example("sopctl list", "sopctl list --state late --unit kesehatan", "sopctl list --json"))
@click.option(
    "--state",
    type=click.Choice(["open", "late", "waiting", "held", "closed", "all"]),
    default="open",
    show_default=True,
    help="Which deposits.",
)
@click.option("--unit", default="", help="Only units whose name has this in it.")
@click.option("--rack", default="", help="Only those in this rack.")
@click.option("--procedure", default="", help="Only those in this procedure.")
@click.option("--step", type=int, help="Only those at this step.")
@click.option("--search", default="", metavar="TEXT", help="Only rows with this text in them.")
@click.option("--columns", metavar="A,B,…", help=f"A table with these columns: {', '.join(COLUMNS)}.")
@click.option("--sort", type=click.Choice(COLUMNS), default="id", show_default=True, help="By which column.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
@json_option
@click.pass_context
def list_deposits(
    ctx: click.Context,
    *,
    state: str,
    unit: str,
    rack: str,
    procedure: str,
    step: int | None,
    search: str,
    columns: str | None,
    sort: str,
    limit: int | None,
    as_json: bool,
) -> None:
    """The board: every deposit, where it stands, and whose turn it is.

    A dossier that is broken is named on standard error, and the exit code is 3.
    """
    from sopctl.workflow.views import board

    chosen = _columns(columns)
    which = next(each for each in board.STATES if each == state)
    query = board.Query(which, unit, rack, procedure, step, search)
    found = board.board(open_desk(ctx), query)
    rows = sorted(found.rows, key=lambda row: str(getattr(row, sort) or "\uffff"))[:limit]
    if as_json:
        put_json({"deposits": rows, "errors": [_error(error) for error in found.errors]})
    elif chosen:
        put_columns(rows, chosen)
    elif rows:
        put_board(rows)
    else:
        click.echo("No deposits. File a request: sopctl request --example > request.yml")
    end_with(found.errors)


@click.command(epilog=example("sopctl todo", "sopctl todo --actor kadis --late"))
@click.option("--actor", help="Only steps of this actor, and those escalated to them: pemohon, kadis, kabid, ….")
@click.option("--late", is_flag=True, help="Only what is late.")
@json_option
@click.pass_context
def todo(ctx: click.Context, *, actor: str | None, late: bool, as_json: bool) -> None:
    """What is due: each open step with its actor, its due date and the exact command to run."""
    from sopctl.workflow.views import board

    found = board.todo(open_desk(ctx), actor=actor, late=late)
    if as_json:
        put_json({"steps": found.rows, "errors": [_error(error) for error in found.errors]})
        end_with(found.errors)
        return
    if not found.rows:
        click.echo("Nothing is due.")
    for row in found.rows:
        due = f", until {row.due:%Y-%m-%d}" if row.due else ""
        what = row.activity if row.kind == "validity" else f"{row.standing}: {row.activity}"
        click.echo(f"{row.id}  {printable(what)}\n  {row.actor}{due}{_lateness(row)}\n  $ {row.command}")
    end_with(found.errors)


@click.command(epilog=example("sopctl show PS-2026-0001", "sopctl show PS-2026-0001 --json --personal"))
@id_argument
@click.option("--personal", is_flag=True, help="Show phone numbers, e-mail addresses and NIP too.")
@json_option
@click.pass_context
def show(ctx: click.Context, deposit_id: str, *, personal: bool, as_json: bool) -> None:
    """One deposit: the request, where it stands, what happened, and its documents."""
    from sopctl.workflow.papers import filing
    from sopctl.workflow.steps import editing
    from sopctl.workflow.views import board

    desk = open_desk(ctx)
    row, dossier = board.show(desk, deposit_id)
    documents, events = filing.documents(desk, deposit_id), filing.told(dossier, personal=personal)
    if as_json:
        deposit = filing.record(dossier.deposit, personal=personal)
        put_json({"standing": row, "deposit": deposit, "events": events, "documents": documents})
        return
    server, out = dossier.deposit.server, console()
    made_of = ", ".join(filter(None, (server.brand_model, server.serial, row.platform)))
    out.print(f"{row.id}  {row.unit}: {server.name} ({made_of})", style="bold")
    out.print(f"stands at {row.standing}: {row.activity}{_waits(row)}")
    if row.command:
        out.print(f"due {row.due or '–'} by {row.actor}{_lateness(row)}: {row.command}")
    if row.why:
        out.print(f"  {row.why}")
    if row.place:
        out.print(f"place: {row.place}")
    if row.valid_until:
        out.print(f"valid until {row.valid_until}")
    for name, contact in filing.contacts(dossier.deposit, personal=personal):
        out.print(f"{name} contact: {contact}")
    for line in editing.by_hand(dossier):
        out.print(f"edited by hand: {printable(line)}", style="red")
    made = table("no", "at", "step", "outcome", "by", "note")
    made.columns[1].no_wrap = made.columns[2].no_wrap = True
    for event in events:
        at = f"{event.at:%Y-%m-%d %H:%M}"
        made.add_row(
            str(event.seq),
            at,
            f"{event.procedure} {event.step}",
            event.outcome,
            printable(filing.decided_by(event)),
            printable(event.note),
        )
    out.print(made)
    for document in documents:
        number = f"  {document.number}" if document.number else ""
        out.print(f"{document.state:<8} {document.file}{number}", style=None if document.state == "intact" else "red")


def put_board(rows: "list[Row]") -> None:
    """The board: two lines a deposit, so that nothing is cut on a terminal of 80 columns."""
    wide = max(len(row.server) for row in rows)
    plain, late = (click.style("\0", bold=True, fg=colour).split("\0") for colour in (None, "red"))
    lines = []
    for row in rows:
        due = f"until {row.due:%Y-%m-%d}" if row.due else ""
        head = f"{row.id:<13} {row.server:<{wide}}  {row.place:<15} {row.standing:<15} {due}"
        begin, end = late if row.late else plain
        lines.append(f"{begin}{head.rstrip()}{end}")
        who = f" ({row.actor})" if row.actor and not row.waiting else ""
        lines.append(f"  {printable(row.unit)}: {row.activity}{who}{_waits(row)}{_lateness(row)}")
    click.echo("\n".join(lines))


def put_columns(rows: "list[Row]", columns: tuple[str, ...]) -> None:
    """The rows as a table with the columns asked for."""
    made = table(*columns)
    for row in rows:
        made.add_row(*(printable(_cell(getattr(row, column))) for column in columns))
    console().print(made)


def _columns(text: str | None) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",")) if text else ()
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise UsageError(
            "no-column", "there is no column {unknown!r}", remedy=f"There are: {', '.join(COLUMNS)}", unknown=unknown[0]
        )
    return names


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def _lateness(row: "Row") -> str:
    if not row.late:
        return ""
    days = f"{row.late_days} day{'s' if row.late_days != 1 else ''}"
    to = f", escalated to {row.escalated_to}" if row.escalated_to else ""
    return click.style(f" LATE by {days}{to}", fg="red", bold=True)


def _error(error: Any) -> dict[str, str]:
    return {"message": error.message, "where": error.where, "remedy": error.advice}


def _waits(row: "Row") -> str:
    """What a row waits for, in words."""
    words = {
        "": "",
        "month": " – again next month",
        "hold": " – on hold",
        "decision": " – waits for a decision",
        "unfinished": " – begun and not finished, run it again",
    }
    return words.get(row.waiting, f" – waits for {row.waiting.replace('person', 'a person')}")
