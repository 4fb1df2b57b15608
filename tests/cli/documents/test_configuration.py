"""What a configuration would change, as it is printed for a script."""

import json
from types import SimpleNamespace
from typing import Any, cast

from sopctl.cli.documents import configuration, registry
from sopctl.errors import OutsideFailure
from sopctl.model.access.causes import Cause
from sopctl.model.services import port, ports
from sopctl.model.survey.changes import Change
from sopctl.model.survey.comparison import Comparison, CutOff, StaysOpen
from sopctl.model.survey.found import Peer
from sopctl.model.survey.obstacles import Obstacle
from sopctl.workflow.steps import drift
from tests import contract

COMPARISON = Comparison(
    cut_off=(
        CutOff(ports("161/udp"), "not-asked", ("snmpd",), ("0.0.0.0",)),
        CutOff(port(5432), "sources", peers=(Peer(port(5432), "192.0.2.7", 3),), also=(port(5433),)),
        CutOff("gre", "not-asked"),
    ),
    stays_open=(StaysOpen("published", port(8080), "172.17.0.2:80"), StaysOpen("forwarding")),
)


def test_services_are_printed_as_cut_off_takes_them() -> None:
    look = SimpleNamespace(
        found=SimpleNamespace(os="Debian 12"),
        comparison=COMPARISON,
        obstacles=(Obstacle(Cause.SAME_ACCOUNT, "it is there", "sopctl"),),
    )
    preview = SimpleNamespace(
        id="PS-2026-0001", look=look, changes=(Change("added", "journal", "removed"),), consents=(port(5432),)
    )
    found = configuration.checked(
        [drift.Drift("PS-2026-0002", (drift.Change("sshd", "Keep the rules", ("+x",)),), "")],
        [cast("Any", preview)],
        ["PS-2026-0003"],
        {"PS-2026-0004": OutsideFailure("not-looked-at", "no")},
    )
    printed = registry.document("configure", found)
    contract.hold(json.dumps(printed))
    (first,) = printed["first"]
    assert [each["service"] for each in first["cut_off"]] == ["161/udp", "5432", "gre"]
    assert first["cut_off"][1]["peers"] == [{"port": "5432", "address": "192.0.2.7", "connections": 3}]
    assert first["cut_off"][1]["also"] == ["5433"]
    assert first["needs_consent"] == ["161/udp", "gre"]
    assert [each["service"] for each in first["stays_open"]] == ["8080", ""]
    assert first["obstacles"][0]["remedy"]
    assert [each["deposit"] for each in printed["errors"]] == ["PS-2026-0004"]
