"""First contact by password: used once, to make the office's own account, whose key opens the server from then on.

The password is the owner's. It is not kept, not logged, and on no command line.
"""

import errno
import os
import select
import stat
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from sopctl.adapters.ssh import Key, Password, load_key, run_as_root
from sopctl.errors import InvalidRecord, NotNow, OutsideFailure, UsageError, in_words
from sopctl.locale import Sentence, Text, gettext_noop
from sopctl.model.access import details
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, remedy
from sopctl.model.sop.entries import OfficeKey, SudoRight, WayIn
from sopctl.model.sop.summary import Summary
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, Turn
from sopctl.workflow.office_key import fingerprint, office_key, public_key
from sopctl.workflow.servers.reach import first_contact, first_key, host, office_account, opens_by_key
from sopctl.workflow.trust import target

SCRIPTS = ("playbooks/files/way_in.sh", "playbooks/roles/raw_accounts/files/accounts.sh")
RECORDS = "/var/lib/sopctl"
GIVE_BACK = "/usr/local/lib/sopctl/full-sudo"
"""On a server where the office may only take inventory: what its owner runs as root (role inventory_only)."""
SECONDS = 60.0
MAX_BYTES = 4096
PIPE_SECONDS = 30.0
"""How long a pipe may take to bring a password, as in `--password-file <(pass show fw1)`."""

_REMEDIES = {
    Cause.DENIED: gettext_noop("Ask the owner for the account's password; it was tried once."),
    Cause.METHOD_NOT_ALLOWED: gettext_noop(
        "Ask the owner to allow passwords for {user} (PasswordAuthentication in sshd_config), or to install a key of "
        "ours."
    ),
    Cause.SECOND_FACTOR: gettext_noop(
        "Ask the owner to let the password alone be enough for {user}, or to install a key of ours."
    ),
    Cause.SUDO_REFUSED: gettext_noop("Ask the owner to let {user} become root through sudo."),
    Cause.COMMAND_FAILED: gettext_noop("Fix what the server reports, then run the command again."),
}
"""What helps where that differs from a login with a key."""

_NOT_ROOT = (Cause.SUDO_REFUSED, Cause.SUDO_ASKS, Cause.SUDO_WANTS_TERMINAL, Cause.NO_SUDO)
"""The account lets us in, but not become root."""


def account(desk: Desk, deposit_id: str) -> str:
    """The account that the owner made for the first contact. Raises InvalidRecord when the record names none."""
    return first_contact(desk.site, dossiers.read(desk.site, deposit_id).summary).user


def from_file(path: Path) -> Password:
    """The password in the first line of a file that only its owner may read; `-` is standard input.

    Raises OutsideFailure when it cannot be read, InvalidRecord when others may read it, or no password is there.
    """
    try:
        if str(path) == "-":
            line = sys.stdin.buffer.readline(MAX_BYTES)
        else:
            with open(path, "rb", buffering=0, opener=_not_waiting) as file:
                mode = os.fstat(file.fileno()).st_mode
                if stat.S_ISREG(mode) and mode & 0o077:
                    raise InvalidRecord(
                        "password-readable-by-others",
                        "the password can be read by others",
                        where=str(path),
                        remedy=Text("Close it: chmod 600 {path}", path=path),
                    )
                line = _first_line(file.fileno())
    except OSError as error:
        raise OutsideFailure(
            "password-unreadable",
            "the password cannot be read: {reason}",
            remedy="See whether the file exists and can be read by who runs sopctl.",
            where=str(path),
            reason=in_words(error),
        ) from None
    return one_line(line.rstrip(b"\r\n").decode("utf-8", "surrogateescape"), str(path))


def _not_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _first_line(descriptor: int) -> bytes:
    """The first line of a file, or of a pipe that somebody writes into in time. Raises OSError."""
    line, until = b"", time.monotonic() + PIPE_SECONDS
    while b"\n" not in line and len(line) < MAX_BYTES:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError(errno.ETIMEDOUT, gettext_noop("nobody wrote it into the pipe"))
        piece = os.read(descriptor, MAX_BYTES - len(line))
        if not piece:
            break
        line += piece
    return line.partition(b"\n")[0]


def from_keyring(service: str, user: str) -> Password:
    """The password that this machine's keyring has for `service` and `user`. Raises OutsideFailure if it has none."""
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_password(service, user)
    except KeyringError as error:
        raise OutsideFailure(
            "keyring-unavailable",
            "the keyring cannot be opened: {reason}",
            remedy="Unlock it, or give the password in another way, such as --password-file.",
            reason=error,
        ) from None
    if found is None:
        raise OutsideFailure(
            "password-not-in-keyring",
            "the keyring has no password of {account} for {service}",
            remedy=Text("Enter it: keyring set {service} {user}", service=service, user=user),
            account=user,
            service=service,
        )
    return one_line(found, f"keyring {service}")


def one_line(text: str, where: str) -> Password:
    """The text as a password. Raises InvalidRecord, without showing it, if it is not one line of text."""
    if not text or "\n" in text or "\0" in text:
        raise InvalidRecord(
            "password-not-one-line",
            "the password is empty or not one line of text",
            remedy="Write the password alone into that file, on one line.",
            where=where,
        )
    return Password(text)


def password_for_many() -> UsageError:
    """The error for a password that was given for several servers, or for none by name."""
    return UsageError(
        "password-for-many", "a password opens one server, not several", remedy="Name one server at a time."
    )


def key_of(site: Site, each: Summary) -> Key | None:
    """The key of the first contact, where it has one and that is in keys/. Raises as `load_key`."""
    name = first_key(site, each) if opens_by_key(site, each) else None
    return load_key(site.key_file(name)) if name and (site.folder("keys") / name).is_file() else None


def with_key(site: Site, each: Summary, password: Password) -> Password:
    """The owner's password, with the key of the first contact: a server may take keys only, and its sudo ask for the
    password."""
    return replace(password, key=key_of(site, each))


def let_in(mine: Turn, password: Password, *, cancel: threading.Event | None = None) -> WayIn:
    """Make the management account on the server, through the account of the letter and its password.

    Its host key is already pinned. Returns what the history keeps of it. Raises OutsideFailure when it fails.
    """
    site = mine.desk.site
    site.key_file(office_key(site, mine.dossier.summary))
    user = first_contact(site, mine.dossier.summary).user
    found = _make_account(mine, user, with_key(site, mine.dossier.summary, password), cancel)
    if found.cause:
        raise refused(mine.dossier.id, found)
    return WayIn(way_in=office_account(site, mine.dossier.summary))


def key_set(mine: Turn) -> list[OfficeKey]:
    """What the history keeps of the office's key where its account was set up: it has that one, and no other."""
    found = fingerprint(mine.desk.site, office_key(mine.desk.site, mine.dossier.summary))
    return [OfficeKey(office_key=found)] if found else []


def regain(mine: Turn, *, cancel: threading.Event | None = None) -> None:
    """Get back full sudo on a server where the office could only take inventory. This turn's events then record it.

    That works when the owner gave it back there, or when the key of the first contact still opens the owner's account.
    Raises NotNow when neither is the case, OutsideFailure when the server cannot be asked.
    """
    site = mine.desk.site
    key = load_key(site.key_file(office_key(site, mine.dossier.summary)))
    found = _make_account(mine, office_account(site, mine.dossier.summary), key, cancel)
    owner = mine.deposit.access.first_contact
    owners_key = key_of(site, mine.dossier.summary) if found.cause in _NOT_ROOT else None
    if owner and owners_key:
        again = _make_account(mine, owner.user, owners_key, cancel)
        found = again if again.cause is None else found
    if found.cause in _NOT_ROOT:
        raise reduced(mine.dossier.id)
    if found.cause:
        raise refused(mine.dossier.id, found)
    mine.always.append(SudoRight(sudo="full"))


def reduced(deposit_id: str) -> NotNow:
    """The error for a server on which the office may only take inventory, and how that is changed."""
    return NotNow(
        "sudo-reduced",
        "on {deposit} the office may take inventory and nothing else: its sudo was reduced",
        remedy=Text(
            "Ask the owner to run {give_back} on the server, as root, or to let the key of the first "
            "contact in again. Then run the command again.",
            give_back=GIVE_BACK,
        ),
        deposit=deposit_id,
    )


def _make_account(mine: Turn, user: str, way: Key | Password, cancel: threading.Event | None) -> AccessResult:
    """Make the management account, with full sudo, by logging in as `user`. Whatever exists of it already stays."""
    site = mine.desk.site
    account = [
        "management",
        office_account(site, mine.dossier.summary),
        public_key(site, office_key(site, mine.dossier.summary)),
    ]
    script = b"\n".join([f"DEPOSIT={mine.dossier.id}".encode(), *((site.root / name).read_bytes() for name in SCRIPTS)])
    where = target(host(site, mine.dossier.summary), user, timeout=SECONDS)
    return run_as_root(where, way, script, ["add", RECORDS, *account], cancel=cancel)


def refused(deposit_id: str, found: AccessResult, *, by_password: bool = True) -> OutsideFailure:
    """The error for a first contact that failed, by password or with the owner's key, with what helps."""
    assert found.cause  # noqa: S101 (it failed)
    words = _REMEDIES.get(found.cause) if by_password else None
    return OutsideFailure(
        "first-contact-failed",
        "the first contact with {deposit} failed at {rung}: {detail}",
        where=f"{found.host}:{found.port}",
        remedy=Text(words, user=found.user) if words else Sentence("{helps}", helps=remedy(found)),
        deposit=deposit_id,
        rung=found.rung,
        cause=found.cause,
        detail=details.read(found.detail),
    )
