"""The inspections as forms: at the machine, with a phone in hand (penitipan 8, pengembalian 4 and 7)."""

import msgspec

from sopctl.errors import UsageError
from sopctl.model.inspection import CHECKLIST, CONDITIONS, PHOTO, RESULTS, SERIAL, Inspection
from sopctl.model.sop.entries import ConditionInspected
from sopctl.page.fields import Field, Form, Given
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Desk, StepDone
from sopctl.workflow.steps import inspecting

ASKED = tuple(no for no in range(1, len(CHECKLIST) + 1) if no not in (SERIAL, PHOTO))
"""The questions that people answer; the serial number and the photographs answer theirs."""

ACCESSORIES = ("Kelengkapan saat serah terima", "ada", "tidak ada")
"""What stands above the questions for the accessories, and their answers."""

_SERIAL = Field("serial", "Nomor seri", hint="dibaca dari mesinnya, bukan dari surat")
_PHOTOS = Field(
    "photos",
    "Foto",
    "photos",
    required=False,
    section="Foto",
    hint="JPEG atau PNG, paling banyak 10, bersama-sama 64 MiB; tempat, waktu dan nama telepon di dalamnya dibuang",
)
_NOTE = Field("note", "Catatan", "area", required=False)
_QUESTIONS = tuple(
    Field(
        f"q{no}",
        CHECKLIST[no - 1],
        "answer",
        required=False,
        official=True,
        section="Pemeriksaan" if no == ASKED[0] else "",
        choices=tuple((each, each) for each in RESULTS),
        hint="yang tidak dijawab tercatat sebagai belum diperiksa" if no == ASKED[0] else "",
    )
    for no in ASKED
)
_CONDITION = Field(
    "condition", "Kondisi", "choice", required=False, choices=tuple((each, each) for each in CONDITIONS), official=True
)
_MEASURED = (
    Field("height_units", "Tinggi (U)", "number", required=False, section="Diukur dan dihitung", most=60),
    Field("depth_mm", "Kedalaman (mm)", "number", required=False, most=2000),
    Field("power_supplies", "Catu daya", "number", required=False, most=16),
    Field("power_watts", "Daya (W)", "number", required=False, most=20000),
    Field("disks", "Disk", "number", required=False, most=1000),
    Field("network_ports", "Port jaringan", "number", required=False, most=128),
)


def _found(given: Given, *, measured: bool) -> Inspection:
    """What the form says. Raises UsageError for a measure or a remark that cannot be meant."""
    answers = {no: {"result": given.text(f"q{no}"), "note": given.remark(f"q{no}")} for no in ASKED}
    for no, each in answers.items():
        if each["note"] and not each["result"]:
            question = CHECKLIST[no - 1]
            raise UsageError(
                "remark-alone",
                "{question!r} has a remark and no answer",
                remedy="Answer it as well, or take the remark away.",
                question=question,
            )
    said = {
        "answers": {no: each for no, each in answers.items() if each["result"]},
        "condition": given.text("condition"),
        "measured": {each.name: given.count(each.name) for each in _MEASURED} if measured else {},
        "accessories": given.lines("accessories") if measured else [],
    }
    try:
        return msgspec.convert(said, Inspection)
    except msgspec.ValidationError as error:
        raise UsageError(
            "inspection-invalid",
            "that cannot be recorded: {reason}",
            remedy="Nothing was recorded. Correct it, and send the form again.",
            reason=str(error),
        ) from None


def _condition(desk: Desk, deposit_id: str, given: Given) -> StepDone:
    return inspecting.inspect(
        desk,
        deposit_id,
        serial=given.text("serial"),
        found=_found(given, measured=True),
        photos=given.photos("photos"),
        note=given.text("note"),
    )


def _serial(desk: Desk, deposit_id: str, given: Given) -> StepDone:
    return inspecting.inspect(
        desk,
        deposit_id,
        serial=given.text("serial"),
        taken_by=given.text("taken_by"),
        authority=given.file("authority"),
        note=given.text("note"),
    )


def _completeness(desk: Desk, deposit_id: str, given: Given) -> StepDone:
    said = {name: given.text(field) for field, name in given.official("accessory-")}
    return inspecting.inspect(
        desk,
        deposit_id,
        found=_found(given, measured=False),
        photos=given.photos("photos"),
        missing=[name for name, there in said.items() if there == "no"],
        returned=[name for name, there in said.items() if there == "yes"],
        note=given.text("note"),
    )


def _accessories(dossier: Dossier) -> tuple[Field, ...]:
    """A question for each accessory that came with the server."""
    taken_in = dossier.newest(ConditionInspected)
    return tuple(
        Field(
            f"accessory-{number}",
            name,
            "choice",
            required=False,
            official=True,
            section=ACCESSORIES[0] if number == 0 else "",
            choices=(("yes", ACCESSORIES[1]), ("no", ACCESSORIES[2])),
        )
        for number, name in enumerate(taken_in.accessories if taken_in else ())
    )


FORMS = (
    Form(
        "pemeriksaan",
        "inspect",
        "Pemeriksaan server",
        "Periksa server",
        (
            _SERIAL,
            *_QUESTIONS,
            _CONDITION,
            *_MEASURED,
            Field(
                "accessories", "Kelengkapan", "area", required=False, section="Kelengkapan", hint="satu per baris: rel"
            ),
            _NOTE,
            _PHOTOS,
        ),
        _condition,
        task="condition",
    ),
    Form(
        "pencocokan",
        "inspect",
        "Pencocokan dengan serah terima",
        "Cocokkan",
        (
            _SERIAL,
            Field("taken_by", "Yang mengambil", required=False, hint="kosong: narahubung administratif"),
            _NOTE,
            Field("authority", "Surat kuasa", "file", required=False, hint="PDF, PNG atau JPEG"),
        ),
        _serial,
        task="serial",
    ),
    Form(
        "kelengkapan",
        "inspect",
        "Pemeriksaan kelengkapan",
        "Periksa kelengkapan",
        (*_QUESTIONS, _CONDITION, _NOTE, _PHOTOS),
        _completeness,
        task="completeness",
        more=_accessories,
    ),
)
"""Of the three inspections, by their tasks."""
