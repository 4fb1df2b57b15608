"""The inventory form of a server (Formulir Data Inventaris Server): facts, letter and record."""

from sopctl.adapters.documents import sections_of
from sopctl.adapters.documents.forms import InventoryForm
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.changes import Change, against_handover, differences
from sopctl.model.facts import ServerFacts
from sopctl.workflow.desk import Turn
from sopctl.workflow.papers import letterhead, office_party, stamp

Changes = tuple[Change, ...]


def inventory_form(mine: Turn, facts: ServerFacts, month: str, changes: Changes | None) -> InventoryForm:
    """The form of a month; `changes` since the one before, None where there is nothing to compare with."""
    deposit, site = mine.deposit, mine.desk.site
    server, person = deposit.server, site.settings.people[mine.by]
    received = mine.dossier.last("handover")
    declared = {
        "code": deposit.id,
        "name": server.name,
        "owner": deposit.unit,
        "contact": deposit.contacts.technical.name,
        "kind": f"perangkat jaringan ({deposit.platform})" if deposit.platform else "",
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
    return InventoryForm(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        month=month,
        server_name=server.name,
        sections=sections_of(facts, {k: v for k, v in declared.items() if v}, {k: v for k, v in place.items() if v}),
        changes=None if changes is None else tuple(map(str, changes)),
        officer=office_party(site, mine.by),
    )


def changes_of(mine: Turn, before: ServerFacts | None, facts: ServerFacts) -> Changes | None:
    """What changed since `before`, alarms first. None for the first form, unless it is another server than was handed
    over."""
    found = against_handover(mine.known("serial"), facts)
    if before is None and not found:
        return None
    return (*found, *(differences(before, facts) if before else ()))


def _last_check(mine: Turn) -> str:
    tries = [e for e in mine.dossier.events if "verdict" in e.data]
    if not tries:
        return ""
    word = "bisa diakses" if tries[-1].data["verdict"] == "accessible" else "tidak bisa diakses"
    return f"{plain_date(tries[-1].at.date())}: {word}"
