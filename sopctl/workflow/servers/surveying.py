"""The look at a deposit's server before anything is changed there: what it has, beside what its letter asks for."""

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from sopctl.errors import Action, NotNow, OutsideFailure, SopctlError
from sopctl.locale import Prose, Sentence, Text, joined
from sopctl.model import services
from sopctl.model.access import details
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, Rung, remedy
from sopctl.model.services import Service
from sopctl.model.sop.entries import Consented
from sopctl.model.survey.comparison import Comparison, CutOff, StaysOpen, compare
from sopctl.model.survey.found import Survey
from sopctl.model.survey.obstacles import Obstacle, obstacles
from sopctl.model.survey.wanted import Wanted
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow import trust
from sopctl.workflow.desk import Desk
from sopctl.workflow.office_key import office_key
from sopctl.workflow.servers import ansible_view, host_keys
from sopctl.workflow.servers.reach import first_contact, host, lets_us_in, office_account, reach, seen_from
from sopctl.workflow.trust import Host

if TYPE_CHECKING:
    from sopctl.adapters.ssh import Key, Password

SECONDS = 60.0
"""For the whole look, of which a server at rest takes one."""


class ServerRefuses(OutsideFailure):
    """The server itself keeps us from configuring it: it does not answer, does not let us in, or something is in the
    way there. (Other errors are of the office's own making, and are in no history.)"""


class Look(Struct, frozen=True):
    """What a look found on a deposit's server, and what that means."""

    id: str
    found: Survey
    wanted: Wanted
    comparison: Comparison
    obstacles: tuple[Obstacle, ...]

    @property
    def blocking(self) -> tuple[Obstacle, ...]:
        return tuple(each for each in self.obstacles if each.blocks)


def wanted(site: Site, dossier: Dossier, *, raw: bool = False) -> Wanted:
    """What a configuration would make of the deposit's server."""
    access, settings = dossier.deposit.access, site.settings
    return Wanted(
        management=office_account(site, dossier.summary),
        accounts=tuple(account.name for account in access.accounts),
        ports=tuple(map(services.ports, access.ports)),
        sources=access.sources,
        controllers=(*settings.controllers, *seen_from(site, dossier.summary)),
        port=access.port,
        host_name=dossier.deposit.server.name,
        time_zone=settings.time_zone,
        time_servers=settings.time_servers,
        resolvers=settings.resolvers.servers,
        journal_max=settings.journal_max,
        security_updates=settings.security_updates,
        banner=settings.banner,
        static_address=access.address if access.static_address else "",
        repairs=ansible_view.last_cause(dossier),
        deposit=dossier.id,
        settled=lets_us_in(dossier.summary),
        raw=raw,
    )


def look(
    desk: Desk,
    dossier: Dossier,
    *,
    password: "Password | None" = None,
    pinning: host_keys.Pinning | None = None,
    raw: bool = False,
    cancel: threading.Event | None = None,
) -> Look:
    """Look at the server: with the owner's `password`, else with the key that opens it now.

    A host key that is not pinned yet is confirmed on the same connection, by `pinning`. Raises what that raises;
    OutsideFailure when the server cannot be reached, shows another host key, or does not let us in or become root.
    """
    from sopctl.adapters.ssh import load_key  # code that only reads the records must not load it
    from sopctl.adapters.ssh.survey import survey
    from sopctl.workflow.servers.first_contact import with_key

    site = desk.site
    site.key_file(office_key(site, dossier.summary))  # a run logs in with it at its end
    way: Key | Password
    if password:
        user, way = first_contact(site, dossier.summary).user, with_key(site, dossier.summary, password)
    else:
        through = reach(site, dossier.summary)
        user, way = through.account, load_key(site.key_file(through.key))
    where = host(site, dossier.summary)
    if pinning is None:
        trust.required_key(where)
    asked = wanted(site, dossier, raw=raw)
    accounts = tuple(dict.fromkeys((asked.management, *asked.accounts)))
    expecting = replace(where, pinned=None) if pinning else where
    seen = survey(trust.target(expecting, user, timeout=SECONDS), way, accounts, confirm=pinning, cancel=cancel)
    if seen.found is None and pinning and pinning.pinned and seen.access.cause is Cause.CLOSED:
        # Someone took longer to compare the key than sshd waits for a login.
        known = replace(where, pinned=pinning.pinned.host_key)
        seen = survey(trust.target(known, user, timeout=SECONDS), way, accounts, cancel=cancel)
    if seen.found is None:
        raise _refused(where, dossier, seen.access, by_password=password is not None)
    clock = int(desk.clock().timestamp())
    found = seen.found
    asked = replace(asked, controllers=(*asked.controllers, *([found.seen_from] if found.seen_from else [])))
    return Look(dossier.id, found, asked, compare(found, asked), obstacles(found, asked, clock))


def refuse_blocked(look: Look) -> None:
    """Raise OutsideFailure for what must be removed on the server before it can be configured."""
    if not look.blocking:
        return
    first, more = look.blocking[0], look.blocking[1:]
    raise ServerRefuses(
        "server-not-fit",
        "{deposit} cannot be configured as it is ({cause}): {detail}",
        remedy=(
            "Nothing was changed there.",
            *dict.fromkeys(_sentence(each.remedy) for each in look.blocking),
            "To see everything that a configuration would change:",
            Action("configure", look.id, given={"check": ""}),
        ),
        deposit=look.id,
        cause=first.cause,
        detail=joined("; ", [first.detail, *(each.detail for each in more)]),
    )


def refuse_unconsented(look: Look, consents: Iterable[Service]) -> None:
    """Raise NotNow for services that the configuration would cut off without anyone's consent."""
    missing = look.comparison.unconsented(consents)
    if not missing:
        return
    listed, stays = ",".join(str(each.service) for each in missing), look.comparison.stays_open
    raise NotNow(
        "cut-off-needs-consent",
        "on {deposit} others would be cut off from {services}, which the letter does not ask for{open}",
        remedy=(
            "Nothing was changed there. Ask the owner; the consent sheet says it all:",
            Action("document make consent", look.id),
            "If the owner agrees:",
            Action("configure", look.id, given={"cut-off": listed}),
            "If the services stay, the letter is extended (access.ports):",
            Action("edit", look.id),
        ),
        deposit=look.id,
        services=joined("; ", map(told, missing)),
        open=Text("; open past the letter stays {services}", services=joined("; ", map(told_open, stays)))
        if stays
        else "",
        terms=listed,
    )


def consents(dossier: Dossier) -> tuple[Service, ...]:
    """The services to whose end the owner has consented, in any configuration of this deposit."""
    given: list[Service] = []
    for _, entry in dossier.established(Consented):
        given += services.listed(",".join(entry.consented))
    return tuple(given)


def told(each: CutOff) -> Prose:
    """A service that would be cut off: port, programs, where it listens and who is connected."""
    said: Prose = f"{each.service}"
    if each.programs:
        said = f"{said} ({', '.join(each.programs)})"
    if each.interfaces:
        said = Text("{service} at {interfaces}", service=said, interfaces=", ".join(each.interfaces))
    if each.also:
        said = Text("{service}, also reached as {others}", service=said, others=", ".join(map(str, each.also)))
    if each.peers:
        said = Text("{service}, connected now: {peers}", service=said, peers=_peers(each))
    return said


def told_open(each: StaysOpen) -> Prose:
    """What stays open past the letter."""
    match each.reason:
        case "forwarding":
            return Text("what the server forwards between networks")
        case "no-firewall":
            return f"{each.service}" + (f" ({', '.join(each.programs)})" if each.programs else "")
        case "published-to-all":
            return Text(
                "{service} from everywhere, not only from the letter's sources (sent on to {target})",
                service=each.service,
                target=each.target,
            )
    if each.target:
        return Text("{service} (sent on to {target})", service=each.service, target=each.target)
    return Text("{service} (sent on)", service=each.service)


def closed(parts: Sequence[CutOff]) -> tuple[str, ...]:
    """What a history keeps of services that were cut off: port and program."""
    return tuple(f"{each.service}" + (f" ({', '.join(each.programs)})" if each.programs else "") for each in parts)


def stays_open(parts: Sequence[StaysOpen]) -> tuple[str, ...]:
    """What a history keeps of what stays open past the letter: port and target; `forwarding`."""
    return tuple(
        f"{each.service or 'forwarding'}"
        + (f" → {each.target}" if each.target else f" ({', '.join(each.programs)})" if each.programs else "")
        for each in parts
    )


def _peers(each: CutOff) -> Prose:
    shown = ", ".join(peer.address for peer in each.peers[:4])
    more = len(each.peers) - 4
    return Text("{peers} and {number} more", peers=shown, number=more) if more > 0 else shown


def _sentence(helps: Prose) -> Text:
    return Sentence("{helps}", helps=helps)


def _if_reinstalled(dossier: Dossier, seen: AccessResult) -> Sequence[Text | Action]:
    """What makes the office's account again, where there may be none any more and the owner's is known."""
    if seen.cause is not Cause.DENIED or dossier.summary.route.first_contact is None:
        return ()
    return Text("If its owner has reinstalled it:"), Action("repair", dossier.id, given={"ask-password": ""})


def _refused(asked: Host, dossier: Dossier, seen: AccessResult, *, by_password: bool) -> SopctlError:
    changed = host_keys.changed_error(asked, seen)
    if changed:
        return changed
    where = f"{seen.host}:{seen.port}"
    if seen.rung not in (Rung.LOGIN, Rung.COMMAND):
        return ServerRefuses(
            "server-unreachable",
            "{deposit} could not be reached: {reason}",
            where=where,
            remedy=(_sentence(remedy(seen)), "To see where it fails:", Action("probe", asked.place)),
            deposit=dossier.id,
            reason=details.read(f"{seen.rung}: {seen.detail}"),
        )
    if lets_us_in(dossier.summary) and not by_password:
        return ServerRefuses(
            "login-failed",
            "the login on {deposit} failed at {rung}: {detail}",
            where=where,
            remedy=(_sentence(remedy(seen)), *_if_reinstalled(dossier, seen)),
            deposit=dossier.id,
            rung=seen.rung,
            cause=seen.cause,
            detail=details.read(seen.detail),
        )
    from sopctl.workflow.servers.first_contact import refused

    return refused(dossier.id, seen, by_password=by_password).recast(ServerRefuses)
