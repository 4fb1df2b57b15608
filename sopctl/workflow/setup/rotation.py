"""The key of the office's account on the servers: a new one is named; the old one put aside when no server knows it.

Both are named in sopctl.yml meanwhile (`management: {key, before}`), so that each server is opened by the one that it
knows. What happens on the servers is in `steps/rotating.py`.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from sopctl.errors import Action, NotNow, UsageError
from sopctl.locale import Counted
from sopctl.store import dossiers, register
from sopctl.store.durable import listed
from sopctl.store.settings import Settings
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.office_key import KeyState, fingerprint, key_states
from sopctl.workflow.setup.init import make_key
from sopctl.workflow.steps.rotating import refuse_without_account, usable


class ServerKey(Struct, frozen=True):
    """Which of the office's keys opens its account on a server; `fingerprint` as its history names it, empty where it
    does not."""

    id: str
    server: str
    state: KeyState
    fingerprint: str


class Status(Struct, frozen=True):
    """The office's keys by name and fingerprint (empty if the public half is missing), and every server that has one of
    them. `before` is empty while no change is under way."""

    key: str
    fingerprint: str | None
    before: str | None
    before_fingerprint: str | None
    servers: tuple[ServerKey, ...]

    @property
    def left(self) -> tuple[ServerKey, ...]:
        """The servers that do not have the current key alone."""
        return tuple(each for each in self.servers if each.state != "current")


def status(desk: Desk) -> Status:
    """Which key is current, and which one opens each server."""
    site, management = desk.site, desk.site.settings.management
    before, state = management.before, key_states(site)
    return Status(
        key=management.key,
        fingerprint=fingerprint(site, management.key),
        before=before,
        before_fingerprint=fingerprint(site, before) if before else None,
        servers=tuple(
            ServerKey(each.id, each.server, state(each), each.office_key)
            for each in register.summaries(site)
            if each.let_in and each.in_our_hands
        ),
    )


def begin(desk: Desk, named: str | None = None, *, lost: bool = False, ids: Sequence[str] = ()) -> str:
    """Name another key as the current one: `named`, which is in keys/, else one that is made. Where a change is under
    way, it goes on. Returns the name of the current key. `ids`: the servers that are to have it first.

    Raises NotNow where the only one of `ids` has no account of ours, before anything is named, and while a change to
    another key is under way; UsageError or InvalidRecord for a key that cannot be named, OutsideFailure where the
    current key is missing and nobody said that it is `lost`.
    """
    site = desk.site
    if len(ids) == 1:
        refuse_without_account(dossiers.read(site, ids[0]))
    with site.alone():
        site.refuse_moved()
        site.read_settings_again()
        management = site.settings.management
        if management.before:
            if named not in (None, management.key):
                raise NotNow(
                    "key-change-under-way",
                    "the change from {before} to {key} is not over yet",
                    remedy=("Let it come to its end first.", Action("key status")),
                    before=management.before,
                    key=management.key,
                )
            return management.key
        if lost and (site.folder("keys") / management.key).is_file():
            raise UsageError(
                "key-not-lost",
                "the key {key} is in keys/",
                remedy="Leave out --lost: servers that it opens need no help of their owners.",
                key=management.key,
            )
        if not lost:
            usable(site, management.key)
        if named:
            _refuse_other_use(site.settings, named)
            usable(site, named)
            site.name_keys(named, management.key)
            return named
        return _made_and_named(site, management.key)


def retire(desk: Desk) -> list[str]:
    """Put the key before the current one aside, once no server knows it. Returns where its files are now.

    Raises NotNow where none is left over, or servers do not have the current key alone yet; the error of a dossier that
    cannot be read: it may be one of these.
    """
    site = desk.site
    with site.alone():
        site.refuse_moved()
        site.read_settings_again()
        before = site.settings.management.before
        if before is None:
            raise NotNow("no-key-before", "there is no key before the current one", remedy=Action("key status"))
        for problem in register.read(site).errors:
            raise problem
        left = status(desk).left
        if left:
            raise NotNow(
                "key-still-known",
                "{count} without the new key alone: {servers}",
                remedy=Action("rotate", ""),
                count=Counted("{number} server", "{number} servers", len(left)),
                servers=", ".join(each.id for each in left[:20]) + ", …" * (len(left) > 20),
            )
        moved = site.put_key_aside(before)
        site.name_keys(site.settings.management.key, None)
        return [str(path) for path in moved]


def _made_and_named(site: Site, before: str) -> str:
    """Make a key and name it as the current one: both, or neither."""
    name = _next(site, before)
    try:
        make_key(site.folder("keys") / name, f"sopctl {name}")
        usable(site, name)
        site.name_keys(name, before)
    except BaseException:
        site.read_settings_again()
        if site.settings.management.key != name:
            site.drop_key(name)
        raise
    return name


def _next(site: Site, name: str) -> str:
    """`management-2` after `management`, or the first number behind it of which there is no file."""
    keys, base, number = site.folder("keys"), re.sub(r"-[0-9]{1,6}\Z", "", name), 2
    while listed(keys, f"{base}-{number}*") or f"{base}-{number}" == name:
        number += 1
    return f"{base}-{number}"


def _refuse_other_use(found: Settings, name: str) -> None:
    others = {"vault", *found.first_contact_keys, *found.secrets}
    if name in others or name.endswith(".pub") or name == found.management.key:
        raise UsageError(
            "key-for-something-else",
            "{name} is the current key already, or for something else",
            remedy="Name a key in keys/ that is for nothing else.",
            name=name,
        )
