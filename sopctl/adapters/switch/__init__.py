"""Switches and other network devices, through netmiko: guarded sessions, and one driver per platform."""

from sopctl.adapters.switch.appliance import ask
from sopctl.adapters.switch.dialect import Dialect
from sopctl.adapters.switch.driver import (
    Driver,
    Pending,
    Restore,
    begin,
    driver,
    known,
    learned,
    neighbours,
    pending,
    read,
    saved,
)
from sopctl.adapters.switch.faults import (
    CommandRefused,
    DeviceAsks,
    DeviceFault,
    HostKeyChanged,
    LoginRefused,
    NotSaved,
    SessionDropped,
    SessionTimedOut,
    Unreachable,
)
from sopctl.adapters.switch.session import Endpoint, Login, Session, connect, refuse_unknown_algorithms

__all__ = [
    "CommandRefused",
    "DeviceAsks",
    "DeviceFault",
    "Dialect",
    "Driver",
    "Endpoint",
    "HostKeyChanged",
    "Login",
    "LoginRefused",
    "NotSaved",
    "Pending",
    "Restore",
    "Session",
    "SessionDropped",
    "SessionTimedOut",
    "Unreachable",
    "ask",
    "begin",
    "connect",
    "driver",
    "known",
    "learned",
    "neighbours",
    "pending",
    "read",
    "refuse_unknown_algorithms",
    "saved",
]
