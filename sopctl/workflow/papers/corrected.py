"""What papers say of corrections: each shows what is right, and that it was corrected, with date and reason."""

from datetime import date

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import Language, say
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.sop import corrections
from sopctl.model.sop.corrections import Remark
from sopctl.model.sop.entries import Correctable
from sopctl.store.dossiers import Dossier

LABELS: dict[Correctable, str] = {
    "serial": "Nomor seri",
    "received": "Tanggal diterima",
    "handed_over": "Tanggal serah terima",
    "placed": "Tanggal ditempatkan",
}
"""What papers show. The text of a disposition is the office's own."""

MOST = 12
"""How many corrections a paper lists, the newest."""


def corrected_table(dossier: Dossier, language: Language = "id") -> tuple[forms.Table, ...]:
    """A table of the corrections; nothing where there are none."""
    rows = tuple(
        (
            LABELS[each.correction.what],
            _value(each, each.correction.before, language),
            _value(each, each.correction.after, language),
            _how(each, language),
            each.correction.reason,
        )
        for each in _shown(dossier)
    )
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
            what=say(LABELS[each.correction.what], language),
            how=_how(each, language),
            before=_value(each, each.correction.before, language),
            after=_value(each, each.correction.after, language),
            reason=each.correction.reason,
        )
        for each in _shown(dossier)
    )


def _shown(dossier: Dossier) -> list[Remark]:
    found = corrections.remarks(dossier.procedures, dossier.events)
    return [each for each in found if each.correction.what in LABELS][-MOST:]


def _value(each: Remark, value: str, language: Language) -> str:
    if each.correction.what in corrections.DAYS and value:
        return plain_date(date.fromisoformat(value), language)
    return value or "–"


def _how(each: Remark, language: Language) -> str:
    """`dikoreksi 23 November 2026 (peristiwa 12)`; what was right until a day is no mistake."""
    day, number = plain_date(each.event.at.date(), language), str(each.event.seq)
    since = each.correction.since
    if since:
        text = "berubah sejak {since}, dicatat {day} (peristiwa {number})"
        return say(text, language, since=plain_date(since, language), day=day, number=number)
    return say("dikoreksi {day} (peristiwa {number})", language, day=day, number=number)
