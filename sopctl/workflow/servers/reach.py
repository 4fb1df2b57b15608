"""How the office reaches a deposit's server now: where, which host key it must show, as whom, and with which key."""

from msgspec import Struct

from sopctl.errors import Action, InvalidRecord
from sopctl.model.access.algorithms import allowed
from sopctl.model.deposit import FirstContact
from sopctl.model.sop.entries import Configured, HostKeyPinned, WayIn
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow.trust import Host


class Reach(Struct, frozen=True):
    """The host, the account there that is the office's now, and the name of its private key in the site's keys/."""

    host: Host
    account: str
    key: str


def host(dossier: Dossier) -> Host:
    """Where the deposit's server or appliance is, and the host key that its history has pinned."""
    access, pinned = dossier.deposit.access, dossier.newest(HostKeyPinned)
    key = pinned.host_key if pinned else None
    return Host(dossier.deposit.kind, dossier.id, access.address, access.port, key, allowed(access.legacy))


def reach(site: Site, dossier: Dossier) -> Reach:
    """How the controller reaches the server now: with the office's own account once there is one, else with the account
    that the owner made for the first contact.

    This does not check whether the key is in keys/: one missing key must not stop the other servers. Raises
    InvalidRecord when the record names no first contact, or one that only a password opens.
    """
    if lets_us_in(dossier):
        return Reach(host(dossier), office_account(site, dossier), site.settings.management.key)
    contact = first_contact(dossier)
    if contact.key is None:
        raise InvalidRecord(
            "first-contact-by-password",
            "the only way in to {deposit} is the password of {account}, used once, when it is configured",
            where=str(dossier.folder / "deposit.yml"),
            remedy=(
                "Name a key of keys/ in access.first_contact, or configure it with the password.",
                Action("configure", dossier.id, given={"ask-password": ""}),
            ),
            deposit=dossier.id,
            account=contact.user,
        )
    return Reach(host(dossier), contact.user, contact.key)


def office_account(site: Site, dossier: Dossier) -> str:
    """What the office's own account on the server is called, or will be: a server keeps the name that it began with."""
    configured, made = dossier.newest(Configured), dossier.newest(WayIn)
    if configured or made:
        return (configured and configured.account) or (made and made.way_in) or site.settings.management.account
    return (
        dossier.deposit.access.management_account
        or site.settings.management_account
        or site.settings.management.account
    )


def lets_us_in(dossier: Dossier) -> bool:
    """Does the server have the office's own account? Configuration makes it, or a first contact by password."""
    return dossier.summary.managed or dossier.newest(WayIn) is not None


def first_contact(dossier: Dossier) -> FirstContact:
    """The account that the owner made for us. Raises InvalidRecord when the record names none."""
    found = dossier.deposit.access.first_contact
    if found is None:
        raise InvalidRecord(
            "no-first-contact",
            "there is no way in to {deposit}: no first contact is known",
            where=str(dossier.folder / "deposit.yml"),
            remedy=(
                "Add access.first_contact: the user, and the name of the key in keys/.",
                Action("edit", dossier.id),
            ),
            deposit=dossier.id,
        )
    return found
