"""`sopctl bmc`: the management controller that may be asked about a server."""

import click

from sopctl.cli import wording
from sopctl.cli.language import _, said
from sopctl.cli.options import end, example, id_argument, json_option, open_desk, seen_option, trusted_path_option
from sopctl.cli.render import put_advice, put_json, put_step
from sopctl.errors import Action
from sopctl.model.text import printable


@click.command(
    "bmc",
    epilog=example("sopctl bmc PS-2026-0001", "sopctl bmc PS-2026-0001 --user inventaris --confirm SHA256:…"),
)
@id_argument
@click.option("--confirm", metavar="SHA256:…", help="Pin this certificate: compared on the BMC, or from the owner.")
@trusted_path_option
@click.option("--user", metavar="NAME", default="", help="The account on the BMC that the office uses.")
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, deposit_id: str, *, confirm: str | None, trusted_path: str, user: str, as_json: bool
) -> None:
    """The server's BMC: the certificate that is pinned, and the one shown now. Exit 1: they differ.

    `sopctl inventory collect` asks a BMC over Redfish when its server is off or cannot be reached. Its address is the
    record's (bmc: {address: …}); the account is named here, and its password is the first line of keys/bmc/ID. No login
    takes place.
    """
    from sopctl.workflow.servers import bmcs

    desk = open_desk(ctx)
    if confirm or trusted_path:
        done = bmcs.confirm(desk, deposit_id, user=user, fingerprint=confirm, trusted_path=trusted_path)
        put_step(done, as_json=as_json)
        return
    state = bmcs.look(desk, deposit_id)
    if as_json:
        from sopctl.cli.documents.access import BmcCertificate

        put_json(
            BmcCertificate(
                id=state.id, place=state.place, pinned=state.pinned, shown=state.shown, problem=state.problem
            )
        )
        end(not state.changed)
    click.echo(_("BMC      {place}, password in {file}", place=state.place, file=state.password))
    if state.pinned and state.at:
        by = f"{state.at:%Y-%m-%d}, {printable(state.by)}, {printable(state.how)}"
        pinned, user = f"SHA256:{state.pinned.certificate}", printable(state.pinned.user)
        click.echo(_("pinned   {certificate}  ({by}; account {user})", certificate=pinned, by=by, user=user))
    if state.shown:
        shown = _("shown    {certificate}", certificate=f"SHA256:{state.shown}")
    else:
        shown = _("shown    no certificate: {problem}", problem=printable(said(state.problem)))
    click.secho(shown, fg="red" if state.changed else None)
    confirm_it = wording.command(Action("bmc", state.id, needs=("fingerprint", "user")))
    if state.changed:
        put_advice(
            _(
                "This is not the pinned certificate. Ask the owner, compare it on the BMC, then: {command}",
                command=confirm_it,
            )
        )
    elif state.shown and not state.pinned:
        put_advice(_("Not confirmed. Compare it on the BMC, then: {command}", command=confirm_it))
    end(not state.changed)
