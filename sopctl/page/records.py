"""What programs get and send (`/api/…`): the records of the page as JSON. `openapi.py` describes them."""

from datetime import date, datetime
from typing import Any, Literal

from msgspec import Struct

Kind = Literal["text", "area", "date", "number", "choice", "answer"]


class Problem(Struct, frozen=True):
    """What was wrong: an id that stays the same, a sentence, and what helps."""

    error: str
    message: str


class Me(Struct, frozen=True):
    """In whose name a token asks, and whether it may act."""

    account: str
    kind: str
    roles: list[str]
    scope: Literal["read", "act"]


class Brief(Struct, frozen=True):
    """One deposit in a list: where it stands, whose turn it is, until when and why."""

    id: str
    unit: str
    server: str
    place: str
    standing: str
    procedure: str
    step: int | None
    activity: str
    role: str
    since: datetime | None
    due: date | None
    late_days: int
    escalated_to: str
    waiting: str
    valid_until: date | None


class Deposits(Struct, frozen=True):
    """A page of a list; `total` says how many there are in all."""

    deposits: list[Brief]
    total: int


class Counts(Struct, frozen=True):
    """How many rows each part of a board has in all."""

    yours: int
    escalated: int
    others: int


class Board(Struct, frozen=True):
    """What waits for the one who asks, what came up to them, and what waits for others: a page of each."""

    yours: list[Brief]
    escalated: list[Brief]
    others: list[Brief]
    total: Counts


class Happened(Struct, frozen=True):
    """An event of a dossier's history."""

    number: int
    at: datetime
    procedure: str
    step: int | None
    outcome: str
    by: str
    note: str


class Paper(Struct, frozen=True):
    """A document, by the hash under which it is found."""

    name: str
    sha256: str
    state: str


class Asked(Struct, frozen=True):
    """A field of an act: what is filled in, and what can be chosen."""

    name: str
    label: str
    kind: str
    required: bool
    choices: list[str]


class Offered(Struct, frozen=True):
    """An act that the one who asks may do now."""

    act: str
    title: str
    fields: list[Asked]


class Dossier(Struct, frozen=True):
    """A deposit in detail. `head` is what an act has to name: the state of the history that it is meant for."""

    deposit: Brief
    head: str
    address: str
    serial: str
    contacts: list[str]
    events: list[Happened]
    documents: list[Paper]
    acts: list[Offered]


class Act(Struct, frozen=True, forbid_unknown_fields=True):
    """An act that is asked for: the fields of its form, and the `head` of the dossier that it is meant for. What needs
    a signature that is drawn is done on the page. With files, it is the part `record` of a form (multipart/form-data),
    and each file the part of its field's name."""

    head: str
    fields: dict[str, str] = {}


class Lettered(Struct, frozen=True):
    """A field of the request letter: its path, by which a request has it, and what the letter calls it."""

    path: str
    label: str
    section: str
    kind: Kind
    required: bool


class Letter(Struct, frozen=True):
    """The request letter. `unit`: for which unit the one who asks files; empty for one that is named in the letter."""

    fields: list[Lettered]
    unit: str


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """A request that is filed: what the letter's fields say, by their paths; lists have an entry a line. With a scan of
    the signed letter, it is the part `record` of a form (multipart/form-data), and the scan its part `scan`."""

    fields: dict[str, str]


class Done(Struct, frozen=True):
    """An act that was done: how long the history is now, and its head."""

    deposit: str
    act: str
    events: int
    head: str


class Waits(Struct, frozen=True):
    """A deposit that waits for space."""

    number: int
    id: str
    unit: str
    server: str


class Queue(Struct, frozen=True):
    """Who waits for space, in the order in which they are served; `number` counts everybody, `total` those that the
    one who asks may see."""

    waiting: list[Waits]
    total: int


class RackSpace(Struct, frozen=True):
    """What is free in a rack."""

    name: str
    room: str
    units: int
    free: int
    power_free: int


class Racks(Struct, frozen=True):
    """The racks of one page, by name; `total` counts all of them."""

    racks: list[RackSpace]
    total: int


def brief(row: Any) -> Brief:
    """A row of the board, as programs get it."""
    said = {name: getattr(row, name) for name in Brief.__struct_fields__ if name != "place"}
    return Brief(**said, place=str(row.place or ""))
