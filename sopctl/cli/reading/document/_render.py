"""What the document commands print."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sopctl.cli.options import open_desk, say
from sopctl.cli.render import error_document, put_json

if TYPE_CHECKING:
    from sopctl.workflow.papers.integrity import Document


def put_documents(ctx: click.Context, deposit_id: str, *, as_json: bool) -> bool:
    """A deposit's documents. Are all of them intact?"""
    from sopctl.workflow.papers import integrity

    filed = integrity.documents(open_desk(ctx), deposit_id)
    if as_json:
        put_json({"documents": filed})
    else:
        _lines(filed)
    return all(each.state == "intact" for each in filed)


def put_all_documents(ctx: click.Context, *, as_json: bool) -> bool:
    """Those of every deposit that are not intact, and how many are. Are all of them, with every dossier readable?"""
    from sopctl.workflow.papers import integrity

    filed, errors = integrity.of_site(open_desk(ctx))
    wrong = [each for each in filed if each.state != "intact"]
    if as_json:
        put_json({"documents": filed, "errors": [error_document(error) for error in errors]})
    else:
        _lines(wrong)
        click.echo(f"{len(filed) - len(wrong)} of {len(filed)} documents are intact")
    say(errors)
    return not wrong and not errors


def _lines(documents: "Sequence[Document]") -> None:
    for each in documents:
        colour = None if each.state == "intact" else "red"
        number = f"  {each.number}" if each.number else ""
        made_by = f"{each.procedure} {each.step}" if each.procedure else each.deposit
        click.secho(f"{each.state:<8} {made_by}{number}", fg=colour)
        click.echo(f"  {each.file}")
