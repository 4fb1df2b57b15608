"""Devices for the tests of switches, and what opens them."""

import contextlib
from collections.abc import Callable, Iterator

import paramiko
import pytest

from sopctl.adapters.switch import Endpoint, Login
from sopctl.model.access.target import HostKey, fingerprint
from tests.adapters.switch.fake import Device, Faults, Machine, running

HOST_KEY = paramiko.ECDSAKey.generate()
OTHER_KEY = paramiko.ECDSAKey.generate()


def pin(key: paramiko.PKey = HOST_KEY) -> HostKey:
    """A key as a record pins it."""
    return HostKey(key.get_name(), key.get_base64(), fingerprint(key.asbytes()))


def endpoint(device: Device, key: paramiko.PKey = HOST_KEY) -> Endpoint:
    return Endpoint("127.0.0.1", device.port, pin(key))


def login(device: Device) -> Login:
    return Login(device.user, password=device.password)


Start = Callable[..., Device]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a device with this machine behind it; at the test's end it must have known every line it was told."""
    with contextlib.ExitStack() as held:

        def begin(machine: Callable[[], Machine], faults: Faults | None = None) -> Device:
            return held.enter_context(running(Device(machine, HOST_KEY, faults=faults or Faults())))

        yield begin
