"""`sopctl inventory conditions`: what is not as it should be on the servers, for people and for monitoring."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, ngettext
from sopctl.cli.options import DEPOSIT, FILE, end_with, example, json_option, open_desk, several
from sopctl.cli.plugin import Plugin, not_for_a_file, put_or_write
from sopctl.cli.render import documented, put_json
from sopctl.cli.steps.inventory._render import put_conditions
from sopctl.errors import ExitCode
from sopctl.model.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sopctl.errors import SopctlError
    from sopctl.workflow.views.inventories import Standing

FORMATS = ("table", "json", "prometheus", "nagios")


class Conditions(Plugin):
    """The plugin's line begins with its own word."""

    service = "CONDITIONS"


@click.command(
    "conditions",
    cls=Conditions,
    epilog=example(
        "sopctl inventory conditions",
        "sopctl inventory conditions PS-2026-0001 --json",
        "sopctl inventory conditions --format prometheus --output /var/lib/prometheus/node-exporter/conditions.prom",
        "sopctl inventory conditions --format nagios",
    ),
)
@several("ids", metavar="[ID]...", type=DEPOSIT)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print them.")
@click.option("--output", type=FILE, help="Write them to this file, atomically.")
@json_option
@click.pass_context
def command(ctx: click.Context, *, ids: tuple[str, ...], form: str, output: Path | None, as_json: bool) -> None:
    """What is not as it should be on the servers, by their newest facts: failed disks, degraded arrays, power supplies.

    A condition is reported as long as it lasts, whether or not it is new. Exit 0: there is none; 1: one. With
    --format nagios, a plugin's codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
    """
    form = "json" if as_json else form
    if output and form == "table":
        raise not_for_a_file(form)
    from sopctl.workflow.views import inventories

    found, errors = inventories.standing(open_desk(ctx), ids)
    code = _put(found, form, output, errors)
    if form != "nagios":
        end_with(errors)
    sys.exit(code)


def _put(found: "list[Standing]", form: str, output: Path | None, errors: "Sequence[SopctlError]") -> int:
    """Print the conditions, or write them to `output`; the exit code."""
    from sopctl.adapters import exports

    rows = [exports.Standing(each.deposit.id, each.gathered_at, each.conditions) for each in found]
    code = int(ExitCode.NO if any(each.conditions for each in found) else ExitCode.OK)
    if form == "table":
        _put_lines(found)
        return code
    if form == "json":
        from sopctl.cli.documents import inventory

        document = inventory.standing(found, errors)
        if output is None:
            put_json(document)
            return code
        import msgspec

        text = msgspec.json.encode(documented(document)).decode() + "\n"
    elif form == "prometheus":
        text = exports.conditions_prometheus(rows)
    else:
        text, code = exports.conditions_nagios(rows, len(errors))
    put_or_write(text, output)
    return code


def _put_lines(found: "list[Standing]") -> None:
    bad = [each for each in found if each.conditions]
    for each in bad:
        server = printable(each.deposit.server)
        click.echo(_("{id} {server} (facts of {day})", id=each.deposit.id, server=server, day=each.gathered_at[:10]))
        put_conditions(each.conditions)
    click.echo(
        ngettext(
            "{bad} of {number} server with facts: a condition needs attention",
            "{bad} of {number} servers with facts: a condition needs attention",
            len(found),
            bad=len(bad),
        )
    )
