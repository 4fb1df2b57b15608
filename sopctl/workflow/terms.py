"""What the model enumerates, in words for a reader: its codes are for programs, and stand on no screen.

In English a word is its code without hyphens, as far as that is a word, so that who reads it finds it in the reference.
`tests/cases/screen_words.yml` says of every other enumeration why it needs no table here. Papers have their own words
(messages/words.py).
"""

from collections.abc import Mapping
from typing import Any

from sopctl.adapters.ansible.events import Outcome
from sopctl.locale import Sense, Text
from sopctl.model.access.account import CHECKS, Check
from sopctl.model.access.causes import Cause
from sopctl.model.access.rung import RUNGS, Rung
from sopctl.model.access.verification import SAYS_NO, View
from sopctl.model.house.maintenance import Via
from sopctl.model.ports.audit import Kind
from sopctl.model.ports.port import Reason
from sopctl.model.sanitisation import Method, Result
from sopctl.model.signing.signatures import Word

NO_RESULT = "no-result"
"""Of a run that is still under way, or was killed."""

CAUSES: Mapping[str, Text] = {
    Cause.NO_SUCH_NAME: Sense("cause", "no such name"),
    Cause.RESOLVER_DOWN: Sense("cause", "resolver down"),
    Cause.ADDRESS_REFUSED: Sense("cause", "address refused"),
    Cause.REFUSED: Sense("cause", "refused"),
    Cause.FILTERED: Sense("cause", "filtered"),
    Cause.NO_ROUTE: Sense("cause", "no route"),
    Cause.FORWARDING_REFUSED: Sense("cause", "forwarding refused"),
    Cause.THROTTLED: Sense("cause", "throttled"),
    Cause.CLOSED: Sense("cause", "closed"),
    Cause.SILENT: Sense("cause", "silent"),
    Cause.NOT_SSH: Sense("cause", "not SSH"),
    Cause.NO_COMMON_KEX: Sense("cause", "no common key exchange"),
    Cause.NO_COMMON_HOST_KEY: Sense("cause", "no common host key"),
    Cause.NO_COMMON_CIPHER: Sense("cause", "no common cipher"),
    Cause.NO_COMMON_MAC: Sense("cause", "no common MAC"),
    Cause.NO_COMMON_ALGORITHM: Sense("cause", "no common algorithm"),
    Cause.HOST_KEY_CHANGED: Sense("cause", "host key changed"),
    Cause.HOST_KEY_UNKNOWN: Sense("cause", "host key unknown"),
    Cause.METHOD_NOT_ALLOWED: Sense("cause", "method not allowed"),
    Cause.SECOND_FACTOR: Sense("cause", "second factor"),
    Cause.DENIED: Sense("cause", "denied"),
    Cause.NO_SUCH_ACCOUNT: Sense("cause", "no such account"),
    Cause.LOCKED: Sense("cause", "locked"),
    Cause.ACCOUNT_EXPIRED: Sense("cause", "account expired"),
    Cause.PASSWORD_EXPIRED: Sense("cause", "password expired"),
    Cause.NOT_ALLOWED: Sense("cause", "not allowed"),
    Cause.KEY_MISSING: Sense("cause", "key missing"),
    Cause.LOOSE_MODES: Sense("cause", "loose modes"),
    Cause.NO_SHELL: Sense("cause", "no shell"),
    Cause.SHELL_BROKEN: Sense("cause", "shell broken"),
    Cause.COMMAND_REFUSED: Sense("cause", "command refused"),
    Cause.COMMAND_FAILED: Sense("cause", "command failed"),
    Cause.SUDO_REFUSED: Sense("cause", "sudo refused"),
    Cause.SUDO_ASKS: Sense("cause", "sudo asks"),
    Cause.SUDO_WANTS_TERMINAL: Sense("cause", "sudo wants terminal"),
    Cause.NO_SUDO: Sense("cause", "no sudo"),
    Cause.SAME_ACCOUNT: Sense("cause", "same account"),
    Cause.OTHER_DEPOSIT: Sense("cause", "other deposit"),
    Cause.KEYS_ELSEWHERE: Sense("cause", "keys elsewhere"),
    Cause.SSHD_SETTINGS_BROKEN: Sense("cause", "sshd settings broken"),
    Cause.NO_PYTHON: Sense("cause", "no Python"),
    Cause.NO_NFTABLES: Sense("cause", "no nftables"),
    Cause.DISK_FULL: Sense("cause", "disk full"),
    Cause.OVER_QUOTA: Sense("cause", "over quota"),
    Cause.READ_ONLY: Sense("cause", "read only"),
    Cause.IMMUTABLE: Sense("cause", "immutable"),
    Cause.SUDO_RULE_UNREAD: Sense("cause", "sudo rule unread"),
    Cause.SSHD_STARTED_OTHERWISE: Sense("cause", "sshd started otherwise"),
    Cause.PLACE_TAKEN: Sense("cause", "place taken"),
    Cause.WRITTEN_AGAIN: Sense("cause", "written again"),
    Cause.PACKAGES_STUCK: Sense("cause", "packages stuck"),
    Cause.CLOCK_OFF: Sense("cause", "clock off"),
    Cause.NO_SYSTEMD: Sense("cause", "no systemd"),
    Cause.NOT_EXECUTABLE: Sense("cause", "not executable"),
    Cause.SLOW_OWN_NAME: Sense("cause", "slow own name"),
    Cause.PORT_CLOSED: Sense("cause", "port closed"),
    Cause.NOT_TLS: Sense("cause", "not TLS"),
    Cause.CERTIFICATE_EXPIRED: Sense("cause", "certificate expired"),
    Cause.CERTIFICATE_WRONG_NAME: Sense("cause", "certificate wrong name"),
    Cause.CERTIFICATE_UNTRUSTED: Sense("cause", "certificate untrusted"),
    Cause.NOT_SMTP: Sense("cause", "not SMTP"),
    Cause.NOT_HTTP: Sense("cause", "not HTTP"),
    Cause.HTTP_STATUS: Sense("cause", "HTTP status"),
    Cause.FLOODED: Sense("cause", "flooded"),
    Cause.TIMEOUT: Sense("cause", "timeout"),
    SAYS_NO: Sense("cause", "requester says no"),
}
VIEWS: Mapping[str, Text] = {
    View.LOGIN: Sense("view", "requester login"),
    View.EXAMINATION: Sense("view", "account examined"),
    View.MANAGEMENT: Sense("view", "management login"),
    View.PORTS: Sense("view", "ports open"),
    View.WORD: Sense("view", "requester word"),
}
"""What proved something."""
REASONS: Mapping[str, Text] = {
    Reason.NO_PORT: Sense("port", "port missing"),
    Reason.UPLINK: Sense("port", "port is uplink"),
    Reason.TRUNK: Sense("port", "port is trunk"),
    Reason.BUNDLE: Sense("port", "port in bundle"),
    Reason.ROUTED: Sense("port", "port is routed"),
    Reason.NO_VLAN: Sense("port", "VLAN missing"),
    Reason.STRANGE_MAC: Sense("port", "other server"),
    Reason.STRANGE_NEIGHBOUR: Sense("port", "other neighbour"),
    Reason.ELSEWHERE: Sense("port", "server elsewhere"),
    Reason.UNSURE: Sense("port", "server unknown"),
    Reason.UNABLE: Sense("port", "platform cannot"),
    Reason.SPECIAL: Sense("port", "port is special"),
    Reason.STOPPED: Sense("port", "port stopped"),
    Reason.BOUND: Sense("port", "port bound"),
    Reason.PENDING: Sense("port", "change pending"),
    Reason.LEFT_OVER: Sense("port", "left over"),
    Reason.NO_NEIGHBOURS: Sense("port", "neighbours unread"),
    Reason.NO_ADDRESSES: Sense("port", "addresses unread"),
    Reason.OLD_ALGORITHMS: Sense("port", "old algorithms"),
}
"""Why a port is left alone, or a change of it did not last."""
FINDINGS: Mapping[str, Text] = {
    Kind.NO_PORT: Sense("port", "no port"),
    Kind.WRONG_VLAN: Sense("port", "wrong VLAN"),
    Kind.WRONG_SETTING: Sense("port", "wrong setting"),
    Kind.UNKNOWN_DEVICE: Sense("port", "unknown device"),
    Kind.ELSEWHERE: Sense("port", "elsewhere"),
    Kind.OPEN_PORT: Sense("port", "open port"),
    Kind.SPECIAL: Sense("port", "special port"),
    Kind.STOPPED: Sense("port", "stopped"),
    Kind.BOUND: Sense("port", "bound to another"),
    Kind.UNSAVED: Sense("port", "unsaved"),
    Kind.ADDRESS: Sense("port", "wrong address"),
    Kind.MORE_DEVICES: Sense("port", "more devices"),
    Kind.NOT_SEEN: Sense("port", "not seen"),
}
"""What an audit of ports finds."""
SIGNATURES: Mapping[str, Text] = {
    "good": Sense("signature", "good"),
    "not-checked": Sense("signature", "not checked"),
    "stranger": Sense("signature", "stranger"),
    "broken": Sense("signature", "broken"),
    "altered-since": Sense("signature", "altered since"),
    "revoked": Sense("signature", "revoked"),
    "expired": Sense("signature", "expired"),
    "not-yet-valid": Sense("signature", "not yet valid"),
    "unknown-authority": Sense("signature", "unknown authority"),
    "wrong-purpose": Sense("signature", "wrong purpose"),
    "weak": Sense("signature", "weak"),
    "unreadable": Sense("signature", "unreadable"),
}
OUTCOMES: Mapping[str, Text] = {
    Outcome.OK: Sense("run", "ok"),
    Outcome.FAILED: Sense("run", "failed"),
    Outcome.UNREACHABLE: Sense("run", "unreachable"),
    Outcome.PARSER_ERROR: Sense("run", "parser error"),
    Outcome.CANCELLED: Sense("run", "cancelled"),
    Outcome.TIMED_OUT: Sense("run", "timed out"),
    Outcome.CRASHED: Sense("run", "crashed"),
    NO_RESULT: Sense("run", "no result"),
}
"""How a run of Ansible ended, or that it has not."""
MEANS: Mapping[str, Text] = {
    "email": Sense("means", "e-mail"),
    "webhook": Sense("means", "channel"),
    "letter": Sense("means", "letter"),
}
"""By which means owners are told of maintenance."""
METHODS: Mapping[str, Text] = {
    "clear": Sense("disk", "Clear"),
    "purge": Sense("disk", "Purge"),
    "destroy": Sense("disk", "Destroy"),
    "returned": Sense("disk", "returned as it is"),
}
"""Of sanitisation; the first three are the names of NIST SP 800-88."""
RESULTS: Mapping[str, Text] = {
    "ok": Sense("disk", "ok"),
    "failed": Sense("disk", "failed"),
}
LAB_SERVERS: Mapping[str, Text] = {
    "running": Sense("server", "running"),
    "stopped": Sense("server", "stopped"),
}

TABLES: tuple[tuple[Any, Mapping[str, Text]], ...] = (
    (Cause, CAUSES),
    (Rung, RUNGS),
    (Check, CHECKS),
    (Method, METHODS),
    (Result, RESULTS),
    (View, VIEWS),
    (Reason, REASONS),
    (Kind, FINDINGS),
    (Word, SIGNATURES),
    (Outcome, OUTCOMES),
    (Via, MEANS),
)
"""The enumerations that screens show, with their words."""


def cause(code: str | None) -> str | Text:
    """Why access failed; empty for no cause. A code that this version does not know stays as it is."""
    return CAUSES.get(code, code) if code else ""


def in_words(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an error or a text, with words for those that are of one of these enumerations."""
    found = dict(values)
    for name, value in values.items():
        for enumeration, table in TABLES:
            if isinstance(enumeration, type) and isinstance(value, enumeration):
                found[name] = table[str(value)]
    return found
