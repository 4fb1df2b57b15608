"""Backing up a site, and making one from a backup: what a lost controller costs is the time since the last one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from sopctl.adapters import sealing
from sopctl.errors import InvalidRecord
from sopctl.locale import Prose
from sopctl.store import backup, locks
from sopctl.store.durable import listed
from sopctl.store.site import Moved, Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import journal, validation
from sopctl.workflow.setup.secrets import has_secret


class Done(Struct, frozen=True):
    """A backup that was written or restored: how many files, where the journal ended, what was left out, whether it
    contains the secrets; and what is wrong with the restored site."""

    file: str
    files: int
    anchor: str
    left: tuple[str, ...]
    secrets: bool
    problems: tuple[Prose, ...] = ()


def write(desk: Desk, file: Path, *, passphrase: str | None = None, moving: bool = False) -> Done:
    """Write a backup; with a passphrase, the site's secrets too, sealed with it. `moving`: another controller goes on
    with it, and from before the backup on nothing is recorded or reached from here any more.

    Raises as `store.backup.write`, UsageError for a passphrase that is too short, and Conflict where a site that is to
    be moved is worked on.
    """
    if moving:
        with _given_away(desk, file):
            return write(desk, file, passphrase=passphrase)
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
    problems: list[Prose] = [error.whole for error in validation.validate(desk).errors]
    try:
        problems += journal.check(desk, journal.Kept(made.anchor) if made.anchor.lines else None).gaps
    except InvalidRecord as error:
        problems.append(error.whole)
    return _done(file, made, tuple(problems))


@contextmanager
def _given_away(desk: Desk, file: Path) -> Iterator[None]:
    """Mark the site as moved, and see that nobody is at work on it any more; what fails in the block takes the mark
    back."""
    site = desk.site
    with site.alone():
        site.refuse_moved()
        site.mark_moved(Moved(desk.now(), desk.typed, file.name))
    try:
        for path in listed(site.locks):
            locks.wait_until_free(path, path.name, 0)  # who takes it from now on finds the mark
        yield
    except BaseException:
        site.unmark_moved()
        raise


def _done(file: Path, made: backup.Manifest, problems: tuple[Prose, ...] = ()) -> Done:
    return Done(str(file), len(made.files), str(made.anchor), made.left, backup.SECRETS in made.files, problems)
