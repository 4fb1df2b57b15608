"""The site's journal: does it agree with the histories, where does it end, and making it whole when it was lost."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from msgspec import UNSET, Struct, structs

from sopctl.adapters.signing import examining, fetching, making, pages
from sopctl.errors import Action, InvalidRecord, NotNow, SopctlError, UsageError
from sopctl.locale import Prose, Text, joined
from sopctl.model.signing import signatures
from sopctl.model.signing.signatures import MEANS
from sopctl.model.sop import history
from sopctl.model.sop.entries import Signed, from_data
from sopctl.model.sop.history import Event
from sopctl.store import books, dossiers, issued, roster
from sopctl.store.across.processes import in_processes
from sopctl.store.issued import Issued
from sopctl.store.journal import MENDED, ROSTER, Anchor, Journal, Line, Stamp, lags, roster_of
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import integrity
from sopctl.workflow.papers.signed import certificates
from sopctl.workflow.papers.signed.verdict import GOOD, WORDS
from sopctl.workflow.scans import MIB, read_bounded
from sopctl.workflow.setup import verified
from sopctl.workflow.setup.verified import Agreed, Paper, Verified
from sopctl.workflow.steps import required

_ANCHOR = re.compile(r"(?<!\d)([1-9]\d{0,8}):([0-9a-f]{64})(?![0-9a-f])")
MAX_PAPER = 50 * MIB
_LONGEST = 200
"""Bytes of a file that has an anchor alone."""


class Kept(NamedTuple):
    """An anchor that was kept, and what it was read from: a paper of the site and what that is; empty for one that was
    given as it is."""

    anchor: Anchor
    source: Prose = ""


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
        return Kept(plain, Text("a file with the anchor alone"))
    found = _ANCHOR.search(_text_of(content))
    if found is None:
        raise _no_anchor(str(path))
    what = integrity.check_file(desk, path)
    if what.verdict not in (*GOOD, "not-checked"):
        raise InvalidRecord(
            "anchor-of-no-paper",
            "the file has an anchor, and is no paper that this site knows as sound: {verdict}",
            where=str(path),
            remedy=(
                "If you trust it for another reason, such as a signature in ink, give the anchor that stands on it:",
                Action("journal verify", given={"against": found[0]}),
            ),
            verdict=joined("; ", (WORDS[what.verdict], *what.why)),
        )
    whose, verdict = f"{what.deposit} {what.number}", WORDS[what.verdict]
    of_them = joined("", (verdict, " (", what.signed.words, ")")) if what.signed else verdict
    return Kept(Anchor(int(found[1]), found[2]), joined(", ", (whose, of_them)))


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
            remedy=(
                "Put the authority's certificates into certificates/roots/, or name another one "
                "in sopctl.yml (signing.tsa)."
            ),
            where=settings.tsa,
            why=joined(", ", (Text(found.word), Text(MEANS[found.word]))),
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


def _stamps(desk: Desk, every: Sequence[Stamp], heads: Mapping[int, str]) -> tuple[list[Prose], Prose]:
    """What is wrong with the timestamps of the journal, whose lines have these hashes, and what the newest one proves.
    It covers all lines before it, so that those before it need only agree with the journal."""
    others = [each for each in every if heads.get(each.anchor.lines) != each.anchor.head]
    wrong: list[Prose] = [
        Text("{file}: the journal does not go on from what was stamped", file=each.path.name) for each in others
    ]
    if not every:
        return wrong, ""
    newest = every[-1]
    try:
        found = _worth(desk, newest.anchor, newest.content)
    except SopctlError as error:
        return wrong, Text("line {line}: not checked: {why}", line=newest.anchor.lines, why=error.text)
    if found.word not in ("good", "not-checked"):
        why = joined(", ", (Text(found.word), Text(MEANS[found.word])))
        wrong.append(Text("{file}: the timestamp does not hold: {why}", file=newest.path.name, why=why))
        return wrong, ""
    said = Text(
        "line {line} was there on {time}, by {authority}",
        line=newest.anchor.lines,
        time=f"{found.time:%Y-%m-%d %H:%M %Z}",
        authority=found.authority,
    )
    if found.word == "good":
        return wrong, said
    return wrong, Text("{what}: not checked, {why}", what=said, why=Text(MEANS["not-checked"]))


class Note(Struct, frozen=True):
    """A note in the journal: when, by whom, and what it says. One that was written otherwise is `said` as a whole."""

    at: datetime | None
    by: str
    said: str

    def __str__(self) -> str:
        return f"{self.at.isoformat()} {self.by}: {self.said}" if self.at else self.said


def _note(written: str) -> Note:
    head, _, said = written.partition(": ")
    at, _, by = head.partition(" ")
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        return Note(None, "", written)
    return Note(when, by, said) if when.tzinfo and by else Note(None, "", written)


class Check(Struct, frozen=True):
    """What a check of the journal found: how many lines it has, where it ends (its anchor), what does not agree, what
    only lags (a crash can leave that), the notes of those who mended it, and what changed in the roster: the people,
    their roles and the procedures in force. A timestamp that is kept and does not hold, or is of another journal, is a
    gap too."""

    lines: int
    anchor: str
    gaps: list[Prose]
    lagging: list[Prose]
    mended: list[Note]
    rosters: list[Note] = []
    stamped: Prose = ""
    """What the newest timestamp proves; empty where there is none."""
    against: Prose = ""
    """What the anchor was read from; empty where it was given as it is."""


def check(desk: Desk, kept: Kept | None = None, *, whole: bool = False) -> Check:
    """Check the site's journal against its dossiers, and against an anchor that was kept elsewhere. No record is
    written, and no lock is held.

    What the last check found in order and is still the same to the last byte is not parsed again (`verified.py`). All
    of it is against an anchor, where the `whole` is asked for, and once anything does not fit.

    Raises InvalidRecord when the journal itself was altered or does not go on from the anchor. A history that cannot
    be read is a gap like others.
    """
    if kept:
        Journal(desk.site.root).refuse_other_than(kept.anchor)
    before = None if kept or whole else verified.of(desk.site)
    found = _check(desk, before) if before else None
    if found is None or found.check.gaps:
        found = _check(desk, None)
    if found is None:  # it cannot be: without anything known before, all of it is taken as it is
        raise AssertionError("a whole check")
    if not found.check.gaps:
        verified.keep(desk.site, before, found.verified)
    return structs.replace(found.check, against=kept.source) if kept else found.check


class _Checked(NamedTuple):
    check: Check
    verified: Verified


def _check(desk: Desk, before: Verified | None) -> _Checked | None:
    """Check the whole; with what was found in order `before`, only what is new or not the same. None where that does
    not fit what is there now."""
    site, journal = desk.site, Journal(desk.site.root)
    agreed = dict(before.agreed) if before else {}
    names = _names(site)
    if agreed.keys() - set(names):
        return None  # something is gone
    seen = {each.name: each for each in in_processes(partial(_seen, site, agreed), names)}
    stamps = journal.stamps()
    walked = journal.walk(before.covered if before else None, {each.anchor.lines for each in stamps})
    if walked is None:
        return None
    seen |= _late(site, seen, walked.fresh)
    was = {name: each for name, (_, each) in agreed.items()}
    if not all(seen[name].wrong or seen[name].goes_on_from(each) for name, each in was.items()):
        return None
    noted, gaps = _noted(seen, was, walked.fresh)
    lagging, now = list[Prose](), {}
    for name, each in seen.items():
        missing = [seq for seq in range(1, each.events + 1) if seq not in noted[name]]
        if not lags(name, missing, each.events):
            gaps.append(
                Text(
                    "{name}: {number} of its events are not in the journal, more than a crash can leave out",
                    name=name,
                    number=len(missing),
                )
            )
        elif missing:
            lagging.append(Text("{name}: its newest event is not in the journal yet; the next one adds it", name=name))
        now[name] = each.stamp, each.agreed(lagging=bool(missing))
    gaps = [*(joined(": ", (each.name, each.wrong)) for each in seen.values() if each.wrong), *gaps]
    gaps += roster.check(site, [roster_of(line) for line in walked.notes if line.deposit == ROSTER])
    gaps += [*(said for each in seen.values() for said in each.files), *_wrong_reports(site)]
    wrong, stamped = _stamps(desk, stamps, walked.heads)
    mended = [_note(line.note) for line in walked.notes if line.deposit == MENDED]
    rosters = [_note(line.note.partition(" ")[2]) for line in walked.notes if line.deposit == ROSTER]
    gaps = list(dict.fromkeys([*gaps, *wrong]))
    found = Check(walked.covered.lines, str(walked.anchor), gaps, lagging, mended, rosters, stamped)
    return _Checked(found, Verified(walked.covered, now))


def _noted(
    seen: Mapping[str, "_Seen"], was: Mapping[str, Agreed], fresh: Sequence[Line]
) -> tuple[dict[str, set[int]], list[Prose]]:
    """Which events of each history have their lines: those that had them before, and those of the lines since; and
    which of these lines do not agree with what was seen."""
    noted = {name: set(range(1, was[name].events + (not was[name].lagging))) if name in was else set() for name in seen}
    gaps = list[Prose]()
    for line in fresh:
        history = seen.get(line.deposit)
        if line.deposit in (MENDED, ROSTER) or (history and history.wrong):
            continue
        if history is None:
            if books.is_book(line.deposit):
                gaps.append(Text("{name}: the book is missing", name=line.deposit))
            else:
                gaps.append(Text("{name}: the dossier is missing", name=line.deposit))
        elif line.seq > len(history.hashes):
            gaps.append(Text("{name}: event {number} is missing", name=line.deposit, number=line.seq))
        elif history.hashes[line.seq - 1] != line.hash:
            gaps.append(
                Text("{name}: event {number} is not the one that was journaled", name=line.deposit, number=line.seq)
            )
        else:
            noted[line.deposit].add(line.seq)
    return noted, gaps


class _Seen(NamedTuple):
    """One history: how many events it has and their hashes; what its files are known again by; its papers, and what
    is wrong with them. `same`: as it was in order before, and so without the hashes. `wrong`: why it cannot be read."""

    name: str
    events: int = 0
    hashes: Sequence[str] = ()
    stamp: str = ""
    papers: tuple[Paper, ...] = ()
    files: tuple[Prose, ...] = ()
    same: Agreed | None = None
    wrong: Prose = ""

    def goes_on_from(self, was: Agreed) -> bool:
        """Does it begin with the events that were in order before?"""
        return self.same == was or (
            self.events >= was.events and verified.digest(self.hashes[: was.events]) == was.hashes
        )

    def agreed(self, *, lagging: bool) -> Agreed:
        """What is kept of it, once it is in order."""
        return self.same or Agreed(self.events, verified.digest(self.hashes), lagging, self.papers)


def _late(site: Site, seen: Mapping[str, _Seen], fresh: Sequence[Line]) -> dict[str, _Seen]:
    """Those anew that lines say more of than was seen: something was recorded meanwhile, or a line was added after
    all."""
    newest: dict[str, int] = {}
    for line in fresh:
        newest[line.deposit] = max(line.seq, newest.get(line.deposit, 0))
    unknown = newest.keys() - seen.keys() - {MENDED, ROSTER}
    opened = unknown & set(_names(site)) if unknown else set()
    known = {name for name in newest if name in seen and not seen[name].wrong}
    late = {name for name in known if seen[name].same or newest[name] > seen[name].events}
    return {each.name: _up_to(each, newest[each.name] + 1) for each in _seen(site, {}, sorted(late | opened))}


def _up_to(seen: _Seen, events: int) -> _Seen:
    """Without later events, whose lines were written after the journal was read."""
    if seen.events <= events:
        return seen
    return seen._replace(events=events, hashes=seen.hashes[:events], stamp="")


def _seen(site: Site, agreed: Mapping[str, tuple[str, Agreed]], names: Sequence[str]) -> list[_Seen]:
    """What is seen of these histories, each read once; parsed only where its files are not what they were."""
    found = []
    for name in names:
        stamp, was = agreed.get(name, ("", None))
        try:
            if was and stamp and verified.stamp_of(site, name) == stamp:
                files = tuple(_wrong_files(site, name, was.papers))
                found.append(_Seen(name, was.events, (), stamp, was.papers, files, was))
            else:
                found.append(_read(site, name))
        except SopctlError as error:
            found.append(_Seen(name, wrong=error.text))
    return found


def _read(site: Site, name: str) -> _Seen:
    stamp = ""
    events: Sequence[Event | Issued]
    if name == issued.NAME or books.is_book(name):
        events = _events(site, name)
    else:
        dossier = dossiers.read(site, name)
        events = dossier.events
        if dossier.found == dossier.record:
            stamp = verified.stamp(dossier.history, dossier.found)
    papers = tuple(
        Paper(event.seq, kept["file"], kept["sha256"], from_data(Signed, event) is not None)
        for event in events
        if isinstance(event, Event) and event.data
        for kept in history.files(event.data)
    )
    hashes = [each.hash for each in events]
    return _Seen(name, len(hashes), hashes, stamp, papers, tuple(_wrong_files(site, name, papers)))


def _wrong_files(site: Site, name: str, papers: Sequence[Paper]) -> Iterator[Text]:
    """Signed papers that are not as they were filed, and other files that are gone: whether those were altered,
    `document verify` says."""
    home = site.folder(books.FOLDER) if books.is_book(name) else site.folder("deposits") / name
    for each in papers:
        path = home / each.file
        state = integrity.state(path, each.sha256) if each.signed or not path.is_file() else "intact"
        if state != "intact":
            said = {"name": name, "file": each.file, "number": each.seq, "state": Text(state)}
            if each.signed:
                yield Text("{name}: {file}, which event {number} filed as signed, is {state}", **said)
            else:
                yield Text("{name}: {file}, which event {number} recorded, is {state}", **said)


def _wrong_reports(site: Site) -> Iterator[Text]:
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
                said = {"name": each.subject, "file": kept.file, "state": Text(state)}
                if signed:
                    yield Text("{name}: {file}, which was filed as signed, is {state}", **said)
                else:
                    yield Text("{name}: {file}, which was issued, is {state}", **said)


def _names(site: Site) -> list[str]:
    return [*dossiers.ids(site), *books.names(site), issued.NAME]


def _events(site: Site, name: str) -> Sequence[Event | Issued]:
    """The events of a dossier, of a book of the house, or the records of the reports."""
    if name == issued.NAME:
        return issued.read(site)
    return books.read_named(site, name).events if books.is_book(name) else dossiers.read(site, name).events


def mend(desk: Desk, reason: str) -> Check:
    """Make a lost, cut or altered journal whole from the histories, with a line that says who did it, when and why.

    Raises NotNow where nothing is wrong with it; otherwise as reading a dossier does: all must be sound.
    """
    said = required.reason(reason, "mending the journal", Action("journal mend", needs=("reason",)))
    try:
        if not check(desk, whole=True).gaps:
            raise NotNow(
                "journal-whole", "the journal is whole: there is nothing to mend", remedy="There is nothing to do."
            )
    except InvalidRecord:
        pass
    with desk.site.alone():
        events = [(name, event) for name in _names(desk.site) for event in _events(desk.site, name)]
        by = desk.deciding.anyone(desk.site.settings.people)
        note = f"{desk.now().isoformat()} {by} ({desk.typed}): {said}"
        Journal(desk.site.root).mend(note, sorted(events, key=lambda each: (each[1].at, each[0], each[1].seq)))
    return check(desk)
