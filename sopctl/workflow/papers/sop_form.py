"""The SOP as a paper: a procedure, or the way that a deposit went through it, as a form."""

from collections.abc import Sequence
from datetime import date

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.wording import plain_date
from sopctl.model import masking
from sopctl.model.sop.procedure import Outcome, Procedure, Step
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.messages import words
from sopctl.workflow.papers.elements import head_party, letterhead, who_decided
from sopctl.workflow.views.procedures import Way

SHOWN_PASSES = 3
"""How many passes are shown beside a step: the last ones. The list below has all of them."""


def sop_form(site: Site, procedure: Procedure, today: date, way: Way | None = None) -> forms.SopForm:
    """The form of a procedure; with `way`, its dates, the steps that were passed, and where the deposit stands."""
    stamp = forms.Stamp(
        deposit_id=way.deposit if way else "",
        document_number=procedure.identity.number or f"SOP {procedure.name} versi {procedure.version}",
        revision=site.library.fingerprint[:12],
        issued=today,
        check_command=f"sopctl sop show {procedure.name}" + (f" --deposit {way.deposit}" if way else ""),
        names_record=False,
    )
    subtitle, notes = "", []
    if procedure.extension:
        notes.append("Prosedur ini adalah perluasan (di luar SOP).")
    if way:
        deposit = dossiers.read(site, way.deposit).deposit
        subtitle = f"Berkas {way.deposit}: {deposit.unit}, {deposit.server.name}; per {plain_date(today)}"
        if way.standing.procedure != procedure.name or way.standing.closed:
            notes.append(f"Berkas kini berada di: {way.standing.place}.")
    if any(step.interpreted for step in procedure.steps):
        notes.append("Pelaksana yang hilang pada pindaian SOP diisi menurut penafsiran dinas.")
    actors = tuple(procedure.actors)
    return forms.SopForm(
        letterhead=letterhead(site),
        stamp=stamp,
        title=procedure.title,
        subtitle=subtitle,
        identity=_identity(procedure),
        blocks=_blocks(procedure, site.settings.papers.legal_basis),
        actors=tuple(procedure.actors.values()),
        steps=tuple(_step(procedure, step, actors, site, way) for step in procedure.steps),
        arrows=tuple(
            forms.SopArrow(step.no, outcome.next, label if _decides(step) else "", dashed=bool(outcome.waits_for))
            for step in procedure.steps
            for label, outcome in _papers(step).items()
            if outcome.next is not None and (outcome.next != step.no or _decides(step))
        ),
        notes=tuple(notes),
        legend=way is not None,
        events=_events(way, site) if way else None,
        approver=_approver(site, procedure),
    )


def _identity(procedure: Procedure) -> tuple[forms.Field, ...]:
    known = procedure.identity
    values = (
        ("Nomor SOP", known.number),
        ("Tanggal pembuatan", plain_date(known.made) if known.made else ""),
        ("Tanggal revisi", plain_date(known.revised) if known.revised else ""),
        ("Tanggal efektif", plain_date(known.effective) if known.effective else ""),
        ("Nama SOP", f"{procedure.title} (versi {procedure.version})"),
    )
    return tuple(forms.Field(label, value, "declared") for label, value in values)


def _blocks(procedure: Procedure, own: tuple[str, ...]) -> tuple[forms.SopBlock, ...]:
    """The cover's blocks; the office's `own` regulations follow the national ones."""
    blocks = (
        ("Dasar hukum", (*procedure.legal_basis, *own)),
        ("Kualifikasi pelaksana", procedure.qualifications),
        ("Keterkaitan", procedure.related),
        ("Peralatan/perlengkapan", procedure.equipment),
        ("Peringatan", procedure.warnings),
        ("Pencatatan dan pendataan", procedure.records),
    )
    return tuple(forms.SopBlock(title, items) for title, items in blocks)


def _step(procedure: Procedure, step: Step, actors: Sequence[str], site: Site, way: Way | None) -> forms.SopStep:
    last = all(outcome.next in (None, step.no) for outcome in _papers(step).values())
    shape: forms.Shape = "process"
    if _decides(step):
        shape = "decision"
    elif step is procedure.first or last:
        shape = "terminal"
    aside = [
        f"{label} → {_leads(outcome)}"
        for label, outcome in step.outcomes.items()
        if outcome not in _papers(step).values()
    ]
    notes = [f"di luar SOP: {', '.join(aside)}"] if aside else []
    notes += [_waits(outcome) for outcome in _papers(step).values() if outcome.waits_for]
    state: forms.State = ""
    if way:
        visit = way.visits.get(step.no)
        if visit:
            passed = zip(visit.days, visit.outcomes, visit.by, strict=True)
            notes = [f"{len(visit.days)} kali ditempuh, terakhir:"] if len(visit.days) > SHOWN_PASSES else []
            notes += [
                f"{plain_date(day)}: {outcome} ({who_decided(site, procedure, by)})"
                for day, outcome, by in list(passed)[-SHOWN_PASSES:]
            ]
            state = "visited"
        if way.standing.procedure == procedure.name and way.standing.step == step:
            state = "current"
    return forms.SopStep(
        no=step.no,
        activity=step.activity,
        actor=actors.index(step.actor),
        also=tuple(map(actors.index, step.also)),
        shape=shape,
        requires="; ".join(step.requires),
        limit=f"{step.limit_days} hari",
        output=step.output,
        notes=tuple(notes),
        state=state,
    )


def _events(way: Way, site: Site) -> forms.Table:
    """Every event of the procedure. Personal data in notes is masked, since the paper is passed around."""
    rows = tuple(
        (
            plain_date(event.at.date()),
            f"{event.at:%H.%M}",
            str(event.step),
            words.outcome(event.outcome),
            who_decided(site, way.procedure, event.by),
            masking.inside(words.in_note(event.note)),
        )
        for event in way.events
    )
    return forms.Table("Riwayat", ("Tanggal", "Pukul", "Langkah", "Hasil", "Oleh", "Catatan"), rows, "declared")


def _approver(site: Site, procedure: Procedure) -> forms.Party:
    """The head of the office, unless the procedure's file says that somebody else approves it: then a line for the
    name."""
    title = procedure.identity.approved_by
    return forms.Party("", "", title, site.settings.office.name) if title else head_party(site)


def _papers(step: Step) -> dict[str, Outcome]:
    """The outcomes that the paper draws."""
    return {
        label: outcome
        for label, outcome in step.outcomes.items()
        if not (outcome.extension or outcome.closes or outcome.resumes)
    }


def _decides(step: Step) -> bool:
    """Does the flow branch here?"""
    return len({outcome.next for outcome in _papers(step).values()}) > 1


def _leads(outcome: Outcome) -> str:
    if outcome.closes:
        return "berkas ditutup"
    return "prosedur semula" if outcome.resumes else str(outcome.next or "selesai")


def _waits(outcome: Outcome) -> str:
    words = {
        "space": "menunggu tempat, lalu langkah",
        "month": "setiap bulan, langkah",
        "decision": "menunggu keputusan, lalu langkah",
    }
    return f"{words[outcome.waits_for]} {outcome.next}"
