"""Why a server cannot be reached: every cause, what it means and what helps; and which cause a server's words tell."""

import re
from enum import StrEnum

from msgspec import Struct

from sopctl.locale import Prose, Text, gettext_noop
from sopctl.model.access.rung import Rung


class _Declared(Struct, frozen=True):
    """What is declared of a cause."""

    code: str
    rungs: tuple[Rung, ...]
    """Where a check may fail for it. None: only the management account sees it, a login meets `denied`."""
    means: str
    helps: str
    """With places for the {port} and the {user} of the check."""
    services: str = ""
    """What helps at the rungs TLS and HTTP, if that is something else."""
    first_wait: float | None = None
    """Seconds before the second try, if the cause may pass by itself; None if a person must act."""


class Cause(StrEnum):
    """Why a rung or a finding failed. The codes are stable, for scripts.

    docs/reference/causes.md lists them (`make docs`). A new cause is declared here, and detected where it is seen.
    """

    rungs: tuple[Rung, ...]
    means: str
    first_wait: float | None
    _helps: str
    _services: str

    def __new__(cls, declared: _Declared) -> "Cause":
        cause = str.__new__(cls, declared.code)
        cause._value_ = declared.code
        cause.rungs, cause.means, cause.first_wait = declared.rungs, declared.means, declared.first_wait
        cause._helps, cause._services = declared.helps, declared.services or declared.helps
        return cause

    @classmethod
    def of(cls, code: str) -> "Cause | None":
        """The cause with this code; None for another word."""
        return next((each for each in cls if each == code), None)

    def remedy(self, *, port: object, user: Prose, rung: Rung | None = None) -> Text:
        """What helps, in one sentence; `rung` is where the check failed."""
        helps = self._services if rung in (Rung.TLS, Rung.HTTP) else self._helps
        return Text(helps, port=port, user=user)

    # Name and network
    NO_SUCH_NAME = _Declared(
        "no-such-name",
        (Rung.NAME,),
        means="the name is not in DNS",
        helps=gettext_noop("correct the name, or have it entered in DNS; an address works without"),
    )
    RESOLVER_DOWN = _Declared(
        "resolver-down",
        (Rung.NAME,),
        means="no name server answered",
        helps=gettext_noop("check the name servers of the machine that looks it up (resolvectl status, resolv.conf)"),
        first_wait=5.0,
    )
    ADDRESS_REFUSED = _Declared(
        "address-refused",
        (Rung.NAME,),
        means="the record names a machine of the office's own, or an address at which no deposit may be",
        helps=gettext_noop(
            "correct the address in the deposit's record; where deposits may be is said in sopctl.yml (networks)"
        ),
    )
    REFUSED = _Declared(
        "refused",
        (Rung.TCP,),
        means="the host answers that nothing listens on that port",
        helps=gettext_noop("start sshd on the server, or correct the port"),
        first_wait=2.0,
    )
    FILTERED = _Declared(
        "filtered",
        (Rung.TCP,),
        means="no answer at all: off, not cabled, or a firewall that drops",
        helps=gettext_noop(
            "see that the server is on, cabled to its switch port, and that no firewall drops port {port}"
        ),
        first_wait=2.0,
    )
    NO_ROUTE = _Declared(
        "no-route",
        (Rung.NAME, Rung.TCP),
        means="this network, a gateway or a firewall reports that there is no route",
        helps=gettext_noop("check the network of this machine, the gateway, and the server's address"),
        first_wait=2.0,
    )
    FORWARDING_REFUSED = _Declared(
        "forwarding-refused",
        (Rung.JUMP,),
        means="the jump host lets us in, but does not forward the connection",
        helps=gettext_noop(
            "allow forwarding for {user} there (AllowTcpForwarding, PermitOpen), or take another jump host"
        ),
    )
    # SSH, until the server has proved itself
    THROTTLED = _Declared(
        "throttled",
        (Rung.BANNER,),
        means="too many connections: MaxStartups, PerSourcePenalties",
        helps=gettext_noop("wait a minute; then raise MaxStartups or exempt this controller in PerSourcePenalties"),
        first_wait=60.0,
    )
    CLOSED = _Declared(
        "closed",
        (Rung.BANNER, Rung.KEX, Rung.LOGIN, Rung.COMMAND, Rung.TLS, Rung.HTTP),
        means="the peer closed the connection",
        helps=gettext_noop("look at the server's sshd log, hosts.deny, and anything that bans addresses (fail2ban)"),
        services=gettext_noop("look at the service's own log on the server"),
        first_wait=15.0,
    )
    SILENT = _Declared(
        "silent",
        (Rung.BANNER,),
        means="it accepts and says nothing",
        helps=gettext_noop("the server accepts but does not answer: look at its load, its disk, and sshd"),
        first_wait=15.0,
    )
    NOT_SSH = _Declared(
        "not-ssh",
        (Rung.BANNER, Rung.KEX),
        means="something else answers, or SSH that violates the protocol",
        helps=gettext_noop("another service answers on port {port}: correct the port"),
    )
    NO_COMMON_KEX = _Declared(
        "no-common-key-exchange",
        (Rung.KEX,),
        means="the peer has no key exchange that still counts as secure; the detail says what it offers",
        helps=gettext_noop(
            "update the server's SSH, or allow current ones in its sshd_config (KexAlgorithms); for a device that "
            "has none, the office may allow an old one in its record (legacy)"
        ),
    )
    NO_COMMON_HOST_KEY = _Declared(
        "no-common-host-key",
        (Rung.KEX,),
        means="it has no host key of a current type, or signs with its RSA key by SHA-1 only (ssh-rsa)",
        helps=gettext_noop(
            "give it an Ed25519 or ECDSA host key (ssh-keygen -A), which is then confirmed again; for a device that "
            "can have none, the office may allow ssh-rsa in its record (legacy)"
        ),
    )
    NO_COMMON_CIPHER = _Declared(
        "no-common-cipher",
        (Rung.KEX,),
        means="it has no cipher that still counts as secure; the detail says what it offers",
        helps=gettext_noop(
            "allow AES in counter mode or GCM in its SSH server (Ciphers); for a device that has neither, the office "
            "may allow an old one in its record (legacy)"
        ),
    )
    NO_COMMON_MAC = _Declared(
        "no-common-mac",
        (Rung.KEX,),
        means="it has no integrity check that still counts as secure; the detail says what it offers",
        helps=gettext_noop(
            "allow hmac-sha2-256 in its SSH server (MACs); for a device that has none, the office may allow "
            "hmac-sha1 in its record (legacy)"
        ),
    )
    NO_COMMON_ALGORITHM = _Declared(
        "no-common-algorithm",
        (Rung.KEX, Rung.LOGIN, Rung.TLS),
        means="the two sides share no other algorithm (of signatures, compression or TLS); the detail says of which "
        "kind",
        helps=gettext_noop("update the server's SSH, or allow current algorithms in its sshd_config"),
        services=gettext_noop("allow TLS 1.2 and 1.3 with current ciphers in the service's configuration"),
    )
    HOST_KEY_CHANGED = _Declared(
        "host-key-changed",
        (Rung.HOST_KEY,),
        means="the server shows another key than the expected one; both fingerprints are in the detail. No credential "
        "was sent",
        helps=gettext_noop(
            "do not log in: ask the owner whether the server was reinstalled, and confirm the new fingerprint at "
            "the console"
        ),
    )
    HOST_KEY_UNKNOWN = _Declared(
        "host-key-unknown",
        (Rung.HOST_KEY,),
        means="no expected key was given, so there was no login",
        helps=gettext_noop(
            "compare the fingerprint at the console (ssh-keygen -lf /etc/ssh/ssh_host_*.pub), then give it as "
            "the expected key"
        ),
    )
    # The account
    METHOD_NOT_ALLOWED = _Declared(
        "method-not-allowed",
        (Rung.LOGIN,),
        means="sshd takes no public keys; what it asks for instead is in the detail",
        helps=gettext_noop("allow public keys for {user} (PubkeyAuthentication, AuthenticationMethods)"),
    )
    SECOND_FACTOR = _Declared(
        "second-factor",
        (Rung.LOGIN,),
        means="the key was accepted, but is not enough",
        helps=gettext_noop(
            "let the key alone be enough for {user} (AuthenticationMethods publickey in a Match block), or have "
            "the owner try by hand"
        ),
    )
    DENIED = _Declared(
        "denied",
        (Rung.LOGIN,),
        means="no such account, a locked one, no key or another one, loose modes, AllowUsers …: sshd does not tell a "
        "client which",
        helps=gettext_noop(
            "see that the account {user} exists, is not locked, and has our key in authorized_keys (owner and "
            "mode: sshd's StrictModes)"
        ),
    )
    NO_SUCH_ACCOUNT = _Declared(
        "no-such-account",
        (),
        means="the management account finds no such account",
        helps=gettext_noop("create the account {user}: sopctl configure does that"),
    )
    LOCKED = _Declared(
        "locked",
        (Rung.LOGIN,),
        means="the account is locked; the management account sees it, a client only if PAM says so",
        helps=gettext_noop(
            "the owner unlocks the account: usermod -U {user} (without a password: usermod -p '*' {user})"
        ),
    )
    ACCOUNT_EXPIRED = _Declared(
        "account-expired",
        (Rung.LOGIN,),
        means="the account has expired",
        helps=gettext_noop("the owner extends the account: chage -E -1 {user}"),
    )
    PASSWORD_EXPIRED = _Declared(
        "password-expired",
        (Rung.COMMAND,),
        means="the password must be changed first",
        helps=gettext_noop("the owner renews the password or its age: chage -d today -M -1 {user}"),
    )
    NOT_ALLOWED = _Declared(
        "not-allowed",
        (Rung.LOGIN,),
        means="sshd's own rules, a from= option of the key, or a server closed to all but root",
        helps=gettext_noop(
            "let {user} in: AllowUsers, DenyUsers, AllowGroups, DenyGroups in sshd_config, from= of its key, "
            "/etc/nologin"
        ),
    )
    KEY_MISSING = _Declared(
        "key-missing",
        (),
        means="the key is not in the files that sshd reads for the account",
        helps=gettext_noop("enter the letter's key in the file that sshd reads for {user}: sopctl configure does that"),
    )
    LOOSE_MODES = _Declared(
        "loose-modes",
        (),
        means="sshd ignores the key file: others can write to it, or sshd cannot read it",
        helps=gettext_noop(
            "only {user} and root may own and write the home, .ssh and the key file: chown {user}, chmod go-w "
            "(sshd's StrictModes)"
        ),
    )
    # Its shell
    NO_SHELL = _Declared(
        "no-shell",
        (Rung.COMMAND,),
        means="the login shell is nologin or false, or does not exist",
        helps=gettext_noop("the owner gives {user} a login shell: chsh -s /bin/sh {user}"),
    )
    SHELL_BROKEN = _Declared(
        "shell-broken",
        (Rung.COMMAND,),
        means="the shell or its start files make every command fail",
        helps=gettext_noop(
            "the owner looks at the shell of {user} and its start files (.bashrc, .profile); chsh -s /bin/sh {user}"
        ),
    )
    COMMAND_REFUSED = _Declared(
        "command-refused",
        (Rung.COMMAND,),
        means="the server runs something else, or nothing: ForceCommand, sftp only, MaxSessions 0, command=",
        helps=gettext_noop(
            "the owner lets {user} run commands: ForceCommand and MaxSessions in sshd_config, command= in "
            "authorized_keys"
        ),
    )
    COMMAND_FAILED = _Declared(
        "command-failed",
        (Rung.COMMAND,),
        means="the command ran, and its exit status was not 0",
        helps=gettext_noop("run the command by hand as {user}"),
    )
    SUDO_REFUSED = _Declared(
        "sudo-refused",
        (Rung.COMMAND,),
        means="the management account may not use sudo to look",
        helps=gettext_noop("let {user} use sudo without a password (/etc/sudoers.d)"),
    )
    SUDO_ASKS = _Declared(
        "sudo-asks",
        (Rung.COMMAND,),
        means="sudo asks for a password, and a login with a key has none",
        helps=gettext_noop(
            "let {user} use sudo without a password (NOPASSWD in /etc/sudoers.d), or configure it once with the "
            "owner's password: --ask-password"
        ),
    )
    SUDO_WANTS_TERMINAL = _Declared(
        "sudo-wants-terminal",
        (Rung.COMMAND,),
        means="sudo works on a terminal only (requiretty)",
        helps=gettext_noop(
            "the owner lets {user} use sudo without a terminal: Defaults:{user} !requiretty in /etc/sudoers.d"
        ),
    )
    NO_SUDO = _Declared(
        "no-sudo",
        (Rung.COMMAND,),
        means="there is no sudo; where there is doas, the detail says so",
        helps=gettext_noop(
            "the owner installs sudo and lets {user} use it without a password, or lets root in with our key for "
            "the first contact"
        ),
    )
    # What a look before a configuration finds
    SAME_ACCOUNT = _Declared(
        "same-account",
        (),
        means="the letter asks for, or the server's owner has, an account with the name of the office's own",
        helps=gettext_noop(
            "the owner asks for another name, or the office takes another: access.management_account of the record"
        ),
    )
    OTHER_DEPOSIT = _Declared(
        "other-deposit",
        (),
        means="the server carries the id of another deposit: a configuration noted it there",
        helps=gettext_noop(
            "correct the address in the record that is wrong; if the server left without a release and came back as "
            "another deposit, its owner removes /var/lib/sopctl/deposit there"
        ),
    )
    KEYS_ELSEWHERE = _Declared(
        "keys-elsewhere",
        (),
        means="sshd reads no file of the account's own for its keys: only one for all, or what a command says",
        helps=gettext_noop(
            "the owner adds .ssh/authorized_keys to AuthorizedKeysFile in sshd_config, for {user} at least "
            "(Match User {user})"
        ),
    )
    SSHD_SETTINGS_BROKEN = _Declared(
        "sshd-settings-broken",
        (),
        means="sshd does not read its own settings (sshd -T): it would not start again",
        helps=gettext_noop("the owner corrects sshd_config, until sshd -t says nothing"),
    )
    NO_PYTHON = _Declared(
        "no-python",
        (),
        means="no Python 3.8 or newer works there; what it says is in the detail",
        helps=gettext_noop(
            "the owner installs or repairs python3; or only the accounts are made, by the shell: "
            "sopctl configure ID --raw"
        ),
    )
    NO_NFTABLES = _Declared(
        "no-nftables",
        (),
        means="nftables is missing or does not work there, so that our firewall cannot be loaded",
        helps=gettext_noop("the owner installs nftables (and a kernel or container that allows it)"),
    )
    DISK_FULL = _Declared(
        "disk-full",
        (),
        means="a file system in which the configuration writes is full",
        helps=gettext_noop("the owner makes room there: df -h, df -i, du -x"),
    )
    OVER_QUOTA = _Declared(
        "over-quota",
        (),
        means="the account is over its quota, so that its keys cannot be written",
        helps=gettext_noop("the owner makes room for {user}, or raises its quota: quota -u {user}"),
    )
    READ_ONLY = _Declared(
        "read-only",
        (),
        means="a file system in which the configuration writes is mounted read-only",
        helps=gettext_noop("the owner looks for errors of the disk (dmesg), and mounts it for writing"),
    )
    IMMUTABLE = _Declared(
        "immutable",
        (),
        means="files that the configuration changes are protected from changes (chattr +i or +a)",
        helps=gettext_noop("the owner takes the attribute away: chattr -i -a, for the files in the detail"),
    )
    SUDO_RULE_UNREAD = _Declared(
        "sudo-rule-unread",
        (),
        means="sudo does not read the folder /etc/sudoers.d, in which the rule for the office's account would be",
        helps=gettext_noop(
            "the owner adds the line `@includedir /etc/sudoers.d` (before sudo 1.9.1: #includedir) at the end of "
            "/etc/sudoers"
        ),
    )
    SSHD_STARTED_OTHERWISE = _Declared(
        "sshd-started-otherwise",
        (),
        means="sshd is started with other settings than those of /etc/ssh/sshd_config, which ours would be beside",
        helps=gettext_noop(
            "the owner moves these settings to /etc/ssh/sshd_config, and starts sshd without them "
            "(/etc/default/ssh, /etc/sysconfig/sshd, its unit)"
        ),
    )
    PLACE_TAKEN = _Declared(
        "place-taken",
        (),
        means="something of the owner's is where the configuration would put its own files, records or rules",
        helps=gettext_noop("the owner gives it another name or place; what it is, is in the detail"),
    )
    WRITTEN_AGAIN = _Declared(
        "written-again",
        (),
        means="software of the owner's writes, by itself, where the configuration writes: what we set may not last",
        helps=gettext_noop(
            "the owner has it leave alone what the configuration sets (see configure --check), or sets that there"
        ),
    )
    PACKAGES_STUCK = _Declared(
        "packages-stuck",
        (),
        means="the package manager is locked, or was interrupted: nothing can be installed now",
        helps=gettext_noop(
            "wait for what holds the lock; where dpkg was interrupted, the owner runs dpkg --configure -a"
        ),
    )
    CLOCK_OFF = _Declared(
        "clock-off",
        (),
        means="the server's clock is far from ours",
        helps=gettext_noop("the owner sets the clock, and lets it follow time servers"),
    )
    NO_SYSTEMD = _Declared(
        "no-systemd",
        (),
        means="another init system than systemd: we set no firewall, time, journal or updates there",
        helps=gettext_noop(
            "nothing has to be done: accounts and the SSH server are configured; the rest stays the owner's"
        ),
    )
    NOT_EXECUTABLE = _Declared(
        "not-executable",
        (),
        means="/tmp is mounted noexec: programs cannot be started from there",  # noqa: S108 (the server's)
        helps=gettext_noop("nothing has to be done: sopctl starts none there"),
    )
    SLOW_OWN_NAME = _Declared(
        "slow-own-name",
        (),
        means="the server does not find its own name, or only after a while: sudo and the gathering of facts wait",
        helps=gettext_noop("nothing has to be done: the configuration enters its name in /etc/hosts"),
    )
    # What else the server offers
    PORT_CLOSED = _Declared(
        "port-closed",
        (Rung.SERVICE,),
        means="a port does not accept connections; which, and why, is in the detail",
        helps=gettext_noop("start the service on the server, or open the port in its firewall"),
        first_wait=15.0,
    )
    NOT_TLS = _Declared(
        "not-tls",
        (Rung.TLS,),
        means="something answers, but not TLS",
        helps=gettext_noop("another protocol answers there: correct the port, or check it as /tcp or /http"),
        first_wait=15.0,
    )
    CERTIFICATE_EXPIRED = _Declared(
        "certificate-expired",
        (Rung.TLS,),
        means="past its last day, or not yet valid",
        helps=gettext_noop(
            "renew the certificate, and find out why that did not happen by itself (certbot renew); check the clocks"
        ),
    )
    CERTIFICATE_WRONG_NAME = _Declared(
        "certificate-wrong-name",
        (Rung.TLS,),
        means="it is for other names; they are in the detail",
        helps=gettext_noop("check by the name on the certificate (--server-name), or have it issued for this one"),
    )
    CERTIFICATE_UNTRUSTED = _Declared(
        "certificate-untrusted",
        (Rung.TLS,),
        means="not signed by an authority that is known here",
        helps=gettext_noop("install the whole chain on the server; for your own authority, give --ca FILE"),
    )
    NOT_SMTP = _Declared(
        "not-smtp",
        (Rung.SERVICE,),
        means="something accepts, but does not greet as a mail server",
        helps=gettext_noop("look at the mail server's log: it may turn this machine away; or check the port as /tcp"),
        first_wait=15.0,
    )
    NOT_HTTP = _Declared(
        "not-http",
        (Rung.HTTP,),
        means="something answers, but not HTTP",
        helps=gettext_noop("another protocol answers there: correct the port, or check it as /tcp or /tls"),
        first_wait=15.0,
    )
    HTTP_STATUS = _Declared(
        "http-status",
        (Rung.HTTP,),
        means="the answer has status 400 or above",
        helps=gettext_noop("look at the logs of the web server and of what runs behind it"),
        first_wait=15.0,
    )
    # At any rung
    FLOODED = _Declared(
        "flooded",
        tuple(Rung),
        means="more than 512 KiB arrived: the server writes without end",
        helps=gettext_noop(
            "stop what writes without end: the login scripts of {user}, or whatever answers on port {port}"
        ),
        services=gettext_noop("stop what writes without end on that port"),
    )
    TIMEOUT = _Declared(
        "timeout",
        tuple(Rung),
        means="it began, but did not end in time",
        helps=gettext_noop(
            "the server is too slow or hangs: look at its load, its DNS (UseDNS) and PAM; or allow more time"
        ),
        services=gettext_noop(
            "the service accepts but does not answer: look at its load and its log; or allow more time"
        ),
        first_wait=15.0,
    )


_THROTTLED = re.compile(r"exceeded maxstartups|not allowed at this time|too many connections", re.I)
_ACCOUNT_EXPIRED = re.compile(r"account\b.{0,80}\bexpired", re.I | re.S)
_PASSWORD_EXPIRED = re.compile(r"password\b.{0,40}\bexpired|password change required", re.I | re.S)
_CLOSED_TO_ALL = re.compile(r"unprivileged users are not permitted|/etc/nologin", re.I)
_LOCKED = re.compile(r"account\b.{0,60}\blocked\b", re.I | re.S)
_NO_SHELL = re.compile(r"account is currently not available", re.I)
_ONLY_ITS_OWN = re.compile(r"sftp connections only|interactive git shell|restricted (by rssh|shell|account)", re.I)


def greeting_cause(text: str) -> Cause:
    """Why a server said `text` instead of an SSH identification and closed: throttled, or another protocol.

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
