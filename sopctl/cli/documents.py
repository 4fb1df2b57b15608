"""The documents of a deposit: list and make them, and check that they are what was issued."""

from pathlib import Path

import click

from sopctl.cli.options import end, example, id_argument, json_option, lang_option, language_of, open_desk
from sopctl.cli.render import put_json
from sopctl.errors import UsageError
from sopctl.model.text import printable

output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file to write."
)
format_option = click.option(
    "--format", "kind", type=click.Choice(["pdf", "xlsx", "html"]), default="pdf", show_default=True
)


@click.group(epilog=example("sopctl document list PS-2026-0001"))
def document() -> None:
    """The documents of a deposit."""


@document.command("list", epilog=example("sopctl document list PS-2026-0001"))
@id_argument
@json_option
@click.pass_context
def list_documents(ctx: click.Context, deposit_id: str, *, as_json: bool) -> None:
    """Every document with its number and the step that made it."""
    _put(ctx, deposit_id, as_json=as_json)


@document.command(epilog=example("sopctl document verify PS-2026-0001", "sopctl document verify formulir.pdf"))
@click.argument("what", metavar="ID|FILE...", nargs=-1, required=True)
@json_option
@click.pass_context
def verify(ctx: click.Context, what: tuple[str, ...], *, as_json: bool) -> None:
    """Is a file the one that was issued, altered, or unknown? Of a deposit: are all of its documents intact?

    Exit 1: something is altered, missing or unknown.
    """
    from sopctl.workflow.papers import integrity

    files = [name for name in what if "/" in name or "." in name]
    if (files and len(files) < len(what)) or (not files and len(what) > 1):
        raise UsageError("name-one-deposit-files", "name one deposit, or files")
    if not files:
        end(_put(ctx, what[0], as_json=as_json))
    checked = [integrity.check_file(open_desk(ctx), Path(name)) for name in files]
    if as_json:
        put_json({"files": checked})
    for each in checked if not as_json else ():
        issued = f"  {each.deposit} {each.number} {each.at:%Y-%m-%d}" if each.at else f"  {each.deposit}"
        click.secho(f"{each.verdict:<8} {printable(each.file)}{issued.rstrip()}", fg=None if each.at else "red")
    end(all(each.verdict == "issued" for each in checked))


@document.group(epilog=example("sopctl document make sop penitipan"))
def make() -> None:
    """Make a document: the SOP, the request letter, a copy of a form to edit."""


@make.command(
    "sop",
    epilog=example("sopctl document make sop penitipan", "sopctl document make sop penitipan --deposit PS-2026-0001"),
)
@click.argument("name")
@click.option("--deposit", metavar="ID", help="With the way that this deposit went, dates, and where it stands.")
@output_option
@json_option
@click.pass_context
def make_sop(ctx: click.Context, name: str, *, deposit: str | None, output: Path | None, as_json: bool) -> None:
    """The SOP as the PDF that PermenPANRB 35/2012 prescribes: identity block and flow table."""
    from sopctl.workflow.papers import export

    _made(export.sop(open_desk(ctx), name, deposit=deposit, output=output), as_json=as_json)


@make.command(
    "letter",
    epilog=example(
        "sopctl document make letter",
        "sopctl document make letter --format xlsx --lang en",
        "sopctl document make letter --from request.yml",
    ),
)
@click.option(
    "--from", "filled", type=click.Path(path_type=Path, dir_okay=False), help="Filled in with this request's record."
)
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


@make.command(
    "inventory",
    epilog=example("sopctl document make inventory", "sopctl document make inventory --month 2026-10 --format xlsx"),
)
@click.option("--month", metavar="YYYY-MM", help="Which month [default: this one].")
@click.option("--format", "kind", type=click.Choice(["pdf", "xlsx"]), default="pdf", show_default=True)
@output_option
@json_option
@click.pass_context
def make_inventory(ctx: click.Context, *, month: str | None, kind: str, output: Path | None, as_json: bool) -> None:
    """The month's summary of all servers: what changed first, then the servers, charts and sums.

    As PDF for the file, as XLSX to sort and to count.
    """
    from sopctl.workflow.papers import export

    made = export.inventory_summary(open_desk(ctx), month, kind="xlsx" if kind == "xlsx" else "pdf", output=output)
    _made(made, as_json=as_json)


@make.command(
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


def _made(path: Path, *, as_json: bool) -> None:
    if as_json:
        put_json({"file": str(path)})
    else:
        click.echo(str(path))


def _put(ctx: click.Context, deposit_id: str, *, as_json: bool) -> bool:
    from sopctl.workflow.papers import integrity

    filed = integrity.documents(open_desk(ctx), deposit_id)
    if as_json:
        put_json({"documents": filed})
    else:
        for each in filed:
            colour = None if each.state == "intact" else "red"
            number = f"  {each.number}" if each.number else ""
            click.secho(f"{each.state:<8} {each.procedure} {each.step}{number}", fg=colour)
            click.echo(f"  {each.file}")
    return all(each.state == "intact" for each in filed)
