"""Results of access checks, the conditions of servers, and looks for drift, in the formats of other tools: Prometheus,
Nagios, JUnit.

Metrics have the prefix `sopctl_` and their unit in their name (docs/howto/monitoring.md lists them). A file of them
says when it was written and when each server was checked, so that alerts can tell old figures from good ones.
"""

import xml.etree.ElementTree as ET
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from sopctl.model.access.ladder import AccessResult, Rung, Verdict
from sopctl.model.text import printable

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from sopctl.model.facts.conditions import Condition

Row = tuple[str, AccessResult]
"""A deposit's id and the result of its check."""


class Sample(Struct, frozen=True, kw_only=True):
    """What is told of one server: the result of its check, or (None) `why` it could not be tried. `checked`: when it
    was checked last, seconds since 1970 (0: never); `down`: is that taken as true of it? `maintenance`: is announced
    maintenance under way for it?"""

    id: str
    server: str
    result: AccessResult | None
    checked: int
    down: bool = False
    maintenance: bool = False
    why: str = ""


class Figures(Struct, frozen=True, kw_only=True):
    """The office's own figures: steps that are late, by the role whose turn it is; servers whose inventory of the month
    is due; requests that wait for space; records that cannot be read; when this was counted (seconds since 1970)."""

    late_steps: Mapping[str, int]
    inventories_due: int
    waiting: int
    unreadable: int
    at: int


def prometheus(samples: Sequence[Sample], office: Figures, standing: "Sequence[Standing]" = ()) -> str:
    """The text exposition format (0.0.4). A server that could not be tried says so, and has no figures of a check. With
    `standing`, also what is not as it should be on the servers."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"sopctl_{name}", text, ["deposit", "server", *labels], registry=registry)

    tried = gauge("access_tried", "Whether access to the server could be checked")
    up = gauge("access_up", "Whether the last check found the server accessible")
    down = gauge("access_down", "Whether the server is taken as down, after several failed checks")
    muted = gauge("access_maintenance", "Whether announced maintenance is under way for the server")
    checked = gauge("access_last_check_timestamp_seconds", "When access was checked last, in seconds since 1970")
    duration = gauge("access_check_duration_seconds", "How long the check took, in seconds")
    lookup = gauge("access_name_lookup_seconds", "How long the name lookup took, in seconds")
    failed = gauge("access_failure_info", "Rung and cause of a failed check", "rung", "cause")
    expiry = gauge("certificate_expiry_timestamp_seconds", "End of a certificate, in seconds since 1970", "port")
    status = gauge("http_status_code", "Status of the HTTP answer", "port")
    for each in samples:
        labels, result = (each.id, each.server), each.result
        tried.labels(*labels).set(result is not None)
        down.labels(*labels).set(each.down)
        muted.labels(*labels).set(each.maintenance)
        if each.checked:
            checked.labels(*labels).set(each.checked)
        if result is None:
            continue
        up.labels(*labels).set(result.verdict is Verdict.ACCESSIBLE)
        duration.labels(*labels).set(result.seconds)
        for rung in result.rungs:
            if rung.rung is Rung.NAME:
                lookup.labels(*labels).set(rung.seconds)
        if result.cause:
            failed.labels(*labels, result.rung, result.cause).set(1)
        for one in result.services:
            if one.expires:
                expiry.labels(*labels, str(one.port)).set(datetime.fromisoformat(one.expires).timestamp())
            if one.status is not None:
                status.labels(*labels, str(one.port)).set(one.status)
    late = Gauge("sopctl_late_steps", "Steps that are late, by the role whose turn it is", ["role"], registry=registry)
    for role, count in office.late_steps.items():
        late.labels(role).set(count)
    for name, text, value in (
        ("inventories_due", "Servers whose inventory of the month is due", office.inventories_due),
        ("waiting_list_length", "Requests that wait for space", office.waiting),
        ("unreadable_records", "Records of the site that cannot be read", office.unreadable),
        ("export_timestamp_seconds", "When this was written, in seconds since 1970", office.at),
    ):
        Gauge(f"sopctl_{name}", text, registry=registry).set(value)
    if standing:
        _tell_conditions(registry, standing)
    return generate_latest(registry).decode()


def drift(rows: Mapping[str, Mapping[str, int] | None]) -> str:
    """Looks for drift as text for Prometheus: by server, how many things differ in each part that a configuration
    keeps; None where it could not be compared."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    compared = Gauge("sopctl_drift_compared", "Whether the server could be compared", ["deposit"], registry=registry)
    differing = Gauge(
        "sopctl_drift_differences",
        "Things that differ from what the last configuration left, or are asked for since (part asked)",
        ["deposit", "part"],
        registry=registry,
    )
    for name, parts in rows.items():
        compared.labels(name).set(parts is not None)
        for part, count in (parts or {}).items():
            differing.labels(name, part).set(count)
    return generate_latest(registry).decode()


def nagios(rows: Sequence[Row], unsteady: Collection[str] = (), untried: int = 0) -> tuple[str, int]:
    """A Nagios plugin's output, one line with performance data, and its exit code.

    CRITICAL (2): a server is inaccessible. UNKNOWN (3): there is nothing to check, or `untried` servers could not be
    checked. WARNING (1): all are accessible, but the `unsteady` ones flap or were down until now. OK (0): all others.
    """
    if not rows and not untried:
        return "ACCESS UNKNOWN - no server to check\n", 3
    bad = [f"{name} {result.rung} {result.cause}" for name, result in rows if result.cause]
    named = bad or [f"{name} unsteady" for name, _ in rows if name in unsteady]
    words = f"{len(rows) - len(bad)} of {len(rows) + untried} servers accessible"
    if untried:
        words += f", {untried} not tried"
    if named:
        words += ": " + ", ".join(named[:10]) + (f" and {len(named) - 10} more" if len(named) > 10 else "")
    status, code = ("CRITICAL", 2) if bad else ("UNKNOWN", 3) if untried else ("WARNING", 1) if named else ("OK", 0)
    slowest = max((result.seconds for _, result in rows), default=0.0)
    data = f"inaccessible={len(bad)};;0;0;{len(rows)} slowest={slowest:.3f}s;;;0"
    return f"ACCESS {status} - {words.replace('|', '/')} | {data}\n", code


def junit(samples: Sequence[Sample]) -> str:
    """A JUnit test suite with one test case per server; one that could not be tried is an error."""
    results = [each.result for each in samples if each.result]
    failed = sum(result.cause is not None for result in results)
    suites = ET.Element("testsuites")
    suite = ET.SubElement(
        suites,
        "testsuite",
        name="sopctl check",
        tests=str(len(samples)),
        failures=str(failed),
        errors=str(len(samples) - len(results)),
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for each in samples:
        took = each.result.seconds if each.result else 0.0
        case = ET.SubElement(suite, "testcase", classname="sopctl.check", name=each.id, time=f"{took:.3f}")
        if each.result is None:
            why = printable(each.why, 2000)
            ET.SubElement(case, "error", type="not-tried", message=why).text = why
        elif each.result.cause:
            message = f"{each.result.rung}: {each.result.cause}"
            failure = ET.SubElement(case, "failure", type=each.result.cause, message=message)
            failure.text = printable(each.result.detail, 2000)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


class Standing(Struct, frozen=True):
    """A deposit's id, when its newest facts were gathered (ISO 8601), and what is not as it should be by them."""

    id: str
    gathered_at: str
    conditions: "tuple[Condition, ...]"


def conditions_prometheus(rows: Sequence[Standing]) -> str:
    """The text exposition format: how many conditions a server has, each by itself, and how old its facts are."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    _tell_conditions(registry, rows)
    return generate_latest(registry).decode()


def _tell_conditions(registry: "CollectorRegistry", rows: Sequence[Standing]) -> None:
    from prometheus_client import Gauge

    from sopctl.model.facts.conditions import Severity  # what reads facts takes longer to load than a check to make

    count = Gauge("sopctl_conditions", "Conditions that need attention", ["deposit", "severity"], registry=registry)
    told = Gauge("sopctl_condition_info", "A condition", ["deposit", "severity", "subject", "what"], registry=registry)
    gathered = Gauge("sopctl_facts_timestamp_seconds", "When the facts were gathered", ["deposit"], registry=registry)
    for row in rows:
        gathered.labels(row.id).set(datetime.fromisoformat(row.gathered_at).timestamp())
        for severity in Severity:
            count.labels(row.id, severity).set(sum(each.severity is severity for each in row.conditions))
        for each in row.conditions:
            told.labels(row.id, each.severity, each.subject, each.what).set(1)


def conditions_nagios(rows: Sequence[Standing], untried: int = 0) -> tuple[str, int]:
    """A Nagios plugin's output, one line with performance data, and its exit code.

    CRITICAL (2): there is a critical condition. UNKNOWN (3): there are no facts, or those of `untried` servers cannot
    be read. WARNING (1): there is any other condition. OK (0): there is none.
    """
    if not rows and not untried:
        return "CONDITIONS UNKNOWN - no facts of any server\n", 3
    from sopctl.model.facts.conditions import Severity

    found = [(row.id, each) for row in rows for each in row.conditions]
    found.sort(key=lambda one: one[1].severity is not Severity.CRITICAL)
    critical = sum(each.severity is Severity.CRITICAL for _, each in found)
    words = f"{sum(not row.conditions for row in rows)} of {len(rows) + untried} servers are as they should be"
    if untried:
        words += f", {untried} not read"
    if found:
        words += ": " + ", ".join(f"{name} {each}" for name, each in found[:10])
        words += f" and {len(found) - 10} more" if len(found) > 10 else ""
    status, code = (
        ("CRITICAL", 2) if critical else ("UNKNOWN", 3) if untried else ("WARNING", 1) if found else ("OK", 0)
    )
    data = f"critical={critical};;0;0; warning={len(found) - critical};0;;0;"
    return f"CONDITIONS {status} - {printable(words, 2000).replace('|', '/')} | {data}\n", code
