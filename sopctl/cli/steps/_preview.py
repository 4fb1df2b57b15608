"""What a first configuration will change, as `configure --check` prints it."""

from typing import TYPE_CHECKING

import click

from sopctl.model import services
from sopctl.model.survey.changes import Change, Kind, OnReturn, What
from sopctl.model.text import printable
from sopctl.workflow.servers import surveying

if TYPE_CHECKING:
    from sopctl.workflow.steps.previewing import Preview

_WORDS: dict[What, str] = {
    "management-account": "the office's account {name}, with full sudo, opened by the office's key",
    "account": "the account {name}, opened by the letter's keys",
    "account-keys": "the account {name}: only the letter's keys open it ({before} do now)",
    "host-name": "the host name",
    "password-login": "SSH logins with a password",
    "root-login": "SSH logins of root with a password",
    "old-algorithms": "SSH with old algorithms only ({before})",
    "banner": "the notice before an SSH login",
    "firewall": "a firewall: from outside only the ports {after}, and everything from the office",
    "static-address": "the address {after} stays, whatever DHCP says",
    "resolvers": "the DNS servers that it asks",
    "time-zone": "the time zone",
    "time-servers": "the time servers that it follows",
    "journal": "the largest size of its journal",
    "security-updates": "security updates every night, without a restart",
    "records": "the folder of our records, {after}",
}
_TITLES: dict[Kind, str] = {"added": "added", "changed": "changed", "ended": "no longer possible"}
_RETURN: dict[OnReturn, str] = {"removed": "removed", "restored": "put back", "stays": "stays"}


def put(preview: "Preview", *, diff: bool) -> None:
    """Print it; with `diff` what each thing is now and will be."""
    look = preview.look
    click.echo(f"{preview.id}  {look.found.os or 'an unknown system'}: what a configuration will change")
    for kind, title in _TITLES.items():
        parts = [each for each in preview.changes if each.kind == kind]
        if parts:
            click.echo(f"  {title}")
        for each in parts:
            click.echo(f"    {_worded(each)}  [on return: {_on_return(each)}]")
            if diff and (each.before or each.after):
                click.echo(f"      - {printable(each.before) or '(not set)'}")
                click.echo(f"      + {printable(each.after) or '(as it comes)'}")
    _put_services(preview)
    for obstacle in look.obstacles:
        click.echo(f"  {'in the way' if obstacle.blocks else 'to know'}: {obstacle.detail} ({obstacle.cause})")
        click.echo(f"    → {obstacle.remedy}")


def _put_services(preview: "Preview") -> None:
    comparison = preview.look.comparison
    if comparison.cut_off:
        click.echo("  cut off for others  [on return: open as before]")
    for each in comparison.cut_off:
        agreed = " (the owner has agreed)" if services.covered(each.service, preview.consents) else ""
        why = "" if each.reason == "not-asked" else ", not among the letter's sources"
        click.echo(f"    {printable(surveying.told(each), 300)}{why}{agreed}")
    if comparison.stays_open:
        click.echo("  stays open past the letter")
    for part in comparison.stays_open:
        click.echo(f"    {printable(surveying.told_open(part), 300)}")
    missing = comparison.unconsented(preview.consents)
    if missing:
        listed = ",".join(str(each.service) for each in missing)
        click.echo(f"  → If the owner agrees: sopctl configure {preview.id} --cut-off {listed}")
        click.echo(f"    A sheet for the owner to sign: sopctl document make consent {preview.id}")


def _on_return(each: Change) -> str:
    return "removed; its home stays, as root's" if each.what == "account" else _RETURN[each.on_return]


def _worded(each: Change) -> str:
    shown = _WORDS[each.what].format(
        name=printable(each.name), before=printable(each.before, 300), after=printable(each.after)
    )
    values = "{before}" in _WORDS[each.what] or "{after}" in _WORDS[each.what]
    if values or not each.after:
        return shown
    return f"{shown}: {printable(each.before) + ' → ' if each.before else ''}{printable(each.after)}"
