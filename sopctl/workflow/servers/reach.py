"""How the office reaches a deposit's server now: where, through which network, which host key it must show, as whom,
and with which key. A deposit's summary says it, so that whoever asks about thousands reads no dossier.
"""

from pathlib import Path

from msgspec import Struct

from sopctl.adapters.ssh.route import source_address
from sopctl.errors import Action, InvalidRecord
from sopctl.locale import Text
from sopctl.model.access.algorithms import allowed
from sopctl.model.access.target import Jump, host_key
from sopctl.model.deposit import FirstContact
from sopctl.model.intake.addresses import Network
from sopctl.model.sop.summary import Summary
from sopctl.store.settings import FILE_NAME
from sopctl.store.site import Site
from sopctl.workflow import admitting
from sopctl.workflow.office_key import office_key
from sopctl.workflow.trust import Host


class Reach(Struct, frozen=True):
    """The host, the account there that is the office's now, and the name of its private key in the site's keys/."""

    host: Host
    account: str
    key: str


def host(site: Site, each: Summary) -> Host:
    """Where the deposit's machine is, the host key that its history has pinned, and the jump host of its network.

    Raises NotNow for a site that another controller works on, InvalidRecord while it has no address or for a network
    that cannot be read, OutsideFailure where the key of the network's jump host is missing.
    """
    site.refuse_moved()
    route = each.route
    return Host(
        each.kind,
        each.id,
        address(site, each),
        route.port,
        route.host_key,
        allowed(route.legacy),
        admitting.destinations(site),
        jump(site, each),
        each.server,
    )


def network(site: Site, each: Summary) -> Network | None:
    """The network that the deposit's machine is in: its record's, else its rack's; None for the controller's own.

    Raises InvalidRecord for one that networks/ does not have, or for a file that cannot be read.
    """
    rack = site.rack(each.place.rack) if each.place else None
    name = each.route.network or (rack.network if rack else None)
    if not name:
        return None
    found = site.network(name)
    if found is None:
        raise InvalidRecord(
            "network-unknown",
            "{deposit} is in the network {network!r}, which networks/ does not have",
            where=str(record_of(site, each)) if each.route.network else str(site.root / "racks"),
            remedy=Text("Make {what}.yml, or correct the name.", what=site.root / "networks" / name),
            deposit=each.id,
            network=name,
        )
    return found


def jump(site: Site, each: Summary) -> Jump | None:
    """The jump host of the deposit's network, if it has one. Raises as `network`, and OutsideFailure where the key for
    it is missing."""
    of = network(site, each)
    if of is None or of.jump is None:
        return None
    way = of.jump
    key, file = host_key(way.host_key), site.key_file(way.key or site.settings.management.key)
    return Jump(way.host, way.port, way.user, key.pin, key, str(file))


def seen_from(site: Site, each: Summary) -> tuple[str, ...]:
    """The addresses from which the server sees the controller, as far as that is known here: the controller's own, or
    those of the jump host of its network. Raises as `network`."""
    of = network(site, each)
    if of and of.jump:
        return of.jump.addresses
    source = source_address(each.address)
    return (source,) if source else ()


def record_of(site: Site, each: Summary) -> Path:
    """The deposit's record."""
    return site.root / "deposits" / each.id / "deposit.yml"


def address(site: Site, each: Summary) -> str:
    """Where the deposit's machine answers. Raises InvalidRecord while it has no address."""
    if not each.address:
        raise InvalidRecord(
            "no-address-yet",
            "{deposit} has no address yet: its letter named none, and none was given to it",
            where=str(record_of(site, each)),
            remedy=Action("edit", each.id),
            deposit=each.id,
        )
    return each.address


def reach(site: Site, each: Summary) -> Reach:
    """How the controller reaches the server now: with the office's own account once there is one, else with the account
    that the owner made for the first contact.

    This does not check whether the key is in keys/: one missing key must not stop the other servers. Raises
    InvalidRecord when the record names no first contact, or one that only a password opens.
    """
    if lets_us_in(each):
        return Reach(host(site, each), office_account(site, each), office_key(site, each))
    contact, key = first_contact(site, each), first_key(site, each)
    if key is None:
        raise InvalidRecord(
            "first-contact-by-password",
            "the only way in to {deposit} is the password of {account}, used once, when it is configured",
            where=str(record_of(site, each)),
            remedy=(
                "Configure it with the password, or set a key for it.",
                Action("configure", each.id, given={"ask-password": ""}),
                Action("login", each.id, needs=("file",)),
            ),
            deposit=each.id,
            account=contact.user,
        )
    return Reach(host(site, each), contact.user, key)


def own_secret(site: Site, each: Summary) -> str | None:
    """The name, in the site's keys/, of the secret that the office set for this deposit's first contact alone: a
    private key, or an appliance's password. None where it set none."""
    name = f"login/{each.id}"
    return name if (site.folder("keys") / name).is_file() else None


def first_key(site: Site, each: Summary) -> str | None:
    """The name, in keys/, of the private key of the first contact; None where there is none, or only a password.

    Raises InvalidRecord for one that no letter may name: the record is from before that was looked at.
    """
    contact = each.route.first_contact
    if own := own_secret(site, each):
        return own
    key = contact.key if contact else None
    if key and key not in site.settings.for_letters:
        raise InvalidRecord(
            "key-not-for-letters",
            "the record of {deposit} names the key {key!r} of the office's, which letters may not name",
            where=str(record_of(site, each)),
            remedy=(
                Text(
                    "If it is meant, let letters name it (first_contact_keys in {file_name}), or set it for this one:",
                    file_name=FILE_NAME,
                ),
                Action("login", each.id, given={"key-file": str(site.root / "keys" / key)}),
            ),
            deposit=each.id,
            key=key,
        )
    return key


def refuse_named(site: Site, each: Summary) -> None:
    """Raise InvalidRecord for a record from before letters were looked at, which names a secret of the office's, unless
    the office has set one for this deposit since."""
    if first_key(site, each) is not None:
        return
    contact = each.route.first_contact
    if contact and contact.password:
        file = str(site.root / "keys" / contact.password)
        typed = Action("login", each.id, given={"ask-password": ""})
        raise InvalidRecord(
            "password-named-by-record",
            "the record of {deposit} names the password file {name!r}, and no letter may say which secret is sent",
            where=str(record_of(site, each)),
            remedy=(
                "If that is this appliance's own password, set it for this deposit, and then delete the old file:",
                Action("login", each.id, given={"password-file": file}, alternatives=(typed,)),
            ),
            deposit=each.id,
            name=contact.password,
        )


def opens_by_key(site: Site, each: Summary) -> bool:
    """Does a key of the first contact open it? One that letters may not name does not."""
    try:
        return first_key(site, each) is not None
    except InvalidRecord:
        return False


def office_account(site: Site, each: Summary) -> str:
    """What the office's own account on the server is called, or will be: a server keeps the name that it began with."""
    settings, route = site.settings, each.route
    later = "" if route.settled else settings.management_account
    return route.account or later or settings.management.account


def lets_us_in(each: Summary) -> bool:
    """Does the server have the office's own account? Configuration makes it, or a first contact by password."""
    return each.let_in


def first_contact(site: Site, each: Summary) -> FirstContact:
    """The account that the owner made for us. Raises InvalidRecord when the record names none."""
    found = each.route.first_contact
    if found is None:
        raise InvalidRecord(
            "no-first-contact",
            "there is no way in to {deposit}: no first contact is known",
            where=str(record_of(site, each)),
            remedy=(
                "Add access.first_contact: {user: NAME, key: owner}.",
                Action("edit", each.id),
            ),
            deposit=each.id,
        )
    return found
