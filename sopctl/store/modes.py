"""Who may read and write what of a site. The modes are ours, not the umask's, and other logins have none.

| what | alone | with `site: {group: …}` in sopctl.yml |
|---|---|---|
| folders of records | 0750 | 2770, of that group |
| records | 0640 | 0660, of that group |
| what Ansible executes | 0750, 0640 | the same: who edits it acts with the operator's keys |
| `keys/` and what is in it | 0700, 0600 | the same: keys stay the operator's |
| variables with a secret in plain text | 0600 | the same |
| private keys elsewhere that only their owner reads | 0600 | the same: with another mode, ssh refuses them |
| files that people put beside `sopctl.yml` (a letter) | theirs, if others cannot write; a private key 0600 | the same |
"""

import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from sopctl.errors import Action, Advice, InvalidRecord, OutsideFailure, UsageError
from sopctl.locale import Text
from sopctl.store.durable import disk_errors

EXECUTED = ("ansible.cfg", "playbooks", "inventory", "roles")
OURS = frozenset(
    {"ansible.cfg", "calendar.yml", "journal.jsonl", "moved.yml", "origin.yml", "sopctl.yml", ".gitignore"}
)
"""Files directly in a site's folder that sopctl reads or writes; whatever else is there, people have put there."""
READ = tuple(f"{name}/" for name in EXECUTED)
LOOK = ("Look whether someone did. Then set the modes:", Action("doctor", given={"repair": ""}))
PRIVATE = ("var/runs/", "var/drafts/")
"""Each has its own mode, from whoever made it."""


class Loose(Struct, frozen=True):
    """A path whose mode or group is not what it must be."""

    path: Path
    mode: int
    right: int
    group: int | None = None
    """The group that it must have; None where any will do."""

    def __str__(self) -> str:
        return str(self.text)

    @property
    def text(self) -> Text:
        """What is wrong with it."""
        mode, right = f"{self.mode:04o}", f"{self.right:04o}"
        return Text("{path} has mode {mode}, {right} is right", path=self.path, mode=mode, right=right)


Judge = Callable[[Path], bool]
"""Does a file hold a secret in plain text?"""


def loose(root: Path, shared_with: str = "", *, is_secret: Judge = lambda _path: False) -> Iterator[Loose]:
    """What is not as it must be in the site at `root`, which is shared with this group of the system.

    Raises OutsideFailure for a group that does not exist, or a path that cannot be looked at.
    """
    group = _group(shared_with)
    for path in _paths(root):
        below = f"{path.relative_to(root)}/"
        if below.startswith(PRIVATE) and below not in PRIVATE:
            continue
        with disk_errors(path, "look at"):
            found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            continue
        right, theirs = _right(below, stat.S_ISDIR(found.st_mode), group)
        mode = stat.S_IMODE(found.st_mode)
        file = stat.S_ISREG(found.st_mode)
        guest = file and _is_theirs(root, path)
        if guest and not mode & stat.S_IWOTH:
            right, theirs = mode, None
        read_by_others = guest and mode & 0o077
        may_hold = file and (read_by_others or below.startswith(READ) or mode == 0o600 != right)
        with disk_errors(path, "read"):
            if may_hold and is_secret(path):
                right = 0o600
        if mode != right or (theirs is not None and found.st_gid != theirs):
            yield Loose(path, mode, right, theirs)


def _is_theirs(root: Path, path: Path) -> bool:
    """Has a person put this file there, with a mode that is theirs to choose? Public keys are for others to read."""
    return (path.parent == root and path.name not in OURS) or (path.parent == root / "keys" and path.suffix == ".pub")


def repair(root: Path, shared_with: str = "", *, is_secret: Judge = lambda _path: False) -> list[Loose]:
    """Set every mode and group as it must be. Returns what was changed. Raises OutsideFailure."""
    changed = list(loose(root, shared_with, is_secret=is_secret))
    for each in changed:
        with disk_errors(each.path, "set the mode of"):
            if each.group is not None:
                os.chown(each.path, -1, each.group, follow_symlinks=False)
            each.path.chmod(each.right)
    return changed


def refuse_writable(root: Path) -> None:
    """Raise InvalidRecord if another login could change what Ansible would execute from the site at `root`."""
    for path in _open_to_all((root, *(path for name in EXECUTED for path in _tree(root / name)))):
        raise InvalidRecord(
            "executed-writable-by-others",
            "every login of this machine can change what would be executed here",
            where=str(path),
            remedy=_look(root, path),
        )


def refuse_open_doors(root: Path, names: Iterable[str]) -> None:
    """Raise InvalidRecord if another login could change who may do what on the page: in the site's folder at `root`
    or what is called so in it."""
    for path in _open_to_all((root, *(root / name for name in names if os.path.lexists(root / name)))):
        raise InvalidRecord(
            "page-writable-by-others",
            "every login of this machine can change who may do what on the page",
            where=str(path),
            remedy=_look(root, path),
        )


def _look(root: Path, path: Path) -> Advice:
    """What helps where every login may write to `path`. The modes of what is not in the site are not ours to set."""
    if path == root or root in path.parents:
        return LOOK
    return Text("Look whether someone did. Then take the right from others: chmod o-w {file}", file=path)


def refuse_anothers(root: Path, record: Path) -> None:
    """Raise UsageError for a site that nobody named, if its folder or its sopctl.yml belongs to an account with which
    this one shares no group: below a folder that others may write to, such as /tmp, anybody can put a site."""
    sudo = os.environ.get("SUDO_UID", "")
    ours = {0, os.geteuid(), int(sudo) if os.geteuid() == 0 and sudo.isdecimal() else 0}
    for path in (root, record):
        with disk_errors(path, "look at"):
            found = path.stat()
        shared = found.st_mode & stat.S_IWGRP and found.st_gid in {os.getegid(), *os.getgroups()}
        if found.st_uid not in ours and not shared:
            raise UsageError(
                "site-of-another",
                "the site in {folder} belongs to the account {owner}",
                remedy=Text("Look at what it is. If you trust it, name it: --site {folder}", folder=root),
                folder=root,
                owner=_account(found.st_uid),
            )


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _open_to_all(paths: Iterable[Path]) -> Iterator[Path]:
    """Those that every login may write to; of links, what they lead to, which is what is read."""
    for path in paths:
        with disk_errors(path, "look at"):
            writable = path.exists() and path.stat().st_mode & stat.S_IWOTH
        if writable:
            yield path.resolve() if path.is_symlink() else path


def _right(below: str, folder: bool, group: int | None) -> tuple[int, int | None]:
    first = below.partition("/")[0]
    if first == "keys":
        return (0o700 if folder else 0o600), None
    if first in EXECUTED or group is None:
        return (0o750 if folder else 0o640), None
    return (0o2770 if folder else 0o660), group


def _group(name: str) -> int | None:
    if not name:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise OutsideFailure(
            "no-such-group-here",
            "this machine has no group {group!r}, which sopctl.yml names",
            remedy=Text("Make it (groupadd {name}), or name another under `site` in sopctl.yml.", name=name),
            group=name,
        ) from None


def _paths(root: Path) -> Iterator[Path]:
    """The site and all that is in it, but for version control."""
    yield root
    for entry in sorted(os.listdir(root)):
        if entry != ".git":
            yield from _tree(root / entry)


def _tree(path: Path) -> Iterator[Path]:
    """What is there, a link too, but nothing that is behind one."""
    if not os.path.lexists(path):
        return
    yield path
    if path.is_dir() and not path.is_symlink():
        for folder, folders, files in os.walk(path):  # the mode of what may not be read is looked at itself
            for name in sorted([*folders, *files]):
                yield Path(folder, name)
