"""`sopctl visit`: who is in the server room."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from sopctl.cli.language import _, said
from sopctl.cli.options import DEPOSIT, TEXT, When, by_option, example, json_option, lacks, month_option, open_desk
from sopctl.cli.render import console, put_json, table
from sopctl.cli.tree import Group
from sopctl.locale import gettext_noop
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.model.house.visits import Visit, VisitState

STATES = (gettext_noop("announced"), gettext_noop("inside"), gettext_noop("left"))
"""What a visit may be, for who words it."""
MOMENT = When("YYYY-MM-DD HH:MM", "YYYY-MM-DDTHH:MM", "YYYY-MM-DD")


@click.group("visit", cls=Group, epilog=example("sopctl visit list"))
def command() -> None:
    """Visits to the server room: announced, in, out (buku tamu)."""


def _who(command: Any) -> Any:
    """Who comes, and what for."""
    options = (
        click.option("--who", "visitors", type=TEXT, multiple=True, metavar="NAME", help="A visitor; once for each."),
        click.option("--from", "organisation", type=TEXT, default="", metavar="UNIT", help="Where they are from."),
        click.option("--purpose", type=TEXT, default="", help="What for."),
        click.option(
            "--deposit", "deposits", type=DEPOSIT, multiple=True, metavar="ID", help="A deposit that it is about."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _carried_options(command: Any) -> Any:
    for option in (
        click.option("--nothing", is_flag=True, help="They were asked, and carry nothing."),
        click.option("--carried", type=TEXT, multiple=True, metavar="THING", help="What they carry; once for each."),
    ):
        command = option(command)
    return command


@command.command(
    "announce",
    epilog=example(
        'sopctl visit announce --who "Administrator Sistem" --from "Dinas Contoh" --purpose "ganti disk" '
        '--deposit PS-2026-0001 --on "2030-01-15 09:00"'
    ),
)
@_who
@click.option("--on", "expected", type=MOMENT, help="When they are expected.")
@by_option
@json_option
@click.pass_context
def announce(ctx: click.Context, /, *, expected: datetime | None, as_json: bool, **said: Any) -> None:
    """Note a visit that someone announced. Its number is what `sopctl visit in` takes."""
    from msgspec.structs import replace

    from sopctl.workflow.house import visits

    desk = open_desk(ctx)
    when = expected.replace(tzinfo=desk.now().tzinfo) if expected else None
    _put(visits.announce(desk, replace(_visit(said), expected=when)), as_json=as_json)


@command.command(
    "in",
    epilog=example(
        'sopctl visit in K-2026-0001 --identity KTP --escort staf --carried "disk 480 GB"',
        'sopctl visit in --who "Teknisi AC" --from "CV Contoh" --purpose "perawatan AC" --identity KTP --escort staf '
        "--nothing",
    ),
)
@click.argument("visit", metavar="[VISIT]", required=False)
@_who
@click.option("--identity", type=TEXT, default="", help="Which paper they showed: its kind, not its number.")
@click.option("--escort", default="", metavar="PERSON", help="Who of the office goes with them.")
@_carried_options
@click.option("--at", type=MOMENT, help="When, in this month [default: now].")
@by_option
@json_option
@click.pass_context
def come_in(
    ctx: click.Context,
    /,
    *,
    visit: str | None,
    identity: str,
    escort: str,
    at: datetime | None,
    as_json: bool,
    **said: Any,
) -> None:
    """Visitors come in: of an announced visit, or of one that nobody announced."""
    from sopctl.workflow.house import visits

    if visit and (said["visitors"] or said["organisation"] or said["purpose"] or said["deposits"]):
        raise lacks("--who", _("a visit that was not announced"), remedy="An announced one has its own.")
    came = visits.come_in(
        open_desk(ctx),
        identity=identity,
        escort=escort,
        carried=_carried(said),
        announced=visit or "",
        visit=None if visit else _visit(said),
        at=at,
    )
    _put(came, as_json=as_json)


@command.command("out", epilog=example('sopctl visit out K-2026-0001 --carried "disk rusak"'))
@click.argument("visit", metavar="VISIT")
@_carried_options
@click.option("--at", type=MOMENT, help="When, in this month [default: now].")
@by_option
@json_option
@click.pass_context
def go_out(ctx: click.Context, /, *, visit: str, at: datetime | None, as_json: bool, **said: Any) -> None:
    """Visitors go out, with what they carry."""
    from sopctl.workflow.house import visits

    _put(visits.go_out(open_desk(ctx), visit, carried=_carried(said), at=at), as_json=as_json)


@command.command("list", epilog=example("sopctl visit list", "sopctl visit list --month 2026-11 --json"))
@month_option
@json_option
@click.pass_context
def list_visits(ctx: click.Context, *, month: str | None, as_json: bool) -> None:
    """Who is expected and who is inside; with --month, everyone who was in the room then."""
    from sopctl.store import books
    from sopctl.workflow.views import house

    desk = open_desk(ctx)
    if month:
        found = house.guest_book(desk, month)[1]
    else:
        found = [each for each in books.all_visits(desk.site) if each.status != "left"]
    if as_json:
        _put_visits(found)
        return
    if not found:
        click.echo(
            _("Nobody was in the server room in {month}.", month=month)
            if month
            else _("Nobody is expected, and nobody is inside.")
        )
        return
    made = table(_("visit"), _("who"), _("what for"), _("state"), _("with"), _("since"), _("out"))
    for each in found:
        escort = each.arrival.escort if each.arrival else ""
        out = f"{each.departure.at:%Y-%m-%d %H:%M}" if each.departure else ""
        who, what = _names(each), "; ".join((each.visit.purpose, *each.visit.deposits))
        made.add_row(
            each.id, printable(who), printable(what), said(each.status), escort, f"{each.since:%Y-%m-%d %H:%M}", out
        )
    console().print(made)


def _visit(said: dict[str, Any]) -> "Visit":
    from sopctl.model.house.visits import Visit

    return Visit(said["visitors"], said["purpose"], said["organisation"], said["deposits"])


def _carried(said: dict[str, Any]) -> tuple[str, ...] | None:
    if said["nothing"] and said["carried"]:
        raise lacks("--nothing", _("no --carried"), remedy="Leave one of the two out.")
    return said["carried"] or (() if said["nothing"] else None)


def _names(each: "VisitState") -> str:
    return ", ".join(each.visit.visitors) + (f" ({each.visit.organisation})" if each.visit.organisation else "")


def _put_visits(found: "Sequence[VisitState]") -> None:
    from sopctl.cli.documents.dossier import visited
    from sopctl.cli.documents.house import Visits

    put_json(Visits(visits=list(map(visited, found))))


def _put(each: "VisitState", *, as_json: bool) -> None:
    if as_json:
        _put_visits([each])
        return
    click.echo(f"{each.id}  {printable(_names(each))}: {printable(each.visit.purpose)} ({said(each.status)})")
    if each.status != "left":
        word = "in" if each.status == "announced" else "out"
        rest = " " + _("--identity <which paper> --escort <person>") if word == "in" else ""
        click.echo("  " + _("next: {command}", command=f"sopctl visit {word} {each.id}{rest}"))
