"""Throwaway real servers on this machine, for rehearsal, demo and tests: with a real sshd, sudo, systemd and python3.

`up` starts servers, on request in an owner's states and with a switch, whose cables `plug` moves; `up_machine` starts
an emulated machine with hardware of its own. `run` runs a script as root on a server over ssh, `console` as at its
console; `reset` gives it a pristine disk, `down` leaves nothing behind.
"""

from sopctl.adapters.lab.hardware import EXAMPLE, Hardware
from sopctl.adapters.lab.lifecycle import console, down, name_of_its_own, plug, reset, status, up, up_machine
from sopctl.adapters.lab.network import LOOPBACK
from sopctl.adapters.lab.owner import run
from sopctl.adapters.lab.owner_state import FINGERPRINT, OwnerState, Service
from sopctl.adapters.lab.owner_state import FOLDER as STATES
from sopctl.adapters.lab.state import RELEASES, LabPort, LabServer, LabStatus, LabSwitch, Tier, names
from sopctl.adapters.lab.switch import PORT_NAMES as SWITCH_PORTS
from sopctl.adapters.lab.tier import find_tier, refuse_impossible

__all__ = [
    "EXAMPLE",
    "FINGERPRINT",
    "LOOPBACK",
    "RELEASES",
    "STATES",
    "SWITCH_PORTS",
    "Hardware",
    "LabPort",
    "LabServer",
    "LabStatus",
    "LabSwitch",
    "OwnerState",
    "Service",
    "Tier",
    "console",
    "down",
    "find_tier",
    "name_of_its_own",
    "names",
    "plug",
    "refuse_impossible",
    "reset",
    "run",
    "status",
    "up",
    "up_machine",
]
