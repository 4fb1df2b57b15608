"""What a first configuration will change, as `configure --check` prints it."""

from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, said
from sopctl.cli.render import put_advice, put_wrapped
from sopctl.locale import gettext_noop
from sopctl.model import services
from sopctl.model.survey.changes import Change, Kind, OnReturn, What
from sopctl.model.text import printable
from sopctl.workflow import terms
from sopctl.workflow.servers import surveying

if TYPE_CHECKING:
    from sopctl.workflow.steps.previewing import Preview

_WORDS: dict[What, str] = {
    "management-account": gettext_noop("the office's account {name}, with full sudo, opened by the office's key"),
    "account": gettext_noop("the account {name}, opened by the letter's keys"),
    "account-keys": gettext_noop("the account {name}: only the letter's keys open it ({before} do now)"),
    "host-name": gettext_noop("the host name"),
    "password-login": gettext_noop("SSH logins with a password"),
    "root-login": gettext_noop("SSH logins of root with a password"),
    "old-algorithms": gettext_noop("SSH with old algorithms only ({before})"),
    "banner": gettext_noop("the notice before an SSH login"),
    "firewall": gettext_noop("a firewall: from outside only the ports {after}, and everything from the office"),
    "static-address": gettext_noop("the address {after} stays, whatever DHCP says"),
    "resolvers": gettext_noop("the DNS servers that it asks"),
    "time-zone": gettext_noop("the time zone"),
    "time-servers": gettext_noop("the time servers that it follows"),
    "journal": gettext_noop("the largest size of its journal"),
    "security-updates": gettext_noop("security updates every night, without a restart"),
    "records": gettext_noop("the folder of our records, {after}"),
}
_TITLES: dict[Kind, str] = {
    "added": gettext_noop("added"),
    "changed": gettext_noop("changed"),
    "ended": gettext_noop("no longer possible"),
}
_RETURN: dict[OnReturn, str] = {
    "removed": gettext_noop("removed"),
    "restored": gettext_noop("put back"),
    "stays": gettext_noop("stays"),
}


def put(preview: "Preview", *, diff: bool) -> None:
    """Print it; with `diff` what each thing is now and will be."""
    look = preview.look
    system = look.found.os or _("an unknown system")
    click.echo(_("{id}  {system}: what a configuration will change", id=preview.id, system=system))
    for kind, title in _TITLES.items():
        parts = [each for each in preview.changes if each.kind == kind]
        if parts:
            click.echo(f"  {said(title)}")
        for each in parts:
            put_wrapped(_("    {change}  [on return: {what}]", change=_worded(each), what=_on_return(each)), " " * 6)
            if diff and (each.before or each.after):
                click.echo(f"      - {printable(each.before) or _('(not set)')}")
                click.echo(f"      + {printable(each.after) or _('(as it comes)')}")
    _put_services(preview)
    for obstacle in look.obstacles:
        detail, cause = printable(said(obstacle.detail), 300), terms.cause(obstacle.cause)
        if obstacle.blocks:
            put_wrapped(_("  in the way: {detail} ({cause})", detail=detail, cause=cause))
        else:
            put_wrapped(_("  to know: {detail} ({cause})", detail=detail, cause=cause))
        put_advice(f"    → {said(obstacle.remedy)}")


def _put_services(preview: "Preview") -> None:
    comparison = preview.look.comparison
    if comparison.cut_off:
        click.echo(_("  cut off for others  [on return: open as before]"))
    for each in comparison.cut_off:
        service = printable(said(surveying.told(each)), 300)
        if each.reason != "not-asked":
            service = _("{service}, not among the letter's sources", service=service)
        if services.covered(each.service, preview.consents):
            service = _("{service} (the owner has agreed)", service=service)
        click.echo(f"    {service}")
    if comparison.stays_open:
        click.echo(_("  stays open past the letter"))
    for part in comparison.stays_open:
        click.echo(f"    {printable(said(surveying.told_open(part)), 300)}")
    missing = comparison.unconsented(preview.consents)
    if missing:
        listed = ",".join(str(each.service) for each in missing)
        put_advice(_("  → If the owner agrees: sopctl configure {id} --cut-off {ports}", id=preview.id, ports=listed))
        put_advice(_("    A sheet for the owner to sign: sopctl document make consent {id}", id=preview.id))


def _on_return(each: Change) -> str:
    return _("removed; its home stays, as root's") if each.what == "account" else said(_RETURN[each.on_return])


def _worded(each: Change) -> str:
    shown = _(
        _WORDS[each.what],
        name=printable(each.name),
        before=printable(each.before, 300),
        after=printable(each.after),
    )
    values = "{before}" in _WORDS[each.what] or "{after}" in _WORDS[each.what]
    if values or not each.after:
        return shown
    return f"{shown}: {printable(each.before) + ' → ' if each.before else ''}{printable(each.after)}"
