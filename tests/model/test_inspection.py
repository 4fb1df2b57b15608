"""The physical inspection by itself. What becomes of it is in tests/cases/inspection.yml."""

from typing import Any

import msgspec
import pytest

from sopctl.model import inspection
from sopctl.model.deposit import Server
from sopctl.model.inspection import Answer, Checked, Inspection, Measured

QUESTIONS = len(inspection.CHECKLIST)
DECLARED = Server("web1", "Contoh R200", 2, depth_mm=700, power_watts=400, disks=("SSD", "SSD"))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Measured(), []),
        (Measured(2, 700, 2, 400, 2, 4), []),
        (
            Measured(3, 750, 1, 500, 4, 2),
            [
                "tinggi 3U, menurut surat 2U",
                "kedalaman 750 mm, menurut surat 700 mm",
                "daya 500 W, menurut surat 400 W",
                "disk 4, menurut surat 2",
            ],
        ),
        (Measured(disks=0), ["disk 0, menurut surat 2"]),
    ],
)
def test_where_measures_differ_from_the_letter(found: Measured, told: list[str]) -> None:
    assert inspection.differences(found, DECLARED) == told


def test_what_the_letter_does_not_say_is_not_compared() -> None:
    silent = msgspec.structs.replace(DECLARED, depth_mm=None, power_watts=None, disks=())
    assert inspection.differences(Measured(2, 750, 1, 500, 4, 2), silent) == []


@pytest.mark.parametrize(("differs", "said"), [(None, ""), (False, "ok"), (True, "tidak")])
@pytest.mark.parametrize(("photos", "shown"), [(0, "tidak berlaku"), (1, "ok")])
def test_what_the_papers_answer_by_themselves(differs: bool | None, said: str, photos: int, shown: str) -> None:
    found = inspection.checked(Inspection(), serial_differs=differs, photos=photos)
    assert [each.item for each in found] == list(inspection.CHECKLIST)
    assert [each.result for each in found] == [said, *[""] * (QUESTIONS - 2), shown]
    assert inspection.open_questions(found) == QUESTIONS - 1 - (differs is not None)


def test_an_answer_of_a_persons_is_theirs() -> None:
    answers = {
        1: Answer("ok"),
        3: Answer("tidak", "rel kurang"),
        4: Answer("", "belum"),
        6: Answer("tidak"),
        11: Answer("tidak"),
    }
    found = inspection.checked(Inspection(answers, rest_ok=True), serial_differs=True, photos=3)
    rest = {no: Checked(item, "ok") for no, item in enumerate(inspection.CHECKLIST, 1)}
    own = {no: Checked(rest[no].item, answer.result, answer.note) for no, answer in answers.items() if answer.result}
    assert found == list({**rest, **own}.values())
    assert inspection.open_questions(found) == 0
    assert inspection.faults(found) == [
        "Rel dan kabel lengkap (rel kurang)",
        "Tidak ada kerusakan yang terlihat",
        "Foto terlampir",
    ]


@pytest.mark.parametrize(
    ("said", "seen"),
    [({}, ""), ({"rest_ok": True}, "baik"), ({"condition": "rusak ringan", "rest_ok": True}, "rusak ringan")],
)
def test_in_what_condition_it_is(said: dict[str, Any], seen: str) -> None:
    assert Inspection(**said).seen_condition == seen
