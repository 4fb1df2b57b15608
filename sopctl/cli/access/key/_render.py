"""What the commands of `sopctl key` print in the same way."""

from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _, ngettext, said
from sopctl.cli.render import console, put_advice, table
from sopctl.locale import gettext_noop
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.setup.rotation import Status

_WORDS = {
    "current": gettext_noop("the current key"),
    "both": gettext_noop("the current key, and the one before it"),
    "before": gettext_noop("the key before it"),
    "none": gettext_noop("none that is in keys/"),
}


def put_key(found: "Status") -> None:
    """The office's keys, and the servers that do not have the current one alone."""
    lacking = _("its public half is missing")
    click.echo(_("current key: {key}  {fingerprint}", key=found.key, fingerprint=found.fingerprint or lacking))
    if found.before:
        before = found.before_fingerprint or lacking
        click.echo(_("the one before it: {key}  {fingerprint}", key=found.before, fingerprint=before))
    made = table(_("deposit"), _("server"), _("is opened by"))
    for each in found.left:
        made.add_row(each.id, printable(each.server, 60), said(_WORDS[each.state]))
    if found.left:
        console().print(made)
    click.echo(
        ngettext(
            "{have} of {number} server has the current key alone.",
            "{have} of {number} servers have the current key alone.",
            len(found.servers),
            have=len(found.servers) - len(found.left),
        )
    )
    if found.before and not found.left:
        put_advice(_("The one before it may be put aside: sopctl key retire"))
