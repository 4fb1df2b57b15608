"""`sopctl init`: a new site, or this version's playbooks in one that is there."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.language import _
from sopctl.cli.options import example, json_option, unnamed
from sopctl.cli.render import put_json, put_wrapped
from sopctl.errors import UsageError

if TYPE_CHECKING:
    from sopctl.workflow.setup.updating import Updated


@click.command(
    "init",
    epilog=example("sopctl init my-site", "sopctl init my-site --group datacentre", "sopctl init --update"),
)
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
@click.option("--group", default="", help="Members of this group of the system may record, too.")
@click.option("--update", is_flag=True, help="Put this version's playbooks and inventory into the site that is there.")
@json_option
@click.pass_context
def command(ctx: click.Context, folder: Path | None, *, group: str, update: bool, as_json: bool) -> None:
    """Make a new site in DIR: configuration, a rack, playbooks, and a management key.

    With --update, after sopctl itself was updated: files that the site never changed are replaced; of the others the
    difference is shown, and they stay, as do the site's hooks. Nothing else is touched. `sopctl doctor` says beforehand
    what is old.
    """
    from sopctl.workflow.setup import init

    if update and group:
        raise UsageError("group-with-update", "--group is for a new site", remedy="Set site: {group: …} in sopctl.yml.")
    if update:
        _update(str(folder) if folder else ctx.find_root().obj, as_json=as_json)
        return
    if folder is None:
        raise unnamed(_("folder"), remedy="Name one that is new or empty: sopctl init my-site")
    site = init.init(folder, group=group)
    if as_json:
        from sopctl.cli.documents.site import Made

        put_json(Made(site=str(site.root)))
        return
    click.echo(_("Made the site {folder}", folder=site.root))
    click.echo("  " + _("next: put your office and people into {file},", file=site.root / "sopctl.yml"))
    click.echo("        " + _("your racks into racks/, then: sopctl request --example > request.yml"))


def _update(named: str | None, *, as_json: bool) -> None:
    from sopctl.store.site import Site
    from sopctl.workflow.setup import updating

    site = Site.find(named)
    found = updating.update(site)
    if as_json:
        from sopctl.cli.documents.site import site_updated

        put_json(site_updated(found))
    else:
        _show(found)


def _show(found: "Updated") -> None:
    words = {"old": _("replaced"), "new": _("added"), "gone": _("removed")}
    wide = max(map(len, (*words.values(), _("stays"))))
    for each in found.done:
        click.echo(f"✓ {words[each.state]:<{wide}} {each.file}")
    for each in found.left:
        if each.state == "both":
            why = _("{file}: changed by the site, and this version has another", file=each.file)
        elif each.state == "removed":
            why = _("{file}: removed by the site", file=each.file)
        else:
            why = _("{file}: changed by the site", file=each.file)
        click.secho(f"– {_('stays'):<{wide}} {why}", fg="yellow")
        for line in found.diffs.get(each.file, ()):
            click.echo(f"    {line}")
    if not found.done and not found.diffs:
        others = _("All other files of the playbooks and the inventory are those of this version.")
        put_wrapped(others if found.left else _("The playbooks and the inventory are those of this version."))
    if found.diffs:
        put_wrapped(_("Take over by hand what you want of these; the site's own tasks are safest in playbooks/hooks/."))
