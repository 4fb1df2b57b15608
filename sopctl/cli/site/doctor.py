"""`sopctl doctor`: does this machine have what is needed?"""

import click

from sopctl.cli import wording
from sopctl.cli.language import _, said
from sopctl.cli.options import end, example, json_option
from sopctl.cli.render import put_advice, put_json, put_wrapped
from sopctl.model.text import printable


@click.command("doctor", epilog=example("sopctl doctor", "sopctl doctor --json", "sopctl doctor --repair"))
@click.option("--repair", is_flag=True, help="Set the modes of the site's files as they must be.")
@json_option
@click.pass_context
def command(ctx: click.Context, *, repair: bool, as_json: bool) -> None:
    """Check this machine: Python, libraries, Ansible, ssh, the lab, the site. Exit 1: something needed is missing."""
    from sopctl.workflow.setup import doctor
    from sopctl.workflow.setup.doctor import diagnose

    for changed in doctor.repair(ctx.find_root().obj) if repair else ():
        click.echo(_("set: {what}", what=changed), err=True)
    findings = diagnose(ctx.find_root().obj)
    if as_json:
        from sopctl.cli.documents.site import diagnoses

        put_json(diagnoses(findings))
    else:
        for each in findings:
            mark, colour = ("✓", None) if each.ok else ("✗", "red") if each.needed else ("–", "yellow")
            put_wrapped(f"{mark} {said(each.what)}: {printable(said(each.detail))}", "    ", fg=colour)
            if helps := wording.advice(each.remedy):
                put_advice(f"    → {printable(helps, wording.LONGEST)}")
    end(all(each.ok for each in findings if each.needed))
