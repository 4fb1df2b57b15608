"""konfigurasi 6: the month's facts are gathered from the server and its inventory form is filled."""

import threading
from pathlib import Path

import msgspec

from sopctl.adapters.ansible.facts import FACTS_PLAYBOOK
from sopctl.adapters.ansible.runner import Outcome, RunResult
from sopctl.adapters.documents import forms, render, sections_of
from sopctl.adapters.documents.wording import plain_date
from sopctl.model import history
from sopctl.model.changes import against_handover, differences
from sopctl.model.facts import ServerFacts
from sopctl.model.facts_script import completed, from_script
from sopctl.model.facts_setup import from_setup
from sopctl.store import dossiers, register
from sopctl.store import facts as kept_facts
from sopctl.workflow.desk import Desk, StepDone, Turn, turn
from sopctl.workflow.papers import letterhead, office_party, stamp
from sopctl.workflow.playbooks import OnEvent, explain, run_for, silent


def collect(
    desk: Desk,
    deposit_id: str,
    *,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> StepDone:
    """Gather the facts of a server, keep them as this month's document, and make its inventory form (PDF).

    A second gathering in a month is a new revision; what was kept before is never touched. A host that fails is an
    answer (no): nothing is kept and the step stays due.
    """
    with turn(desk, deposit_id, "inventory") as mine:
        result = run_for(mine, FACTS_PLAYBOOK, on_event=on_event, cancel=cancel)
        facts = facts_of(result, deposit_id, desk.now().isoformat()) if result.outcome is Outcome.OK else None
        if facts is None:
            return mine.record(history.FAILED, note=explain(mine, result)[:1000], answer=False)
        return keep(mine, facts)


def keep(mine: Turn, facts: ServerFacts) -> StepDone:
    """Keep what was gathered as this month's facts, make the form, and end the turn."""
    month = f"{mine.desk.now():%Y-%m}"
    before = _newest_before(mine.dossier.folder, month)
    revision = _next_revision(mine, month)
    content = msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n"
    kept = dossiers.keep_document(mine.dossier, kept_facts.name_of(month, revision), content, "facts")
    form = _form(mine, facts, month, before)
    paper = mine.keep(f"inventaris-{month}.pdf", render(form))
    number = form.stamp.document_number
    return mine.record(
        "selesai",
        note=f"formulir {number}, bulan {month}",
        data={"month": month, "facts": kept, "document": {**paper, "number": number}},
    )


def facts_of(result: RunResult, host: str, gathered_at: str) -> ServerFacts | None:
    """What `host` said of itself in a run of facts.yml: by `setup`, by details.sh, or both; None when by neither."""
    found = result.hosts.get(host)
    if found is None or (found.facts is None and not found.details):
        return None
    details = from_script(found.details, gathered_at=gathered_at)
    if found.facts is None:
        return details
    facts = from_setup(found.facts, gathered_at=gathered_at)
    return completed(facts, details) if found.details else facts


def due(desk: Desk) -> list[str]:
    """The deposits whose inventory is due now: never taken, or last taken in an earlier month."""
    today = desk.now().date()
    return [
        each.id
        for each in register.summaries(desk.site)
        if each.verb == "inventory" and not each.held and (each.month_due is None or each.month_due <= today)
    ]


def _newest_before(folder: Path, month: str) -> ServerFacts | None:
    """The facts of the newest month before `month`."""
    earlier = [(each, revision) for each, revision in kept_facts.months(folder).items() if each < month]
    return kept_facts.read(folder, *earlier[-1]) if earlier else None


def _next_revision(mine: Turn, month: str) -> int:
    return 1 + sum(1 for event in mine.dossier.events if "facts" in event.data and event.data.get("month") == month)


def _form(mine: Turn, facts: ServerFacts, month: str, before: ServerFacts | None) -> forms.InventoryForm:
    deposit, site = mine.deposit, mine.desk.site
    server, person = deposit.server, site.settings.people[mine.by]
    received = mine.dossier.last("handover")
    declared = {
        "code": deposit.id,
        "name": server.name,
        "owner": deposit.unit,
        "contact": deposit.contacts.technical.name,
        "brand_model": server.brand_model,
        "serial": mine.known("serial") or server.serial,
        "received": plain_date(received.at.date()) if received else "",
        "valid_until": plain_date(deposit.valid_until) if deposit.valid_until else "",
        "condition": mine.known("condition") or "",
        "status": "dititipkan",
        "processor": server.processor,
        "cores": str(server.cores or ""),
        "memory": f"{server.memory_gib} GiB" if server.memory_gib else "",
        "psu": f"{server.power_watts} W",
        "os": server.operating_system,
        "application": server.application,
        "last_check": _last_check(mine),
        "officer": person.name,
        "checked": plain_date(mine.desk.now().date()),
    }
    spot = mine.dossier.summary.place
    rack = next((each for each in site.racks if spot and each.name == spot.rack), None)
    place = {"room": rack.room if rack else "", "rack": spot.rack if spot else "", "power": f"{server.power_watts} W"}
    if spot:
        place["units"] = f"U{spot.unit}–U{spot.top}"
    return forms.InventoryForm(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        month=month,
        server_name=server.name,
        sections=sections_of(facts, {k: v for k, v in declared.items() if v}, {k: v for k, v in place.items() if v}),
        changes=_changes(mine, before, facts),
        officer=office_party(site, mine.by),
    )


def _changes(mine: Turn, before: ServerFacts | None, facts: ServerFacts) -> tuple[str, ...] | None:
    """What the form says: alarms first. None for the first form, unless it is another server than was handed over."""
    found = against_handover(mine.known("serial"), facts)
    if before is None and not found:
        return None
    return tuple(str(change) for change in (*found, *(differences(before, facts) if before else ())))


def _last_check(mine: Turn) -> str:
    tries = [e for e in mine.dossier.events if "verdict" in e.data]
    if not tries:
        return ""
    word = "bisa diakses" if tries[-1].data["verdict"] == "accessible" else "tidak bisa diakses"
    return f"{plain_date(tries[-1].at.date())}: {word}"
