"""A network appliance is asked over a real SSH session. (All that it is asked: tests/workflow/test_appliances.py.)"""

import paramiko
import pytest

from sopctl.adapters.switch import Endpoint, HostKeyChanged, Login, LoginRefused, SessionDropped, SessionTimedOut, ask
from sopctl.model.facts.appliance import commands, from_answers, terminal
from tests.adapters.switch.appliances import PROMPTS, Other, machine
from tests.adapters.switch.conftest import HOST_KEY, OTHER_KEY, Start, endpoint, login, pin
from tests.adapters.switch.fake import Faults
from tests.adapters.switch.vty import Box, running
from tests.cases import rows
from tests.model.facts.test_appliance import said_by

FIRST = commands("mikrotik_routeros")[:1]


def test_a_key_opens_it_too(start: Start) -> None:
    device = start(machine(said_by("routeros7-virtual")))
    key = paramiko.ECDSAKey.generate()
    device.keys = (key,)
    found = ask(endpoint(device), Login(device.user, key=key), "mikrotik_routeros", FIRST)
    assert "CHR" in found["/system resource print"]
    assert {way for _, way in device.logins} == {"publickey"}


PAGED = {"fortinet": "--More-- ", "hp_procurve": "-- MORE --, next page: Space, next line: Enter, quit: Control-C"}
OTHERS = [(row["platform"], row["machine"]) for row in rows("appliances") if row["platform"] in PROMPTS]


@pytest.mark.parametrize(("platform", "name"), OTHERS)
def test_what_another_platform_answers_arrives_whole(platform: str, name: str) -> None:
    """By a terminal that is made endless for the session, or else by a pager that is answered with spaces. Nothing else
    is sent: netmiko would turn FortiOS's pager off in the configuration, and ask ProCurve for its managers' rights."""
    said = said_by(name)
    box = Box(lambda: Other(said, platform, rows=9), HOST_KEY, more=PAGED.get(platform, "--More--"))
    with running(box):
        there = Endpoint("127.0.0.1", box.port, pin())
        opens = Login(box.device.user, password=box.device.password)
        found = ask(there, opens, platform, commands(platform))
    plain, facts = (from_answers(platform, each, gathered_at="x") for each in (found, said))
    assert plain == facts
    assert facts is not None
    assert [each for each in box.told if each != "exit"] == [*(terminal(platform) or ()), *commands(platform)]
    assert set(box.keys) == ({" "} if platform in PAGED else set())


FAULTS = {
    "the session drops": (Faults(drop_at="show inventory"), SessionDropped),
    "a command hangs": (Faults(hang_at="show version"), SessionTimedOut),
}


@pytest.mark.parametrize("what", FAULTS)
def test_one_that_breaks_off_has_told_nothing(start: Start, what: str) -> None:
    faults, error = FAULTS[what]
    device = start(machine(said_by("ios-router-old")), faults)
    with pytest.raises(error):
        ask(endpoint(device), login(device), "cisco_ios", commands("cisco_ios"), seconds=1.5)


def test_another_host_key_and_a_wrong_password_are_told_apart(start: Start) -> None:
    device = start(machine(said_by("ios-router-old")))
    with pytest.raises(HostKeyChanged):
        ask(endpoint(device, OTHER_KEY), login(device), "cisco_ios", ["show version"])
    assert device.logins == [], "nothing was sent"
    with pytest.raises(LoginRefused):
        ask(endpoint(device), Login(device.user, password="another one"), "cisco_ios", ["show version"])
