"""`sopctl list`: the board."""

from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _
from sopctl.cli.options import end_with, example, json_option, open_desk, say
from sopctl.cli.render import console, lateness, place_of, put_advice, put_json, styled, table, waits, width, wrapped
from sopctl.errors import UsageError
from sopctl.locale import Text
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
    "application",
    "description",
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
@click.option("--unit", default="", help="Only units whose name contains this.")
@click.option("--rack", default="", help="Only those in this rack.")
@click.option("--procedure", default="", help="Only those in this procedure.")
@click.option("--step", type=int, help="Only those at this step.")
@click.option("--search", default="", metavar="TEXT", help="Only rows that contain this text.")
@click.option("--columns", metavar="A,B,…", help=f"A table with these columns: {', '.join(COLUMNS)}.")
@click.option("--sort", type=click.Choice(COLUMNS), default="id", show_default=True, help="Sort by this column.")
@click.option("--limit", type=click.IntRange(1), help="At most this many rows.")
@json_option
@click.pass_context
def command(
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

    A broken dossier is named on standard error, and the exit code is then 3.
    """
    from sopctl.workflow.views import board

    chosen = _columns(columns)
    which = next(each for each in board.STATES if each == state)
    query = board.Query(which, unit, rack, procedure, step, search)
    desk = open_desk(ctx)
    found = board.board(desk, query)
    rows = found.rows if sort == "id" else sorted(found.rows, key=lambda row: str(getattr(row, sort) or "\uffff"))
    rows = rows[:limit]
    if as_json:
        from sopctl.cli.documents.board import deposits
        from sopctl.workflow.views import availability

        states, unread = availability.seen(desk.site)
        put_json(deposits(rows, states, [*found.errors, *unread], desk.now().tzinfo))
        say(unread)
    elif chosen:
        put_columns(rows, chosen)
    elif rows:
        put_board(rows)
    else:
        put_advice(_("No deposits. File a request: sopctl request --example > request.yml"))
    end_with(found.errors)


def put_board(rows: "list[Row]") -> None:
    """The board: two lines per deposit, so that nothing is cut off on a terminal of 80 columns."""
    places, steps = [place_of(row.place) for row in rows], [row.standing for row in rows]
    server, place, step = (max(map(len, column)) for column in ([row.server for row in rows], places, steps))
    plain, late = (styled("\0", bold=True, fg=colour).split("\0") for colour in (None, "red"))
    lines, room = list[str](), width()
    until = {day: _("until {day}", day=day) if day else "" for day in {row.due for row in rows}}  # few days, many rows
    for row, where, stand in zip(rows, places, steps, strict=True):
        # ljust: a width within braces takes twice as long
        head = f"{row.id.ljust(13)} {row.server.ljust(server)}  {where.ljust(place)}  {stand.ljust(step)}  "
        head = (head + until[row.due]).rstrip()
        begin, end = late if row.late else plain
        if room and len(head) > room:
            lines += [f"{begin}{line}{end}" for line in wrapped(head, room, " " * 14)]
        else:
            lines.append(f"{begin}{head}{end}")
        who = f" ({row.actor})" if row.actor and not row.waiting else ""
        lines += wrapped(f"  {printable(row.unit)}: {row.activity}{who}{waits(row)}{lateness(row)}", room)
    click.echo("\n".join(lines))


def put_columns(rows: "list[Row]", columns: tuple[str, ...]) -> None:
    """The rows as a table with the columns asked for."""
    made = table(*columns)
    for row in rows:
        made.add_row(*(printable(_cell(row, column)) for column in columns))
    console().print(made)


def _columns(text: str | None) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",")) if text else ()
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise UsageError(
            "no-such-column",
            "there is no column {column!r}",
            remedy=Text("There are: {names}", names=", ".join(COLUMNS)),
            column=unknown[0],
        )
    return names


def _cell(row: "Row", column: str) -> str:
    value = place_of(row.place) if column == "place" else getattr(row, column)
    return "" if value is None else str(value)
