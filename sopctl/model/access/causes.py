"""Why a server cannot be reached: stable codes, how a server's words are read, and what helps."""

import re
from enum import StrEnum


class Cause(StrEnum):
    """Why a rung or a finding failed; stable codes for scripts. `REMEDIES` has the sentence for people."""

    # Name and network
    NO_SUCH_NAME = "no-such-name"
    RESOLVER_DOWN = "resolver-down"
    REFUSED = "refused"
    FILTERED = "filtered"
    NO_ROUTE = "no-route"
    FORWARDING_REFUSED = "forwarding-refused"
    # SSH, until the server has proved itself
    THROTTLED = "throttled"
    CLOSED = "closed"
    SILENT = "silent"
    NOT_SSH = "not-ssh"
    NO_COMMON_ALGORITHM = "no-common-algorithm"
    HOST_KEY_CHANGED = "host-key-changed"
    HOST_KEY_UNKNOWN = "host-key-unknown"
    # The account
    METHOD_NOT_ALLOWED = "method-not-allowed"
    SECOND_FACTOR = "second-factor"
    DENIED = "denied"
    NO_SUCH_ACCOUNT = "no-such-account"
    LOCKED = "locked"
    ACCOUNT_EXPIRED = "account-expired"
    PASSWORD_EXPIRED = "password-expired"  # noqa: S105 (a cause, not a password)
    NOT_ALLOWED = "not-allowed"
    KEY_MISSING = "key-missing"
    LOOSE_MODES = "loose-modes"
    # Its shell
    NO_SHELL = "no-shell"
    SHELL_BROKEN = "shell-broken"
    COMMAND_REFUSED = "command-refused"
    COMMAND_FAILED = "command-failed"
    SUDO_REFUSED = "sudo-refused"
    # What else the server offers
    PORT_CLOSED = "port-closed"
    NOT_TLS = "not-tls"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_WRONG_NAME = "certificate-wrong-name"
    CERTIFICATE_UNTRUSTED = "certificate-untrusted"
    NOT_HTTP = "not-http"
    HTTP_STATUS = "http-status"
    # At any rung
    FLOODED = "flooded"
    TIMEOUT = "timeout"


_THROTTLED = re.compile(r"exceeded maxstartups|not allowed at this time|too many connections", re.I)
_ACCOUNT_EXPIRED = re.compile(r"account\b.{0,80}\bexpired", re.I | re.S)
_PASSWORD_EXPIRED = re.compile(r"password\b.{0,40}\bexpired|password change required", re.I | re.S)
_CLOSED_TO_ALL = re.compile(r"unprivileged users are not permitted|/etc/nologin", re.I)
_LOCKED = re.compile(r"account\b.{0,60}\blocked\b", re.I | re.S)
_NO_SHELL = re.compile(r"account is currently not available", re.I)
_ONLY_ITS_OWN = re.compile(r"sftp connections only|interactive git shell|restricted (by rssh|shell|account)", re.I)


def greeting_cause(text: str) -> Cause:
    """Why a server that hung up said `text` instead of an SSH identification: throttled, or another protocol.

    OpenSSH's sshd says "Exceeded MaxStartups" (since 8.8) and "Not allowed at this time" (PerSourcePenalties).
    """
    return Cause.THROTTLED if _THROTTLED.search(text) else Cause.NOT_SSH


def denial_cause(text: str) -> Cause:
    """Why a login was refused, from what the server said about it (RFC 4252 section 5.4 banner, disconnect)."""
    for words, cause in (
        (_ACCOUNT_EXPIRED, Cause.ACCOUNT_EXPIRED),
        (_PASSWORD_EXPIRED, Cause.PASSWORD_EXPIRED),
        (_LOCKED, Cause.LOCKED),
        (_CLOSED_TO_ALL, Cause.NOT_ALLOWED),
    ):
        if words.search(text):
            return cause
    return Cause.DENIED


def forwarding_cause(text: str) -> Cause:
    """Why a jump host could not connect on, from the words of its refusal (RFC 4254 section 5.1): strerror(3) or
    gai_strerror(3), as sshd sends them."""
    words = text.lower()
    for part, cause in (
        ("refused", Cause.REFUSED),
        ("timed out", Cause.FILTERED),
        ("temporary failure", Cause.RESOLVER_DOWN),
        ("not known", Cause.NO_SUCH_NAME),
        ("no address associated", Cause.NO_SUCH_NAME),
    ):
        if part in words:
            return cause
    return Cause.NO_ROUTE


def command_cause(command: str, status: int | None, output: str, *, proved: bool = True) -> Cause | None:
    """What a command's end means; None is success. `status` is None when the server sent none.

    `proved` says whether the output shows that the command ran: a forced command may also end with 0. A password that
    must be changed, and a login shell that refuses to work, both end every command with a status other than 0, mostly
    with a message of their own; /bin/false says nothing. `true` cannot fail, so when it does, the shell is at fault.
    """
    if status == 0:
        return None if proved else Cause.COMMAND_REFUSED
    if _PASSWORD_EXPIRED.search(output):
        return Cause.PASSWORD_EXPIRED
    if _ONLY_ITS_OWN.search(output):
        return Cause.COMMAND_REFUSED
    if _NO_SHELL.search(output) or (command == "true" and status == 1 and not output.strip()):
        return Cause.NO_SHELL
    return Cause.SHELL_BROKEN if status is None or command == "true" else Cause.COMMAND_FAILED


REMEDIES: dict[Cause, str] = {
    Cause.NO_SUCH_NAME: "correct the name, or have it entered in DNS; an address works without",
    Cause.RESOLVER_DOWN: "check the name servers of the machine that looks it up (resolvectl status, resolv.conf)",
    Cause.REFUSED: "start sshd on the server, or correct the port",
    Cause.FILTERED: "see that the server is on, cabled to its switch port, and that no firewall drops port {port}",
    Cause.NO_ROUTE: "check the network of this machine, the gateway, and the server's address",
    Cause.FORWARDING_REFUSED: "allow forwarding for {user} there (AllowTcpForwarding, PermitOpen), "
    "or take another jump host",
    Cause.THROTTLED: "wait a minute; then raise MaxStartups or exempt this controller in PerSourcePenalties",
    Cause.CLOSED: "look at the server's sshd log, hosts.deny, and anything that bans addresses (fail2ban)",
    Cause.SILENT: "the server accepts but does not answer: look at its load, its disk, and sshd",
    Cause.NOT_SSH: "another service answers on port {port}: correct the port",
    Cause.NO_COMMON_ALGORITHM: "update the server's SSH, or allow current algorithms in its sshd_config",
    Cause.HOST_KEY_CHANGED: "do not log in: ask the owner whether the server was reinstalled, and confirm the new "
    "fingerprint at the console",
    Cause.HOST_KEY_UNKNOWN: "compare the fingerprint at the console (ssh-keygen -lf /etc/ssh/ssh_host_*.pub), "
    "then give it as the expected key",
    Cause.METHOD_NOT_ALLOWED: "allow public keys for {user} (PubkeyAuthentication, AuthenticationMethods)",
    Cause.SECOND_FACTOR: "let the key alone be enough for {user} (AuthenticationMethods publickey in a Match block), "
    "or have the owner try by hand",
    Cause.DENIED: "see that the account {user} exists, is not locked, and has our key in authorized_keys "
    "(owner and mode: sshd's StrictModes)",
    Cause.NO_SUCH_ACCOUNT: "make the account {user}: sopctl configure does",
    Cause.LOCKED: "the owner unlocks the account: usermod -U {user} (without a password: usermod -p '*' {user})",
    Cause.ACCOUNT_EXPIRED: "the owner extends the account: chage -E -1 {user}",
    Cause.PASSWORD_EXPIRED: "the owner renews the password or its age: chage -d today -M -1 {user}",
    Cause.NOT_ALLOWED: "let {user} in: AllowUsers, DenyUsers, AllowGroups, DenyGroups in sshd_config, from= at "
    "its key, /etc/nologin",
    Cause.KEY_MISSING: "enter the letter's key in the file that sshd reads for {user}: sopctl configure does",
    Cause.LOOSE_MODES: "only {user} and root may own and write the home, .ssh and the key file: "
    "chown {user}, chmod go-w (sshd's StrictModes)",
    Cause.NO_SHELL: "the owner gives {user} a login shell: chsh -s /bin/sh {user}",
    Cause.SHELL_BROKEN: "the owner looks at the shell of {user} and its start files (.bashrc, .profile); "
    "chsh -s /bin/sh {user}",
    Cause.COMMAND_REFUSED: "the owner lets {user} run commands: ForceCommand and MaxSessions in sshd_config, "
    "command= in authorized_keys",
    Cause.COMMAND_FAILED: "run the command by hand as {user}",
    Cause.SUDO_REFUSED: "let {user} use sudo without a password (/etc/sudoers.d)",
    Cause.PORT_CLOSED: "start the service on the server, or open the port in its firewall",
    Cause.NOT_TLS: "another protocol answers there: correct the port, or check it as /tcp or /http",
    Cause.CERTIFICATE_EXPIRED: "renew the certificate, and look why that does not happen by itself (certbot renew); "
    "check the clocks",
    Cause.CERTIFICATE_WRONG_NAME: "ask for the name that the certificate has (--server-name), "
    "or have it issued for this one",
    Cause.CERTIFICATE_UNTRUSTED: "install the whole chain on the server; for an authority of your own, give --ca FILE",
    Cause.NOT_HTTP: "another protocol answers there: correct the port, or check it as /tcp or /tls",
    Cause.HTTP_STATUS: "look at the log of the web server and of what runs behind it",
    Cause.FLOODED: "stop what writes without end: the login scripts of {user}, or whatever answers on port {port}",
    Cause.TIMEOUT: "the server is too slow or hangs: look at its load, its DNS (UseDNS) and PAM; or allow more time",
}

SERVICE_REMEDIES: dict[Cause, str] = {
    Cause.CLOSED: "look at the service's own log on the server",
    Cause.TIMEOUT: "the service accepts but does not answer: look at its load and its log; or allow more time",
    Cause.FLOODED: "stop what writes without end on that port",
    Cause.NO_COMMON_ALGORITHM: "allow TLS 1.2 and 1.3 with current ciphers in the service's configuration",
}
"""What helps when the rung is TLS or HTTP, where that differs from SSH."""
