"""What a record says that cannot be meant: a letter from the future, a term that ends before it begins, a serial number
that is none, numbers that a spreadsheet has rounded. Beside admission.py, which calls it for every door."""

from collections.abc import Iterator
from datetime import date

from msgspec import to_builtins

from sopctl.locale import Prose, Text
from sopctl.model import placeholders
from sopctl.model.deposit import Adoption, AnyRequest, ApplianceRequest, Request
from sopctl.model.intake import cells
from sopctl.model.intake.left_open import left_open

OLDEST_LETTER = date(1990, 1, 1)
"""No server of today was asked for before."""
LONGEST_TERM = 15
"""Years for which a server is on deposit at most: none is used for longer."""

Doubt = tuple[tuple[str, ...], Prose, Prose]
"""Where in the record, why that cannot be meant, and what helps."""


def doubts(record: AnyRequest | Adoption, today: date) -> Iterator[Doubt]:
    """What cannot be meant, in the order in which it is read. `today` is the office's day."""
    yield from _left_open((), to_builtins(record))
    yield from _letter(record, today)
    yield from _numbers(record)
    yield from _term(record, today)


def _left_open(path: tuple[str, ...], value: object) -> Iterator[Doubt]:
    """Where an example's or a template's placeholder was left."""
    if isinstance(value, str) and left_open(value):
        yield path, Text("{value!r} is only a placeholder", value=value), Text("Put the real text in its place.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _left_open((*path, str(key)), inner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _left_open((*path, str(number)), inner)


def _letter(record: AnyRequest | Adoption, today: date) -> Iterator[Doubt]:
    if record.letter is None:
        return
    if why := letter_day(record.letter.date, today):
        yield ("letter", "date"), why, Text("Write its date as on the paper.")


def letter_day(written: date, today: date) -> Prose:
    """Why a letter cannot be of this day; empty if it can."""
    if written > today:
        return Text("the letter is of {written}, which has not come yet", written=written)
    if written < OLDEST_LETTER:
        return Text("the letter is of {written}, before {year}", written=written, year=OLDEST_LETTER.year)
    return ""


def _term(record: AnyRequest | Adoption, today: date) -> Iterator[Doubt]:
    until = record.valid_until
    if until is None:
        return
    if why := term(until, record.letter.date if record.letter else None, today):
        yield ("valid_until",), why, Text("Write the last day of the deposit as in the letter, such as 2027-12-31.")
    elif until < today and isinstance(record, Request | ApplianceRequest):
        yield (
            ("valid_until",),
            Text("{until} has passed already", until=until),
            Text("Ask the unit until when the server is to stay."),
        )


def term(until: date, letter: date | None, today: date) -> Prose:
    """Why a deposit cannot be meant to end on this day; empty if it can."""
    if letter and until <= letter:
        return Text("{until} is not after the day of the letter, {letter}", until=until, letter=letter)
    if until.year > today.year + LONGEST_TERM:
        return Text("{until} is more than {longest_term} years away", until=until, longest_term=LONGEST_TERM)
    return ""


def _numbers(record: AnyRequest | Adoption) -> Iterator[Doubt]:
    serial = record.server.serial
    if serial and (why := cells.rounded(serial)):
        yield ("server", "serial"), why, cells.ROUNDED_REMEDY
    elif serial and placeholders.stands_for_nothing(serial):
        yield (
            ("server", "serial"),
            Text("{serial!r} stands for no serial number: firmware says it where none was set", serial=serial),
            Text("Read the number off the server's label."),
        )
    people = {"administrative": record.contacts.administrative, "technical": record.contacts.technical}
    for role, contact in people.items():
        if why := cells.rounded(contact.nip):
            yield ("contacts", role, "nip"), why, cells.ROUNDED_REMEDY
        if was := cells.lost_zero(contact.phone):
            yield (
                ("contacts", role, "phone"),
                Text("{phone} seems to have lost its 0 in a spreadsheet", phone=contact.phone),
                Text("Write {was}, or with its country: +62{rest}", was=was, rest=was[1:]),
            )
