"""The office's forms as data: every piece of text that ends up on paper has a field here.

There is no field for a password or a key, and nothing here is markup: a `#` in a serial number is a `#`.
"""

from datetime import date
from typing import Literal

from msgspec import Struct

from sopctl.adapters.documents.english import Language

Source = Literal["gathered", "declared", "needs-root", "not-available"]
"""Where a value is from: read on the server, or declared in the letter or dossier; or why there is none."""

Result = Literal["ok", "tidak", "tidak berlaku", ""]
"""The answer to a question of the physical inspection; when empty, it can be ticked by hand."""


Sheet = Literal["a4", "f4"]
"""A4 is 21 by 29.7 cm, F4 (folio) 21.5 by 33 cm."""


class Letterhead(Struct, frozen=True):
    """The office that issues the paper: `agency` is the government it belongs to, `contact` a line with phone, e-mail
    and web site; `logo` its emblem (lambang), a PNG or JPEG image, and `sheet` the size of its paper."""

    office: str
    agency: str
    address: str
    contact: str
    logo: bytes = b""
    sheet: Sheet = "a4"


class Stamp(Struct, frozen=True):
    """What ties the paper to the record; it is on every page, with `check_command` as a QR code too.

    `revision` is the short hash of the record that was printed. `issued` is also the date in the PDF file, so that the
    same form always gives the same bytes.
    """

    deposit_id: str
    document_number: str
    revision: str
    issued: date
    check_command: str
    names_record: bool = True
    """Whether the file's metadata names its record. Only issued files do, so that no copy looks like a forgery."""


class Party(Struct, frozen=True):
    """A person who signs. An empty `name` or `nip` is a line to fill in by hand. `rank` is a civil servant's rank and
    grade (pangkat/golongan)."""

    name: str
    nip: str
    position: str
    office: str
    rank: str = ""


class HandoverItem(Struct, frozen=True):
    """A row of the hand-over's table. `condition`: baik, rusak ringan or rusak berat."""

    description: str
    brand_model: str
    serial: str
    quantity: int
    unit: str
    condition: str
    completeness: str
    note: str


class ChecklistRow(Struct, frozen=True):
    """A question of the physical inspection, its answer and a remark. `server` is set on a form for several servers:
    consecutive rows of a server are printed below its name."""

    item: str
    result: Result
    note: str
    server: str = ""


class Agreed(Struct, frozen=True):
    """Who agreed to a form on a screen, in which box (`first`, `second`): `picture` is what they drew (PNG), empty
    where their name was entered alone. The paper says that neither is a certificate."""

    box: str
    name: str
    picture: bytes = b""


class HandoverForm(Struct, frozen=True, tag="handover"):
    """Formulir Serah Terima Barang, for one or more servers of a letter.

    `first` hands over and `second` receives, in either direction; `returning` only changes the wording. `day` is that
    of the hand-over, if it is not the day of issue; `remarks` say what was corrected. `came_with`: number and date of
    the form with which the goods came, on the way back. `agreed`: who agreed to it on a screen.
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
    remarks: tuple[str, ...] = ()
    day: date | None = None
    came_with: str = ""
    agreed: tuple[Agreed, ...] = ()


class Field(Struct, frozen=True):
    """A labelled value, and where it is from."""

    label: str
    value: str
    source: Source
    key: str = ""
    """The value's field in a record; a spreadsheet has it in a hidden column, so that it can be read back."""


class Section(Struct, frozen=True, tag="section"):
    """Labelled values under a title."""

    title: str
    fields: tuple[Field, ...]


class Table(Struct, frozen=True, tag="table"):
    """Rows under a title; each row has as many cells as there are `columns`. `source` applies to all cells. A paper of
    plain parts gives its columns these `shares` of the width, or all the same. `marked` rows (counted from 0) stand
    out: what they tell has failed."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    source: Source
    shares: tuple[int, ...] = ()
    marked: tuple[int, ...] = ()


class InventoryForm(Struct, frozen=True, tag="inventory"):
    """Formulir Data Inventarisasi Server: one server, one `month` (2026-11).

    `changes` since last month's form and since the hand-over, one sentence each; None on the first form.
    """

    letterhead: Letterhead
    stamp: Stamp
    month: str
    server_name: str
    sections: tuple[Section | Table, ...]
    changes: tuple[str, ...] | None
    officer: Party


class Signer(Struct, frozen=True):
    """Who signs a paper, and in which role."""

    role: str
    party: Party


class Letter(Struct, frozen=True):
    """What makes a paper a letter: place and date, subject, and the lines of the recipient."""

    place_and_date: str
    subject: str
    recipient: tuple[str, ...]


class Paper(Struct, frozen=True, tag="paper"):
    """A paper of plain parts: a letter, an announcement, a record. It has at most three signers.

    A field without a value is a line to fill in by hand. A `letter` has its subject instead of a title; `copies` says
    who else gets it (tembusan).
    """

    letterhead: Letterhead
    stamp: Stamp
    title: str
    opening: tuple[str, ...]
    sections: tuple[Section | Table, ...]
    closing: tuple[str, ...]
    signers: tuple[Signer, ...]
    letter: Letter | None = None
    language: Language = "id"
    copies: tuple[str, ...] = ()


Shape = Literal["terminal", "process", "decision"]
"""A step's symbol in the flowchart: capsule (the procedure begins or ends), box, diamond."""


State = Literal["", "visited", "current"]
"""Whether a deposit has passed a step, or is at it."""


class SopStep(Struct, frozen=True):
    """A row of an SOP's flow table; `actor` is the column of its actor, counted from 0, `also` those of others who act
    in it."""

    no: int
    activity: str
    actor: int
    shape: Shape
    requires: str
    limit: str
    output: str
    notes: tuple[str, ...] = ()
    state: State = ""
    also: tuple[int, ...] = ()


class SopArrow(Struct, frozen=True):
    """An arrow from one step to another, by their numbers; dashed where the official paper does not have it."""

    source: int
    target: int
    label: str = ""
    dashed: bool = False


class SopBlock(Struct, frozen=True):
    """A block of an SOP's cover, such as its legal basis."""

    title: str
    items: tuple[str, ...]


class SopForm(Struct, frozen=True, tag="sop"):
    """The SOP itself, as PermenPANRB 35/2012 prescribes; with `legend`, the path that a deposit took through it. Who
    approves it stands before the last line of its `identity`."""

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
    approver: Party = Party("", "", "", "")


class Bar(Struct, frozen=True):
    """A bar of a chart: `value`, `of` how much where that is known (else 0), both in the chart's unit; `shown` is the
    text at its end."""

    label: str
    value: float
    of: float
    shown: str


class Chart(Struct, frozen=True):
    """Bars below a title; the longest has the full width."""

    title: str
    bars: tuple[Bar, ...]


class SummaryForm(Struct, frozen=True, tag="summary"):
    """Rekapitulasi inventarisasi server: all servers of one `month` (2026-11). Conditions stand first, then changes."""

    letterhead: Letterhead
    stamp: Stamp
    month: str
    figures: tuple[Field, ...]
    conditions: Table
    changes: Table
    charts: tuple[Chart, ...]
    servers: Table
    sums: tuple[Table, ...]
    notes: tuple[str, ...]
    officer: Party
    acknowledged: Party


class MonthForm(Struct, frozen=True, tag="month"):
    """Laporan bulanan penitipan server: what a head of office signs of a `month` (2026-11). `figures` are blocks of
    labelled values; a table without rows is named as such (nihil)."""

    letterhead: Letterhead
    stamp: Stamp
    month: str
    opening: tuple[str, ...]
    figures: tuple[Section, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    officer: Party
    head: Party


Form = HandoverForm | InventoryForm | MonthForm | Paper | SopForm | SummaryForm
