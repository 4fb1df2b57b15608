"""Hands: the server is received and handed over by form; on its return the same, with the parties reversed."""

from collections.abc import Sequence
from contextlib import ExitStack

from msgspec.structs import replace

from sopctl.adapters.documents import forms, render
from sopctl.errors import UsageError
from sopctl.model.deposit import Contact
from sopctl.workflow import space
from sopctl.workflow.desk import Desk, StepDone, Turn, turn
from sopctl.workflow.papers import letterhead, office_party, stamp

UNKNOWN = "tidak diketahui"


def receive(desk: Desk, deposit_id: str, *, note: str = "") -> StepDone:
    """penitipan 7: the requesting unit has brought the server."""
    space.expire(desk)
    with turn(desk, deposit_id, "receive") as mine:
        return mine.record("selesai", note=note or "server diserahkan ke dinas")


def handover(desk: Desk, deposit_id: str, *more: str, place: str = "") -> StepDone:
    """penitipan 9, pengembalian 8: make the hand-over form (PDF), to be signed by both parties.

    Several servers of one letter of one unit may stand on one form: each dossier keeps it. Raises UsageError when they
    are not of one letter.
    """
    with ExitStack() as stack:
        turns = [stack.enter_context(turn(desk, each, "handover")) for each in dict.fromkeys((deposit_id, *more))]
        _refuse_strangers(turns)
        form = handover_form(turns, place)
        content = render(form)
        number = form.stamp.document_number
        done = []
        for mine in turns:
            kept = mine.keep("serah-terima.pdf", content)
            done.append(
                mine.record("selesai", note=f"formulir {number}", data={"document": {**kept, "number": number}})
            )
    return replace(done[0], also=tuple(done[1:]))


def handover_form(turns: Sequence[Turn], place: str = "") -> forms.HandoverForm:
    """The hand-over form of the servers whose turns these are."""
    first = turns[0]
    site = first.desk.site
    returning = bool(first.procedure.begins.during)
    head_key = next(iter(site.settings.with_role(site.settings.head)), None)
    owner = _owner_party(first.deposit.contacts.administrative, first.deposit.unit)
    office = office_party(site, first.by)
    return forms.HandoverForm(
        letterhead=letterhead(site),
        stamp=stamp(first),
        returning=returning,
        place=place or site.settings.office.name,
        first=office if returning else owner,
        second=owner if returning else office,
        acknowledged=office_party(site, head_key) if head_key else office,
        items=tuple(_item(mine, returning) for mine in turns),
        checklist=tuple(row for mine in turns for row in _checklist(mine, returning, several=len(turns) > 1)),
    )


def _refuse_strangers(turns: Sequence[Turn]) -> None:
    first = turns[0]
    for other in turns[1:]:
        one, two = first.dossier.summary, other.dossier.summary
        if (one.unit, one.letter, first.procedure) != (two.unit, two.letter, other.procedure) or not one.letter:
            raise UsageError(
                f"{two.id} is not of the same letter as {one.id}: {two.unit}, {two.letter or 'no letter'}",
                remedy="One form holds the servers of one letter.",
            )


def _item(mine: Turn, returning: bool) -> forms.HandoverItem:
    server = mine.deposit.server
    suffix = "_back" if returning else ""
    brought = mine.known(f"accessories{suffix}") or []
    if returning:
        gone = [each["item"] for each in brought if each["returned"] != "true"]
        complete = "kurang: " + ", ".join(gone) if gone else "lengkap"
    else:
        complete = ", ".join(map(str, brought)) or "tanpa kelengkapan"
    return forms.HandoverItem(
        description=f"Server {server.name}",
        brand_model=server.brand_model,
        serial=mine.known("serial") or server.serial or UNKNOWN,
        quantity=1,
        unit="unit",
        condition=mine.known(f"condition{suffix}") or "baik",
        completeness=complete,
        note=", ".join(
            (mine.dossier.id, f"{server.height_units}U", *([f"{server.power_watts} W"] if server.power_watts else []))
        ),
    )


def _checklist(mine: Turn, returning: bool, *, several: bool) -> list[forms.ChecklistRow]:
    kept = mine.known("checklist_back" if returning else "checklist") or []
    before = f"{mine.dossier.id}: " if several else ""
    rows = [forms.ChecklistRow(before + each["item"], each["result"], each.get("note", "")) for each in kept]
    accepted = mine.dossier.last("accept")
    if accepted and not returning:
        rows.append(forms.ChecklistRow(f"{before}Diterima dengan catatan ({accepted.by})", "ok", accepted.note))
    return rows


def _owner_party(contact: Contact, unit: str) -> forms.Party:
    return forms.Party(name=contact.name, nip=contact.nip, position=contact.position, office=unit)
