"""The register as the readers of a page share it: kept in memory, and brought up to date at each look by reading what
has changed since, and nothing else.

What sopctl records, by whichever process, has a line in the journal: its tail names the dossiers that have changed.
A folder that came or went shows in the time of `deposits/`. What people change by hand has no line; all files are
compared with what was read, some at each look, within `SWEEP_SECONDS`. It is for showing alone: whoever decides reads
again (`Site.recent` is None).
"""

import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, cast

from sopctl.errors import SopctlError
from sopctl.model.sop.summary import Summary
from sopctl.store import dossiers, facts, register
from sopctl.store.journal import Followed, Journal
from sopctl.store.register import Reading
from sopctl.store.site import Site

T = TypeVar("T")

SWEEP_SECONDS = 20.0
"""Within this time, what was changed by hand is seen."""
AGAIN_SECONDS = register.RACY_NS / 1e9
"""What was read is read once more after this time: a file may change twice within one tick of its clock."""
SURROUNDINGS = ("sopctl.yml", "calendar.yml", "racks", "switches", "keys")
"""What lists say beside what dossiers say depends on these."""


class Recent:
    """One reading for many who only read, such as a page's visitors."""

    def __init__(self) -> None:
        self._lock, self._making = threading.Lock(), threading.Lock()
        self._made: dict[str, object] = {}
        self._files: dict[tuple[Path, ...], tuple[list[str], object]] = {}
        self._told: set[str] = set()
        self._followed: Followed | None = None
        self._procedures = ""
        self._reading: Reading | None = None
        self._stamps: dict[str, bytes] = {}
        """Of each dossier, in order of request: what identified its files when they were read; empty for one that
        could not be read, since what mends it need not change them."""
        self._sound: dict[str, Summary] = {}
        self._broken: dict[str, SopctlError] = {}
        self._last_known: dict[str, Summary] = {}
        self._months: dict[str, facts.Months] = {}
        self._again: dict[str, float] = {}
        """When each of those that have just been read is read once more."""
        self._folder, self._list_again = "", 0.0
        self._swept, self._swept_at = 0, 0.0

    def read(self, site: Site) -> Reading:
        """The reading of now, with what was gathered. Whoever asks meanwhile waits for it."""
        with self._lock:
            named, procedures = self._named(site), site.library.fingerprint
            told, self._told = self._told, set()
            if named is None or self._reading is None or procedures != self._procedures:
                self._procedures = procedures
                return self._read_all(site)
            reading, self._reading = self._reading, None  # whatever fails now, the next one reads again
            self._reading = self._patch(site, reading, named | told)
            return self._reading

    def tell(self, ids: Iterable[str]) -> None:
        """These dossiers have changed: the journal may not have noted it yet."""
        with self._lock:
            self._told |= set(ids)

    def made(self, name: str, make: Callable[[T | None], T]) -> T:
        """What `make` makes for all readers from what it made before (None at first). It is asked each time, one at a
        time, and says itself whether that still holds."""
        with self._making:
            found = make(cast(T | None, self._made.get(name)))
            self._made[name] = found
            return found

    def of_files(self, paths: Iterable[Path], read: Callable[[], T]) -> T:
        """What `read` makes of files: once, for as long as they are the same."""
        key = tuple(paths)
        stamps = [_stamp(path) for path in key]
        known = self._files.get(key)
        if known and known[0] == stamps:
            return cast(T, known[1])
        settled = all(map(_settled, key))
        found = read()
        if settled:
            self._files[key] = stamps, found
        return found

    def _named(self, site: Site) -> set[str] | None:
        """Which deposits the journal's tail names; None where everything may have changed."""
        try:
            named, self._followed = Journal(site.root).follow(self._followed)
        except SopctlError:
            named, self._followed = None, None
        return named

    def _read_all(self, site: Site) -> Reading:
        now, self._reading = time.monotonic(), None
        for known in (self._sound, self._last_known, self._months, self._stamps):
            known.clear()  # not two readings in memory at once
        self._folder, self._list_again = _stamp(site.folder("deposits")), now + AGAIN_SECONDS
        reading, self._stamps = register.whole(site, gathered=True)
        self._sound = {each.id: each for each in reading.summaries}
        self._broken, self._months = dict(reading.broken), dict(reading.gathered)
        self._last_known = {each.id: each for each in reading.last_known}
        self._again = {each: now + AGAIN_SECONDS for each, stamp in self._stamps.items() if not stamp}
        self._stamps.update(dict.fromkeys(reading.broken, b""))
        self._swept, self._swept_at = 0, now
        self._reading = reading
        return reading

    def _patch(self, site: Site, reading: Reading, named: set[str]) -> Reading:
        now = time.monotonic()
        new, gone = self._listed(site, now) if self._may_differ(site, named, now) else (set[str](), set[str]())
        ripe = {each for each, when in self._again.items() if when <= now}
        looked = {each for each in (*named, *new, *self._share(now)) if each in self._stamps}
        changed = bool(gone)
        for deposit_id, stamp in register.stamps_of(site, ripe | looked, settled=False).items():
            once_more = self._again.pop(deposit_id, None) if deposit_id in ripe else None
            if once_more is None and stamp and stamp == self._stamps[deposit_id]:
                continue
            changed |= self._take(site, deposit_id, stamp)
            if once_more is None:
                self._again[deposit_id] = now + AGAIN_SECONDS
        if changed:
            sound = [self._sound[each] for each in self._stamps if each in self._sound]
            last = [self._last_known[each] for each in self._stamps if each in self._last_known]
            return Reading(sound, dict(self._broken), dict(self._months), last)
        return reading

    def _take(self, site: Site, deposit_id: str, stamp: bytes) -> bool:
        """Read a dossier. Is it another than before?"""
        known, error = self._sound.get(deposit_id), self._broken.pop(deposit_id, None)
        try:
            dossier = dossiers.read(site, deposit_id)
            summary = dossier.summary
            months = facts.months(dossier)
        except SopctlError as now_wrong:
            self._stamps[deposit_id], self._broken[deposit_id] = b"", now_wrong
            self._months.pop(deposit_id, None)
            if known:
                self._last_known[deposit_id] = self._sound.pop(deposit_id)
            return error is None or str(error) != str(now_wrong)
        self._last_known.pop(deposit_id, None)
        self._stamps[deposit_id] = stamp
        same = summary == known and error is None and months == self._months.get(deposit_id, {})
        if not same:
            self._sound[deposit_id], self._months[deposit_id] = summary, months
        return not same

    def _may_differ(self, site: Site, named: set[str], now: float) -> bool:
        """May there be folders that are not known, or that have gone?"""
        ripe = self._list_again and self._list_again <= now
        return bool(ripe) or not named <= self._stamps.keys() or _stamp(site.folder("deposits")) != self._folder

    def _listed(self, site: Site, now: float) -> tuple[set[str], set[str]]:
        """Look which dossiers there are: those that have come, and those that have gone."""
        folder, ids = _stamp(site.folder("deposits")), dossiers.ids(site)
        self._list_again = now + AGAIN_SECONDS if folder != self._folder else 0.0
        self._folder = folder
        new, gone = set(ids) - self._stamps.keys(), self._stamps.keys() - set(ids)
        self._stamps = {each: self._stamps.get(each, b"") for each in ids}
        for each in gone:
            self._sound.pop(each, None)
            self._broken.pop(each, None)
            self._last_known.pop(each, None)
            self._months.pop(each, None)
            self._again.pop(each, None)
        return new, gone

    def _share(self, now: float) -> list[str]:
        """The next of all dossiers to be compared with their files: as many as the time since the last look asks
        for."""
        count = int(len(self._stamps) * min(1.0, (now - self._swept_at) / SWEEP_SECONDS))
        if not count:
            return []
        ids = list(self._stamps)
        begin, self._swept_at = self._swept % len(ids), now
        self._swept = begin + count
        return (ids[begin:] + ids[:begin])[:count]


def surroundings(site: Site) -> tuple[str, ...]:
    """What identifies the files of a site that lists depend on beside its dossiers."""
    found = []
    for name in SURROUNDINGS:
        path = site.root / name
        found.append(_stamp(path))
        with suppress(OSError), os.scandir(path) as entries:  # the page's account may not look into keys/
            found += sorted(f"{each.name} {_stamp(path / each.name)}" for each in entries)
    return tuple(found)


def _settled(path: Path) -> bool:
    """Is a file's last change so long ago that another one would show?"""
    try:
        return time.time_ns() - os.stat(path, follow_symlinks=False).st_mtime_ns > register.RACY_NS
    except OSError:
        return False


def _stamp(path: Path) -> str:
    try:
        found = os.stat(path, follow_symlinks=False)
    except OSError:
        return ""
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
