"""Backing up a site, and making one from a backup: what a lost controller costs is the time since the last one."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from sopctl.adapters import sealing
from sopctl.errors import InvalidRecord
from sopctl.store import backup
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import journal, validation
from sopctl.workflow.setup.secrets import has_secret


class Done(Struct, frozen=True):
    """A backup that was written or restored: how many files, where the journal ended, what was left out, whether the
    secrets are there; and what is wrong with the site as restored."""

    file: str
    files: int
    anchor: str
    left: tuple[str, ...]
    secrets: bool
    problems: tuple[str, ...] = ()


def write(desk: Desk, file: Path, *, passphrase: str | None = None) -> Done:
    """Write a backup; with a passphrase, the site's secrets too, sealed with it.

    Raises as `store.backup.write`, and UsageError for a passphrase that is too short.
    """
    seal = None if passphrase is None else (lambda content: sealing.seal(content, passphrase))
    made = backup.write(desk.site, file, desk.now(), is_secret=has_secret, secrets=seal)
    return _done(file, made)


def restore(file: Path, root: Path, desk_of: Callable[[Site], Desk], *, passphrase: str | None = None) -> Done:
    """Make a site from a backup, and check it: every record, and the journal against the anchor of the backup.

    Raises as `store.backup.restore`.
    """
    unseal = None if passphrase is None else (lambda content: sealing.unseal(content, passphrase, where=str(file)))
    made = backup.restore(file, root, unseal=unseal)
    desk = desk_of(Site(root))
    problems: list[str] = [str(error) for error in validation.validate(desk).errors]
    try:
        problems += journal.check(desk, made.anchor if made.anchor.lines else None).gaps
    except InvalidRecord as error:
        problems.append(str(error))
    return _done(file, made, tuple(problems))


def _done(file: Path, made: backup.Manifest, problems: tuple[str, ...] = ()) -> Done:
    return Done(str(file), len(made.files), str(made.anchor), made.left, backup.SECRETS in made.files, problems)
