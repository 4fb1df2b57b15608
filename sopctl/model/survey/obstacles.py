"""What stands in the way of a configuration, found before anything is changed: causes of the same table as those of the
access checks. One that only has to be known does not block.
"""

from collections.abc import Iterator

from msgspec import Struct

from sopctl.locale import Prose, Text, joined
from sopctl.model.access import pam_access, sshd_rules
from sopctl.model.access.causes import Cause
from sopctl.model.survey.found import Account, Survey
from sopctl.model.survey.wanted import Wanted
from sopctl.model.text import printable

LEAST_KIB = 16 * 1024
LEAST_INODES = 200
LEAST_HOME_KIB = 16
"""In a file system that is a home alone, where only keys are written."""
CLOCK_SECONDS = 300
SLOW_SECONDS = 2.0

_WRITTEN = ("/", "/etc", "/var", "/var/lib", "/var/tmp", "/tmp", "/home", "/root")  # noqa: S108 (the server's)
"""Where a configuration writes, where these are file systems of their own."""

_REPAIRED = {
    "not-allowed": (Cause.NOT_ALLOWED,),
    "command-refused": (Cause.COMMAND_REFUSED,),
    "method-not-allowed": (Cause.METHOD_NOT_ALLOWED,),
    "key-missing": (Cause.KEYS_ELSEWHERE,),
}
"""By the cause of the last failed access try, what this run repairs for the letter's accounts (role sshd)."""


class Obstacle(Struct, frozen=True):
    """Something on the server that is in the way: its cause, what was seen (safe to print), the account that it is
    about, and whether it must be removed first."""

    cause: Cause
    detail: Prose
    user: str = ""
    blocks: bool = True

    @property
    def remedy(self) -> Text:
        return self.cause.remedy(port="", user=self.user or Text("the account"))


def obstacles(found: Survey, wanted: Wanted, clock: int) -> tuple[Obstacle, ...]:
    """What is in the way, those that block first. `clock`: seconds since 1970, now."""
    every = [
        *_whose(found, wanted),
        *_accounts(found, wanted),
        *_tools(found, wanted),
        *_disks(found),
        *_rest(found, wanted, clock),
    ]
    return tuple(sorted(dict.fromkeys(every), key=lambda each: not each.blocks))


def _whose(found: Survey, wanted: Wanted) -> Iterator[Obstacle]:
    if found.deposit and wanted.deposit and found.deposit != wanted.deposit:
        yield _because(
            Cause.OTHER_DEPOSIT,
            Text(
                "this is the server of {deposit}, by the note there, not of {wanted}",
                deposit=found.deposit,
                wanted=wanted.deposit,
            ),
        )


def _accounts(found: Survey, wanted: Wanted) -> Iterator[Obstacle]:
    if wanted.management in wanted.accounts:
        yield _because(
            Cause.SAME_ACCOUNT,
            Text("{management} is the office's own account", management=wanted.management),
            wanted.management,
        )
    ours = found.accounts.get(wanted.management)
    if ours and ours.exists and not (wanted.settled or found.made_here):
        owners = Text("the server has an account {management} of its owner's", management=wanted.management)
        yield _because(Cause.SAME_ACCOUNT, owners, wanted.management)
    for name in dict.fromkeys((wanted.management, *wanted.accounts)):
        account = found.accounts.get(name)
        if account is None:
            continue
        repaired = _REPAIRED.get(wanted.repairs, ()) if name != wanted.management else ()
        for each in _of_account(account, found):
            if each.cause not in repaired:
                yield each


def _of_account(account: Account, found: Survey) -> Iterator[Obstacle]:
    name, rules = account.name, account.rules
    if account.rules_error:
        # Where systemd listens for sshd, the folder is made when it starts it.
        if "privilege separation directory" not in account.rules_error:
            yield _because(
                Cause.SSHD_SETTINGS_BROKEN, Text("sshd -T says: {rules_error}", rules_error=account.rules_error)
            )
        return
    if rule := sshd_rules.refusal(rules, name, account.groups, found.seen_from):
        yield _because(Cause.NOT_ALLOWED, Text("sshd would keep {name} out: {rule}", name=name, rule=rule), name)
    if rule := pam_access.refusal(found.access_rules, name, account.groups or (name,), found.seen_from):
        yield _because(
            Cause.NOT_ALLOWED, Text("PAM would keep {name} out, by access.conf: {rule}", name=name, rule=rule), name
        )
    if found.nologin and name != "root":
        yield _because(Cause.NOT_ALLOWED, Text("/etc/nologin keeps {name} out", name=name), name)
    # Public keys are switched on by the configuration itself.
    if cause := sshd_rules.method_cause({**rules, "pubkeyauthentication": ("yes",)}):
        methods = sshd_rules.first(rules, "authenticationmethods")
        yield _because(
            cause,
            Text("sshd asks more of {name} than a key: AuthenticationMethods {methods}", name=name, methods=methods),
            name,
        )
    if (forced := sshd_rules.first(rules, "forcecommand", "none")) != "none":
        yield _because(
            Cause.COMMAND_REFUSED,
            Text("sshd lets {name} run one command only: ForceCommand {forced}", name=name, forced=forced),
            name,
        )
    if sshd_rules.first(rules, "maxsessions") == "0":
        yield _because(Cause.COMMAND_REFUSED, Text("sshd opens no session for {name}: MaxSessions 0", name=name), name)
    files = sshd_rules.first(rules, "authorizedkeysfile")
    if files and not _has_file_of_its_own(files):
        command = sshd_rules.first(rules, "authorizedkeyscommand", "none")
        reads = Text("sshd reads the keys of {name} from {files}", name=name, files=files)
        if command != "none":
            reads = Text("{reads}, and asks {command}", reads=reads, command=command)
        yield _because(Cause.KEYS_ELSEWHERE, reads, name)


def _has_file_of_its_own(files: str) -> bool:
    """Does sshd read a file that is this account's alone? One for all accounts is not ours to write."""
    return any(
        "%h" in word or "%u" in word or "%U" in word or word[0] != "/" for word in files.split() if word != "none"
    )


def _tools(found: Survey, wanted: Wanted) -> Iterator[Obstacle]:
    if found.through == "doas":
        yield _because(Cause.NO_SUDO, Text("root is there through doas alone, which the configuration does not use"))
    elif found.sudoers_unread:
        yield _because(
            Cause.SUDO_RULE_UNREAD,
            Text("sudo reads no rules from /etc/sudoers.d: {sudoers_unread}", sudoers_unread=found.sudoers_unread),
        )
    if words := [each for line in found.started for each in sshd_rules.started_with(line)]:
        yield _because(
            Cause.SSHD_STARTED_OTHERWISE, Text("sshd is started with {names}", names=", ".join(dict.fromkeys(words)))
        )
    if found.taken:
        yield _because(Cause.PLACE_TAKEN, Text("of the owner's: {names}", names=", ".join(found.taken)))
    if wanted.raw:
        return
    if not found.python:
        yield _because(Cause.NO_PYTHON, found.python_error or Text("no python3 was found"))
    if found.systemd and not found.chroot:
        if "nft" not in found.tools:
            yield _because(Cause.NO_NFTABLES, Text("the program nft was not found"))
        elif found.nft_error:
            yield _because(Cause.NO_NFTABLES, Text("nft says: {nft_error}", nft_error=found.nft_error))
    elif not found.chroot:
        yield _known(Cause.NO_SYSTEMD, Text("systemd does not run there"))


def _disks(found: Survey) -> Iterator[Obstacle]:
    homes = tuple(account.home for account in found.accounts.values() if account.home)
    for space in found.spaces:
        ours = space.folder in _WRITTEN
        if not ours and not any(f"{home}/".startswith(f"{space.folder}/") for home in homes):
            continue
        least_kib, least_inodes = (LEAST_KIB, LEAST_INODES) if ours else (LEAST_HOME_KIB, 1)
        if space.mode == "ro":
            yield _because(Cause.READ_ONLY, Text("{folder} is mounted read-only", folder=space.folder))
        elif space.free_kib < least_kib:
            yield _because(
                Cause.DISK_FULL, Text("{folder} has {free_kib} KiB left", folder=space.folder, free_kib=space.free_kib)
            )
        elif space.free_inodes is not None and space.free_inodes < least_inodes:
            yield _because(
                Cause.DISK_FULL,
                Text("{folder} has {free_inodes} inodes left", folder=space.folder, free_inodes=space.free_inodes),
            )
        elif space.mode == "noexec" and space.folder in ("/tmp", "/var/tmp"):  # noqa: S108 (the server's)
            yield _known(Cause.NOT_EXECUTABLE, Text("{folder} is mounted noexec", folder=space.folder))
    for line in found.over_quota:
        name, _, device = line.partition(" ")
        yield _because(
            Cause.OVER_QUOTA,
            Text("{name} is over its quota on {device}, and can no longer write", name=name, device=device),
            name,
        )
    if found.immutable:
        yield _because(Cause.IMMUTABLE, Text("protected from changes: {names}", names=", ".join(found.immutable)))


def _rest(found: Survey, wanted: Wanted, clock: int) -> Iterator[Obstacle]:
    installs = wanted.security_updates and not wanted.raw and not found.setting("upgrades") and found.apt
    said = (
        [Text("{packages_locked} holds the package manager's lock", packages_locked=found.packages_locked)]
        if found.packages_locked
        else []
    )
    if found.packages_interrupted:
        said.append(Text("dpkg was interrupted"))
    if found.half_installed:
        said.append(Text("half installed: {names}", names=", ".join(found.half_installed)))
    if said:
        said += [Text("unattended-upgrades cannot be installed")] * installs
        yield _known(Cause.PACKAGES_STUCK, joined("; ", said))
    if found.writers:
        yield _known(
            Cause.WRITTEN_AGAIN, Text("by itself, where we write too: {names}", names=", ".join(found.writers))
        )
    if found.clock and abs(found.clock - clock) > CLOCK_SECONDS:
        late = found.clock - clock
        yield _known(
            Cause.CLOCK_OFF,
            Text("its clock is {seconds} s ahead of ours", seconds=late)
            if late > 0
            else Text("its clock is {seconds} s behind ours", seconds=-late),
        )
    if found.own_name_waited >= SLOW_SECONDS or found.own_name_seconds is None:
        seconds = found.own_name_waited
        yield _known(
            Cause.SLOW_OWN_NAME,
            Text("its own name was not found after {seconds:.1f} s", seconds=seconds)
            if found.own_name_seconds is None
            else Text("its own name was found after {seconds:.1f} s", seconds=seconds),
        )


def _because(cause: Cause, detail: Prose, user: str = "") -> Obstacle:
    return Obstacle(cause, _shown(detail), user)


def _known(cause: Cause, detail: Prose) -> Obstacle:
    return Obstacle(cause, _shown(detail), blocks=False)


def _shown(detail: Prose) -> Prose:
    """What was seen, safe to print: what the server says in it is foreign."""
    if isinstance(detail, str):
        return printable(detail, 300)
    values = {name: _shown(each) if isinstance(each, str | Text) else each for name, each in detail.values.items()}
    return Text(detail.template, **values)
