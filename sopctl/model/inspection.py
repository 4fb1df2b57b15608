"""The physical inspection (pemeriksaan): its checklist, the answers, and what differs from the letter."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from sopctl.model.deposit import Line, Millimetres, OptionalLine, RackUnits, Server, Watts

CHECKLIST = (
    "Nomor seri sesuai surat",
    "Tinggi dan kedalaman sesuai tempat",
    "Rel dan kabel lengkap",
    "Catu daya berfungsi",
    "Server dapat dinyalakan",
    "Tidak ada kerusakan yang terlihat",
    "Disk sesuai surat",
    "Port jaringan sesuai surat",
    "Label aset terpasang",
    "BMC dapat dijangkau atau direset",
    "Foto terlampir",
)
"""The questions, counted from 1."""

SERIAL, PHOTO = 1, 11
"""The questions that the papers answer by themselves."""
ACCESSORIES = CHECKLIST[2]

Result = Literal["ok", "tidak", "tidak berlaku"]
RESULTS: tuple[Result, ...] = get_args(Result)
Condition = Literal["baik", "rusak ringan", "rusak berat"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)


NOT_LOOKED_AT = "belum diperiksa"
"""How papers and notes say that nobody has looked."""


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to one question, empty while there is none, and a remark."""

    result: Result | Literal[""]
    note: OptionalLine = ""


class Measured(Struct, frozen=True, forbid_unknown_fields=True):
    """What was counted and measured on the machine; null if nobody did."""

    height_units: RackUnits | None = None
    depth_mm: Millimetres | None = None
    power_supplies: Annotated[int, Meta(ge=0, le=16)] | None = None
    power_watts: Watts | None = None
    disks: Annotated[int, Meta(ge=0, le=1000)] | None = None
    network_ports: Annotated[int, Meta(ge=0, le=128)] | None = None


class Inspection(Struct, frozen=True, forbid_unknown_fields=True):
    """What an inspection found: answers by the question's number, measures, accessories that came with the server, its
    condition. `rest_ok`: what has no answer was looked at and is ok. Otherwise it stays open, on the form too, where
    people tick it by hand."""

    answers: dict[Annotated[int, Meta(ge=1, le=len(CHECKLIST))], Answer] = {}
    measured: Measured = Measured()
    accessories: tuple[Line, ...] = ()
    condition: Condition | Literal[""] = ""
    rest_ok: bool = False

    @property
    def seen_condition(self) -> Condition | Literal[""]:
        """The condition, empty where nobody looked."""
        return self.condition or ("baik" if self.rest_ok else "")


NOTHING_FOUND = Inspection()
"""Nothing answered, nothing measured."""


class Checked(Struct, frozen=True):
    """One question and its answer, as kept and printed; `result` is empty while there is none."""

    item: str
    result: Result | Literal[""]
    note: str = ""


def differences(found: Measured, declared: Server) -> list[str]:
    """Where the measures differ from the letter."""
    pairs = (
        ("tinggi", found.height_units, declared.height_units, "U"),
        ("kedalaman", found.depth_mm, declared.depth_mm, " mm"),
        ("daya", found.power_watts, declared.power_watts, " W"),
        ("disk", found.disks, len(declared.disks) or None, ""),
    )
    return [
        f"{what} {seen}{unit}, menurut surat {said}{unit}"
        for what, seen, said, unit in pairs
        if seen is not None and said is not None and seen != said
    ]


def checked(inspection: Inspection, *, serial_differs: bool | None, photos: int) -> list[Checked]:
    """Every question with its answer, if it has one. The serial number, if someone read it (None: nobody did), and the
    photos answer theirs."""
    serial = {} if serial_differs is None else {SERIAL: Answer("tidak" if serial_differs else "ok")}
    own: Mapping[int, Answer] = {
        **serial,
        PHOTO: Answer("ok" if photos else "tidak berlaku"),
        **{no: answer for no, answer in inspection.answers.items() if answer.result},
    }
    return [
        Checked(item, own[no].result, own[no].note) if no in own else Checked(item, "ok" if inspection.rest_ok else "")
        for no, item in enumerate(CHECKLIST, start=1)
    ]


def open_questions(questions: Sequence[Checked]) -> int:
    """How many questions nobody has answered."""
    return sum(not each.result for each in questions)


def faults(questions: Sequence[Checked]) -> list[str]:
    """The questions that were answered with no, with their remarks."""
    return [each.item + (f" ({each.note})" if each.note else "") for each in questions if each.result == "tidak"]
