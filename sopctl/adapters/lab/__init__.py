"""Throwaway real servers on this machine, for rehearsal, demo and tests: real sshd, sudo, systemd, python3.

`up` makes them, on request with a switch, `plug` moves a cable of that; `up_machine` makes an emulated machine with
hardware of its own; `run` is a root shell on one, `reset` gives one back as new, `down` leaves nothing behind.
"""

from sopctl.adapters.lab.hardware import EXAMPLE, Hardware
from sopctl.adapters.lab.lifecycle import down, plug, reset, status, up, up_machine
from sopctl.adapters.lab.owner import run
from sopctl.adapters.lab.state import RELEASES, LabPort, LabServer, LabStatus, LabSwitch, Tier, names
from sopctl.adapters.lab.switch import PORT_NAMES as SWITCH_PORTS
from sopctl.adapters.lab.tier import find_tier

__all__ = [
    "EXAMPLE",
    "RELEASES",
    "SWITCH_PORTS",
    "Hardware",
    "LabPort",
    "LabServer",
    "LabStatus",
    "LabSwitch",
    "Tier",
    "down",
    "find_tier",
    "names",
    "plug",
    "reset",
    "run",
    "status",
    "up",
    "up_machine",
]
