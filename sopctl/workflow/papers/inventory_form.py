"""The inventory form of a server (Formulir Data Inventaris Server): facts, letter and record."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from sopctl.adapters.documents.forms import InventoryForm, Table
from sopctl.adapters.documents.inventory import sections_of
from sopctl.adapters.documents.wording import plain_date
from sopctl.errors import InvalidRecord
from sopctl.model.availability import Availability, State
from sopctl.model.facts.changes import Change, against_handover, differences
from sopctl.model.facts.conditions import Condition, Severity, conditions
from sopctl.model.facts.declared import Comparison, compare
from sopctl.model.facts.server import ServerFacts
from sopctl.model.inspection import NOT_LOOKED_AT
from sopctl.model.quantity import decimal, duration
from sopctl.model.sop.entries import AccessTried, ConditionInspected
from sopctl.workflow.desk import Turn
from sopctl.workflow.messages import words
from sopctl.workflow.papers.corrected import corrected_table
from sopctl.workflow.papers.elements import letterhead, office_party, stamp
from sopctl.workflow.ports import deposit_port

Changes = tuple[Change, ...]

Watched = tuple[State, Availability | None]
"""A server's state by the automated checks, and how available it was in the month."""


def inventory_form(
    mine: Turn, facts: ServerFacts, month: str, changes: Changes | None, watched: Watched | None = None
) -> InventoryForm:
    """The form of a month. `changes` are those since the form before, None where there is nothing to compare with;
    `watched` is given where the server is checked automatically."""
    deposit, site = mine.deposit, mine.desk.site
    server, officer = deposit.server, office_party(site, mine.by)
    summary, inspected = mine.dossier.summary, mine.newest(ConditionInspected)
    declared = {
        "code": deposit.id,
        "name": server.name,
        "owner": deposit.unit,
        "contact": deposit.contacts.technical.name,
        "kind": f"perangkat jaringan ({deposit.platform})" if deposit.platform else "",
        "brand_model": server.brand_model,
        "serial": summary.serial,
        "received": plain_date(summary.handed_over_on) if summary.handed_over_on else "",
        "valid_until": plain_date(summary.valid_until) if summary.valid_until else "",
        "condition": (inspected.condition or NOT_LOOKED_AT) if inspected else "",
        "status": "dititipkan",
        "processor": server.processor,
        "cores": str(server.cores or ""),
        "memory": f"{server.memory_gib} GiB" if server.memory_gib else "",
        "psu": f"{server.power_watts} W",
        "os": server.operating_system,
        "bmc": deposit.bmc.address if deposit.bmc else "",
        "application": server.application,
        "description": server.description,
        "last_check": _last_check(mine, watched),
        "availability": _availability(watched),
        "officer": officer.name,
        "checked": plain_date(mine.desk.now().date()),
    }
    spot = summary.place
    rack = next((each for each in site.racks if spot and each.name == spot.rack), None)
    place = {"room": rack.room if rack else "", "rack": spot.rack if spot else "", "power": f"{server.power_watts} W"}
    if spot:
        place["units"] = f"U{spot.unit}–U{spot.top}" if spot.top > spot.unit else f"U{spot.unit}"
    if spot and rack and rack.switch and spot.port:
        place["switch_port"] = f"{rack.switch.name} port {spot.port}"
    with suppress(InvalidRecord):  # a VLAN that no deposit may have there: `switch audit` reports it
        place["vlan"] = deposit_port.vlans(site, mine.dossier)
    return InventoryForm(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        month=month,
        server_name=server.name,
        sections=(
            *_conditions(conditions(facts)),
            *sections_of(facts, {k: v for k, v in declared.items() if v}, {k: v for k, v in place.items() if v}),
            _compared(compare(server, declared["serial"], facts)),
            *corrected_table(mine.dossier),
        ),
        changes=None if changes is None else tuple(map(str, changes)),
        officer=officer,
    )


def changes_of(mine: Turn, before: ServerFacts | None, facts: ServerFacts) -> Changes | None:
    """What changed since `before`, alarms first. None for the first form, unless it shows a server other than the one
    that was handed over."""
    inspected = mine.newest(ConditionInspected)
    found = against_handover(mine.dossier.summary.serial if inspected else None, facts)
    if before is None and not found:
        return None
    return (*found, *(differences(before, facts) if before else ()))


def _conditions(found: Sequence[Condition]) -> tuple[Table, ...]:
    """What is not as it should be, first of all; nothing where there is nothing of the kind. A part has one row, with
    the worst first."""
    parts: dict[str, list[Condition]] = {}
    for each in found:
        parts.setdefault(each.subject, []).append(each)
    rows = tuple(
        (subject, "; ".join(each.what for each in its), words.SEVERITIES[its[0].severity])
        for subject, its in parts.items()
    )
    critical = tuple(at for at, its in enumerate(parts.values()) if its[0].severity is Severity.CRITICAL)
    columns = ("Bagian", "Keadaan", "Tingkat")
    return (Table("Keadaan yang perlu ditangani", columns, rows, "gathered", marked=critical),) if rows else ()


def _compared(lines: tuple[Comparison, ...]) -> Table:
    """What the letter and the inspection declared, beside what the machine reports."""
    words = {True: "sesuai", False: "berbeda", None: "tidak dapat dibandingkan"}
    rows = tuple(
        (line.subject, line.declared, line.found or "–", words[line.agrees] if line.found else "tidak terbaca")
        for line in lines
    )
    return Table("Dinyatakan dan ditemukan", ("Hal", "Dinyatakan", "Ditemukan", "Hasil"), rows, "declared")


def _last_check(mine: Turn, watched: Watched | None) -> str:
    """The newest access try or automated check, whichever came last."""
    tried = next(mine.dossier.established(AccessTried), None)
    day, good = (tried[0].at, tried[1].accessible) if tried else (None, False)
    if watched:
        checked = datetime.fromtimestamp(watched[0].checked, ZoneInfo(mine.desk.site.settings.time_zone))
        if day is None or checked > day:
            day, good = checked, watched[0].recent.endswith("+")
    return f"{plain_date(day.date())}: {'bisa diakses' if good else 'tidak bisa diakses'}" if day else ""


def _availability(watched: Watched | None) -> str:
    """`99,87% dari 12 hari 3 jam yang diamati`: of the time in which it was watched."""
    found = watched[1] if watched else None
    if found is None or found.percent is None:
        return ""
    apart = f", di luar {duration(found.maintenance)} pemeliharaan" if found.maintenance else ""
    return f"{decimal(found.percent, 2)}% dari {duration(found.observed)} yang diamati{apart}"
