"""Whether an account may log in, by what was seen of it. (Each defect on a real server: tests/lab/test_access.py.)"""

from typing import Any

import pytest
from msgspec.structs import replace

from sopctl.model.access.account import (
    AccountFound,
    AccountSeen,
    Check,
    Examination,
    KeyFile,
    PathEntry,
    Shadow,
    findings,
)
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, Rung, Verdict
from sopctl.model.access.sshd_rules import read_rules
from sopctl.model.access.target import fingerprint_of
from tests.model.access.test_target import LINE

TODAY = 20_000
FILE = KeyFile(
    "/home/web/.ssh/authorized_keys",
    LINE + " me\n",
    readable=True,
    entries=(PathEntry("/home/web/.ssh/authorized_keys", 1000, 0o600), PathEntry("/home/web", 1000, 0o755)),
)
GOOD = AccountSeen(
    "web",
    exists=True,
    address="192.0.2.7",
    today=TODAY,
    uid=1000,
    shell="/bin/sh",
    groups=("web",),
    shadow=Shadow("none", TODAY - 10, 99999, None, None),
    rules=read_rules("usepam yes\nstrictmodes yes\nforcecommand none"),
    files=(FILE,),
    shell_listed=True,
    shell_status=0,
)


def failed(seen: AccountSeen) -> dict[Check, Cause | None]:
    return {one.check: one.cause for one in findings(seen, [LINE]) if not one.ok}


def test_good() -> None:
    found = findings(GOOD, [LINE])
    assert [one.check for one in found] == list(Check)
    assert not failed(GOOD)
    assert fingerprint_of(LINE) in found[list(Check).index(Check.KEYS)].detail
    there = AccessResult("h", 22, Verdict.ACCESSIBLE, Rung.COMMAND, None, "", 0.1, ())
    assert Examination(there, (AccountFound("web", found),)).ok
    assert not Examination(there).ok
    assert not Examination(replace(there, verdict=Verdict.INACCESSIBLE), (AccountFound("web", found),)).ok


@pytest.mark.parametrize(
    ("shadow", "check", "cause"),
    [
        (Shadow("bare"), None, None),
        (Shadow("absent"), None, None),
        (Shadow("locked"), Check.LOCK, Cause.LOCKED),
        (Shadow("none", expires=TODAY), Check.EXPIRY, Cause.ACCOUNT_EXPIRED),
        (Shadow("none", expires=TODAY + 1), None, None),
        (Shadow("none", expires=-1), None, None),
        (Shadow("none", changed=0), Check.PASSWORD, Cause.PASSWORD_EXPIRED),
        (Shadow("none", changed=TODAY - 31, max_age=30), Check.PASSWORD, Cause.PASSWORD_EXPIRED),
        (Shadow("none", changed=TODAY - 30, max_age=30), None, None),
        (Shadow("none", changed=TODAY - 30, max_age=-1), None, None),
        (Shadow("none", expires=0), Check.EXPIRY, Cause.ACCOUNT_EXPIRED),
        (Shadow("none", changed=999_999_999, max_age=999_999_999, inactive=0, expires=999_999_999), None, None),
    ],
)
def test_shadow(shadow: Shadow, check: Check | None, cause: Cause | None) -> None:
    assert failed(replace(GOOD, shadow=shadow)) == ({check: cause} if check else {})


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        ("absent", "not locked: no entry in /etc/shadow"),
        ("none", "not locked: no password"),
        ("bare", "not locked: never had a password"),
        ("empty", "not locked: empty"),
        ("password", "not locked: a password"),
        ("locked", 'the password is locked: "!" before it in /etc/shadow; sshd lets keys in all the same (UsePAM yes)'),
    ],
)
def test_what_is_said_of_the_password(lock: str, said: str) -> None:
    found = {one.check: one.detail for one in findings(replace(GOOD, shadow=Shadow(lock)), [LINE])}
    assert found[Check.LOCK] == said


OTHERS: list[tuple[dict[str, Any], dict[Check, Cause]]] = [
    ({"exists": False}, {Check.ACCOUNT: Cause.NO_SUCH_ACCOUNT}),
    ({"nologin": True}, {Check.RULES: Cause.NOT_ALLOWED}),
    ({"uid": 0, "nologin": True, "files": (replace(FILE, entries=()),)}, {}),
    (
        {"uid": 0, "rules": read_rules("permitrootlogin no"), "files": (replace(FILE, entries=()),)},
        {Check.RULES: Cause.NOT_ALLOWED},
    ),
    ({"rules": {}, "rules_error": "sshd: \x1b[2J no"}, {Check.RULES: Cause.COMMAND_FAILED}),
    ({"rules": read_rules("usepam yes\nallowusers other")}, {Check.RULES: Cause.NOT_ALLOWED}),
    ({"rules": read_rules("usepam yes\npubkeyauthentication no")}, {Check.METHODS: Cause.METHOD_NOT_ALLOWED}),
    ({"rules": read_rules("usepam yes\nauthenticationmethods password")}, {Check.METHODS: Cause.METHOD_NOT_ALLOWED}),
    (
        {"rules": read_rules("usepam yes\nauthenticationmethods publickey,keyboard-interactive")},
        {Check.METHODS: Cause.SECOND_FACTOR},
    ),
    (
        {"rules": read_rules("usepam yes\npubkeyacceptedalgorithms rsa-sha2-512")},
        {Check.METHODS: Cause.NO_COMMON_ALGORITHM},
    ),
    ({"rules": {}, "shadow": Shadow("bare")}, {Check.LOCK: Cause.LOCKED}),
    ({"files": ()}, {Check.KEYS: Cause.KEY_MISSING}),
    ({"files": (replace(FILE, entries=(PathEntry("/home/web", 1001, 0o755),)),)}, {Check.MODES: Cause.LOOSE_MODES}),
    ({"files": (replace(FILE, entries=(PathEntry("/home/web", 1000, 0o775),)),)}, {Check.MODES: Cause.LOOSE_MODES}),
    ({"files": (replace(FILE, entries=(PathEntry("/home/web", 1000, 0o775, own_group=True),)),)}, {}),
    (
        {"files": (replace(FILE, entries=(PathEntry("/home/web", 1000, 0o777, own_group=True),)),)},
        {Check.MODES: Cause.LOOSE_MODES},
    ),
    (
        {
            "files": (replace(FILE, entries=(PathEntry("/", 1001, 0o777),)),),
            "rules": read_rules("strictmodes no\nusepam yes"),
        },
        {},
    ),
    # Only the file that holds the key counts.
    ({"files": (FILE, KeyFile("/other", "x", readable=False, entries=FILE.entries))}, {}),
    ({"files": (replace(FILE, content=f'from="203.0.113.*" {LINE}'),)}, {Check.KEYS: Cause.NOT_ALLOWED}),
    ({"files": (replace(FILE, content=f'from="203.0.113.*" {LINE}\n{LINE}'),)}, {}),
    ({"files": (replace(FILE, content=f'command="x" {LINE}'),)}, {Check.COMMAND: Cause.COMMAND_REFUSED}),
    ({"shell_status": None}, {Check.SHELL: Cause.NO_SHELL}),
    ({"shell_status": 124}, {Check.SHELL: Cause.SHELL_BROKEN}),
    ({"shell": "/usr/sbin/nologin", "shell_status": 1}, {Check.SHELL: Cause.NO_SHELL}),
    ({"shell_listed": False}, {}),
]


@pytest.mark.parametrize(("changed", "found"), OTHERS)
def test_the_rest(changed: dict[str, Any], found: dict[Check, Cause]) -> None:
    seen = replace(GOOD, **changed)
    assert failed(seen) == found
    assert all(one.detail.isprintable() for one in findings(seen, [LINE]))


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("pubkeyauthentication no", "PubkeyAuthentication no, AuthenticationMethods any"),
        ("authenticationmethods password", "PubkeyAuthentication yes, AuthenticationMethods password"),
    ],
)
def test_what_is_said_of_the_methods(rules: str, said: str) -> None:
    found = {one.check: one.detail for one in findings(replace(GOOD, rules=read_rules(rules)), [LINE])}
    assert found[Check.METHODS] == said
