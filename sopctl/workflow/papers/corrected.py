"""What papers say of corrections: each shows what is right, and that it was corrected, with date and reason."""

from datetime import date

from msgspec import Struct

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import Language, say
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.sop import corrections
from sopctl.model.sop.entries import Correctable, Corrected, Correction, LetterForged, Moved, Reserved, from_data
from sopctl.model.sop.history import Event
from sopctl.store.dossiers import Dossier
from sopctl.workflow.papers.elements import place_of

LABELS: dict[Correctable, str] = {
    "serial": "Nomor seri",
    "received": "Tanggal diterima",
    "handed_over": "Tanggal serah terima",
    "placed": "Tanggal ditempatkan",
}
"""What papers show. The text of a disposition is the office's own."""

MOST = 12
"""How many corrections a paper lists, the newest."""


class _Line(Struct, frozen=True):
    """One correction: what it is about, what was there and what is, how and why."""

    what: str
    before: str
    after: str
    how: str
    why: str


def corrected_table(dossier: Dossier, language: Language = "id") -> tuple[forms.Table, ...]:
    """A table of the corrections; nothing where there are none."""
    rows = tuple((each.what, each.before, each.after, each.how, each.why) for each in _shown(dossier, language))
    return (
        (forms.Table("Koreksi", ("Hal", "Semula", "Menjadi", "Koreksi", "Alasan"), rows, "declared"),) if rows else ()
    )


def corrected_lines(dossier: Dossier, language: Language) -> tuple[str, ...]:
    """The corrections, a sentence each."""
    return tuple(
        say(
            "{deposit}: {what} {how}: semula {before}, menjadi {after}. Alasan: {reason}",
            language,
            deposit=dossier.id,
            what=each.what,
            how=each.how,
            before=each.before,
            after=each.after,
            reason=each.why,
        )
        for each in _shown(dossier, language)
    )


def _shown(dossier: Dossier, language: Language) -> list[_Line]:
    lines: list[tuple[int, _Line]] = []
    for event, corrected in dossier.established(Corrected):
        if corrected.correction.what in LABELS:
            lines.append((event.seq, _corrected(event, corrected.correction, language)))
    for event, moved in dossier.established(Moved):
        lines.append((event.seq, _moved(event, moved, language)))
    for event, forged in dossier.established(LetterForged):
        how = _on(event, "dinyatakan {day} (peristiwa {number})", language)
        lines.append((event.seq, _Line(say("Surat", language), forged.forged, say("palsu", language), how, forged.why)))
    return [line for _, line in sorted(lines, key=lambda each: each[0])][-MOST:]


def _corrected(event: Event, correction: Correction, language: Language) -> _Line:
    how = _on(event, "dikoreksi {day} (peristiwa {number})", language)
    if correction.since:  # what was right until then was no mistake
        text = "berubah sejak {since}, dicatat {day} (peristiwa {number})"
        how = _on(event, text, language, since=plain_date(correction.since, language))
    before, after = (_value(correction.what, value, language) for value in (correction.before, correction.after))
    return _Line(say(LABELS[correction.what], language), before, after, how, correction.reason)


def _moved(event: Event, moved: Moved, language: Language) -> _Line:
    text = "dikoreksi {day} (peristiwa {number})" if moved.mistaken else "dipindahkan {day} (peristiwa {number})"
    now = from_data(Reserved, event)
    place = place_of(now.place, language) if now else "–"
    return _Line(
        say("Tempat", language), place_of(moved.moved_from, language), place, _on(event, text, language), moved.why
    )


def _on(event: Event, text: str, language: Language, **values: str) -> str:
    return say(text, language, day=plain_date(event.at.date(), language), number=str(event.seq), **values)


def _value(what: Correctable, value: str, language: Language) -> str:
    if what in corrections.DAYS and value:
        return plain_date(date.fromisoformat(value), language)
    return value or "–"
