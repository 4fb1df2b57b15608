"""The requester's accounts, examined with the management account: one connection, one read-only script per account.

The answer comes from the server and is as hostile as anything else it sends: it is bounded, parsed strictly, escaped.
"""

import base64
import binascii
import ipaddress
import re
import threading
from collections.abc import Mapping, Sequence
from importlib import resources

from sopctl.adapters.ssh.climb import Climb
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key
from sopctl.adapters.ssh.root import run_unasked, unasked_fault
from sopctl.errors import InvalidRecord
from sopctl.model.access import sshd_rules
from sopctl.model.access.account import AccountFound, AccountSeen, Examination, KeyFile, PathEntry, Shadow, findings
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import Rung
from sopctl.model.access.target import Target, source
from sopctl.model.names import ACCOUNT, PUBLIC_KEY
from sopctl.model.text import printable

MAX_ANSWER = 384 * 1024
MAX_RECORDS = 400
MAX_FILES = 8
MAX_DAY = 1_000_000
"""Days since 1970; no real date is later."""

_RECORD = re.compile(rb"=([a-z_]{1,20}) ([A-Za-z0-9+/=]*)")


def examine_accounts(
    target: Target,
    key: Key,
    accounts: Mapping[str, Sequence[str]],
    *,
    deposit: str = "",
    address: str | None = None,
    jump_key: Key | None = None,
    ca: str | None = None,
    cancel: threading.Event | None = None,
) -> Examination:
    """Examine `accounts` (name → public keys) on the server of `target`, whose `user` is the management account (root,
    or becomes it unasked).

    Checks that each account exists, is neither locked nor expired, has all of its keys ("TYPE BASE64 [comment]") where
    sshd reads them, passes sshd's rules for a login from `address` (by default our own), and has a working shell. Then
    the services are checked. A server that carries the id of another deposit than `deposit` is not looked at: that is
    the cause `other-deposit`. When the management account does not get that far, `access` in the result says why, and
    accounts that were not examined are missing. One connection, within `target.timeout`.
    Raises InvalidRecord for malformed arguments, and Interrupted.
    """
    _refuse(target, accounts, address)
    climb = Climb(target, Deadline(target.timeout, cancel))
    found: list[AccountFound] = []
    try:
        if target.jump is not None and (jump_key or not target.jump.key_file):
            climb.jump(target.jump, jump_key or key)
        climb.connect()
        climb.handshake()
        climb.log_in(target.user or "", key)
        with climb.on(Rung.COMMAND) as note:
            for account, public_keys in accounts.items():
                seen = _examine(climb, account, address, deposit)
                found.append(AccountFound(account, findings(seen, public_keys)))
            note.append(f"looked at {', '.join(accounts)}")
        climb.disconnect()
        if target.services:
            from sopctl.adapters.ssh.services import try_services

            try_services(climb, ca)
    except Fault as fault:
        return Examination(climb.result(fault), tuple(found))
    finally:
        climb.close()
    return Examination(climb.result(), tuple(found))


def _refuse(target: Target, accounts: Mapping[str, Sequence[str]], address: str | None) -> None:
    """Raise InvalidRecord for what must not reach a command line, or would prove nothing."""
    if target.user is None:
        raise InvalidRecord(
            "no-management-account",
            "other accounts can be examined only with a management account",
            remedy="Name the office's own account on that server.",
            where=target.host,
        )
    for account, public_keys in accounts.items():
        if not re.match(ACCOUNT, account):
            raise InvalidRecord(
                "not-an-account-name",
                "this is not an account name",
                remedy=(
                    "An account of Linux has lower-case letters, digits, hyphens and underscores, and "
                    "begins with a letter."
                ),
                where=printable(account, 80),
            )
        if not public_keys or not all(re.match(PUBLIC_KEY, one) for one in public_keys):
            raise InvalidRecord(
                "account-keys-missing",
                "the public keys that must open the account are missing",
                remedy="Each account needs at least one public key, each on a line as in an authorized_keys file.",
                where=account,
            )
    if address is not None:
        source(address)


def _examine(climb: Climb, account: str, address: str | None, deposit: str) -> AccountSeen:
    """Run the script and parse its output."""
    assert climb.session is not None  # noqa: S101 (logged in)
    script = resources.files(__package__).joinpath("examine.sh").read_bytes()
    status, output = run_unasked(climb.session, script, [account, address or "-"], MAX_ANSWER, connection=True)
    said = read_records(output)
    noted = printable(dict(said).get("deposit", "").strip(), 60)
    if deposit and noted and noted != deposit:
        raise Fault(Cause.OTHER_DEPOSIT, f"this is the server of {noted}, by the note there, not of {deposit}")
    if said and said[-1][0] == "end":
        return read_seen(account, said)
    raise unasked_fault(climb.target.user or "", status, b"" if said else output, "the account could not be examined")


def read_records(output: bytes) -> list[tuple[str, str]]:
    """The script's records in order: (name, text). Other output (a greeting of the login shell) is skipped."""
    found = []
    for line in output.split(b"\n"):
        if (record := _RECORD.fullmatch(line)) is None:
            continue
        try:
            text = base64.b64decode(record[2], validate=True).decode("utf-8", "backslashreplace")
        except binascii.Error:
            continue
        found.append((record[1].decode(), text))
        if len(found) > MAX_RECORDS:
            break
    return found


def read_seen(account: str, records: list[tuple[str, str]]) -> AccountSeen:
    """The account as the records describe it. Never raises: records that make no sense are ignored."""
    said = dict(records)
    passwd = said.get("passwd", "").split(":")
    if len(passwd) != 7 or passwd[0] != account:
        return AccountSeen(account, exists=False)
    failed = _number(said.get("sshd_status")) != 0
    listed, shell_status = [*said.get("shell", "").split(), "", ""][:2]
    return AccountSeen(
        account,
        exists=True,
        address=_address(said.get("address", "")),
        today=min(_number(said.get("today")) or 0, MAX_DAY),
        uid=_number(passwd[2]) or 0,
        shell=passwd[6],
        groups=tuple(said.get("groups", "").split()),
        nologin=said.get("nologin") == "yes",
        shadow=_shadow(said.get("shadow", "")),
        rules={} if failed else sshd_rules.read_rules(said.get("sshd", "")),
        rules_error=(said.get("sshd", "").strip() or "no answer") if failed else "",
        files=_files(records),
        shell_listed=listed == "yes",
        shell_status=_number(shell_status),
    )


def _shadow(text: str) -> Shadow:
    words = [*text.split(), *"-----"][:5]
    return Shadow(words[0], *(_number(word) for word in words[1:]))


def _files(records: list[tuple[str, str]]) -> tuple[KeyFile, ...]:
    """The key files: each record "file" begins one, and the records after it describe it."""
    files: list[dict[str, str]] = []
    entries: list[list[PathEntry]] = []
    for name, text in records:
        if name == "file":
            files.append({"path": text})
            entries.append([])
        elif files and name in ("content", "readable"):
            files[-1][name] = text
        elif (
            files
            and name == "entry"
            and (entry := re.fullmatch(r"([0-9]{1,10}) ([0-7]{1,5}) (own|-) (/.*)", text, re.DOTALL))
        ):
            entries[-1].append(PathEntry(entry[4], int(entry[1]), int(entry[2], 8), entry[3] == "own"))
    return tuple(
        KeyFile(one["path"], one.get("content", ""), one.get("readable") == "yes", tuple(above))
        for one, above in list(zip(files, entries, strict=True))[:MAX_FILES]
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"-?[0-9]{1,9}", text) else None


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return ""
