"""Hands: the server is received, inspected and handed over by form; on its return the same, parties reversed."""

from typing import Literal, get_args

from sopctl.adapters.documents import forms, render
from sopctl.errors import UsageError
from sopctl.model.deposit import Contact
from sopctl.workflow import space
from sopctl.workflow.desk import Desk, StepDone, Turn, turn
from sopctl.workflow.papers import letterhead, office_party, stamp

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
)
"""The physical inspection (pemeriksaan): one row per item, answered ok unless named in `faults`."""

Condition = Literal["baik", "rusak ringan", "rusak berat"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)


def receive(desk: Desk, deposit_id: str, *, note: str = "") -> StepDone:
    """penitipan 7: the requesting unit has brought the server."""
    space.expire(desk)
    with turn(desk, deposit_id, "receive") as mine:
        return mine.record("selesai", note=note or "server diserahkan ke dinas")


def inspect(
    desk: Desk,
    deposit_id: str,
    *,
    serial: str | None = None,
    faults: tuple[int, ...] = (),
    condition: Condition = "baik",
    note: str = "",
) -> StepDone:
    """penitipan 8, pengembalian 4 and 7: compare the machine with the papers.

    `serial` is read off the machine (required in 8 and 4); `faults` are the numbers of checklist rows that are not
    ok. What differs is written down; a wrong serial or a fault in 8 keeps the step due.
    """
    with turn(desk, deposit_id, "inspect") as mine:
        for number in faults:
            if not 1 <= number <= len(CHECKLIST):
                raise UsageError(f"the checklist has rows 1 to {len(CHECKLIST)}, not {number}")
        differences = [CHECKLIST[number - 1] for number in faults]
        passed, failed = _answers(mine)
        if mine.step.task != "completeness":
            differences += _serial_difference(mine, serial)
        data = {
            "serial": serial or mine.known("serial"),
            "condition": condition,
            "faults": [CHECKLIST[number - 1] for number in faults],
        }
        good = not differences
        text = "; ".join(["sesuai" if good else "berbeda: " + ", ".join(differences), *([note] if note else [])])
        return mine.record(passed if good else failed, note=text, data=data, answer=good)


def handover(desk: Desk, deposit_id: str, *, place: str = "") -> StepDone:
    """penitipan 9, pengembalian 8: make the hand-over form (PDF), to be signed by both parties."""
    with turn(desk, deposit_id, "handover") as mine:
        returning = bool(mine.procedure.begins.during)
        settings = desk.site.settings
        head_key = next(iter(settings.with_role("kadis")), None)
        owner = _owner_party(mine.deposit.contacts.administrative, mine.deposit.unit)
        office = office_party(desk.site, mine.by)
        head = office_party(desk.site, head_key) if head_key else office
        faults = mine.known("faults") or []
        server = mine.deposit.server
        form = forms.HandoverForm(
            letterhead=letterhead(desk.site),
            stamp=stamp(mine),
            returning=returning,
            place=place or settings.office.name,
            first=office if returning else owner,
            second=owner if returning else office,
            acknowledged=head,
            items=(
                forms.HandoverItem(
                    description="Server",
                    brand_model=server.brand_model,
                    serial=mine.known("serial") or server.serial,
                    quantity=1,
                    unit="unit",
                    condition=mine.known("condition") or "baik",
                    completeness="lengkap" if not faults else "lihat pemeriksaan",
                    note=f"{server.height_units}U, {server.power_watts} W",
                ),
            ),
            checklist=tuple(
                forms.ChecklistRow(item=item, result="tidak" if item in faults else "ok", note="") for item in CHECKLIST
            ),
        )
        kept = mine.keep("serah-terima.pdf", render(form))
        number = form.stamp.document_number
        return mine.record("selesai", note=f"formulir {number}", data={"document": {**kept, "number": number}})


def _answers(mine: Turn) -> tuple[str, str]:
    """The step's two outcomes: the good one stands first in the procedure."""
    good, bad = mine.outcomes
    return good, bad


def _serial_difference(mine: Turn, serial: str | None) -> list[str]:
    if not serial:
        raise UsageError("the serial number was not read", remedy="Read it off the machine: --serial …")
    on_paper = mine.known("serial") if mine.step.task == "serial" else mine.deposit.server.serial
    if serial == on_paper:
        return []
    return [f"nomor seri {serial}, menurut berkas {on_paper}"]


def _owner_party(contact: Contact, unit: str) -> forms.Party:
    return forms.Party(name=contact.name, nip=contact.nip, position=contact.position, office=unit)
