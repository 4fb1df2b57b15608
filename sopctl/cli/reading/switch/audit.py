"""`sopctl switch audit`: every port against the records."""

import sys
from typing import TYPE_CHECKING

import click

from sopctl.cli.interrupt import cancel_on_interrupt
from sopctl.cli.language import _, ngettext, said
from sopctl.cli.options import end, example, json_option, open_desk, several
from sopctl.cli.render import in_column, put_advice, put_json
from sopctl.errors import ExitCode
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.ports.audit import Audited


@click.command("audit", epilog=example("sopctl switch audit", "sopctl switch audit sw-a1 sw-b1 --json"))
@several("names", metavar="[SWITCH]...")
@json_option
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], *, as_json: bool) -> None:
    """Compare every port of every rack with the records: unknown devices, wrong VLANs, servers on another's port.

    Ports that are set otherwise than the switch saved them are named too. Switches are read at the same time, in one
    session each; nothing is changed. Exit 1: something is wrong; 6: a switch could not be read.
    """
    from sopctl.workflow.ports import audit

    with cancel_on_interrupt() as cancel:
        found, errors = audit.audit(open_desk(ctx), names, cancel=cancel)
    if as_json:
        from sopctl.cli.documents import ports

        put_json(ports.audit(found))
    else:
        _put_audit(found)
    if cancel.is_set():
        sys.exit(ExitCode.INTERRUPTED)
    for error in errors.values():
        sys.exit(error.exit_code)
    end(found.answer)


def _put_audit(found: "Audited") -> None:
    from sopctl.workflow import terms

    kinds = in_column(terms.FINDINGS)
    for name, ports in found.switches.items():
        wrong = sum(each.wrong for each in found.findings if each.switch == name)
        counts = ngettext(
            "{name}: {number} port, {wrong} wrong",
            "{name}: {number} ports, {wrong} wrong",
            ports,
            name=name,
            wrong=wrong,
        )
        click.secho(f"{'✗' if wrong else '✓'} {counts}", fg="red" if wrong else "green")
        for each in found.findings:
            if each.switch == name:
                whose = f" ({each.deposit})" if each.deposit else ""
                click.echo(f"  {kinds[each.kind]} {each.port}{whose}: {printable(said(each.detail))}")
    for name, old in found.old.items():
        allowed = _("{name}: its record allows old SSH algorithms: {algorithms}", name=name, algorithms=", ".join(old))
        click.secho(f"! {allowed}", fg="yellow")
    for name, why in found.errors.items():
        click.secho(f"✗ {name}: {printable(said(why), 1_000)}", fg="red")
    if not found.switches and not found.errors:
        put_advice(_("No switches. Each is a file, such as switches/sw-a1.yml."))
