"""What stands in the way of a configuration, found before anything is changed: causes of the same table as those of the
access checks. One that only has to be known does not block.
"""

from collections.abc import Iterator

from msgspec import Struct

from sopctl.locale import Text
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
    detail: str
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
            Cause.OTHER_DEPOSIT, f"this is the server of {found.deposit}, by the note there, not of {wanted.deposit}"
        )


def _accounts(found: Survey, wanted: Wanted) -> Iterator[Obstacle]:
    if wanted.management in wanted.accounts:
        yield _because(Cause.SAME_ACCOUNT, f"{wanted.management} is the office's own account", wanted.management)
    ours = found.accounts.get(wanted.management)
    if ours and ours.exists and not (wanted.settled or found.made_here):
        owners = f"the server has an account {wanted.management} of its owner's"
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
            yield _because(Cause.SSHD_SETTINGS_BROKEN, f"sshd -T says: {account.rules_error}")
        return
    if rule := sshd_rules.refusal(rules, name, account.groups, found.seen_from):
        yield _because(Cause.NOT_ALLOWED, f"sshd would keep {name} out: {rule}", name)
    if rule := pam_access.refusal(found.access_rules, name, account.groups or (name,), found.seen_from):
        yield _because(Cause.NOT_ALLOWED, f"PAM would keep {name} out, by access.conf: {rule}", name)
    if found.nologin and name != "root":
        yield _because(Cause.NOT_ALLOWED, f"/etc/nologin keeps {name} out", name)
    # Public keys are switched on by the configuration itself.
    if cause := sshd_rules.method_cause({**rules, "pubkeyauthentication": ("yes",)}):
        methods = sshd_rules.first(rules, "authenticationmethods")
        yield _because(cause, f"sshd asks more of {name} than a key: AuthenticationMethods {methods}", name)
    if (forced := sshd_rules.first(rules, "forcecommand", "none")) != "none":
        yield _because(Cause.COMMAND_REFUSED, f"sshd lets {name} run one command only: ForceCommand {forced}", name)
    if sshd_rules.first(rules, "maxsessions") == "0":
        yield _because(Cause.COMMAND_REFUSED, f"sshd opens no session for {name}: MaxSessions 0", name)
    files = sshd_rules.first(rules, "authorizedkeysfile")
    if files and not _has_file_of_its_own(files):
        command = sshd_rules.first(rules, "authorizedkeyscommand", "none")
        asks = "" if command == "none" else f", and asks {command}"
        yield _because(Cause.KEYS_ELSEWHERE, f"sshd reads the keys of {name} from {files}{asks}", name)


def _has_file_of_its_own(files: str) -> bool:
    """Does sshd read a file that is this account's alone? One for all accounts is not ours to write."""
    return any(
        "%h" in word or "%u" in word or "%U" in word or word[0] != "/" for word in files.split() if word != "none"
    )


def _tools(found: Survey, wanted: Wanted) -> Iterator[Obstacle]:
    if found.through == "doas":
        yield _because(Cause.NO_SUDO, "root is there through doas alone, which the configuration does not use")
    elif found.sudoers_unread:
        yield _because(Cause.SUDO_RULE_UNREAD, f"sudo reads no rules from /etc/sudoers.d: {found.sudoers_unread}")
    if words := [each for line in found.started for each in sshd_rules.started_with(line)]:
        yield _because(Cause.SSHD_STARTED_OTHERWISE, f"sshd is started with {', '.join(dict.fromkeys(words))}")
    if found.taken:
        yield _because(Cause.PLACE_TAKEN, f"of the owner's: {', '.join(found.taken)}")
    if wanted.raw:
        return
    if not found.python:
        yield _because(Cause.NO_PYTHON, found.python_error or "no python3 was found")
    if found.systemd and not found.chroot:
        if "nft" not in found.tools:
            yield _because(Cause.NO_NFTABLES, "the program nft was not found")
        elif found.nft_error:
            yield _because(Cause.NO_NFTABLES, f"nft says: {found.nft_error}")
    elif not found.chroot:
        yield _known(Cause.NO_SYSTEMD, "systemd does not run there")


def _disks(found: Survey) -> Iterator[Obstacle]:
    homes = tuple(account.home for account in found.accounts.values() if account.home)
    for space in found.spaces:
        ours = space.folder in _WRITTEN
        if not ours and not any(f"{home}/".startswith(f"{space.folder}/") for home in homes):
            continue
        least_kib, least_inodes = (LEAST_KIB, LEAST_INODES) if ours else (LEAST_HOME_KIB, 1)
        if space.mode == "ro":
            yield _because(Cause.READ_ONLY, f"{space.folder} is mounted read-only")
        elif space.free_kib < least_kib:
            yield _because(Cause.DISK_FULL, f"{space.folder} has {space.free_kib} KiB left")
        elif space.free_inodes is not None and space.free_inodes < least_inodes:
            yield _because(Cause.DISK_FULL, f"{space.folder} has {space.free_inodes} inodes left")
        elif space.mode == "noexec" and space.folder in ("/tmp", "/var/tmp"):  # noqa: S108 (the server's)
            yield _known(Cause.NOT_EXECUTABLE, f"{space.folder} is mounted noexec")
    for line in found.over_quota:
        name, _, device = line.partition(" ")
        yield _because(Cause.OVER_QUOTA, f"{name} is over its quota on {device}, and can no longer write", name)
    if found.immutable:
        yield _because(Cause.IMMUTABLE, f"protected from changes: {', '.join(found.immutable)}")


def _rest(found: Survey, wanted: Wanted, clock: int) -> Iterator[Obstacle]:
    installs = wanted.security_updates and not wanted.raw and not found.setting("upgrades") and found.apt
    said = [f"{found.packages_locked} holds the package manager's lock"] if found.packages_locked else []
    if found.packages_interrupted:
        said.append("dpkg was interrupted")
    if found.half_installed:
        said.append(f"half installed: {', '.join(found.half_installed)}")
    if said:
        so = "; unattended-upgrades cannot be installed" if installs else ""
        yield _known(Cause.PACKAGES_STUCK, "; ".join(said) + so)
    if found.writers:
        yield _known(Cause.WRITTEN_AGAIN, f"by itself, where we write too: {', '.join(found.writers)}")
    if found.clock and abs(found.clock - clock) > CLOCK_SECONDS:
        late = found.clock - clock
        yield _known(Cause.CLOCK_OFF, f"its clock is {abs(late)} s {'ahead of' if late > 0 else 'behind'} ours")
    if found.own_name_waited >= SLOW_SECONDS or found.own_name_seconds is None:
        answer = "found" if found.own_name_seconds is not None else "not found"
        yield _known(Cause.SLOW_OWN_NAME, f"its own name was {answer} after {found.own_name_waited:.1f} s")


def _because(cause: Cause, detail: str, user: str = "") -> Obstacle:
    return Obstacle(cause, printable(detail, 300), user)


def _known(cause: Cause, detail: str) -> Obstacle:
    return Obstacle(cause, printable(detail, 300), blocks=False)
