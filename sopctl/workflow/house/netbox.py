"""NetBox is brought in line with the deposits: what is known of each is written there, and nothing is deleted.

A deposit is there from the moment it has a place, with the place blocked, until it is closed: then its device goes
offline and out of its rack, and stays. What NetBox refuses for one deposit stops no other.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from sopctl.adapters.netbox import NetBox, NetBoxFault, Outcome, Server, bring_in_line
from sopctl.errors import OutsideFailure, SopctlError, UsageError
from sopctl.locale import Text
from sopctl.model import unit
from sopctl.model.house import netbox as wanted
from sopctl.model.sop.summary import Summary
from sopctl.store import dossiers, locks, register
from sopctl.store import facts as kept
from sopctl.store.register import Reading
from sopctl.store.settings import NetBoxAt
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.messages.sending import secret

Progress = Callable[[int, int], None]

ENDS_ALL = ("netbox-unreachable", "netbox-took-too-long", "netbox-moved", "netbox-leads-elsewhere")
"""After these, asking for the next deposit would end the same way."""

TRIED_SECONDS = 10.0
"""How long it may take to say who it is."""


def sync(
    desk: Desk,
    ids: Sequence[str] = (),
    *,
    dry_run: bool = False,
    errors: list[SopctlError],
    progress: Progress = lambda _done, _all: None,
) -> list[Outcome]:
    """Bring NetBox in line with these deposits, by default with all. What is wrong with one of them, or what NetBox
    does not take, goes into `errors`, and what was done before it is told all the same.

    Raises UsageError where sopctl.yml names no NetBox, or for an id that is none; OutsideFailure without the token,
    NetBoxFault where NetBox cannot be asked at all, Conflict while another process does the same.
    """
    settings = desk.site.settings.netbox
    if settings is None:
        raise UsageError(
            "no-netbox",
            "the site names no NetBox",
            remedy="Name it in sopctl.yml: netbox: {url: …, token: …}. The token is a file in keys/.",
        )
    server = _server(desk.site, settings)
    with locks.hold(desk.site.locks / "netbox", Text("the synchronisation with NetBox")):
        netbox = NetBox(server, dry_run=dry_run)
        reading = register.read(desk.site, gathered=True)
        networks = _networks(desk, errors)
        everyone = _chosen(desk, netbox, reading, ids, errors)
        found = []
        for number, each in enumerate(everyone, start=1):
            made = Outcome(each.id, [], [])
            try:
                _sync(desk, netbox, settings.site, reading, each, networks, made)
            except SopctlError as error:
                errors.append(error.recast(type(error), where=f"{each.id}, {error.where}"))
                if error.id in ENDS_ALL:
                    break
            finally:
                found.append(made)
                progress(number, len(everyone))
    return found


def tried(site: Site) -> str:
    """Ask the site's NetBox who it is, once, and nothing else. Returns its version; "" where the site names none.

    Raises OutsideFailure without the token, or where others can read it; NetBoxFault where NetBox cannot be asked.
    """
    settings = site.settings.netbox
    if settings is None:
        return ""
    return NetBox(_server(site, settings), dry_run=True, seconds=TRIED_SECONDS, wait=lambda _seconds: None).version


def _server(site: Site, settings: NetBoxAt) -> Server:
    token = secret(site, settings.token)
    if not re.fullmatch(r"[!-~]{1,300}", token):  # else a library would say what it cannot send
        raise OutsideFailure(
            "netbox-token-unusable",
            "what the file has is no token of NetBox: one word of letters, digits and signs",
            remedy="Write the token alone into that file, as NetBox showed it when it was made.",
            where=str(site.folder("keys") / settings.token),
        )
    return Server(settings.url, token, Path(settings.ca) if settings.ca else None)


def _chosen(
    desk: Desk, netbox: NetBox, reading: Reading, ids: Sequence[str], errors: list[SopctlError]
) -> list[Summary]:
    """Whose device is looked at: those that have a place, and those that have left and stand in NetBox as if they had
    not."""
    known = {each.id: each for each in reading.summaries}
    if ids:
        return [known.get(each) or dossiers.read(desk.site, each).summary for each in dict.fromkeys(ids)]
    errors.extend(reading.errors)
    standing = netbox.standing(f"{desk.site.settings.deposit_prefix}-")
    return [each for each in reading.summaries if (each.id in standing if each.closed else each.place)]


def _sync(
    desk: Desk, netbox: NetBox, site: str, reading: Reading, each: Summary, networks: Sequence[str], made: Outcome
) -> None:
    newest = kept.newest(reading.gathered.get(each.id, {}))
    facts = kept.read(desk.site.folder("deposits") / each.id, newest) if newest and not each.closed else None
    device = wanted.device(each, facts, unit.label(desk.site.settings.units, each.unit), networks)
    rack = desk.site.rack(device.rack) if device.rack else None
    heights = {rack.name: rack.units} if rack else {}
    bring_in_line(netbox, device, site or desk.site.settings.office.name, heights, made)


def _networks(desk: Desk, errors: list[SopctlError]) -> list[str]:
    try:
        return [each.network for each in desk.site.networks]
    except SopctlError as error:
        errors.append(error)
        return []


__all__ = ["NetBoxFault", "sync", "tried"]
