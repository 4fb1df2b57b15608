"""Receiving a server, and handing it over by form; on its return the parties are reversed."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date

import msgspec
from msgspec.structs import replace

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import Language, say
from sopctl.adapters.documents.wording import plain_date
from sopctl.errors import UsageError
from sopctl.locale import Text
from sopctl.model.inspection import ACCESSORIES, NOT_LOOKED_AT, Checked
from sopctl.model.sop.entries import (
    AgreedOnScreen,
    Agreement,
    CompletenessInspected,
    ConditionInspected,
    HandoverIssued,
    OnDay,
    Paper,
    from_data,
)
from sopctl.model.sop.history import Event
from sopctl.model.sop.procedure import Procedure
from sopctl.model.unit import identity
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, StepDone, Turn, closed, refuse_moved, turn
from sopctl.workflow.papers.corrected import corrected_lines
from sopctl.workflow.papers.elements import (
    UNKNOWN,
    accessories_back,
    head_party,
    letterhead,
    office_party,
    owner_party,
    stamp,
)
from sopctl.workflow.papers.printing import printed
from sopctl.workflow.steps import required, reservation
from sopctl.workflow.views import disks

MAX_NAME = 200
"""Characters of a name."""

TAKEN_IN = ("receive", "inspect", "handover", "place")
"""What one person does at the door in one go, penitipan 7 to 10: the verbs, in order."""

Inspection = Callable[[Desk, str], StepDone]
"""Does the inspection that is due (penitipan 8)."""


def receive(desk: Desk, deposit_id: str, *, note: str = "", on: date | None = None) -> StepDone:
    """penitipan 7: the requesting unit has brought the server, today or `on` a day that is recorded late."""
    refuse_moved(desk, deposit_id)
    reservation.expire(desk)
    with turn(desk, deposit_id, "receive") as mine:
        happened = required.happened(mine, "received", on)
        return mine.record("selesai", *happened, note=f"{note or 'server diserahkan ke dinas'}{required.dated(on)}")


def handover(
    desk: Desk,
    deposit_id: str,
    *more: str,
    place: str = "",
    language: Language = "id",
    on: date | None = None,
    agreed: Sequence[forms.Agreed] = (),
) -> StepDone:
    """penitipan 9, pengembalian 8: make the hand-over form (PDF), to be signed by both parties. `on`: the day of the
    hand-over, where it is recorded late. `agreed`: who agreed to it on a screen; an empty name is that of the form.

    Several servers of one unit's letter may stand on one form. Each dossier keeps the form, and what it says as data,
    from which copies are made. Raises UsageError when they are not of one letter.
    """
    with ExitStack() as stack:
        turns = [stack.enter_context(turn(desk, each, "handover")) for each in dict.fromkeys((deposit_id, *more))]
        _refuse_strangers(turns)
        first = turns[0]
        if first.procedure.begins.during:
            for mine in turns:
                disks.refuse_unsanitised(mine.dossier)
        happened = [required.happened(mine, "handed_over", on) for mine in turns]
        form = handover_form(
            desk.site,
            [mine.dossier for mine in turns],
            first.procedure,
            by=first.by,
            stamp=stamp(first),
            place=place,
            language=language,
            on=on,
        )
        form = replace(form, agreed=_named(form, agreed))
        content, data = printed(desk.site, form), msgspec.json.encode(form)
        number = form.stamp.document_number
        done = []
        for mine, days in zip(turns, happened, strict=True):
            kept = mine.keep("serah-terima.pdf", content)
            paper = Paper(kept.file, kept.sha256, number, mine.keep("serah-terima.json", data, shown=False))
            issued = HandoverIssued(document=paper)
            said = f"formulir {number}{required.dated(on)}{_told(form.agreed)}"
            done.append(mine.record("selesai", issued, *_agreement(mine, form.agreed), *days, note=said))
    return replace(done[0], also=tuple(done[1:]))


def proposed(desk: Desk, dossier: Dossier) -> forms.HandoverForm:
    """What the form of this deposit would say now; it has no number yet. Raises as `Desk.decider`."""
    standing = dossier.standing
    if standing.step is None:
        raise closed(dossier)
    what = Text("{verb} at {place}", verb="handover", place=standing.place)
    by = desk.decider((standing.step.actor,), what, dossier.deposit.unit)
    none = forms.Stamp(dossier.id, "", "", desk.now().date(), "")
    return handover_form(desk.site, [dossier], dossier.procedures[standing.procedure], by=by, stamp=none)


def _named(form: forms.HandoverForm, agreed: Sequence[forms.Agreed]) -> tuple[forms.Agreed, ...]:
    """Who agreed, by name. Raises UsageError where nobody is named, or a name is too long."""
    named = []
    for each in agreed:
        name = each.name.strip() or (form.first if each.box == "first" else form.second).name
        if not name or len(name) > MAX_NAME or "\n" in name:
            raise UsageError(
                "agreed-unnamed",
                "the form has no name of who agreed: say it in one line of at most {most} characters",
                remedy="Give the name as it stands under the signature.",
                most=MAX_NAME,
            )
        named.append(replace(each, name=name))
    return tuple(named)


def _agreement(mine: Turn, agreed: Sequence[forms.Agreed]) -> list[AgreedOnScreen]:
    """What the history keeps of it: the drawings as files."""
    found = tuple(
        Agreement(each.box, each.name, mine.keep(f"goresan-{each.box}.png", each.picture) if each.picture else None)
        for each in agreed
    )
    return [AgreedOnScreen(agreed_on_screen=found)] if found else []


def _told(agreed: Sequence[forms.Agreed]) -> str:
    how = (f"{each.name} ({'goresan' if each.picture else 'nama saja'})" for each in agreed)
    return f"; disetujui di layar, tanpa sertifikat: {', '.join(how)}" if agreed else ""


def take_in(
    desk: Desk,
    deposit_id: str,
    inspect: Inspection,
    *,
    note: str = "",
    place: str = "",
    on: date | None = None,
    on_step: Callable[[StepDone], None],
) -> bool:
    """Receive, inspect, hand over, place: from where the deposit stands. `place` is where the form is signed; `on` the
    day of it, where it is recorded late; `on_step` is told each step. False: something differs, and the rest is not
    done.

    Raises NotNow when none of it is due; otherwise as the steps, whose events before that stay.
    """
    steps: dict[tuple[str, str], Callable[[Desk], StepDone]] = {
        ("receive", ""): lambda desk: receive(desk.decided_by(None), deposit_id, note=note, on=on),
        ("inspect", "condition"): lambda desk: inspect(desk, deposit_id),
        ("handover", ""): lambda desk: handover(desk, deposit_id, place=place, on=on),
        ("place", ""): lambda desk: reservation.place(desk, deposit_id, on=on),
    }
    done: StepDone | None = None
    while True:
        each = dossiers.read(desk.site, deposit_id).summary
        procedure, step = each.procedure, steps.get((each.verb, each.task))
        if done is not None and (step is None or procedure != done.procedure):
            return True
        done = (step or steps["receive", ""])(desk)  # where none is due, this says what is
        on_step(done)
        if not done.answer:
            return False
        desk = desk.having_seen({})  # it moved by this very command


def handover_form(
    site: Site,
    dossiers: Sequence[Dossier],
    procedure: Procedure,
    *,
    by: str,
    stamp: forms.Stamp,
    place: str = "",
    language: Language = "id",
    on: date | None = None,
) -> forms.HandoverForm:
    """The hand-over form of these servers; for the return when `procedure` is one that interrupts others. What was
    corrected stands there with what it was before."""
    returning = bool(procedure.begins.during)
    first = dossiers[0].deposit
    owner = owner_party(first.contacts.administrative, first.unit)
    office = office_party(site, by)
    return forms.HandoverForm(
        letterhead=letterhead(site),
        stamp=stamp,
        returning=returning,
        place=place or site.settings.office.name,
        first=office if returning else owner,
        second=owner if returning else office,
        acknowledged=head_party(site),
        items=tuple(_item(each, returning, language) for each in dossiers),
        checklist=tuple(row for each in dossiers for row in _checklist(each, returning, several=len(dossiers) > 1)),
        came_with=_came_with(dossiers, language) if returning else "",
        remarks=tuple(line for each in dossiers for line in corrected_lines(each, language)),
        day=on,
        language=language,
    )


def _came_with(dossiers: Sequence[Dossier], language: Language) -> str:
    """Number and date of the form with which they came, each once; empty where one came without a form (adopted)."""
    forms_in = [
        next(
            (
                say("nomor {number} tanggal {day}", language, number=issued.document.number, day=_day(event, language))
                for event, issued in each.established(HandoverIssued)
                if not each.procedures[event.procedure].begins.during
            ),
            "",
        )
        for each in dossiers
    ]
    return ", ".join(dict.fromkeys(forms_in)) if all(forms_in) else ""


def _day(event: Event, language: Language) -> str:
    stated = from_data(OnDay, event)
    return plain_date(stated.on_day if stated else event.at.date(), language)


def _refuse_strangers(turns: Sequence[Turn]) -> None:
    first, units = turns[0], turns[0].desk.site.settings.units
    for other in turns[1:]:
        one, two = first.dossier.summary, other.dossier.summary
        same = identity(units, one.unit) == identity(units, two.unit)
        if not same or (one.letter, first.procedure) != (two.letter, other.procedure) or not one.letter:
            raise UsageError(
                "different-letters",
                "{deposit} is not in the same letter as {other}: {unit}, {letter}",
                remedy="One form holds the servers of one letter: hand the others over on forms of their own.",
                deposit=two.id,
                other=one.id,
                unit=two.unit,
                letter=two.letter or Text("no letter"),
            )


def _item(dossier: Dossier, returning: bool, language: Language) -> forms.HandoverItem:
    server = dossier.deposit.server
    thing = say("Perangkat jaringan", language) if dossier.deposit.kind == "appliance" else "Server"
    taken_in, back = dossier.newest(ConditionInspected), dossier.newest(CompletenessInspected)
    if returning:
        complete = accessories_back(dossier, language, whole="sesuai serah terima")
        condition = back.condition_back if back else ""
    else:
        complete = ", ".join(taken_in.accessories if taken_in else ()) or _none_named(taken_in)
        condition = taken_in.condition if taken_in else ""
    return forms.HandoverItem(
        description=f"{thing} {server.name}",
        brand_model=server.brand_model,
        serial=dossier.summary.serial or UNKNOWN,
        quantity=1,
        unit="unit",
        condition=condition or NOT_LOOKED_AT,
        completeness=complete,
        note=", ".join(
            (dossier.id, f"{server.height_units}U", *([f"{server.power_watts} W"] if server.power_watts else []))
        ),
    )


def _none_named(taken_in: ConditionInspected | None) -> str:
    """Where no accessory is named: none came with the server, if someone looked for them."""
    asked = [each.result for each in taken_in.checklist if each.item == ACCESSORIES] if taken_in else []
    return "tanpa kelengkapan" if asked and asked[0] else NOT_LOOKED_AT


def _checklist(dossier: Dossier, returning: bool, *, several: bool) -> list[forms.ChecklistRow]:
    kept: tuple[Checked, ...] = ()
    if returning and (back := dossier.newest(CompletenessInspected)):
        kept = back.checklist_back
    elif not returning and (taken_in := dossier.newest(ConditionInspected)):
        kept = taken_in.checklist
    server = f"{dossier.id} {dossier.deposit.server.name}" if several else ""
    rows = [
        forms.ChecklistRow(each.item, each.result, each.note or ("" if each.result else NOT_LOOKED_AT), server)
        for each in kept
    ]
    accepted = dossier.last("accept")
    if accepted and not returning:
        rows.append(forms.ChecklistRow("Diterima dengan catatan", "ok", f"{accepted.note} ({accepted.by})", server))
    return rows
