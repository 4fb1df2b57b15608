"""`sopctl sanitise`: what became of the data on a server's disks."""

from datetime import datetime

import click

from sopctl.cli.language import _, ngettext, pgettext, said
from sopctl.cli.options import (
    DAY,
    TEXT,
    decider_options,
    end,
    example,
    id_argument,
    json_option,
    lacks,
    open_desk,
    seen_option,
)
from sopctl.cli.render import console, put_json, put_step, put_wrapped, table
from sopctl.model.text import printable


@click.command(
    "sanitise",
    epilog=example(
        "sopctl sanitise PS-2026-0001  # lists the disks",
        'sopctl sanitise PS-2026-0001 --disk S1 --disk S2 --method purge --tool "nvme format --ses=2" --result ok '
        '--done-by "Staf Pusat Data" --checked "10% sektor dibaca: nol"',
        'sopctl sanitise PS-2026-0001 --disk S3 --method returned --result ok --done-by "Staf Pusat Data"',
    ),
)
@id_argument
@click.option("--disk", "serials", type=TEXT, multiple=True, metavar="SERIAL", help="Its serial number; once for each.")
@click.option(
    "--method",
    type=click.Choice(["clear", "purge", "destroy", "returned"]),
    help="By NIST SP 800-88, or given back to the owner as it was.",
)
@click.option("--tool", type=TEXT, default="", help="With what, and how: a command, a shredder.")
@click.option("--result", type=click.Choice(["ok", "failed"]), help="Did it succeed?")
@click.option("--checked", type=TEXT, default="", metavar="HOW", help="How someone made sure that nothing is left.")
@click.option("--done-by", type=TEXT, default="", metavar="WHO", help="Who did it.")
@click.option("--on", "day", type=DAY, help="On which day [default: today].")
@click.option(
    "--unlisted", type=TEXT, default="", metavar="WHY", help="Why a disk counts that the last facts do not list."
)
@decider_options
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    deposit_id: str,
    *,
    serials: tuple[str, ...],
    method: str | None,
    tool: str,
    result: str | None,
    checked: str,
    done_by: str,
    day: datetime | None,
    unlisted: str,
    as_json: bool,
) -> None:
    """Record what became of disks, or list them and what is left. Exit 1: disks are left, or it failed.

    Where the owner asked for the disks to be wiped, the server is handed back and signed out only once each has a row.
    The certificate: sopctl document make sanitisation ID.
    """
    from sopctl.model.sanitisation import METHODS, RESULTS
    from sopctl.workflow.house import sanitising

    desk = open_desk(ctx)
    if not serials:
        if method or tool or result or checked or done_by or day or unlisted:
            raise lacks(_("what was done"), "--disk", remedy="Say to which disks.")
        _put_list(ctx, deposit_id, as_json=as_json)
        return
    chosen = next((each for each in METHODS if each == method), None)
    ended = next((each for each in RESULTS if each == result), None)
    if chosen is None or ended is None:
        raise lacks("--disk", _("--method and --result"))
    done = sanitising.sanitise(
        desk,
        deposit_id,
        serials=serials,
        method=chosen,
        result=ended,
        done_by=done_by,
        tool=tool,
        checked=checked,
        on=day.date() if day else None,
        unlisted=unlisted,
    )
    put_step(done, as_json=as_json)
    end(done.answer)


def _put_list(ctx: click.Context, deposit_id: str, *, as_json: bool) -> None:
    from sopctl.store import dossiers
    from sopctl.workflow import terms
    from sopctl.workflow.views import disks

    dossier = dossiers.read(open_desk(ctx).site, deposit_id)
    rows, wanted, left = disks.rows(dossier), disks.wanted(dossier), disks.left(dossier)
    if as_json:
        from sopctl.cli.documents.house import disks as document

        put_json(document(deposit_id, rows, wanted, left))
    else:
        made = table(_("disk"), _("what it is"), _("method"), _("tool"), _("result"), _("by"), pgettext("date", "day"))
        for row in rows:
            method, result = said(terms.METHODS[row.method]), said(terms.RESULTS[row.result])
            cells = (row.disk, row.described, method, row.tool, result, row.by, str(row.on))
            made.add_row(*map(printable, cells))
        for name in left.disks:
            known = wanted.find(name)
            made.add_row(printable(name), printable(known.described if known else ""), "–", "", "", "", "")
        console().print(made)
        if left.more:
            put_wrapped(
                ngettext(
                    "{number} more was counted or declared, whose serial number nobody has named",
                    "{number} more were counted or declared, whose serial numbers nobody has named",
                    left.more,
                )
            )
    end(not left)
