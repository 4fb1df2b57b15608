"""The site itself: init, doctor, validate, journal."""

from pathlib import Path

import click

from sopctl.cli.options import end, example, json_option, open_desk
from sopctl.cli.render import put_json, table


@click.command(epilog=example("sopctl init my-site"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@json_option
def init(folder: Path, *, as_json: bool) -> None:
    """Make a new site in DIR: configuration, a rack, playbooks, and a management key."""
    from sopctl.workflow.setup import init

    site = init.init(folder)
    if as_json:
        put_json({"site": str(site.root)})
        return
    click.echo(f"Made the site {site.root}")
    click.echo(f"  next: put your office and people into {site.root / 'sopctl.yml'},")
    click.echo("        your racks into racks/, then: sopctl request --example > request.yml")


@click.command(epilog=example("sopctl doctor", "sopctl doctor --json"))
@json_option
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool) -> None:
    """Is this machine fit: Python, libraries, Ansible, ssh, the lab, the site? Exit 1: something needed is missing."""
    from sopctl.cli.render import console
    from sopctl.workflow.setup.doctor import diagnose

    findings = diagnose(ctx.find_root().obj)
    if as_json:
        put_json({"findings": findings})
    else:
        made = table("", "what", "found", "remedy")
        for each in findings:
            mark, style = ("✓", None) if each.ok else ("✗", "red") if each.needed else ("–", "yellow")
            made.add_row(mark, each.what, each.detail, each.remedy, style=style)
        console().print(made)
    end(all(each.ok for each in findings if each.needed))


@click.command(epilog=example("sopctl validate"))
@json_option
@click.pass_context
def validate(ctx: click.Context, *, as_json: bool) -> None:
    """Read every record of the site and report every error. Exit 3: there are some."""
    import sys

    from sopctl.errors import ExitCode
    from sopctl.workflow.setup import validation

    count, errors = validation.validate(open_desk(ctx))
    if as_json:
        put_json({"deposits": count, "errors": [{"where": e.where, "message": e.message} for e in errors]})
    else:
        for error in errors:
            click.echo(str(error), err=True)
        click.echo(f"{count} deposits read, {len(errors)} errors")
    sys.exit(ExitCode.INVALID if errors else ExitCode.OK)


@click.group(epilog=example("sopctl journal verify"))
def journal() -> None:
    """The journal of the whole site."""


@journal.command(epilog=example("sopctl journal verify --json"))
@json_option
@click.pass_context
def verify(ctx: click.Context, *, as_json: bool) -> None:
    """Check the journal's chain and every dossier against it. Exit 1: something is missing or was changed."""
    from sopctl.workflow.papers import integrity

    count, gaps = integrity.journal_gaps(open_desk(ctx))
    if as_json:
        put_json({"lines": count, "gaps": gaps})
    else:
        for gap in gaps:
            click.echo(f"✗ {gap}")
        click.echo(f"{count} lines, {'all in order' if not gaps else f'{len(gaps)} do not agree'}")
    end(not gaps)
