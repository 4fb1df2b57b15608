"""Switches and other network devices, through netmiko: guarded sessions, and one driver per platform."""

from sopctl.adapters.switch.appliance import ask
from sopctl.adapters.switch.dialect import Dialect
from sopctl.adapters.switch.driver import Driver, Restore, driver, known, learned, read
from sopctl.adapters.switch.faults import (
    CommandRefused,
    DeviceFault,
    HostKeyChanged,
    LoginRefused,
    SessionDropped,
    SessionTimedOut,
    Unreachable,
)
from sopctl.adapters.switch.session import Endpoint, Login, Session, connect, refuse_unknown_algorithms

__all__ = [
    "CommandRefused",
    "DeviceFault",
    "Dialect",
    "Driver",
    "Endpoint",
    "HostKeyChanged",
    "Login",
    "LoginRefused",
    "Restore",
    "Session",
    "SessionDropped",
    "SessionTimedOut",
    "Unreachable",
    "ask",
    "connect",
    "driver",
    "known",
    "learned",
    "read",
    "refuse_unknown_algorithms",
]
