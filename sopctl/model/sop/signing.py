"""Which papers of a dossier lack signatures, and of which nobody knows whether a service has signed them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from sopctl.locale import Text
from sopctl.model.signing.signatories import BOXES, Box
from sopctl.model.sop import record
from sopctl.model.sop.entries import (
    Amended,
    AskedToSign,
    ExitRecorded,
    Gathered,
    HandoverIssued,
    NotSigned,
    Signed,
    SigningAsked,
)
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedures

PaperKind = Literal["handover", "inventory", "exit-record"]

PAPERS: Mapping[PaperKind, Text] = {
    "handover": Text("hand-over form"),
    "inventory": Text("inventory form"),
    "exit-record": Text("exit record"),
}
"""The kinds in words, for people."""


class Unsigned(Struct, frozen=True):
    """A paper that lacks signatures: its kind, its number, and the boxes in which nobody has signed."""

    kind: PaperKind
    number: str
    boxes: tuple[Box, ...]


def unsigned(procedures: Procedures, events: Sequence[Event]) -> tuple[Unsigned, ...]:
    """The hand-over forms (three people sign one) and the exit record (two do) that lack signatures, and the newest
    inventory form where it does. Those that were replaced or taken back do not count."""
    signed: dict[str, set[str]] = {}
    for _, entry in record.established(procedures, events, Signed):
        signed.setdefault(entry.signed.number, set()).update(each.box for each in entry.signed.by)
    return tuple(
        Unsigned(kind, number, open_)
        for kind, number, boxes in _issued(procedures, events)
        if number and (open_ := tuple(box for box in boxes if box not in signed.get(number, ())))
    )


def unclear(procedures: Procedures, events: Sequence[Event]) -> tuple[SigningAsked, ...]:
    """What a service was asked to sign, while neither a signature in that box is recorded since nor that there is
    none."""
    ended: dict[tuple[str, str], int] = {}
    for event, signed in record.established(procedures, events, Signed):
        for each in signed.signed.by:
            ended.setdefault((signed.signed.number, each.box), event.seq)
    for event, refused in record.established(procedures, events, NotSigned):
        place = refused.not_signed.number, refused.not_signed.box
        ended[place] = max(event.seq, ended.get(place, 0))
    asked = [
        each.asked_to_sign
        for event, each in record.established(procedures, events, AskedToSign)
        if event.seq > ended.get((each.asked_to_sign.number, each.asked_to_sign.box), 0)
    ]
    return tuple(reversed(asked))


def _issued(procedures: Procedures, events: Sequence[Event]) -> Iterator[tuple[PaperKind, str, tuple[Box, ...]]]:
    replaced = {
        each.amends.event for _, each in record.established(procedures, events, Amended) if each.kind == "replacement"
    }
    for event, form in record.established(procedures, events, HandoverIssued):
        if event.seq not in replaced:
            yield "handover", form.document.number, BOXES
    for _, left in record.established(procedures, events, ExitRecorded):
        yield "exit-record", left.document.number, ("first", "acknowledged")
    newest = next(record.established(procedures, events, Gathered), None)
    if newest:
        yield "inventory", newest[1].document.number, BOXES[:1]
