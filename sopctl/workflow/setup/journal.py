"""The site's journal: does it agree with the histories, where does it end, and making it whole when it was lost."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from msgspec import UNSET, Struct

from sopctl.adapters.signing import examining, fetching, making, pages
from sopctl.errors import Action, InvalidRecord, NotNow, SopctlError, UsageError
from sopctl.model.signing import signatures
from sopctl.model.signing.signatures import MEANS
from sopctl.model.sop import history
from sopctl.model.sop.entries import Signed, from_data
from sopctl.model.sop.history import Event
from sopctl.store import books, dossiers, issued, roster
from sopctl.store.across.processes import in_processes
from sopctl.store.issued import Issued
from sopctl.store.journal import MENDED, ROSTER, Anchor, Journal, lags
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import integrity
from sopctl.workflow.papers.signed import certificates
from sopctl.workflow.papers.signed.verdict import GOOD
from sopctl.workflow.scans import MIB, read_bounded
from sopctl.workflow.steps import required

_ANCHOR = re.compile(r"(?<!\d)([1-9]\d{0,8}):([0-9a-f]{64})(?![0-9a-f])")
MAX_PAPER = 50 * MIB
_LONGEST = 200
"""Bytes of a file that has an anchor alone."""


class Kept(NamedTuple):
    """An anchor that was kept, and what it was read from: a paper of the site and what that is; empty for one that was
    given as it is."""

    anchor: Anchor
    source: str = ""


def anchor_of(desk: Desk, text: str) -> Kept:
    """The anchor that someone kept: LINES:HASH as `journal anchor` prints it, the hash alone, a file with just that, or
    a paper of this site that has it, such as a month's report, signed or not.

    What else a file says is no anchor: anybody can write one that the journal of an intruder agrees with. Raises
    UsageError for something else, InvalidRecord for a file that is no paper of the site, or one that was altered, as
    reading a file does.
    """
    said = text.strip()
    plain = _plain(said)
    if plain is None and Path(said).is_file():
        return _of_file(desk, Path(said))
    if plain is None:
        raise _no_anchor(said)
    return Kept(plain)


def _plain(said: str) -> Anchor | None:
    if said == "0:":
        return Anchor(0, "")
    if re.fullmatch(r"[0-9a-f]{64}", said):
        return Anchor(0, said)
    found = _ANCHOR.fullmatch(said)
    return Anchor(int(found[1]), found[2]) if found else None


def _of_file(desk: Desk, path: Path) -> Kept:
    content = read_bounded(path, MAX_PAPER)
    plain = _plain(content[:_LONGEST].decode(errors="replace").strip()) if len(content) < _LONGEST else None
    if plain:
        return Kept(plain, "a file with the anchor alone")
    found = _ANCHOR.search(_text_of(content))
    if found is None:
        raise _no_anchor(str(path))
    what = integrity.check_file(desk, path)
    if what.verdict not in (*GOOD, "not checked"):
        raise InvalidRecord(
            "anchor-of-no-paper",
            "the file has an anchor, and is no paper that this site knows as sound: {verdict}",
            where=str(path),
            remedy=(
                "If you trust it for another reason, such as a signature in ink, give the anchor that stands on it:",
                Action("journal verify", given={"against": found[0]}),
            ),
            verdict="; ".join((what.verdict, *what.why)),
        )
    of_them = f"{what.verdict} ({what.signed})" if what.signed else what.verdict
    return Kept(Anchor(int(found[1]), found[2]), f"{what.deposit} {what.number}, {of_them}")


def _no_anchor(text: str) -> UsageError:
    return UsageError(
        "not-an-anchor",
        "{text!r} is no anchor of a journal, and no file that has one",
        remedy=("An anchor is what this prints:", Action("journal anchor")),
        text=text[:100],
    )


def _text_of(content: bytes) -> str:
    if not content.startswith(b"%PDF-"):
        return content.decode(errors="replace")
    try:
        return pages.text(content)
    except pages.Unreadable:
        return ""


def anchor(desk: Desk) -> Anchor:
    """Where the journal ends now: to be kept where nobody who can write the site can write. Raises InvalidRecord when
    the journal was altered."""
    return Journal(desk.site.root).anchor()


class Stamped(Struct, frozen=True):
    """A timestamp of where the journal ends: the anchor, when, by whose authority, and the file that has it."""

    anchor: str
    time: datetime | None
    authority: str
    file: str


def stamp(desk: Desk) -> Stamped:
    """Have the timestamp authority of the settings stamp where the journal ends, and keep that in `timestamps/`.

    Raises UsageError where the settings name none, OutsideFailure where it gives none, InvalidRecord for a timestamp
    that does not hold, or a journal that was altered.
    """
    settings, journal = desk.site.settings.signing, Journal(desk.site.root)
    if not settings.tsa:
        raise UsageError(
            "no-tsa-named",
            "the site names no timestamp authority",
            remedy="Name it in sopctl.yml: signing: {tsa: https://…}.",
        )
    ends = journal.anchor()
    answer = making.timestamp(settings.tsa, str(ends).encode())
    found = _worth(desk, ends, answer)
    if found.word not in ("good", "not-checked"):
        raise InvalidRecord(
            "timestamp-does-not-hold",
            "the timestamp does not hold: {why}",
            where=settings.tsa,
            why=f"{found.word}, {MEANS[found.word]}",
        )
    path = journal.keep_stamp(ends, answer)
    return Stamped(str(ends), found.time, found.authority, str(path))


def _worth(desk: Desk, anchor: Anchor, answer: bytes) -> signatures.Stamped:
    trust = certificates.read(desk.site)
    found, wanted = examining.examine_timestamp(answer, str(anchor).encode(), trust, desk.now())
    if wanted and desk.site.settings.signing.online:
        trust, _silent = fetching.fetch(trust, wanted)
        found, _ = examining.examine_timestamp(answer, str(anchor).encode(), trust, desk.now())
    return found


def _stamps(desk: Desk, journal: Journal) -> tuple[list[str], str]:
    """What is wrong with the timestamps of the journal, and what the newest one proves. It covers all lines before it,
    so that those before it need only agree with the journal."""
    wrong = [f"{each.path.name}: the journal does not go on from what was stamped" for each in journal.other_stamps()]
    every = journal.stamps()
    if not every:
        return wrong, ""
    newest = every[-1]
    try:
        found = _worth(desk, newest.anchor, newest.content)
    except SopctlError as error:
        return wrong, f"line {newest.anchor.lines}: not checked: {error.message}"
    if found.word not in ("good", "not-checked"):
        wrong.append(f"{newest.path.name}: the timestamp does not hold: {found.word}, {MEANS[found.word]}")
        return wrong, ""
    said = f"line {newest.anchor.lines} was there on {found.time:%Y-%m-%d %H:%M %Z}, by {found.authority}"
    return wrong, said if found.word == "good" else f"{said}: not checked, {MEANS['not-checked']}"


class Check(Struct, frozen=True):
    """What a check of the journal found: how many lines it has, where it ends (its anchor), what does not agree, what
    only lags (a crash can leave that), the notes of those who mended it, and what changed in the roster: the people,
    their roles and the procedures in force. A timestamp that is kept and does not hold, or is of another journal, is a
    gap too."""

    lines: int
    anchor: str
    gaps: list[str]
    lagging: list[str]
    mended: list[str]
    rosters: list[str] = []
    stamped: str = ""
    """What the newest timestamp proves; empty where there is none."""
    against: str = ""
    """What the anchor was read from; empty where it was given as it is."""


def check(desk: Desk, kept: Kept | None = None) -> Check:
    """Check the site's journal against its dossiers, and against an anchor that was kept elsewhere. Nothing is written.

    Raises InvalidRecord when the journal itself was altered or does not go on from the anchor. A history that cannot
    be read is a gap like others.
    """
    journal = Journal(desk.site.root)
    if kept:
        journal.refuse_other_than(kept.anchor)
    hashes, gaps, files = _hashes(desk.site)
    lines = journal.lines()  # after the histories: what was recorded meanwhile is looked at again
    late = {line.deposit for line in lines if line.seq > len(hashes.get(line.deposit, ())) and line.deposit in hashes}
    hashes.update((name, _hashes_of(desk.site, name)) for name in late)
    noted: dict[str, set[int]] = {name: set() for name in hashes}
    broken = {name for name in _names(desk.site) if name not in hashes}
    for line in lines:
        events = hashes.get(line.deposit)
        if line.deposit in (MENDED, ROSTER) or line.deposit in broken:
            continue
        if events is None:
            gaps.append(f"{line.deposit}: the {'book' if books.is_book(line.deposit) else 'dossier'} is missing")
        elif line.seq > len(events):
            gaps.append(f"{line.deposit}: event {line.seq} is missing")
        elif events[line.seq - 1] != line.hash:
            gaps.append(f"{line.deposit}: event {line.seq} is not the one that was journaled")
        else:
            noted[line.deposit].add(line.seq)
    lagging = []
    for name, seqs in noted.items():
        missing = [seq for seq in range(1, len(hashes[name]) + 1) if seq not in seqs]
        if not lags(name, missing, len(hashes[name])):
            gaps.append(f"{name}: {len(missing)} of its events are not in the journal, more than a crash can leave out")
        elif missing:
            lagging.append(f"{name}: its newest event is not in the journal yet; the next one adds it")
    mended = [line.note for line in lines if line.deposit == MENDED]
    rosters = [line.note.partition(" ")[2] for line in lines if line.deposit == ROSTER]
    gaps += roster.check(desk.site)
    gaps += [*files, *_wrong_reports(desk.site)]
    wrong, stamped = _stamps(desk, journal)
    gaps += wrong
    return Check(
        lines=len(lines),
        anchor=str(journal.anchor()),
        gaps=list(dict.fromkeys(gaps)),
        lagging=lagging,
        mended=mended,
        rosters=rosters,
        stamped=stamped,
        against=kept.source if kept else "",
    )


class _Seen(NamedTuple):
    """One history: the hashes of its events, None where it cannot be read; why not; and what is wrong with its files:
    signed revisions, which nothing can make anew, and others that are gone."""

    name: str
    hashes: list[str] | None
    wrong: str = ""
    files: tuple[str, ...] = ()


def _hashes(site: Site) -> tuple[dict[str, list[str]], list[str], list[str]]:
    """The hashes of the events of dossiers, books and reports; what is wrong with those that cannot be read; what is
    wrong with their files. Thousands are read by as many processes as there are processors."""
    seen = in_processes(partial(_seen, site.root), _names(site))
    hashes = {each.name: each.hashes for each in seen if each.hashes is not None}
    wrong = [f"{each.name}: {each.wrong}" for each in seen if each.hashes is None]
    return hashes, wrong, [said for each in seen for said in each.files]


def _seen(root: Path, names: Sequence[str]) -> list[_Seen]:
    """What is seen of these histories, each read once."""
    site, found = Site(root), []
    for name in names:
        try:
            events = _events(site, name)
            files = tuple(_wrong_files(site, name, events))
            found.append(_Seen(name, [event.hash for event in events], files=files))
        except SopctlError as error:
            found.append(_Seen(name, None, error.message))
    return found


def _wrong_files(site: Site, name: str, events: Sequence[Event | Issued]) -> Iterator[str]:
    """Signed papers that are not as they were filed, and other files that are gone: whether those were altered,
    `document verify` says."""
    for event in events:
        if not isinstance(event, Event) or not event.data:
            continue
        signed = from_data(Signed, event)
        for kept in history.files(event.data):
            path = site.folder("deposits") / name / kept["file"]
            state = integrity.state(path, kept["sha256"]) if signed or not path.is_file() else "intact"
            if state != "intact":
                how = "filed as signed" if signed else "recorded"
                yield f"{name}: {kept['file']}, which event {event.seq} {how}, is {state}"


def _wrong_reports(site: Site) -> Iterator[str]:
    """The same of the month's reports."""
    try:
        every = issued.read(site)
    except SopctlError:
        return
    for each in every:
        for kept in each.files:
            path, signed = site.root / kept.file, each.signed is not UNSET
            state = integrity.state(path, kept.sha256) if signed or not path.is_file() else "intact"
            if state != "intact":
                yield f"{each.subject}: {kept.file}, which was {'filed as signed' if signed else 'issued'}, is {state}"


def _names(site: Site) -> list[str]:
    return [*dossiers.ids(site), *books.names(site), issued.NAME]


def _events(site: Site, name: str) -> Sequence[Event | Issued]:
    """The events of a dossier, of a book of the house, or the records of the reports."""
    if name == issued.NAME:
        return issued.read(site)
    return books.read_named(site, name).events if books.is_book(name) else dossiers.read(site, name).events


def _hashes_of(site: Site, name: str) -> list[str]:
    return [event.hash for event in _events(site, name)]


def mend(desk: Desk, reason: str) -> Check:
    """Make a lost, cut or altered journal whole from the histories, with a line that says who did it, when and why.

    Raises NotNow where nothing is wrong with it; otherwise as reading a dossier does: all must be sound.
    """
    said = required.reason(reason, "mending the journal", Action("journal mend", needs=("reason",)))
    try:
        if not check(desk).gaps:
            raise NotNow("journal-whole", "the journal is whole: there is nothing to mend")
    except InvalidRecord:
        pass
    with desk.site.alone():
        events = [(name, event) for name in _names(desk.site) for event in _events(desk.site, name)]
        by = desk.deciding.anyone(desk.site.settings.people)
        note = f"{desk.now().isoformat()} {by} ({desk.typed}): {said}"
        Journal(desk.site.root).mend(note, sorted(events, key=lambda each: (each[1].at, each[0], each[1].seq)))
    return check(desk)
