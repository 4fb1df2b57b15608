"""What is a change of a server, and what is noise."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from sopctl.model.facts.changes import Weight, against_handover, differences
from sopctl.model.facts.server import ServerFacts

ROWS = yaml.load((Path(__file__).parents[2] / "cases" / "changes.yml").read_text(), yaml.CSafeLoader)
ALWAYS = {"gathered_at": "2026-11-01T00:00:00+07:00", "hostname": "portal", "kernel": "6.1", "os_name": "Debian"}


def facts(fields: dict[str, Any] | None) -> ServerFacts:
    return msgspec.convert({**ALWAYS, **(fields or {})}, ServerFacts)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_what_changed(row: dict[str, Any]) -> None:
    before, after = facts(row.get("before")), facts(row.get("after"))
    found = [*differences(before, after), *against_handover(row.get("handover"), after)]
    assert [str(change) for change in found] == row["changes"]
    assert any(change.weight is Weight.ALARM for change in found) == row.get("alarm", False)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_server_does_not_differ_from_itself(row: dict[str, Any]) -> None:
    for side in ("before", "after"):
        same = facts(row.get(side))
        assert differences(same, same) == ()
