"""The table of verbs: everything that a deposit's history can record, and what is true of it.

One row per verb and task. The procedures' files name verbs and tasks; the soundness check, the steps' turns, `advance`,
the next actions and the command line all read this table, so that none of them knows a verb that another does not.
"""

from typing import Literal

from msgspec import Struct

from sopctl.model.sop import entries as e
from sopctl.model.sop.entries import Entry
from sopctl.model.sop.history import WORK

Kind = Literal["step", "outcome", "act"]
"""Does it do a step, bring about one outcome of a step (accept, refuse, …), or happen beside the steps (hold, extend,
…)?"""

Waiting = Literal["", "space", "month", "decision"]
"""What a step waits for besides the work itself: free rack space, the next month, or someone's decision."""


class Verb(Struct, frozen=True, kw_only=True):
    """A verb, or one of its tasks where it does different things at different steps."""

    name: str
    task: str = ""
    kind: Kind = "step"
    ends: tuple[str, ...] = ()
    """The outcomes that a step of this verb must have, the good one first. Empty: the step names its own."""
    own_ends: int = 0
    """How many outcomes of its own a step must have where it names them (0: at least one): the first when all is well,
    the second when something differs."""
    may_wait: tuple[Waiting, ...] = ("month", "decision")
    """For a step: what it may wait for, besides the work itself. Only the step that reserves space waits for it: the
    waiting list does that step by itself as soon as there is some, and could do no other."""
    only_while: Waiting = ""
    """For an outcome: what the step must be waiting for, if the outcome is possible only then."""
    opens: bool = False
    """Does it open a dossier? That happens at the first step of all, and only there."""
    unattended: bool = False
    """May `advance` or a timer do it? It then needs no person."""
    outcome: str = ""
    """For an act: the outcome that its event carries."""
    command: str = ""
    """The command that asks for it, where that is not the verb."""
    needs: tuple[str, ...] = ()
    """What a person has to say for it."""
    needs_for_appliance: tuple[str, ...] | None = None
    """The same on a network appliance, where that differs."""
    needs_by_hand: tuple[str, ...] | None = None
    """The same on a machine that takes no SSH, where that differs. Then nobody but a person can do it."""
    writes: tuple[type[Entry], ...] = ()
    """What its events may establish."""
    undoable: bool = False
    """For a step or an outcome: can it be taken back if it was recorded by mistake? Never what has changed a server, a
    switch, or told someone."""
    requesters: bool = False
    """For an act: is it the requesting unit's, where the procedure names nobody for it?"""
    by_role: bool = False
    """For an act: does it belong to the roles that the procedure names for it (all of the office's, if none)?"""
    closes: bool = False
    """For an act: does it close the dossier?"""
    after_end: bool = False
    """For an act: may it happen after the dossier was closed?"""


HELD = "ditahan"
RESUMED = "dilanjutkan"
FORGED = "surat palsu"
HOLDING = frozenset({HELD, FORGED})
"""Outcomes that put a deposit on hold."""

_PORT = (e.PortSet, e.PortFailed)
_RUN = (e.AnsibleRun, e.SudoRight, e.OfficeKey)
_NOTICE = (e.Informed, e.NoticeKept)

VERBS = (
    # penitipan
    Verb(
        name="request",
        ends=("selesai",),
        opens=True,
        needs=("file",),
        writes=(e.Pinned, e.Filed, e.RequestLetter, e.LetterScan),
    ),
    Verb(
        name="adopt",
        kind="outcome",
        opens=True,
        needs=("file", "rack", "rack_unit"),
        writes=(e.Pinned, e.Filed, e.Reserved, e.Placed, e.NotKnown),
    ),
    Verb(name="dispose", ends=("selesai",), needs=("instruction",), writes=(e.Disposed,), undoable=True),
    Verb(
        name="reserve",
        ends=("tersedia", "tidak tersedia"),
        may_wait=("space", "month", "decision"),
        writes=(e.Reserved, e.OfferedUntil, e.AddressGiven, e.Filed, e.Edited),
        undoable=True,
    ),
    Verb(name="notify", task="place-ready", unattended=True, writes=(*_NOTICE, e.OfferedUntil)),
    Verb(name="notify", task="place-full", unattended=True, writes=_NOTICE),
    Verb(name="expire", kind="outcome", unattended=True, command="queue run"),
    Verb(name="receive", ends=("selesai",), writes=(e.OnDay,), undoable=True),
    Verb(
        name="inspect", task="condition", own_ends=2, needs=("serial",), writes=(e.ConditionInspected,), undoable=True
    ),
    Verb(name="accept", kind="outcome", only_while="decision", command="inspect", needs=("accept",), undoable=True),
    Verb(name="handover", ends=("selesai",), writes=(e.HandoverIssued, e.AgreedOnScreen, e.OnDay), undoable=True),
    Verb(name="place", ends=("selesai",), writes=(e.Placed, e.OnDay), undoable=True),
    Verb(name="refuse", kind="outcome", needs=("reason",), writes=(e.LetterScan,), undoable=True),
    Verb(name="withdraw", kind="outcome", needs=("reason",), writes=(e.LetterScan,), undoable=True),
    # konfigurasi
    Verb(
        name="configure",
        ends=("selesai",),
        unattended=True,
        needs_by_hand=("by_hand",),
        writes=(e.Configured, e.Consented, e.Left, e.HostKeyPinned, e.WayIn, *_RUN, *_PORT),
    ),
    Verb(name="notify", task="try-access", unattended=True, writes=_NOTICE),
    Verb(
        name="verify",
        ends=("bisa", "tidak bisa"),
        unattended=True,
        needs_by_hand=("person", "how"),
        writes=(e.AccessTried,),
    ),
    Verb(name="notify", task="accessible", unattended=True, writes=_NOTICE),
    Verb(
        name="inventory",
        ends=("selesai",),
        unattended=True,
        command="inventory collect",
        needs_by_hand=("file",),
        writes=(e.Gathered, *_RUN),
    ),
    # pengembalian
    Verb(
        name="return",
        task="letter",
        ends=("selesai",),
        needs=("letter_number",),
        writes=(e.ReturnLetter, e.LetterScan),
        undoable=True,
    ),
    Verb(name="inspect", task="serial", own_ends=2, needs=("serial",), writes=(e.Taker,), undoable=True),
    Verb(name="return", task="data-saved", ends=("selesai",), needs=("disks",), writes=(e.DiskWish,), undoable=True),
    Verb(
        name="release",
        task="access",
        ends=("selesai",),
        needs_for_appliance=("by_hand",),
        needs_by_hand=("by_hand",),
        writes=(e.ServerOff, e.SwitchedOff, *_RUN, *_PORT),
    ),
    Verb(name="inspect", task="completeness", own_ends=2, writes=(e.CompletenessInspected,), undoable=True),
    Verb(name="release", task="exit-record", ends=("selesai",), writes=(e.ExitRecorded,)),
    Verb(name="release", task="space", ends=("selesai",)),
    # Beside the steps (di luar SOP)
    Verb(name="hold", kind="act", outcome=HELD, needs=("reason",)),
    Verb(name="resume", kind="act", outcome=RESUMED),
    Verb(
        name="extend",
        kind="act",
        outcome="diperpanjang",
        needs=("until",),
        writes=(e.ValidUntil, e.ExtensionLetter, e.LetterScan),
    ),
    Verb(
        name="prioritise",
        kind="act",
        outcome="diprioritaskan",
        command="queue prioritise",
        needs=("reason",),
        writes=(e.Prioritised,),
    ),
    Verb(name="late", kind="act", outcome="alasan terlambat", needs=("because",)),
    Verb(name="edit", kind="act", outcome="diubah", writes=(e.Filed, e.Edited)),
    Verb(
        name="correct",
        kind="act",
        outcome="dikoreksi",
        needs=("reason",),
        writes=(e.Corrected, e.LetterScan),
        by_role=True,
        after_end=True,
    ),
    Verb(
        name="undo",
        kind="act",
        outcome="langkah dibatalkan",
        command="correct --undo",
        needs=("reason",),
        writes=(e.Undone, e.LetterScan),
        by_role=True,
        after_end=True,
    ),
    Verb(
        name="move",
        kind="act",
        outcome="dipindahkan",
        needs=("rack", "rack_unit", "reason"),
        writes=(e.Reserved, e.Moved, e.OnDay, e.LetterScan),
        by_role=True,
    ),
    Verb(
        name="reissue",
        kind="act",
        outcome="formulir diperbaiki",
        command="correct --reissue",
        needs=("reason",),
        writes=(e.HandoverIssued, e.Amended, e.AddendumIssued),
        by_role=True,
        after_end=True,
    ),
    Verb(
        name="void",
        kind="act",
        outcome="duplikat",
        command="correct --duplicate-of",
        needs=("reason",),
        writes=(e.DuplicateOf, e.LetterScan),
        by_role=True,
        closes=True,
        undoable=True,
    ),
    Verb(
        name="forged",
        kind="act",
        outcome=FORGED,
        command="correct --forged",
        needs=("reason",),
        writes=(e.LetterForged, e.LetterScan),
        by_role=True,
        after_end=True,
    ),
    Verb(
        name="write-off",
        kind="act",
        outcome="keluar tanpa pengembalian",
        needs=("how", "reason"),
        writes=(e.WrittenOff, e.OnDay),
        by_role=True,
        closes=True,
        undoable=True,
    ),
    Verb(name="remind", kind="act", outcome="diingatkan", unattended=True, writes=(e.Reminded,)),
    Verb(
        name="host-key",
        kind="act",
        outcome="kunci host",
        needs=("fingerprint",),
        writes=(e.HostKeyPinned, e.HostKeyPending),
    ),
    Verb(
        name="say-access",
        kind="act",
        outcome="kata pemohon",
        command="verify",
        needs=("person",),
        writes=(e.AccessWord,),
        requesters=True,
    ),
    Verb(name="bmc", kind="act", outcome="BMC", needs=("fingerprint", "user"), writes=(e.BmcTrusted,)),
    Verb(name="login", kind="act", outcome="rahasia disimpan", needs=("file",), writes=(e.SecretSet,)),
    Verb(
        name="rotate",
        kind="act",
        outcome="kunci kantor diganti",
        command="key rotate",
        writes=(e.OfficeKey, e.Left),
    ),
    Verb(
        name="repair",
        kind="act",
        outcome="konfigurasi diperbaiki",
        command="configure --repair",
        writes=(e.Configured, e.Consented, e.Left, e.WayIn, *_RUN),
    ),
    Verb(
        name="consent",
        kind="act",
        outcome="lembar persetujuan",
        command="document make consent",
        writes=(e.ConsentSheet,),
    ),
    Verb(name="switch", kind="act", outcome="port switch", command="switch apply", writes=_PORT),
    Verb(name="sudo", kind="act", outcome="hak sudo diubah", command="configure --sudo", writes=(e.Left, *_RUN)),
    Verb(name="task", kind="act", outcome="pekerjaan", needs=("what", "asked_by", "minutes"), writes=(e.TaskDone,)),
    Verb(
        name="sanitise",
        kind="act",
        outcome="disk disanitasi",
        needs=("disk", "method", "tool", "result", "done_by"),
        writes=(e.Sanitised,),
    ),
    Verb(
        name="sign",
        kind="act",
        outcome="ditandatangani",
        command="document file-signed",
        writes=(e.Signed,),
        after_end=True,
    ),
    Verb(
        name="ask-signature",
        kind="act",
        outcome="permintaan tanda tangan",
        command="document sign",
        writes=(e.AskedToSign, e.NotSigned),
        after_end=True,
    ),
    Verb(
        name="certify",
        kind="act",
        outcome="sertifikat sanitasi",
        command="document make sanitisation",
        writes=(e.SanitisationCertificate,),
        after_end=True,
    ),
)
"""Every verb. The rows of one verb stand where the paper's tasks do."""

ANY_VERBS = frozenset({e.Decider, e.OnBehalfOf, e.LateBecause, e.Despite})
"""What the events of every verb may establish."""

_BY_NAME = {(verb.name, verb.task): verb for verb in VERBS}
_ACTS = {verb.outcome: verb for verb in VERBS if verb.kind == "act"}

NEUTRAL = WORK | _ACTS.keys()
"""Outcomes that leave a deposit at the step where it stands."""


def find(name: str, task: str = "") -> Verb | None:
    """The row of a verb and task, or None where there is none."""
    return _BY_NAME.get((name, task))


def row(name: str, task: str = "") -> Verb:
    """The row of a verb and task that are known to be in the table. Raises KeyError."""
    return _BY_NAME[name, task]


def act_of(outcome: str) -> Verb | None:
    """The act whose events carry this outcome, or None."""
    return _ACTS.get(outcome)


def names(kind: Kind) -> tuple[str, ...]:
    """The verbs of a kind, in the table's order."""
    return tuple(dict.fromkeys(verb.name for verb in VERBS if verb.kind == kind))


def tasks(name: str) -> tuple[str, ...]:
    """The tasks of a verb; only the empty one for a verb that does one thing."""
    return tuple(verb.task for verb in VERBS if verb.name == name)


def may_write(verb: Verb, kind: type[Entry]) -> bool:
    """May an event of this verb establish this?"""
    return kind in verb.writes or kind in ANY_VERBS
