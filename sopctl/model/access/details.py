"""What was seen at a rung or of an account, as records keep it (in English), as texts again: for the edge to word them.

What is in no row here was said by a server or a library, and stays as it is.
"""

from sopctl.locale import Prose, Text, gettext_noop, joined
from sopctl.locale.recognising import Recogniser
from sopctl.model.access.account import CHECKS
from sopctl.model.access.rung import RUNGS

_SEEN = Recogniser(
    # Name and network
    gettext_noop("{host}: connection refused"),
    gettext_noop("{host}: no answer"),
    gettext_noop("{host}: no route to host"),
    gettext_noop("{host}: network is unreachable"),
    gettext_noop("{host}: connection reset by peer"),
    gettext_noop("connection refused"),
    gettext_noop("no answer"),
    gettext_noop("no route to host"),
    gettext_noop("network is unreachable"),
    gettext_noop("the name {host} does not exist"),
    gettext_noop("no name server answered for {host} in time"),
    gettext_noop("{host} could not be looked up: {reason}"),
    gettext_noop("the name has no address that a connection can be made to"),
    gettext_noop("this machine has no interface {zone}"),
    gettext_noop("this machine: {reason}"),
    gettext_noop("jump host {host}: {reason}"),
    gettext_noop("the connection to the jump host ended"),
    gettext_noop("the server refuses to forward: {reason}"),
    gettext_noop("{host}, seen from the jump host: no answer"),
    # SSH, until the server has proved itself
    gettext_noop("the server sends text without end: {said}"),
    gettext_noop("the server accepts the connection but says nothing"),
    gettext_noop("no SSH identification in time, only: {said}"),
    gettext_noop("the server closed the connection before it said anything"),
    gettext_noop("the server said {said} and closed the connection"),
    gettext_noop("the server's identification is malformed: {said}"),
    gettext_noop("the server speaks SSH {version}, not 2.0: {said}"),
    gettext_noop("the key exchange did not end in time"),
    gettext_noop("during the key exchange, the server sent data without end"),
    gettext_noop("during the key exchange, the server closed the connection"),
    gettext_noop("during the key exchange, the server closed the connection: {said}"),
    gettext_noop("during the key exchange, the server broke the protocol: {reason}"),
    gettext_noop("no host key is on record"),
    gettext_noop("the server shows {key}"),
    gettext_noop("expected key {expected}, but the server shows {key}"),
    gettext_noop("expected {type} {expected}, but the server shows {key}"),
    gettext_noop(
        "it also has keys of the types {types}: if the expected key is one of these, give its type too",
    ),
    # The account
    gettext_noop("the login did not end in time"),
    gettext_noop("during the login, the server sent data without end"),
    gettext_noop("during the login, the server closed the connection"),
    gettext_noop("during the login, the server closed the connection: {said}"),
    gettext_noop("during the login, the server broke the protocol: {reason}"),
    gettext_noop("the server refuses the key"),
    gettext_noop("the server refuses the password"),
    gettext_noop("the server says: {said}"),
    gettext_noop("the key is accepted, but not enough: {methods}"),
    gettext_noop("the password is accepted, but not enough: {methods}"),
    gettext_noop("public keys are not allowed: {methods}"),
    gettext_noop("passwords are not allowed: {methods}"),
    gettext_noop("the server accepts no signature of this key: {reason}"),
    gettext_noop("the server refuses to run a command: {reason}"),
    gettext_noop("{name} finds no sudo, and doas wants a password"),
    gettext_noop("{name} finds no sudo, and there is no doas either"),
    gettext_noop("sudo wants a terminal of {name}"),
    gettext_noop("sudo wants a terminal of {name}: {said}"),
    gettext_noop("sudo asks {name} for a password"),
    gettext_noop("sudo asks {name} for a password: {said}"),
    gettext_noop("{name} may not use sudo"),
    gettext_noop("{name} may not use sudo: {said}"),
    gettext_noop("sudo refuses {name}, or this password"),
    gettext_noop("sudo refuses {name}, or this password: {said}"),
    gettext_noop("as root, the script failed: {said}"),
    gettext_noop("the script failed: {said}"),
    gettext_noop("the account could not be examined: {said}"),
    gettext_noop("it does not answer like {platform}: another device, or an account that may not look"),
    # Services
    gettext_noop("port {number}: {seen}"),
    gettext_noop("port {number}"),
    gettext_noop("ports {numbers}"),
    gettext_noop("closed the connection without a greeting"),
    gettext_noop("closed the connection without an answer"),
    gettext_noop("closed the connection"),
    gettext_noop("did not answer in time"),
    gettext_noop("sends data without end"),
    gettext_noop("ended TLS: {reason}"),
    # What the management account sees
    gettext_noop("there is no account {name}"),
    gettext_noop("{name} has the number {number}"),
    gettext_noop("sshd does not print its rules (sshd -T): {said}"),
    gettext_noop("sshd lets it in, from {address}"),
    gettext_noop("sshd keeps it out, from {address}: {rule}"),
    gettext_noop("sshd keeps root out: PermitRootLogin no"),
    gettext_noop("only root may log in now: /etc/nologin or /run/nologin"),
    gettext_noop("a public key is enough"),
    gettext_noop("sshd takes no {kind} keys: PubkeyAcceptedAlgorithms"),
    gettext_noop("the key {key} is not in {places}"),
    gettext_noop("AuthorizedKeysCommand, which may know it, was not asked"),
    gettext_noop("the key {key} has expired (expiry-time=)"),
    gettext_noop("the key {key} is not allowed from {address}: from={pattern}"),
    gettext_noop("{path} cannot be read by {name}, as whom sshd reads it"),
    gettext_noop("{path} belongs to the user number {number}"),
    gettext_noop("{path} may be written by others: {mode}"),
    gettext_noop("only the account and root may write its key file"),
    gettext_noop('the password is locked: "!" before it in /etc/shadow'),
    gettext_noop("sshd lets keys in all the same (UsePAM yes)"),
    gettext_noop('its password is "!" in /etc/shadow, which is a lock without PAM'),
    gettext_noop("the account expired on {day}"),
    gettext_noop("its password expired on {day}, and so did the account"),
    gettext_noop("the password must be changed at the next login (chage -d 0)"),
    gettext_noop("the password expired on {day}"),
    gettext_noop("sshd runs one command only: {option}"),
    gettext_noop("sshd opens no session: MaxSessions 0"),
    gettext_noop("the key runs one command only: {option}"),
    gettext_noop("the login shell {shell} is not a program there"),
    gettext_noop("the login shell is {shell}"),
)

_BEFORE = {**RUNGS, **CHECKS}
_LONGEST = 2000
_INSIDE = ("reason", "seen")
"""Places in which something seen stands itself."""


def read(detail: str) -> Prose:
    """A detail of a rung or of a finding as a text; as it is where it is not ours."""
    if not detail or len(detail) > _LONGEST:
        return detail
    return joined("; ", map(_part, detail.split("; ")))


def _part(detail: str) -> Prose:
    found = _SEEN.text(detail)
    if isinstance(found, Text):
        inner = {name: read(each) if name in _INSIDE else each for name, each in found.values.items()}
        return Text(found.template, **inner) if inner else found
    before, colon, rest = detail.partition(": ")
    if colon and " " not in before and rest:  # `tcp: no answer`: the rung, or the check, and what it saw
        return joined(": ", (_BEFORE.get(before, before), read(rest)))
    return detail
