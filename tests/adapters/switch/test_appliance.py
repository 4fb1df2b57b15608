"""A network appliance is asked over a real SSH session. (All that it is asked: tests/workflow/test_appliances.py.)"""

import paramiko
import pytest

from sopctl.adapters.switch import HostKeyChanged, Login, LoginRefused, SessionDropped, SessionTimedOut, ask
from sopctl.model.facts.appliance import commands
from tests.adapters.switch.appliances import machine
from tests.adapters.switch.conftest import OTHER_KEY, Start, endpoint, login
from tests.adapters.switch.fake import Faults
from tests.model.facts.test_appliance import said_by

FIRST = commands("mikrotik_routeros")[:1]


def test_a_key_opens_it_too(start: Start) -> None:
    device = start(machine(said_by("routeros7-virtual")))
    key = paramiko.ECDSAKey.generate()
    device.keys = (key,)
    found = ask(endpoint(device), Login(device.user, key=key), "mikrotik_routeros", FIRST)
    assert "CHR" in found["/system resource print"]
    assert {way for _, way in device.logins} == {"publickey"}


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
