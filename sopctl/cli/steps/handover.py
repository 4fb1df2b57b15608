"""`sopctl handover`: the hand-over form."""

from datetime import datetime

import click

from sopctl.cli.options import (
    TEXT,
    Renamed,
    day_of,
    day_option,
    decider_options,
    due_arguments,
    example,
    json_option,
    lang_option,
    language_of,
    open_desk,
    seen_option,
)
from sopctl.cli.render import put_step


@click.command("handover", epilog=example("sopctl handover PS-2026-0001", "sopctl handover PS-2026-0001 PS-2026-0002"))
@due_arguments
@click.option(
    "--signed-at",
    "--place",
    "place",
    cls=Renamed,
    type=TEXT,
    default="",
    help="Where it is signed [default: the office].",
)
@lang_option
@decider_options
@seen_option
@day_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_ids: tuple[str, ...],
    *,
    place: str,
    lang: str | None,
    on: datetime | None,
    as_json: bool,
) -> None:
    """Make the hand-over form as a PDF to be signed (penitipan 9, pengembalian 8).

    Several servers of one letter share a form.
    """
    from sopctl.workflow.steps import handover

    language = language_of(lang)
    put_step(
        handover.handover(open_desk(ctx), *deposit_ids, place=place, language=language, on=day_of(on)), as_json=as_json
    )
