"""`sopctl document make`: the SOP, the request letter, copies and summaries."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

from sopctl.cli.language import _
from sopctl.cli.options import (
    DEPOSIT,
    FILE,
    decider_options,
    end_with,
    example,
    id_argument,
    json_option,
    lang_option,
    language_of,
    month_option,
    open_desk,
    seen_option,
)
from sopctl.cli.passwords import Given, password_options
from sopctl.cli.render import here, put_json, put_step
from sopctl.cli.tree import Group
from sopctl.errors import SopctlError

output_option = click.option("-o", "--output", type=FILE, help="The file to write.")
format_option = click.option(
    "--format", "kind", type=click.Choice(["pdf", "xlsx", "html"]), default="pdf", show_default=True
)


@click.group("make", cls=Group, epilog=example("sopctl document make sop penitipan"))
def command() -> None:
    """Make a document: the SOP, the request letter, a copy of a form to edit."""


@command.command(
    "sop",
    epilog=example("sopctl document make sop penitipan", "sopctl document make sop penitipan --deposit PS-2026-0001"),
)
@click.argument("name")
@click.option("--deposit", type=DEPOSIT, metavar="ID", help="With the way this deposit went, its dates and standing.")
@output_option
@json_option
@click.pass_context
def make_sop(ctx: click.Context, name: str, *, deposit: str | None, output: Path | None, as_json: bool) -> None:
    """The SOP as the PDF that PermenPANRB 35/2012 prescribes: identity block and flow table."""
    from sopctl.workflow.papers import export

    _made(export.sop(open_desk(ctx), name, deposit=deposit, output=output), as_json=as_json)


@command.command(
    "letter",
    epilog=example(
        "sopctl document make letter",
        "sopctl document make letter --format xlsx --lang en",
        "sopctl document make letter --from request.yml",
    ),
)
@click.option("--from", "filled", type=FILE, help="Filled in from this request's record.")
@format_option
@lang_option
@output_option
@json_option
@click.pass_context
def make_letter(
    ctx: click.Context, *, filled: Path | None, kind: str, lang: str | None, output: Path | None, as_json: bool
) -> None:
    """The request letter (surat permohonan) for a unit to fill in.

    Filled in as XLSX, it can be filed: sopctl request FILE.xlsx.
    """
    from sopctl.workflow.papers import export

    chosen = next(each for each in export.FORMATS if each == kind)
    language = language_of(lang)
    _made(export.letter(open_desk(ctx), kind=chosen, output=output, language=language, filled=filled), as_json=as_json)


@command.command(
    "inventory",
    epilog=example("sopctl document make inventory", "sopctl document make inventory --month 2026-10 --format xlsx"),
)
@month_option
@click.option("--format", "kind", type=click.Choice(["pdf", "xlsx"]), default="pdf", show_default=True)
@output_option
@json_option
@click.pass_context
def make_inventory(ctx: click.Context, *, month: str | None, kind: str, output: Path | None, as_json: bool) -> None:
    """The month's summary of all servers: what changed first, then the servers, charts and sums.

    PDF is for filing, XLSX for sorting and counting. A broken dossier is named there and on standard error, and the
    exit code is then 3.
    """
    from sopctl.workflow.papers import export

    chosen: Literal["pdf", "xlsx"] = "xlsx" if kind == "xlsx" else "pdf"
    made, errors = export.inventory_summary(open_desk(ctx), month, kind=chosen, output=output)
    if as_json:
        _put_file(made, errors)
    else:
        click.echo(here(made))
    end_with(errors)


@command.command(
    "guestbook",
    epilog=example("sopctl document make guestbook", "sopctl document make guestbook --month 2026-10 --format xlsx"),
)
@month_option
@click.option("--format", "kind", type=click.Choice(["pdf", "xlsx"]), default="pdf", show_default=True)
@output_option
@json_option
@click.pass_context
def make_guestbook(ctx: click.Context, *, month: str | None, kind: str, output: Path | None, as_json: bool) -> None:
    """The month's guest book (buku tamu): who was in the server room, with whom, and what was carried in and out."""
    from sopctl.workflow.papers import export

    chosen: Literal["pdf", "xlsx"] = "xlsx" if kind == "xlsx" else "pdf"
    _made(export.guest_book(open_desk(ctx), month, kind=chosen, output=output), as_json=as_json)


@command.command(
    "handover",
    epilog=example(
        "sopctl document make handover PS-2026-0001 --format xlsx",
        "sopctl document make handover PS-2026-0001 --lang en",
    ),
)
@id_argument
@format_option
@lang_option
@output_option
@json_option
@click.pass_context
def make_handover(
    ctx: click.Context, deposit_id: str, *, kind: str, lang: str | None, output: Path | None, as_json: bool
) -> None:
    """A copy of the newest hand-over form, to edit or in English; the one that was issued stays what it is."""
    from sopctl.workflow.papers import export

    chosen = next(each for each in export.FORMATS if each == kind)
    made = export.handover_copy(
        open_desk(ctx), deposit_id, kind=chosen, output=output, language=language_of(lang) if lang else None
    )
    _made(made, as_json=as_json)


@command.command(
    "consent",
    epilog=example("sopctl document make consent PS-2026-0001"),
)
@id_argument
@password_options
@decider_options
@seen_option
@json_option
@click.pass_context
def make_consent(
    ctx: click.Context,
    deposit_id: str,
    *,
    ask_password: bool,
    password_file: Path | None,
    keyring: str | None,
    as_json: bool,
) -> None:
    """The consent sheet for the owner to sign: what a configuration will change on the server.

    The server is looked at, as by configure --check. Nothing is changed there; the sheet is kept in the dossier.
    """
    from sopctl.workflow.steps import previewing

    desk, given = open_desk(ctx), Given(ask_password, password_file, keyring)
    password = given.password(desk, deposit_id) if given.any else None
    put_step(previewing.issue(desk, deposit_id, password=password), as_json=as_json)


@command.command(
    "report",
    epilog=example("sopctl document make report --month 2026-10", "sopctl document make report --month 2026-10 --json"),
)
@month_option
@decider_options
@json_option
@click.pass_context
def make_report(ctx: click.Context, *, month: str | None, as_json: bool) -> None:
    """The month's report for the head to sign, as PDF and XLSX: servers in and out, the waiting list, late steps,
    availability, inventories done and missed, changes, alarms, and deposits that end soon.

    It is issued: numbered, kept in reports/, noted in the journal. Asked for again, the same report is given; if
    something is new about the month, another one is issued that names the one before.

    A broken dossier is named in it and on standard error, and the exit code is then 3. A report that lacks one replaces
    no whole one of a month that has passed.
    """
    from sopctl.workflow.papers.monthly import month_report

    made = month_report.issue(open_desk(ctx), month)
    if as_json:
        from sopctl.cli.documents import reading

        put_json(reading.monthly_report(made))
        end_with(made.errors)
        return
    click.echo(made.number if made.new else _("{number} (issued before)", number=made.number))
    for file in made.files:
        click.echo(here(file))
    end_with(made.errors)


@command.command(
    "sanitisation",
    epilog=example(
        "sopctl document make sanitisation PS-2026-0001", "sopctl document make sanitisation PS-2026-0001 --lang en"
    ),
)
@id_argument
@lang_option
@decider_options
@seen_option
@json_option
@click.pass_context
def make_sanitisation(ctx: click.Context, deposit_id: str, *, lang: str | None, as_json: bool) -> None:
    """The certificate of what became of a server's disks (NIST SP 800-88), kept in the dossier.

    It names the disks that it does not cover.
    """
    from sopctl.workflow.house import sanitising

    put_step(sanitising.certify(open_desk(ctx), deposit_id, language=language_of(lang)), as_json=as_json)


def _made(path: Path, *, as_json: bool) -> None:
    if as_json:
        _put_file(path)
    else:
        click.echo(here(path))


def _put_file(path: Path, errors: Sequence[SopctlError] = ()) -> None:
    from sopctl.cli.documents import reading

    put_json(reading.written(path, errors))
