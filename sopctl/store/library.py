"""The library of procedures (SOP): all versions of each, so that a dossier stays with the one it began with."""

import hashlib
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from sopctl.errors import InvalidRecord
from sopctl.model.sop import soundness
from sopctl.model.sop.procedure import Procedure, Procedures
from sopctl.store import codec
from sopctl.store.durable import listed

SHIPPED = Path(__file__).parent.parent / "procedures"


def procedure_files(own: Path) -> list[Path]:
    """The files that a library with this folder of a site's own is read from. Raises OutsideFailure."""
    return [path for folder in (SHIPPED, own) for path in listed(folder, "*.yml")]


class _Edition(NamedTuple):
    """A procedure and the file that it was read from."""

    path: Path
    content: bytes
    procedure: Procedure

    def place(self, *path: str | int) -> str:
        """file:line:column of what stands at `path` in it."""
        return codec.place(self.content, path, where=str(self.path))

    def error(self, fault: soundness.Fault) -> InvalidRecord:
        """The error for a procedure that is not sound."""
        where, said = self.place(*fault.path), "{procedure}: " + fault.template
        return InvalidRecord(fault.id, said, where=where, procedure=self.procedure.name, **fault.values)


class Library:
    """The procedures that sopctl ships and a site's own.

    A site's file of the same name and version replaces the shipped one (with its own identity block, say); one of a
    higher version is in force for new dossiers. Raises InvalidRecord, with the line, for a procedure that is not sound.
    """

    def __init__(self, own: Path) -> None:
        self._editions: dict[tuple[str, str], _Edition] = {}
        self._pinned: dict[tuple[tuple[str, str], ...], Procedures] = {}
        self._own = own
        for folder in (SHIPPED, own):
            self._add_all(folder)
        newest = [max(self._of(name), key=_by_version).procedure for name in self.names]
        self.current: Procedures = {each.name: each for each in sorted(newest, key=_by_beginning)}
        self._refuse_unsound(self.current)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of all procedures. What was derived from another set of them is void."""
        digest = hashlib.sha256()
        for edition in self._editions.values():
            digest.update(edition.content)
        return digest.hexdigest()

    @cached_property
    def in_force(self) -> dict[str, str]:
        """The version of each procedure in force, and the SHA-256 (hex) of its file."""
        return {
            name: f"{each.version} {hashlib.sha256(self._edition(name, each.version).content).hexdigest()}"
            for name, each in self.current.items()
        }

    @property
    def names(self) -> list[str]:
        """The procedures' names."""
        return list(dict.fromkeys(name for name, _ in self._editions))

    def versions(self, name: str) -> list[Procedure]:
        """Every version of a procedure, the oldest first."""
        return [edition.procedure for edition in sorted(self._of(name), key=_by_version)]

    def text(self, name: str, version: str) -> bytes:
        """The file that this version of a procedure was read from."""
        return self._edition(name, version).content

    def pinned(self, pins: Mapping[str, str]) -> Procedures:
        """The procedures that a dossier is pinned to. Raises InvalidRecord when a version is no longer there, or when
        they no longer fit together: a version's file may have been replaced."""
        key = tuple(sorted(pins.items()))
        if key not in self._pinned:
            found = {name: self._edition(name, version).procedure for name, version in pins.items()}
            self._refuse_unsound(found)
            self._pinned[key] = found
        return self._pinned[key]

    def _refuse_unsound(self, together: Procedures) -> None:
        for name, fault in soundness.faults_between(together):
            raise self._edition(name, together[name].version).error(fault)

    def _edition(self, name: str, version: str) -> _Edition:
        found = self._editions.get((name, version))
        if found is None:
            raise InvalidRecord(
                "procedure-version-missing",
                "a dossier is pinned to version {version} of {procedure}, which is not there",
                where=str(self._own),
                remedy="Put that version's file back: a dossier stays with the version it began with.",
                version=version,
                procedure=name,
            )
        return found

    def _of(self, name: str) -> list[_Edition]:
        return [edition for (other, _), edition in self._editions.items() if other == name]

    def _add_all(self, folder: Path) -> None:
        seen: dict[tuple[str, str], Path] = {}
        for path in listed(folder, "*.yml"):
            edition = _read(path, codec.read(path))
            procedure = edition.procedure
            key = (procedure.name, procedure.version)
            if key in seen:
                raise InvalidRecord(
                    "procedure-version-repeated",
                    "{procedure}: {file} already has version {version}",
                    where=edition.place("version"),
                    remedy="Give each version a number of its own.",
                    procedure=procedure.name,
                    file=seen[key].name,
                    version=procedure.version,
                )
            seen[key] = path
            self._editions[key] = edition


@lru_cache(maxsize=64)
def _read(path: Path, content: bytes) -> _Edition:
    """The edition in a file with this content. A process that reads several sites meets the same ones in each, and
    reading them takes longer than all else of a site. Raises InvalidRecord for one that is not sound."""
    edition = _Edition(path, content, codec.parse(content, Procedure, where=str(path)))
    for fault in soundness.faults(edition.procedure):
        raise edition.error(fault)
    return edition


def _by_beginning(procedure: Procedure) -> tuple[bool, str]:
    """The order in which a deposit meets them: its request, then what follows, then what may break into it."""
    return (bool(procedure.begins.during), procedure.begins.after)


def _by_version(edition: _Edition) -> list[tuple[int, str]]:
    """Sorts versions as people count: 2 before 10, 1.9 before 1.10."""
    parts = re.findall(r"[0-9]+|[A-Za-z]+", edition.procedure.version)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
