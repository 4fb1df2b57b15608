"""A switch or another network device, through netmiko: one guarded session, and what a platform says and is told."""

from sopctl.adapters.switch.appliance import ask
from sopctl.adapters.switch.dialect import Dialect
from sopctl.adapters.switch.driver import Driver, Restore, driver, known, learned, read
from sopctl.adapters.switch.faults import (
    CommandRefused,
    DeviceFault,
    HostKeyChanged,
    LoginRefused,
    SessionDropped,
    TookTooLong,
    Unreachable,
)
from sopctl.adapters.switch.session import Endpoint, Login, Session, connect

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
    "TookTooLong",
    "Unreachable",
    "ask",
    "connect",
    "driver",
    "known",
    "learned",
    "read",
]
