"""What the office's forms say, as data: every piece of text that ends up on paper has a named place here.

There is no place for a password or a key, and nothing here is markup: a `#` in a serial number is a `#`.
"""

from datetime import date
from typing import Literal

from msgspec import Struct

from sopctl.adapters.documents.english import Language

Source = Literal["gathered", "declared", "needs-root", "not-available"]
"""Where a value is from: read on the server, said in the letter or dossier, or why there is none."""

Result = Literal["ok", "tidak", "tidak berlaku", ""]
"""The answer to one question of the physical inspection; empty leaves room to tick it by hand."""


class Letterhead(Struct, frozen=True):
    """The office whose paper it is: `agency` is the government above it, `contact` one line of phone, mail, web."""

    office: str
    agency: str
    address: str
    contact: str


class Stamp(Struct, frozen=True):
    """What ties the paper to the record: on every page, and `check_command` as a QR code too.

    `revision` is the short hash of the record that was printed; `issued` also dates the PDF file itself,
    so that the same form is always the same bytes.
    """

    deposit_id: str
    document_number: str
    revision: str
    issued: date
    check_command: str
    names_record: bool = True
    """Does the file itself say to which record it belongs? Only one that is issued does: a copy is no forgery."""


class Party(Struct, frozen=True):
    """A person who signs. An empty `name`, `nip` or `position` leaves room to write it by hand."""

    name: str
    nip: str
    position: str
    office: str


class HandoverItem(Struct, frozen=True):
    """One line of the hand-over's table. `condition`: baik, rusak ringan or rusak berat."""

    description: str
    brand_model: str
    serial: str
    quantity: int
    unit: str
    condition: str
    completeness: str
    note: str


class ChecklistRow(Struct, frozen=True):
    """One question of the physical inspection, its answer and a remark. `server` is named where the form holds more
    than one: its rows stand together below its name."""

    item: str
    result: Result
    note: str
    server: str = ""


class HandoverForm(Struct, frozen=True, tag="handover"):
    """Formulir Serah Terima Barang, for one or more servers of one letter.

    `first` hands over and `second` receives, whichever way the server goes; `returning` only changes the wording.
    """

    letterhead: Letterhead
    stamp: Stamp
    returning: bool
    place: str
    first: Party
    second: Party
    acknowledged: Party
    items: tuple[HandoverItem, ...]
    checklist: tuple[ChecklistRow, ...]
    language: Language = "id"


class Field(Struct, frozen=True):
    """One labelled value and where it is from."""

    label: str
    value: str
    source: Source
    key: str = ""
    """Where the value goes in a record; a spreadsheet carries it in a hidden column, to be read back."""


class Section(Struct, frozen=True, tag="section"):
    """Labelled values under a title."""

    title: str
    fields: tuple[Field, ...]


class Table(Struct, frozen=True, tag="table"):
    """Rows under a title; each row has as many cells as there are `columns`. `source` holds for all of them."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    source: Source


class InventoryForm(Struct, frozen=True, tag="inventory"):
    """Formulir Data Inventarisasi Server: one server, one `month` (2026-11).

    `changes` since last month's form and the hand-over, one sentence each; None says that this is the first form.
    """

    letterhead: Letterhead
    stamp: Stamp
    month: str
    server_name: str
    sections: tuple[Section | Table, ...]
    changes: tuple[str, ...] | None
    officer: Party


class Signer(Struct, frozen=True):
    """Who signs a paper, and as what."""

    role: str
    party: Party


class LetterHead(Struct, frozen=True):
    """What makes a paper a letter: where and when it was written, what about, and to whom, a line each."""

    place_and_date: str
    subject: str
    recipient: tuple[str, ...]


class Paper(Struct, frozen=True, tag="paper"):
    """A paper of plain parts: a letter, an announcement, a record. At most three sign it.

    A field without value is a line to fill in by hand. A `letter` has its subject instead of a title.
    """

    letterhead: Letterhead
    stamp: Stamp
    title: str
    opening: tuple[str, ...]
    sections: tuple[Section | Table, ...]
    closing: tuple[str, ...]
    signers: tuple[Signer, ...]
    letter: LetterHead | None = None
    language: Language = "id"


Shape = Literal["terminal", "process", "decision"]
"""The flowchart's symbol of a step: capsule (begins or ends the procedure), box, diamond."""


State = Literal["", "visited", "current"]
"""Whether a deposit has passed a step, or stands at it."""


class SopStep(Struct, frozen=True):
    """One row of an SOP's flow table; `actor` is the column, counted from 0."""

    no: int
    activity: str
    actor: int
    shape: Shape
    requires: str
    limit: str
    output: str
    notes: tuple[str, ...] = ()
    state: State = ""


class SopArrow(Struct, frozen=True):
    """An arrow from one step's number to another's; dashed where the paper does not draw it."""

    source: int
    target: int
    label: str = ""
    dashed: bool = False


class SopBlock(Struct, frozen=True):
    """A block of an SOP's cover, such as its legal basis."""

    title: str
    items: tuple[str, ...]


class SopForm(Struct, frozen=True, tag="sop"):
    """The SOP itself, as PermenPANRB 35/2012 prescribes; with `legend`, the way that a deposit went through it."""

    letterhead: Letterhead
    stamp: Stamp
    title: str
    subtitle: str
    identity: tuple[Field, ...]
    blocks: tuple[SopBlock, ...]
    actors: tuple[str, ...]
    steps: tuple[SopStep, ...]
    arrows: tuple[SopArrow, ...]
    notes: tuple[str, ...] = ()
    legend: bool = False
    events: Table | None = None
    """What happened, event by event."""


class Bar(Struct, frozen=True):
    """A bar of a chart: how much, `of` how much where that is known, in the chart's measure; `shown` is what stands at
    its end."""

    label: str
    value: float
    of: float
    shown: str


class Chart(Struct, frozen=True):
    """Bars below a title, the longest as wide as there is room."""

    title: str
    bars: tuple[Bar, ...]


class SummaryForm(Struct, frozen=True, tag="summary"):
    """Rekapitulasi inventarisasi server: all servers of one `month` (2026-11), what changed first."""

    letterhead: Letterhead
    stamp: Stamp
    month: str
    figures: tuple[Field, ...]
    changes: Table
    charts: tuple[Chart, ...]
    servers: Table
    sums: tuple[Table, ...]
    notes: tuple[str, ...]
    officer: Party
    acknowledged: Party


Form = HandoverForm | InventoryForm | Paper | SopForm | SummaryForm
