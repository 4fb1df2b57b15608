"""Dates and spelled-out numbers as they appear on the forms."""

import re
from datetime import date, datetime

from sopctl.errors import InvalidRecord

_UNITS = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas")


def long_date(day: date, language: str = "id") -> str:
    """The date with its weekday: `Senin, 23 November 2026`. Raises InvalidRecord for a language unknown to CLDR."""
    # CLDR's full Indonesian date has two digits for the day (`01 Januari`), its long one has not.
    return f"{_format(day, 'EEEE', language)}, {plain_date(day, language)}"


def plain_date(day: date, language: str = "id") -> str:
    """The date without its weekday: `23 November 2026`. Raises InvalidRecord for a language unknown to CLDR."""
    return _format(day, "long", language)


def month_name(month: str, language: str = "id") -> str:
    """`2026-11` as `November 2026`. Raises InvalidRecord for an invalid month or a language unknown to CLDR."""
    try:
        first = datetime.strptime(month, "%Y-%m").date()
    except ValueError:
        raise InvalidRecord(
            "not-a-month",
            "{month!r} is not a month",
            remedy="Give year and month, such as 2026-11.",
            month=month,
        ) from None
    return _format(first, "LLLL y", language)


def spelled_date(day: date) -> str:
    """Day, month and year in words, as in a record of hand-over: `dua puluh tiga bulan November tahun …`."""
    return f"{spelled(day.day)} bulan {_format(day, 'LLLL', 'id')} tahun {spelled(day.year)}"


def spelled(number: int) -> str:
    """An Indonesian cardinal number from 0 to 9999 in words. Raises ValueError for any other number."""
    if not 0 <= number <= 9999:
        raise ValueError(f"cannot spell {number}")
    if number < 12:
        return _UNITS[number]
    if number < 20:
        return f"{_UNITS[number - 10]} belas"
    for size, word, one in ((1000, "ribu", "seribu"), (100, "ratus", "seratus"), (10, "puluh", "")):
        if number >= size:
            count, rest = divmod(number, size)
            head = one if count == 1 and one else f"{spelled(count)} {word}"
            return f"{head} {spelled(rest)}" if rest else head
    raise AssertionError("unreachable: every number from 20 up has a ten")


def grouped_nip(nip: str) -> str:
    """A civil servant's number as cards print it: birth date, month of appointment, sex and serial number apart
    (`19850202 201001 2 002`). Anything but 18 digits stays as it is."""
    if not re.fullmatch("[0-9]{18}", nip):
        return nip
    return f"{nip[:8]} {nip[8:14]} {nip[14]} {nip[15:]}"


def _format(day: date, pattern: str, language: str) -> str:
    from babel.core import UnknownLocaleError
    from babel.dates import format_date

    try:
        if not re.fullmatch("[a-z]{2,3}", language):  # Babel would ignore what follows in `id; x`
            raise UnknownLocaleError(language)
        return format_date(day, pattern, locale="en_GB" if language == "en" else language)  # en_GB: the day first
    except (UnknownLocaleError, ValueError):
        raise InvalidRecord(
            "language-unknown",
            "dates in the language {language!r} are not known",
            remedy="Use id or en.",
            language=language,
        ) from None
