"""May an account log in? What was seen of it on the server, and what that means.

The management account looks up the requester's account on the server: whether it exists, is locked or expired, has the
letter's keys where sshd reads them, passes sshd's rules, and has a working shell. That proves less than a login with
the requester's own key, and is never called one.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from sopctl.locale import Sense, Text
from sopctl.model.access import sshd_rules
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, Verdict
from sopctl.model.access.target import fingerprint_of
from sopctl.model.text import printable

EPOCH = date(1970, 1, 1)


class Check(StrEnum):
    """What is checked, in the order in which a login meets it."""

    ACCOUNT = "account"
    RULES = "rules"
    METHODS = "methods"
    MODES = "modes"
    KEYS = "keys"
    LOCK = "lock"
    EXPIRY = "expiry"
    PASSWORD = "password"  # noqa: S105 (what is looked at, not a password)
    COMMAND = "command"
    SHELL = "shell"


CHECKS: Mapping[str, Text] = {
    Check.ACCOUNT: Sense("account", "account"),
    Check.RULES: Sense("account", "rules"),
    Check.METHODS: Sense("account", "methods"),
    Check.MODES: Sense("account", "modes"),
    Check.KEYS: Sense("account", "keys"),
    Check.LOCK: Sense("account", "lock"),
    Check.EXPIRY: Sense("account", "expiry"),
    Check.PASSWORD: Sense("account", "password"),
    Check.COMMAND: Sense("account", "command"),
    Check.SHELL: Sense("account", "shell"),
}
"""What is checked in words, for screens."""


class Finding(Struct, frozen=True):
    """What one check found; `detail` is safe to print."""

    check: Check
    ok: bool
    detail: str
    cause: Cause | None = None


class AccountFound(Struct, frozen=True):
    """What was found about one account, check by check."""

    account: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Was everything checked, without a fault?"""
        return bool(self.findings) and not self.failed

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The faults, in the order of `Check`."""
        return tuple(finding for finding in self.findings if not finding.ok)


class Examination(Struct, frozen=True):
    """What the management account saw. `access` is its own login, and the services; without a login there are no
    `accounts`."""

    access: AccessResult
    accounts: tuple[AccountFound, ...] = ()

    @property
    def ok(self) -> bool:
        """Was everything checked, without a fault?"""
        reached = self.access.verdict is Verdict.ACCESSIBLE
        return reached and bool(self.accounts) and all(found.ok for found in self.accounts)


class PathEntry(Struct, frozen=True):
    """A key file, or a folder above it: who owns it, and its permissions."""

    path: str
    uid: int
    mode: int
    own_group: bool = False
    """Its group belongs to this account alone, and this sshd allows such a group to write."""


class KeyFile(Struct, frozen=True):
    """A file in which sshd looks for the account's keys. Without `entries` there is none at `path`."""

    path: str
    content: str = ""
    readable: bool = False
    """Whether the account itself can read it: sshd reads the file as that user."""
    entries: tuple[PathEntry, ...] = ()


class Shadow(Struct, frozen=True):
    """The account's shadow(5) entry, without the password: `lock` is what that field says. Dates are days since 1970,
    or None if not set."""

    lock: str
    """absent (no entry), empty, none ("*"), bare ("!": never had a password), locked ("!" before one), password"""
    changed: int | None = None
    max_age: int | None = None
    inactive: int | None = None
    expires: int | None = None


class AccountSeen(Struct, frozen=True):
    """What was seen on the server: hostile text, not yet escaped."""

    name: str
    exists: bool
    address: str = ""
    today: int = 0
    uid: int = 0
    shell: str = ""
    groups: tuple[str, ...] = ()
    nologin: bool = False
    shadow: Shadow = Shadow("absent")
    rules: sshd_rules.Rules = {}
    rules_error: str = ""
    """What sshd said instead of its rules."""
    files: tuple[KeyFile, ...] = ()
    shell_listed: bool = False
    shell_status: int | None = None
    """The exit status of `SHELL -c true`; None when there is no such program."""


def findings(seen: AccountSeen, keys: Sequence[str]) -> tuple[Finding, ...]:
    """Judge what was seen. `keys` are the public keys ("TYPE BASE64 [comment]") that must open the account."""
    if not seen.exists:
        return (Finding(Check.ACCOUNT, False, f"there is no account {seen.name}", Cause.NO_SUCH_ACCOUNT),)
    rules: dict[Check, Callable[[AccountSeen, Sequence[str]], Finding]] = {
        Check.RULES: _rules,
        Check.METHODS: _methods,
        Check.MODES: _modes,
        Check.KEYS: _keys,
        Check.LOCK: _lock,
        Check.EXPIRY: _expiry,
        Check.PASSWORD: _password,
        Check.COMMAND: _command,
        Check.SHELL: _shell,
    }
    account = Finding(Check.ACCOUNT, True, f"{seen.name} has the number {seen.uid}")
    unknown = _BY_SSHD if seen.rules_error else ()
    return (account, *(judge(seen, keys) for check, judge in rules.items() if check not in unknown))


_BY_SSHD = (Check.METHODS, Check.MODES, Check.KEYS, Check.LOCK, Check.COMMAND)
"""The checks that need sshd's rules. Without the rules, the finding about them stands for all of these."""


def _bad(check: Check, cause: Cause, detail: str) -> Finding:
    return Finding(check, False, printable(detail, 400), cause)


def _good(check: Check, detail: str) -> Finding:
    return Finding(check, True, printable(detail, 400))


def _rules(seen: AccountSeen, _keys: Sequence[str]) -> Finding:
    if seen.rules_error:
        return _bad(Check.RULES, Cause.COMMAND_FAILED, f"sshd does not print its rules (sshd -T): {seen.rules_error}")
    if rule := sshd_rules.refusal(seen.rules, seen.name, seen.groups, seen.address):
        return _bad(Check.RULES, Cause.NOT_ALLOWED, f"sshd keeps it out, from {seen.address}: {rule}")
    if seen.uid == 0 and sshd_rules.first(seen.rules, "permitrootlogin") == "no":
        return _bad(Check.RULES, Cause.NOT_ALLOWED, "sshd keeps root out: PermitRootLogin no")
    if seen.nologin and seen.uid != 0:
        return _bad(Check.RULES, Cause.NOT_ALLOWED, "only root may log in now: /etc/nologin or /run/nologin")
    return _good(Check.RULES, f"sshd lets it in, from {seen.address}")


def _methods(seen: AccountSeen, keys: Sequence[str]) -> Finding:
    if cause := sshd_rules.method_cause(seen.rules):
        wanted = sshd_rules.first(seen.rules, "authenticationmethods", "any")
        on = sshd_rules.first(seen.rules, "pubkeyauthentication", "yes")
        return _bad(Check.METHODS, cause, f"PubkeyAuthentication {on}, AuthenticationMethods {wanted}")
    for kind in (key.split()[0] for key in keys):
        if not sshd_rules.takes_key_type(seen.rules, kind):
            return _bad(
                Check.METHODS, Cause.NO_COMMON_ALGORITHM, f"sshd takes no {kind} keys: PubkeyAcceptedAlgorithms"
            )
    return _good(Check.METHODS, "a public key is enough")


def _matching(seen: AccountSeen, key: str) -> list[tuple[KeyFile, sshd_rules.AuthorizedKey]]:
    """Where `key` is listed as a key that may log in."""
    kind, blob = key.split()[:2]
    return [
        (file, one)
        for file in seen.files
        for one in sshd_rules.read_authorized_keys(file.content)
        if (one.type, one.blob) == (kind, blob) and "cert-authority" not in one.options
    ]


def _keys(seen: AccountSeen, keys: Sequence[str]) -> Finding:
    places = ", ".join(file.path for file in seen.files) or "no file (AuthorizedKeysFile none)"
    for key in keys:
        entered = [one for _, one in _matching(seen, key)]
        if not entered:
            command = sshd_rules.first(seen.rules, "authorizedkeyscommand", "none")
            more = "" if command == "none" else "; AuthorizedKeysCommand, which may know it, was not asked"
            missing = f"the key {fingerprint_of(key)} is not in {places}{more}"
            return _bad(Check.KEYS, Cause.KEY_MISSING, missing)
        dates = [one.options.get("expiry-time", "99991231")[:8] for one in entered]
        if all(date_ < (EPOCH + timedelta(days=seen.today)).strftime("%Y%m%d") for date_ in dates):
            return _bad(Check.KEYS, Cause.KEY_MISSING, f"the key {fingerprint_of(key)} has expired (expiry-time=)")
        places_allowed = [one.options.get("from", "*") for one in entered]
        if not any(sshd_rules.address_matches(seen.address, allowed) for allowed in places_allowed):
            here = f"the key {fingerprint_of(key)} is not allowed from {seen.address}: from={places_allowed[0]}"
            return _bad(Check.KEYS, Cause.NOT_ALLOWED, here)
    found = sorted({file.path for key in keys for file, _ in _matching(seen, key)})
    return _good(Check.KEYS, f"{', '.join(fingerprint_of(key) for key in keys)} in {', '.join(found)}")


def _modes(seen: AccountSeen, keys: Sequence[str]) -> Finding:
    files = {file.path: file for key in keys for file, _ in _matching(seen, key)} or {
        file.path: file for file in seen.files if file.entries
    }
    for file in files.values():
        if not file.readable:
            return _bad(
                Check.MODES, Cause.LOOSE_MODES, f"{file.path} cannot be read by {seen.name}, as whom sshd reads it"
            )
        if sshd_rules.first(seen.rules, "strictmodes", "yes") == "no":
            continue
        for entry in file.entries:
            if entry.uid not in (0, seen.uid):
                return _bad(Check.MODES, Cause.LOOSE_MODES, f"{entry.path} belongs to the user number {entry.uid}")
            if entry.mode & (0o002 if entry.own_group else 0o022):
                return _bad(Check.MODES, Cause.LOOSE_MODES, f"{entry.path} may be written by others: {entry.mode:o}")
    return _good(Check.MODES, "only the account and root may write its key file")


def _lock(seen: AccountSeen, _keys: Sequence[str]) -> Finding:
    lock, pam = seen.shadow.lock, sshd_rules.first(seen.rules, "usepam", "no")
    if lock == "locked":
        still = "; sshd lets keys in all the same (UsePAM yes)" if pam == "yes" else ""
        return _bad(Check.LOCK, Cause.LOCKED, f'the password is locked: "!" before it in /etc/shadow{still}')
    if lock == "bare" and pam != "yes":
        return _bad(Check.LOCK, Cause.LOCKED, 'its password is "!" in /etc/shadow, which is a lock without PAM')
    said = {
        "absent": "no entry in /etc/shadow",
        "none": "no password",
        "bare": "never had a password",
        "empty": "empty",
    }
    return _good(Check.LOCK, f"not locked: {said.get(lock, 'a password')}")


def _day(days: int) -> str:
    try:
        return (EPOCH + timedelta(days=days)).isoformat()
    except OverflowError:
        return f"day {days}"


def _expiry(seen: AccountSeen, _keys: Sequence[str]) -> Finding:
    shadow = seen.shadow
    if shadow.expires is not None and 0 <= shadow.expires <= seen.today:
        return _bad(Check.EXPIRY, Cause.ACCOUNT_EXPIRED, f"the account expired on {_day(shadow.expires)}")
    if (aged := _aged(seen)) is not None and shadow.inactive is not None and 0 <= shadow.inactive < seen.today - aged:
        return _bad(
            Check.EXPIRY, Cause.ACCOUNT_EXPIRED, f"its password expired on {_day(aged)}, and so did the account"
        )
    return _good(Check.EXPIRY, f"until {_day(shadow.expires)}" if shadow.expires is not None else "does not expire")


def _aged(seen: AccountSeen) -> int | None:
    """The last day on which the password is valid; None when it does not expire."""
    shadow = seen.shadow
    if shadow.changed is None or shadow.max_age is None or shadow.max_age < 0:
        return None
    return shadow.changed + shadow.max_age


def _password(seen: AccountSeen, _keys: Sequence[str]) -> Finding:
    if seen.shadow.changed == 0:
        return _bad(
            Check.PASSWORD, Cause.PASSWORD_EXPIRED, "the password must be changed at the next login (chage -d 0)"
        )
    if (aged := _aged(seen)) is not None and aged < seen.today:
        return _bad(Check.PASSWORD, Cause.PASSWORD_EXPIRED, f"the password expired on {_day(aged)}")
    return _good(Check.PASSWORD, "need not be changed")


def _command(seen: AccountSeen, keys: Sequence[str]) -> Finding:
    if (forced := sshd_rules.first(seen.rules, "forcecommand", "none")) != "none":
        return _bad(Check.COMMAND, Cause.COMMAND_REFUSED, f"sshd runs one command only: ForceCommand {forced}")
    if sshd_rules.first(seen.rules, "maxsessions") == "0":
        return _bad(Check.COMMAND, Cause.COMMAND_REFUSED, "sshd opens no session: MaxSessions 0")
    for key in keys:
        entered = [one for _, one in _matching(seen, key)]
        if entered and all("command" in one.options for one in entered):
            only = entered[0].options["command"]
            return _bad(Check.COMMAND, Cause.COMMAND_REFUSED, f"the key runs one command only: command={only}")
    return _good(Check.COMMAND, "may run commands")


def _shell(seen: AccountSeen, _keys: Sequence[str]) -> Finding:
    shell, listed = seen.shell or "/bin/sh", "" if seen.shell_listed else " (not in /etc/shells)"
    if seen.shell_status is None:
        return _bad(Check.SHELL, Cause.NO_SHELL, f"the login shell {shell} is not a program there")
    if shell.rpartition("/")[2] in ("nologin", "false"):
        return _bad(Check.SHELL, Cause.NO_SHELL, f"the login shell is {shell}")
    if seen.shell_status != 0:
        end = "did not end" if seen.shell_status in (124, 137) else f"ended with exit status {seen.shell_status}"
        return _bad(Check.SHELL, Cause.SHELL_BROKEN, f"{shell} -c true {end}{listed}")
    return _good(Check.SHELL, f"{shell} works{listed}")
