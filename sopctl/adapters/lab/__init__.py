"""Throwaway real servers on this machine, for rehearsal, demo and tests: with a real sshd, sudo, systemd and python3.

`up` starts servers, on request with a switch, whose cables `plug` moves; `up_machine` starts an emulated machine with
hardware of its own. `run` runs a script as root on a server, `reset` gives it a pristine disk, `down` leaves nothing
behind.
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
