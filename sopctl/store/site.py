"""A site: the folder of text files in which an office keeps its racks, switches and dossiers."""

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
import yaml
from msgspec import Struct
from msgspec.structs import replace

from sopctl.errors import Action, InvalidRecord, NotNow, OutsideFailure, SopctlError, UsageError
from sopctl.locale import Text
from sopctl.model import names, private_key
from sopctl.model.intake.addresses import Network
from sopctl.model.ports.switch import SwitchRecord
from sopctl.model.rack import Rack
from sopctl.model.sop.procedure import Procedures
from sopctl.store import codec, locks, modes, settings
from sopctl.store.across import origin
from sopctl.store.durable import Unconfirmed, disk_errors, listed, make_folder, prepared, sync_folder, write_atomic
from sopctl.store.library import Library, procedure_files
from sopctl.store.settings import Settings

if TYPE_CHECKING:
    from sopctl.store.page.recent import Recent

SITE_LOCK_SECONDS = 20
"""How long a command waits for another one that writes the journal or a rack: those hold for milliseconds."""

MAX_KEY = 64 * 1024
"""Bytes of a secret that are looked at."""

RUN_DAYS = 90
"""How long the folders of runs are kept."""

MOVED = "moved.yml"
"""The mark of a site that another controller works on now. It is in no backup, so that the site there has none."""


class Moved(Struct, frozen=True):
    """That the site was handed to another controller: when, by whom, and by which backup."""

    at: datetime
    by: str
    backup: str


Named = TypeVar("Named", Rack, SwitchRecord, Network)
"""A record that is kept in a file of its own name."""


class Site:
    """One site on disk. Reads settings, procedures, racks and switches once; hands out the locks."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        if not _is_site(self.root):
            raise UsageError(
                "not-a-site",
                "{folder} is not a sopctl site: it has no {file}",
                remedy=("Name a site with --site DIR or SOPCTL_SITE, go into one, or make one.", Action("init", "DIR")),
                folder=self.root,
                file=settings.FILE_NAME,
            )
        origin.refuse_newer(self.root)
        self.locks = self.root / "var" / "locks"
        """The folder of the files that are locked, each named after what it stands for."""
        self._moved = self.root / MOVED
        self._migrated = False
        self.committed: list[tuple[str, int]] = []
        """Which events (deposit, number) were recorded through this object."""
        self._read: dict[Path, Rack | SwitchRecord | Network | None] = {}
        self.recent: Recent | None = None
        """A reading of the register that this reader shares with others; None: read again."""
        self.lagging: list[SopctlError] = []
        """What did not follow at once on something that was done, or had to be left out: each is told, and ends
        nothing."""

    def tell(self, *errors: SopctlError) -> None:
        """Add these to `lagging`, each once."""
        told = {str(each) for each in self.lagging}
        self.lagging += [error for error in errors if str(error) not in told]

    @classmethod
    def find(cls, named: str | None) -> "Site":
        """The site that the user names (--site, SOPCTL_SITE), else the nearest parent folder that is one.

        Raises UsageError where the one that was found so is another account's."""
        if named:
            return cls(Path(named))
        here = Path.cwd()
        for folder in (here, *here.parents):
            if _is_site(folder):
                modes.refuse_anothers(folder, folder / settings.FILE_NAME)
                return cls(folder)
        return cls(here)

    @cached_property
    def settings(self) -> Settings:
        """`sopctl.yml`. Raises InvalidRecord with the place of what is wrong, such as a role that no procedure has."""
        path = self.root / settings.FILE_NAME
        content = codec.read(path)
        found = codec.parse(content, Settings, where=str(path))
        actors = {actor for procedure in self.procedures.values() for actor in procedure.actors}
        for place, role in found.roles():
            if role not in actors:
                raise InvalidRecord(
                    "no-such-actor",
                    "no procedure has an actor {actor!r}",
                    where=codec.place(content, place, where=str(path)),
                    remedy=Text("The procedures have: {names}.", names=", ".join(sorted(actors))),
                    actor=role,
                )
        return found

    def read_settings_again(self) -> None:
        """Forget what `sopctl.yml` said: it was changed since, by another command or by this one."""
        self.__dict__.pop("settings", None)

    @cached_property
    def library(self) -> Library:
        """Every version of every procedure: those that sopctl ships, and the site's own in `procedures/`."""
        own = self.folder("procedures")
        if self.recent is None:
            return Library(own)
        return self.recent.of_files(procedure_files(own), lambda: Library(own))

    @property
    def procedures(self) -> Procedures:
        """The procedures in force: the newest version of each. New dossiers are pinned to them."""
        return self.library.current

    @cached_property
    def racks(self) -> tuple[Rack, ...]:
        """The racks of `racks/*.yml`, by name. Raises InvalidRecord when a file's name is not its rack's."""
        return tuple(self._records("racks", Rack))

    @cached_property
    def switches(self) -> dict[str, SwitchRecord]:
        """The switches of `switches/*.yml`, by name. Raises InvalidRecord when a file's name is not its switch's."""
        return {switch.name: switch for switch in self._records("switches", SwitchRecord)}

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        """The networks of `networks/*.yml`, by name: the addresses that the office gives out. Raises InvalidRecord when
        a file's name is not its network's."""
        return tuple(self._records("networks", Network))

    def rack(self, name: str) -> Rack | None:
        """One rack, whatever is wrong with others; None where there is none of that name."""
        return self._record("racks", name, Rack)

    def network(self, name: str) -> Network | None:
        """One network, as `rack`."""
        return self._record("networks", name, Network)

    def _record(self, folder: str, name: str, kind: type[Named]) -> Named | None:
        path = self.folder(folder) / f"{name}.yml"
        if path not in self._read:
            there = re.match(names.FILE_NAME, name) and path.is_file()
            self._read[path] = _named(path, kind) if there else None
        found = self._read[path]
        return found if isinstance(found, kind) else None

    def folder(self, name: str) -> Path:
        """A folder of the site, which may be missing; refused when it is a symbolic link (which could lead out of the
        site), or no folder: nothing would seem to be in it."""
        path = self.root / name
        with disk_errors(path, "look at"):
            try:
                found = path.lstat().st_mode
            except FileNotFoundError:
                return path
        if stat.S_ISLNK(found):
            raise InvalidRecord(
                "site-folder-is-symlink",
                "a site's folder must not be a symbolic link",
                where=str(path),
                remedy="Put a real folder in its place.",
            )
        if not stat.S_ISDIR(found):
            raise InvalidRecord(
                "site-folder-is-file",
                "a folder of the site is needed here, and there is something else",
                where=str(path),
                remedy="Put a real folder in its place.",
            )
        return path

    def _records(self, folder: str, kind: type[Named]) -> Iterator[Named]:
        for path in listed(self.folder(folder), "*.yml"):
            yield self.recent.of_files([path], partial(_named, path, kind)) if self.recent else _named(path, kind)

    def refuse_moved(self) -> None:
        """Raise NotNow where another controller works on the site now: nothing is recorded here, and nobody logs in
        from here."""
        if os.path.lexists(self._moved):
            raise NotNow(
                "site-moved",
                "another controller works on this site now: here it is for reading only",
                where=str(self._moved),
                remedy="Work there. If the site was not moved after all, delete this file.",
            )

    def mark_moved(self, moved: Moved) -> None:
        """Leave the site to another controller."""
        write_atomic(self._moved, codec.dump(msgspec.to_builtins(moved)))

    def unmark_moved(self) -> None:
        """The site was not moved after all."""
        with disk_errors(self._moved, "remove"):
            self._moved.unlink(missing_ok=True)

    def key_file(self, name: str) -> Path:
        """The private key or other secret `name` in the site's keys/, or in a folder there that no record can name.

        Raises OutsideFailure when it is missing or can be read by others, InvalidRecord for a private key that ssh does
        not read.
        """
        path = self.folder("keys") / name
        if path.is_symlink() or path.parent.is_symlink() or not path.is_file():
            raise OutsideFailure(
                "no-such-key",
                "there is no key {key!r} in the site's keys/",
                where=str(path),
                remedy=Text("Put it there, readable by you alone: {path} (chmod 600)", path=path),
                key=name,
            )
        if path.stat().st_mode & 0o077:
            raise OutsideFailure(
                "secret-readable-by-others",
                "the secret can be read by others",
                where=str(path),
                remedy=Text("Close it: chmod 600 {path}", path=path),
            )
        with disk_errors(path, "read"), path.open("rb") as file:
            private_key.refuse_unreadable(file.read(MAX_KEY), str(path))
        return path

    @contextmanager
    def keeping_key(self, name: str, content: bytes) -> Iterator[Path]:
        """Keep a secret in keys/, for the operator alone, once the block has ended well: it says what is recorded of
        it. Gives its file. Raises OutsideFailure before the block; what fails after it is told (`lagging`)."""
        path = self.folder("keys") / name
        make_folder(path.parent, 0o700)
        recorded = False
        try:
            with prepared(path, content, mode=0o600) as put:
                yield path
                recorded = True
                put()
        except OutsideFailure as error:
            if not recorded:
                raise
            self.tell(
                error
                if isinstance(error, Unconfirmed)
                else OutsideFailure(
                    "secret-lags",
                    "it is recorded that the secret was set, but it could not be put into its place: {reason}",
                    where=error.where,
                    remedy="Look after the disk, then set it again.",
                    reason=error.text,
                )
            )

    def name_keys(self, key: str, before: str | None) -> None:
        """Name the office's key, and the one before it, in sopctl.yml. Call while holding the site.

        Raises InvalidRecord where the file is written in a way that this would change more, OutsideFailure.
        """
        path = self.root / settings.FILE_NAME
        content = codec.read(path)
        old = codec.parse(content, Settings, where=str(path))
        wanted = replace(old, management=replace(old.management, key=key, before=before))
        try:
            new = settings.with_key(content, key, before)
            right = codec.parse(new, Settings, where=str(path)) == wanted
        except (yaml.YAMLError, SopctlError, UnicodeDecodeError):
            right = False
        if not right:
            raise InvalidRecord(
                "settings-not-changed",
                "the key cannot be named here without changing more",
                where=str(path),
                remedy=Text(
                    "Write it by hand: management: {{key: {key}, before: {what}}}", key=key, what=before or "null"
                ),
            )
        write_atomic(path, new)
        self.read_settings_again()

    def drop_key(self, name: str) -> None:
        """Remove a key and its public half, which nothing names and no server knows."""
        for each in (self.folder("keys") / name, self.folder("keys") / f"{name}.pub"):
            each.unlink(missing_ok=True)

    def put_key_aside(self, name: str) -> list[Path]:
        """Move a key and its public half into keys/retired/, where no record can name them. Returns where they are."""
        keys = self.folder("keys")
        make_folder(keys / "retired", 0o700)
        moved = []
        for old in (keys / name, keys / f"{name}.pub"):
            new, number = keys / "retired" / old.name, 1
            while os.path.lexists(new):
                number += 1
                new = new.with_name(f"{old.name}.{number}")
            if old.is_file():
                with disk_errors(old, "move"):
                    os.rename(old, new)
                moved.append(new)
        with disk_errors(keys):
            sync_folder(keys / "retired")
            sync_folder(keys)
        return moved

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the whole site: for new ids, rack space and backups, while nobody else records anything. Waits for
        others, who hold it briefly."""
        with self._lock("turn"):  # nobody begins to record from now on
            locks.wait_until_free(self.locks / "recording", Text("the site"), SITE_LOCK_SECONDS)
            with self.in_order():
                if not self._migrated:  # no command takes a site back to an older format
                    origin.migrate(self.root)
                    self._migrated = True
                yield

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record in one history that is held, while others record in theirs, and nobody is `alone`. Waits for who is,
        or is about to be."""
        if not self._migrated and origin.format_of(self.root) < origin.FORMAT:
            with self.alone():
                pass
        self._migrated = True
        with ExitStack() as held:
            with self._lock("turn", shared=True):
                held.enter_context(self._lock("recording", shared=True))
            yield

    def in_order(self) -> AbstractContextManager[None]:
        """Hold what brings all events of the site into one order: the journal's end. Only for that, while `recording`:
        all others wait meanwhile."""
        return self._lock("site")

    def _lock(self, name: str, *, shared: bool = False) -> AbstractContextManager[None]:
        return locks.hold(self.locks / name, Text("the site"), wait=SITE_LOCK_SECONDS, shared=shared)

    def new_run(self, name: str) -> Path:
        """The path of a folder for one run of an outside program, not made yet. Runs are disposable and never in git.

        Raises InvalidRecord where another login could change what the run would execute.
        """
        runs = self.root / "var" / "runs"
        modes.refuse_writable(self.root)
        make_folder(runs)
        taken = [path.suffix.removeprefix(".") for path in listed(runs, f"{name}.*")]
        return runs / f"{name}.{1 + max((int(number) for number in taken if number.isdecimal()), default=0)}"

    def forget_runs(self, now: datetime) -> None:
        """Remove the folders of runs that are older than RUN_DAYS."""
        for old, at in self.runs():
            if now.timestamp() - at > RUN_DAYS * 86_400:
                shutil.rmtree(old, ignore_errors=True)

    def runs(self) -> list[tuple[Path, float]]:
        """The folders of the runs that are kept, each with the time of its last change (Unix), the newest first."""
        found = []
        for path in listed(self.root / "var" / "runs"):
            with suppress(FileNotFoundError):  # another command may have just removed it
                found.append((path, path.stat().st_mtime))
        return sorted(found, key=lambda run: run[1], reverse=True)


def _named(path: Path, kind: type[Named]) -> Named:
    """A record whose file has its name."""
    record = codec.load(path, kind)
    if record.name != path.stem:
        raise InvalidRecord(
            "file-name-differs",
            "the record is called {name!r}, its file {file!r}",
            where=f"{path}:1:1",
            remedy="Make `name` and the file's name the same.",
            name=record.name,
            file=path.name,
        )
    return record


def _is_site(folder: Path) -> bool:
    """Does `folder` hold a site's configuration? Raises OutsideFailure when that cannot be determined."""
    with disk_errors(folder, "read"):
        return (folder / settings.FILE_NAME).is_file()
