"""The fleet's checks, from the command line to the history, against an SSH server on loopback."""

import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from typing import Any

import paramiko
import pytest
from prometheus_client.parser import text_string_to_metric_families

from sopctl.adapters.ssh import load_key
from sopctl.errors import OutsideFailure, UsageError
from sopctl.model.message import Message
from sopctl.store import locks
from sopctl.workflow import checking, handing, informing, inspecting, space
from sopctl.workflow.desk import Desk, turn
from tests.adapters.ssh import hostile


@pytest.fixture
def server(desk: Desk) -> Iterator[tuple[hostile.Host, paramiko.PKey]]:
    """A server that lets the owner's first account in with the site's key `owner`."""
    file = desk.site.root / "keys" / "owner"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    host_key = paramiko.ECDSAKey.generate()
    behaviour = hostile.Behaviour(user="titipan", keys=(load_key(file).pkey,))
    with hostile.listening(hostile.ssh(behaviour, host_key)) as host:
        yield host, host_key


@pytest.fixture
def deposit(desk: Desk, server: tuple[hostile.Host, paramiko.PKey], until_space: Callable[..., str]) -> str:
    """It stands in its place, and its host key is pinned."""
    host, key = server
    changes = {
        "address: 192.0.2.10 ": "address: 127.0.0.1 ",
        "port: 22": f"port: {host.port}",
        "ports: [80, 443]": "ports: []",
    }
    made = until_space(changes)
    informing.notify(desk, made, via="phone")
    handing.receive(desk, made)
    inspecting.inspect(desk, made, serial="SN-0001")
    handing.handover(desk, made)
    with pytest.raises(UsageError, match="not in the office's hands"):
        checking.chosen(desk.site, [made])
    space.place(desk, made)
    with turn(desk, made, "configure") as mine:
        pinned = {"type": key.get_name(), "key": key.get_base64(), "sha256": key.fingerprint}
        mine.start({"host_key": pinned})
    return made


def test_check(deposit: str, sopctl: Callable[..., Any], desk: Desk) -> None:
    before = (desk.site.root / "deposits" / deposit / "history.yml").read_bytes()
    ran = sopctl("check", "--all", "--json")
    (one,) = json.loads(ran.out)["results"]
    assert (ran.code, one["id"], one["verdict"], one["status"]) == (0, deposit, "accessible", "unknown"), ran
    (line,) = sopctl("check", deposit, "--format", "ndjson").out.splitlines()
    assert json.loads(line)["id"] == deposit

    file = desk.site.root / "metrics.prom"
    assert sopctl("check", "--select", "unit=contoh", "--format", "prometheus", "--output", str(file)).code == 0
    values = {one.name: one.samples for one in text_string_to_metric_families(file.read_text())}
    assert [sample.value for sample in values["probe_success"]] == [1.0]

    (desk.site.root / "keys" / "owner").chmod(0o600)
    other = paramiko.ECDSAKey.generate()
    with turn(desk, deposit, "configure") as mine:
        mine.start({"host_key": {"type": other.get_name(), "key": other.get_base64(), "sha256": "SHA256:" + "A" * 43}})
    ran = sopctl("check", "--all", "--format", "nagios")
    assert ran.code == 2
    assert ran.out.startswith(f"ACCESS CRITICAL - 0 of 1 servers accessible: {deposit} host-key host-key-changed | ")
    ran = sopctl("check", "--all", "--format", "junit")
    assert ran.code == 1
    assert ET.fromstring(ran.out).find("testsuite/testcase/failure").attrib["type"] == "host-key-changed"  # type: ignore[union-attr]
    assert sopctl("check", "--all").code == 1
    assert json.loads(sopctl("checks", "history", deposit, "--json").out)["state"]["status"] in ("up", "down")
    (row,) = json.loads(sopctl("checks", "report", "--json").out)["servers"]
    assert row["id"] == deposit
    assert (desk.site.root / "deposits" / deposit / "history.yml").read_bytes().startswith(before)


def test_a_second_run_is_told_of_the_first(deposit: str, sopctl: Callable[..., Any], desk: Desk) -> None:
    with locks.hold(desk.site.root / "var" / "locks" / "check", "the check"):
        assert sopctl("check", "--all").code == 5


def test_a_missing_key_is_named_and_holds_up_no_other(deposit: str, desk: Desk) -> None:
    (desk.site.root / "keys" / "owner").unlink()
    errors: list[Any] = []
    assert list(checking.run(desk, checking.chosen(desk.site)[0], errors=errors)) == []
    assert len(errors) == 1


def test_a_mass_outage_is_one_message_and_told_once(desk: Desk) -> None:
    from sopctl.model.availability import Policy, Sight
    from sopctl.store.checks import Checks

    for minute in range(3):
        Checks(desk.site).record({f"PS-{n}": Sight(60 * minute + 60, False, "refused") for n in range(100)}, Policy())
    sent: list[Message] = []

    def refuse(_message: Message) -> None:
        raise OutsideFailure("nobody listens")

    with pytest.raises(OutsideFailure):
        checking.announce(desk, refuse)
    assert len(checking.announce(desk, sent.append)) == 100, "what was not handed over is told by the next run"
    assert checking.announce(desk, sent.append) == []
    assert [one.subject for one in sent] == ["100 server tidak dapat diakses"]
