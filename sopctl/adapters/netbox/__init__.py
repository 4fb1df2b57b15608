"""NetBox, the office's record of its racks and addresses, through pynetbox: looked at and written to, nothing deleted.

What is asked goes to the one address that the settings name, over verified TLS, in bounds of size and time
(transport.py). Each device is brought in line by itself (device.py): what NetBox refuses for one stops no other.
"""

from sopctl.adapters.netbox.device import KINDS, Change, Kind, Left, Outcome, bring_in_line
from sopctl.adapters.netbox.faults import NetBoxFault, Server
from sopctl.adapters.netbox.session import NetBox

__all__ = ["KINDS", "Change", "Kind", "Left", "NetBox", "NetBoxFault", "Outcome", "Server", "bring_in_line"]
