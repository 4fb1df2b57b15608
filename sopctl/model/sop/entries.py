"""What an event can establish: one record per kind of entry. `verbs.py` says which verb writes which.

A history file keeps the entries of an event as one mapping (`data`), every scalar as text. An entry's fields are keys
of that mapping; its first field shows that it is there. Entries of one event never share a key, but two kinds of entry
may use the same key in the events of different verbs: the letter of a return and that of an extension are both
`letter`.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar, Literal, TypeVar

import msgspec
from msgspec import Struct, field

from sopctl.errors import InvalidRecord
from sopctl.model.access import verification
from sopctl.model.access.target import HostKey
from sopctl.model.access.verification import Established, Word
from sopctl.model.inspection import Checked, Condition, Measured
from sopctl.model.intake import identity
from sopctl.model.ports.port import PortSetting
from sopctl.model.rack import Place
from sopctl.model.sanitisation import DiskRow
from sopctl.model.sop.history import RESTORE, Event


class Entry(Struct, frozen=True, kw_only=True):
    """Something that an event establishes."""

    for_people: ClassVar[bool] = False
    """True for what is kept only for readers of the record, and decides nothing in sopctl."""
    older_key: ClassVar[str] = ""
    """A key that marks the entry in older histories."""


E = TypeVar("E", bound=Entry)


class Kept(Struct, frozen=True):
    """A file of the dossier: its path below the dossier's folder, and what it must hash to (SHA-256, hex)."""

    file: str
    sha256: str


class Paper(Struct, frozen=True):
    """A paper that was issued: its PDF, its number, and what it says as data (`data`; older papers have none)."""

    file: str
    sha256: str
    number: str = ""
    data: Kept | None = None


class Letter(Struct, frozen=True):
    """A letter of the owner: its number and date."""

    number: str
    date: date


class Pinned(Entry, frozen=True, kw_only=True):
    """The version of each procedure that the dossier is pinned to."""

    procedures: dict[str, str]


class Filed(Entry, frozen=True, kw_only=True):
    """The record as it was filed or accepted: what deposit.yml is compared with."""

    filed: Kept


class RequestLetter(Entry, frozen=True, kw_only=True):
    """The letter by which the unit asked for the deposit."""

    letter: Letter


class ReturnLetter(Entry, frozen=True, kw_only=True):
    """The letter by which the owner asked for the server back."""

    letter: Letter


class ExtensionLetter(Entry, frozen=True, kw_only=True):
    """The letter by which the owner asked for more time."""

    for_people = True

    letter: Letter


class LetterScan(Entry, frozen=True, kw_only=True):
    """The scan of the letter that the event is about."""

    for_people = True

    document: Kept


class NotKnown(Entry, frozen=True, kw_only=True):
    """What is not known of an adopted server."""

    for_people = True

    unknown: tuple[str, ...]


class Disposition(Struct, frozen=True):
    """A head's written instruction on a letter: from whom to whom, on which letter (its number), with the number, date
    and scan of the disposition sheet."""

    sender: str = field(name="from")
    to: str
    instruction: str
    date: date
    letter: str | None = None
    number: str | None = None
    document: Kept | None = None


class Disposed(Entry, frozen=True, kw_only=True):
    """A head's disposition."""

    disposition: Disposition


class PassedOver(Struct, frozen=True):
    """A deposit that waited longer and was not served, and why."""

    id: str
    why: str


class Reserved(Entry, frozen=True, kw_only=True):
    """The place in a rack that is held for the server, or that it stands in."""

    place: Place
    passed_over: tuple[PassedOver, ...] | None = None


class AddressGiven(Entry, frozen=True, kw_only=True):
    """The address that the office gives the server, and its network: its name, prefix length, gateway and VLAN."""

    address_given: str
    network: str
    prefix: int
    gateway: str = ""
    address_vlan: int | None = None


class OfferedUntil(Entry, frozen=True, kw_only=True):
    """The last day on which the reserved place is kept for a server that was not brought."""

    place_until: date


class Placed(Entry, frozen=True, kw_only=True):
    """The server stands in its place."""

    placed: bool


class Prioritised(Entry, frozen=True, kw_only=True):
    """The request's priority in the waiting list, and why."""

    priority: int
    reason: str


class Informed(Entry, frozen=True, kw_only=True):
    """How the contact person is informed: by which means; for a message that sopctl sends, its id and its addressee."""

    via: str
    message_id: str | None = None
    to: str | None = None


class NoticeKept(Entry, frozen=True, kw_only=True):
    """The text or letter by which the contact person was informed."""

    for_people = True

    document: Paper


class ConditionInspected(Entry, frozen=True, kw_only=True):
    """What the inspection at the hand-over found (penitipan 8)."""

    serial: str
    condition: Condition | Literal[""] = ""
    checklist: tuple[Checked, ...] = ()
    accessories: tuple[str, ...] = ()
    measured: Measured = Measured()
    photos: tuple[Kept, ...] = ()


class Taker(Entry, frozen=True, kw_only=True):
    """Who takes the server home, and their letter of authority; `serial_shown` where it is not the serial number of the
    hand-over (pengembalian 4)."""

    taken_by: str
    authority: Kept | None = None
    serial_shown: str | None = None


Returned = Literal["true", "false", ""]


class AccessoryBack(Struct, frozen=True):
    """An accessory when the server is returned: is it there? Empty: nobody has checked."""

    item: str
    returned: Returned


class CompletenessInspected(Entry, frozen=True, kw_only=True):
    """What the inspection on the way back found (pengembalian 7)."""

    condition_back: Condition | Literal[""]
    checklist_back: tuple[Checked, ...]
    accessories_back: tuple[AccessoryBack, ...] = ()
    photos_back: tuple[Kept, ...] = ()


class HandoverIssued(Entry, frozen=True, kw_only=True):
    """The hand-over form."""

    document: Paper


class Agreement(Struct, frozen=True):
    """Who agreed to a form on a screen at the office, for which party (`first`, `second`), and what they drew, if
    anything. This is not a signature in the sense of `Signed`: nobody can verify it, and the form says so."""

    box: str
    name: str
    drawing: Kept | None = None


class AgreedOnScreen(Entry, frozen=True, kw_only=True):
    """Who agreed to the hand-over form on a screen."""

    for_people = True

    agreed_on_screen: tuple[Agreement, ...]


class SignedBy(Struct, frozen=True):
    """Who signed a paper, in which box. By certificate: its name, issuer, serial number and SHA-256 (hex), the PAdES
    level, the time, and what proves it (`tsa` or `own-clock`; in older events
    `own clock`). On paper: the name alone, as it was said."""

    name: str
    box: str = ""
    certificate: str = ""
    issuer: str = ""
    serial: str = ""
    level: str = ""
    time: datetime | None = None
    time_from: str = ""


class SignedPaper(Struct, frozen=True):
    """A revision of a paper that was signed, and what it was made from (`of`, the SHA-256 of the revision before): the
    file, the paper's number, how it came about, and all who have signed it by now. `provider`: by which means it was
    signed here; empty where that happened elsewhere. `because`: why someone whom the paper does not name may sign
    it."""

    file: str
    sha256: str
    number: str
    of: str
    how: Literal["appended", "rewritten", "scan"]
    by: tuple[SignedBy, ...]
    provider: str = ""
    because: str = ""


class Signed(Entry, frozen=True, kw_only=True):
    """A paper came back signed, or was signed here."""

    signed: SignedPaper


class SigningAsked(Struct, frozen=True):
    """A service was asked to sign a paper: its number, the SHA-256 of the revision that was sent, the box, whom it is
    to sign for, and which service."""

    number: str
    of: str
    box: str
    name: str
    provider: str


class AskedToSign(Entry, frozen=True, kw_only=True):
    """A service is asked to sign. Until a signature of that box is recorded, or that there is none, it is not clear
    what became of it."""

    asked_to_sign: SigningAsked


class SigningRefused(Struct, frozen=True):
    """Why a service did not sign a paper in a box, as it said itself or a person found out."""

    number: str
    box: str
    because: str


class NotSigned(Entry, frozen=True, kw_only=True):
    """What a service was asked to sign is surely not signed."""

    not_signed: SigningRefused


class Configured(Entry, frozen=True, kw_only=True):
    """How many tasks of a configuration changed something; `raw`: by the shell, on a server without Python; `platform`:
    that of a network appliance, on which nothing is configured. `cut_off` are the services that others could reach
    before and cannot any more, with the owner's consent; `stays_open` what they reach past the letter all the same.
    `account` is the office's own account there. `by_hand`: who configured what, on a machine that takes no SSH.
    `parts`: only these were configured (tags)."""

    changed: int
    raw: bool = False
    platform: str | None = None
    cut_off: tuple[str, ...] | None = None
    stays_open: tuple[str, ...] | None = None
    account: str | None = None
    parts: tuple[str, ...] | None = None
    by_hand: str | None = None


class Consented(Entry, frozen=True, kw_only=True):
    """The services (`6379`, `161/udp`) to whose end the owner has consented."""

    consented: tuple[str, ...]


class ConsentSheet(Entry, frozen=True, kw_only=True):
    """The sheet that says what a configuration would change, for the owner to sign."""

    for_people = True

    document: Paper


class Left(Entry, frozen=True, kw_only=True):
    """What a configuration left, as digests (SHA-256, hex): of the note on the server, of what the letter and the site
    asked for, of the site's playbooks, and of its own tasks and variables."""

    left: str
    asked: str
    playbooks: str
    tasks: str


class AnsibleRun(Entry, frozen=True, kw_only=True):
    """The run of a playbook: its folder below the site's."""

    for_people = True

    run: str


class WayIn(Entry, frozen=True, kw_only=True):
    """The office's own account, made by the first contact with a password."""

    way_in: str


class HostKeyPinned(Entry, frozen=True, kw_only=True):
    """The host key that the server must show, and how it was confirmed."""

    host_key: HostKey
    host_key_confirmed: str = ""


class HostKeyPending(Entry, frozen=True, kw_only=True):
    """A host key that the server showed and nobody has confirmed yet."""

    host_key_pending: HostKey


class BmcPin(Struct, frozen=True):
    """A server's management controller: where it is, the SHA-256 (hex) of the certificate that it must show, and the
    account there that the office uses."""

    address: str
    port: int
    certificate: str
    user: str


class BmcTrusted(Entry, frozen=True, kw_only=True):
    """The BMC that the office may ask about the server, and how its certificate was confirmed."""

    bmc: BmcPin
    bmc_confirmed: str = ""


class OfficeKey(Entry, frozen=True, kw_only=True):
    """The office's key that opens its account on the server, by its fingerprint (`SHA256:…`); `key_leaving` is the one
    before it, while that opens it too."""

    office_key: str
    key_leaving: str | None = None


class SecretKept(Struct, frozen=True):
    """A secret of the office's for one deposit: its name in keys/ (never its value), what it is, and of which account
    (empty: of the BMC's)."""

    name: str
    what: Literal["key", "password"]
    account: str = ""


class SecretSet(Entry, frozen=True, kw_only=True):
    """The office set a secret with which it gets in to this deposit, or to its BMC."""

    for_people = True

    secret_set: SecretKept


class SudoRight(Entry, frozen=True, kw_only=True):
    """What the office's account may do as root: everything, or take inventory."""

    sudo: Literal["full", "inventory"]


class PortChange(Struct, frozen=True):
    """A switch port that was given to the server (`applied`) or taken away (`released`): how it was set before and
    after, its own configuration from before, the MAC address that was heard, others that were heard beside it, and how
    the switch would have rolled back by itself."""

    switch: str
    port: str
    state: Literal["applied", "released"]
    before: PortSetting | None = None
    after: PortSetting | None = None
    mac: str | None = None
    restore: str | None = None
    text_before: tuple[str, ...] | None = None
    also: tuple[str, ...] | None = None


class PortSet(Entry, frozen=True, kw_only=True):
    """The server's switch port was given to it, or taken away."""

    switch_port: PortChange


class PortAttempt(Struct, frozen=True):
    """A change of a switch port that could not be made; `text_differs`: what was not put back as it was."""

    switch: str
    port: str
    state: str
    cause: str
    before: PortSetting | None = None
    after: PortSetting | None = None
    text_before: tuple[str, ...] | None = None
    text_differs: tuple[str, ...] | None = None


class PortFailed(Entry, frozen=True, kw_only=True):
    """Why the switch port could not be changed; and how far it got, if a session was opened."""

    for_people = True

    cause: str
    switch_port_tried: PortAttempt | None = None


class AccessTried(Entry, frozen=True, kw_only=True):
    """An access try of konfigurasi 3: what each view established, and the cause when the answer is no.

    Histories of the first versions have the `verdict` instead of what was established.
    """

    older_key = "verdict"

    established: tuple[Established, ...] = ()
    rung: str = ""
    cause: str | None = None
    detail: str = ""
    vantage: str | None = None
    seconds: str = ""
    tries: int = 1
    verdict: str | None = None

    @property
    def accessible(self) -> bool:
        """Was the answer yes (bisa)?"""
        return verification.verdict(self.established)[0] if self.established else self.verdict == "accessible"


class AccessWord(Entry, frozen=True, kw_only=True):
    """What someone of the requesting unit says of their access between the office's own looks: the next try of
    konfigurasi 3 takes it up."""

    access_word: Word


class Gathered(Entry, frozen=True, kw_only=True):
    """A month's facts and inventory form; `changes` counts those that the form reports (None if nobody counted)."""

    facts: Kept
    month: str
    document: Paper
    changes: int | None = None


class DiskWish(Entry, frozen=True, kw_only=True):
    """The owner says that the data is saved, and whether the disks are to be wiped."""

    wipe_disks: bool


class ServerOff(Entry, frozen=True, kw_only=True):
    """Access was taken back and the server switched off; its switch port is still open."""

    server_off: bool


class SwitchedOff(Entry, frozen=True, kw_only=True):
    """Access, services and switch port were taken away, and the server is off."""

    switched_off: bool


class Wiped(Struct, frozen=True):
    """That a server's disks were wiped: by whom, on which day, and how."""

    by: str
    on: date
    how: str = ""


class ExitRecorded(Entry, frozen=True, kw_only=True):
    """The record of a server that left. Of the first versions, it also says who wiped its disks; later ones have a row
    for each disk (`Sanitised`)."""

    document: Paper
    wiped: Wiped | None = None


class Sanitised(Entry, frozen=True, kw_only=True):
    """What became of the data on disks, a row for each."""

    sanitised: tuple[DiskRow, ...]


class SanitisationCertificate(Entry, frozen=True, kw_only=True):
    """The certificate of the disks that were sanitised until then."""

    for_people = True

    certificate: Paper


class Task(Struct, frozen=True):
    """Work on a server by the hands of the office (remote hands): what was done, who asked for it, who did it, for how
    many minutes, and photos or files about it."""

    what: str
    asked_by: str
    done_by: str
    minutes: int
    files: tuple[Kept, ...] = ()


class TaskDone(Entry, frozen=True, kw_only=True):
    """Work on the server that its owner asked for."""

    task: Task


class ValidUntil(Entry, frozen=True, kw_only=True):
    """The last day of the deposit (masa penitipan)."""

    valid_until: date


class Reminded(Entry, frozen=True, kw_only=True):
    """What someone (`to`) was reminded of; `problem` where the message could not be sent, `perhaps` where the
    connection was lost before the server had answered: it may have arrived, and is not sent again."""

    key: str
    message_id: str
    to: str
    problem: str | None = None
    perhaps: str | None = None


class Edited(Entry, frozen=True, kw_only=True):
    """The lines of the record that were changed, `-` what was, `+` what is; and which fields those are, by their paths
    (`server.serial`; histories of the first versions do not say)."""

    changed: tuple[str, ...]
    fields: tuple[str, ...] | None = None

    def touches(self, path: str) -> bool:
        """Was the field at `path`, or one below it, changed? In a line of an older history, its last word counts."""
        if self.fields is not None:
            return any(each == path or each.startswith(f"{path}.") for each in self.fields)
        word = path.rpartition(".")[2]
        return any(line[1:].split(":")[0].strip(" -'\"{") == word for line in self.changed)


class OnDay(Entry, frozen=True, kw_only=True):
    """The day on which it happened, where it was recorded later."""

    on_day: date


Correctable = Literal["serial", "received", "handed_over", "placed", "instruction"]
"""What a correction can be about: the serial number, the day of a step, the text of a disposition."""


class Correction(Struct, frozen=True):
    """What was recorded wrongly: by which event (its number and hash), what it said, what is right, and why. `since`:
    the day from which it is so, where what was recorded was right until then (a mainboard was replaced)."""

    what: Correctable
    event: int
    hash: str
    before: str
    after: str
    reason: str
    since: date | None = None


class Corrected(Entry, frozen=True, kw_only=True):
    """Something that an earlier event established is corrected."""

    correction: Correction


class Reference(Struct, frozen=True):
    """An earlier event of the same history: its number and its hash."""

    event: int
    hash: str


class Undone(Entry, frozen=True, kw_only=True):
    """A step that was recorded by mistake is taken back: it is due again, and what it established no longer counts."""

    undoes: Reference
    reason: str


class Moved(Entry, frozen=True, kw_only=True):
    """The server stands in another place: it was moved, or (`mistaken`) always stood there. `move_record` is
    the record of the move, to be signed. `port_was_open`: the switch port of the old place had been given to it."""

    moved_from: Place
    why: str
    mistaken: bool = False
    port_was_open: bool = False
    move_record: Paper | None = None


class FormIssued(Struct, frozen=True):
    """A form that was issued: the event that did it, by number and hash, and the form's number."""

    event: int
    hash: str
    number: str


class Amended(Entry, frozen=True, kw_only=True):
    """A form was issued wrongly: another one replaces it, or an addendum says what is right."""

    amends: FormIssued
    kind: Literal["replacement", "addendum"]
    because: str
    evidence: Kept | None = None


class AddendumIssued(Entry, frozen=True, kw_only=True):
    """The addendum to a form."""

    for_people = True

    addendum: Paper


class DuplicateOf(Entry, frozen=True, kw_only=True):
    """The dossier was opened for something that has one already."""

    duplicate_of: str
    why: str


class LetterForged(Entry, frozen=True, kw_only=True):
    """A letter of the owner was found to be forged: everything stops until a head says otherwise."""

    forged: str
    why: str


Lost = Literal["dicuri", "rusak", "disita"]
"""How a server can leave the building without its owner taking it back: stolen, broken for good, seized."""


class WrittenOff(Entry, frozen=True, kw_only=True):
    """The server left the building, and nobody took it back; the record of it, to be signed."""

    for_people = True

    lost: Lost
    why: str
    document: Paper
    evidence: Kept | None = None


class Rank(Struct, frozen=True):
    """A person of the office as they were: their name, position and role."""

    name: str
    position: str
    role: str


class Decider(Entry, frozen=True, kw_only=True):
    """Who decided it, by name and position as they were on that day."""

    decider: Rank


class LateBecause(Entry, frozen=True, kw_only=True):
    """Why the step that is due is late, as its office says."""

    late_because: str


class Behalf(Struct, frozen=True):
    """A person for whom someone else decided, and the letter that allows it."""

    person: str
    document: Kept


class OnBehalfOf(Entry, frozen=True, kw_only=True):
    """For whom it was decided."""

    on_behalf_of: Behalf


class Shared(Struct, frozen=True):
    """A mark that a deposit has in common with others (their ids; a few of many): its kind, and what it means."""

    kind: identity.Kind
    value: str
    others: tuple[str, ...]


class Despite(Entry, frozen=True, kw_only=True):
    """Why the deposit may have marks that others have too: one address for several servers, one letter for two."""

    despite: str
    shares: tuple[Shared, ...]


@cache
def entry_key(kind: type[Entry]) -> str:
    """The key that marks an entry of this kind in an event's data."""
    return msgspec.structs.fields(kind)[0].encode_name


@cache
def entry_signs(kind: type[Entry]) -> frozenset[str]:
    """The keys of which one marks an entry of this kind in an event's data: its own, and that of older histories."""
    return frozenset(filter(None, (entry_key(kind), kind.older_key)))


def to_data(entries: Iterable[Entry]) -> dict[str, Any]:
    """The entries of one event as its data. Raises ValueError when two of them use the same key."""
    data: dict[str, Any] = {}
    for entry in entries:
        for key, value in msgspec.to_builtins(entry).items():
            if key in data:
                raise ValueError(f"two entries of one event have the key {key!r}")
            if value is not None:
                data[key] = value
    return data


def from_data(kind: type[E], event: Event) -> E | None:
    """The entry of this kind in an event's data, or None. Raises InvalidRecord for a malformed one."""
    data: Mapping[str, Any] = event.data
    if entry_signs(kind).isdisjoint(data):
        return None
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRecord(
            "entry-invalid",
            "event {number}: {reason}",
            number=event.seq,
            reason=str(error),
            remedy=RESTORE,
        ) from None
