"""Results of checks for other tools: Prometheus' own linter, and what a plugin must answer (tests/cases/plugin.yml)."""

import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from sopctl.adapters import exports
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, Rung, RungResult, ServiceResult, Verdict
from sopctl.model.access.target import ServiceKind
from sopctl.model.facts.conditions import Condition, Severity
from tests.cases import rows

PROMTOOL = shutil.which("promtool", path=f"{Path(sys.executable).parent}:/usr/bin")
HOSTILE = 'no "route"\n\\ | # HELP <&>\x00'


def result(cause: Cause | None, *, full: bool = False) -> AccessResult:
    """A result as a check gives it; `full`: with a lookup and services."""
    service = ServiceResult(443, ServiceKind.HTTPS, expires="2027-01-31T00:00:00+00:00", status=200)
    return AccessResult(
        host="192.0.2.7",
        port=22,
        verdict=Verdict.INACCESSIBLE if cause else Verdict.ACCESSIBLE,
        rung=Rung.TCP if cause else Rung.COMMAND,
        cause=cause,
        detail=HOSTILE if cause else "",
        seconds=0.25,
        rungs=(RungResult(Rung.NAME, True, 0.01),) if full else (),
        services=(service,) if full else (),
    )


OFFICE = exports.Figures(
    late_steps={"kadis": 2, "kabid": 0}, inventories_due=1, waiting=0, unreadable=0, at=1_795_000_000
)


def sample(name: str, found: AccessResult | None) -> exports.Sample:
    """What is told of a server."""
    return exports.Sample(id=name, server="web1", result=found, checked=1_795_000_000, why="" if found else HOSTILE)


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not there (make setup-dev fetches it)")
@pytest.mark.parametrize("how_many", [0, 1, 3])
def test_promtool_finds_nothing_to_say(how_many: int) -> None:
    made = [
        sample("PS-1", result(None, full=True)),
        sample("PS-2", result(Cause.REFUSED)),
        sample("PS-3", None),
    ][:how_many]
    text = exports.prometheus(made, OFFICE)
    assert PROMTOOL
    ran = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, ""), text
    if how_many == 3:
        lines = text.splitlines()
        server = 'deposit="PS-2",server="web1"'
        assert f"sopctl_access_up{{{server}}} 0.0" in lines
        assert 'sopctl_access_failure_info{cause="refused",deposit="PS-2",rung="tcp",server="web1"} 1.0' in lines
        assert any(line.startswith("sopctl_certificate_expiry_timestamp_seconds{") for line in lines)
        assert 'sopctl_access_tried{deposit="PS-3",server="web1"} 0.0' in lines, "not tried is a state"
        assert not any('"PS-3"' in line and line.startswith("sopctl_access_up{") for line in lines)
    assert 'sopctl_late_steps{role="kadis"} 2.0' in text.splitlines(), "the office's own figures"


MONITORING = Path(__file__).parents[2] / "distribution/monitoring"
STANDING = [exports.Standing("PS-1", "2026-11-02T02:00:00+07:00", ())]


def written() -> set[str]:
    """The metrics of a file that the timer writes."""
    made = [sample("PS-1", result(Cause.REFUSED)), sample("PS-2", result(None, full=True))]
    return set(re.findall(r"^# TYPE (\w+) gauge", exports.prometheus(made, OFFICE, STANDING), re.MULTILINE))


def test_the_docs_have_every_metric_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs/howto/monitoring.md").read_text()
    assert written() == set(re.findall(r"^\| `(\w+)`", page.partition("### The metrics")[2], re.MULTILINE))


@pytest.mark.parametrize("name", ["sopctl.rules.yml", "dashboard.json"])
def test_alerts_and_dashboard_ask_for_metrics_that_are_written(name: str) -> None:
    asked = set(re.findall(r"\bsopctl_[a-z_]+", (MONITORING / name).read_text()))
    assert len(asked) > 5
    assert asked <= written()


DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text())


def expressions(panel: dict[str, Any]) -> list[str]:
    return [each["expr"] for each in panel["targets"]]


def test_the_dashboard_is_one() -> None:
    assert len({each["id"] for each in DASHBOARD["panels"]}) == len(DASHBOARD["panels"]) > 5
    assert DASHBOARD["schemaVersion"] >= 36, "the data source of a panel is an object, as Grafana 9 and newer have it"
    (variable,) = DASHBOARD["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")


@pytest.mark.parametrize("panel", DASHBOARD["panels"], ids=lambda panel: panel["title"])
def test_a_panel_asks_the_chosen_data_source_in_the_metrics_unit(panel: dict[str, Any]) -> None:
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    assert [panel["datasource"], *(each.get("datasource", chosen) for each in panel["targets"])] == [
        chosen,
        *(chosen for _ in panel["targets"]),
    ]
    assert len({each["refId"] for each in panel["targets"]}) == len(panel["targets"]) > 0
    in_seconds = {bool(re.search(r"\bsopctl_\w+_seconds\b", each)) for each in expressions(panel)}
    assert len(in_seconds) == 1, "one axis, one unit"
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    assert (defaults.get("unit") == "s") is in_seconds.pop()
    if panel["type"] == "table":
        assert all(each["format"] == "table" and each["instant"] for each in panel["targets"])


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not there (make setup-dev fetches it)")
def test_promtool_reads_what_the_dashboard_asks(tmp_path: Path) -> None:
    assert PROMTOOL
    asked = [each for panel in DASHBOARD["panels"] for each in expressions(panel)]
    rules = [{"record": f"asked:{number}", "expr": each} for number, each in enumerate(asked)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    ran = subprocess.run(
        [PROMTOOL, "check", "rules", str(tmp_path / "rules.yml")], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


ALERTS = """
rule_files: [{rules}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {{series: 'sopctl_access_down{{deposit="PS-1",server="a"}}', values: '1x120'}}
      - {{series: 'sopctl_access_maintenance{{deposit="PS-1",server="a"}}', values: '0x120'}}
      - {{series: 'sopctl_access_down{{deposit="PS-2",server="b"}}', values: '1x120'}}
      - {{series: 'sopctl_access_maintenance{{deposit="PS-2",server="b"}}', values: '1x120'}}
      - {{series: 'sopctl_access_tried{{deposit="PS-3",server="c"}}', values: '0x120'}}
      - {{series: 'sopctl_export_timestamp_seconds{{instance="x"}}', values: '0x120'}}
    alert_rule_test:
      - eval_time: 5m
        alertname: SopctlServerDown
        exp_alerts:
          - exp_labels: {{severity: critical, deposit: PS-1, server: a}}
            exp_annotations:
              summary: a (PS-1) cannot be reached
              description: "Several checks in a row have failed. Where and why: sopctl check PS-1"
      - eval_time: 45m
        alertname: SopctlServerNotChecked
        exp_alerts:
          - exp_labels: {{severity: warning, deposit: PS-3, server: c}}
            exp_annotations:
              summary: c (PS-3) is not watched
              description: "Its access could not be checked; what is known of it is old. Why: sopctl check PS-3"
      - {{eval_time: 20m, alertname: SopctlFiguresOld, exp_alerts: []}}
      - eval_time: 40m
        alertname: SopctlFiguresOld
        exp_alerts:
          - exp_labels: {{severity: critical, instance: x}}
            exp_annotations:
              summary: sopctl on x has written no figures for 40m 0s
              description: "Nothing is watched meanwhile. Its timers: sopctl schedule show"
"""
"""Under maintenance nobody is alerted; what is old or not watched is told."""


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not there (make setup-dev fetches it)")
def test_promtool_accepts_the_alerts_and_they_fire(tmp_path: Path) -> None:
    assert PROMTOOL
    rules = MONITORING / "sopctl.rules.yml"
    (tmp_path / "test.yml").write_text(ALERTS.format(rules=rules))
    for words in (["check", "rules", str(rules)], ["test", "rules", str(tmp_path / "test.yml")]):
        ran = subprocess.run([PROMTOOL, *words], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not there (make setup-dev fetches it)")
def test_promtool_would_have_found_something() -> None:
    assert PROMTOOL
    ran = subprocess.run(
        [PROMTOOL, "check", "metrics"], input="probe_success 1 x\n", capture_output=True, text=True, check=False
    )
    assert ran.returncode != 0


@pytest.mark.parametrize("row", rows("plugin"), ids=lambda row: row["name"])
def test_plugin(row: dict[str, Any]) -> None:
    made = [(f"PS-{n}", result(None if sign == "+" else Cause.REFUSED)) for n, sign in enumerate(row["checks"], 1)]
    text, code = exports.nagios(made, row.get("unsteady", []), row.get("untried", 0))
    assert (code, text.count("\n"), text[-1]) == (row["code"], 1, "\n")
    words, _, data = text.partition(" | ")
    assert words.strip() == row["says"]
    if made:
        bad = row["checks"].count("-")
        assert data == f"inaccessible={bad};;0;0;{len(made)} slowest=0.250s;;;0\n"


def test_what_a_server_says_cannot_break_a_form() -> None:
    found = result(Cause.REFUSED)
    suite = ET.fromstring(exports.junit([sample("PS-1", found), sample("PS-2", None)])).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "1")
    for kind in ("failure", "error"):
        told = suite.find(f"testcase/{kind}")
        assert told is not None
        assert told.text
        assert "\x00" not in told.text
    assert exports.nagios([("PS-1", found)])[0].count("|") == 1


def test_conditions_say_critical_unknown_warning_or_ok() -> None:
    worn = Condition("RAID md0", HOSTILE, Severity.WARNING)
    dead = Condition("Disk sda", "SMART menyatakan FAILED!", Severity.CRITICAL)

    def standing(*conditions: Condition) -> exports.Standing:
        return exports.Standing("PS-1", "2026-11-23T09:30:00+07:00", conditions)

    for rows_, untried, code in (
        ([], 0, 3),
        ([standing()], 0, 0),
        ([standing(worn)], 0, 1),
        ([standing(worn)], 1, 3),
        ([standing(worn, dead)], 1, 2),
    ):
        text, found = exports.conditions_nagios(rows_, untried)
        assert (found, text.count("\n"), text.count("|") <= 1) == (code, 1, True), text
    text = exports.conditions_prometheus([standing(worn, dead)])
    assert 'sopctl_facts_timestamp_seconds{deposit="PS-1"} 1.7' in text
    if PROMTOOL:
        ran = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout + ran.stderr) == (0, ""), text
