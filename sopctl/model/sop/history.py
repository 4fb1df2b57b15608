"""Event and its chain: what happened to a deposit, in order, each event bound to the one before by its hash."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from sopctl.errors import InvalidRecord, UsageError
from sopctl.locale import Text, gettext_noop

STARTED = gettext_noop("started")
FAILED = "failed"
INTERRUPTED = "interrupted"
WORK = frozenset({STARTED, FAILED, INTERRUPTED})
"""How long-running work shows in a history: begun, failed, broken off. None of them ends a step."""


def not_recordable() -> UsageError:
    """The error for what a history cannot hold as it is."""
    return UsageError(
        "text-not-recordable",
        "what is to be recorded would not be read back as it is",
        remedy="Write it as UTF-8, without control characters.",
    )


def refuse_unrecordable(text: str) -> None:
    """Raise UsageError for a text with bytes that are no UTF-8, which Python keeps as lone surrogates (PEP 383)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise not_recordable() from None


class Event(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that happened. `by` is who decided it (a person of the site, or an actor), `typed` the login that
    entered it. `data` holds what the event established (`entries.py`), all scalars as text; `prev` is the hash of the
    event before."""

    seq: int
    at: datetime
    procedure: str
    step: int
    outcome: str
    by: str
    typed: str
    prev: str
    note: str = ""
    data: dict[str, Any] = {}

    @property
    def canonical(self) -> bytes:
        """The event as canonical JSON: sorted keys, UTF-8, no white space, so on one line."""
        return msgspec.json.encode(msgspec.to_builtins(self), order="sorted")

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the event as canonical JSON."""
        return hashlib.sha256(self.canonical).hexdigest()


def as_text(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` with every scalar as a string and every None left out: the form in which a record is read back.

    An event must hash to the same value before it is written and after it is read.
    """
    plain = msgspec.to_builtins(data)
    return {key: _text(value) for key, value in plain.items() if value is not None}


def _text(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _text(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_text(item) for item in value if item is not None]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def files(data: Any) -> Iterator[dict[str, str]]:
    """The files that an event's data names, however deep: each with its path (`file`, below the folder of the history)
    and its hash (`sha256`)."""
    if isinstance(data, dict):
        if "file" in data and "sha256" in data:
            yield data
        for value in data.values():
            yield from files(value)
    elif isinstance(data, list):
        for value in data:
            yield from files(value)


def named(events: Sequence[Event], folder: str) -> frozenset[str]:
    """The names of the files in this folder (`documents`) that events name."""
    found = (each["file"].rpartition("/") for event in events for each in files(event.data))
    return frozenset(name for above, _, name in found if above == folder)


def genesis(deposit_id: str) -> str:
    """The `prev` of a first event: bound to the dossier, so that a history cannot be moved to another one."""
    return hashlib.sha256(f"sopctl:{deposit_id}".encode()).hexdigest()


def before(events: Sequence[Event], then: datetime) -> tuple[Event, ...]:
    """What had happened before `then`: all up to the last event of an earlier time, since a clock may have been wrong
    once."""
    number = next((event.seq for event in reversed(events) if event.at < then), 0)
    return tuple(events[:number])


def head(deposit_id: str, events: Sequence[Event]) -> str:
    """The hash that the next event must carry as `prev`."""
    return events[-1].hash if events else genesis(deposit_id)


RESTORE = Text("Restore the history from the site's version control or backup; only sopctl writes it.")
"""What helps where a history is not what was written."""


def check_chain(deposit_id: str, events: Sequence[Event], where: str) -> None:
    """Raise InvalidRecord at the first event that is missing, altered or moved, or whose time has no offset."""
    prev = genesis(deposit_id)
    for number, event in enumerate(events, start=1):
        if event.seq != number or event.prev != prev:
            raise InvalidRecord(
                "event-out-of-chain",
                "event {number} of {deposit} does not follow from the one before: the history was altered",
                where=where,
                remedy=RESTORE,
                number=number,
                deposit=deposit_id,
            )
        if event.at.tzinfo is None:
            raise InvalidRecord(
                "event-time-without-offset",
                "event {number} of {deposit} has a time without offset",
                where=where,
                remedy=RESTORE,
                number=number,
                deposit=deposit_id,
            )
        prev = event.hash
