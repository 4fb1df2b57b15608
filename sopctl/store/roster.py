"""The roster: the office's people, their roles and logins, who may record for others, and the procedures in force.

sopctl.yml and the procedures are files that anyone who may write the site can change, and with them who decides. So
with the next event after a change, the journal gets a line that says what is different since the last one, who noticed
it and when; the roster itself is kept below `roster/`, named after its hash, which the line has.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from sopctl.model.as_json import NotJson, from_json
from sopctl.store.durable import make_folder, opened, write_atomic
from sopctl.store.journal import Writer
from sopctl.store.site import Site

FOLDER = "roster"
MOST = 1500
"""Characters of a line that say what has changed; the kept roster says all."""


class Member(Struct, frozen=True):
    """A person of the office, as far as it concerns who decides."""

    name: str
    position: str
    role: str
    login: str


class Roster(Struct, frozen=True):
    """Who decides, and by what: the people by key, the logins that record for others, the role that countersigns, to
    whom late steps go, and each procedure in force: its version and the SHA-256 (hex) of its file."""

    people: dict[str, Member]
    clerks: tuple[str, ...]
    head: str
    escalation: dict[str, str]
    procedures: dict[str, str]

    @property
    def content(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=2) + b"\n"


def current(site: Site) -> Roster:
    """The roster as sopctl.yml and the procedures say it now. Raises InvalidRecord where they cannot be read."""
    settings = site.settings
    return Roster(
        people={key: Member(who.name, who.position, who.role, who.login) for key, who in settings.people.items()},
        clerks=(settings.clerks,) if isinstance(settings.clerks, str) else settings.clerks,
        head=settings.head,
        escalation={str(days): role for days, role in settings.escalation.items()},
        procedures=site.library.in_force,
    )


def note_changes(site: Site, journal: Writer, by: str, at: datetime) -> None:
    """Add a line to the journal if the roster is not the one that it noted last. `by`: the login that records something
    now, and so is the first to notice. Hold the site's lock. Raises OutsideFailure, InvalidRecord."""
    now = current(site)
    digest = hashlib.sha256(now.content).hexdigest()
    if journal.roster == digest:
        return
    folder = site.folder(FOLDER)
    make_folder(folder)
    write_atomic(folder / f"{digest}.json", now.content)
    before = _kept(folder, journal.roster)
    said = "; ".join(differences(before, now)) if before else "dicatat untuk pertama kali"
    journal.add_roster(digest, f"{at.isoformat()} {by}: {said}"[:MOST])


def differences(before: Roster, now: Roster) -> list[str]:
    """What is different between two rosters, a sentence each."""
    found = []
    for key in before.people.keys() | now.people.keys():
        was, member = before.people.get(key), now.people.get(key)
        if was is None and member:
            found.append(f"{key} baru: {_words(member)}")
        elif member is None and was:
            found.append(f"{key} tidak lagi: {_words(was)}")
        elif was and member and was != member:
            found.append(f"{key}: {_words(was)} → {_words(member)}")
    for name in before.procedures.keys() | now.procedures.keys():
        old, new = before.procedures.get(name, "tidak ada"), now.procedures.get(name, "tidak ada")
        if old != new:
            found.append(f"prosedur {name}: {_short(old)} → {_short(new)}")
    for label, one, other in (
        ("clerks", before.clerks, now.clerks),
        ("head", before.head, now.head),
        ("escalation", before.escalation, now.escalation),
    ):
        if one != other:
            found.append(f"{label}: {one} → {other}")
    return sorted(found)


def check(site: Site, digests: Iterable[str]) -> list[str]:
    """What is wrong with these rosters (SHA-256, hex), which the journal names: each must be kept as it was."""
    wrong = []
    for digest in dict.fromkeys(digests):
        path = site.folder(FOLDER) / f"{digest}.json"
        if not path.is_file() or path.is_symlink():
            wrong.append(f"{FOLDER}/{path.name} is missing")
        elif hashlib.sha256(_content(path)).hexdigest() != digest:
            wrong.append(f"{FOLDER}/{path.name} was altered")
    return wrong


def _kept(folder: Path, digest: str) -> Roster | None:
    path = folder / f"{digest}.json"
    if not digest or not path.is_file() or path.is_symlink():
        return None
    try:
        return from_json(_content(path), Roster)
    except NotJson:
        return None


def _content(path: Path) -> bytes:
    with opened(path, links=False) as file:
        return file.read()


def _words(who: Member) -> str:
    return ", ".join(filter(None, (who.name, who.position, who.role, f"login {who.login}" if who.login else "")))


def _short(edition: str) -> str:
    version, _, digest = edition.partition(" ")
    return f"{version} ({digest[:12]})" if digest else version
