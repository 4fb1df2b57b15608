"""How a session with a BMC fails."""

from sopctl.errors import OutsideFailure


class BmcFault(OutsideFailure):
    """A session could not be opened, or failed. `where` is the BMC."""


class CertificateChanged(BmcFault):
    """The BMC shows another certificate than the pinned one. Nothing was sent."""
