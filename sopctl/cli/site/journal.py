"""`sopctl journal`: the journal of the whole site."""

import click

from sopctl.cli.language import _, ngettext, said
from sopctl.cli.options import end, example, json_option, open_desk, reason_option
from sopctl.cli.render import put_json
from sopctl.cli.tree import Group
from sopctl.model.text import printable


@click.group("journal", cls=Group, epilog=example("sopctl journal verify"))
def command() -> None:
    """The journal of the whole site."""


@command.command("verify", epilog=example("sopctl journal verify --json", "sopctl journal verify --against 57:9f2c…"))
@click.option("--against", metavar="ANCHOR|FILE", help="An anchor that was kept elsewhere, or a paper that has one.")
@click.option("--whole", is_flag=True, help="Parse all of it again, whatever the last check found.")
@json_option
@click.pass_context
def verify(ctx: click.Context, *, against: str | None, whole: bool, as_json: bool) -> None:
    """Check the journal's chain and every dossier against it. Exit 1: something is missing or was changed.

    Alone, the journal cannot show that its end was cut off together with the events that stood there, or that all of
    it was recreated. Against an anchor it shows that too: what sopctl journal anchor printed, its hash alone, or a
    paper of this site that has it, such as a month's report that was signed: sopctl document verify first says who did.

    What the last check found in order and is still the same to the last byte is not parsed again, and what that check
    found is kept in var/. Against an anchor, or with --whole, all of it is.
    """
    from sopctl.workflow.setup import journal

    desk = open_desk(ctx)
    found = journal.check(desk, journal.anchor_of(desk, against) if against else None, whole=whole)
    if as_json:
        put_json(found)
    else:
        if found.against:
            click.echo("  " + _("anchored by {what}", what=printable(said(found.against), 500)))
        for gap in found.gaps:
            click.echo(f"✗ {printable(said(gap), 1_000)}")
        for lag in found.lagging:
            click.echo(f"! {printable(said(lag), 1_000)}")
        for note in found.mended:
            click.echo("  " + _("mended {what}", what=printable(str(note), 1_000)))
        for change in found.rosters[1:]:
            click.echo("  " + _("roster {what}", what=printable(str(change), 2_000)))
        if found.stamped:
            click.echo("  " + _("timestamp {what}", what=printable(said(found.stamped), 500)))
        if found.gaps:
            click.echo(
                ngettext(
                    "{number} line, {wrong} do not agree",
                    "{number} lines, {wrong} do not agree",
                    found.lines,
                    wrong=len(found.gaps),
                )
            )
        else:
            click.echo(ngettext("{number} line, all in order", "{number} lines, all in order", found.lines))
    end(not found.gaps)


@command.command("anchor", epilog=example("sopctl journal anchor", "sopctl journal anchor --json"))
@json_option
@click.pass_context
def anchor(ctx: click.Context, *, as_json: bool) -> None:
    """Print where the journal ends now: its number of lines and the hash of the last.

    Keep it where nobody who can write the site can write: on paper, in another department's mailbox, in a ticket.
    """
    from sopctl.workflow.setup import journal

    found = journal.anchor(open_desk(ctx))
    if as_json:
        from sopctl.cli.documents.site import Anchor

        put_json(Anchor(anchor=str(found), lines=found.lines, head=found.head))
    else:
        click.echo(str(found))


@command.command("stamp", epilog=example("sopctl journal stamp", "sopctl journal stamp --json"))
@json_option
@click.pass_context
def stamp(ctx: click.Context, *, as_json: bool) -> None:
    """Have the site's timestamp authority (RFC 3161) stamp where the journal ends now.

    The timestamp is kept in timestamps/, and journal verify checks it: it proves that the journal was there by then,
    and continues from there. With signing: {stamp_journal: true} in sopctl.yml, a timer does it every night.
    """
    from sopctl.workflow.setup import journal

    found = journal.stamp(open_desk(ctx))
    if as_json:
        put_json(found)
    else:
        time, authority = f"{found.time:%Y-%m-%d %H:%M %Z}", printable(found.authority)
        click.echo(found.anchor)
        click.echo("  " + _("{time}, by {authority}: {file}", time=time, authority=authority, file=found.file))


@command.command("mend", epilog=example('sopctl journal mend --reason "disk rusak, dipulihkan dari cadangan"'))
@reason_option
@json_option
@click.pass_context
def mend(ctx: click.Context, *, reason: str, as_json: bool) -> None:
    """Make a lost, cut or altered journal whole from the histories.

    The new journal says who did it, when and why; one that was altered is kept beside it.
    """
    from sopctl.workflow.setup import journal

    found = journal.mend(open_desk(ctx), reason)
    if as_json:
        put_json(found)
    else:
        click.echo(
            ngettext(
                "{number} line; sopctl journal anchor shows where it ends now",
                "{number} lines; sopctl journal anchor shows where it ends now",
                found.lines,
            )
        )
    end(not found.gaps)
