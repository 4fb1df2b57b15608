"""How the office reaches a deposit's server now: where, which host key it must show, as whom, and with which key."""

from msgspec import Struct

from sopctl.errors import Action, InvalidRecord
from sopctl.model.access.algorithms import allowed
from sopctl.model.deposit import FirstContact
from sopctl.model.sop.entries import Configured, HostKeyPinned, WayIn
from sopctl.store.dossiers import Dossier
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


def host(site: Site, dossier: Dossier) -> Host:
    """Where the deposit's server or appliance is, and the host key that its history has pinned. Raises NotNow for a
    site that another controller works on."""
    site.refuse_moved()
    access, pinned = dossier.deposit.access, dossier.newest(HostKeyPinned)
    key = pinned.host_key if pinned else None
    return Host(
        dossier.deposit.kind,
        dossier.id,
        address(dossier),
        access.port,
        key,
        allowed(access.legacy),
        admitting.destinations(site),
    )


def address(dossier: Dossier) -> str:
    """Where the deposit's machine answers. Raises InvalidRecord while it has no address."""
    found = dossier.deposit.access.address
    if not found:
        raise InvalidRecord(
            "no-address-yet",
            "{deposit} has no address yet: its letter named none, and none was given to it",
            where=str(dossier.folder / "deposit.yml"),
            remedy=Action("edit", dossier.id),
            deposit=dossier.id,
        )
    return found


def reach(site: Site, dossier: Dossier) -> Reach:
    """How the controller reaches the server now: with the office's own account once there is one, else with the account
    that the owner made for the first contact.

    This does not check whether the key is in keys/: one missing key must not stop the other servers. Raises
    InvalidRecord when the record names no first contact, or one that only a password opens.
    """
    if lets_us_in(dossier):
        return Reach(host(site, dossier), office_account(site, dossier), office_key(site, dossier.summary))
    contact, key = first_contact(dossier), first_key(site, dossier)
    if key is None:
        raise InvalidRecord(
            "first-contact-by-password",
            "the only way in to {deposit} is the password of {account}, used once, when it is configured",
            where=str(dossier.folder / "deposit.yml"),
            remedy=(
                "Configure it with the password, or set a key for it.",
                Action("configure", dossier.id, given={"ask-password": ""}),
                Action("login", dossier.id, needs=("file",)),
            ),
            deposit=dossier.id,
            account=contact.user,
        )
    return Reach(host(site, dossier), contact.user, key)


def own_secret(site: Site, dossier: Dossier) -> str | None:
    """The name, in the site's keys/, of the secret that the office set for this deposit's first contact alone: a
    private key, or an appliance's password. None where it set none."""
    name = f"login/{dossier.id}"
    return name if (site.folder("keys") / name).is_file() else None


def first_key(site: Site, dossier: Dossier) -> str | None:
    """The name, in keys/, of the private key of the first contact; None where there is none, or only a password.

    Raises InvalidRecord for one that no letter may name: the record is from before that was looked at.
    """
    contact = dossier.deposit.access.first_contact
    if own := own_secret(site, dossier):
        return own
    key = contact.key if contact else None
    if key and key not in site.settings.for_letters:
        raise InvalidRecord(
            "key-not-for-letters",
            "the record of {deposit} names the key {key!r} of the office's, which letters may not name",
            where=str(dossier.folder / "deposit.yml"),
            remedy=(
                f"If it is meant, let letters name it (first_contact_keys in {FILE_NAME}), or set it for this one:",
                Action("login", dossier.id, given={"key-file": str(site.root / "keys" / key)}),
            ),
            deposit=dossier.id,
            key=key,
        )
    return key


def refuse_named(site: Site, dossier: Dossier) -> None:
    """Raise InvalidRecord for a record from before letters were looked at, which names a secret of the office's, unless
    the office has set one for this deposit since."""
    if first_key(site, dossier) is not None:
        return
    contact = dossier.deposit.access.first_contact
    if contact and contact.password:
        file = str(site.root / "keys" / contact.password)
        typed = Action("login", dossier.id, given={"ask-password": ""})
        raise InvalidRecord(
            "password-named-by-record",
            "the record of {deposit} names the password file {name!r}, and no letter may say which secret is sent",
            where=str(dossier.folder / "deposit.yml"),
            remedy=(
                "If that is this appliance's own password, set it for this deposit, and then delete the old file:",
                Action("login", dossier.id, given={"password-file": file}, alternatives=(typed,)),
            ),
            deposit=dossier.id,
            name=contact.password,
        )


def opens_by_key(site: Site, dossier: Dossier) -> bool:
    """Does a key of the first contact open it? One that letters may not name does not."""
    try:
        return first_key(site, dossier) is not None
    except InvalidRecord:
        return False


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
    return dossier.summary.let_in


def first_contact(dossier: Dossier) -> FirstContact:
    """The account that the owner made for us. Raises InvalidRecord when the record names none."""
    found = dossier.deposit.access.first_contact
    if found is None:
        raise InvalidRecord(
            "no-first-contact",
            "there is no way in to {deposit}: no first contact is known",
            where=str(dossier.folder / "deposit.yml"),
            remedy=(
                "Add access.first_contact: {user: NAME, key: owner}.",
                Action("edit", dossier.id),
            ),
            deposit=dossier.id,
        )
    return found
