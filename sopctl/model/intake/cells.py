"""What spreadsheets make of dates and numbers that people type, and how that is read again.

A spreadsheet keeps a date as a count of days, shows it as its language does, and keeps 15 digits of a number: of a
longer one it makes zeros of the rest, or 1.97E+17 (ECMA-376 part 1, 18.17.4; IEEE 754). What can be read is read; what
has lost digits is refused, because nobody can know them.
"""

import re
from datetime import date, timedelta

from sopctl.locale import Prose, Text
from sopctl.model.text import words

DIGITS = 15
"""What a spreadsheet keeps of a number."""
DAY_ZERO = date(1899, 12, 30)
"""Day 0 of a spreadsheet, for days after February 1900, which it gives a 29th."""
SERIAL_DAYS = (20_000, 100_000)
"""Counts of days that may be meant: October 1954 to October 2173."""

_MONTHS = (
    words("januari january jan"),
    words("februari february feb pebruari peb"),
    words("maret march mar"),
    words("april apr"),
    words("mei may"),
    words("juni june jun"),
    words("juli july jul"),
    words("agustus august agu ags aug agt"),
    words("september sept sep"),
    words("oktober october okt oct"),
    words("november nopember nov nop"),
    words("desember december des dec"),
)
_WEEKDAYS = words("""
    senin selasa rabu kamis jumat sabtu minggu monday tuesday wednesday thursday friday saturday sunday
    sen sel rab kam jum sab min mon tue wed thu fri sat sun
""")
_TIME = re.compile(r"[T ]\d{1,2}[:.]\d{2}([:.]\d{2}([.,]\d{1,9})?)?( ?[AP]M)?(Z|[+-]\d{2}:?\d{2})?$", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/. ]{1,3}(\d{1,2})[-/. ]{1,3}(\d{1,4})")
_NAMED = re.compile(r"(\d{1,2})[-/. ]{0,3}([a-z]{3,10})\.?[-/, ]{0,3}(\d{1,4})")
_ROUNDED = re.compile(r"[+-]?\d{1,3}([.,]\d{1,20})?[Ee]\+?\d{1,3}")


def day(written: str) -> date:
    """The date in a cell: 2027-12-31, 31/12/2027, 31 Desember 2027, 46752, each also with a time. Day, month, year is
    the order in Indonesia. Raises ValueError, which says what is expected, for anything else."""
    text = " ".join(written.split()).casefold()[:60]
    text = _TIME.sub("", text)
    first, _, rest = text.partition(" ")
    if first.rstrip(",").replace("'", "") in _WEEKDAYS:
        text = rest
    if re.fullmatch(r"\d{5,6}([.,]\d{1,20})?", text):
        count = int(re.split("[.,]", text)[0])
        if SERIAL_DAYS[0] <= count <= SERIAL_DAYS[1]:
            return DAY_ZERO + timedelta(days=count)
    if found := _YEAR_FIRST.fullmatch(text):
        return _date(found[1], found[2], found[3], written)
    if found := _DAY_FIRST.fullmatch(text):
        return _date(found[3], found[2], found[1], written)
    if found := _NAMED.fullmatch(text):
        month = next((number for number, names in enumerate(_MONTHS, start=1) if found[2] in names), 0)
        return _date(found[3], month, found[1], written)
    raise ValueError(
        Text("{written} is no date such as 2027-12-31, 31/12/2027 or 31 Desember 2027", written=_short(written))
    )


def _date(year: str, month: str | int, of_month: str, written: str) -> date:
    if len(year) < 4:
        raise ValueError(
            Text("the year of {written} has no four digits: write it as 2027-12-31", written=_short(written))
        )
    try:
        return date(int(year), int(month), int(of_month))
    except ValueError:
        if int(month) > 12 >= int(of_month):
            raise ValueError(
                Text(
                    "{written} has no month {month}: the day comes first, or write it as 2027-12-31",
                    written=_short(written),
                    month=month,
                )
            ) from None
        raise ValueError(Text("there is no day {written}: write it as 2027-12-31", written=_short(written))) from None


def whole(written: str) -> str:
    """The whole number in a cell, without the marks that a spreadsheet puts into it: 1.200 (thousands), 700,0. What is
    no such number is returned as it is: whoever reads it says what was expected."""
    text = written.strip()
    if re.fullmatch(r"\d{1,3}([.,]\d{3}){1,3}", text):
        return re.sub("[.,]", "", text)
    if found := re.fullmatch(r"(\d{1,12})[.,]0{1,6}", text):
        return found[1]
    return text


def rounded(written: str) -> Prose:
    """Why a long number has lost digits in a spreadsheet; empty for a text that has not."""
    text = written.strip()
    if _ROUNDED.fullmatch(text):
        return Text("{text} is a number that a spreadsheet has rounded", text=_short(text))
    if text.isdecimal() and len(text) > DIGITS + 1 and not text[DIGITS:].strip("0"):
        return Text(
            "{text} ends in zeros after {digits} digits: a spreadsheet has rounded it", text=_short(text), digits=DIGITS
        )
    return ""


ROUNDED_REMEDY = Text(
    "Format the column as text, and type the number again from the paper. If it really ends so, write it in groups."
)


def lost_zero(phone: str) -> str:
    """What a phone number was that lost its 0 in a spreadsheet; empty where nothing is missing."""
    text = re.sub(r"[ .()-]", "", phone)
    return f"0{text}" if re.fullmatch(r"8\d{8,11}", text) else ""


def plain(cell: str) -> str:
    """A cell's text without the spaces that only look like one: those that do not break, and those of zero width at the
    ends."""
    return re.sub("[\u00a0\u2007\u202f\u2009]", " ", cell).strip("\u200b\ufeff \t\r\n")


def _short(written: str) -> str:
    return repr(written.strip()[:40])
