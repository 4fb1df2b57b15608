"""What happened, as it is printed: an event of a history, and what it established with each value as what it is.

A history keeps every scalar as text, so that it reads back as it was written. A script gets numbers as numbers.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, defstruct

from sopctl.model.sop import entries
from sopctl.model.sop.entries import Entry
from sopctl.model.sop.history import Event


class ProcedureVersion(Struct, frozen=True, kw_only=True):
    """A procedure, and the version of it that a dossier is pinned to."""

    procedure: str
    version: str


_TYPED_OTHERWISE: dict[str, Any] = {
    "changed": int | list[str],  # by a configuration, how many things; by an edit, which lines
    "document": entries.Paper,  # a scan has no number
    "letter": entries.Letter,
    "procedures": list[ProcedureVersion],
    "seconds": float,
}
"""Keys that several kinds of entry use, or that are printed otherwise than they are kept."""


def _kinds() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in Entry.__subclasses__():
        if kind.__module__ == entries.__name__:
            for each in msgspec.structs.fields(kind):
                found.setdefault(each.encode_name, each.type)
    return found | _TYPED_OTHERWISE


KINDS = _kinds()

Data = defstruct(
    "Data",
    [(name, kind | UnsetType, UNSET) for name, kind in KINDS.items()],
    frozen=True,
    kw_only=True,
    namespace={
        "__doc__": "What an event established. A key is there only where the event established it.",
    },
)


class Happened(Struct, frozen=True, kw_only=True):
    """An event of a history: its number, when it was recorded, at which step, how it ended, who decided it (`by`) and
    who entered it (`typed`); `prev` is the hash of the event before."""

    seq: int
    at: datetime
    procedure: str
    step: int
    outcome: str
    by: str
    typed: str
    note: str
    data: Data  # type: ignore[valid-type]
    prev: str


def happened(event: Event) -> Happened:
    """An event, as it is printed."""
    return Happened(
        seq=event.seq,
        at=event.at,
        procedure=event.procedure,
        step=event.step,
        outcome=event.outcome,
        by=event.by,
        typed=event.typed,
        note=event.note,
        data=data(event.data),
        prev=event.prev,
    )


def data(kept: Mapping[str, Any]) -> Any:
    """What an event established, typed. What an older version kept in another form is left out."""
    typed = {}
    for name, value in kept.items():
        if name == "procedures" and isinstance(value, Mapping):
            typed[name] = [
                ProcedureVersion(procedure=each, version=str(version)) for each, version in sorted(value.items())
            ]
        elif name in KINDS:
            try:
                typed[name] = msgspec.convert(value, KINDS[name], strict=False)
            except msgspec.ValidationError:
                continue
    return Data(**typed)
