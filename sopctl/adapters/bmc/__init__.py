"""The management controllers (BMC) of servers, over Redfish: a session that reads, behind a pinned certificate."""

from sopctl.adapters.bmc.faults import BmcFault, CertificateChanged
from sopctl.adapters.bmc.session import Login, certificate, read
from sopctl.adapters.bmc.watch import Endpoint

__all__ = ["BmcFault", "CertificateChanged", "Endpoint", "Login", "certificate", "read"]
