"""The office's own key: which one opens its account on a server, by the server's history. sopctl.yml names the current
one, and, while not every server has that, the one before it.
"""

import os
from collections.abc import Callable
from functools import cache, partial
from typing import Literal

from sopctl.errors import InvalidRecord, OutsideFailure
from sopctl.model.access.target import fingerprint_of
from sopctl.model.sop.summary import Summary
from sopctl.store.durable import disk_errors
from sopctl.store.site import Site

KeyState = Literal["current", "both", "before", "none"]
"""Which of the office's keys opens its account on a server: the one that sopctl.yml names, that and the one before it,
only the one before it, or none that is in keys/."""


def office_key(site: Site, each: Summary) -> str:
    """The name, in keys/, of the office's key with which its account on the server is opened, or will be: the current
    one, or the one before it where that is what the server knows, and it is not lost."""
    before = site.settings.management.before
    return before if before and key_state(site, each) == "before" else site.settings.management.key


def key_state(site: Site, each: Summary) -> KeyState:
    """Which of the office's keys opens its account on a server. Where the history does not say, as those of older
    versions, it is the first one that there ever was. A login that may not look into keys/ is told nothing."""
    return key_states(site)(each)


def key_states(site: Site) -> Callable[[Summary], KeyState]:
    """The same for whoever asks of many servers: keys/ is looked at once."""
    current, before = site.settings.management.key, site.settings.management.before
    may_look = cache(lambda: os.access(site.folder("keys"), os.R_OK | os.X_OK))
    there = cache(lambda name: (site.folder("keys") / name).is_file())
    opened_by = cache(partial(fingerprint, site))

    def state(each: Summary) -> KeyState:
        if not each.let_in or not may_look():
            return "current"
        if each.office_key:
            name = next((key for key in (current, before) if key and opened_by(key) == each.office_key), None)
        else:
            name = before or current
        if name is None or not there(name):
            return "none"
        if name == before:
            return "before"
        return "both" if each.key_leaving else "current"

    return state


def fingerprint(site: Site, name: str) -> str | None:
    """The fingerprint of the public half of the site's key `name`; None where there is none, or no such key."""
    try:
        return fingerprint_of(public_key(site, name))
    except (OutsideFailure, InvalidRecord):
        return None


def public_key(site: Site, name: str) -> str:
    """The public half of the site's key `name`, one line. Raises OutsideFailure when it is missing."""
    path = site.folder("keys") / f"{name}.pub"
    if not path.is_file():
        raise OutsideFailure(
            "public-key-missing",
            "the public half of the key {key} is missing",
            where=str(path),
            remedy=f"Make it: ssh-keygen -y -f {path.with_suffix('')} > {path}",
            key=name,
        )
    with disk_errors(path, "read"):
        return path.read_text().strip()
